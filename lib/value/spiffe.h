/*
 * spiffe.h - SPIFFE ids (SPIFFE-ID standard, sections 2 and 4), and the
 * spiffe://td/ns/NS/sa/SA form of Istio.
 */
#ifndef MESH_VALUE_SPIFFE_H
#define MESH_VALUE_SPIFFE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    MESH__SPIFFE_MAX = 2048,     /* bytes of an id         */
    MESH__TRUST_DOMAIN_MAX = 255 /* bytes of a trust domain */
};

/* Slices into the parsed text. */
struct mesh_spiffe {
    struct mesh_slice text; /* the whole, with scheme      */
    struct mesh_slice trust_domain;
    struct mesh_slice path;            /* with its first slash        */
    struct mesh_slice namespace_;      /* empty unless /ns/NS/sa/SA   */
    struct mesh_slice service_account; /* same                        */
};

/*
 * Strict: scheme exactly "spiffe", lower-case trust domain of [a-z0-9.-_],
 * no port, user, query, fragment or percent sign; path segments of
 * [A-Za-z0-9.-_], none empty, "." or ".."; no trailing slash; an id without
 * path is a trust domain, not a workload, and is refused when path_needed.
 * On refusal *reason (may be NULL) is a static text that says why.
 */
bool mesh__spiffe_parse(struct mesh_slice text, bool path_needed,
                        struct mesh_spiffe *out, const char **reason);

bool mesh__trust_domain_valid(struct mesh_slice text);

#endif
