/*
 * test_names.c - names that services stand on: when they are asked for again,
 * and what an answer changes.
 *
 * As Envoy's STRICT_DNS (resolution DNS) and LOGICAL_DNS (DNS_ROUND_ROBIN)
 * clusters do. A script answers, the keeper is stepped by hand.
 */
#include "../source/ground.h"
#include "base/error.h"
#include "by_hand.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ENTRY(name, resolution)                                                \
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"                 \
    "metadata: {name: " name ", namespace: demo}\n"                            \
    "spec: {hosts: [" name ".example], resolution: " resolution                \
    ", ports: [{number: 80, name: http, protocol: HTTP}]}\n"
#define ALL   ENTRY("all", "DNS")
#define FIRST ENTRY("first", "DNS_ROUND_ROBIN")

enum { TTL_S = 30 };

static mesh_workload *workload;
static struct mesh_name_script *script;

/* --- the world --- */

/* "12" is answered with 10.0.0.1 and 10.0.0.2, in this order. */
static void say(const char *name, int code, const char *digits, uint32_t ttl_s)
{
    struct mesh_address addresses[8] = { 0 };
    struct mesh_scripted_name said = { .name = name,
                                       .code = code,
                                       .addresses = addresses,
                                       .count = strlen(digits),
                                       .ttl_s = ttl_s };

    for (size_t i = 0; i < said.count; i++)
        addresses[i] = (struct mesh_address){
            4, 0, { 10, 0, 0, (uint8_t)(digits[i] - '0') }
        };
    assert_int_equal(mesh__name_script_say(script, &said), 0);
}

/* The script takes the place of name servers before the first name is known. */
static void begin(const char *policy)
{
    mesh_config *config;
    struct mesh_loop *loop;

    assert_int_equal(ground_open(NULL), 0);
    ground_issue("web", "web");
    ground_directory("policy");
    ground_write("policy/mesh.yaml", "connectTimeout: 3s\n");
    config = ground_config("policy", "web");
    assert_int_equal(mesh_config_set_labels(config, "app=web"), 0);
    assert_int_equal(mesh_workload_new(config, &workload, NULL), 0);
    mesh_config_free(config);
    loop = workload->keeper->loop;
    assert_int_equal(mesh__name_script_new(&script), 0);
    mesh__loop_enter(loop);
    assert_null(workload->keeper->link.names);
    assert_int_equal(
        mesh__names_memory_new(loop, script, &workload->keeper->link.names), 0);
    mesh__loop_leave(loop);
    ground_write("policy/entry.yaml", policy);
}

static void load(void)
{
    by_hand_step(workload);
    assert_true(by_hand_run(workload, &workload->settle_timer));
    by_hand_step(workload);
}

static void end(void)
{
    mesh_workload_free(workload);
    mesh__name_script_free(script);
    assert_int_equal(ground_close(NULL), 0);
}

static struct mesh_name_watch *the_watch(void)
{
    assert_int_equal(workload->names.count, 1);
    return MESH__OF(workload->names.watches.next, struct mesh_name_watch, node);
}

/* True when a new snapshot came of it. */
static bool merge(void)
{
    uint64_t before = (uint64_t)mesh_workload_generation(workload);

    (void)by_hand_run(workload, &workload->names.merge);
    return (uint64_t)mesh_workload_generation(workload) != before;
}

/* The answer has lived: it is asked again. True when that changed anything. */
static bool ask_again(void)
{
    assert_true(by_hand_run(workload, &the_watch()->timer));
    return merge();
}

/* The endpoints of HOST's port 80: "12", in their order. */
static const char *endpoints(const char *host)
{
    static char out[16];
    struct mesh_snapshot *snapshot = mesh__workload_snapshot(workload);
    const struct mesh_destination *destination = mesh__snapshot_destination(
        snapshot, mesh__slice_of(host), 80, MESH__SLICE(""));
    size_t count;

    assert_non_null(destination);
    count = destination->endpoints->count;
    for (size_t i = 0; i < count; i++)
        out[i] =
            (char)('0' + destination->endpoints->endpoints[i].address.ip[3]);
    out[count] = '\0';
    mesh__snapshot_unref(snapshot);
    return out;
}

static size_t unresolved(char line[512])
{
    size_t count = 0;
    int event;

    while ((event = mesh_workload_next_event(workload, line, 512)) > 0)
        count += event == MESH_EVENT_UNRESOLVED;
    return count;
}

/* --- what an answer changes --- */

static void an_answer_is_in_force_after_the_merge(void **state)
{
    (void)state;
    begin(ALL);
    say("all.example", 0, "12", TTL_S);
    load();
    assert_true(merge());
    assert_string_equal(endpoints("all.example"), "12");
    say("all.example", 0, "23", TTL_S);
    assert_true(ask_again());
    assert_string_equal(endpoints("all.example"), "23");
    end();
}

/* Servers answer in turns; nothing is compiled for it. */
static void another_order_is_no_change_where_all_are_used(void **state)
{
    static const char *const orders[] = { "123", "231", "312", "321" };

    (void)state;
    begin(ALL);
    say("all.example", 0, "123", TTL_S);
    load();
    assert_true(merge());
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        say("all.example", 0, orders[i], TTL_S);
        assert_false(ask_again());
    }
    assert_string_equal(endpoints("all.example"), "123");
    say("all.example", 0, "122", TTL_S); /* as many, but not the same */
    assert_true(ask_again());
    end();
}

static void another_order_is_one_where_the_first_is_used(void **state)
{
    (void)state;
    begin(FIRST);
    say("first.example", 0, "12", TTL_S);
    load();
    assert_true(merge());
    assert_string_equal(endpoints("first.example"), "1");
    say("first.example", 0, "21", TTL_S);
    assert_true(ask_again());
    assert_string_equal(endpoints("first.example"), "2");
    end();
}

/* --- failures --- */

static void nobody_can_say_and_the_last_answer_stays(void **state)
{
    static const int codes[] = { MESH_ERR_TIMEOUT, MESH_ERR_CONNECT };
    char line[512];

    (void)state;
    begin(ALL);
    say("all.example", 0, "12", TTL_S);
    load();
    assert_true(merge());
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        say("all.example", codes[i], "", 0);
        assert_false(ask_again());
        assert_string_equal(endpoints("all.example"), "12");
        assert_int_equal(unresolved(line), 1);
        assert_false(ask_again());
        assert_int_equal(unresolved(line), 0); /* once a spell */
    }
    end();
}

static void no_address_is_an_answer_where_all_are_used(void **state)
{
    (void)state;
    begin(ALL);
    say("all.example", 0, "12", TTL_S);
    load();
    assert_true(merge());
    say("all.example", MESH_ERR_RESOLVE, "", 0);
    assert_true(ask_again());
    assert_string_equal(endpoints("all.example"), "");
    end();
}

static void no_address_is_none_where_the_first_is_used(void **state)
{
    (void)state;
    begin(FIRST);
    say("first.example", 0, "12", TTL_S);
    load();
    assert_true(merge());
    say("first.example", MESH_ERR_RESOLVE, "", 0);
    assert_false(ask_again());
    assert_string_equal(endpoints("first.example"), "1");
    end();
}

/* --- when --- */

static uint64_t now_ns(void)
{
    uint64_t now;

    mesh__loop_enter(workload->keeper->loop);
    now = mesh__loop_now(workload->keeper->loop);
    mesh__loop_leave(workload->keeper->loop);
    return now;
}

static void a_name_is_asked_again_when_its_answer_has_lived(void **state)
{
    static const struct {
        uint32_t ttl_s;
        uint64_t wait_s;
    } rows[] = {
        { 30, 30 },
        { 3600, 3600 },
        { 1, 1 },
        { 0, 60 }, /* MeshConfig dnsRefreshRate: Istio's default */
    };

    (void)state;
    begin(ALL);
    say("all.example", 0, "1", TTL_S);
    load();
    (void)merge();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t before_ns = now_ns();

        say("all.example", 0, "1", rows[i].ttl_s);
        (void)ask_again();
        assert_in_range(the_watch()->timer.due_ns,
                        before_ns + rows[i].wait_s * MESH__S,
                        now_ns() + rows[i].wait_s * MESH__S);
    }
    end();
}

static void a_name_that_nobody_wants_is_not_asked(void **state)
{
    (void)state;
    begin(ALL);
    say("all.example", 0, "1", TTL_S);
    load();
    assert_int_equal(mesh__name_script_asked(script, "all.example"), 1);
    ground_remove("policy/entry.yaml");
    load();
    assert_int_equal(workload->names.count, 0);
    assert_int_equal(mesh__name_script_asked(script, "all.example"), 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_in_force_after_the_merge),
        cmocka_unit_test(another_order_is_no_change_where_all_are_used),
        cmocka_unit_test(another_order_is_one_where_the_first_is_used),
        cmocka_unit_test(nobody_can_say_and_the_last_answer_stays),
        cmocka_unit_test(no_address_is_an_answer_where_all_are_used),
        cmocka_unit_test(no_address_is_none_where_the_first_is_used),
        cmocka_unit_test(a_name_is_asked_again_when_its_answer_has_lived),
        cmocka_unit_test(a_name_that_nobody_wants_is_not_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
