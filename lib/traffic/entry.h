/*
 * entry.h - does a request fit one entry of a rule's match list; for traffic/
 * alone.
 */
#ifndef MESH_TRAFFIC_ENTRY_H
#define MESH_TRAFFIC_ENTRY_H

#include "policy/snapshot.h"
#include "value/head.h"

/* What a request is compared by, made ready once for all rules. */
struct mesh_subject {
    const struct mesh_head *head;
    struct mesh_slice path;   /* canonical, without query */
    struct mesh_slice query;  /* raw */
    struct mesh_slice scheme; /* mesh__head_scheme(), or "http" */
};

/* target is the canonical path with its query. */
void mesh__subject_init(struct mesh_subject *subject,
                        const struct mesh_head *head, struct mesh_slice target);

/* What kept an entry out, as slices of the subject: print it if asked. */
struct mesh_misfit {
    const char *what; /* "uri", "header", ...; NULL: nothing did */
    const char *name; /* of a header or parameter, else NULL */
    const struct mesh_match *wanted;
    bool invert;             /* wanted not to fit */
    bool absent;             /* there is no value */
    struct mesh_slice value; /* the last that was compared */
};

/*
 * Do all fields hold? misfit may be NULL. MESH__MATCH_LIMIT when a regex met
 * its bound. A NULL entry holds always. Envoy semantics: repeated headers are
 * compared one by one, one hit is enough; an absent header fits nothing but an
 * inverted presence, unless it is to count as empty.
 */
enum mesh_match_result mesh__entry_match(const struct mesh_match_entry *entry,
                                         const struct mesh_subject *subject,
                                         struct mesh_misfit *misfit);

/* "header x-canary is absent, wanted exact "true""; cut at size. */
void mesh__misfit_print(const struct mesh_misfit *misfit, char *out,
                        size_t size);

#endif
