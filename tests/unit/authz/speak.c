/*
 * speak.c - authorization policies and requests from lines of text.
 */
#include "speak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 40 };

void speak_init(struct speak *speak)
{
    *speak = (struct speak){ 0 };
    mesh__arena_init(&speak->arena, 1 << 20);
}

void speak_fini(struct speak *speak)
{
    for (size_t i = 0; i < speak->regex_count; i++)
        mesh__regex_unref(speak->regexes[i]);
    mesh__arena_fini(&speak->arena);
}

static void *need(void *memory)
{
    assert_non_null(memory);
    return memory;
}

/* Up to the separator, which is dropped; the rest moves behind it. */
static struct mesh_slice take(struct mesh_slice *rest, const char *separator)
{
    struct mesh_slice piece = *rest;
    size_t len = strlen(separator);

    for (size_t i = 0; i + len <= rest->len; i++) {
        if (memcmp(rest->at + i, separator, len) == 0) {
            piece.len = i;
            *rest = mesh__slice(rest->at + i + len, rest->len - i - len);
            return piece;
        }
    }
    *rest = mesh__slice(rest->at + rest->len, 0);
    return piece;
}

/* --- policies --- */

static const struct {
    const char *word;
    enum mesh_authz_attribute attribute;
    bool http_only;
} attributes[] = {
    { "principal", MESH__A_PRINCIPAL, false },
    { "ns", MESH__A_NAMESPACE, false },
    { "sa", MESH__A_SERVICE_ACCOUNT, false },
    { "ip", MESH__A_SOURCE_IP, false },
    { "remote", MESH__A_REMOTE_IP, false },
    { "host", MESH__A_HOST, true },
    { "method", MESH__A_METHOD, true },
    { "path", MESH__A_PATH, true },
    { "port", MESH__A_PORT, false },
    { "dip", MESH__A_DESTINATION_IP, false },
    { "sni", MESH__A_SNI, false },
    { "header", MESH__A_HEADER, true },
};

static void read_text(struct speak *speak, struct mesh_slice text,
                      enum mesh_authz_attribute attribute,
                      struct mesh_match *match)
{
    size_t last = text.len - 1;

    match->text = text;
    if (text.at[0] == '~') {
        match->kind = MESH__MATCH_REGEX;
        assert_true(speak->regex_count < SPEAK_REGEXES);
        assert_int_equal(
            mesh__regex_new(mesh__slice(text.at + 1, last), &match->regex), 0);
        speak->regexes[speak->regex_count++] = match->regex;
    } else if (mesh__slice_is(text, "*")) {
        match->kind = attribute == MESH__A_HEADER ? MESH__MATCH_PRESENT
                                                  : MESH__MATCH_NONEMPTY;
    } else if (text.at[0] == '*') {
        match->kind = MESH__MATCH_SUFFIX;
        match->text = mesh__slice(text.at + 1, last);
    } else if (text.at[last] == '*') {
        match->kind = MESH__MATCH_PREFIX;
        match->text.len = last;
    }
}

static void read_value(struct speak *speak, struct mesh_slice text,
                       enum mesh_authz_attribute attribute,
                       struct mesh_authz_value *value)
{
    unsigned long long port;

    value->text = need(mesh__arena_strndup(&speak->arena, text.at, text.len));
    if (attribute == MESH__A_PORT) {
        assert_true(mesh__slice_number(text, UINT16_MAX, &port));
        value->port = (uint16_t)port;
    } else if (attribute == MESH__A_SOURCE_IP ||
               attribute == MESH__A_REMOTE_IP ||
               attribute == MESH__A_DESTINATION_IP) {
        assert_true(mesh__cidr_parse(text, &value->cidr));
    } else if (attribute == MESH__A_PATH && mesh__path_is_template(text)) {
        value->is_template = true;
        value->match.text = text;
    } else {
        read_text(speak, text, attribute, &value->match);
    }
}

static void read_condition(struct speak *speak, struct mesh_slice text,
                           struct mesh_authz_condition *condition)
{
    struct mesh_slice words = take(&text, " ");
    struct mesh_slice word = take(&words, ":");
    size_t i = 0;

    while (!mesh__slice_is(word, attributes[i].word))
        assert_true(++i < sizeof(attributes) / sizeof(attributes[0]));
    condition->attribute = attributes[i].attribute;
    condition->http_only = attributes[i].http_only;
    condition->header =
        need(mesh__arena_strndup(&speak->arena, words.at, words.len));
    condition->header_id = mesh__header_id(words);
    condition->values = need(
        mesh__arena_array(&speak->arena, MOST, sizeof(*condition->values)));
    condition->not_values = need(
        mesh__arena_array(&speak->arena, MOST, sizeof(*condition->values)));
    while (text.len) {
        struct mesh_slice value = take(&text, ",");
        bool not = value.at[0] == '!';

        if (not )
            read_value(speak, mesh__slice(value.at + 1, value.len - 1),
                       condition->attribute,
                       &condition->not_values[condition->not_value_count++]);
        else
            read_value(speak, value, condition->attribute,
                       &condition->values[condition->value_count++]);
    }
}

static void read_group(struct speak *speak, struct mesh_slice text,
                       struct mesh_authz_group *group)
{
    group->conditions = need(
        mesh__arena_array(&speak->arena, MOST, sizeof(*group->conditions)));
    while (text.len)
        read_condition(speak, take(&text, "; "),
                       &group->conditions[group->count++]);
}

void speak_rule(struct speak *speak, struct mesh_authz_rule *rule,
                const char *text)
{
    struct mesh_slice rest = mesh__slice_of(text);

    rule->from =
        need(mesh__arena_array(&speak->arena, MOST, sizeof(*rule->from)));
    rule->to = need(mesh__arena_array(&speak->arena, MOST, sizeof(*rule->to)));
    while (rest.len) {
        struct mesh_slice part = take(&rest, " & "), word = take(&part, " ");

        if (mesh__slice_ends(word, MESH__SLICE("from")))
            read_group(speak, part, &rule->from[rule->from_count++]);
        else if (mesh__slice_ends(word, MESH__SLICE("to")))
            read_group(speak, part, &rule->to[rule->to_count++]);
        else
            read_group(speak, part, &rule->when);
    }
}

void speak_policy(struct speak *speak, struct mesh_authz_policy *policy,
                  const char *name, const char *rules)
{
    struct mesh_slice rest = mesh__slice_of(rules);

    *policy = (struct mesh_authz_policy){ .name = name, .namespace_ = "demo" };
    policy->rules =
        need(mesh__arena_array(&speak->arena, MOST, sizeof(*policy->rules)));
    while (rest.len) {
        struct mesh_slice line = take(&rest, "\n");

        speak_rule(speak, &policy->rules[policy->rule_count++],
                   need(mesh__arena_strndup(&speak->arena, line.at, line.len)));
    }
}

/* --- requests --- */

static void read_address(struct mesh_slice text, enum mesh_known *known,
                         struct mesh_address *out)
{
    assert_true(mesh__address_parse_ip(text, out));
    *known = MESH__PRESENT;
}

static void read_identity(struct speak *speak, struct mesh_slice who,
                          struct mesh_authz_request *request)
{
    if (mesh__slice_is(who, "-")) {
        request->principal_known = MESH__ABSENT;
        return;
    }
    request->principal_known = MESH__PRESENT;
    request->principal = mesh__slice_of(need(mesh__arena_format(
        &speak->arena, "spiffe://cluster.local/ns/demo/sa/%.*s", (int)who.len,
        who.at)));
}

static void read_line(struct mesh_authz_request *request,
                      struct mesh_slice method, struct mesh_slice path)
{
    request->http = true;
    request->method_known = MESH__PRESENT;
    request->method = method;
    request->path_known = MESH__PRESENT;
    request->path = path;
    request->headers_known = MESH__PRESENT;
    if (request->host_known == MESH__UNKNOWN) {
        request->host_known = MESH__PRESENT;
        request->host = MESH__SLICE("web");
    }
}

static void read_word(struct speak *speak, struct mesh_authz_request *request,
                      struct mesh_slice word, struct mesh_slice value)
{
    unsigned long long port;

    if (mesh__slice_is(word, "as")) {
        read_identity(speak, value, request);
    } else if (mesh__slice_is(word, "to")) {
        request->host_known = MESH__PRESENT;
        request->host = value;
    } else if (mesh__slice_is(word, "ip")) {
        read_address(value, &request->source_ip_known, &request->source_ip);
    } else if (mesh__slice_is(word, "xff")) {
        read_address(value, &request->remote_ip_known, &request->remote_ip);
    } else if (mesh__slice_is(word, "dip")) {
        read_address(value, &request->destination_ip_known,
                     &request->destination_ip);
    } else if (mesh__slice_is(word, "port")) {
        assert_true(mesh__slice_number(value, UINT16_MAX, &port));
        request->port_known = MESH__PRESENT;
        request->port = (uint16_t)port;
    } else if (mesh__slice_is(word, "sni")) {
        request->sni_known =
            mesh__slice_is(value, "-") ? MESH__ABSENT : MESH__PRESENT;
        request->sni = value;
    } else {
        read_line(request, word, value);
    }
}

void speak_request(struct speak *speak, struct mesh_authz_request *request,
                   const char *text)
{
    struct mesh_slice rest = mesh__slice_of(text);
    struct mesh_slice words = take(&rest, "|");
    struct mesh_head *head =
        need(mesh__arena_alloc(&speak->arena, sizeof(*head)));

    *request = (struct mesh_authz_request){ .headers = head };
    assert_int_equal(mesh__head_init(head, &speak->arena, MOST), 0);
    while (words.len) {
        struct mesh_slice word = take(&words, " "), value = take(&words, " ");

        read_word(speak, request, word, value);
    }
    while (rest.len) {
        struct mesh_slice value = take(&rest, "|"), name = take(&value, ":");

        assert_int_equal(mesh__head_add(head, &speak->arena, MOST, name,
                                        mesh__slice_trim(value)),
                         0);
    }
}
