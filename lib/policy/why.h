/*
 * why.h - the reasons of a decision, written down only when asked for.
 *
 * Every deciding function takes a struct mesh__why *, NULL in production.
 * `lmesh explain` is that argument, not a second walk.
 */
#ifndef MESH_POLICY_WHY_H
#define MESH_POLICY_WHY_H

#include "base/arena.h"
#include "base/mark.h"

#include <stdbool.h>
#include <stddef.h>

enum { MESH__WHY_MAX = 10000 };

/* One thing that was tried. */
struct mesh__why_step {
    const char *what; /* "route", "match", "policy", "rule", "endpoint" */
    const char *name;
    bool matched;
    const char *reason; /* a sentence */
    struct mesh_mark mark;
};

struct mesh__why {
    struct mesh_arena arena;
    struct mesh__why_step *steps;
    size_t count;
    size_t capacity;
    bool cut; /* a step was lost: memory or MESH__WHY_MAX */
};

void mesh__why_init(struct mesh__why *why);
void mesh__why_fini(struct mesh__why *why);

/* Does nothing when why is NULL. */
void mesh__why_add(struct mesh__why *why, const char *what, const char *name,
                   bool matched, struct mesh_mark mark, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
