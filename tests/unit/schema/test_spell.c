/*
 * test_spell.c - near enough to be meant, or not.
 */
#include "base/text.h"
#include "schema/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {
    "consecutive5xxErrors", "timeout", "retries", "match", "mirror", "mirrors",
    "perTryTimeout"
};

static const struct {
    const char *claim;
    const char *text;
    const char *expect; /* "" when nothing is near */
} rows[] = {
    { "a letter is missing", "consecutive5xError", "consecutive5xxErrors" },
    { "two are swapped", "timoeut", "timeout" },
    { "one is wrong", "retrues", "retries" },
    { "one too many", "matchh", "match" },
    { "capitals do not count", "TimeOut", "timeout" },
    { "snake_case is known", "per_try_timeout", "perTryTimeout" },
    { "the nearest of two", "mirorrs", "mirrors" },
    { "too far away", "weight", "" },
    { "too short to guess", "x", "" },
    { "nothing at all", "", "" },
};

static void finds_the_nearest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char found[128];
        char expect[128] = "";
        struct mesh_text text;

        mesh__text_init(&text, expect, sizeof(expect));
        if (*rows[i].expect)
            mesh__text_format(&text, "did you mean \"%s\"?", rows[i].expect);
        mesh__spell(mesh__slice_of(rows[i].text), names,
                    sizeof(names) / sizeof(names[0]), found, sizeof(found));
        if (strcmp(found, expect) != 0)
            fail_msg("%s: \"%s\": found %s, wanted %s", rows[i].claim,
                     rows[i].text, found, expect);
    }
}

static void long_words_are_not_compared(void **state)
{
    char word[100];
    char found[128];

    (void)state;
    memset(word, 'a', sizeof(word));
    mesh__spell(mesh__slice(word, sizeof(word)), names, 7, found,
                sizeof(found));
    assert_string_equal(found, "");
    assert_int_equal(mesh__edit_distance(mesh__slice(word, sizeof(word)),
                                         MESH__SLICE("aaa"), 9),
                     9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_nearest),
        cmocka_unit_test(long_words_are_not_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
