/*
 * rule.c - does a rule hold: yes, no, or it depends on what nobody said.
 *
 * Attributes to values, values to conditions, conditions to groups, groups to
 * a rule. Knows nothing of policies, their order or their action but for what
 * the action makes of plain streams.
 */
#include "authz/rule.h"

#include "base/text.h"
#include "value/spiffe.h"

static enum mesh_tri negate(enum mesh_tri value)
{
    return (enum mesh_tri)(MESH__YES - value);
}

static enum mesh_tri lesser(enum mesh_tri a, enum mesh_tri b)
{
    return a < b ? a : b;
}

static enum mesh_tri greater(enum mesh_tri a, enum mesh_tri b)
{
    return a > b ? a : b;
}

static enum mesh_tri of_bool(bool value)
{
    return value ? MESH__YES : MESH__NO;
}

static enum mesh_tri of_match(const struct mesh_match *match,
                              struct mesh_slice text)
{
    switch (mesh__match(match, text)) {
    case MESH__MATCH_NO:
        return MESH__NO;
    case MESH__MATCH_YES:
        return MESH__YES;
    case MESH__MATCH_LIMIT:
        break;
    }
    return MESH__MAYBE;
}

void mesh__authz_subject_init(struct mesh_authz_subject *subject,
                              const struct mesh_authz_request *request)
{
    *subject = (struct mesh_authz_subject){
        .request = request,
        .path = mesh__path_without_query(request->path),
    };
}

static enum mesh_known identity_known(struct mesh_authz_subject *subject)
{
    const struct mesh_authz_request *request = subject->request;
    struct mesh_spiffe id;

    if (subject->identity_read)
        return subject->identity_known;
    subject->identity_read = true;
    subject->identity_known = request->principal_known;
    if (request->principal_known != MESH__PRESENT)
        return subject->identity_known;
    subject->identity_known = MESH__ABSENT;
    if (mesh__spiffe_parse(request->principal, true, &id, NULL) &&
        id.namespace_.len) {
        subject->identity_known = MESH__PRESENT;
        subject->namespace_ = id.namespace_;
        subject->service_account = id.service_account;
    }
    return subject->identity_known;
}

/* --- comparing one value --- */

static struct mesh_slice without_scheme(struct mesh_slice id)
{
    struct mesh_slice scheme = MESH__SLICE("spiffe://");

    if (!mesh__slice_starts(id, scheme))
        return id;
    return mesh__slice(id.at + scheme.len, id.len - scheme.len);
}

static bool is_service_account(struct mesh_authz_subject *subject,
                               struct mesh_slice wanted)
{
    struct mesh_slice ns = subject->namespace_, sa = subject->service_account;

    return wanted.len == ns.len + 1 + sa.len && wanted.at[ns.len] == '/' &&
           mesh__slice_starts(wanted, ns) && mesh__slice_ends(wanted, sa);
}

/* Hosts compare without regard to case in every form but a regex. */
static enum mesh_tri is_host(const struct mesh_match *match,
                             struct mesh_slice host)
{
    size_t len = match->text.len;

    if (match->kind == MESH__MATCH_EXACT)
        return of_bool(mesh__slice_equal_nocase(host, match->text));
    if (match->kind != MESH__MATCH_PREFIX && match->kind != MESH__MATCH_SUFFIX)
        return of_match(match, host);
    if (host.len < len)
        return MESH__NO;
    if (match->kind == MESH__MATCH_SUFFIX)
        host.at += host.len - len;
    host.len = len;
    return of_bool(mesh__slice_equal_nocase(host, match->text));
}

static enum mesh_tri is_path(const struct mesh_authz_value *value,
                             struct mesh_slice path)
{
    if (value->is_template)
        return of_bool(mesh__path_template_match(value->match.text, path));
    return of_match(&value->match, path);
}

static bool is_named(const struct mesh_header *header,
                     const struct mesh_authz_condition *condition)
{
    if (condition->header_id != MESH__H_OTHER)
        return header->id == condition->header_id;
    return header->id == MESH__H_OTHER &&
           mesh__slice_is(header->name, condition->header);
}

/* Pseudo-headers by name; Envoy keeps Host as :authority. */
static bool is_pseudo(const char *name)
{
    return name[0] == ':' || strcmp(name, "host") == 0;
}

static enum mesh_tri has_pseudo(const struct mesh_authz_request *request,
                                const char *name,
                                const struct mesh_match *match)
{
    const struct {
        const char *name;
        enum mesh_known known;
        struct mesh_slice value;
    } rows[] = {
        { ":method", request->method_known, request->method },
        { ":path", request->path_known, request->path },
        { ":authority", request->host_known, request->host },
        { "host", request->host_known, request->host },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(name, rows[i].name) != 0 || rows[i].known == MESH__UNKNOWN)
            continue;
        return rows[i].known == MESH__PRESENT ? of_match(match, rows[i].value)
                                              : MESH__NO;
    }
    return MESH__MAYBE;
}

static enum mesh_tri has_header(const struct mesh_authz_request *request,
                                const struct mesh_authz_condition *condition,
                                const struct mesh_authz_value *value)
{
    const struct mesh_head *head = request->headers;
    enum mesh_tri result = MESH__NO;

    if (is_pseudo(condition->header))
        return has_pseudo(request, condition->header, &value->match);
    for (size_t i = 0; head && i < head->count && result != MESH__YES; i++) {
        if (is_named(&head->headers[i], condition))
            result = greater(result,
                             of_match(&value->match, head->headers[i].value));
    }
    return result;
}

/* --- attributes --- */

static enum mesh_known known(struct mesh_authz_subject *subject,
                             enum mesh_authz_attribute attribute)
{
    const struct mesh_authz_request *request = subject->request;

    switch (attribute) {
    case MESH__A_PRINCIPAL:
        return request->principal_known;
    case MESH__A_NAMESPACE:
    case MESH__A_SERVICE_ACCOUNT:
        return identity_known(subject);
    case MESH__A_SOURCE_IP:
        return request->source_ip_known;
    case MESH__A_REMOTE_IP:
        return request->remote_ip_known;
    case MESH__A_HOST:
        return request->host_known;
    case MESH__A_METHOD:
        return request->method_known;
    case MESH__A_PATH:
        return request->path_known;
    case MESH__A_PORT:
        return request->port_known;
    case MESH__A_DESTINATION_IP:
        return request->destination_ip_known;
    case MESH__A_SNI:
        return request->sni_known;
    case MESH__A_HEADER:
        return request->headers_known;
    }
    return MESH__UNKNOWN;
}

/* The attribute is present. */
static enum mesh_tri compare(struct mesh_authz_subject *subject,
                             const struct mesh_authz_condition *condition,
                             const struct mesh_authz_value *value)
{
    const struct mesh_authz_request *request = subject->request;

    switch (condition->attribute) {
    case MESH__A_PRINCIPAL:
        return of_match(&value->match, without_scheme(request->principal));
    case MESH__A_NAMESPACE:
        return of_match(&value->match, subject->namespace_);
    case MESH__A_SERVICE_ACCOUNT:
        return of_bool(is_service_account(subject, value->match.text));
    case MESH__A_SOURCE_IP:
        return of_bool(mesh__cidr_contains(&value->cidr, &request->source_ip));
    case MESH__A_REMOTE_IP:
        return of_bool(mesh__cidr_contains(&value->cidr, &request->remote_ip));
    case MESH__A_DESTINATION_IP:
        return of_bool(
            mesh__cidr_contains(&value->cidr, &request->destination_ip));
    case MESH__A_HOST:
        return is_host(&value->match, request->host);
    case MESH__A_METHOD:
        return of_match(&value->match, request->method);
    case MESH__A_PATH:
        return is_path(value, subject->path);
    case MESH__A_PORT:
        return of_bool(value->port == request->port);
    case MESH__A_SNI:
        return of_match(&value->match, request->sni);
    case MESH__A_HEADER:
        return has_header(request, condition, value);
    }
    return MESH__MAYBE;
}

/* --- conditions, groups, rules --- */

static enum mesh_tri any_of(struct mesh_authz_subject *subject,
                            const struct mesh_authz_condition *condition,
                            const struct mesh_authz_value *values, size_t count)
{
    enum mesh_known state = known(subject, condition->attribute);
    enum mesh_tri result = MESH__NO;

    if (state == MESH__UNKNOWN)
        return MESH__MAYBE;
    if (state == MESH__ABSENT)
        return MESH__NO;
    for (size_t i = 0; i < count && result != MESH__YES; i++)
        result = greater(result, compare(subject, condition, &values[i]));
    return result;
}

static enum mesh_tri holds(struct mesh_authz_subject *subject,
                           const struct mesh_authz_condition *condition)
{
    enum mesh_tri result = MESH__YES;

    if (condition->http_only && !subject->request->http)
        return subject->deny ? MESH__YES : MESH__NO;
    if (condition->value_count)
        result = any_of(subject, condition, condition->values,
                        condition->value_count);
    if (condition->not_value_count && result != MESH__NO)
        result = lesser(result,
                        negate(any_of(subject, condition, condition->not_values,
                                      condition->not_value_count)));
    return result;
}

static struct mesh_authz_progress group(
    struct mesh_authz_subject *subject,
    const struct mesh_authz_group *conditions)
{
    struct mesh_authz_progress progress = { .result = MESH__YES };

    for (size_t i = 0; i < conditions->count && progress.result != MESH__NO;
         i++) {
        const struct mesh_authz_condition *condition =
            &conditions->conditions[i];
        enum mesh_tri result = holds(subject, condition);

        progress.result = lesser(progress.result, result);
        if (result == MESH__YES)
            progress.held++;
        else if (!progress.failed)
            progress.failed = condition;
    }
    return progress;
}

/* The best of several groups; an absent list holds. */
static struct mesh_authz_progress some(struct mesh_authz_subject *subject,
                                       const struct mesh_authz_group *groups,
                                       size_t count)
{
    struct mesh_authz_progress best = { .result = MESH__YES };

    for (size_t i = 0; i < count; i++) {
        struct mesh_authz_progress one = group(subject, &groups[i]);

        if (i == 0 || one.result > best.result ||
            (one.result == best.result && one.held > best.held))
            best = one;
        if (best.result == MESH__YES)
            break;
    }
    return best;
}

/* A part of the rule joins what came before it. */
static void join(struct mesh_authz_progress *rule,
                 struct mesh_authz_progress part)
{
    rule->result = lesser(rule->result, part.result);
    rule->held += part.held;
    if (rule->failed)
        return;
    rule->failed = part.failed;
    if (part.result == MESH__YES)
        rule->stage++;
}

static bool group_needs_http(const struct mesh_authz_group *conditions,
                             const struct mesh_authz_condition **which)
{
    for (size_t i = 0; i < conditions->count; i++) {
        *which = &conditions->conditions[i];
        if ((*which)->http_only)
            return true;
    }
    return false;
}

static bool needs_http(const struct mesh_authz_rule *rule,
                       const struct mesh_authz_condition **which)
{
    for (size_t i = 0; i < rule->from_count; i++) {
        if (group_needs_http(&rule->from[i], which))
            return true;
    }
    for (size_t i = 0; i < rule->to_count; i++) {
        if (group_needs_http(&rule->to[i], which))
            return true;
    }
    return group_needs_http(&rule->when, which);
}

struct mesh_authz_progress mesh__authz_rule(struct mesh_authz_subject *subject,
                                            const struct mesh_authz_rule *rule)
{
    struct mesh_authz_progress progress = { .result = MESH__YES };

    if (!subject->request->http && !subject->deny &&
        needs_http(rule, &progress.failed)) {
        progress.result = MESH__NO;
        return progress;
    }
    progress.failed = NULL;
    join(&progress, some(subject, rule->from, rule->from_count));
    if (progress.result != MESH__NO)
        join(&progress, some(subject, rule->to, rule->to_count));
    if (progress.result != MESH__NO)
        join(&progress, group(subject, &rule->when));
    return progress;
}

/* --- saying so --- */

static struct mesh_slice header_shown(const struct mesh_head *head,
                                      const struct mesh_authz_condition *wanted)
{
    for (size_t i = 0; head && i < head->count; i++) {
        if (is_named(&head->headers[i], wanted))
            return head->headers[i].value;
    }
    return mesh__slice(NULL, 0);
}

static void print_ip(struct mesh_text *text, const struct mesh_address *address)
{
    char ip[MESH__ADDRESS_TEXT];

    mesh__address_print_ip(address, ip);
    mesh__text_puts(text, ip);
}

/* The value of a present attribute; false when there is none after all. */
static bool print_value(struct mesh_text *text,
                        struct mesh_authz_subject *subject,
                        const struct mesh_authz_condition *condition)
{
    const struct mesh_authz_request *request = subject->request;
    struct mesh_slice header;

    switch (condition->attribute) {
    case MESH__A_PRINCIPAL:
        mesh__text_add(text, without_scheme(request->principal));
        break;
    case MESH__A_NAMESPACE:
        mesh__text_add(text, subject->namespace_);
        break;
    case MESH__A_SERVICE_ACCOUNT:
        mesh__text_add(text, subject->namespace_);
        mesh__text_puts(text, "/");
        mesh__text_add(text, subject->service_account);
        break;
    case MESH__A_SOURCE_IP:
        print_ip(text, &request->source_ip);
        break;
    case MESH__A_REMOTE_IP:
        print_ip(text, &request->remote_ip);
        break;
    case MESH__A_DESTINATION_IP:
        print_ip(text, &request->destination_ip);
        break;
    case MESH__A_HOST:
        mesh__text_add(text, request->host);
        break;
    case MESH__A_METHOD:
        mesh__text_add(text, request->method);
        break;
    case MESH__A_PATH:
        mesh__text_add(text, subject->path);
        break;
    case MESH__A_PORT:
        mesh__text_format(text, "%u", (unsigned)request->port);
        break;
    case MESH__A_SNI:
        mesh__text_add(text, request->sni);
        break;
    case MESH__A_HEADER:
        header = header_shown(request->headers, condition);
        mesh__text_add(text, header);
        return header.at != NULL;
    }
    return true;
}

static void print_list(struct mesh_text *text, const char *lead,
                       const struct mesh_authz_value *values, size_t count)
{
    const char *last = NULL;

    for (size_t i = 0; i < count; i++) {
        if (last && strcmp(last, values[i].text) == 0)
            continue; /* one that stands for each alias of a trust domain */
        last = values[i].text;
        mesh__text_puts(text, i == 0 ? lead : ", ");
        mesh__text_puts(text, last);
    }
}

static void print_wanted(struct mesh_text *text,
                         const struct mesh_authz_condition *condition,
                         bool excluded)
{
    if (excluded)
        print_list(text, " is one of those excluded: ", condition->not_values,
                   condition->not_value_count);
    else
        print_list(text, " is not one of ", condition->values,
                   condition->value_count);
}

void mesh__authz_condition_print(struct mesh_authz_subject *subject,
                                 const struct mesh_authz_condition *condition,
                                 char *out, size_t size)
{
    static const char *const names[] = {
        [MESH__A_PRINCIPAL] = "principal",
        [MESH__A_NAMESPACE] = "namespace",
        [MESH__A_SERVICE_ACCOUNT] = "service account",
        [MESH__A_SOURCE_IP] = "source address",
        [MESH__A_REMOTE_IP] = "remote address",
        [MESH__A_HOST] = "host",
        [MESH__A_METHOD] = "method",
        [MESH__A_PATH] = "path",
        [MESH__A_PORT] = "port",
        [MESH__A_DESTINATION_IP] = "destination address",
        [MESH__A_SNI] = "server name",
        [MESH__A_HEADER] = "header",
    };
    enum mesh_known state = known(subject, condition->attribute);
    struct mesh_text text;
    bool excluded;

    mesh__text_init(&text, out, size);
    mesh__text_puts(&text, names[condition->attribute]);
    if (condition->attribute == MESH__A_HEADER)
        mesh__text_format(&text, " %s", condition->header);
    if (condition->http_only && !subject->request->http) {
        mesh__text_puts(&text, " means nothing on a plain stream");
        return;
    }
    excluded = condition->value_count == 0 ||
               any_of(subject, condition, condition->values,
                      condition->value_count) == MESH__YES;
    mesh__text_puts(&text, " ");
    if (state == MESH__UNKNOWN) {
        mesh__text_puts(&text, "is not known");
        return;
    }
    if (state == MESH__ABSENT || !print_value(&text, subject, condition))
        mesh__text_puts(&text, "(none)");
    print_wanted(&text, condition, excluded);
}
