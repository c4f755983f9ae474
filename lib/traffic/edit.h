/*
 * edit.h - a policy's edits of a head, in Envoy's order (header_parser.cc).
 */
#ifndef MESH_TRAFFIC_EDIT_H
#define MESH_TRAFFIC_EDIT_H

#include "policy/actions.h"
#include "value/address.h"
#include "value/head.h"

/* What the operators of a value read; what is NULL or unknown is "". */
struct mesh_edit_facts {
    const struct mesh_head *request;
    const struct mesh_head *response;
    struct mesh_address remote; /* as x-forwarded-for has it */
    struct mesh_address direct; /* family 0: not known, as the other */
    const char *route_name;
    const char *cluster;
};

/*
 * Removals; then the values of all others are read; then sets, then adds. A
 * value that comes out empty edits nothing. head is an overlay, and may be the
 * facts' own. 0 or MESH_ERR_NOMEM.
 */
int mesh__edits_apply(const struct mesh_edits *edits,
                      const struct mesh_edit_facts *facts,
                      struct mesh_arena *arena, struct mesh_head *head);

#endif
