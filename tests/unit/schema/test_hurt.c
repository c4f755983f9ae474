/*
 * test_hurt.c - texts that would hurt a careless reader: what is found, where,
 * and that the documents beside it are read all the same.
 */
#include "say.h"

#include "base/alloc.h"

#include <mesh/base.h>

#include <stdint.h>
#include <stdio.h>

#define AND   "---\n"
#define GOOD  "apiVersion: v1\nkind: Namespace\nmetadata: {name: good}\n"
#define OTHER "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"
#define RULE(spec)                                                             \
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"              \
    "metadata: {name: a}\nspec: {host: a, trafficPolicy: {" spec "}}\n"
#define TEXT(literal)                                                          \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

/* Between two good documents; limits that are 0 are the defaults. */
static const struct {
    const char *claim;
    struct {
        const char *at;
        size_t len;
    } text;
    struct mesh_policy_limits limits;
    size_t good; /* resources that are read */
    const char *expect;
} rows[] = {
    { "a tab as indentation",
      TEXT(GOOD AND "a:\n\tb: 1\n" AND OTHER),
      { 0 },
      2,
      "6:1 error while scanning for the next token found character that "
      "cannot start any token [LM0001]\n" },
    { "bad indentation",
      TEXT(AND "a:\n  b: 1\n c: 2\n" AND GOOD),
      { 0 },
      1,
      "4:2 error while parsing a block mapping did not find expected key "
      "[LM0001]\n" },
    { "a key that comes twice",
      TEXT(AND "a: 1\nb: 2\na: 3\n" AND GOOD),
      { 0 },
      1,
      "4:1 error key \"a\" is written twice [LM0001]\n" },
    { "a merge key",
      TEXT(GOOD AND "a: &x {b: 1}\nc: {<<: *x}\n"),
      { 0 },
      1,
      "6:5 refused merge keys (\"<<\") are not taken [LM0001]\n" },
    { "invalid UTF-8",
      TEXT(GOOD AND "a: \xC3(\n" AND OTHER),
      { 0 },
      2,
      "5:4 error invalid UTF-8 [LM0001]\n" },
    { "a NUL",
      TEXT(GOOD AND "a: b\0c\n" AND OTHER),
      { 0 },
      2,
      "5:5 error a NUL byte [LM0001]\n" },
    { "a NUL in quotes",
      TEXT(GOOD AND "a: \"b\\0c\"\n" AND OTHER),
      { 0 },
      2,
      "5:1 error \"apiVersion\" is missing [LM0005]\n"
      "5:1 error \"kind\" is missing [LM0005]\n"
      "5:4 refused a NUL inside a text [LM0004]\n" },
    { "in a resource like others, which is not kept",
      TEXT(GOOD AND "apiVersion: v1\nkind: Namespace\nmetadata: {name: bad, "
                    "annotations: {x: \"b\\0c\"}}\n" AND OTHER),
      { 0 },
      2,
      "7:40 refused a NUL inside a text [LM0004]\n" },
    { "a byte order mark is no harm", TEXT("\xEF\xBB\xBF" GOOD), { 0 }, 1, "" },
    { "UTF-16",
      TEXT("\xFF\xFEk\0i\0n\0d\0"),
      { 0 },
      0,
      "1:1 error wanted UTF-8, found UTF-16 [LM0001]\n" },
    { "UTF-16 without a mark",
      TEXT("k\0i\0n\0d\0"),
      { 0 },
      0,
      "1:2 error a NUL byte [LM0001]\n" },
    { "carriage returns are no harm",
      TEXT("apiVersion: v1\r\nkind: Namespace\r\nmetadata: {name: a}\r\n---\r\n"
           "apiVersion: v1\r\nkind: Namespace\r\nmetadata: {name: b, x: "
           "1}\r\n"),
      { 0 },
      1,
      "7:21 error metadata: unknown field \"x\" [LM0002]\n" },
    { "a file that was cut in the kind of a policy",
      TEXT(GOOD AND "apiVersion: security.istio.io/v1\nkind: Authoriz"),
      { 0 },
      1,
      "6:7 error unknown kind \"Authoriz\" of \"security.istio.io\" "
      "[LM0005]\n" },
    { "in that of something that guards nothing",
      TEXT(GOOD AND "apiVersion: v1\nkind: Serv"),
      { 0 },
      1,
      "6:7 info noted: Serv is not a mesh policy [LM0003]\n" },
    { "in a list",
      TEXT(GOOD AND "apiVersion: v1\nkind: Service\nmetadata: {name:"),
      { 0 },
      1,
      "8:1 error while parsing a flow node did not find expected node content "
      "[LM0001]\n" },
    { "in quotes",
      TEXT(GOOD AND "apiVersion: v1\nkind: \"Serv"),
      { 0 },
      1,
      "6:7 error while scanning a quoted scalar found unexpected end of "
      "stream "
      "[LM0001]\n" },
    { "in a character",
      TEXT(GOOD AND "a: \xE2\x82"),
      { 0 },
      1,
      "5:4 error invalid UTF-8 [LM0001]\n" },
    { "a number beyond 32 bits",
      TEXT(RULE("connectionPool: {tcp: {maxConnections: 4294967296}}")),
      { 0 },
      0,
      "4:72 error spec.trafficPolicy.connectionPool.tcp.maxConnections: out of "
      "range: 4294967296 [IST0106]\n" },
    { "and one beyond all",
      TEXT(RULE("outlierDetection: {consecutive5xxErrors: "
                "99999999999999999999}")),
      { 0 },
      0,
      "4:74 error spec.trafficPolicy.outlierDetection.consecutive5xxErrors: "
      "out of range: 99999999999999999999 [IST0106]\n" },
    { "more bytes than a file may have",
      TEXT(GOOD),
      { .file_bytes = sizeof(GOOD) - 2 },
      0,
      "0:0 error more than 53 bytes [LM0006]\n" },
    { "more bytes than all may have",
      TEXT(GOOD),
      { .total_bytes = sizeof(GOOD) - 2 },
      0,
      "0:0 error the policy is too large: 53 bytes of it are left, this file "
      "has 54 [LM0006]\n" },
    { "more documents",
      TEXT(GOOD AND GOOD AND GOOD),
      { .documents = 2 },
      1,
      "5:1 warning replaces the one of the same name in t, line 1 [LM0007]\n"
      "9:1 error more than 2 documents [LM0006]\n" },
    { "more blank ones",
      TEXT(AND AND AND AND),
      { .documents = 2 },
      0,
      "4:1 error more than 2 documents [LM0006]\n" },
    { "more nodes",
      TEXT(AND "[1, 2, 3]\n"),
      { .nodes = 3 },
      0,
      "2:8 error more than 3 nodes [LM0006]\n" },
    { "more levels",
      TEXT(AND "a: [[[[1]]]]\n"),
      { .depth = 3 },
      0,
      "2:6 error more than 3 levels of nesting [LM0006]\n" },
    { "more aliases",
      TEXT(AND "[&x 1, *x, *x, *x]\n" AND GOOD),
      { .aliases = 2 },
      1,
      "2:16 error more than 2 aliases [LM0006]\n" },
    { "anchors that explode",
      TEXT(AND "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
               "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
               "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
               "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
               "e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n"),
      { .nodes = 100000 },
      0,
      "6:33 error more than 100000 nodes [LM0006]\n" },
};

static struct mesh_policy_limits limits_of(
    const struct mesh_policy_limits *given)
{
    struct mesh_policy_limits limits = mesh__policy_limits;

    if (given->file_bytes)
        limits.file_bytes = given->file_bytes;
    if (given->total_bytes)
        limits.total_bytes = given->total_bytes;
    if (given->documents)
        limits.documents = given->documents;
    if (given->nodes)
        limits.nodes = given->nodes;
    if (given->aliases)
        limits.aliases = given->aliases;
    if (given->depth)
        limits.depth = given->depth;
    return limits;
}

static size_t load(struct mesh_slice text, struct mesh_policy_limits limits,
                   char out[SAY_BYTES])
{
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *collection;
    size_t good;

    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_new(&collection), 0);
    assert_int_equal(
        mesh__collection_add(collection, "t", text, &limits, &diagnostics), 0);
    say_findings(&diagnostics, out);
    good = collection->count;
    mesh__collection_unref(collection);
    mesh__diagnostics_fini(&diagnostics);
    return good;
}

static void each_is_named_where_it_stands(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char found[SAY_BYTES];
        size_t good = load(mesh__slice(rows[i].text.at, rows[i].text.len),
                           limits_of(&rows[i].limits), found);

        if (strcmp(found, rows[i].expect) == 0 && good == rows[i].good)
            continue;
        print_error("%s: %zu\n%s-- wanted %zu\n%s", rows[i].claim, good, found,
                    rows[i].good, rows[i].expect);
        wrong++;
    }
    if (wrong)
        fail_msg("%zu rows differ", wrong);
}

/* --- large ones --- */

static char *repeat(const char *head, char what, size_t count, const char *tail,
                    size_t *len)
{
    size_t before = strlen(head);
    size_t after = strlen(tail);
    char *text = mesh__malloc(before + count + after);

    assert_non_null(text);
    memcpy(text, head, before);
    memset(text + before, what, count);
    memcpy(text + before + count, tail, after);
    *len = before + count + after;
    return text;
}

/* It is a text like any other, but for what a name may be. */
static void a_text_of_ten_megabytes(void **state)
{
    char found[SAY_BYTES];
    size_t len;
    char *text =
        repeat("apiVersion: v1\nkind: Namespace\nmetadata: {name: good, "
               "annotations: {x: ",
               'a', (size_t)10 << 20, "}}\n" AND GOOD, &len);

    (void)state;
    assert_int_equal(load(mesh__slice(text, len), mesh__policy_limits, found),
                     1);
    assert_string_equal(found, "5:1 warning replaces the one of the same name "
                               "in t, line 1 [LM0007]\n");
    mesh__free(text);
}

static void deep_nesting_costs_no_stack(void **state)
{
    char found[SAY_BYTES];
    size_t len;
    char *text = repeat("a: ", '[', 1000000, "\n" AND GOOD, &len);

    (void)state;
    assert_int_equal(load(mesh__slice(text, len), mesh__policy_limits, found),
                     1);
    assert_string_equal(found,
                        "1:67 error more than 64 levels of nesting [LM0006]\n");
    mesh__free(text);
}

static void a_million_blank_documents(void **state)
{
    char found[SAY_BYTES];
    struct mesh_slice text;
    char *blank = mesh__malloc((size_t)4 << 20);

    (void)state;
    assert_non_null(blank);
    for (size_t i = 0; i < (size_t)1 << 20; i++)
        memcpy(blank + 4 * i, "---\n", 4);
    text = mesh__slice(blank, (size_t)4 << 20);
    assert_int_equal(load(text, mesh__policy_limits, found), 0);
    assert_string_equal(found,
                        "100002:1 error more than 100000 documents [LM0006]\n");
    mesh__free(blank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_named_where_it_stands),
        cmocka_unit_test(a_text_of_ten_megabytes),
        cmocka_unit_test(deep_nesting_costs_no_stack),
        cmocka_unit_test(a_million_blank_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
