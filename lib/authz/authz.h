/*
 * authz.h - may this peer do this? (Envoy's RBAC as istiod fills it.)
 *
 * An attribute is present, known to be absent, or unknown (nobody supplied
 * it). Unknown passes through NOT and is settled once per rule: matched for
 * DENY, unmatched for ALLOW.
 */
#ifndef MESH_AUTHZ_AUTHZ_H
#define MESH_AUTHZ_AUTHZ_H

#include "policy/snapshot.h"
#include "policy/why.h"
#include "value/address.h"
#include "value/head.h"

#include <stdbool.h>

enum mesh_known { MESH__UNKNOWN = 0, MESH__ABSENT = 1, MESH__PRESENT = 2 };

struct mesh_authz_request {
    bool http;                        /* false: a plain stream              */
    enum mesh_known principal_known;
    struct mesh_slice principal;      /* full spiffe:// id                  */
    enum mesh_known source_ip_known;
    struct mesh_address source_ip;    /* direct peer                        */
    enum mesh_known remote_ip_known;
    struct mesh_address remote_ip;    /* after x-forwarded-for              */
    enum mesh_known destination_ip_known;
    struct mesh_address destination_ip;
    enum mesh_known port_known;
    uint16_t port;                    /* the workload's                     */
    enum mesh_known sni_known;
    struct mesh_slice sni;
    enum mesh_known method_known, path_known, host_known, headers_known;
    struct mesh_slice method;
    struct mesh_slice path;           /* canonical; query is cut here       */
    struct mesh_slice host;           /* :authority with port if sent       */
    const struct mesh_head *headers;
};

struct mesh_authz_verdict {
    bool allowed;
    const struct mesh_authz_policy *policy; /* that decided, or NULL         */
    size_t rule;                      /* of it, when a rule matched          */
    bool rule_matched;
    const struct mesh_authz_condition *failed; /* ALLOW: the first condition
                                         that kept the nearest rule out     */
    char detail[192];  /* "rbac_access_denied_matched_policy[none]"; ""      */
    bool shadow_denied; /* a dry-run policy would have denied                */
    const struct mesh_authz_policy *shadow_policy;
};

/* Allocates nothing. */
void mesh__authz_check(const struct mesh_snapshot *snapshot,
                       const struct mesh_authz_request *request,
                       struct mesh_authz_verdict *out, struct mesh__why *why);

/*
 * For the server's own log, never for the peer: "no ALLOW policy matched;
 * nearest: production/payment-service-authz rule 0: method GET is not one of
 * POST (payment-service.yaml:33)". Cut at size.
 */
void mesh__authz_print(const struct mesh_snapshot *snapshot,
                       const struct mesh_authz_request *request,
                       const struct mesh_authz_verdict *verdict, char *out,
                       size_t size);

#endif
