/*
 * test_analyze.c - do we find in each file what Istio's own analyzers find,
 * and is it said where it was said before?
 *
 * expect/analyze.tsv was recorded from Istio (tests/analyze/compare.py record);
 * a code and a resource are compared, for codes that Istio has. expect/
 * analyze.txt has our own words; GOLDEN_WRITE=1 writes it anew, to be read
 * before it is committed.
 */
#include "yard.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATH_BYTES = 1024, FILE_BYTES = 1 << 20, FILES_MAX = 64 };

static char text[FILE_BYTES];     /* of a policy file         */
static char recorded[FILE_BYTES]; /* expect/analyze.tsv       */
static char said[FILE_BYTES];     /* all that was found       */
static char before[FILE_BYTES];   /* expect/analyze.txt       */

static void path_of(char out[PATH_BYTES], const char *name)
{
    const char *top = getenv("top_srcdir");
    int len =
        snprintf(out, PATH_BYTES, "%s/tests/golden/%s", top ? top : ".", name);

    assert_in_range(len, 1, PATH_BYTES - 1);
}

static size_t read_file(const char *name, char *out)
{
    char path[PATH_BYTES];
    FILE *in;
    size_t len;

    path_of(path, name);
    in = fopen(path, "rb");
    if (!in)
        fail_msg("cannot read %s", path);
    len = fread(out, 1, FILE_BYTES - 1, in);
    assert_int_equal(fclose(in), 0);
    out[len] = '\0';
    return len;
}

/* "file\tcode\tresource\t" begins a line of what was recorded. */
static bool is_recorded(const char *row)
{
    size_t len = strlen(row);

    for (const char *line = recorded; *line;) {
        if (strncmp(line, row, len) == 0)
            return true;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return false;
}

/* Istio's own codes, but those that say that a resource is invalid. */
static bool is_istios(const struct mesh_finding *finding)
{
    return strncmp(finding->code, "IST", 3) == 0 &&
           strcmp(finding->code, "IST0106") != 0;
}

static void row_of(char out[PATH_BYTES], const char *file,
                   const struct mesh_finding *finding)
{
    int len = snprintf(out, PATH_BYTES, "%s\t%s\t%s\t", file, finding->code,
                       finding->resource);

    assert_in_range(len, 1, PATH_BYTES - 1);
}

/* What we find and Istio does not. */
static size_t count_extra(const char *file,
                          const struct mesh_diagnostics *found)
{
    char row[PATH_BYTES];
    size_t count = 0;

    for (size_t i = 0; i < found->count; i++) {
        if (!is_istios(&found->findings[i]))
            continue;
        row_of(row, file, &found->findings[i]);
        if (is_recorded(row))
            continue;
        print_error("only we: %s%s\n", row, found->findings[i].message);
        count++;
    }
    return count;
}

static bool is_found(const char *line, size_t len, const char *file,
                     const struct mesh_diagnostics *found)
{
    char row[PATH_BYTES];

    for (size_t i = 0; i < found->count; i++) {
        row_of(row, file, &found->findings[i]);
        if (strlen(row) <= len && strncmp(line, row, strlen(row)) == 0)
            return true;
    }
    return false;
}

/* What Istio finds and we do not. */
static size_t count_missing(const char *file,
                            const struct mesh_diagnostics *found)
{
    size_t count = 0;

    for (const char *line = recorded; *line;) {
        size_t len = strcspn(line, "\n");

        if (strncmp(line, file, strlen(file)) == 0 &&
            line[strlen(file)] == '\t' && !is_found(line, len, file, found)) {
            print_error("only Istio: %.*s\n", (int)len, line);
            count++;
        }
        line += len + (line[len] == '\n');
    }
    return count;
}

/* What one resource alone gives rise to is told by schema/, as LM00.. */
static bool is_judged(const struct mesh_finding *finding)
{
    return is_istios(finding) || strncmp(finding->code, "LM01", 4) == 0;
}

static void note_judged(const struct mesh_diagnostics *found)
{
    for (size_t i = 0; i < found->count; i++) {
        size_t len = strlen(said);

        if (!is_judged(&found->findings[i]))
            continue;
        mesh__finding_print(&found->findings[i], said + len, FILE_BYTES - len);
        len = strlen(said);
        assert_in_range(len, 1, FILE_BYTES - 2);
        memcpy(said + len, "\n", 2);
    }
}

static size_t judge_file(const char *file)
{
    char name[PATH_BYTES];
    struct yard yard;
    size_t wrong;

    assert_in_range(snprintf(name, sizeof(name), "analyze/%s", file), 1,
                    PATH_BYTES - 1);
    yard_init(&yard);
    yard_add(&yard, file, mesh__slice(text, read_file(name, text)));
    assert_int_equal(mesh__policy_judge(yard.all, &yard.diagnostics), 0);
    mesh__diagnostics_sort(&yard.diagnostics);
    wrong = count_extra(file, &yard.diagnostics) +
            count_missing(file, &yard.diagnostics);
    note_judged(&yard.diagnostics);
    yard_fini(&yard);
    return wrong;
}

static int is_yaml(const struct dirent *entry)
{
    return mesh__slice_ends(mesh__slice_of(entry->d_name),
                            MESH__SLICE(".yaml"));
}

static void istio_finds_the_same(void **state)
{
    struct dirent **names = NULL;
    char path[PATH_BYTES];
    size_t wrong = 0;
    int count;

    (void)state;
    read_file("expect/analyze.tsv", recorded);
    path_of(path, "analyze");
    count = scandir(path, &names, is_yaml, alphasort);
    assert_in_range(count, 1, FILES_MAX);
    said[0] = '\0';
    for (int i = 0; i < count; i++) {
        wrong += judge_file(names[i]->d_name);
        free(names[i]);
    }
    free(names);
    assert_int_equal(wrong, 0);
}

/* After the test above, which finds it. */
static void it_is_said_as_before(void **state)
{
    const char *old = before;
    const char *new = said;
    char path[PATH_BYTES];

    (void)state;
    assert_int_not_equal(said[0], '\0');
    if (getenv("GOLDEN_WRITE")) {
        FILE *out;

        path_of(path, "expect/analyze.txt");
        out = fopen(path, "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(said, 1, strlen(said), out), strlen(said));
        assert_int_equal(fclose(out), 0);
    }
    read_file("expect/analyze.txt", before);
    while (*old || *new) {
        size_t a = strcspn(old, "\n");
        size_t b = strcspn(new, "\n");

        if (a != b || strncmp(old, new, a) != 0)
            fail_msg("wanted %.*s\nfound  %.*s", (int)a, old, (int)b, new);
        old += a + (old[a] == '\n');
        new += b + (new[b] == '\n');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(istio_finds_the_same),
        cmocka_unit_test(it_is_said_as_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
