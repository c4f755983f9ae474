/*
 * judge.h - one judgement under way, and what it looks at; for policy/ alone.
 *
 * Everything is found by hash: a judgement takes about as long as reading the
 * files did. Where only comparing each with each would do, MESH__COMPARISONS
 * bounds how often that is done, and what lies beyond is not told of.
 */
#ifndef MESH_POLICY_JUDGE_H
#define MESH_POLICY_JUDGE_H

#include "policy/codes.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "policy/world.h"

enum { MESH__COMPARISONS = 4000000 };

/* --- hosts by scope (judge_names.c) --- */

/* A host, and what somebody has to say about it. */
struct mesh__name {
    struct mesh_slice scope;
    struct mesh_slice host;
    void *value;
    const struct mesh__name *next;    /* of the same scope and host */
    const struct mesh__name *sibling; /* of the same scope          */
};

/* Zeroed is empty. A scope is any text: "*", a namespace, a Gateway. */
struct mesh__names {
    struct mesh_map hosts;  /* "scope/host" to its first struct mesh__name */
    struct mesh_map scopes; /* scope to the last one added                 */
};

/* --- who is there (judge_crowd.c) --- */

struct mesh__member {
    struct mesh_slice name;
    struct mesh_slice namespace_;
    const struct mesh_labels *labels;
    bool in_mesh; /* a sidecar, or this library, speaks for it */
    bool ambient; /* a node's proxy does                       */
    bool gateway; /* of the Kubernetes Gateway API             */
    /* Scratch: who selected it last, and whether others had before. */
    const struct mesh_resource *chooser;
};

struct mesh__crowd {
    struct mesh__member *items;
    size_t count;
    struct mesh_map groups; /* "namespace/key=value", "namespace/": members */
};

/* Those a selector covers, one after the other. */
struct mesh__walk {
    const struct mesh_labels *selector;
    const struct mesh__link *at;
};

/* --- all --- */

struct mesh__judge {
    struct mesh__world world;
    struct mesh_arena arena; /* dies with the judgement */
    struct mesh__rules rules;
    struct mesh_diagnostics *diagnostics;
    struct mesh__list kinds[MESH__KIND_COUNT]; /* with those set aside; oldest
                                                  first                      */
    struct mesh__names services;
    struct mesh__names offers;  /* hosts by "namespace/name to client" */
    struct mesh_map gateways;   /* "namespace/name" to its resource */
    struct mesh_map namespaces; /* the Namespaces by name           */
    struct mesh__crowd crowd;
    size_t comparisons; /* left */
};

/* Where a finding belongs. */
struct mesh__about {
    const struct mesh_resource *resource;
    struct mesh_mark mark; /* line 0: that of the resource */
    const char *path;      /* "spec.http[0]", "" */
};

/* Keep a finding; what cannot be kept is told by the diagnostics' rc. */
void mesh__judge_say(struct mesh__judge *judge, enum mesh_severity severity,
                     const char *code, struct mesh__about about,
                     const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A path for mesh__about; "" when memory is out (the diagnostics know). */
const char *mesh__judge_path(struct mesh__judge *judge, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A key for a map, in the judgement's arena; "" when memory is out. */
struct mesh_slice mesh__judge_key(struct mesh__judge *judge, const char *format,
                                  ...) __attribute__((format(printf, 2, 3)));

/* Memory was out in the scratch: the judgement fails as a whole. */
void mesh__judge_lost(struct mesh__judge *judge);

/* False once MESH__COMPARISONS are used up. */
bool mesh__judge_compares(struct mesh__judge *judge);

/* Call each for every resource of a kind. */
void mesh__judge_each(struct mesh__judge *judge, enum mesh_kind kind,
                      void (*each)(struct mesh__judge *judge,
                                   const struct mesh_resource *resource));

/* The mark of one of the texts; that of nobody where it has none. */
struct mesh_mark mesh__mark_of(const struct mesh_texts *texts, size_t index);

/* Slices for "%.*s". */
#define MESH__SHOW(slice) (int)(slice).len, (slice).len ? (slice).at : ""

/* --- judge_names.c --- */

/* scope and host must outlive names. */
void mesh__judge_names_add(struct mesh__judge *judge, struct mesh__names *names,
                           struct mesh_slice scope, struct mesh_slice host,
                           void *value);
const struct mesh__name *mesh__judge_names_find(const struct mesh__names *names,
                                                struct mesh_slice scope,
                                                struct mesh_slice host);
/* The wildcard with the longest text behind its star that host ends in. */
const struct mesh__name *mesh__judge_names_wild(const struct mesh__names *names,
                                                struct mesh_slice scope,
                                                struct mesh_slice host);
/*
 * Call each for every name of a scope that some host of this one could be, as
 * mesh__host_overlaps(), until it returns false.
 */
void mesh__judge_names_meeting(
    struct mesh__judge *judge, const struct mesh__names *names,
    struct mesh_slice scope, struct mesh_slice host,
    bool (*each)(void *user, const struct mesh__name *name), void *user);
void mesh__judge_names_fini(struct mesh__names *names);

/* --- judge_registry.c --- */

/* A Service or ServiceEntry, as far as a route asks about it. */
struct mesh__known {
    const struct mesh_service_port *ports;
    size_t port_count;
    const struct mesh_labels *selector; /* of a ServiceEntry, or NULL */
};

/* Of all services; hosts of VirtualServices are qualified in the same way. */
void mesh__judge_list_services(struct mesh__judge *judge);
bool mesh__judge_has_services(const struct mesh__judge *judge);
struct mesh_slice mesh__judge_qualify(struct mesh__judge *judge,
                                      struct mesh_slice host,
                                      struct mesh_slice namespace_);
/* What a policy of namespace_ with this exportTo can mean by host, or NULL. */
const struct mesh__known *mesh__judge_service(
    struct mesh__judge *judge, struct mesh_slice namespace_,
    const struct mesh_texts *export_to, struct mesh_slice host);

/* --- judge_crowd.c --- */

void mesh__judge_list_crowd(struct mesh__judge *judge);
bool mesh__judge_has_crowd(const struct mesh__judge *judge);
/* Those that selector covers in a namespace; at NULL: in all of them. */
struct mesh__walk mesh__crowd_walk(const struct mesh__judge *judge,
                                   const struct mesh_labels *selector,
                                   struct mesh_slice namespace_);
/* The next one, NULL at the end. */
struct mesh__member *mesh__crowd_step(struct mesh__walk *walk);

/* --- judge_key.c --- */

/* A match entry without its name as one text; at NULL: memory was out. */
struct mesh_slice mesh__judge_http_key(struct mesh__judge *judge,
                                       const struct mesh_http_match *match);
struct mesh_slice mesh__judge_stream_key(struct mesh__judge *judge,
                                         const struct mesh_stream_match *match);

/* --- judge_cover.c --- */

/* The entries of one VirtualService that are found so far. */
struct mesh__entry {
    const struct mesh_http_match *match;
    size_t route; /* index */
    const struct mesh__entry *next;
};

/*
 * An earlier entry that takes whatever match could, or NULL; then add it.
 * paths has the earlier ones by what they ask of the path.
 */
const struct mesh__entry *mesh__judge_cover(struct mesh__judge *judge,
                                            struct mesh_map *paths,
                                            const struct mesh_http_match *match,
                                            size_t route);

/* --- the findings, by file --- */

void mesh__judge_virtual_services(struct mesh__judge *judge);
void mesh__judge_claims(struct mesh__judge *judge);
void mesh__judge_routes(struct mesh__judge *judge);
void mesh__judge_actions(struct mesh__judge *judge);
void mesh__judge_destination_rules(struct mesh__judge *judge);
void mesh__judge_gateways(struct mesh__judge *judge);
void mesh__judge_services(struct mesh__judge *judge);
void mesh__judge_entries(struct mesh__judge *judge);
void mesh__judge_selectors(struct mesh__judge *judge);
void mesh__judge_telemetry(struct mesh__judge *judge);
void mesh__judge_authorization(struct mesh__judge *judge);
void mesh__judge_tokens(struct mesh__judge *judge);

#endif
