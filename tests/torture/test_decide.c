/*
 * test_decide.c - a whole request's decisions, from route to verdict, take no
 * memory, whatever comes out.
 */
#include "torture.h"

#include "../unit/authz/speak.h"
#include "../unit/traffic/words.h"
#include "../unit/traffic/world.h"

#include "traffic/outlier.h"
#include "traffic/retry.h"
#include "traffic/route.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { REQUESTS = 1000 };

static struct world world;
static struct words words;
static struct speak speak;
static struct mesh_arena arena;
static struct mesh_live_registry *registry;
static struct mesh_arm arms[2];
static struct mesh_authz_policy allow[1];

static int set_up(void **state)
{
    (void)state;
    world = (struct world){ 0 };
    words_init(&words);
    speak_init(&speak);
    mesh__arena_init(&arena, 1 << 16);
    world_init(&world, 8);
    world.sets[1].equal_weights = false;
    world.endpoints[1][0].weight = 7;
    for (size_t i = 0; i < 2; i++)
        world.destinations[i].outlier.max_ejection_percent = 50;
    for (size_t i = 0; i < 2; i++)
        arms[i] = (struct mesh_arm){ .destination = &world.destinations[i],
                                     .weight = 50 };
    world.rules[0] = (struct mesh_route_rule){
        .entry = words_entry(&words, "path regex:/[a-z]*x & header y present"),
        .arms = arms,
        .arm_count = 1,
    };
    world.rules[1] = (struct mesh_route_rule){
        .arms = arms,
        .arm_count = 2,
        .total_weight = 100,
        .retry = { .on = MESH__RETRY_5XX,
                   .attempts = 2,
                   .base_ns = 25 * MESH__MS,
                   .max_ns = 250 * MESH__MS,
                   .host_picks = 5 },
    };
    world.host.rule_count = 2;
    speak_policy(&speak, &allow[0], "allow",
                 "from ns demo & to method GET; path /a* & when header:y ~a+");
    world.snapshot.authz.allow = allow;
    world.snapshot.authz.allow_count = 1;
    assert_int_equal(mesh__live_registry_new(NULL, &registry), 0);
    return mesh__live_bind(registry, &world.snapshot, MESH__S, 0);
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&world);
    words_fini(&words);
    speak_fini(&speak);
    mesh__arena_fini(&arena);
    mesh__live_registry_free(registry);
    return 0;
}

/* Attempts at one request until it is answered or given up. */
static unsigned attempt(const struct mesh_route *route,
                        const struct mesh_head *answer,
                        const struct mesh_draws *draws, uint64_t now_ns)
{
    const struct mesh_attempt_end end = { .response = answer, .sent = true };
    const struct mesh_retry_policy *policy = &route->rule->retry;
    struct mesh_ejection ejection;
    struct mesh_retry retry = { 0 };
    struct mesh_pick pick;
    size_t tried[4];
    struct mesh_pick_ask ask = {
        .now_ns = now_ns,
        .draws = draws,
        .tried = tried,
        .re_picks = policy->host_picks,
    };
    unsigned tries = 0;
    uint64_t wait_ns;

    do {
        ask.tried_count = tries;
        mesh__pick(route->destination, &ask, &pick, NULL);
        if (!pick.endpoint)
            break;
        tried[tries++] = pick.index;
        mesh__outlier_report(route->destination, pick.index,
                             MESH__RESULT_STATUS, answer->status, now_ns,
                             &ejection);
    } while (mesh__retry_decide(policy, route->destination, &retry, &end, -1,
                                now_ns, draws->next(draws->user), &wait_ns,
                                NULL) == MESH__RETRY_YES);
    mesh__retry_end(route->destination, &retry);
    return tries;
}

static void a_thousand_requests_take_no_memory(void **state)
{
    const struct mesh_head *request =
        words_request(&words, "GET web /ab?c|y: a");
    const struct mesh_head *good = words_response(&words, "200");
    const struct mesh_head *bad = words_response(&words, "503");
    struct mesh_authz_request peer;
    struct mesh_authz_verdict verdict;
    struct mesh_route route;
    uint64_t seed = 11, now_ns = MESH__S;
    struct mesh_draws draws = world_random(&seed);
    unsigned tries = 0, allowed = 0;

    (void)state;
    speak_request(&speak, &peer, "as front GET /ab?c|y: a");
    fake_alloc_fail_from(0);
    for (unsigned i = 0; i < REQUESTS; i++, now_ns += MESH__S / 4) {
        mesh__route_find(&world.snapshot, request, WORLD_PORT,
                         draws.next(draws.user), &arena, &route, NULL);
        tries += attempt(&route, i % 2 ? bad : good, &draws, now_ns);
        mesh__authz_check(&world.snapshot, &peer, &verdict, NULL);
        allowed += verdict.allowed;
    }
    assert_false(fake_alloc_tripped());
    fake_alloc_off();
    assert_int_equal(allowed, REQUESTS);
    assert_int_equal(tries, REQUESTS / 2 * (1 + 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_thousand_requests_take_no_memory,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
