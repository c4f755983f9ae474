/*
 * test_parse.c - text to nodes: what the tree is, where things were written,
 * and every way a text can be refused.
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

enum { ARENA = 8 << 20 };

/* --- a tree as one line --------------------------------------------------- */

static void dump(struct mesh_text *out, const struct mesh_yaml_node *node)
{
    if (node->kind == MESH__YAML_SCALAR) {
        mesh__text_format(out, node->plain ? "%s" : "'%s'", node->text.at);
    } else if (node->kind == MESH__YAML_SEQUENCE) {
        mesh__text_puts(out, "[");
        for (size_t i = 0; i < node->count; i++) {
            mesh__text_puts(out, i ? " " : "");
            dump(out, node->items[i]);
        }
        mesh__text_puts(out, "]");
    } else {
        mesh__text_puts(out, "{");
        for (size_t i = 0; i < node->count; i++) {
            mesh__text_format(out, "%s%s: ", i ? ", " : "",
                              node->pairs[i].key.at);
            dump(out, node->pairs[i].value);
        }
        mesh__text_puts(out, "}");
    }
    mesh__text_format(out, "@%u:%u", (unsigned)node->mark.line,
                      (unsigned)node->mark.column);
}

static void tell(struct mesh_text *out, const struct mesh_yaml_problem *problem)
{
    mesh__text_format(out, "%s!%u:%u %s", out->len ? " " : "",
                      (unsigned)problem->mark.line,
                      (unsigned)problem->mark.column, problem->text);
}

static void parse(struct mesh_slice text, struct mesh_yaml_limits limits,
                  struct mesh_text *out)
{
    struct mesh_yaml_document *documents;
    struct mesh_yaml_problem problem;
    struct mesh_arena arena;
    size_t count;
    int rc;

    mesh__arena_init(&arena, ARENA);
    rc = mesh__yaml_parse(text, 7, &limits, &arena, &documents, &count,
                          &problem);
    assert_true(rc == 0 || rc == MESH_ERR_POLICY);
    assert_int_equal(rc == 0, problem.text[0] == '\0');
    for (size_t i = 0; i < count; i++) {
        mesh__text_puts(out, i ? " --- " : "");
        if (documents[i].root) {
            assert_int_equal(documents[i].root->mark.place, 7);
            dump(out, documents[i].root);
        } else {
            mesh__text_puts(out, "blank");
        }
    }
    if (rc < 0)
        tell(out, &problem);
    mesh__arena_fini(&arena);
}

static const struct {
    const char *claim;
    const char *text;
    const char *expect;
} rows[] = {
    { "an empty text has no documents", "", "" },
    { "comments alone are no document", "# nothing\n", "" },
    { "a null document is blank", "---\n---\n~\n---\na: 1\n",
      "blank --- blank --- {a: 1@5:4}@5:1" },
    { "a mapping keeps order, lines and columns", "b: 1\na:\n  - x\n  - 'y'\n",
      "{b: 1@1:4, a: [x@3:5 'y'@4:5]@3:3}@1:1" },
    { "flow style too", "a: {b: [1, \"2\"], c: }\n",
      "{a: {b: [1@1:9 '2'@1:12]@1:8, c: @1:21}@1:4}@1:1" },
    { "a byte order mark is skipped",
      "\xEF\xBB\xBF"
      "a: 1\n",
      "{a: 1@1:4}@1:1" },
    { "columns count characters", "\xC3\xA9: \xC3\xA9\n",
      "{\xC3\xA9: \xC3\xA9@1:4}@1:1" },
    { "a literal block keeps its lines", "a: |\n  x\n   y\n",
      "{a: 'x\n y\n'@1:4}@1:1" },
    { "!!str quotes", "a: !!str 5\n", "{a: '5'@1:4}@1:1" },
    { "an alias repeats what its anchor marks", "a: &x [1]\nb: *x\n",
      "{a: [1@1:8]@1:4, b: [1@1:8]@1:4}@1:1" },
    { "a later anchor of the same name wins", "[&x 1, &x 2, *x]",
      "[1@1:2 2@1:8 2@1:8]@1:1" },
    { "bool keys are spelt as Kubernetes spells them", "on: 1\n",
      "{true: 1@1:5}@1:1" },

    { "a key may not come twice", "a: 1\nb: 2\na: 3\n",
      "!3:1 key \"a\" is written twice" },
    { "nor twice in two spellings of one bool", "on: 1\ntrue: 2\n",
      "!2:1 key \"true\" is written twice" },
    { "nor in flow style", "{a: 1, 'a': 2}",
      "!1:8 key \"a\" is written twice" },
    { "nor after many others",
      "{a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1, "
      "l: 1, m: 1, o: 1, p: 1, q: 1, r: 1, s: 1, t: 1, a: 2}",
      "!1:116 key \"a\" is written twice" },
    { "nor among the many",
      "{a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1, "
      "l: 1, m: 1, o: 1, p: 1, q: 1, r: 1, s: 1, t: 1, t: 2}",
      "!1:116 key \"t\" is written twice" },
    { "what came before the broken document is kept", "a: 1\n---\nb: [\n",
      "{a: 1@1:4}@1:1 !4:1 while parsing a flow node did not find expected "
      "node content" },
    { "a tab is no indentation", "a:\n\tb: 1\n",
      "!2:1 while scanning for the next token found character that cannot "
      "start any token" },
    { "a quote without an end is told where it begins", "a: 1\nb: \"c\nd: 2\n",
      "!2:4 while scanning a quoted scalar found unexpected end of stream" },
    { "bad indentation", "a:\n  b: 1\n c: 2\n",
      "!3:2 while parsing a block mapping did not find expected key" },
    { "merge keys are not taken", "a: &x {b: 1}\nc:\n  <<: *x\n",
      "!3:3 merge keys (\"<<\") are not taken" },
    { "a list is no key", "? [a]\n: b\n", "!1:3 a key must be a plain word" },
    { "a key must be there", "? \n: b\n",
      "!1:2 a key is missing before \":\"" },
    { "an alias needs its anchor", "a: *x\n",
      "!1:4 alias \"x\" has no anchor" },
    { "anchors end with their document", "a: &x 1\n---\nb: *x\n",
      "{a: 1@1:4}@1:1 !3:4 alias \"x\" has no anchor" },
    { "an alias may not contain itself", "&x [*x]",
      "!1:5 alias \"x\" contains itself" },
    { "foreign tags are not taken", "a: !!binary aGk=\n",
      "!1:4 tag \"tag:yaml.org,2002:binary\" is not taken" },
    { "nor on lists", "a: !mine [1]\n", "!1:4 tag \"!mine\" is not taken" },
    { "invalid UTF-8", "a: \xC3(\n", "!1:4 invalid UTF-8" },
    { "half a character at the end", "a: b\nc: \xE2\x82",
      "!2:4 invalid UTF-8" },
    { "an overlong one", "a: \xC0\xAF\n", "!1:4 invalid UTF-8" },
    { "one that is long by a byte", "a: \xE0\x80\xAF\n", "!1:4 invalid UTF-8" },
    { "a surrogate", "a: \xED\xA0\x80\n", "!1:4 invalid UTF-8" },
    { "what is beyond Unicode", "a: \xF4\x90\x80\x80\n", "!1:4 invalid UTF-8" },
    { "the last of Unicode", "a: \xF4\x8F\xBF\xBD\n",
      "{a: \xF4\x8F\xBF\xBD@1:4}@1:1" },
    { "a control character", "a: x\n\x01: y\n", "!2:1 a control character" },
    { "UTF-16, the low byte first",
      "\xFF\xFE"
      "a",
      "!1:1 wanted UTF-8, found UTF-16" },
    { "and the high one", "\xFE\xFFx", "!1:1 wanted UTF-8, found UTF-16" },
    { "an escaped NUL", "a: \"x\\0y\"\n", "{a: 'x\1y'@1:4}@1:1" },
};

static void reads_what_is_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char buffer[1024];
        struct mesh_text out;

        mesh__text_init(&out, buffer, sizeof(buffer));
        parse(mesh__slice_of(rows[i].text), mesh__yaml_limits, &out);
        if (strcmp(buffer, rows[i].expect) != 0)
            fail_msg("%s:\n   found %s\n  wanted %s", rows[i].claim, buffer,
                     rows[i].expect);
    }
}

static void refuses_a_nul_byte(void **state)
{
    char buffer[128];
    struct mesh_text out;

    (void)state;
    mesh__text_init(&out, buffer, sizeof(buffer));
    parse(mesh__slice("a: 1\nb\0c", 8), mesh__yaml_limits, &out);
    assert_string_equal(buffer, "!2:2 a NUL byte");
}

static const struct {
    const char *claim;
    struct mesh_yaml_limits limits;
    const char *text;
    const char *expect;
} bounds[] = {
    { "bytes", { 4, 9, 9, 9, 9 }, "a: 12", "!1:1 more than 4 bytes" },
    { "documents",
      { 99, 1, 9, 9, 9 },
      "--- a\n--- b\n",
      "a@1:5 !2:1 more than 1 documents" },
    { "nodes", { 99, 9, 3, 9, 9 }, "[1, 2, 3]", "!1:8 more than 3 nodes" },
    { "just enough nodes",
      { 99, 9, 4, 9, 9 },
      "[1, 2, 3]",
      "[1@1:2 2@1:5 3@1:8]@1:1" },
    { "aliases",
      { 99, 9, 9, 1, 9 },
      "[&x 1, *x, *x]",
      "!1:12 more than 1 aliases" },
    { "what aliases unfold counts as nodes",
      { 99, 9, 8, 9, 9 },
      "[&x [1, 2], *x, *x]",
      "!1:17 more than 8 nodes" },
    { "depth",
      { 99, 9, 9, 9, 2 },
      "[[[]]]",
      "!1:3 more than 2 levels of nesting" },
    { "just deep enough", { 99, 9, 9, 9, 2 }, "[[]]", "[[]@1:2]@1:1" },
    { "depth through an alias",
      { 99, 9, 99, 9, 3 },
      "[&x [[]], [*x]]",
      "!1:12 more than 3 levels of nesting" },
};

static void names_the_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        char buffer[256];
        struct mesh_text out;

        mesh__text_init(&out, buffer, sizeof(buffer));
        parse(mesh__slice_of(bounds[i].text), bounds[i].limits, &out);
        if (strcmp(buffer, bounds[i].expect) != 0)
            fail_msg("%s:\n   found %s\n  wanted %s", bounds[i].claim, buffer,
                     bounds[i].expect);
    }
}

/* Nine levels of nine aliases each: 9^9 nodes if they were unfolded. */
static void laughs_at_the_billion(void **state)
{
    static const char text[] = "a: &a [x,x,x,x,x,x,x,x,x]\n"
                               "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                               "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                               "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                               "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
                               "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
                               "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n"
                               "h: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n";
    char buffer[256];
    struct mesh_text out;

    (void)state;
    mesh__text_init(&out, buffer, sizeof(buffer));
    parse(mesh__slice(text, sizeof(text) - 1), mesh__yaml_limits, &out);
    assert_string_equal(buffer, "!7:23 more than 4000000 nodes");
}

static void counts_limits_down(void **state)
{
    struct mesh_yaml_limits limits = mesh__yaml_limits;
    struct mesh_yaml_document *documents;
    struct mesh_yaml_problem problem;
    struct mesh_arena arena;
    size_t count;

    (void)state;
    mesh__arena_init(&arena, ARENA);
    assert_int_equal(mesh__yaml_parse(MESH__SLICE("[&x 1, *x]\n---\na\n"), 0,
                                      &limits, &arena, &documents, &count,
                                      &problem),
                     0);
    assert_int_equal(mesh__yaml_limits.documents - limits.documents, 2);
    assert_int_equal(mesh__yaml_limits.nodes - limits.nodes, 4);
    assert_int_equal(mesh__yaml_limits.aliases - limits.aliases, 1);
    mesh__arena_fini(&arena);
}

static void says_where_a_block_begins(void **state)
{
    struct mesh_yaml_limits limits = mesh__yaml_limits;
    struct mesh_yaml_document *documents;
    struct mesh_yaml_problem problem;
    struct mesh_arena arena;
    size_t count;

    (void)state;
    mesh__arena_init(&arena, ARENA);
    assert_int_equal(
        mesh__yaml_parse(MESH__SLICE("q: 'x'\na:\n  b: |\n\n      t: 1\n"
                                     "c: |-\n u: 2\n"),
                         0, &limits, &arena, &documents, &count, &problem),
        0);
    assert_int_equal(count, 1);
    assert_int_equal(
        mesh__yaml_find(documents[0].root, "q")->value->block_indent, 0);
    assert_int_equal(
        mesh__yaml_find(mesh__yaml_find(documents[0].root, "a")->value, "b")
            ->value->block_indent,
        6);
    assert_int_equal(
        mesh__yaml_find(documents[0].root, "c")->value->block_indent, 1);
    assert_null(mesh__yaml_find(documents[0].root, "d"));
    assert_null(mesh__yaml_find(NULL, "d"));
    mesh__arena_fini(&arena);
}

static void survives_any_lost_allocation(void **state)
{
    static const char text[] =
        "a: &x [1, {b: c}]\nd: *x\n---\n"
        "{a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1, "
        "l: 1, m: 1, o: 1, p: 1, q: 1, r: 1, s: 1, t: 1, u: 2}\n";

    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_yaml_limits limits = mesh__yaml_limits;
        struct mesh_yaml_document *documents;
        struct mesh_yaml_problem problem;
        struct mesh_arena arena;
        size_t count;
        bool tripped;
        int rc;

        mesh__arena_init(&arena, ARENA);
        fake_alloc_fail_at(n);
        rc = mesh__yaml_parse(mesh__slice(text, sizeof(text) - 1), 0, &limits,
                              &arena, &documents, &count, &problem);
        tripped = fake_alloc_tripped();
        mesh__arena_fini(&arena);
        assert_int_equal(fake_alloc_live(), 0);
        if (!tripped) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_written),
        cmocka_unit_test(refuses_a_nul_byte),
        cmocka_unit_test(names_the_bound),
        cmocka_unit_test(laughs_at_the_billion),
        cmocka_unit_test(counts_limits_down),
        cmocka_unit_test(says_where_a_block_begins),
        cmocka_unit_test(survives_any_lost_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
