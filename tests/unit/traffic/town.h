/*
 * town.h - a policy written as text, compiled and bound to live state: where a
 * world built by hand would repeat what policy/ makes.
 */
#ifndef MESH_TESTS_TOWN_H
#define MESH_TESTS_TOWN_H

#include "policy/snapshot.h"
#include "traffic/live.h"
#include "traffic/pick.h"

/* A client "me" of namespace demo at 10.0.9.9, in locality r1/z1/s1. */
struct town {
    struct mesh_collection *all;
    struct mesh_snapshot *snapshot;
    struct mesh_live_registry *registry;
    uint64_t now_ns;
};

/* A workload of service web on port 8080. */
#define TOWN_PEER(name, ip, more)                                              \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: WorkloadEntry\n"                                                    \
    "metadata: {name: " name ", namespace: demo}\n"                            \
    "spec: {address: " ip ", labels: {app: web}" more "}\n"
/* The DestinationRule of web. */
#define TOWN_RULE(policy)                                                      \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: DestinationRule\n"                                                  \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec: {host: web, trafficPolicy: {" policy "}}\n"
/* The VirtualService of web. */
#define TOWN_ROUTE(http)                                                       \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec: {hosts: [web], http: [" http "]}\n"

/* At one second past zero. Text stands behind the Service web (port 80). */
void town_open(struct town *town, const char *text);
/* The same town with another policy, live state kept. */
void town_change(struct town *town, const char *text);
void town_close(struct town *town);

/* Destination web, whole; endpoint by its workload's name. */
struct mesh_destination *town_web(const struct town *town);
size_t town_peer(const struct town *town, const char *workload);
/* One bad answer, and time enough for the picker to hear of it. */
void town_eject(struct town *town, const char *workload);
/* Rings are filled anew, as the keeper does. */
void town_refresh(struct town *town);

/* The first rule of web's virtual host. */
const struct mesh_route_rule *town_rule(const struct town *town);

#endif
