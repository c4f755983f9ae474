/*
 * why.c - the reasons of a decision, in the order in which they came up.
 *
 * Keeps what it is told; declines to know what is being decided.
 */
#include "policy/why.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>

enum { WHY_BYTES = 16 * 1024 * 1024, REASON_BYTES = 1024 };

void mesh__why_init(struct mesh__why *why)
{
    *why = (struct mesh__why){ 0 };
    mesh__arena_init(&why->arena, WHY_BYTES);
}

void mesh__why_fini(struct mesh__why *why)
{
    mesh__free(why->steps);
    mesh__arena_fini(&why->arena);
    *why = (struct mesh__why){ 0 };
}

void mesh__why_add(struct mesh__why *why, const char *what, const char *name,
                   bool matched, struct mesh_mark mark, const char *format, ...)
{
    struct mesh__why_step step = { .matched = matched, .mark = mark };
    char reason[REASON_BYTES] = ""; /* longer ones are cut */
    va_list list;

    if (!why)
        return;
    va_start(list, format);
    (void)vsnprintf(reason, sizeof(reason), format, list);
    va_end(list);
    step.what = mesh__arena_strdup(&why->arena, what);
    step.name = mesh__arena_strdup(&why->arena, name ? name : "");
    step.reason = mesh__arena_strdup(&why->arena, reason);
    if (!step.what || !step.name || !step.reason ||
        mesh__grow(&why->steps, &why->capacity, why->count, MESH__WHY_MAX,
                   sizeof(*why->steps)) < 0) {
        why->cut = true;
        return;
    }
    why->steps[why->count++] = step;
}
