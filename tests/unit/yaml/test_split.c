/*
 * test_split.c - a text cut into its documents says what the whole says.
 */
#include "torture.h"

#include "base/error.h"
#include "base/text.h"
#include "yaml/yaml.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA = 8 << 20, LINE = 2048 };

static const struct {
    const char *claim;
    const char *text;
    const char *expect; /* "lines above:bytes" of each piece */
} rows[] = {
    { "an empty text is one piece", "", "0:0" },
    { "one document", "a: 1\n", "0:5" },
    { "two", "a: 1\n---\nb: 2\n", "0:5 2:5" },
    { "a marker in front begins the first", "---\na: 1\n---\nb: 2\n",
      "1:5 3:5" },
    { "what stands behind a marker belongs to it", "--- {a: 1}\n--- [b]\n",
      "0:11 1:8" },
    { "a tab may stand behind it", "a: 1\n---\t# x\nb: 2\n", "0:5 1:13" },
    { "carriage returns are part of line ends", "a: 1\r\n---\r\nb: 2\r\n",
      "0:6 2:6" },
    { "the last line needs no end", "a: 1\n---", "0:5 2:0" },
    { "longer words are no markers", "---b: 1\n---c: 2\n", "0:16" },
    { "nor are indented ones", "a: |\n  x\n  ---\n  y\n", "0:19" },
    { "a block text ends at a marker", "a: |\n  x\n---\nb: 2\n", "0:9 3:5" },
    { "comments and blank lines go with what is before",
      "a: 1\n# c\n\n---\nb: 2\n", "0:10 4:5" },
    { "several blank documents", "---\n---\n---\na: 1\n", "1:0 2:0 3:5" },
    { "directives need the rest", "%YAML 1.1\n---\na: 1\n---\nb: 2\n", "0:28" },
    { "so does an end marker", "a: 1\n...\n---\nb: 2\n", "0:18" },
    { "and a carriage return alone", "a: 1\r---\rb: 2\n---\nc: 3\n", "0:23" },
    { "and odd line ends", "a: \"x\xC2\x85y\"\n---\nb: 2\n", "0:19" },
    { "and those of typographers", "a: \"x\xE2\x80\xA8y\"\n---\nb: 2\n",
      "0:20" },
    { "other characters of two and three bytes do not",
      "a: \"\xC2\xA9\xE2\x82\xAC\"\n---\nb: 2\n", "0:11 2:5" },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void cuts_at_markers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct mesh_slice text = mesh__slice_of(rows[i].text);
        struct mesh_yaml_pieces pieces;
        struct mesh_text out;
        char found[LINE];

        assert_int_equal(mesh__yaml_split(text, &pieces), 0);
        mesh__text_init(&out, found, sizeof(found));
        for (size_t j = 0; j < pieces.count; j++) {
            mesh__text_format(&out, "%s%zu:%zu", j ? " " : "",
                              pieces.items[j].above, pieces.items[j].text.len);
        }
        if (strcmp(found, rows[i].expect) != 0)
            fail_msg("%s: %s", rows[i].claim, found);
        mesh__yaml_pieces_fini(&pieces);
    }
}

/* "line:column kind count" of each document that is not blank. */
static void read_piece(struct mesh_slice text, size_t above,
                       struct mesh_text *out)
{
    struct mesh_yaml_limits limits = mesh__yaml_limits;
    struct mesh_yaml_document *documents;
    struct mesh_yaml_problem problem;
    struct mesh_arena arena;
    size_t count;

    mesh__arena_init(&arena, ARENA);
    if (mesh__yaml_parse(text, 0, &limits, &arena, &documents, &count,
                         &problem) < 0)
        fail_msg("%s", problem.text);
    for (size_t i = 0; i < count; i++)
        if (documents[i].root)
            mesh__text_format(
                out, "%zu:%u %d %zu %s\n", above + documents[i].root->mark.line,
                (unsigned)documents[i].root->mark.column,
                (int)documents[i].root->kind, documents[i].root->count,
                documents[i].root->kind == MESH__YAML_MAPPING
                    ? documents[i].root->pairs[0].key.at
                    : "");
    mesh__arena_fini(&arena);
}

static void says_what_the_whole_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct mesh_slice text = mesh__slice_of(rows[i].text);
        struct mesh_yaml_pieces pieces;
        struct mesh_text whole;
        struct mesh_text parts;
        char expected[LINE];
        char found[LINE];

        mesh__text_init(&whole, expected, sizeof(expected));
        mesh__text_init(&parts, found, sizeof(found));
        read_piece(text, 0, &whole);
        assert_int_equal(mesh__yaml_split(text, &pieces), 0);
        for (size_t j = 0; j < pieces.count; j++)
            read_piece(pieces.items[j].text, pieces.items[j].above, &parts);
        if (strcmp(found, expected) != 0)
            fail_msg("%s:\n%s-- instead of\n%s", rows[i].claim, found,
                     expected);
        mesh__yaml_pieces_fini(&pieces);
    }
}

static void a_nul_is_no_blank(void **state)
{
    static const char text[] = "a\n---\0b";
    struct mesh_yaml_pieces pieces;

    (void)state;
    assert_int_equal(
        mesh__yaml_split(mesh__slice(text, sizeof(text) - 1), &pieces), 0);
    assert_int_equal(pieces.count, 1);
    mesh__yaml_pieces_fini(&pieces);
}

static void survives_no_memory(void **state)
{
    struct mesh_yaml_pieces pieces;
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = mesh__yaml_split(MESH__SLICE("a\n---\nb\n---\nc\n---\nd\n---\ne\n"
                                          "---\nf\n---\ng\n---\nh\n---\ni\n"),
                              &pieces);
        mesh__yaml_pieces_fini(&pieces);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    assert_int_equal(rc, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_at_markers),
        cmocka_unit_test(says_what_the_whole_says),
        cmocka_unit_test(a_nul_is_no_blank),
        cmocka_unit_test(survives_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
