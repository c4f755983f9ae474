/*
 * test_mutants.c - thousands of valid resources, each with one thing changed:
 * do we judge each as Istio's own code did, and at the line that was changed?
 *
 * mutants/KIND.tsv has the change and Istio's verdict, ../admission/seeds the
 * resources; tests/admission/compare --record writes the former. A row says at
 * which lines a finding belongs: where what was changed, added or repeated now
 * stands; for what is gone, where the mapping or list around it begins, or its
 * key. Every error of a mutant has one finding there, without exception.
 */
#include "base/buffer.h"
#include "schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PATH_BYTES = 1024,
    FILE_BYTES = 4 << 20,
    COLUMNS = 7,
    TOLD = 20,   /* disagreements that are printed  */
    LEAST = 3000 /* mutants, or the test is no test */
};

static const char *const kinds[] = {
    "authorizationpolicy",
    "destinationrule",
    "gateway",
    "meshconfig",
    "peerauthentication",
    "proxyconfig",
    "requestauthentication",
    "serviceentry",
    "sidecar",
    "telemetry",
    "virtualservice",
    "workloadentry",
    "workloadgroup",
};

/* One row of a file. */
struct mutant {
    struct mesh_slice seed;
    struct mesh_slice mutation;
    unsigned long long first; /* line of the seed, and how many go */
    unsigned long long count;
    struct mesh_slice lines;
    bool invalid;
    struct mesh_slice text; /* with \n, \t, \r and \\ for what they are */
};

struct tally {
    size_t mutants;
    size_t wrong;
};

static void read_file(const char *folder, struct mesh_slice name,
                      struct mesh_buffer *out)
{
    const char *top = getenv("top_srcdir");
    char path[PATH_BYTES];
    char *room;
    FILE *in;

    assert_in_range(snprintf(path, sizeof(path), "%s/tests/%s/%.*s",
                             top ? top : ".", folder, (int)name.len, name.at),
                    1, PATH_BYTES - 1);
    in = fopen(path, "rb");
    if (!in)
        fail_msg("cannot read %s", path);
    mesh__buffer_init(out, FILE_BYTES);
    assert_int_equal(mesh__buffer_reserve(out, FILE_BYTES, &room), 0);
    mesh__buffer_commit(out, fread(room, 1, FILE_BYTES, in));
    assert_int_equal(fclose(in), 0);
}

/* What stands before the next mark, which is taken off too. */
static struct mesh_slice cut(struct mesh_slice *rest, char mark)
{
    const char *end = rest->len ? memchr(rest->at, mark, rest->len) : NULL;
    struct mesh_slice part = *rest;

    if (!end) {
        *rest = mesh__slice(rest->at + rest->len, 0);
        return part;
    }
    part.len = (size_t)(end - rest->at);
    *rest = mesh__slice(end + 1, rest->len - part.len - 1);
    return part;
}

static void read_row(struct mesh_slice line, struct mutant *out)
{
    struct mesh_slice columns[COLUMNS];

    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = cut(&line, '\t');
    out->seed = columns[0];
    out->mutation = columns[1];
    assert_true(mesh__slice_number(columns[2], 100000, &out->first));
    assert_true(mesh__slice_number(columns[3], 100000, &out->count));
    out->lines = columns[4];
    out->invalid = mesh__slice_is(columns[5], "invalid");
    assert_true(out->invalid || mesh__slice_is(columns[5], "valid"));
    out->text = columns[6];
}

/* --- the document --------------------------------------------------------- */

static void put_unescaped(struct mesh_buffer *out, struct mesh_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (c == '\\') {
            assert_true(++i < text.len);
            c = text.at[i];
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        assert_int_equal(mesh__buffer_append(out, &c, 1), 0);
    }
}

static void make(const struct mutant *mutant, struct mesh_buffer *out)
{
    struct mesh_buffer seed;
    struct mesh_slice rest;
    struct mesh_slice head;

    read_file("admission/seeds", mutant->seed, &seed);
    rest = mesh__buffer_slice(&seed);
    head = rest;
    for (unsigned long long i = 1; i < mutant->first; i++)
        (void)cut(&rest, '\n');
    head.len -= rest.len;
    for (unsigned long long i = 0; i < mutant->count; i++)
        (void)cut(&rest, '\n');
    assert_int_equal(mesh__buffer_append(out, head.at, head.len), 0);
    put_unescaped(out, mutant->text);
    assert_int_equal(mesh__buffer_append(out, rest.at, rest.len), 0);
    mesh__buffer_fini(&seed);
}

/* --- the verdict -----------------------------------------------------------
 */

static bool among(struct mesh_slice lines, unsigned line)
{
    while (lines.len) {
        unsigned long long number;

        assert_true(mesh__slice_number(cut(&lines, ','), 100000, &number));
        if (number == line)
            return true;
    }
    return false;
}

/* Why the findings are not what they should be; NULL: they are. */
static const char *compare(const struct mutant *mutant,
                           const struct mesh_diagnostics *diagnostics)
{
    bool here = false;

    if ((diagnostics->by_severity[MESH__ERROR] > 0) != mutant->invalid)
        return mutant->invalid ? "Istio rejects it" : "Istio takes it";
    for (size_t i = 0; i < diagnostics->count; i++)
        here = here || (diagnostics->findings[i].severity == MESH__ERROR &&
                        among(mutant->lines, diagnostics->findings[i].line));
    return mutant->invalid && !here ? "no error where the change is" : NULL;
}

static void tell(const struct mutant *mutant, const char *why,
                 const struct mesh_diagnostics *diagnostics)
{
    print_error("%.*s, %.*s at line %llu (%.*s): %s\n", (int)mutant->seed.len,
                mutant->seed.at, (int)mutant->mutation.len, mutant->mutation.at,
                mutant->first, (int)mutant->lines.len, mutant->lines.at, why);
    print_error("    %.*s\n", (int)mutant->text.len, mutant->text.at);
    for (size_t i = 0; i < diagnostics->count; i++) {
        char line[512];

        mesh__finding_print(&diagnostics->findings[i], line, sizeof(line));
        if (diagnostics->findings[i].severity == MESH__ERROR)
            print_error("    %s\n", line);
    }
}

static void judge(const struct mutant *mutant, struct tally *tally)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_collection *collection;
    struct mesh_diagnostics diagnostics;
    struct mesh_buffer document;
    const char *why;

    mesh__buffer_init(&document, FILE_BYTES);
    make(mutant, &document);
    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_new(&collection), 0);
    assert_int_equal(mesh__collection_add(collection, "",
                                          mesh__buffer_slice(&document),
                                          &limits, &diagnostics),
                     0);
    why = compare(mutant, &diagnostics);
    if (why && tally->wrong++ < TOLD)
        tell(mutant, why, &diagnostics);
    tally->mutants++;
    mesh__collection_unref(collection);
    mesh__diagnostics_fini(&diagnostics);
    mesh__buffer_fini(&document);
}

static void judge_kind(const char *kind, struct tally *tally)
{
    char name[PATH_BYTES];
    struct mesh_buffer file;
    struct mesh_slice rest;
    size_t before = tally->mutants;

    assert_in_range(snprintf(name, sizeof(name), "%s.tsv", kind), 1,
                    PATH_BYTES - 1);
    read_file("golden/mutants", mesh__slice_of(name), &file);
    rest = mesh__buffer_slice(&file);
    while (rest.len) {
        struct mesh_slice line = cut(&rest, '\n');
        struct mutant mutant;

        if (mesh__slice_starts(line, MESH__SLICE("#")))
            continue;
        read_row(line, &mutant);
        judge(&mutant, tally);
    }
    mesh__buffer_fini(&file);
    if (tally->mutants - before < 100)
        fail_msg("%s: only %zu mutants", kind, tally->mutants - before);
}

static void mutants_are_judged_as_istio_judges_them(void **state)
{
    struct tally tally = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        judge_kind(kinds[i], &tally);
    assert_int_equal(tally.wrong, 0);
    assert_true(tally.mutants >= LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutants_are_judged_as_istio_judges_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
