/*
 * authorization_policy.c - who may do what: AuthorizationPolicy.
 */
#include "schema/table.h"
#include "value/address.h"

enum { ACCOUNT_MAX = 320, ACCOUNTS_MAX = 16 };

enum judge {
    J_TEXT, /* not empty                        */
    J_IP,   /* an address or a block            */
    J_PORT, /* decimal; nobody has the port 0   */
    J_PATH, /* text, or a path template         */
    J_ACCOUNT,
    J_WILDCARD, /* one "*" at most, at an end   */
    J_DOMAIN    /* the same without a "/"       */
};

struct list_rule {
    const char *name;
    enum judge judge;
};

static bool is_port(struct mesh_slice text)
{
    unsigned long long port;

    return mesh__slice_number(text, 65535, &port);
}

/* RFC 3986's pchar, as Istio spells it: no "*", not empty. */
static bool is_segment(struct mesh_slice text)
{
    static const char others[] = "-._~%!$&'()+,;:@=";

    for (size_t i = 0; i < text.len; i++) {
        char c = mesh__lower(text.at[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            (!c || !strchr(others, c)))
            return false;
    }
    return text.len > 0;
}

static bool is_template(struct mesh_slice path)
{
    return strstr(path.at, "{*}") || strstr(path.at, "{**}");
}

static struct mesh_slice trim_slashes(struct mesh_slice path)
{
    while (path.len && path.at[0] == '/')
        path = mesh__slice(path.at + 1, path.len - 1);
    while (path.len && path.at[path.len - 1] == '/')
        path.len--;
    return path;
}

/* One part of a path; *rest: a {**} stands before it. */
static bool is_part(struct mesh_slice part, bool template, bool *rest)
{
    bool all = mesh__slice_is(part, "{**}");

    if (all || mesh__slice_is(part, "{*}")) {
        bool fits = !*rest;

        *rest = *rest || all;
        return fits;
    }
    if (part.len &&
        (memchr(part.at, '{', part.len) || memchr(part.at, '}', part.len)))
        return false;
    return !template || is_segment(part);
}

/* "/a/{*}/b/{**}": braces stand around a whole segment or nowhere. */
static bool is_path(struct mesh_slice text)
{
    struct mesh_slice path = trim_slashes(text);
    bool template = is_template(text);
    bool rest = false;
    size_t start = 0;

    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.at[i] != '/')
            continue;
        if (!is_part(mesh__slice(path.at + start, i - start), template, &rest))
            return false;
        start = i + 1;
    }
    return true;
}

/* "name" or "namespace/name", whole. */
static bool is_account(struct mesh_slice text)
{
    const char *slash = memchr(text.at, '/', text.len);

    return !memchr(text.at, '*', text.len) && text.len <= ACCOUNT_MAX &&
           text.at[0] != '/' && text.at[text.len - 1] != '/' &&
           (!slash || !strchr(slash + 1, '/'));
}

static bool is_wildcard(struct mesh_slice text)
{
    const char *star = memchr(text.at, '*', text.len);

    if (!star)
        return true;
    return !strchr(star + 1, '*') &&
           (star == text.at || star == text.at + text.len - 1);
}

static bool item_fits(struct mesh_slice text, enum judge judge)
{
    switch (judge) {
    case J_TEXT:
        break;
    case J_IP:
        return mesh__is_ip_block(text);
    case J_PORT:
        return is_port(text);
    case J_PATH:
        return is_path(text);
    case J_ACCOUNT:
        return is_account(text);
    case J_WILDCARD:
        return is_wildcard(text);
    case J_DOMAIN:
        return is_wildcard(text) && !memchr(text.at, '/', text.len);
    }
    return true;
}

static void check_item(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *item, enum judge judge)
{
    static const char *const wanted[] = {
        [J_TEXT] = "text",
        [J_IP] = "an IP address or a block such as 10.0.0.0/8",
        [J_PORT] = "a port, 65535 at most",
        [J_PATH] = ("{*} and {**} as whole segments, the latter last, no "
                    "other \"*\" or brace beside them"),
        [J_ACCOUNT] = "a service account or \"namespace/account\"",
        [J_WILDCARD] = "one \"*\" at most, at the start or end",
        [J_DOMAIN] = "a trust domain, \"*\" at its start or end only",
    };
    struct mesh_cidr cidr;

    if (item->kind != MESH__YAML_SCALAR)
        return;
    if (item->text.len == 0)
        mesh__reject(reader, spot, item->mark, "may not be empty");
    else if (!item_fits(item->text, judge))
        mesh__reject(reader, spot, item->mark, "wanted %s, found \"%.80s\"",
                     wanted[judge], item->text.at);
    else if (judge == J_IP && !mesh__cidr_parse(item->text, &cidr))
        mesh__report(reader, spot, item->mark, MESH__REFUSED,
                     MESH__CODE_REFUSED, NULL,
                     "zones of addresses are not compared");
}

static void check_list(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *name,
                       enum judge judge)
{
    const struct mesh_yaml_node *list = mesh__get(node, name);
    struct mesh_spot field = { .up = spot, .name = name };

    if (list && judge == J_ACCOUNT && list->count > ACCOUNTS_MAX)
        mesh__reject(reader, &field, list->mark,
                     "wanted at most %d accounts, found %zu", ACCOUNTS_MAX,
                     list->count);
    for (size_t i = 0; list && list->items && i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        check_item(reader, &item, list->items[i], judge);
    }
}

/* Each list by its rule; true when one of them has an item. */
static bool check_lists(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node,
                        const struct list_rule *rules, size_t count)
{
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        const struct mesh_yaml_node *list = mesh__get(node, rules[i].name);

        check_list(reader, spot, node, rules[i].name, rules[i].judge);
        any = any || (list && list->count);
    }
    return any;
}

static void check_source(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    static const struct list_rule rules[] = {
        { "principals", J_TEXT },
        { "notPrincipals", J_TEXT },
        { "requestPrincipals", J_TEXT },
        { "notRequestPrincipals", J_TEXT },
        { "namespaces", J_TEXT },
        { "notNamespaces", J_TEXT },
        { "serviceAccounts", J_ACCOUNT },
        { "notServiceAccounts", J_ACCOUNT },
        { "trustDomains", J_DOMAIN },
        { "notTrustDomains", J_DOMAIN },
        { "ipBlocks", J_IP },
        { "notIpBlocks", J_IP },
        { "remoteIpBlocks", J_IP },
        { "notRemoteIpBlocks", J_IP },
    };

    static const char *const accounts[] = { "serviceAccounts",
                                            "notServiceAccounts" };
    static const char *const others[] = { "principals", "notPrincipals",
                                          "namespaces", "notNamespaces" };

    (void)into;
    if (!check_lists(reader, spot, node, rules,
                     sizeof(rules) / sizeof(rules[0])))
        mesh__reject(reader, spot, node->mark,
                     "an empty source: leave \"from\" away to mean anybody");
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 4; j++)
            mesh__reject_both(reader, spot, node, accounts[i], others[j]);
}

static void check_operation(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node, void *into)
{
    static const struct list_rule rules[] = {
        { "hosts", J_TEXT },   { "notHosts", J_TEXT },
        { "ports", J_PORT },   { "notPorts", J_PORT },
        { "methods", J_TEXT }, { "notMethods", J_TEXT },
        { "paths", J_PATH },   { "notPaths", J_PATH },
    };

    (void)into;
    if (!check_lists(reader, spot, node, rules,
                     sizeof(rules) / sizeof(rules[0])))
        mesh__reject(reader, spot, node->mark,
                     "an empty operation: leave \"to\" away to mean anything");
}

static void check_from(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!mesh__has(node, "source"))
        mesh__reject(reader, spot, node->mark, "\"source\" is required");
}

static void check_to(struct mesh_reader *reader, const struct mesh_spot *spot,
                     const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!mesh__has(node, "operation"))
        mesh__reject(reader, spot, node->mark, "\"operation\" is required");
}

/* --- conditions
 * ------------------------------------------------------------------ */

struct when_key {
    const char *name; /* ending in '*': whatever begins so, with a [name] */
    enum judge judge;
    const char *refused;
};

static const struct when_key when_keys[] = {
    { "source.ip", J_IP, NULL },
    { "remote.ip", J_IP, NULL },
    { "source.namespace", J_TEXT, NULL },
    { "source.principal", J_TEXT, NULL },
    { "source.serviceAccount", J_ACCOUNT, NULL },
    { "source.trustDomain", J_WILDCARD, "not yet compared by this version" },
    { "destination.ip", J_IP, NULL },
    { "destination.port", J_PORT, NULL },
    { "connection.sni", J_TEXT, NULL },
    { "request.headers[*", J_TEXT, NULL },
    { "request.headers*", J_TEXT, "no such attribute" },
    { "request.auth.principal", J_TEXT, "tokens are not yet checked" },
    { "request.auth.audiences", J_TEXT, "tokens are not yet checked" },
    { "request.auth.presenter", J_TEXT, "tokens are not yet checked" },
    { "request.auth.claims*", J_TEXT, "tokens are not yet checked" },
    { "experimental.envoy.filters.*", J_TEXT,
      "there is no Envoy that could know" },
};
enum { WHEN_KEYS = sizeof(when_keys) / sizeof(when_keys[0]) };

/* "a[b]": something before the first bracket and something in it. */
static bool has_bracket(struct mesh_slice key)
{
    const char *open = memchr(key.at, '[', key.len);

    return open && open > key.at && key.at[key.len - 1] == ']' &&
           (size_t)(open - key.at) + 2 < key.len;
}

static const struct when_key *find_when(struct mesh_slice key)
{
    for (size_t i = 0; i < WHEN_KEYS; i++) {
        struct mesh_slice name = mesh__slice_of(when_keys[i].name);
        bool open = name.at[name.len - 1] == '*';

        name.len -= open;
        if (open ? mesh__slice_starts(key, name) && has_bracket(key)
                 : mesh__slice_equal(key, name))
            return &when_keys[i];
    }
    return NULL;
}

static void unknown_when(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *key)
{
    const char *names[WHEN_KEYS];
    char hint[96];
    size_t count = 0;

    for (size_t i = 0; i < WHEN_KEYS; i++)
        if (!strchr(when_keys[i].name, '*'))
            names[count++] = when_keys[i].name;
    mesh__hint(reader, key->text, names, count, hint, sizeof(hint));
    mesh__report(reader, spot, key->mark, MESH__ERROR, MESH__CODE_INVALID, hint,
                 "unknown attribute \"%.100s\"", key->text.at);
}

static void check_when(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *key = mesh__get(node, "key");
    const struct mesh_yaml_node *values = mesh__get(node, "values");
    const struct mesh_yaml_node *others = mesh__get(node, "notValues");
    const struct when_key *known;
    size_t bad;

    if ((!values || values->count == 0) && (!others || others->count == 0))
        mesh__reject_missing(reader, spot, node,
                             (const char *[]){ "values", "notValues" }, 2,
                             "values or notValues is required");
    if (!key || key->kind != MESH__YAML_SCALAR)
        return;
    known = find_when(key->text);
    if (!known) {
        unknown_when(reader, spot, key);
        return;
    }
    if (known->refused && into)
        mesh__report(reader, spot, key->mark, MESH__REFUSED, MESH__CODE_REFUSED,
                     NULL, "%s: %s", key->text.at, known->refused);
    bad = reader->diagnostics->by_severity[MESH__ERROR];
    check_list(reader, spot, node, "values", known->judge);
    check_list(reader, spot, node, "notValues", known->judge);
    if (reader->diagnostics->by_severity[MESH__ERROR] > bad)
        mesh__reject(reader, spot, key->mark,
                     "the values below are not what %s has", key->text.at);
}

/* --- the whole
 * ------------------------------------------------------------------- */

static void check_action(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *provider = mesh__get(node, "provider");
    const struct mesh_yaml_node *rules = mesh__get(node, "rules");
    struct mesh_slice action = mesh__get_text(node, "action");
    bool custom = mesh__slice_is(action, "CUSTOM");

    if ((!rules || rules->count == 0) &&
        (custom || mesh__slice_is(action, "DENY")))
        mesh__reject_pair(reader, spot, node, "action", "rules",
                          "DENY and CUSTOM have no effect without rules");
    if (custom && mesh__get_text(provider, "name").len == 0) {
        mesh__reject_pair(reader, spot, node, "action", "provider",
                          "CUSTOM needs a provider");
        mesh__reject_at(reader, spot,
                        (const struct mesh_yaml_node *[]){
                            provider, mesh__get(provider, "name") },
                        2, "CUSTOM needs a provider");
    }
    if (!custom && provider)
        mesh__reject_pair(reader, spot, node, "action", "provider",
                          "provider is for CUSTOM only");
}

/* --- CUSTOM: what an authorizer may not be chosen by ---------------------- */

static void not_custom(struct mesh_reader *reader, const struct mesh_spot *spot,
                       struct mesh_mark mark, const char *name)
{
    mesh__reject(reader, spot, mark, "%s is not for CUSTOM policies", name);
}

static void check_custom_from(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *from)
{
    static const char *const names[] = {
        "principals",           "notPrincipals",   "namespaces",
        "notNamespaces",        "serviceAccounts", "notServiceAccounts",
        "trustDomains",         "notTrustDomains", "requestPrincipals",
        "notRequestPrincipals",
    };
    struct mesh_spot field = { .up = spot, .name = "source" };
    const struct mesh_yaml_node *source = mesh__get(from, "source");

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct mesh_yaml_node *list = mesh__get(source, names[i]);

        if (list && list->count)
            not_custom(reader, &field, list->mark, names[i]);
    }
}

static void check_custom_when(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *when)
{
    static const char *const names[] = { "source.namespace",
                                         "source.serviceAccount",
                                         "source.trustDomain",
                                         "source.principal" };
    const struct mesh_yaml_node *key = mesh__get(when, "key");
    bool fits = true;

    if (!key || key->kind != MESH__YAML_SCALAR)
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        fits = fits && !mesh__slice_is(key->text, names[i]);
    if (!fits || mesh__slice_starts(key->text, MESH__SLICE("request.auth.")))
        not_custom(reader, spot, key->mark, key->text.at);
}

static void each_item(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node, const char *name,
                      void (*check)(struct mesh_reader *reader,
                                    const struct mesh_spot *spot,
                                    const struct mesh_yaml_node *node))
{
    const struct mesh_yaml_node *list = mesh__get(node, name);
    struct mesh_spot field = { .up = spot, .name = name };

    for (size_t i = 0; list && list->items && i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        check(reader, &item, list->items[i]);
    }
}

static void check_custom_rule(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *rule)
{
    each_item(reader, spot, rule, "from", check_custom_from);
    each_item(reader, spot, rule, "when", check_custom_when);
}

static void check_authorization_policy(struct mesh_reader *reader,
                                       const struct mesh_spot *spot,
                                       const struct mesh_yaml_node *node,
                                       void *into)
{
    (void)into;
    mesh__check_scope(reader, spot, node);
    check_action(reader, spot, node);
    if (mesh__slice_is(mesh__get_text(node, "action"), "CUSTOM"))
        each_item(reader, spot, node, "rules", check_custom_rule);
}

static const struct mesh_field provider_fields[] = {
    { MESH__ROW("name", STRING, REFUSED),
      .bounds = "must be in MeshConfig.extensionProviders (ext_authz kind)" },
};

static const struct mesh_message provider_message = {
    .name = "provider",
    MESH__FIELDS(provider_fields),
};

static const struct mesh_field source_fields[] = {
    { MESH__ROW("ipBlocks", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, ip_blocks), .default_value = "any",
      .bounds = "single IP or CIDR" },
    { MESH__ROW("namespaces", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, namespaces), .default_value = "any",
      .bounds = "not with serviceAccounts; * allowed anywhere" },
    { MESH__ROW("notIpBlocks", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, not_ip_blocks),
      .default_value = "none", .bounds = "single IP or CIDR" },
    { MESH__ROW("notNamespaces", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, not_namespaces),
      .default_value = "none", .bounds = "not with serviceAccounts" },
    { MESH__ROW("notPrincipals", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, not_principals),
      .default_value = "none", .bounds = "same grammar as principals" },
    { MESH__ROW("notRemoteIpBlocks", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, not_remote_ip_blocks),
      .default_value = "none", .bounds = "single IP or CIDR" },
    { MESH__ROW("notRequestPrincipals", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "same grammar as requestPrincipals",
      .reason = "tokens are not yet checked, so nobody knows the principal" },
    { MESH__ROW("notServiceAccounts", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, not_service_accounts),
      .max_items = 16, .max_len = 320, .default_value = "none",
      .bounds = "max items 16; element max length 320; name or namespace/name, "
                "no wildcard; not with principals or namespaces" },
    { MESH__ROW("notTrustDomains", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "none",
      .bounds = "values not empty and without slash; * allowed",
      .reason = "not yet compared by this version" },
    { MESH__ROW("principals", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, principals), .min_len = 1,
      .default_value = "any",
      .bounds = "values not empty; exact, prefix*, *suffix, or *" },
    { MESH__ROW("remoteIpBlocks", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, remote_ip_blocks),
      .default_value = "any", .bounds = "single IP or CIDR" },
    { MESH__ROW("requestPrincipals", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "any",
      .bounds = "iss/sub; exact, prefix*, *suffix, or *",
      .reason = "tokens are not yet checked, so nobody knows the principal" },
    { MESH__ROW("serviceAccounts", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_source, service_accounts), .max_items = 16,
      .max_len = 320, .default_value = "any",
      .bounds = "max items 16; element max length 320; name or namespace/name, "
                "no wildcard; not with principals or namespaces" },
    { MESH__ROW("trustDomains", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "any",
      .bounds = "values not empty and without slash; * allowed",
      .reason = "not yet compared by this version" },
};

static const struct mesh_message source_message = {
    .name = "source",
    MESH__FIELDS(source_fields),
    .mark = MESH__AT(struct mesh_authz_source, mark),
    .check = check_source,
};

static const struct mesh_field from_fields[] = {
    { MESH__ROW("source", MESSAGE, ENFORCED), .message = &source_message,
      MESH__PUT_INTO_SAME,
      .bounds = "serviceAccounts excludes principals and namespaces (and their "
                "not- forms)" },
};

static const struct mesh_message from_message = {
    .name = "from",
    MESH__FIELDS(from_fields),
    .check = check_from,
};

static const struct mesh_field operation_fields[] = {
    { MESH__ROW("hosts", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_operation, hosts), .default_value = "any",
      .bounds = "exact, prefix*, *suffix, *; case-insensitive" },
    { MESH__ROW("methods", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_operation, methods), .default_value = "any",
      .bounds = "exact, prefix*, *suffix, *; case-sensitive" },
    { MESH__ROW("notHosts", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_operation, not_hosts),
      .default_value = "none", .bounds = "same grammar as hosts" },
    { MESH__ROW("notMethods", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_operation, not_methods),
      .default_value = "none", .bounds = "same grammar as methods" },
    { MESH__ROW("notPaths", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_operation, not_paths),
      .default_value = "none", .bounds = "same grammar as paths" },
    { MESH__ROW("notPorts", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_operation, not_ports),
      .default_value = "none",
      .bounds = "decimal port number up to 65535, exact only" },
    { MESH__ROW("paths", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_operation, paths), .default_value = "any",
      .bounds = "exact, prefix*, *suffix, *, or template with {*} and {**}" },
    { MESH__ROW("ports", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_operation, ports), .default_value = "any",
      .bounds = "decimal port number up to 65535, exact only" },
};

static const struct mesh_message operation_message = {
    .name = "operation",
    MESH__FIELDS(operation_fields),
    .mark = MESH__AT(struct mesh_authz_operation, mark),
    .check = check_operation,
};

static const struct mesh_field to_fields[] = {
    { MESH__ROW("operation", MESSAGE, ENFORCED), .message = &operation_message,
      MESH__PUT_INTO_SAME },
};

static const struct mesh_message to_message = {
    .name = "to",
    MESH__FIELDS(to_fields),
    .check = check_to,
};

static const struct mesh_field when_fields[] = {
    { MESH__ROW("key", STRING, ENFORCED), .required = true,
      MESH__PUT(struct mesh_authz_when, key),
      .bounds = "one of the documented attribute names" },
    { MESH__ROW("notValues", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_when, not_values),
      .bounds = "values or notValues required" },
    { MESH__ROW("values", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_authz_when, values),
      .bounds = "values or notValues required" },
};

static const struct mesh_message when_message = {
    .name = "when",
    MESH__FIELDS(when_fields),
    .mark = MESH__AT(struct mesh_authz_when, mark),
    .check = check_when,
};

static const struct mesh_field rule_fields[] = {
    { MESH__ROW("from", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &from_message,
      MESH__PUT_LIST(struct mesh_authz_rule_spec, from, from_count,
                     struct mesh_authz_source),
      .max_items = 512, .default_value = "any source",
      .bounds = "max items 512" },
    { MESH__ROW("to", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &to_message,
      MESH__PUT_LIST(struct mesh_authz_rule_spec, to, to_count,
                     struct mesh_authz_operation),
      .default_value = "any operation" },
    { MESH__ROW("when", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &when_message,
      MESH__PUT_LIST(struct mesh_authz_rule_spec, when, when_count,
                     struct mesh_authz_when),
      .default_value = "no extra condition" },
};

static const struct mesh_message rule_message = {
    .name = "rule",
    MESH__FIELDS(rule_fields),
    .mark = MESH__AT(struct mesh_authz_rule_spec, mark),
};

static const struct mesh_value action_values[] = {
    MESH__VALUE("ALLOW"),
    MESH__VALUE("DENY"),
    { "AUDIT", MESH__FIELD_NOTED, "nothing is written to an audit log yet" },
    { "CUSTOM", MESH__FIELD_REFUSED,
      "nobody would be asked, so everything would pass" },
    { 0 },
};

static const struct mesh_field authorization_policy_fields[] = {
    { MESH__ROW("action", ENUM, ENFORCED), .values = action_values,
      MESH__PUT(struct mesh_authorization_policy, action),
      .default_value = "ALLOW" },
    { MESH__ROW("provider", MESSAGE, REFUSED), .message = &provider_message,
      .oneof = "action_detail",
      .bounds = "oneof action_detail (provider); only and always with CUSTOM",
      .reason = "external authorizers are not yet asked" },
    { MESH__ROW("rules", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &rule_message,
      MESH__PUT_LIST(struct mesh_authorization_policy, rules, rule_count,
                     struct mesh_authz_rule_spec),
      .max_items = 512,
      .default_value = "none: ALLOW matches nothing (deny all)",
      .bounds = "max items 512; validation: DENY and CUSTOM need rules" },
    { MESH__ROW("selector", MESSAGE, ENFORCED),
      .message = &mesh__selector_message,
      MESH__PUT_HAS(struct mesh_authorization_policy, selector, has_selector),
      .mark = MESH__AT(struct mesh_authorization_policy, selector_mark),
      .default_value =
          "every workload of the namespace (whole mesh in root namespace)",
      .bounds = "validation warns when present without labels" },
    { MESH__ROW("targetRef", MESSAGE, REFUSED),
      .message = &mesh__target_ref_message,
      .bounds = "mutually exclusive with selector and targetRefs",
      .reason = "it attaches to gateways and waypoints, which this version "
                "does not know" },
    { MESH__ROW("targetRefs", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &mesh__target_ref_message, .max_items = 16,
      .bounds = "max items 16; mutually exclusive with selector and targetRef; "
                "kinds Service/ServiceEntry/Gateway/GatewayClass only",
      .reason = "it attaches to gateways and waypoints, which this version "
                "does not know" },
};

const struct mesh_message mesh__authorization_policy_message = {
    .name = "authorization_policy",
    MESH__FIELDS(authorization_policy_fields),
    .check = check_authorization_policy,
};
