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
#define OUTSIDE  "PassthroughCluster" /* ALLOW_ANY */

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
    { "a wildcard's star stands for something", "wild.example", 443, 0,
      OUTSIDE },
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
    { "an address beside it", "10.9.0.0", 9000, 0, OUTSIDE },
    { "a name is in no block", "10.8.2.x", 9000, 0, OUTSIDE },
    { "no such port", "raw", 9001, 0, OUTSIDE },
    { "no such host", "gone", 9000, 0, OUTSIDE },
};

/* Where more is known of a stream than a name. */
static const struct {
    const char *claim;
    const char *name;
    uint16_t port;
    const char *address; /* that was dialled, NULL           */
    const char *sni;     /* of its bytes; NULL: not known    */
    const char *destination;
} known_rows[] = {
    { "the address that was dialled, not the service's", "raw", 9000,
      "10.9.9.9", NULL, TO("1") },
    { "which may be in no subnet", "raw", 9000, "192.0.2.1", NULL, TO("3") },
    { "which may be all that is known of it", "", 9000, "10.1.2.3", NULL,
      TO("2") },
    { "which finds what the name does not", "alias", 9000, "10.1.2.3", NULL,
      TO("2") },
    { "and is behind the name", "bare", 9000, "10.1.2.3", NULL, TO("2") },
    { "nobody's address", "", 9000, "10.1.2.4", NULL, OUTSIDE },
    { "the server name in its bytes, not the name", "y.wild.example", 443, NULL,
      "x.b.wild.example", TO("3") },
    { "which may be of another host", "far.example", 443, NULL,
      "other.far.example", TO("1") },
    { "which may be nobody's", "x.b.wild.example", 443, NULL, "wild.example",
      NULL },
    { "without one no rule that asks for it", "x.b.wild.example", 443, NULL, "",
      NULL },
    { "where no rule asks, it does not matter", "bare", 9000, NULL, "",
      TO("3") },
};

static struct mesh_snapshot *snapshot;

static struct mesh_snapshot *compile(const char *mesh)
{
    struct mesh_snapshot *out = NULL;
    struct mesh_whoami whoami;
    struct yard yard;

    yard_init(&yard);
    yard_add(&yard, "policy.yaml", mesh__slice_of(policy));
    if (mesh)
        yard_add(&yard, "mesh.yaml", mesh__slice_of(mesh));
    whoami = yard_whoami(&yard, "ns=demo");
    (void)mesh__policy_compile(yard.all, &whoami, NULL, 1, &out);
    yard_fini(&yard);
    return out;
}

static int set_up(void **state)
{
    (void)state;
    snapshot = compile(NULL);
    return snapshot ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mesh__snapshot_unref(snapshot);
    return 0;
}

static void leads(const struct mesh_stream_ask *ask, uint64_t draw,
                  const char *destination, const char *claim)
{
    struct mesh_stream_choice choice;
    const char *found;

    mesh__stream_choose(snapshot, ask, draw, &choice, NULL);
    found = choice.destination ? choice.destination->name : NULL;
    if (!found != !destination || (found && strcmp(found, destination) != 0))
        fail_msg("%s: %s", claim, found ? found : "nothing");
    assert_int_equal(choice.outcome == MESH__ROUTE_OK, found != NULL);
}

static void the_closest_rule_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct mesh_stream_ask ask = { .name =
                                                 mesh__slice_of(rows[i].name),
                                             .port = rows[i].port };

        leads(&ask, rows[i].draw, rows[i].destination, rows[i].claim);
    }
}

static void what_is_known_better_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known_rows) / sizeof(*known_rows); i++) {
        struct mesh_stream_ask ask = {
            .name = mesh__slice_of(known_rows[i].name),
            .port = known_rows[i].port,
            .has_sni = known_rows[i].sni != NULL,
            .sni = mesh__slice_of(known_rows[i].sni ? known_rows[i].sni : ""),
        };

        if (known_rows[i].address)
            assert_true(mesh__address_parse_ip(
                mesh__slice_of(known_rows[i].address), &ask.address));
        leads(&ask, 0, known_rows[i].destination, known_rows[i].claim);
    }
}

/* A stream of which only its name is known. */
static void choose(const char *name, uint16_t port, uint64_t draw,
                   struct mesh_stream_choice *choice, struct mesh__why *why)
{
    const struct mesh_stream_ask ask = { .name = mesh__slice_of(name),
                                         .port = port };

    mesh__stream_choose(snapshot, &ask, draw, choice, why);
}

static void outcomes_are_told_apart(void **state)
{
    struct mesh_stream_choice choice;

    (void)state;
    choose("gone", 9000, 0, &choice, NULL);
    assert_int_equal(choice.outcome, MESH__ROUTE_OK);
    assert_null(choice.host);
    assert_null(choice.rule);
    choose("far.example", 443, 0, &choice, NULL);
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
    choose("raw", 9000, 0, &choice, &why);
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
    choose("bare", 9000, 30, &choice, &why);
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
    choose("far.example", 443, 0, &choice, &why);
    say(&why, text, sizeof(text));
    assert_string_equal(
        text, "host far.example:443: yes serves far.example on port 443 (46)\n"
              "stream tls[0]: no no server name of it is far.example (57)\n");
    mesh__why_fini(&why);
    mesh__why_init(&why);
    choose("gone", 9000, 0, &choice, &why);
    say(&why, text, sizeof(text));
    assert_string_equal(
        text, "host : no no service is called gone on port 9000 (nowhere)\n"
              "outbound ALLOW_ANY: yes hosts that are not known are let "
              "through (nowhere)\n");
    mesh__why_fini(&why);
}

static void a_known_name_of_bytes_says_why(void **state)
{
    struct mesh_stream_ask ask = { .name = MESH__SLICE("far.example"),
                                   .port = 443,
                                   .has_sni = true };
    struct mesh_stream_choice choice;
    struct mesh__why why;
    char text[2048];

    (void)state;
    mesh__why_init(&why);
    mesh__stream_choose(snapshot, &ask, 0, &choice, &why);
    say(&why, text, sizeof(text));
    assert_string_equal(
        text, "host far.example:443: yes serves far.example on port 443 (46)\n"
              "stream tls[0]: no it asks for a server name, and there is none "
              "(57)\n");
    mesh__why_fini(&why);
}

static void only_the_registry_lets_nobody_out(void **state)
{
    struct mesh_snapshot *before = snapshot;
    struct mesh_stream_choice choice;
    struct mesh__why why;
    char text[2048];

    (void)state;
    snapshot = compile("outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n");
    assert_non_null(snapshot);
    mesh__why_init(&why);
    choose("gone", 9000, 0, &choice, &why);
    assert_int_equal(choice.outcome, MESH__ROUTE_NO_HOST);
    assert_null(choice.destination);
    say(&why, text, sizeof(text));
    assert_string_equal(
        text, "host : no no service is called gone on port 9000 (nowhere)\n"
              "outbound REGISTRY_ONLY: no hosts that are not known are "
              "refused (1)\n");
    mesh__why_fini(&why);
    choose("raw", 9000, 0, &choice, NULL);
    assert_int_equal(choice.outcome, MESH__ROUTE_OK);
    mesh__snapshot_unref(snapshot);
    snapshot = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_closest_rule_is_found),
        cmocka_unit_test(what_is_known_better_counts),
        cmocka_unit_test(outcomes_are_told_apart),
        cmocka_unit_test(every_rule_says_why),
        cmocka_unit_test(a_known_name_of_bytes_says_why),
        cmocka_unit_test(only_the_registry_lets_nobody_out),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
