/*
 * request_authentication.c - RequestAuthentication: checked, and refused as a
 * whole.
 */
#include "schema/table.h"

static void check_request_authentication(struct mesh_reader *reader,
                                         const struct mesh_spot *spot,
                                         const struct mesh_yaml_node *node,
                                         void *into)
{
    (void)into;
    mesh__check_scope(reader, spot, node);
}

static void check_jwks_uri(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node)
{
    if (!mesh__is_http_url(node->text))
        mesh__reject(reader, spot, node->mark,
                     "wanted an http or https URL, found \"%.80s\"",
                     node->text.at);
}

static void check_header_name(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node)
{
    for (size_t i = 0; i < node->text.len; i++) {
        char c = mesh__lower(node->text.at[i]);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
            c == '_')
            continue;
        mesh__reject(reader, spot, node->mark,
                     "wanted letters, digits, \"-\" and \"_\", found "
                     "\"%.80s\"",
                     node->text.at);
        return;
    }
}

/* Somebody must be trusted, and their keys come from one place. */
static void check_jwt_rule(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    static const char *const sources[] = { "jwks", "jwksUri", "jwks_uri" };
    const struct mesh_yaml_node *second = NULL;
    int given = 0;

    (void)into;
    for (size_t i = 0; i < 3; i++) {
        const struct mesh_yaml_node *source = mesh__get(node, sources[i]);

        given += source != NULL;
        second = source && given > 1 ? source : second;
    }
    if (second)
        mesh__reject(reader, spot, second->mark,
                     "only one of jwks and jwksUri may be given");
    if (mesh__get_text(node, "issuer").len == 0 &&
        mesh__get_text(node, "jwksUri").len == 0 &&
        mesh__get_text(node, "jwks_uri").len == 0)
        mesh__reject(reader, spot, node->mark, "issuer or jwksUri is required");
}

static const struct mesh_field jwt_header_fields[] = {
    { MESH__ROW("name", STRING, REFUSED), .required = true, .min_len = 1,
      .bounds = "min length 1" },
    { MESH__ROW("prefix", STRING, REFUSED), .default_value = "empty" },
};

static const struct mesh_message jwt_header_message = {
    .name = "jwt_header",
    MESH__FIELDS(jwt_header_fields),
};

static const struct mesh_field claim_to_header_fields[] = {
    { MESH__ROW("claim", STRING, REFUSED), .required = true, .min_len = 1,
      .bounds = "min length 1" },
    { MESH__ROW("header", STRING, REFUSED), .required = true, .min_len = 1,
      .check = check_header_name,
      .bounds = "min length 1; pattern ^[-_A-Za-z0-9]+$" },
};

static const struct mesh_message claim_to_header_message = {
    .name = "claim_to_header",
    MESH__FIELDS(claim_to_header_fields),
};

static const struct mesh_field jwt_rule_fields[] = {
    { MESH__ROW("audiences", STRING, REFUSED), .shape = MESH__LIST,
      .min_len = 1, .default_value = "any audience",
      .bounds = "element min length 1" },
    { MESH__ROW("forwardOriginalToken", BOOL, REFUSED),
      .default_value = "false" },
    { MESH__ROW("fromCookies", STRING, REFUSED), .shape = MESH__LIST,
      .min_len = 1, .bounds = "element min length 1" },
    { MESH__ROW("fromHeaders", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &jwt_header_message },
    { MESH__ROW("fromParams", STRING, REFUSED), .shape = MESH__LIST,
      .min_len = 1, .bounds = "element min length 1" },
    { MESH__ROW("issuer", STRING, REFUSED), .min_len = 1,
      .bounds = "min length 1; issuer or jwksUri required" },
    { MESH__ROW("jwks", STRING, REFUSED), .check = mesh__check_jwks,
      .bounds = "must parse as JWKS" },
    { MESH__ROW("jwksUri", STRING, REFUSED), .min_len = 1, .max_len = 2048,
      .check = check_jwks_uri,
      .default_value =
          "OIDC discovery from issuer when both key sources absent",
      .bounds = "min length 1; max length 2048; http or https URL" },
    { MESH__ROW("jwks_uri", STRING, REFUSED), .min_len = 1, .max_len = 2048,
      .check = check_jwks_uri,
      .bounds = "min length 1; max length 2048; http or https URL" },
    { MESH__ROW("outputClaimToHeaders", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &claim_to_header_message, .default_value = "none" },
    { MESH__ROW("outputPayloadToHeader", STRING, REFUSED),
      .default_value = "none" },
    { MESH__ROW("spaceDelimitedClaims", STRING, REFUSED), .shape = MESH__LIST,
      .max_items = 64, .min_len = 1,
      .default_value = "scope and permission always treated so",
      .bounds = "max items 64; element min length 1" },
    { MESH__ROW("timeout", DURATION, REFUSED), MESH__RANGE(1e6, 0),
      .default_value = "5s", .bounds = "duration >= 1ms" },
};

static const struct mesh_message jwt_rule_message = {
    .name = "jwt_rule",
    MESH__FIELDS(jwt_rule_fields),
    .check = check_jwt_rule,
};

static const struct mesh_field request_authentication_fields[] = {
    { MESH__ROW("jwtRules", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &jwt_rule_message, .max_items = 4096,
      .default_value = "none: no JWT processing",
      .bounds =
          "max items 4096; element: at most one of jwks, jwksUri, jwks_uri" },
    { MESH__ROW("selector", MESSAGE, REFUSED),
      .message = &mesh__selector_message,
      .default_value =
          "every workload of the namespace (whole mesh in root namespace)",
      .bounds = "validation warns when present without labels" },
    { MESH__ROW("targetRef", MESSAGE, REFUSED),
      .message = &mesh__target_ref_message,
      .bounds = "mutually exclusive with selector and targetRefs" },
    { MESH__ROW("targetRefs", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &mesh__target_ref_message, .max_items = 16,
      .bounds = "max items 16; mutually exclusive with selector and targetRef; "
                "kinds Service/ServiceEntry/Gateway/GatewayClass only" },
};

const struct mesh_message mesh__request_authentication_message = {
    .name = "request_authentication",
    MESH__FIELDS(request_authentication_fields),
    .check = check_request_authentication,
};
