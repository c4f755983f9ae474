/*
 * test_policy.c - does each directory of policies give this snapshot and these
 * findings?
 *
 * What is expected stands in expect/NAME.txt. GOLDEN_WRITE=1 in the environment
 * writes it anew, to be read before it is committed.
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

enum { FILES_MAX = 32, PATH_BYTES = 1024, FILE_BYTES = 1 << 20 };

static char file[FILE_BYTES];

/* Below the top of the sources. */
static void path_of(char out[PATH_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void path_of(char out[PATH_BYTES], const char *format, ...)
{
    const char *top = getenv("top_srcdir");
    int len = snprintf(out, PATH_BYTES, "%s/", top ? top : ".");
    va_list list;

    assert_in_range(len, 1, PATH_BYTES / 2);
    va_start(list, format);
    len = vsnprintf(out + len, PATH_BYTES - (size_t)len, format, list);
    va_end(list);
    assert_in_range(len, 1, PATH_BYTES / 2);
}

/* Into file, which the next call overwrites. */
static struct mesh_slice read_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    size_t len;

    if (!in)
        return mesh__slice(NULL, 0);
    len = fread(file, 1, sizeof(file), in);
    assert_int_equal(fclose(in), 0);
    assert_true(len < sizeof(file));
    return mesh__slice(file, len);
}

static int is_yaml(const struct dirent *entry)
{
    return mesh__slice_ends(mesh__slice_of(entry->d_name),
                            MESH__SLICE(".yaml"));
}

static void add_directory(struct yard *yard, const char *directory)
{
    struct dirent **names = NULL;
    char path[PATH_BYTES];
    int count;

    path_of(path, "%s", directory);
    count = scandir(path, &names, is_yaml, alphasort);
    assert_in_range(count, 1, FILES_MAX);
    for (int i = 0; i < count; i++) {
        path_of(path, "%s/%s", directory, names[i]->d_name);
        yard_add(yard, names[i]->d_name, read_file(path));
        free(names[i]);
    }
    free(names);
}

static void write_expected(const char *path, const char *text)
{
    FILE *out = fopen(path, "wb");

    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

/* Says the first line that differs. */
static void compare(const char *path, const char *text)
{
    struct mesh_slice expected = read_file(path);
    size_t line = 1;
    size_t at = 0;

    while (at < expected.len && text[at] && text[at] == expected.at[at])
        line += text[at++] == '\n';
    if (at == expected.len && text[at] == '\0')
        return;
    while (at > 0 && text[at - 1] != '\n')
        at--;
    fail_msg("%s:%zu\n  wanted %.*s\n  got    %.*s", path, line,
             (int)strcspn(expected.at ? expected.at + at : "", "\n"),
             expected.at ? expected.at + at : "", (int)strcspn(text + at, "\n"),
             text + at);
}

static void check(const char *name, struct mesh_buffer *text)
{
    char path[PATH_BYTES];

    path_of(path, "tests/golden/expect/%s.txt", name);
    if (getenv("GOLDEN_WRITE"))
        write_expected(path, mesh__buffer_data(text));
    compare(path, mesh__buffer_data(text));
    mesh__buffer_fini(text);
}

/* --- the cases --- */

static const struct {
    const char *name;
    const char *directory;
    const char *who; /* NULL: the findings */
} cases[] = {
    { "canary-api-gateway", "examples/canary/policy",
      "ns=production sa=api-gateway address=127.0.1.1" },
    { "canary-payment", "examples/canary/policy",
      "ns=production sa=payment-service address=127.0.2.1" },
    { "canary-legacy", "examples/canary/policy",
      "ns=legacy-apps sa=legacy-api address=127.0.3.1" },
    { "canary-findings", "examples/canary/policy", NULL },
    { "shop-front", "tests/golden/shop",
      "ns=shop sa=front address=10.1.0.1 td=shop.example" },
    { "shop-stock", "tests/golden/shop",
      "ns=back sa=stock-two address=10.2.0.2 td=old.example" },
    { "shop-findings", "tests/golden/shop", NULL },
};

static void findings(struct yard *yard, struct mesh_buffer *out)
{
    assert_int_equal(mesh__policy_judge(yard->all, &yard->diagnostics), 0);
    mesh__diagnostics_sort(&yard->diagnostics);
    yard_findings(&yard->diagnostics, out);
}

static void snapshot_of(struct yard *yard, const char *who,
                        struct mesh_buffer *out)
{
    struct mesh_whoami whoami = yard_whoami(yard, who);
    struct mesh_snapshot *snapshot;

    assert_int_equal(
        mesh__policy_compile(yard->all, &whoami, NULL, 1, &snapshot), 0);
    yard_dump(snapshot, out);
    mesh__snapshot_unref(snapshot);
}

static void policies_compile_to_what_was_agreed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mesh_buffer text;
        struct yard yard;

        yard_init(&yard);
        add_directory(&yard, cases[i].directory);
        if (cases[i].who)
            snapshot_of(&yard, cases[i].who, &text);
        else
            findings(&yard, &text);
        check(cases[i].name, &text);
        yard_fini(&yard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_compile_to_what_was_agreed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
