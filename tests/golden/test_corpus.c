/*
 * test_corpus.c - resources of Istio's own tests and samples: is each judged
 * as Istio judged it, and is what we say of it still what we said?
 *
 * corpus/index.tsv has Istio's verdicts; expect/corpus.txt every finding.
 * GOLDEN_WRITE=1 in the environment writes the latter anew, to be read before
 * it is committed.
 */
#include "base/buffer.h"
#include "base/text.h"
#include "schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATH_BYTES = 1024, FILE_BYTES = 1 << 20 };

static void path_of(char out[PATH_BYTES], const char *name)
{
    const char *top = getenv("top_srcdir");
    int len =
        snprintf(out, PATH_BYTES, "%s/tests/golden/%s", top ? top : ".", name);

    assert_in_range(len, 1, PATH_BYTES - 1);
}

static void read_file(const char *name, struct mesh_buffer *out)
{
    char path[PATH_BYTES];
    char *room;
    FILE *in;

    path_of(path, name);
    in = fopen(path, "rb");
    if (!in)
        fail_msg("cannot read %s", path);
    mesh__buffer_init(out, FILE_BYTES);
    assert_int_equal(mesh__buffer_reserve(out, FILE_BYTES, &room), 0);
    mesh__buffer_commit(out, fread(room, 1, FILE_BYTES, in));
    assert_int_equal(fclose(in), 0);
}

/* One file's findings, after its name; whether Istio would reject it. */
static bool judge(const char *name, struct mesh_buffer *out)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_collection *collection;
    struct mesh_diagnostics diagnostics;
    char path[PATH_BYTES];
    struct mesh_buffer text;
    bool rejected;

    assert_in_range(snprintf(path, sizeof(path), "corpus/%s", name), 1,
                    PATH_BYTES - 1);
    read_file(path, &text);
    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_new(&collection), 0);
    assert_int_equal(mesh__collection_add(collection, name,
                                          mesh__buffer_slice(&text), &limits,
                                          &diagnostics),
                     0);
    mesh__diagnostics_sort(&diagnostics);
    for (size_t i = 0; i < diagnostics.count; i++) {
        char line[1024];

        mesh__finding_print(&diagnostics.findings[i], line, sizeof(line));
        assert_int_equal(mesh__buffer_format(out, "%s\n", line), 0);
        if (*diagnostics.findings[i].hint)
            assert_int_equal(mesh__buffer_format(out, "    %s\n",
                                                 diagnostics.findings[i].hint),
                             0);
    }
    rejected = diagnostics.by_severity[MESH__ERROR] > 0;
    mesh__collection_unref(collection);
    mesh__diagnostics_fini(&diagnostics);
    mesh__buffer_fini(&text);
    return rejected;
}

/* The next line of rest, cut off; false at the end. */
static bool next_line(struct mesh_slice *rest, struct mesh_slice *line)
{
    const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;

    if (!end)
        return false;
    *line = mesh__slice(rest->at, (size_t)(end - rest->at));
    *rest = mesh__slice(end + 1, rest->len - line->len - 1);
    return true;
}

/* file, kind, verdict, source */
static bool next_row(struct mesh_slice *rest, char name[256], bool *invalid)
{
    struct mesh_slice line;
    const char *tab;

    if (!next_line(rest, &line))
        return false;
    tab = memchr(line.at, '\t', line.len);
    assert_non_null(tab);
    assert_in_range(tab - line.at, 1, 255);
    memcpy(name, line.at, (size_t)(tab - line.at));
    name[tab - line.at] = '\0';
    tab = memchr(tab + 1, '\t', line.len - (size_t)(tab + 1 - line.at));
    assert_non_null(tab);
    *invalid = strncmp(tab + 1, "invalid\t", 8) == 0;
    return true;
}

static void judge_all(struct mesh_buffer *out)
{
    struct mesh_buffer index;
    struct mesh_slice rest;
    struct mesh_slice head;
    size_t wrong = 0;
    char name[256];
    bool invalid;

    read_file("corpus/index.tsv", &index);
    rest = mesh__buffer_slice(&index);
    assert_true(next_line(&rest, &head));
    while (next_row(&rest, name, &invalid))
        if (judge(name, out) != invalid) {
            print_error("%s: Istio says %s\n", name,
                        invalid ? "invalid" : "valid");
            wrong++;
        }
    mesh__buffer_fini(&index);
    assert_int_equal(wrong, 0);
}

static void write_expected(struct mesh_slice found)
{
    char path[PATH_BYTES];
    FILE *out;

    path_of(path, "expect/corpus.txt");
    out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(found.at, 1, found.len, out), found.len);
    assert_int_equal(fclose(out), 0);
}

/* Says the first line that differs. */
static void compare(struct mesh_slice found)
{
    struct mesh_buffer expected;
    struct mesh_slice wanted;
    struct mesh_slice a;
    struct mesh_slice b;

    read_file("expect/corpus.txt", &expected);
    wanted = mesh__buffer_slice(&expected);
    while (next_line(&found, &a)) {
        if (!next_line(&wanted, &b))
            b = MESH__SLICE("(nothing)");
        if (!mesh__slice_equal(a, b))
            fail_msg("found  %.*s\nwanted %.*s", (int)a.len, a.at, (int)b.len,
                     b.at);
    }
    assert_int_equal(wanted.len, 0);
    mesh__buffer_fini(&expected);
}

static void istio_and_we_agree(void **state)
{
    struct mesh_buffer found;

    (void)state;
    mesh__buffer_init(&found, FILE_BYTES);
    judge_all(&found);
    if (getenv("GOLDEN_WRITE"))
        write_expected(mesh__buffer_slice(&found));
    compare(mesh__buffer_slice(&found));
    mesh__buffer_fini(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(istio_and_we_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
