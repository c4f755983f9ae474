/*
 * judge.h - one judgement under way, and what it looks at; for policy/ alone.
 */
#ifndef MESH_POLICY_JUDGE_H
#define MESH_POLICY_JUDGE_H

#include "policy/codes.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "policy/world.h"

struct mesh__judge {
    struct mesh__world world;
    struct mesh_arena arena; /* dies with the judgement */
    struct mesh__rules rules;
    struct mesh_diagnostics *diagnostics;
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

/* Memory was out in the scratch: the judgement fails as a whole. */
void mesh__judge_lost(struct mesh__judge *judge);

/* judge_virtual.c, judge_rule.c, judge_workload.c */
void mesh__judge_virtual_services(struct mesh__judge *judge);
void mesh__judge_destination_rules(struct mesh__judge *judge);
void mesh__judge_workloads(struct mesh__judge *judge);

#endif
