/*
 * words.h - what the tests of the tables of steps say: policies, requests, and
 * what is expected of an outcome. One mesh at a time.
 */
#ifndef MESH_TEST_SIM_WORDS_H
#define MESH_TEST_SIM_WORDS_H

#include "world.h"

/* --- policies --- */

#define PEERS(mode)                                                            \
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"             \
    "metadata: {name: default, namespace: demo}\n"                             \
    "spec: {mtls: {mode: " mode "}}\n---\n"
#define ROUTE(rest)                                                            \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec:\n  hosts: [web]\n  http:\n" rest "---\n"
#define TO_WEB "  - route: [{destination: {host: web}}]\n"
#define ONCE   "    retries: {attempts: 0}\n"
#define RULE(rest)                                                             \
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"              \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec:\n  host: web\n" rest "---\n"
#define POOL(tcp, http)                                                        \
    RULE("  trafficPolicy:\n    connectionPool:\n"                             \
         "      tcp: {" tcp "}\n      http: {" http "}\n")
#define SUBSETS                                                                \
    "  subsets:\n"                                                             \
    "  - {name: v1, labels: {version: v1}}\n"                                  \
    "  - {name: v2, labels: {version: v2}}\n"                                  \
    "  - {name: v9, labels: {version: v9}}\n"
#define GUARD(action, rules)                                                   \
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"            \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec:\n  selector: {matchLabels: {app: web}}\n"                           \
    "  action: " action "\n  rules:\n" rules "---\n"

/* --- the mesh --- */

extern struct sim *sim;
extern const struct sim_ask get;

/* Of a group of tests: the memory of the mesh. */
int words_set_up(void **state);
int words_tear_down(void **state);

void begin(const char *policy, size_t servers);
struct sim_call ask(const struct sim_ask *what);
void expect(const struct sim_call *call, unsigned status, const char *flags);
void expect_about(uint64_t took_ns, uint64_t expect_ns);
void refuse_connections(bool hang);

#endif
