/*
 * test_digest.c - equal texts look the same, others do not.
 */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BYTES = 200 };

static void the_same_is_the_same(void **state)
{
    unsigned char room[BYTES + 8];

    (void)state;
    for (size_t len = 0; len <= BYTES; len++) {
        struct mesh_digest first;

        memset(room, 0, sizeof(room));
        for (size_t i = 0; i < len; i++)
            room[i] = (unsigned char)(i * 7);
        first = mesh__digest(room, len);
        for (size_t shift = 1; shift < 8; shift++) { /* wherever it lies */
            memmove(room + shift, room + shift - 1, len);
            room[shift + len] = 0xff; /* and whatever is behind it */
            assert_true(
                mesh__digest_equal(first, mesh__digest(room + shift, len)));
        }
    }
}

static int by_words(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct mesh_digest));
}

static void check_all_differ(struct mesh_digest *all, size_t count)
{
    qsort(all, count, sizeof(*all), by_words);
    for (size_t i = 1; i < count; i++) {
        assert_false(mesh__digest_equal(all[i - 1], all[i]));
        assert_true(all[i - 1].word[0] != all[i].word[0]);
    }
}

static void every_bit_counts(void **state)
{
    static struct mesh_digest all[BYTES * 8 + 1];
    unsigned char text[BYTES] = { 0 };
    size_t count = 0;

    (void)state;
    all[count++] = mesh__digest(text, sizeof(text));
    for (size_t bit = 0; bit < sizeof(text) * 8; bit++) {
        text[bit / 8] ^= (unsigned char)(1 << bit % 8);
        all[count++] = mesh__digest(text, sizeof(text));
        text[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    check_all_differ(all, count);
}

static void length_and_order_count(void **state)
{
    static struct mesh_digest all[BYTES + 1];
    static const char zeros[BYTES];
    struct mesh_digest a = mesh__digest("a", 1);
    struct mesh_digest b = mesh__digest("b", 1);

    (void)state;
    for (size_t len = 0; len <= BYTES; len++)
        all[len] = mesh__digest(zeros, len);
    check_all_differ(all, BYTES + 1);
    assert_false(
        mesh__digest_equal(mesh__digest_fold(a, b), mesh__digest_fold(b, a)));
    assert_false(mesh__digest_equal(mesh__digest("abcdefgh12345678", 16),
                                    mesh__digest("12345678abcdefgh", 16)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_the_same),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(length_and_order_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
