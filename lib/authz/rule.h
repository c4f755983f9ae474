/*
 * rule.h - one rule of an AuthorizationPolicy against one request, in three
 * values; for authz/ alone.
 */
#ifndef MESH_AUTHZ_RULE_H
#define MESH_AUTHZ_RULE_H

#include "authz/authz.h"

/* Ordered: AND is the lesser, OR the greater, NOT the mirror image. */
enum mesh_tri { MESH__NO = 0, MESH__MAYBE = 1, MESH__YES = 2 };

/* A request made ready once for all rules; the SPIFFE id is taken apart when
 * the first rule asks. */
struct mesh_authz_subject {
    const struct mesh_authz_request *request;
    bool deny; /* the policy's action, which decides what TCP means */
    bool identity_read;
    enum mesh_known identity_known; /* of the two below, once read */
    struct mesh_slice namespace_;
    struct mesh_slice service_account;
    struct mesh_slice path; /* without query */
};

void mesh__authz_subject_init(struct mesh_authz_subject *subject,
                              const struct mesh_authz_request *request);

/* How far a rule got. */
struct mesh_authz_progress {
    enum mesh_tri result;
    unsigned stage; /* 0: from did not hold, 1: to, 2: when, 3: all did */
    unsigned held;  /* conditions that did */
    const struct mesh_authz_condition *failed; /* the first that did not */
};

/* A regex that meets its bound is MAYBE, as an attribute nobody supplied. */
struct mesh_authz_progress mesh__authz_rule(struct mesh_authz_subject *subject,
                                            const struct mesh_authz_rule *rule);

/* "method GET is not one of POST"; cut at size. */
void mesh__authz_condition_print(struct mesh_authz_subject *subject,
                                 const struct mesh_authz_condition *condition,
                                 char *out, size_t size);

#endif
