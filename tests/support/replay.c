/*
 * replay.c - the main of a fuzz target that is built without libFuzzer.
 *
 * Feeds each committed input of the target once, so that what was found stays
 * found under every compiler. Knows where corpora lie; declines to know what
 * is in them. The same target with libFuzzer has libFuzzer's main.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_CEILING = 16 << 20, PATH_CEILING = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t len;

    if (!file)
        return NULL;
    data = malloc(INPUT_CEILING);
    if (data) {
        len = fread(data, 1, INPUT_CEILING, file);
        /* exactly as long as it is: a step beyond the end is seen */
        *size = len;
        data = realloc(data, len ? len : 1);
    }
    fclose(file);
    return data;
}

static int feed(const char *path)
{
    size_t size = 0;
    uint8_t *data = read_whole(path, &size);

    if (!data) {
        printf("cannot read %s\n", path);
        return 1;
    }
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int feed_all(const char *folder, unsigned *inputs)
{
    char path[PATH_CEILING];
    DIR *at = opendir(folder);
    struct dirent *entry;
    int failed = 0;

    while (at && (entry = readdir(at)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
            (int)sizeof(path))
            continue;
        failed += feed(path);
        (*inputs)++;
    }
    if (at)
        closedir(at);
    return failed;
}

/* fuzz_path is fed from tests/fuzz/corpus/path; files may be named instead. */
int main(int argc, char **argv)
{
    const char *top = getenv("top_srcdir");
    const char *name = strstr(argv[0], "fuzz_");
    char folder[PATH_CEILING];
    unsigned inputs = 0;
    int failed = 0;

    for (const char *next = name; next; next = strstr(next + 1, "fuzz_"))
        name = next;
    for (int i = 1; i < argc; i++, inputs++)
        failed += feed(argv[i]);
    if (argc == 1 && name) {
        if (snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
                     top ? top : ".",
                     name + strlen("fuzz_")) >= (int)sizeof(folder))
            return 1;
        failed += feed_all(folder, &inputs);
    }
    if (inputs == 0) {
        printf("no input was found\n");
        failed++;
    }
    printf("%u checks, %d failed\n", inputs ? inputs : 1, failed);
    return failed ? 1 : 0;
}
