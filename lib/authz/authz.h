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

/*
 * What the values of each attribute are compared with:
 *   PRINCIPAL        the SPIFFE id without "spiffe://"
 *   NAMESPACE        NS of an id of the form spiffe://TD/ns/NS/sa/SA
 *   SERVICE_ACCOUNT  "NS/SA" of the same
 *   HOST             the authority as sent, ASCII case ignored whatever the
 *                    matcher says
 *   PATH             without query; a template where is_template
 *   HEADER           each line of that name on its own, one hit is enough
 *   *_IP             cidr, PORT: port, METHOD and SNI: as they are
 * A peer without such an id has no namespace and no service account: these are
 * absent then. What is absent fits no value, and every not_value keeps it in.
 *
 * On a plain stream a rule of an ALLOW policy with an http_only condition never
 * matches; of a DENY policy's rule only that condition is dropped.
 */
enum mesh_known { MESH__UNKNOWN = 0, MESH__ABSENT = 1, MESH__PRESENT = 2 };

struct mesh_authz_request {
    bool http; /* false: a plain stream              */
    enum mesh_known principal_known;
    struct mesh_slice principal; /* full spiffe:// id                  */
    enum mesh_known source_ip_known;
    struct mesh_address source_ip; /* direct peer                        */
    enum mesh_known remote_ip_known;
    struct mesh_address remote_ip; /* after x-forwarded-for              */
    enum mesh_known destination_ip_known;
    struct mesh_address destination_ip;
    enum mesh_known port_known;
    uint16_t port; /* the workload's                     */
    enum mesh_known sni_known;
    struct mesh_slice sni;
    enum mesh_known method_known, path_known, host_known, headers_known;
    struct mesh_slice method;
    struct mesh_slice path; /* canonical; query is cut here       */
    struct mesh_slice host; /* :authority with port if sent       */
    const struct mesh_head *headers;
};

struct mesh_authz_verdict {
    bool allowed;
    /* With rule_matched what decided; else, when denied, what came nearest to
     * allowing it: the rule of which the most held. NULL: there is no policy */
    const struct mesh_authz_policy *policy;
    size_t rule; /* of policy, when failed or matched  */
    bool rule_matched;
    const struct mesh_authz_condition *failed; /* ALLOW: the first condition
                                         that kept the nearest rule out     */
    char detail[448]; /* "rbac_access_denied_matched_policy[none]"; ""     */
    /* Would it be denied if the dry-run policies were enforced too? */
    bool shadow_denied;
    const struct mesh_authz_policy *shadow_policy; /* by which; NULL: no ALLOW
                                         policy, dry-run ones included,
                                         matched                            */
};

/* Allocates nothing. */
void mesh__authz_check(const struct mesh_snapshot *snapshot,
                       const struct mesh_authz_request *request,
                       struct mesh_authz_verdict *out, struct mesh__why *why);

/*
 * For the server's own log, never for the peer: "no ALLOW policy matched;
 * nearest: production/payment-service-authz rule 0: method GET is not one of
 * POST (payment-service.yaml:33)". For what is allowed: "allowed by ..." or
 * "no policy applies". Cut at size.
 */
void mesh__authz_print(const struct mesh_snapshot *snapshot,
                       const struct mesh_authz_request *request,
                       const struct mesh_authz_verdict *verdict, char *out,
                       size_t size);

#endif
