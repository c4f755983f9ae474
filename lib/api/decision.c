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
    mesh__routing_fini(&decision->routing);
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
    struct mesh_asked *asked;
    struct mesh_route route;
    struct mesh_stream_choice stream; /* of a stream, beside route */
    uint64_t draw;                    /* the route's */
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

/* The rule that was found, of whichever kind. */
static struct mesh_mark rule_mark(const struct explain *explain)
{
    static const struct mesh_mark none;

    if (explain->route.rule)
        return explain->route.rule->mark;
    return explain->stream.rule ? explain->stream.rule->mark : none;
}

static const char *rule_name(const struct explain *explain)
{
    if (explain->route.rule)
        return explain->route.rule->name;
    return explain->stream.rule ? explain->stream.rule->name : NULL;
}

static const char *host_name(const struct explain *explain)
{
    if (explain->route.host)
        return explain->route.host->name;
    return explain->stream.host ? explain->stream.host->name : NULL;
}

static size_t rule_arms(const struct explain *explain,
                        const struct mesh_arm **arms)
{
    const struct mesh_stream_rule *stream = explain->stream.rule;
    const struct mesh_route_rule *rule = explain->route.rule;

    *arms = rule ? rule->arms : stream ? stream->arms : NULL;
    return rule ? rule->arm_count : stream ? stream->arm_count : 0;
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
    const char *rule = rule_name(explain);
    char text[512];

    mesh__json_open(json, NULL, '{');
    mesh__json_text(json, "verdict", verdict_of(explain));
    mesh__mark_print(explain->snapshot, rule_mark(explain), text, sizeof(text));
    mesh__json_text(json, "resource", rule ? text : NULL);
    mesh__json_text(json, "host", host_name(explain));
    mesh__json_text(json, "rule", rule);
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

/* Of a request's rule: how long, and how often again. */
static void explain_bounds(struct explain *explain)
{
    const struct mesh_route_rule *rule = explain->route.rule;
    char text[512];

    if (!rule)
        return;
    if (explain->route.timeout_ns)
        say(explain, "timeout      %llu ms\n",
            (unsigned long long)(explain->route.timeout_ns / MESH__MS));
    else
        say(explain, "timeout      none\n");
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

static void explain_whither(struct explain *explain)
{
    const struct mesh_destination *destination = explain->route.destination;
    const struct mesh_arm *arms;
    size_t count = rule_arms(explain, &arms);

    if (!destination)
        return;
    say(explain, "destination  %s%s\n", destination->name,
        count > 1 ? " (drawn by weight)" : "");
    for (size_t i = 0; count > 1 && i < count; i++)
        say(explain, "  weight %u  %s\n", (unsigned)arms[i].weight,
            arms[i].destination ? arms[i].destination->name : arms[i].missing);
    if (explain->json.rc == 0)
        explain->json.rc =
            mesh__reach_endpoints_text(&explain->reach, explain->text);
}

static void explain_text(struct explain *explain)
{
    const char *rule = rule_name(explain);
    char text[512];

    say(explain, "verdict      %s\n", verdict_of(explain));
    if (host_name(explain))
        say(explain, "host         %s\n", host_name(explain));
    if (rule) {
        mesh__mark_print(explain->snapshot, rule_mark(explain), text,
                         sizeof(text));
        say(explain, "rule         %s%s%s\n", rule, rule[0] ? "  " : "", text);
    }
    explain_whither(explain);
    explain_bounds(explain);
    if (explain->json.rc == 0)
        explain->json.rc = mesh__acts_text(&explain->route, &explain->acts,
                                           explain->draw, explain->text);
    if (explain->route.destination && explain->json.rc == 0)
        explain->json.rc = mesh__reach_text(&explain->reach, explain->text);
    explain_steps(explain);
}

static void explain_pick(struct explain *explain,
                         const struct mesh_draws *draws)
{
    struct mesh_pick_ask ask = { .now_ns = mesh__kernel_now_ns(),
                                 .draws = draws };
    struct mesh_key key = { 0 };

    mesh__asked_key(explain->asked, explain->snapshot, &explain->route, draws,
                    &key, &explain->why);
    ask.has_key = key.known;
    ask.key = key.hash;
    mesh__pick(explain->route.destination, &ask, &explain->pick, &explain->why);
}

/* Everything that is drawn and found, with the reasons. */
static int explain_find(struct explain *explain, uint64_t seed,
                        struct mesh_arena *arena)
{
    const struct mesh_draws draws = { dice, &seed };
    int rc;

    explain->draw = dice(&seed);
    mesh__asked_route(explain->asked, explain->snapshot, explain->draw, arena,
                      &explain->route, &explain->stream, &explain->why);
    rc = mesh__acts_draw(&explain->route, &explain->asked->head, arena, dice,
                         &seed, &explain->acts);
    if (rc == 0 && explain->route.outcome == MESH__ROUTE_OK &&
        !explain->route.destination->original &&
        !mesh__acts_verdict(&explain->route, &explain->acts))
        explain_pick(explain, &draws);
    if (explain->route.outcome == MESH__ROUTE_NOMEM)
        rc = mesh__fail(MESH_ERR_NOMEM, "a route");
    return rc < 0 ? rc : whole(&explain->why);
}

static int explain_asked(struct mesh_workload *workload,
                         struct mesh_asked *asked, uint64_t seed,
                         struct mesh_decision *decision)
{
    struct explain explain = { .asked = asked, .text = &decision->text };
    struct mesh_arena arena;
    struct mesh_held held;
    int rc = mesh__held_take(workload, &held);

    if (rc < 0)
        return rc;
    explain.snapshot = held.hold->snapshot;
    mesh__arena_init(&arena, MESH__CLIENT_ARENA);
    mesh__why_init(&explain.why);
    mesh__json_init(&explain.json, &decision->json);
    rc = explain_find(&explain, seed, &arena);
    explain.reach = (struct mesh_reach){
        .snapshot = explain.snapshot,
        .destination = explain.route.destination,
        .picked = explain.pick.endpoint,
        .is_stream = asked->is_stream,
    };
    if (rc == 0) {
        explain_json(&explain);
        explain_text(&explain);
        rc = seal(decision, &explain.json);
    }
    mesh__why_fini(&explain.why);
    mesh__arena_fini(&arena);
    mesh__held_done(&held);
    return rc;
}

static int explain_into(struct mesh_workload *workload,
                        struct mesh_asked *asked, int64_t seed,
                        mesh_decision **out)
{
    struct mesh_decision *decision = mesh__decision_new();
    int rc = decision ? explain_asked(workload, asked, (uint64_t)seed, decision)
                      : MESH_ERR_NOMEM;

    if (rc < 0)
        mesh_decision_free(decision);
    else
        *out = decision;
    return rc;
}

int mesh_explain(mesh_workload *workload, const mesh_request *request,
                 int64_t seed, mesh_decision **out, mesh_error *error)
{
    struct mesh_asked asked;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !request || !out)
        return null_argument(error);
    rc = mesh__workload_check(workload);
    if (rc < 0)
        return mesh__error_out(error, rc);
    mesh__asked_of_request(request->request, &asked);
    return mesh__error_out(error, explain_into(workload, &asked, seed, out));
}

int mesh_explain_attributes(mesh_workload *workload,
                            const mesh_attributes *attributes, int64_t seed,
                            mesh_decision **out, mesh_error *error)
{
    struct mesh_asked asked;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !attributes || !out)
        return null_argument(error);
    rc = mesh__workload_check(workload);
    if (rc == 0)
        rc = mesh__asked_of_attributes(attributes, &asked);
    if (rc == 0)
        rc = explain_into(workload, &asked, seed, out);
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
    struct authorize authorize = { .request = attributes->request,
                                   .path = { "", 0 } };
    struct mesh_arena arena;
    struct mesh_held held;
    int rc = mesh__held_take(workload, &held);

    if (rc < 0)
        return rc;
    authorize.snapshot = held.hold->snapshot;
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
    mesh__held_done(&held);
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
