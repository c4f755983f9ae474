/*
 * judge_authz.c - what AuthorizationPolicies say, beside namespaces and beside
 * themselves.
 *
 * (Istio: analyzers/authz, for namespaces.) A rule that contradicts itself is
 * dead; and a host that is kept out can be spelt in more than one way.
 */
#include "policy/judge.h"

#include <string.h>

/* A policy on the way through. */
struct reading {
    struct mesh__judge *judge;
    const struct mesh_resource *resource;
    const struct mesh_authorization_policy *spec;
    size_t rule;
};

/* --- patterns: "a", "a*", "*a", "*" --- */

static bool ends_in_star(struct mesh_slice text)
{
    return text.len > 0 && text.at[text.len - 1] == '*';
}

static bool begins_with_star(struct mesh_slice text)
{
    return text.len > 0 && text.at[0] == '*';
}

/* Whatever text means, pattern means as well. */
static bool pattern_covers(struct mesh_slice pattern, struct mesh_slice text)
{
    if (mesh__slice_equal(pattern, text) || mesh__slice_is(pattern, "*"))
        return true;
    if (mesh__slice_is(text, "*"))
        return false;
    if (ends_in_star(pattern))
        return !begins_with_star(text) &&
               mesh__slice_starts(text,
                                  mesh__slice(pattern.at, pattern.len - 1));
    if (begins_with_star(pattern))
        return !ends_in_star(text) &&
               mesh__slice_ends(text,
                                mesh__slice(pattern.at + 1, pattern.len - 1));
    return false;
}

/* --- namespaces --- */

static bool some_namespace(const struct mesh__judge *judge,
                           struct mesh_slice name)
{
    const struct mesh__list *all = &judge->kinds[MESH__KIND_NAMESPACE];

    for (size_t i = 0; i < all->count; i++)
        if (pattern_covers(name, all->items[i]->name) ||
            mesh__slice_equal_nocase(name, all->items[i]->name))
            return true;
    return false;
}

/* One that is written as it is, or one that needs a walk: each once. */
static bool namespace_exists(struct mesh__judge *judge, struct mesh_map *known,
                             struct mesh_slice name)
{
    static char yes, no;
    const char *answer;

    if (mesh__map_find(&judge->namespaces, name))
        return true;
    answer = mesh__map_find(known, name);
    if (!answer) {
        answer = some_namespace(judge, name) ? &yes : &no;
        if (mesh__map_put(known, name, (void *)answer) < 0)
            mesh__judge_lost(judge);
    }
    return answer == &yes;
}

static void judge_names(const struct reading *reading, struct mesh_map *known,
                        size_t from, const char *field,
                        const struct mesh_texts *names)
{
    for (size_t i = 0; i < names->count; i++) {
        struct mesh__about about = { reading->resource, mesh__mark_of(names, i),
                                     "" };

        if (names->items[i].len == 0 ||
            namespace_exists(reading->judge, known, names->items[i]))
            continue;
        about.path = mesh__judge_path(
            reading->judge, "spec.rules[%zu].from[%zu].source.%s[%zu]",
            reading->rule, from, field, i);
        mesh__judge_say(reading->judge, MESH__WARNING, MESH__CODE_NOT_FOUND,
                        about, "namespace not found: \"%.*s\"",
                        MESH__SHOW(names->items[i]));
    }
}

static void judge_namespaces(const struct reading *reading,
                             struct mesh_map *known)
{
    const struct mesh_authz_rule_spec *rule =
        &reading->spec->rules[reading->rule];

    for (size_t i = 0; i < rule->from_count; i++) {
        judge_names(reading, known, i, "namespaces", &rule->from[i].namespaces);
        judge_names(reading, known, i, "notNamespaces",
                    &rule->from[i].not_namespaces);
    }
}

/* --- what cannot be met --- */

/* Every value is one that is ruled out at once. */
static bool is_torn(const struct reading *reading,
                    const struct mesh_texts *values,
                    const struct mesh_texts *not_values)
{
    for (size_t i = 0; i < values->count; i++) {
        size_t j = 0;

        while (j < not_values->count && mesh__judge_compares(reading->judge) &&
               !pattern_covers(not_values->items[j], values->items[i]))
            j++;
        if (j == not_values->count || reading->judge->comparisons == 0)
            return false;
    }
    return values->count > 0 && not_values->count > 0;
}

/* "a/ns/NAMESPACE/sa/b" of a principal; at NULL: not so, or with a star. */
static struct mesh_slice namespace_in(struct mesh_slice principal)
{
    static const char before[] = "/ns/";
    const size_t len = sizeof(before) - 1;
    size_t at = 0;
    size_t end;

    if (begins_with_star(principal) || ends_in_star(principal))
        return (struct mesh_slice){ 0 };
    while (at + len < principal.len &&
           memcmp(principal.at + at, before, len) != 0)
        at++;
    at += len;
    for (end = at; end < principal.len && principal.at[end] != '/'; end++)
        ;
    return end < principal.len ? mesh__slice(principal.at + at, end - at)
                               : (struct mesh_slice){ 0 };
}

/* Principals of other namespaces than those that are asked for. */
static bool lives_elsewhere(const struct reading *reading,
                            const struct mesh_authz_source *source)
{
    for (size_t i = 0; i < source->principals.count; i++) {
        struct mesh_slice owner = namespace_in(source->principals.items[i]);

        if (!owner.at)
            return false;
        for (size_t j = 0; j < source->namespaces.count; j++)
            if (!mesh__judge_compares(reading->judge) ||
                pattern_covers(source->namespaces.items[j], owner))
                return false;
    }
    return source->principals.count > 0 && source->namespaces.count > 0;
}

static const char *why_no_source(const struct reading *reading,
                                 const struct mesh_authz_source *source)
{
    if (is_torn(reading, &source->principals, &source->not_principals))
        return "principals and notPrincipals";
    if (is_torn(reading, &source->request_principals,
                &source->not_request_principals))
        return "requestPrincipals and notRequestPrincipals";
    if (is_torn(reading, &source->namespaces, &source->not_namespaces))
        return "namespaces and notNamespaces";
    if (is_torn(reading, &source->service_accounts,
                &source->not_service_accounts))
        return "serviceAccounts and notServiceAccounts";
    if (lives_elsewhere(reading, source))
        return "principals and namespaces";
    return NULL;
}

/* None of them begins as a path does. */
static bool no_path(const struct mesh_texts *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        if (paths->items[i].len == 0 || paths->items[i].at[0] == '/' ||
            paths->items[i].at[0] == '*')
            return false;
    return paths->count > 0;
}

static bool has_lower(struct mesh_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= 'a' && text.at[i] <= 'z')
            return true;
    return false;
}

static bool no_method(const struct mesh_texts *methods)
{
    for (size_t i = 0; i < methods->count; i++)
        if (!has_lower(methods->items[i]))
            return false;
    return methods->count > 0;
}

static const char *why_no_operation(const struct reading *reading,
                                    const struct mesh_authz_operation *one)
{
    if (is_torn(reading, &one->hosts, &one->not_hosts))
        return "hosts and notHosts";
    if (is_torn(reading, &one->ports, &one->not_ports))
        return "ports and notPorts";
    if (is_torn(reading, &one->methods, &one->not_methods))
        return "methods and notMethods";
    if (is_torn(reading, &one->paths, &one->not_paths))
        return "paths and notPaths";
    if (no_path(&one->paths))
        return "paths, which begin with \"/\"";
    if (no_method(&one->methods))
        return "methods, which are written in capitals";
    return NULL;
}

static void tell_impossible(const struct reading *reading,
                            struct mesh_mark mark, const char *path,
                            const char *why)
{
    bool deny = mesh__slice_is(reading->spec->action, "DENY");

    mesh__judge_say(reading->judge, MESH__WARNING, MESH__CODE_IMPOSSIBLE_RULE,
                    (struct mesh__about){ reading->resource, mark, path },
                    "no request can match this, so nothing is %s by it: see "
                    "its %s",
                    deny ? "denied" : "allowed", why);
}

static void judge_possible(const struct reading *reading)
{
    const struct mesh_authz_rule_spec *rule =
        &reading->spec->rules[reading->rule];
    struct mesh__judge *judge = reading->judge;
    const char *why;

    for (size_t i = 0; i < rule->from_count; i++)
        if ((why = why_no_source(reading, &rule->from[i])) != NULL)
            tell_impossible(reading, rule->from[i].mark,
                            mesh__judge_path(judge,
                                             "spec.rules[%zu].from[%zu].source",
                                             reading->rule, i),
                            why);
    for (size_t i = 0; i < rule->to_count; i++)
        if ((why = why_no_operation(reading, &rule->to[i])) != NULL)
            tell_impossible(
                reading, rule->to[i].mark,
                mesh__judge_path(judge, "spec.rules[%zu].to[%zu].operation",
                                 reading->rule, i),
                why);
    for (size_t i = 0; i < rule->when_count; i++)
        if (is_torn(reading, &rule->when[i].values, &rule->when[i].not_values))
            tell_impossible(reading, rule->when[i].mark,
                            mesh__judge_path(judge, "spec.rules[%zu].when[%zu]",
                                             reading->rule, i),
                            "values and notValues");
}

/* --- hosts in another spelling --- */

/* Does one of the hosts cover this one with something behind it? */
static bool is_covered(const struct reading *reading,
                       const struct mesh_texts *hosts, struct mesh_slice host,
                       char behind)
{
    for (size_t i = 0; i < hosts->count; i++) {
        struct mesh_slice one = hosts->items[i];

        if (mesh__slice_is(one, "*") || !mesh__judge_compares(reading->judge))
            return true;
        if (!ends_in_star(one) || one.len > host.len + 2)
            continue;
        one.len--;
        if (mesh__slice_equal_nocase(
                one, mesh__slice(host.at,
                                 one.len < host.len ? one.len : host.len)) ||
            (one.len == host.len + 1 && one.at[host.len] == behind &&
             mesh__slice_equal_nocase(mesh__slice(one.at, host.len), host)))
            return true;
    }
    return false;
}

static void judge_hosts(const struct reading *reading, size_t to,
                        const char *field, const struct mesh_texts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++) {
        struct mesh_slice host = hosts->items[i];
        struct mesh__about about = { reading->resource, mesh__mark_of(hosts, i),
                                     "" };
        bool port;
        bool dot;

        if (host.len == 0 || ends_in_star(host) ||
            memchr(host.at, ':', host.len))
            continue;
        port = !is_covered(reading, hosts, host, ':');
        dot = !is_covered(reading, hosts, host, '.');
        if (!port && !dot)
            continue;
        about.path = mesh__judge_path(
            reading->judge, "spec.rules[%zu].to[%zu].operation.%s[%zu]",
            reading->rule, to, field, i);
        mesh__judge_say(reading->judge, MESH__WARNING,
                        MESH__CODE_OTHER_SPELLING, about,
                        "a request gets by with the host written \"%.*s%s\"%s",
                        MESH__SHOW(host), port ? ":80" : ".",
                        port && dot ? ", or with a dot at its end" : "");
    }
}

static void judge_spelling(const struct reading *reading)
{
    const struct mesh_authz_rule_spec *rule =
        &reading->spec->rules[reading->rule];
    struct mesh_slice action = reading->spec->action;

    for (size_t i = 0; i < rule->to_count; i++) {
        if (mesh__slice_is(action, "DENY"))
            judge_hosts(reading, i, "hosts", &rule->to[i].hosts);
        if (mesh__slice_is(action, "ALLOW") || action.len == 0)
            judge_hosts(reading, i, "notHosts", &rule->to[i].not_hosts);
    }
}

/* --- the whole --- */

void mesh__judge_authorization(struct mesh__judge *judge)
{
    const struct mesh__list *all =
        &judge->kinds[MESH__KIND_AUTHORIZATION_POLICY];
    struct mesh_map known = { 0 };

    for (size_t i = 0; i < all->count; i++) {
        struct reading reading = { judge, all->items[i], all->items[i]->spec,
                                   0 };

        for (; reading.rule < reading.spec->rule_count; reading.rule++) {
            if (judge->namespaces.count)
                judge_namespaces(&reading, &known);
            judge_possible(&reading);
            judge_spelling(&reading);
        }
    }
    mesh__map_fini(&known);
}
