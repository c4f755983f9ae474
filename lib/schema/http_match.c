/*
 * http_match.c - which requests a rule of a VirtualService is for.
 */
#include "schema/table.h"

static void check_string_match(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *prefix = mesh__get(node, "prefix");
    const struct mesh_yaml_node *regex = mesh__get(node, "regex");
    struct mesh_string_match *match = into;
    bool absent = spot->up && spot->up->name &&
                  strcmp(spot->up->name, "withoutHeaders") == 0;

    if (match)
        match->which = regex                      ? 'r'
                       : prefix                   ? 'p'
                       : mesh__has(node, "exact") ? 'e'
                                                  : 0;
    if (prefix && prefix->text.len == 0 &&
        !(spot->name && strcmp(spot->name, "uri") == 0))
        mesh__reject(reader, spot, prefix->mark, "prefix may not be empty");
    if (!regex || regex->kind != MESH__YAML_SCALAR)
        return;
    if (absent && mesh__slice_is(regex->text, "*"))
        return; /* "must be absent", an older spelling of {} */
    mesh__check_regex(reader, spot, regex);
}

static bool is_header_name(struct mesh_slice name)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    if (name.len > 1 && name.at[0] == ':') /* a pseudo-header */
        name = mesh__slice(name.at + 1, name.len - 1);
    for (size_t i = 0; i < name.len; i++) {
        char c = mesh__lower(name.at[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || !strchr(marks, c)))
            return false;
    }
    return name.len > 0;
}

static void check_header_names(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node,
                               const char *name)
{
    const struct mesh_yaml_node *headers = mesh__get(node, name);
    struct mesh_spot field = { .up = spot, .name = name };

    for (size_t i = 0; headers && headers->pairs && i < headers->count; i++) {
        struct mesh_slice key = headers->pairs[i].key;
        struct mesh_spot item = { .up = &field, .key = key };

        if (mesh__slice_starts(key, MESH__SLICE("@request.auth.claims")))
            mesh__reject(reader, &item, headers->pairs[i].mark,
                         "claims of a token are for gateways only");
        else if (!is_header_name(key))
            mesh__reject(reader, &item, headers->pairs[i].mark,
                         "\"%.80s\" is no header name", key.at);
    }
}

static void check_http_match(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    check_header_names(reader, spot, node, "headers");
    check_header_names(reader, spot, node, "withoutHeaders");
    mesh__check_gateways(reader, spot, node);
}

static void check_namespace(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node)
{
    if (node->text.len)
        mesh__check_dns_label(reader, spot, node);
}

static const struct mesh_field string_match_fields[] = {
    { MESH__ROW("exact", STRING, ENFORCED),
      MESH__PUT(struct mesh_string_match, text), .oneof = "match_type",
      .bounds = "oneof match_type (exact|prefix|regex); case-sensitive" },
    { MESH__ROW("prefix", STRING, ENFORCED),
      MESH__PUT(struct mesh_string_match, text), .oneof = "match_type",
      .bounds = "oneof match_type (exact|prefix|regex); case-sensitive; not "
                "empty (except uri)" },
    { MESH__ROW("regex", STRING, ENFORCED),
      MESH__PUT(struct mesh_string_match, text), .oneof = "match_type",
      .bounds = "oneof match_type (exact|prefix|regex); RE2, length 1-1024, "
                "matches whole value" },
};

const struct mesh_message mesh__string_match_message = {
    .name = "string_match",
    MESH__FIELDS(string_match_fields),
    .set = MESH__AT(struct mesh_string_match, set),
    .mark = MESH__AT(struct mesh_string_match, mark),
    .check = check_string_match,
};

static const struct mesh_field http_match_fields[] = {
    { MESH__ROW("authority", MESSAGE, ENFORCED),
      .message = &mesh__string_match_message,
      MESH__PUT(struct mesh_http_match, authority), .default_value = "any",
      .bounds = "prefix and regex not empty" },
    { MESH__ROW("gateways", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_http_match, gateways),
      .default_value = "the VirtualService's gateways" },
    { MESH__ROW("headers", MESSAGE, ENFORCED), .shape = MESH__MAP,
      .message = &mesh__string_match_message,
      MESH__PUT_MAP(struct mesh_http_match, headers, header_count,
                    struct mesh_named_match, name, match),
      .bounds = "name valid; uri/scheme/method/authority keys have dedicated "
                "fields" },
    { MESH__ROW("ignoreUriCase", BOOL, ENFORCED),
      MESH__PUT(struct mesh_http_match, ignore_uri_case),
      .default_value = "false", .bounds = "exact and prefix only" },
    { MESH__ROW("method", MESSAGE, ENFORCED),
      .message = &mesh__string_match_message,
      MESH__PUT(struct mesh_http_match, method), .default_value = "any",
      .bounds = "prefix and regex not empty" },
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_http_match, name) },
    { MESH__ROW("port", UINT32, ENFORCED),
      MESH__PUT(struct mesh_http_match, port), MESH__RANGE(1, 65535),
      .default_value = "any", .bounds = "1-65535" },
    { MESH__ROW("queryParams", MESSAGE, ENFORCED), .shape = MESH__MAP,
      .message = &mesh__string_match_message,
      MESH__PUT_MAP(struct mesh_http_match, query_params, query_param_count,
                    struct mesh_named_match, name, match) },
    { MESH__ROW("scheme", MESSAGE, ENFORCED),
      .message = &mesh__string_match_message,
      MESH__PUT(struct mesh_http_match, scheme), .default_value = "any",
      .bounds = "prefix and regex not empty" },
    { MESH__ROW("sourceLabels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_http_match, source_labels),
      .check = mesh__check_labels, .default_value = "any workload",
      .bounds = "valid label keys and values" },
    { MESH__ROW("sourceNamespace", STRING, ENFORCED),
      MESH__PUT(struct mesh_http_match, source_namespace),
      .check = check_namespace, .default_value = "any", .bounds = "DNS label" },
    { MESH__ROW("statPrefix", STRING, NOTED), .default_value = "none",
      .reason = "it names statistics of Envoy's, and there are none" },
    { MESH__ROW("uri", MESSAGE, ENFORCED),
      .message = &mesh__string_match_message,
      MESH__PUT(struct mesh_http_match, uri), .default_value = "any path",
      .bounds = "prefix may be empty" },
    { MESH__ROW("withoutHeaders", MESSAGE, ENFORCED), .shape = MESH__MAP,
      .message = &mesh__string_match_message,
      MESH__PUT_MAP(struct mesh_http_match, without_headers,
                    without_header_count, struct mesh_named_match, name,
                    match) },
};

const struct mesh_message mesh__http_match_message = {
    .name = "http_match",
    MESH__FIELDS(http_match_fields),
    .mark = MESH__AT(struct mesh_http_match, mark),
    .check = check_http_match,
};
