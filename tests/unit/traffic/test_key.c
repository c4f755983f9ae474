/*
 * test_key.c - what of a request decides its endpoint (Envoy: hash_policy.cc;
 * seen: consistent-hash-header, consistent-hash-other).
 */
#include "traffic/key.h"

#include "torture.h"
#include "words.h"
#include "world.h"

#include "value/xxhash64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct mesh_hash_policy policies[3];
static const struct mesh_hash_policy *hashes[3];

/* "header NAME", "cookie NAME", "cookie+ NAME" (made), "query NAME",
 * "source", "nothing"; joined by " & ". */
static size_t read_policies(struct words *words, const char *text)
{
    static const struct {
        const char *word;
        enum mesh_hash_source source;
        const char *tail;
    } kinds[] = {
        { "header ", MESH__HASH_HEADER, NULL },
        { "cookie ", MESH__HASH_COOKIE, NULL },
        { "cookie+ ", MESH__HASH_COOKIE, "; HttpOnly" },
        { "query ", MESH__HASH_QUERY, NULL },
        { "source", MESH__HASH_SOURCE_IP, NULL },
        { "nothing", MESH__HASH_NOTHING, NULL },
    };
    size_t count = 0;

    while (*text) {
        const char *end = strstr(text, " & ");
        size_t len = end ? (size_t)(end - text) : strlen(text);
        struct mesh_hash_policy *policy = &policies[count];

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            size_t word = strlen(kinds[i].word);

            if (len < word || memcmp(text, kinds[i].word, word) != 0)
                continue;
            *policy = (struct mesh_hash_policy){
                .source = kinds[i].source,
                .name =
                    mesh__arena_strndup(&words->arena, text + word, len - word),
                .tail = kinds[i].tail,
            };
            policy->id = mesh__header_id(mesh__slice_of(policy->name));
        }
        hashes[count++] = policy;
        text += len + (end ? 3 : 0);
    }
    return count;
}

static uint64_t xx(const char *text, uint64_t seed)
{
    return mesh__xxhash64(mesh__slice_of(text), seed);
}

/* "a", "a,b" (b with a's hash for a seed), "a^b" (a turned, then b), "-". */
static bool wanted_hash(const char *text, uint64_t *hash)
{
    char copy[64];
    char *other;

    *hash = 0;
    if (strcmp(text, "-") == 0)
        return false;
    (void)strncpy(copy, text, sizeof(copy) - 1);
    copy[sizeof(copy) - 1] = '\0';
    other = strchr(copy, '^');
    if (other) {
        uint64_t first;

        *other = '\0';
        first = xx(copy, 0);
        *hash = (first << 1 | first >> 63) ^ xx(other + 1, 0);
        return true;
    }
    other = strchr(copy, ',');
    if (other)
        *other = '\0';
    *hash = xx(copy, 0);
    if (other)
        *hash = xx(other + 1, *hash);
    return true;
}

static const struct {
    const char *claim;
    const char *policies;
    const char *request;
    const char *wanted;
} rows[] = {
    { "a header's value", "header x-user", "GET web /|x-user: ann", "ann" },
    { "no header, no key", "header x-user", "GET web /|x: ann", "-" },
    { "an empty value is one", "header x-user", "GET web /|x-user: ", "" },
    { "several are sorted and chained", "header x-user",
      "GET web /|x-user: bob|x-user: ann", "ann,bob" },
    { "so that their order does not matter", "header x-user",
      "GET web /|x-user: ann|x-user: bob", "ann,bob" },
    { "a known header", "header user-agent", "GET web /|user-agent: me", "me" },
    { "the authority", "header :authority", "GET web /", "web" },
    { "a cookie", "cookie user", "GET web /|cookie: a=b; user=ann; c=d",
      "ann" },
    { "in quotes", "cookie user", "GET web /|cookie: user=\"ann\"", "ann" },
    { "the first of its name", "cookie user",
      "GET web /|cookie: user=ann; user=bob", "ann" },
    { "in any line", "cookie user", "GET web /|cookie: a=b|cookie: user=ann",
      "ann" },
    { "a name is all of it", "cookie user",
      "GET web /|cookie: xuser=bob; userx=bob; user=ann", "ann" },
    { "an empty cookie is none", "cookie user",
      "GET web /|cookie: user=", "-" },
    { "nor is one without a value", "cookie user", "GET web /|cookie: user",
      "-" },
    { "a cookie that may be made is made", "cookie+ user", "GET web /",
      "0123456789abcdef" },
    { "an empty one is made anew", "cookie+ user",
      "GET web /|cookie: user=", "0123456789abcdef" },
    { "one that is brought is not", "cookie+ user",
      "GET web /|cookie: user=ann", "ann" },
    { "a query parameter", "query u", "GET web /p?a=b&u=ann", "ann" },
    { "the host", "header host", "GET web:80 /", "web:80" },
    { "by its other name", "header :authority", "GET web /", "web" },
    { "the path, query and all", "header :path", "GET web /a?b", "/a?b" },
    { "the method", "header :method", "GET web /", "GET" },
    { "the scheme", "header :scheme", "GET web /", "http" },
    { "as x-forwarded-proto tells it", "header :scheme",
      "GET web /|x-forwarded-proto: https", "https" },
    { "x-forwarded-proto as a sidecar adds it", "header x-forwarded-proto",
      "GET web /", "http" },
    { "or as it came", "header x-forwarded-proto",
      "GET web /|x-forwarded-proto: x", "x" },
    { "the first of them", "query u", "GET web /p?u=ann&u=bob", "ann" },
    { "raw", "query u", "GET web /p?u=%61nn", "%61nn" },
    { "an empty one is one", "query u", "GET web /p?u", "" },
    { "none is none", "query u", "GET web /p", "-" },
    { "the workload's address", "source", "GET web /", "10.0.0.7" },
    { "before it the last that x-forwarded-for names", "source",
      "GET web /|x-forwarded-for: 10.0.0.8|x-forwarded-for: 10.0.0.9, ::1",
      "::1" },
    { "but not when that is no address", "source",
      "GET web /|x-forwarded-for: 10.0.0.8, unknown", "10.0.0.7" },
    { "nothing", "nothing", "GET web /", "-" },
    { "two keys are mixed", "header a & header b", "GET web /|a: 1|b: 2",
      "1^2" },
    { "one that is not there does not count", "header a & header b",
      "GET web /|b: 2", "2" },
    { "in the order of the arms", "header b & header a", "GET web /|a: 1|b: 2",
      "2^1" },
};

static const uint64_t die = UINT64_C(0x0123456789abcdef);

static void keys(void **state)
{
    const struct mesh_self self = { .address = "10.0.0.7" };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dice dice = { &die, 1, 0 };
        struct mesh_draws draws = world_draws(&dice);
        struct mesh_key key = { 0 };
        struct words words;
        uint64_t wanted;
        bool known;
        size_t count;

        words_init(&words);
        count = read_policies(&words, rows[i].policies);
        mesh__key_find(hashes, count, words_request(&words, rows[i].request),
                       &self, &draws, &key, NULL);
        known = wanted_hash(rows[i].wanted, &wanted);
        if (key.known != known || key.hash != wanted)
            fail_msg("%s", rows[i].claim);
        words_fini(&words);
    }
}

static void a_made_cookie_stays_with_its_exchange(void **state)
{
    static const uint64_t values[] = { UINT64_C(0xfedcba9876543210), 5 };
    struct dice dice = { values, 2, 0 };
    struct mesh_draws draws = world_draws(&dice);
    const struct mesh_self self = { .address = "" };
    struct mesh_key key = { 0 };
    struct words words;
    uint64_t first;

    (void)state;
    words_init(&words);
    assert_int_equal(read_policies(&words, "cookie+ user"), 1);
    mesh__key_find(hashes, 1, words_request(&words, "GET web /"), &self, &draws,
                   &key, NULL);
    first = key.hash;
    mesh__key_find(hashes, 1, words_request(&words, "GET web /"), &self, &draws,
                   &key, NULL);
    assert_int_equal(key.hash, first);
    assert_int_equal(dice.at, 1);
    assert_true(mesh__key_made(&key, 0));
    assert_false(mesh__key_made(&key, 1));
    assert_string_equal(mesh__key_cookie(&key, &policies[0], &words.arena),
                        "user=\"fedcba9876543210\"; HttpOnly");
    words_fini(&words);
}

static void each_cookie_that_is_wanted_is_made_of_one_draw(void **state)
{
    static const uint64_t values[] = { UINT64_C(0xfedcba9876543210), 5 };
    struct dice dice = { values, 2, 0 };
    struct mesh_draws draws = world_draws(&dice);
    const struct mesh_self self = { .address = "" };
    struct mesh_key key = { 0 };
    uint64_t made = xx("fedcba9876543210", 0);
    struct words words;

    (void)state;
    words_init(&words);
    assert_int_equal(
        read_policies(&words, "cookie+ one & cookie+ here & cookie+ two"), 3);
    mesh__key_find(hashes, 3, words_request(&words, "GET web /|cookie: here=x"),
                   &self, &draws, &key, NULL);
    assert_int_equal(dice.at, 1);
    assert_true(mesh__key_made(&key, 0));
    assert_false(mesh__key_made(&key, 1));
    assert_true(mesh__key_made(&key, 2));
    assert_false(mesh__key_made(&key, MESH__COOKIES));
    assert_string_equal(mesh__key_cookie(&key, &policies[2], &words.arena),
                        "two=\"fedcba9876543210\"; HttpOnly");
    made = (made << 1 | made >> 63) ^ xx("x", 0);
    made = (made << 1 | made >> 63) ^ xx("fedcba9876543210", 0);
    assert_int_equal(key.hash, made);
    words_fini(&words);
}

/* A ceiling with a name: further ones are found, but not made. */
static void so_many_cookies_are_made_and_no_more(void **state)
{
    const struct mesh_hash_policy *many[MESH__COOKIES + 1];
    struct dice dice = { &die, 1, 0 };
    struct mesh_draws draws = world_draws(&dice);
    const struct mesh_self self = { .address = "" };
    struct mesh_key key = { 0 };
    struct words words;

    (void)state;
    words_init(&words);
    assert_int_equal(read_policies(&words, "cookie+ user"), 1);
    for (size_t i = 0; i <= MESH__COOKIES; i++)
        many[i] = &policies[0];
    mesh__key_find(many, MESH__COOKIES + 1, words_request(&words, "GET web /"),
                   &self, &draws, &key, NULL);
    assert_int_equal(key.made, UINT64_MAX);
    assert_false(mesh__key_made(&key, MESH__COOKIES));
    words_fini(&words);
}

static void nobody_knows_an_address_that_is_not_set(void **state)
{
    struct mesh_draws draws = { 0 };
    const struct mesh_self self = { .address = "" };
    struct mesh_destination stream = { .hash = { NULL, &policies[0] } };
    struct mesh_key key = { 0 };
    struct words words;

    (void)state;
    words_init(&words);
    assert_int_equal(read_policies(&words, "source"), 1);
    mesh__key_find(hashes, 1, words_request(&words, "GET web /"), &self, &draws,
                   &key, NULL);
    assert_false(key.known);
    mesh__key_find_plain(&stream, &self, &key, NULL);
    assert_false(key.known);
    words_fini(&words);
}

static void a_stream_has_its_source_and_nothing_else(void **state)
{
    const struct mesh_self self = { .address = "::1" };
    struct mesh_destination stream = { .hash = { NULL, &policies[0] } };
    struct mesh_key key = { 0 };
    struct words words;

    (void)state;
    words_init(&words);
    assert_int_equal(read_policies(&words, "source"), 1);
    mesh__key_find_plain(&stream, &self, &key, NULL);
    assert_true(key.known);
    assert_int_equal(key.hash, xx("::1", 0));
    assert_int_equal(read_policies(&words, "header a"), 1);
    mesh__key_find_plain(&stream, &self, &key, NULL);
    assert_false(key.known);
    stream.hash[1] = NULL;
    mesh__key_find_plain(&stream, &self, &key, NULL);
    assert_false(key.known);
    words_fini(&words);
}

static void says_what_was_hashed(void **state)
{
    struct dice dice = { &die, 1, 0 };
    struct mesh_draws draws = world_draws(&dice);
    const struct mesh_self self = { .address = "" };
    struct mesh_key key = { 0 };
    struct mesh__why why;
    struct words words;

    (void)state;
    words_init(&words);
    mesh__why_init(&why);
    mesh__key_find(hashes, read_policies(&words, "header a & source"),
                   words_request(&words, "GET web /|a: 1"), &self, &draws, &key,
                   &why);
    assert_int_equal(why.count, 2);
    assert_string_equal(why.steps[0].reason, "header a decides the endpoint");
    assert_true(why.steps[0].matched);
    assert_string_equal(why.steps[1].reason,
                        "source address is not there: the dice decide");
    mesh__why_fini(&why);
    words_fini(&words);
}

static void keys_take_no_memory(void **state)
{
    struct dice dice = { &die, 1, 0 };
    struct mesh_draws draws = world_draws(&dice);
    const struct mesh_self self = { .address = "10.0.0.7" };
    const struct mesh_head *request;
    struct mesh_key key = { 0 };
    struct words words;
    size_t count;

    (void)state;
    words_init(&words);
    count = read_policies(&words, "header a & cookie+ b & source");
    request = words_request(&words, "GET web /?u=1|a: 3|a: 2|cookie: c=d");
    fake_alloc_fail_from(0);
    mesh__key_find(hashes, count, request, &self, &draws, &key, NULL);
    assert_false(fake_alloc_tripped());
    assert_true(key.known);
    words_fini(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(a_made_cookie_stays_with_its_exchange),
        cmocka_unit_test(each_cookie_that_is_wanted_is_made_of_one_draw),
        cmocka_unit_test(so_many_cookies_are_made_and_no_more),
        cmocka_unit_test(nobody_knows_an_address_that_is_not_set),
        cmocka_unit_test(a_stream_has_its_source_and_nothing_else),
        cmocka_unit_test(says_what_was_hashed),
        cmocka_unit_test(keys_take_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
