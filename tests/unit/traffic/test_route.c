/*
 * test_route.c - host, rule, arm, and what is said on the way.
 */
#include "traffic/route.h"

#include "torture.h"
#include "words.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The founding policy: canary to b, the rest 90 to a and 10 to b. */
static struct world world;
static struct words words;
static struct mesh_arm canary[1], split[2];
static struct mesh_arena arena;

static int set_up(void **state)
{
    (void)state;
    world = (struct world){ 0 };
    words_init(&words);
    mesh__arena_init(&arena, 1 << 16);
    world_init(&world, 2);
    canary[0] = (struct mesh_arm){ .destination = &world.destinations[1] };
    split[0] = (struct mesh_arm){ .destination = &world.destinations[0],
                                  .weight = 90 };
    split[1] = (struct mesh_arm){ .destination = &world.destinations[1],
                                  .weight = 10 };
    world.rules[0] = (struct mesh_route_rule){
        .name = "canary",
        .entry = words_entry(&words, "header x-canary exact:true"),
        .arms = canary,
        .arm_count = 1,
        .timeout_ns = 5,
    };
    world.rules[1] = (struct mesh_route_rule){
        .name = "",
        .arms = split,
        .arm_count = 2,
        .total_weight = 100,
    };
    world.host.rule_count = 2;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&world);
    words_fini(&words);
    mesh__arena_fini(&arena);
    return 0;
}

static struct mesh_route find(const char *request, uint64_t draw,
                              struct mesh__why *why)
{
    struct mesh_route route;

    mesh__route_find(&world.snapshot, words_request(&words, request),
                     WORLD_PORT, draw, &arena, &route, why);
    return route;
}

static void the_header_goes_to_the_canary(void **state)
{
    struct mesh_route route = find("GET web /|x-canary: true", 17, NULL);

    (void)state;
    assert_int_equal(route.outcome, MESH__ROUTE_OK);
    assert_ptr_equal(route.rule, &world.rules[0]);
    assert_ptr_equal(route.destination, &world.destinations[1]);
    assert_int_equal(route.timeout_ns, 5);
    assert_ptr_equal(find("GET web /|x-canary: True", 0, NULL).rule,
                     &world.rules[1]);
    assert_ptr_equal(
        find("GET web /|x-canary: no|x-canary: true", 0, NULL).rule,
        &world.rules[0]);
}

static void weights_share_the_draws(void **state)
{
    unsigned counts[2] = { 0, 0 };

    (void)state;
    for (uint64_t draw = 0; draw < 1000; draw++)
        counts[find("GET web /", draw, NULL).arm - split]++;
    assert_int_equal(counts[0], 900);
    assert_int_equal(counts[1], 100);
    assert_ptr_equal(find("GET web /", 89, NULL).arm, &split[0]);
    assert_ptr_equal(find("GET web /", 90, NULL).arm, &split[1]);
    assert_ptr_equal(find("GET web /", UINT64_MAX, NULL).arm, &split[0]);
}

static void weight_zero_is_never_chosen_among_several(void **state)
{
    (void)state;
    split[0].weight = 0;
    world.rules[1].total_weight = 10;
    for (uint64_t draw = 0; draw < 50; draw++)
        assert_ptr_equal(find("GET web /", draw, NULL).arm, &split[1]);
    split[1].weight = 0;
    world.rules[1].total_weight = 0;
    assert_int_equal(find("GET web /", 3, NULL).outcome,
                     MESH__ROUTE_NO_DESTINATION);
    world.rules[1].arm_count = 1;
    assert_ptr_equal(find("GET web /", 3, NULL).arm, &split[0]);
}

static const struct {
    const char *claim;
    const char *request;
    enum mesh_route_outcome outcome;
} outcomes[] = {
    { "nobody of this name", "GET other /", MESH__ROUTE_NO_HOST },
    { "an empty name", "GET  /", MESH__ROUTE_NO_HOST },
    { "case and port of the name", "GET WEB:80 /", MESH__ROUTE_OK },
    { "a path that cannot be", "GET web /%00", MESH__ROUTE_BAD_PATH },
    { "a path before a host", "GET other /%00", MESH__ROUTE_BAD_PATH },
    { "no slash", "GET web *", MESH__ROUTE_NO_PATH },
    { "no path", "GET web ", MESH__ROUTE_NO_PATH },
};

static void outcomes_have_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        struct mesh_route route = find(outcomes[i].request, 0, NULL);

        if (route.outcome != outcomes[i].outcome)
            fail_msg("%s: %d", outcomes[i].claim, (int)route.outcome);
        if (route.outcome != MESH__ROUTE_OK)
            assert_null(route.destination);
    }
}

static void no_rule_is_no_route(void **state)
{
    (void)state;
    world.host.rule_count = 1;
    assert_int_equal(find("GET web /", 0, NULL).outcome, MESH__ROUTE_NO_RULE);
    assert_null(find("GET web /", 0, NULL).rule);
}

static void an_unknown_destination_is_known_as_such(void **state)
{
    struct mesh_route route;

    (void)state;
    canary[0] = (struct mesh_arm){ .missing = "web subset v9" };
    route = find("GET web /|x-canary: true", 0, NULL);
    assert_int_equal(route.outcome, MESH__ROUTE_NO_DESTINATION);
    assert_ptr_equal(route.arm, &canary[0]);
}

static void a_regex_that_gives_up_ends_the_walk(void **state)
{
    (void)state;
    world.rules[0].entry = words_entry(&words, "header x regex:(a+)+b?c?");
    assert_int_equal(
        find("GET web /|x: aaaaaaaaaaaaaaaaaaaaaaaad", 0, NULL).outcome,
        MESH__ROUTE_LIMIT);
}

static void the_canonical_path_is_matched_and_kept(void **state)
{
    struct mesh_route route;

    (void)state;
    world.rules[0].entry = words_entry(&words, "path exact:/b");
    route = find("GET web /a/../b?x=/../y", 0, NULL);
    assert_ptr_equal(route.rule, &world.rules[0]);
    assert_true(mesh__slice_is(route.path, "/b?x=/../y"));
}

/* --- what a rule does beside --- */

static struct mesh_route find_with(const struct mesh_actions *actions,
                                   const char *request, struct mesh__why *why)
{
    world.rules[1].actions = actions;
    return find(request, 0, why);
}

static void what_is_sent_may_be_another_path(void **state)
{
    const struct mesh_actions actions = {
        .rewrite = { .kind = MESH__REWRITE_PREFIX,
                     .cut = 5,
                     .to = MESH__SLICE("/new/") },
        .edits = { .authority = MESH__SLICE("rule.example") },
    };
    const struct mesh_head_edits own = { .authority =
                                             MESH__SLICE("own.example") };
    struct mesh__why why;
    struct mesh_route route;

    (void)state;
    mesh__why_init(&why);
    route = find_with(&actions, "GET web /old/../old/a?b", &why);
    assert_int_equal(route.outcome, MESH__ROUTE_OK);
    assert_true(route.rewritten);
    assert_true(mesh__slice_is(route.path, "/old/a?b"));
    assert_true(mesh__slice_is(route.target, "/new/a?b"));
    assert_true(mesh__slice_is(route.authority, "rule.example"));
    assert_string_equal(why.steps[3].reason, "the path becomes /new/a?b");
    assert_string_equal(why.steps[4].reason, "the host becomes rule.example");
    mesh__why_fini(&why);
    split[0].edits = &own; /* the rule's counts */
    route = find_with(&actions, "GET web /old/", NULL);
    assert_true(mesh__slice_is(route.authority, "rule.example"));
    route = find_with(NULL, "GET web /old/", NULL);
    assert_true(mesh__slice_is(route.authority, "own.example"));
    assert_true(mesh__slice_is(route.target, "/old/"));
    assert_false(route.rewritten);
}

static void what_cannot_be_sent_is_not(void **state)
{
    struct mesh_actions actions = { .rewrite = { .kind = MESH__REWRITE_PREFIX,
                                                 .cut = 5,
                                                 .to = MESH__SLICE(" ") } };

    (void)state;
    assert_int_equal(find_with(&actions, "GET web /cut/a", NULL).outcome,
                     MESH__ROUTE_BAD_TARGET);
    actions.rewrite.to = MESH__SLICE("abc");
    assert_int_equal(find_with(&actions, "GET web /cut/a", NULL).outcome,
                     MESH__ROUTE_BAD_TARGET);
    actions.rewrite.to = MESH__SLICE("");
    assert_int_equal(find_with(&actions, "GET web /cut/", NULL).outcome,
                     MESH__ROUTE_BAD_TARGET);
}

static void a_rewrite_that_gives_up_ends_the_walk(void **state)
{
    struct mesh_actions actions = { .rewrite = { .kind =
                                                     MESH__REWRITE_REGEX } };
    struct mesh_replace *replace;

    (void)state;
    assert_int_equal(
        mesh__replace_new(MESH__SLICE("(a+)+[bc]"), MESH__SLICE("x"), &replace),
        0);
    actions.rewrite.replace = replace;
    assert_int_equal(
        find_with(&actions, "GET web /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL)
            .outcome,
        MESH__ROUTE_LIMIT);
    mesh__replace_free(replace);
}

static void a_rule_may_answer_by_itself(void **state)
{
    const struct mesh_redirect redirect = { .status = 301 };
    const struct mesh_direct direct = { .status = 418 };
    struct mesh_actions actions = { .redirect = &redirect };
    struct mesh__why why;

    (void)state;
    mesh__why_init(&why);
    world.rules[1].arm_count = 0;
    world.rules[1].total_weight = 0;
    assert_int_equal(find_with(&actions, "GET web /", &why).outcome,
                     MESH__ROUTE_REDIRECT);
    assert_string_equal(why.steps[3].reason, "redirected with 301");
    mesh__why_fini(&why);
    actions = (struct mesh_actions){ .direct = &direct };
    assert_int_equal(find_with(&actions, "GET web /", NULL).outcome,
                     MESH__ROUTE_DIRECT);
}

static const struct {
    const char *claim;
    uint64_t rule_ms;
    const char *request;
    uint64_t want_ms;
    bool grpc;
} timeouts[] = {
    { "the rule's", 2000, "GET web /", 2000, false },
    { "a caller that speaks no gRPC has no say", 2000,
      "GET web /|grpc-timeout: 300m", 2000, false },
    { "a gRPC caller has, up to the rule's", 2000,
      "POST web /|content-type: application/grpc|grpc-timeout: 300m", 300,
      true },
    { "and no further", 2000,
      "POST web /|content-type: application/grpc|grpc-timeout: 10S", 2000,
      true },
    { "without a rule's all it likes", 0,
      "POST web /|content-type: application/grpc|grpc-timeout: 10S", 10000,
      true },
    { "zero is none", 0,
      "POST web /|content-type: application/grpc|grpc-timeout: 0m", 0, true },
    { "what is no timeout is none", 2000,
      "POST web /|content-type: application/grpc|grpc-timeout: soon", 2000,
      true },
    { "nor without one", 0, "POST web /|content-type: application/grpc", 0,
      true },
};

static void a_grpc_caller_says_how_long(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        struct mesh_route route;

        world.rules[1].timeout_ns = timeouts[i].rule_ms * 1000000;
        route = find(timeouts[i].request, 0, NULL);
        if (route.timeout_ns != timeouts[i].want_ms * 1000000 ||
            route.grpc != timeouts[i].grpc)
            fail_msg("%s: %llu", timeouts[i].claim,
                     (unsigned long long)route.timeout_ns);
    }
}

static void every_rule_says_why(void **state)
{
    struct mesh__why why;

    (void)state;
    mesh__why_init(&why);
    (void)find("GET web /", 90, &why);
    assert_int_equal(why.count, 4);
    assert_string_equal(why.steps[0].what, "host");
    assert_string_equal(why.steps[1].name, "canary");
    assert_false(why.steps[1].matched);
    assert_string_equal(why.steps[1].reason,
                        "header x-canary is absent, wanted exact \"true\"");
    assert_true(why.steps[2].matched);
    assert_string_equal(why.steps[3].name, "b");
    assert_string_equal(why.steps[3].reason, "drawn by weight, 10 of 100");
    mesh__why_fini(&why);
}

static void deciding_takes_no_memory(void **state)
{
    struct mesh_route route;
    const struct mesh_head *head =
        words_request(&words, "GET web /a?b|x-canary: true");

    (void)state;
    fake_alloc_fail_from(0);
    mesh__route_find(&world.snapshot, head, WORLD_PORT, 90, &arena, &route,
                     NULL);
    assert_false(fake_alloc_tripped());
    fake_alloc_off();
    assert_int_equal(route.outcome, MESH__ROUTE_OK);
}

static void memory_that_is_out_is_an_outcome(void **state)
{
    struct mesh_route route;
    const struct mesh_head *head = words_request(&words, "GET web /a/../b");

    (void)state;
    fake_alloc_fail_at(0);
    mesh__route_find(&world.snapshot, head, WORLD_PORT, 0, &arena, &route,
                     NULL);
    assert_true(fake_alloc_tripped());
    fake_alloc_off();
    assert_int_equal(route.outcome, MESH__ROUTE_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_header_goes_to_the_canary, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(weights_share_the_draws, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            weight_zero_is_never_chosen_among_several, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outcomes_have_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_rule_is_no_route, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_destination_is_known_as_such,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_regex_that_gives_up_ends_the_walk,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_canonical_path_is_matched_and_kept,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_sent_may_be_another_path,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_sent_is_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_rewrite_that_gives_up_ends_the_walk,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rule_may_answer_by_itself, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_grpc_caller_says_how_long, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_rule_says_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deciding_takes_no_memory, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(memory_that_is_out_is_an_outcome,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
