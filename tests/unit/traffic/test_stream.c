/*
 * test_stream.c - which rule a stream falls under, what is drawn, and what is
 * said on the way.
 */
#include "../../golden/yard.h"

#include "traffic/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char policy[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: raw, namespace: demo}\n"
    "spec: {clusterIP: 10.1.2.3, ports: [{name: tcp, port: 9000}, {name: "
    "http, port: 80}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: bare, namespace: demo}\n"
    "spec: {ports: [{name: tcp, port: 9000}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: to, namespace: demo}\n"
    "spec: {ports: [{name: a, port: 1}, {name: b, port: 2}, {name: c, port: "
    "3}, {name: d, port: 4}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: ServiceEntry\n"
    "metadata: {name: wild, namespace: demo}\n"
    "spec: {hosts: ['*.wild.example'], resolution: STATIC, ports: [{number: "
    "443, name: tls, protocol: TLS}], endpoints: [{address: 10.3.0.1}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: raw, namespace: demo}\n"
    "spec:\n"
    "  hosts: [raw, bare]\n"
    "  tcp:\n"
    "  - match: [{destinationSubnets: [10.0.0.0/8]}]\n"
    "    route: [{destination: {host: to, port: {number: 1}}}]\n"
    "  - match: [{destinationSubnets: [10.1.0.0/16]}]\n"
    "    route: [{destination: {host: to, port: {number: 2}}}]\n"
    "  - route: [{destination: {host: to, port: {number: 3}}, weight: 25}, "
    "{destination: {host: to, port: {number: 4}}, weight: 75}]\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: wild, namespace: demo}\n"
    "spec:\n"
    "  hosts: ['*.wild.example']\n"
    "  tls:\n"
    "  - match: [{sniHosts: ['*.wild.example']}]\n"
    "    route: [{destination: {host: to, port: {number: 1}}}]\n"
    "  - match: [{sniHosts: ['*.b.wild.example']}]\n"
    "    route: [{destination: {host: to, port: {number: 2}}}]\n"
    "  - match: [{sniHosts: ['x.b.wild.example']}]\n"
    "    route: [{destination: {host: to, port: {number: 3}}}]\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: ServiceEntry\n"
    "metadata: {name: far, namespace: demo}\n"
    "spec: {hosts: [far.example], addresses: [10.7.0.1], resolution: STATIC, "
    "ports: [{number: 443, name: tls, protocol: TLS}], endpoints: [{address: "
    "10.3.0.2}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: far, namespace: demo}\n"
    "spec:\n"
    "  hosts: [far.example, other.far.example]\n"
    "  tls:\n"
    "  - match: [{sniHosts: [other.far.example]}]\n"
    "    route: [{destination: {host: to, port: {number: 1}}}]\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: ServiceEntry\n"
    "metadata: {name: wide, namespace: demo}\n"
    "spec: {hosts: [wide.example], addresses: [10.8.0.0/16, 'fd00::/8'], "
    "resolution: STATIC, ports: [{number: 9000, name: tcp, protocol: TCP}, "
    "{number: 80, name: http, protocol: HTTP}], endpoints: [{address: "
    "10.3.0.2}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: ServiceEntry\n"
    "metadata: {name: narrow, namespace: demo}\n"
    "spec: {hosts: [narrow.example], addresses: [10.8.1.0/24, 10.8.1.9], "
    "resolution: STATIC, ports: [{number: 9000, name: tcp, protocol: TCP}], "
    "endpoints: [{address: 10.3.0.2}]}\n";

#define TO(port) "outbound|" port "||to.demo.svc.cluster.local"

static const struct {
    const char *claim;
    const char *name;
    uint16_t port;
    uint64_t draw;
    const char *destination; /* NULL: none */
} rows[] = {
    { "the longest subnet of the service's address", "raw", 9000, 0, TO("2") },
    { "by any of its names", "raw.demo.svc.cluster.local", 9000, 0, TO("2") },
    { "and by its address", "10.1.2.3", 9000, 0, TO("2") },
    { "without an address none, and a draw", "bare", 9000, 0, TO("3") },
    { "up to its weight", "bare", 9000, 24, TO("3") },
    { "then the next", "bare", 9000, 25, TO("4") },
    { "to its end", "bare", 9000, 99, TO("4") },
    { "and anew", "bare", 9000, 100, TO("3") },
    { "a port of HTTP leads to its own service", "raw", 80, 7,
      "outbound|80||raw.demo.svc.cluster.local" },
    { "the very server name", "x.b.wild.example", 443, 0, TO("3") },
    { "in any case", "X.B.Wild.example", 443, 0, TO("3") },
    { "the longer wildcard", "y.b.wild.example", 443, 0, TO("2") },
    { "the shorter one", "y.wild.example", 443, 0, TO("1") },
    { "a wildcard's star stands for something", "wild.example", 443, 0, NULL },
    { "a name that no rule has", "far.example", 443, 0, NULL },
    { "an address of its block", "10.8.2.3", 9000, 0,
      "outbound|9000||wide.example" },
    { "the closest block", "10.8.1.3", 9000, 0,
      "outbound|9000||narrow.example" },
    { "the very address before any", "10.8.1.9", 9000, 0,
      "outbound|9000||narrow.example" },
    { "the closest that has the port", "10.8.1.3", 80, 0,
      "outbound|80||wide.example" },
    { "of either family", "fd00::17", 9000, 0, "outbound|9000||wide.example" },
    { "an address beside it", "10.9.0.0", 9000, 0, NULL },
    { "a name is in no block", "10.8.2.x", 9000, 0, NULL },
    { "no such port", "raw", 9001, 0, NULL },
    { "no such host", "gone", 9000, 0, NULL },
};

static struct mesh_snapshot *snapshot;

static int set_up(void **state)
{
    struct mesh_whoami whoami;
    struct yard yard;
    int rc;

    (void)state;
    yard_init(&yard);
    yard_add(&yard, "policy.yaml", mesh__slice_of(policy));
    whoami = yard_whoami(&yard, "ns=demo");
    rc = mesh__policy_compile(yard.all, &whoami, NULL, 1, &snapshot);
    yard_fini(&yard);
    return rc;
}

static int tear_down(void **state)
{
    (void)state;
    mesh__snapshot_unref(snapshot);
    return 0;
}

static void the_closest_rule_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct mesh_stream_choice choice;
        const char *found;

        mesh__stream_choose(snapshot, mesh__slice_of(rows[i].name),
                            rows[i].port, rows[i].draw, &choice, NULL);
        found = choice.destination ? choice.destination->name : NULL;
        if (!found != !rows[i].destination ||
            (found && strcmp(found, rows[i].destination) != 0))
            fail_msg("%s: %s", rows[i].claim, found ? found : "nothing");
        assert_int_equal(choice.outcome == MESH__ROUTE_OK, found != NULL);
    }
}

static void outcomes_are_told_apart(void **state)
{
    struct mesh_stream_choice choice;

    (void)state;
    mesh__stream_choose(snapshot, MESH__SLICE("gone"), 9000, 0, &choice, NULL);
    assert_int_equal(choice.outcome, MESH__ROUTE_NO_HOST);
    mesh__stream_choose(snapshot, MESH__SLICE("far.example"), 443, 0, &choice,
                        NULL);
    assert_int_equal(choice.outcome, MESH__ROUTE_NO_RULE);
    assert_null(choice.rule);
}

/* "what name: yes|no reason (where)" of every step, a line each. */
static void say(const struct mesh__why *why, char *out, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; i < why->count; i++) {
        const struct mesh__why_step *step = &why->steps[i];
        char mark[256];

        mesh__mark_print(snapshot, step->mark, mark, sizeof(mark));
        at += (size_t)snprintf(
            out + at, size - at, "%s %s: %s %s (%s\n", step->what, step->name,
            step->matched ? "yes" : "no", step->reason,
            strrchr(mark, ':') ? strrchr(mark, ':') + 1 : "nowhere)");
    }
}

static void every_rule_says_why(void **state)
{
    struct mesh_stream_choice choice;
    struct mesh__why why;
    char text[2048];

    (void)state;
    mesh__why_init(&why);
    mesh__stream_choose(snapshot, MESH__SLICE("raw"), 9000, 0, &choice, &why);
    say(&why, text, sizeof(text));
    assert_string_equal(
        text,
        "host raw.demo.svc.cluster.local:9000: yes serves raw on port 9000 "
        "(1)\n"
        "stream tcp[0]: no another rule's subnet is closer to 10.1.2.3 (27)\n"
        "stream tcp[1]: yes nothing is closer (29)\n"
        "stream tcp[2]: no another rule's subnet is closer to 10.1.2.3 (31)\n"
        "destination outbound|2||to.demo.svc.cluster.local: yes the only one "
        "of its rule (30)\n");
    mesh__why_fini(&why);
    mesh__why_init(&why);
    mesh__stream_choose(snapshot, MESH__SLICE("bare"), 9000, 30, &choice, &why);
    say(&why, text, sizeof(text));
    assert_string_equal(
        text,
        "host bare.demo.svc.cluster.local:9000: yes serves bare on port 9000 "
        "(6)\n"
        "stream tcp[0]: no no subnet of it has an address that is not known "
        "(27)\n"
        "stream tcp[1]: no no subnet of it has an address that is not known "
        "(29)\n"
        "stream tcp[2]: yes nothing is closer (31)\n"
        "destination outbound|4||to.demo.svc.cluster.local: yes drawn by "
        "weight, 75 of 100 (31)\n");
    mesh__why_fini(&why);
    mesh__why_init(&why);
    mesh__stream_choose(snapshot, MESH__SLICE("far.example"), 443, 0, &choice,
                        &why);
    say(&why, text, sizeof(text));
    assert_string_equal(
        text, "host far.example:443: yes serves far.example on port 443 (46)\n"
              "stream tls[0]: no no server name of it is far.example (57)\n");
    mesh__why_fini(&why);
    mesh__why_init(&why);
    mesh__stream_choose(snapshot, MESH__SLICE("gone"), 9000, 0, &choice, &why);
    say(&why, text, sizeof(text));
    assert_string_equal(text,
                        "host : no no service is called gone on port 9000 "
                        "(nowhere)\n");
    mesh__why_fini(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_closest_rule_is_found),
        cmocka_unit_test(outcomes_are_told_apart),
        cmocka_unit_test(every_rule_says_why),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
