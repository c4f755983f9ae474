/*
 * decision.c - mesh_decision: explain and authorize, with the reasons.
 *
 * Calls the functions that production calls, with a place to write down why,
 * and turns what they say into JSON and text.
 */
#include "api/acts.h"
#include "api/inside.h"
#include "api/reach.h"

#include "base/alloc.h"
#include "value/duration.h"

#include <stdarg.h>
#include <stdio.h>

enum { DECISION_BYTES = 16 * 1024 * 1024 };

static int null_argument(mesh_error *error)
{
    return mesh__error_out(error,
                           mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
}

struct mesh_decision *mesh__decision_new(void)
{
    struct mesh_decision *decision = mesh__calloc(1, sizeof(*decision));

    if (!decision) {
        (void)mesh__fail(MESH_ERR_NOMEM, "a decision");
        return NULL;
    }
    mesh__buffer_init(&decision->json, DECISION_BYTES);
    mesh__buffer_init(&decision->text, DECISION_BYTES);
    return decision;
}

void mesh_decision_free(mesh_decision *decision)
{
    if (!decision)
        return;
    mesh__buffer_fini(&decision->json);
    mesh__buffer_fini(&decision->text);
    mesh__routing_free(decision->routing);
    mesh__free(decision);
}

const char *mesh_decision_json(const mesh_decision *decision)
{
    return decision ? mesh__buffer_data(&decision->json) : NULL;
}

const char *mesh_decision_text(const mesh_decision *decision)
{
    return decision ? mesh__buffer_data(&decision->text) : NULL;
}

/* Both texts end in NUL; the first failure counts. */
static int seal(struct mesh_decision *decision, const struct mesh_json *json)
{
    int rc = json->rc;

    if (rc == 0)
        rc = mesh__buffer_append(&decision->json, "", 1);
    if (rc == 0)
        rc = mesh__buffer_append(&decision->text, "", 1);
    return rc;
}

/* Reasons that memory alone kept away are no decision. */
static int whole(const struct mesh__why *why)
{
    if (why->cut && why->count < MESH__WHY_MAX)
        return mesh__fail(MESH_ERR_NOMEM, "the reasons of a decision");
    return 0;
}

/* Dice from a seed: splitmix64. */
static uint64_t dice(void *user)
{
    uint64_t *state = user;
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* --- explain --- */

struct explain {
    const struct mesh_snapshot *snapshot;
    const struct mesh_client_request *request;
    struct mesh_head head; /* as a hop routes it */
    struct mesh_route route;
    uint64_t draw; /* the route's */
    struct mesh_acts acts;
    struct mesh_pick pick;
    struct mesh_reach reach;
    struct mesh__why why;
    struct mesh_json json;
    struct mesh_buffer *text;
};

static const char *verdict_of(const struct explain *explain)
{
    static const char *const names[] = {
        [MESH__ROUTE_OK] = "route",
        [MESH__ROUTE_NO_HOST] = "no_host",
        [MESH__ROUTE_NO_RULE] = "no_route",
        [MESH__ROUTE_NO_DESTINATION] = "no_destination",
        [MESH__ROUTE_BAD_PATH] = "bad_path",
        [MESH__ROUTE_NO_PATH] = "no_path",
        [MESH__ROUTE_LIMIT] = "regex_limit",
        [MESH__ROUTE_BAD_TARGET] = "bad_rewrite",
    };
    const char *own = mesh__acts_verdict(&explain->route, &explain->acts);

    if (own)
        return own;
    if (explain->route.destination && explain->route.destination->original)
        return "passthrough";
    if (explain->route.outcome == MESH__ROUTE_OK && !explain->pick.endpoint)
        return "no_endpoint";
    return names[explain->route.outcome];
}

static void explain_destination(struct explain *explain)
{
    const struct mesh_destination *destination = explain->route.destination;
    struct mesh_json *json = &explain->json;

    if (!destination) {
        mesh__json_null(json, "destination");
        return;
    }
    mesh__json_open(json, "destination", '{');
    mesh__json_text(json, "name", destination->name);
    mesh__json_text(json, "host", destination->host);
    mesh__json_text(json, "subset",
                    destination->subset[0] ? destination->subset : NULL);
    mesh__json_number(json, "port", destination->port);
    mesh__json_number(json, "weight",
                      explain->route.arm ? explain->route.arm->weight : 0);
    mesh__reach_balancing(&explain->reach, json);
    mesh__json_close(json, '}');
}

static void explain_retries(struct explain *explain)
{
    const struct mesh_retry_policy *retry =
        explain->route.rule ? &explain->route.rule->retry : NULL;
    struct mesh_json *json = &explain->json;
    char on[512];
    char *piece = on;

    if (!retry) {
        mesh__json_null(json, "retries");
        return;
    }
    mesh__retry_print(retry, on, sizeof(on));
    mesh__json_open(json, "retries", '{');
    mesh__json_number(json, "attempts", retry->attempts);
    if (retry->per_try_ns)
        mesh__json_number(json, "per_try_timeout_ms",
                          (int64_t)(retry->per_try_ns / MESH__MS));
    else
        mesh__json_null(json, "per_try_timeout_ms");
    mesh__json_number(json, "back_off_ms",
                      (int64_t)(retry->base_ns / MESH__MS));
    mesh__json_number(json, "back_off_max_ms",
                      (int64_t)(retry->max_ns / MESH__MS));
    mesh__json_bool(json, "other_hosts", retry->host_picks != 0);
    mesh__json_bool(json, "other_localities", retry->leave_priorities);
    mesh__json_open(json, "retry_on", '[');
    while (piece[0]) {
        size_t len = strcspn(piece, ",");

        mesh__json_string(json, NULL, mesh__slice(piece, len));
        piece += len + (piece[len] == ',');
    }
    mesh__json_close(json, ']');
    mesh__json_close(json, '}');
}

static void explain_rules(struct explain *explain)
{
    struct mesh_json *json = &explain->json;

    mesh__json_open(json, "rules", '[');
    for (size_t i = 0; i < explain->why.count; i++) {
        const struct mesh__why_step *step = &explain->why.steps[i];

        mesh__json_open(json, NULL, '{');
        mesh__json_text(json, "what", step->what);
        mesh__json_text(json, "name", step->name);
        mesh__json_bool(json, "matched", step->matched);
        mesh__json_text(json, "reason", step->reason);
        mesh__reach_where(explain->snapshot, step->mark, json);
        mesh__json_close(json, '}');
    }
    mesh__json_close(json, ']');
}

static void explain_json(struct explain *explain)
{
    struct mesh_json *json = &explain->json;
    const struct mesh_route_rule *rule = explain->route.rule;
    char text[512];

    mesh__json_open(json, NULL, '{');
    mesh__json_text(json, "verdict", verdict_of(explain));
    if (rule)
        mesh__mark_print(explain->snapshot, rule->mark, text, sizeof(text));
    mesh__json_text(json, "resource", rule ? text : NULL);
    mesh__json_text(json, "host",
                    explain->route.host ? explain->route.host->name : NULL);
    mesh__json_text(json, "rule", rule ? rule->name : NULL);
    explain_destination(explain);
    mesh__reach_endpoints(&explain->reach, json);
    if (explain->route.timeout_ns)
        mesh__json_number(json, "timeout_ms",
                          (int64_t)(explain->route.timeout_ns / MESH__MS));
    else
        mesh__json_null(json, "timeout_ms");
    explain_retries(explain);
    mesh__reach_json(&explain->reach, json);
    mesh__acts_json(&explain->route, &explain->acts, explain->draw, json);
    explain_rules(explain);
    mesh__json_close(json, '}');
}

static void say(struct explain *explain, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct explain *explain, const char *format, ...)
{
    char line[1024];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    if (explain->json.rc == 0)
        explain->json.rc =
            mesh__buffer_append(explain->text, line, strlen(line));
}

static void explain_steps(struct explain *explain)
{
    char mark[512];

    say(explain, "why\n");
    for (size_t i = 0; i < explain->why.count; i++) {
        const struct mesh__why_step *step = &explain->why.steps[i];

        mesh__mark_print(explain->snapshot, step->mark, mark, sizeof(mark));
        say(explain, "  %s %s %s%s%s%s%s%s\n", step->matched ? "+" : "-",
            step->what, step->name, step->name[0] ? ": " : "", step->reason,
            mark[0] ? "  [" : "", mark, mark[0] ? "]" : "");
    }
}

static void explain_text(struct explain *explain)
{
    const struct mesh_route_rule *rule = explain->route.rule;
    const struct mesh_destination *destination = explain->route.destination;
    char text[512];

    say(explain, "verdict      %s\n", verdict_of(explain));
    if (explain->route.host)
        say(explain, "host         %s\n", explain->route.host->name);
    if (rule) {
        mesh__mark_print(explain->snapshot, rule->mark, text, sizeof(text));
        say(explain, "rule         %s%s%s\n", rule->name,
            rule->name[0] ? "  " : "", text);
    }
    if (destination) {
        say(explain, "destination  %s%s\n", destination->name,
            rule && rule->arm_count > 1 ? " (drawn by weight)" : "");
        for (size_t i = 0; rule && rule->arm_count > 1 && i < rule->arm_count;
             i++)
            say(explain, "  weight %u  %s\n", (unsigned)rule->arms[i].weight,
                rule->arms[i].destination ? rule->arms[i].destination->name
                                          : rule->arms[i].missing);
    }
    if (destination && explain->json.rc == 0)
        explain->json.rc =
            mesh__reach_endpoints_text(&explain->reach, explain->text);
    if (explain->route.timeout_ns)
        say(explain, "timeout      %llu ms\n",
            (unsigned long long)(explain->route.timeout_ns / MESH__MS));
    else if (rule)
        say(explain, "timeout      none\n");
    if (rule) {
        mesh__retry_print(&rule->retry, text, sizeof(text));
        say(explain, "retries      %u on %s\n", (unsigned)rule->retry.attempts,
            text[0] ? text : "nothing");
        if (rule->retry.per_try_ns)
            say(explain, "  per try    %llu ms\n",
                (unsigned long long)(rule->retry.per_try_ns / MESH__MS));
        if (rule->retry.attempts)
            say(explain,
                "  back-off   drawn, below %llu ms at first and %llu ms "
                "later%s%s\n",
                (unsigned long long)(rule->retry.base_ns / MESH__MS),
                (unsigned long long)(rule->retry.max_ns / MESH__MS),
                rule->retry.host_picks ? "; another host" : "",
                rule->retry.leave_priorities ? "; another locality" : "");
    }
    if (explain->json.rc == 0)
        explain->json.rc = mesh__acts_text(&explain->route, &explain->acts,
                                           explain->draw, explain->text);
    if (destination && explain->json.rc == 0)
        explain->json.rc = mesh__reach_text(&explain->reach, explain->text);
    explain_steps(explain);
}

static void explain_pick(struct explain *explain,
                         const struct mesh_draws *draws)
{
    const struct mesh_route_rule *rule = explain->route.rule;
    struct mesh_pick_ask ask = { .now_ns = mesh__kernel_now_ns(),
                                 .draws = draws };
    struct mesh_key key = { 0 };

    if (mesh__key_balances(explain->route.destination)) {
        mesh__key_find(rule->hashes, rule->hash_count, &explain->head,
                       &explain->snapshot->self, draws, &key, &explain->why);
        ask.has_key = key.known;
        ask.key = key.hash;
    }
    mesh__pick(explain->route.destination, &ask, &explain->pick, &explain->why);
}

static int explain_request(struct mesh_workload *workload,
                           const struct mesh_client_request *request,
                           uint64_t seed, struct mesh_decision *decision)
{
    const struct mesh_draws draws = { dice, &seed };
    struct mesh_snapshot *snapshot = mesh__workload_snapshot(workload);
    struct explain explain = { .snapshot = snapshot,
                               .request = request,
                               .text = &decision->text };
    struct mesh_arena arena;
    int rc;

    mesh__arena_init(&arena, MESH__CLIENT_ARENA);
    mesh__why_init(&explain.why);
    mesh__json_init(&explain.json, &decision->json);
    explain.draw = dice(&seed);
    rc = mesh__request_head(request, MESH__SLICE("-"), &arena, &explain.head);
    if (rc == 0) {
        mesh__route_find(snapshot, &explain.head, request->port, explain.draw,
                         &arena, &explain.route, &explain.why);
        rc = mesh__acts_draw(&explain.route, &explain.head, &arena, dice, &seed,
                             &explain.acts);
    }
    if (rc == 0 && explain.route.outcome == MESH__ROUTE_OK &&
        !explain.route.destination->original &&
        !mesh__acts_verdict(&explain.route, &explain.acts))
        explain_pick(&explain, &draws);
    if (explain.route.outcome == MESH__ROUTE_NOMEM)
        rc = mesh__fail(MESH_ERR_NOMEM, "a route");
    if (rc == 0)
        rc = whole(&explain.why);
    explain.reach = (struct mesh_reach){ snapshot, explain.route.destination,
                                         explain.pick.endpoint };
    if (rc == 0) {
        explain_json(&explain);
        explain_text(&explain);
        rc = seal(decision, &explain.json);
    }
    mesh__why_fini(&explain.why);
    mesh__arena_fini(&arena);
    mesh__snapshot_unref(snapshot);
    return rc;
}

int mesh_explain(mesh_workload *workload, const mesh_request *request,
                 int64_t seed, mesh_decision **out, mesh_error *error)
{
    struct mesh_decision *decision;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !request || !out)
        return null_argument(error);
    rc = mesh__workload_check(workload);
    if (rc < 0)
        return mesh__error_out(error, rc);
    decision = mesh__decision_new();
    rc = decision ? explain_request(workload, request->request, (uint64_t)seed,
                                    decision)
                  : MESH_ERR_NOMEM;
    if (rc < 0)
        mesh_decision_free(decision);
    else
        *out = decision;
    return mesh__error_out(error, rc);
}

/* --- attributes --- */

struct mesh_attributes {
    struct mesh_arena arena;
    struct mesh_authz_request request;
    struct mesh_head head;
};

mesh_attributes *mesh_attributes_new(void)
{
    struct mesh_attributes *attributes = mesh__calloc(1, sizeof(*attributes));

    if (!attributes)
        return NULL;
    mesh__arena_init(&attributes->arena, MESH__REQUEST_ARENA);
    if (mesh__head_init(&attributes->head, &attributes->arena, 16) < 0) {
        mesh_attributes_free(attributes);
        mesh__error_clear();
        return NULL;
    }
    attributes->request.headers = &attributes->head;
    return attributes;
}

void mesh_attributes_free(mesh_attributes *attributes)
{
    if (!attributes)
        return;
    mesh__arena_fini(&attributes->arena);
    mesh__free(attributes);
}

static int set_text(struct mesh_attributes *attributes, enum mesh_known *known,
                    struct mesh_slice *place, const char *value)
{
    char *copy = NULL;

    if (value) {
        copy = mesh__arena_strdup(&attributes->arena, value);
        if (!copy)
            return MESH_ERR_NOMEM;
        *place = mesh__slice_of(copy);
    }
    *known = value ? MESH__PRESENT : MESH__ABSENT;
    return 0;
}

static int set_ip(enum mesh_known *known, struct mesh_address *place,
                  const char *name, const char *value)
{
    if (value && !mesh__address_parse_ip(mesh__slice_of(value), place))
        return mesh__fail(MESH_ERR_INVALID, "%s: \"%s\" is no IP address", name,
                          value);
    *known = value ? MESH__PRESENT : MESH__ABSENT;
    return 0;
}

static int set_port(struct mesh_attributes *attributes, const char *value)
{
    unsigned long long port = 0;

    if (value &&
        (!mesh__slice_number(mesh__slice_of(value), 65535, &port) || port == 0))
        return mesh__fail(MESH_ERR_INVALID,
                          "destination.port: \"%s\" is no port", value);
    attributes->request.port = (uint16_t)port;
    attributes->request.port_known = value ? MESH__PRESENT : MESH__ABSENT;
    return 0;
}

static int set_header(struct mesh_attributes *attributes,
                      struct mesh_slice name, const char *value)
{
    char *lower = mesh__arena_strndup(&attributes->arena, name.at, name.len);
    char *copy;
    int rc;

    attributes->request.headers_known = MESH__PRESENT;
    if (!value)
        return 0; /* its absence is known, as that of all not set */
    copy = mesh__arena_strdup(&attributes->arena, value);
    if (!lower || !copy)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = mesh__lower(lower[i]);
    rc = mesh__head_add(&attributes->head, &attributes->arena,
                        MESH__REQUEST_HEADERS, mesh__slice(lower, name.len),
                        mesh__slice_of(copy));
    return rc < 0
               ? rc
               : mesh__head_join(&attributes->head, &attributes->arena, false);
}

static int set_request(struct mesh_attributes *attributes, const char *name,
                       const char *value)
{
    static const struct mesh_slice headers = { "request.headers[", 16 };
    struct mesh_authz_request *request = &attributes->request;
    struct mesh_slice text = mesh__slice_of(name);

    if (!strcmp(name, "request.method"))
        return set_text(attributes, &request->method_known, &request->method,
                        value);
    if (!strcmp(name, "request.host"))
        return set_text(attributes, &request->host_known, &request->host,
                        value);
    if (!strcmp(name, "request.path"))
        return set_text(attributes, &request->path_known, &request->path,
                        value);
    if (mesh__slice_starts(text, headers) && text.len > headers.len + 1 &&
        text.at[text.len - 1] == ']')
        return set_header(
            attributes,
            mesh__slice(text.at + headers.len, text.len - headers.len - 1),
            value);
    return mesh__fail(MESH_ERR_INVALID, "\"%s\" is no attribute", name);
}

int mesh_attributes_set(mesh_attributes *attributes, const char *name,
                        const char *value, mesh_error *error)
{
    struct mesh_authz_request *request;
    int rc;

    if (!attributes || !name)
        return null_argument(error);
    request = &attributes->request;
    if (!strcmp(name, "source.principal"))
        rc = set_text(attributes, &request->principal_known,
                      &request->principal, value);
    else if (!strcmp(name, "connection.sni"))
        rc = set_text(attributes, &request->sni_known, &request->sni, value);
    else if (!strcmp(name, "source.ip"))
        rc =
            set_ip(&request->source_ip_known, &request->source_ip, name, value);
    else if (!strcmp(name, "remote.ip"))
        rc =
            set_ip(&request->remote_ip_known, &request->remote_ip, name, value);
    else if (!strcmp(name, "destination.ip"))
        rc = set_ip(&request->destination_ip_known, &request->destination_ip,
                    name, value);
    else if (!strcmp(name, "destination.port"))
        rc = set_port(attributes, value);
    else
        rc = set_request(attributes, name, value);
    if (rc == 0 &&
        mesh__slice_starts(mesh__slice_of(name), MESH__SLICE("request.")))
        request->http = true;
    return mesh__error_out(error, rc);
}

/* --- authorize --- */

struct authorize {
    const struct mesh_snapshot *snapshot;
    struct mesh_authz_request request;
    struct mesh_authz_verdict verdict;
    const char *answer; /* allow, deny, reject */
    char reason[512];
    struct mesh_slice path;
    struct mesh__why why;
};

/* What PeerAuthentication and the codec say before any policy looks. */
static int reject(struct authorize *authorize, struct mesh_arena *arena)
{
    const struct mesh_inbound *inbound =
        mesh__snapshot_inbound(authorize->snapshot, authorize->request.port);
    enum mesh_path_verdict verdict;
    char mark[256];

    if (inbound->mtls == MESH__MTLS_STRICT &&
        authorize->request.principal_known != MESH__PRESENT) {
        mesh__mark_print(authorize->snapshot, inbound->mark, mark,
                         sizeof(mark));
        authorize->answer = "reject";
        (void)snprintf(authorize->reason, sizeof(authorize->reason),
                       "mutual TLS is STRICT on this port%s%s%s: plaintext "
                       "is closed without a byte",
                       mark[0] ? " (" : "", mark, mark[0] ? ")" : "");
        return 0;
    }
    if (authorize->request.path_known != MESH__PRESENT)
        return 0;
    verdict =
        mesh__path_normalize(authorize->snapshot->path_mode,
                             authorize->request.path, arena, &authorize->path);
    if (verdict == MESH__PATH_NOMEM)
        return mesh__fail(MESH_ERR_NOMEM, "a path");
    if (verdict != MESH__PATH_OK) {
        authorize->answer = "reject";
        (void)snprintf(authorize->reason, sizeof(authorize->reason),
                       "the path cannot be normalized");
        return 0;
    }
    authorize->request.path = authorize->path;
    return 0;
}

static void judge(struct authorize *authorize)
{
    mesh__authz_check(authorize->snapshot, &authorize->request,
                      &authorize->verdict, &authorize->why);
    authorize->answer = authorize->verdict.allowed ? "allow" : "deny";
    mesh__authz_print(authorize->snapshot, &authorize->request,
                      &authorize->verdict, authorize->reason,
                      sizeof(authorize->reason));
}

static bool is_deny_policy(const struct authorize *authorize)
{
    const struct mesh_authz *authz = &authorize->snapshot->authz;

    return authorize->verdict.policy >= authz->deny &&
           authorize->verdict.policy < authz->deny + authz->deny_count;
}

static void policy_name(const struct mesh_authz_policy *policy, char *out,
                        size_t size)
{
    (void)snprintf(out, size, "%s/%s", policy->namespace_, policy->name);
}

static int authorize_out(struct authorize *authorize,
                         struct mesh_decision *decision)
{
    const struct mesh_authz_verdict *verdict = &authorize->verdict;
    struct mesh_json json;
    char name[512];
    int rc;

    mesh__json_init(&json, &decision->json);
    mesh__json_open(&json, NULL, '{');
    mesh__json_text(&json, "verdict", authorize->answer);
    mesh__json_text(&json, "action",
                    !verdict->policy            ? NULL
                    : is_deny_policy(authorize) ? "DENY"
                                                : "ALLOW");
    if (verdict->policy)
        policy_name(verdict->policy, name, sizeof(name));
    mesh__json_text(&json, "policy", verdict->policy ? name : NULL);
    if (verdict->policy && verdict->rule_matched)
        mesh__json_number(&json, "rule", (int64_t)verdict->rule);
    else
        mesh__json_null(&json, "rule");
    mesh__json_text(&json, "reason", authorize->reason);
    mesh__json_text(&json, "details",
                    verdict->detail[0] ? verdict->detail : NULL);
    mesh__json_string(&json, "normalized_path", authorize->path);
    mesh__json_open(&json, "dry_run", '[');
    if (verdict->shadow_policy) {
        policy_name(verdict->shadow_policy, name, sizeof(name));
        mesh__json_open(&json, NULL, '{');
        mesh__json_text(&json, "policy", name);
        mesh__json_text(&json, "verdict",
                        verdict->shadow_denied ? "deny" : "allow");
        mesh__json_close(&json, '}');
    }
    mesh__json_close(&json, ']');
    mesh__json_open(&json, "rules", '[');
    for (size_t i = 0; i < authorize->why.count; i++) {
        const struct mesh__why_step *step = &authorize->why.steps[i];

        mesh__json_open(&json, NULL, '{');
        mesh__json_text(&json, "what", step->what);
        mesh__json_text(&json, "name", step->name);
        mesh__json_bool(&json, "matched", step->matched);
        mesh__json_text(&json, "reason", step->reason);
        mesh__reach_where(authorize->snapshot, step->mark, &json);
        mesh__json_close(&json, '}');
    }
    mesh__json_close(&json, ']');
    mesh__json_close(&json, '}');
    rc = mesh__buffer_format(&decision->text, "verdict  %s\nreason   %s\n",
                             authorize->answer, authorize->reason);
    return rc < 0 ? rc : seal(decision, &json);
}

static int authorize_with(struct mesh_workload *workload,
                          const struct mesh_attributes *attributes,
                          struct mesh_decision *decision)
{
    struct mesh_snapshot *snapshot = mesh__workload_snapshot(workload);
    struct authorize authorize = { .snapshot = snapshot,
                                   .request = attributes->request,
                                   .path = { "", 0 } };
    struct mesh_arena arena;
    int rc;

    mesh__arena_init(&arena, MESH__CLIENT_ARENA);
    mesh__why_init(&authorize.why);
    rc = reject(&authorize, &arena);
    if (rc == 0 && !authorize.answer)
        judge(&authorize);
    if (rc == 0)
        rc = whole(&authorize.why);
    if (rc == 0)
        rc = authorize_out(&authorize, decision);
    if (rc == 0 && strcmp(authorize.answer, "allow") != 0)
        rc = mesh__fail(MESH_ERR_DENIED, "%s", authorize.reason);
    mesh__why_fini(&authorize.why);
    mesh__arena_fini(&arena);
    mesh__snapshot_unref(snapshot);
    return rc;
}

int mesh_authorize(mesh_workload *workload, const mesh_attributes *attributes,
                   mesh_decision **out, mesh_error *error)
{
    struct mesh_decision *decision;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !attributes || !out)
        return null_argument(error);
    rc = mesh__workload_check(workload);
    if (rc < 0)
        return mesh__error_out(error, rc);
    decision = mesh__decision_new();
    rc = decision ? authorize_with(workload, attributes, decision)
                  : MESH_ERR_NOMEM;
    if (rc == 0 || rc == MESH_ERR_DENIED)
        *out = decision;
    else
        mesh_decision_free(decision);
    return mesh__error_out(error, rc);
}
