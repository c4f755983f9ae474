/*
 * test_reuse.c - a document whose text stays the same is not read again, and
 * what comes of a second reading is what comes of a first one.
 */
#include "say.h"

#include <mesh/base.h>

#include <stdint.h>

enum { FILES = 3 };

#define NAMESPACE(name)                                                        \
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: " name "}\n"
#define LABELLED(name, label)                                                  \
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: " name                  \
    ", labels: {x: " label "}}\n"
#define WRONG(name)                                                            \
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"              \
    "metadata: {name: " name "}\nspec: {hots: a}\n"
#define AND "---\n"

/* The same files before and after; NULL: there is none. */
static const struct {
    const char *claim;
    const char *before[FILES];
    const char *after[FILES];
    size_t read; /* documents that are parsed the second time */
} rows[] = {
    { "nothing changes",
      { NAMESPACE("a") AND NAMESPACE("b"), NAMESPACE("c") },
      { NAMESPACE("a") AND NAMESPACE("b"), NAMESPACE("c") },
      0 },
    { "one document changes",
      { NAMESPACE("a") AND NAMESPACE("b") AND NAMESPACE("c") },
      { NAMESPACE("a") AND LABELLED("b", "why") AND NAMESPACE("c") },
      1 },
    { "lines come in between: what is below stays",
      { NAMESPACE("a") AND NAMESPACE("b") AND WRONG("c") },
      { NAMESPACE("a") "# a comment\n\n\n" AND NAMESPACE("b") AND WRONG("c") },
      1 },
    { "a document comes in front",
      { AND NAMESPACE("a") AND NAMESPACE("b") },
      { AND NAMESPACE("z") AND NAMESPACE("a") AND NAMESPACE("b") },
      1 },
    { "one goes",
      { NAMESPACE("a") AND NAMESPACE("b") AND NAMESPACE("c") },
      { NAMESPACE("a") AND NAMESPACE("c") },
      0 },
    { "two change places",
      { AND NAMESPACE("a") AND NAMESPACE("b") },
      { AND NAMESPACE("b") AND NAMESPACE("a") },
      0 },
    { "one moves to another file",
      { NAMESPACE("a") AND NAMESPACE("b"), NAMESPACE("c") },
      { NAMESPACE("a"), NAMESPACE("c") AND NAMESPACE("b") },
      0 },
    { "a file goes",
      { NAMESPACE("a"), NAMESPACE("b") },
      { NAMESPACE("a") },
      0 },
    { "a file comes",
      { NULL, NAMESPACE("b") },
      { NAMESPACE("a"), NAMESPACE("b") },
      1 },
    { "files change their contents with each other",
      { NAMESPACE("a"), NAMESPACE("b") },
      { NAMESPACE("b"), NAMESPACE("a") },
      0 },
    { "a document comes twice: its resource has one place only",
      { AND NAMESPACE("a") },
      { AND NAMESPACE("a") AND NAMESPACE("a") },
      1 },
    { "and once again",
      { AND NAMESPACE("a") AND NAMESPACE("a") },
      { AND NAMESPACE("a") },
      0 },
    { "what was replaced counts again",
      { NAMESPACE("a"), LABELLED("a", "why") },
      { NAMESPACE("a") },
      0 },
    { "a copy in an earlier file takes the sheet of the later one",
      { NULL, NAMESPACE("a") },
      { NAMESPACE("a"), NAMESPACE("a") },
      1 },
    { "findings are told again", { WRONG("a") }, { WRONG("a") }, 0 },
    { "findings follow their lines",
      { NAMESPACE("a") AND WRONG("b") },
      { LABELLED("a", "why") "# more\n" AND WRONG("b") },
      1 },
    { "a document that is no YAML is known, too",
      { NAMESPACE("a") AND "b: [\n" AND NAMESPACE("c") },
      { NAMESPACE("a") AND "b: [\n" AND LABELLED("c", "why") },
      1 },
    { "a list is one document",
      { "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n"
        "- {apiVersion: v1, kind: Namespace, metadata: {name: b}}\n" },
      { "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n"
        "- {apiVersion: v1, kind: Namespace, metadata: {name: b}}\n" AND
            NAMESPACE("c") },
      1 },
    { "directives make the file one piece",
      { "%YAML 1.1\n" AND NAMESPACE("a") AND NAMESPACE("b") },
      { "%YAML 1.1\n" AND NAMESPACE("a") AND LABELLED("b", "why") },
      1 },
};

static struct mesh_collection *load(const char *const files[FILES],
                                    struct mesh_collection *previous,
                                    char out[SAY_BYTES])
{
    static const char *const names[FILES] = { "a.yaml", "b.yaml", "c.yaml" };
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *collection;

    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_new_after(previous, &collection), 0);
    for (size_t i = 0; i < FILES; i++)
        if (files[i])
            assert_int_equal(mesh__collection_add(collection, names[i],
                                                  mesh__slice_of(files[i]),
                                                  &limits, &diagnostics),
                             0);
    assert_int_equal(mesh__collection_seal(collection), 0);
    say_findings(&diagnostics, out);
    mesh__diagnostics_fini(&diagnostics);
    return collection;
}

/* Each resource as a line: where it stands, and what it is. */
static void say_resources(const struct mesh_collection *collection, char *out)
{
    struct mesh_text text;

    mesh__text_init(&text, out, SAY_BYTES);
    for (size_t i = 0; i < collection->count; i++) {
        const struct mesh_resource *resource = &collection->resources[i];

        mesh__text_format(&text, "%s:%u:%u %s %zu\n",
                          collection->files[resource->file].name,
                          mesh__line_of(resource, resource->mark),
                          (unsigned)resource->mark.column, resource->full_name,
                          resource->labels.count);
        if (mesh__collection_at(collection, resource->mark.place) != resource)
            mesh__text_puts(&text, "its place is another's\n");
    }
}

static void check_row(size_t row)
{
    char old[SAY_BYTES], findings[SAY_BYTES], expected_findings[SAY_BYTES];
    char resources[SAY_BYTES], expected[SAY_BYTES];
    struct mesh_collection *before = load(rows[row].before, NULL, old);
    struct mesh_collection *after = load(rows[row].after, before, findings);
    struct mesh_collection *anew =
        load(rows[row].after, NULL, expected_findings);

    mesh__collection_unref(before); /* what is shared lives on */
    say_resources(after, resources);
    say_resources(anew, expected);
    if (strcmp(findings, expected_findings) != 0)
        fail_msg("%s:\n%s-- instead of\n%s", rows[row].claim, findings,
                 expected_findings);
    if (strcmp(resources, expected) != 0)
        fail_msg("%s:\n%s-- instead of\n%s", rows[row].claim, resources,
                 expected);
    if (after->sheets_read != rows[row].read)
        fail_msg("%s: %zu documents were read, not %zu", rows[row].claim,
                 after->sheets_read, rows[row].read);
    mesh__collection_unref(after);
    mesh__collection_unref(anew);
}

static void a_second_reading_is_like_the_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(i);
}

/* A hundred readings, each after the one before. */
static void places_stay_with_those_that_stay(void **state)
{
    static const char *const even[FILES] = { NAMESPACE("a")
                                                 AND NAMESPACE("b") };
    static const char *const odd[FILES] = { LABELLED("a", "why")
                                                AND NAMESPACE("b") };
    char findings[SAY_BYTES];
    struct mesh_collection *now = load(even, NULL, findings);
    uint32_t changing = now->resources[0].mark.place;
    uint32_t staying = now->resources[1].mark.place;

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct mesh_collection *next = load(i % 2 ? even : odd, now, findings);

        assert_int_equal(next->resources[1].mark.place, staying);
        assert_true(next->resources[0].mark.place != changing);
        assert_null(mesh__collection_at(next, changing));
        changing = next->resources[0].mark.place;
        mesh__collection_unref(now);
        now = next;
    }
    mesh__collection_unref(now);
}

static void places_begin_again_before_they_run_out(void **state)
{
    static const char *const files[FILES] = { NAMESPACE("a") };
    char findings[SAY_BYTES];
    struct mesh_collection *before = load(files, NULL, findings);
    struct mesh_collection *after;

    (void)state;
    before->next_place = UINT32_MAX / 2 + 1;
    after = load(files, before, findings);
    assert_int_equal(after->resources[0].mark.place, 0);
    assert_int_equal(after->sheets_read, 1); /* nothing is lent */
    mesh__collection_unref(before);
    mesh__collection_unref(after);
}

/* What is lent takes of the limits what it took when it was read. */
static void limits_hold_for_what_is_lent(void **state)
{
    static const char text[] = NAMESPACE("a") AND NAMESPACE("b");
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *before;
    struct mesh_collection *after;
    char found[SAY_BYTES];

    (void)state;
    mesh__collection_unref(say_load(text, found));
    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_new(&before), 0);
    assert_int_equal(mesh__collection_add(before, "a", mesh__slice_of(text),
                                          &limits, &diagnostics),
                     0);
    assert_int_equal(mesh__policy_limits.documents - limits.documents, 2);
    limits = mesh__policy_limits;
    limits.documents = 1;
    assert_int_equal(mesh__collection_new_after(before, &after), 0);
    assert_int_equal(mesh__collection_add(after, "a", mesh__slice_of(text),
                                          &limits, &diagnostics),
                     0);
    say_findings(&diagnostics, found);
    assert_string_equal(found, "5:1 error more than 1 documents [LM0006]\n");
    assert_int_equal(after->count, 1);
    mesh__diagnostics_fini(&diagnostics);
    mesh__collection_unref(before);
    mesh__collection_unref(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_reading_is_like_the_first),
        cmocka_unit_test(places_stay_with_those_that_stay),
        cmocka_unit_test(places_begin_again_before_they_run_out),
        cmocka_unit_test(limits_hold_for_what_is_lent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
