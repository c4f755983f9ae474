/*
 * rbac.c - the AuthorizationPolicies in force for this workload.
 *
 * Root namespace first, then its own, oldest first (semantics 7; Istio:
 * model/authorization.go, security/authz/model). What cannot be compiled
 * refuses the whole: leaving a condition out could let something through.
 * Declines to know how a request is judged.
 */
#include "policy/compile.h"
#include "policy/matchers.h"

#include "base/error.h"
#include "base/text.h"

enum { IDENTITY_SEGMENTS = 5 }; /* DOMAIN/ns/NAMESPACE/sa/ACCOUNT */

/* One policy while it is made. */
struct making {
    struct mesh__compiler *compiler;
    struct mesh_arena *arena;
    const struct mesh_resource *resource;
    const char *path; /* of the condition at hand */
    struct mesh_mark mark;
};

/* A condition as it was written. */
struct given {
    enum mesh_authz_attribute attribute;
    const char *name; /* "methods", "values" */
    const struct mesh_texts *values;
    const struct mesh_texts *not_values;
    bool http_only;
    struct mesh_slice header;
};

static int refuse(const struct making *making, const char *what)
{
    char where[256];

    mesh__mark_print(making->compiler->snapshot, making->mark, where,
                     sizeof(where));
    return mesh__fail(MESH_ERR_POLICY, "%s is not supported: %s", what, where);
}

/* --- principals: one for each name of the mesh's trust domain --- */

static size_t count_slashes(struct mesh_slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == '/';
    return count;
}

static struct mesh_slice domain_of(struct mesh_slice principal)
{
    const char *slash = memchr(principal.at, '/', principal.len);

    return mesh__slice(principal.at, (size_t)(slash - principal.at));
}

/* "td", "*d" for a domain named td. */
static bool domain_fits(struct mesh_slice pattern, struct mesh_slice domain)
{
    if (pattern.len && pattern.at[0] == '*')
        return mesh__slice_ends(domain,
                                mesh__slice(pattern.at + 1, pattern.len - 1));
    return mesh__slice_equal(pattern, domain);
}

/* Whether the principal names our trust domain, under whatever name. */
static bool is_ours(const struct making *making, struct mesh_slice principal)
{
    const struct mesh_snapshot *snapshot = making->compiler->snapshot;
    struct mesh_slice domain;

    if (count_slashes(principal) != IDENTITY_SEGMENTS - 1)
        return false;
    domain = domain_of(principal);
    if (mesh__slice_is(domain, "*"))
        return false;
    if (mesh__slice_is(domain, MESH__DOMAIN))
        return true;
    for (size_t i = 0; i < snapshot->trust_domain_count; i++)
        if (domain_fits(domain, mesh__slice_of(snapshot->trust_domains[i])))
            return true;
    return false;
}

static int add_value(const struct making *making, struct mesh_slice text,
                     struct mesh_slice written,
                     struct mesh_authz_condition *condition,
                     struct mesh_authz_value *out);

/* The principal under each of our names; as written where that covers it. */
static int add_ours(const struct making *making, struct mesh_slice written,
                    struct mesh_authz_condition *condition,
                    struct mesh_authz_value *values, size_t *count)
{
    const struct mesh_snapshot *snapshot = making->compiler->snapshot;
    struct mesh_slice domain = domain_of(written);
    struct mesh_slice rest =
        mesh__slice(written.at + domain.len, written.len - domain.len);
    bool covered = false;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < snapshot->trust_domain_count; i++) {
        const char *ours = snapshot->trust_domains[i];
        bool fits = domain_fits(domain, mesh__slice_of(ours));
        const char *text;

        if (fits && covered)
            continue;
        covered = covered || fits;
        text = fits ? written.at
                    : mesh__arena_format(making->arena, "%s%.*s", ours,
                                         (int)rest.len, rest.at);
        if (!text)
            return MESH_ERR_NOMEM;
        rc = add_value(making, fits ? written : mesh__slice_of(text), written,
                       condition, &values[(*count)++]);
    }
    return rc;
}

/* --- values --- */

/* "sa" means the one in the policy's own namespace. */
static int account_value(const struct making *making, struct mesh_slice text,
                         struct mesh_match *out)
{
    struct mesh_slice namespace_ = mesh__namespace_of(making->resource);
    const char *full;

    if (count_slashes(text))
        full = mesh__arena_strndup(making->arena, text.at, text.len);
    else
        full =
            mesh__arena_format(making->arena, "%.*s/%.*s", (int)namespace_.len,
                               namespace_.at, (int)text.len, text.at);
    if (!full)
        return MESH_ERR_NOMEM;
    out->kind = MESH__MATCH_EXACT;
    out->text = mesh__slice_of(full);
    return 0;
}

static int namespace_value(const struct making *making, struct mesh_slice text,
                           struct mesh_match *out)
{
    if (text.len > 1 && memchr(text.at, '*', text.len))
        return mesh__match_glob(
            making->arena, &making->compiler->snapshot->regexes, text, out);
    return mesh__match_value(making->arena, text, MESH__MATCH_NONEMPTY, out);
}

static int path_value(const struct making *making, struct mesh_slice text,
                      struct mesh_authz_value *out)
{
    if (!mesh__path_is_template(text))
        return mesh__match_value(making->arena, text, MESH__MATCH_NONEMPTY,
                                 &out->match);
    out->is_template = true;
    out->match.kind = MESH__MATCH_EXACT;
    out->match.text = mesh__slice(out->text, text.len);
    return 0;
}

static int port_value(const struct making *making, struct mesh_slice text,
                      struct mesh_authz_value *out)
{
    unsigned long long number;

    if (!mesh__slice_number(text, UINT16_MAX, &number))
        return refuse(making, "a port that is no number");
    out->port = (uint16_t)number;
    return 0;
}

static int ip_value(const struct making *making, struct mesh_slice text,
                    struct mesh_authz_value *out)
{
    return mesh__cidr_parse(text, &out->cidr)
               ? 0
               : refuse(making, "an address that is none");
}

static int add_value(const struct making *making, struct mesh_slice text,
                     struct mesh_slice written,
                     struct mesh_authz_condition *condition,
                     struct mesh_authz_value *out)
{
    enum mesh_match_kind present = MESH__MATCH_NONEMPTY;

    if (!mesh__copy(making->arena, written, &out->text))
        return MESH_ERR_NOMEM;
    switch (condition->attribute) {
    case MESH__A_SOURCE_IP:
    case MESH__A_REMOTE_IP:
    case MESH__A_DESTINATION_IP:
        return ip_value(making, text, out);
    case MESH__A_PORT:
        return port_value(making, text, out);
    case MESH__A_PATH:
        return path_value(making, text, out);
    case MESH__A_NAMESPACE:
        return namespace_value(making, text, &out->match);
    case MESH__A_SERVICE_ACCOUNT:
        return account_value(making, text, &out->match);
    case MESH__A_HOST:
        out->match.ignore_case = true;
        break;
    case MESH__A_HEADER:
        present = MESH__MATCH_PRESENT;
        break;
    case MESH__A_PRINCIPAL:
    case MESH__A_METHOD:
    case MESH__A_SNI:
        break;
    }
    return mesh__match_value(making->arena, text, present, &out->match);
}

static int add_values(const struct making *making,
                      const struct mesh_texts *given,
                      struct mesh_authz_condition *condition,
                      struct mesh_authz_value **values, size_t *count)
{
    size_t each = condition->attribute == MESH__A_PRINCIPAL
                      ? making->compiler->snapshot->trust_domain_count
                      : 1;
    int rc = 0;

    *values =
        mesh__arena_array(making->arena, given->count * each, sizeof(**values));
    if (!*values)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < given->count; i++) {
        struct mesh_slice text = given->items[i];

        if (condition->attribute == MESH__A_PRINCIPAL && is_ours(making, text))
            rc = add_ours(making, text, condition, *values, count);
        else
            rc = add_value(making, text, text, condition,
                           &(*values)[(*count)++]);
    }
    return rc;
}

/* --- conditions --- */

static int fill_header(const struct making *making, struct mesh_slice name,
                       struct mesh_authz_condition *out)
{
    char *lower = mesh__arena_strndup(making->arena, name.at, name.len);

    if (!lower)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = mesh__lower(lower[i]);
    out->header = lower;
    out->header_id = mesh__header_id(mesh__slice(lower, name.len));
    return 0;
}

/* One that says neither yes nor no to anything is left out. */
static int add_condition(struct making *making, const struct given *given,
                         struct mesh_authz_group *group)
{
    struct mesh_authz_condition *out = &group->conditions[group->count];
    bool negative = given->values->count == 0;
    int rc = 0;

    if (negative && given->not_values->count == 0)
        return 0;
    out->attribute = given->attribute;
    out->http_only = given->http_only;
    out->mark = making->mark;
    out->path =
        mesh__arena_format(making->arena, "%s.%s", making->path, given->name);
    if (!out->path)
        return MESH_ERR_NOMEM;
    if (given->attribute == MESH__A_HEADER)
        rc = fill_header(making, given->header, out);
    if (rc == 0)
        rc = add_values(making, given->values, out, &out->values,
                        &out->value_count);
    if (rc == 0)
        rc = add_values(making, given->not_values, out, &out->not_values,
                        &out->not_value_count);
    if (rc == 0)
        group->count++;
    return rc;
}

static int add_conditions(struct making *making, const struct given *given,
                          size_t count, struct mesh_authz_group *group)
{
    int rc = 0;

    group->mark = making->mark;
    group->conditions =
        mesh__arena_array(making->arena, count, sizeof(*group->conditions));
    if (!group->conditions)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_condition(making, &given[i], group);
    return rc;
}

static int add_source(struct making *making,
                      const struct mesh_authz_source *source,
                      struct mesh_authz_group *group)
{
    const struct given rows[] = {
        { MESH__A_PRINCIPAL,
          "principals",
          &source->principals,
          &source->not_principals,
          false,
          { 0 } },
        { MESH__A_NAMESPACE,
          "namespaces",
          &source->namespaces,
          &source->not_namespaces,
          false,
          { 0 } },
        { MESH__A_SERVICE_ACCOUNT,
          "serviceAccounts",
          &source->service_accounts,
          &source->not_service_accounts,
          false,
          { 0 } },
        { MESH__A_SOURCE_IP,
          "ipBlocks",
          &source->ip_blocks,
          &source->not_ip_blocks,
          false,
          { 0 } },
        { MESH__A_REMOTE_IP,
          "remoteIpBlocks",
          &source->remote_ip_blocks,
          &source->not_remote_ip_blocks,
          false,
          { 0 } },
    };

    making->mark = source->mark;
    if (source->request_principals.count ||
        source->not_request_principals.count)
        return refuse(making, "requestPrincipals");
    return add_conditions(making, rows, sizeof(rows) / sizeof(*rows), group);
}

static int add_operation(struct making *making,
                         const struct mesh_authz_operation *operation,
                         struct mesh_authz_group *group)
{
    const struct given rows[] = {
        { MESH__A_HOST,
          "hosts",
          &operation->hosts,
          &operation->not_hosts,
          true,
          { 0 } },
        { MESH__A_PORT,
          "ports",
          &operation->ports,
          &operation->not_ports,
          false,
          { 0 } },
        { MESH__A_METHOD,
          "methods",
          &operation->methods,
          &operation->not_methods,
          true,
          { 0 } },
        { MESH__A_PATH,
          "paths",
          &operation->paths,
          &operation->not_paths,
          true,
          { 0 } },
    };

    making->mark = operation->mark;
    return add_conditions(making, rows, sizeof(rows) / sizeof(*rows), group);
}

static const struct {
    const char *key;
    enum mesh_authz_attribute attribute;
} keys[] = {
    { "source.ip", MESH__A_SOURCE_IP },
    { "remote.ip", MESH__A_REMOTE_IP },
    { "source.namespace", MESH__A_NAMESPACE },
    { "source.serviceAccount", MESH__A_SERVICE_ACCOUNT },
    { "source.principal", MESH__A_PRINCIPAL },
    { "destination.ip", MESH__A_DESTINATION_IP },
    { "destination.port", MESH__A_PORT },
    { "connection.sni", MESH__A_SNI },
};

static bool read_key(struct mesh_slice key, struct given *out)
{
    struct mesh_slice header = MESH__SLICE("request.headers[");

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (!mesh__slice_is(key, keys[i].key))
            continue;
        out->attribute = keys[i].attribute;
        return true;
    }
    if (!mesh__slice_starts(key, header) || key.at[key.len - 1] != ']')
        return false;
    out->attribute = MESH__A_HEADER;
    out->http_only = true;
    out->header = mesh__slice(key.at + header.len, key.len - header.len - 1);
    return out->header.len > 0;
}

static int add_when(struct making *making, const struct mesh_authz_when *when,
                    struct mesh_authz_group *group)
{
    struct given given = { .name = "values",
                           .values = &when->values,
                           .not_values = &when->not_values };
    char what[128];

    making->mark = when->mark;
    if (when->values.count == 0)
        given.name = "notValues";
    if (!read_key(when->key, &given)) {
        struct mesh_text text;

        mesh__text_init(&text, what, sizeof(what));
        mesh__text_puts(&text, "the condition ");
        mesh__text_add(&text, when->key);
        return refuse(making, what);
    }
    return add_condition(making, &given, group);
}

/* --- rules --- */

static bool set_path(struct making *making, size_t rule, const char *list,
                     size_t index, const char *inside)
{
    making->path = mesh__arena_format(making->arena, "rules[%zu].%s[%zu]%s",
                                      rule, list, index, inside);
    return making->path != NULL;
}

static int add_from(struct making *making, size_t index,
                    const struct mesh_authz_rule_spec *spec,
                    struct mesh_authz_rule *out)
{
    int rc = 0;

    out->from =
        mesh__arena_array(making->arena, spec->from_count, sizeof(*out->from));
    if (!out->from)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < spec->from_count; i++) {
        if (!set_path(making, index, "from", i, ".source"))
            return MESH_ERR_NOMEM;
        rc = add_source(making, &spec->from[i], &out->from[out->from_count++]);
    }
    return rc;
}

static int add_to(struct making *making, size_t index,
                  const struct mesh_authz_rule_spec *spec,
                  struct mesh_authz_rule *out)
{
    int rc = 0;

    out->to =
        mesh__arena_array(making->arena, spec->to_count, sizeof(*out->to));
    if (!out->to)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < spec->to_count; i++) {
        if (!set_path(making, index, "to", i, ".operation"))
            return MESH_ERR_NOMEM;
        rc = add_operation(making, &spec->to[i], &out->to[out->to_count++]);
    }
    return rc;
}

static int add_whens(struct making *making, size_t index,
                     const struct mesh_authz_rule_spec *spec,
                     struct mesh_authz_rule *out)
{
    int rc = 0;

    out->when.mark = spec->mark;
    out->when.conditions = mesh__arena_array(making->arena, spec->when_count,
                                             sizeof(*out->when.conditions));
    if (!out->when.conditions)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < spec->when_count; i++) {
        if (!set_path(making, index, "when", i, ""))
            return MESH_ERR_NOMEM;
        rc = add_when(making, &spec->when[i], &out->when);
    }
    return rc;
}

static int add_rule(struct making *making, size_t index,
                    const struct mesh_authz_rule_spec *spec,
                    struct mesh_authz_rule *out)
{
    int rc;

    out->mark = spec->mark;
    rc = add_from(making, index, spec, out);
    if (rc == 0)
        rc = add_to(making, index, spec, out);
    if (rc == 0)
        rc = add_whens(making, index, spec, out);
    return rc;
}

/* --- policies --- */

/* As strconv.ParseBool reads it. */
static bool is_dry_run(const struct mesh_resource *resource)
{
    static const char *const words[] = {
        "1", "t", "T", "true", "TRUE", "True"
    };
    const struct mesh_slice *value = mesh__labels_get(
        &resource->annotations, MESH__SLICE("istio.io/dry-run"));

    for (size_t i = 0; value && i < sizeof(words) / sizeof(*words); i++)
        if (mesh__slice_is(*value, words[i]))
            return true;
    return false;
}

static int fill_policy(struct making *making, struct mesh_authz_policy *out)
{
    const struct mesh_authorization_policy *spec = making->resource->spec;
    int rc = 0;

    out->mark = making->resource->mark;
    out->dry_run = is_dry_run(making->resource);
    if (!mesh__copy(making->arena, making->resource->name, &out->name) ||
        !mesh__copy(making->arena, mesh__namespace_of(making->resource),
                    &out->namespace_))
        return MESH_ERR_NOMEM;
    out->rules =
        mesh__arena_array(making->arena, spec->rule_count, sizeof(*out->rules));
    if (!out->rules)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < spec->rule_count; i++)
        rc = add_rule(making, i, &spec->rules[i],
                      &out->rules[out->rule_count++]);
    return rc;
}

static int add_policy(struct mesh__compiler *compiler,
                      const struct mesh_resource *resource)
{
    const struct mesh_authorization_policy *spec = resource->spec;
    struct mesh_authz *authz = &compiler->snapshot->authz;
    struct making making = { .compiler = compiler,
                             .arena = &compiler->snapshot->arena,
                             .resource = resource,
                             .mark = resource->mark };

    if (spec->action.len == 0 || mesh__slice_is(spec->action, "ALLOW"))
        return fill_policy(&making, &authz->allow[authz->allow_count++]);
    if (mesh__slice_is(spec->action, "DENY"))
        return fill_policy(&making, &authz->deny[authz->deny_count++]);
    if (mesh__slice_is(spec->action, "AUDIT"))
        return 0; /* decides nothing */
    return refuse(&making, "action CUSTOM");
}

static bool applies(const struct mesh__compiler *compiler,
                    const struct mesh_resource *resource,
                    struct mesh_slice namespace_)
{
    const struct mesh_authorization_policy *spec = resource->spec;

    return mesh__slice_equal(mesh__namespace_of(resource), namespace_) &&
           (spec->selector.count == 0 ||
            (compiler->asker.labels &&
             mesh__labels_cover(compiler->asker.labels, &spec->selector)));
}

static int add_namespace(struct mesh__compiler *compiler,
                         struct mesh_slice namespace_)
{
    const struct mesh__list *all =
        &compiler->world.kinds[MESH__KIND_AUTHORIZATION_POLICY];
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < all->count; i++)
        if (applies(compiler, all->items[i], namespace_))
            rc = add_policy(compiler, all->items[i]);
    return rc;
}

int mesh__compile_authz(struct mesh__compiler *compiler)
{
    const struct mesh__asker *asker = &compiler->asker;
    struct mesh_authz *authz = &compiler->snapshot->authz;
    struct mesh_arena *arena = &compiler->snapshot->arena;
    size_t most = compiler->world.kinds[MESH__KIND_AUTHORIZATION_POLICY].count;
    int rc;

    authz->deny = mesh__arena_array(arena, most, sizeof(*authz->deny));
    authz->allow = mesh__arena_array(arena, most, sizeof(*authz->allow));
    if (!authz->deny || !authz->allow)
        return MESH_ERR_NOMEM;
    rc = add_namespace(compiler, asker->root_namespace);
    if (rc == 0 && !mesh__slice_equal(asker->root_namespace, asker->namespace_))
        rc = add_namespace(compiler, asker->namespace_);
    return rc;
}
