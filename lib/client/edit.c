/*
 * edit.c - the head that an attempt sends, and the one that its caller sees.
 *
 * Each attempt starts from the caller's own, in the order of Envoy's router:
 * what a hop adds, the policy's edits, host, path, trace. Declines to know how
 * a head is encoded.
 */
#include "client/inside.h"

#include "base/error.h"
#include "traffic/edit.h"
#include "value/duration.h"
#include "value/grpc.h"

static int set(struct mesh_client *client, struct mesh_head *head,
               enum mesh_header_id id, struct mesh_slice value)
{
    return mesh__head_edit(head, &client->arena, MESH__EDIT_SET,
                           mesh__header_name(id), value);
}

static int drop(struct mesh_client *client, struct mesh_head *head,
                enum mesh_header_id id)
{
    const struct mesh_slice none = { 0 };

    return mesh__head_edit(head, &client->arena, MESH__EDIT_REMOVE,
                           mesh__header_name(id), none);
}

static int set_number(struct mesh_client *client, struct mesh_head *head,
                      enum mesh_header_id id, uint64_t number)
{
    const char *text = mesh__arena_number(&client->arena, number);

    return text ? set(client, head, id, mesh__slice_of(text)) : MESH_ERR_NOMEM;
}

/* --- what this hop adds --- */

/* Our span's context, or, where we trace nothing, the parent's as it came. */
static int edit_trace(struct mesh_client *client, struct mesh_head *head)
{
    static const uint8_t root[sizeof(client->parent_span)];
    const struct mesh_client_request *request = client->request;
    struct mesh_slice line = request->parent_line;
    char *text;
    int rc;

    if (client->traced) {
        text = mesh__arena_alloc(&client->arena, MESH__TRACEPARENT_LEN + 1);
        if (!text)
            return MESH_ERR_NOMEM;
        mesh__trace_print(&client->trace, text);
        line = mesh__slice_of(text);
    }
    if (line.len == 0)
        return 0;
    rc = set(client, head, MESH__H_TRACEPARENT, line);
    /* The state belongs to a parent (W3C section 3.3.1.1). */
    if (client->traced && !memcmp(client->parent_span, root, sizeof(root)))
        return rc == 0 ? drop(client, head, MESH__H_TRACESTATE) : rc;
    if (rc == 0 && request->parent_state.len)
        rc = set(client, head, MESH__H_TRACESTATE, request->parent_state);
    return rc;
}

/* What was left when this attempt began, before it had a connection, as Envoy
 * counts it; 0: as long as it takes. In whole ms. */
static uint64_t expected_ms(const struct mesh_client *client)
{
    uint64_t whole_ns = client->route.timeout_ns;
    uint64_t per_try_ns = client->route.rule->retry.per_try_ns;
    uint64_t begun_ns = client->complete_ns;
    uint64_t gone_ns = begun_ns && client->attempt_ns > begun_ns
                           ? client->attempt_ns - begun_ns
                           : 0;

    if (whole_ns == 0)
        return per_try_ns / MESH__MS;
    whole_ns = gone_ns < whole_ns ? whole_ns - gone_ns : 0;
    if (per_try_ns && per_try_ns < whole_ns)
        whole_ns = per_try_ns;
    return whole_ns < MESH__MS ? 1 : whole_ns / MESH__MS;
}

/* What is decided anew for each attempt. */
static int edit_attempt(struct mesh_client *client, struct mesh_head *head,
                        unsigned attempt)
{
    int rc = set_number(client, head, MESH__H_X_ENVOY_ATTEMPT_COUNT, attempt);
    uint64_t left_ms = client->route.grpc ? expected_ms(client) : 0;
    const char *text;

    if (rc < 0 || left_ms == 0)
        return rc;
    text = mesh__grpc_timeout_print(&client->arena, left_ms);
    return text ? set(client, head, MESH__H_GRPC_TIMEOUT, mesh__slice_of(text))
                : MESH_ERR_NOMEM;
}

/* --- what the policy changes --- */

/* Whom Envoy takes for the caller: the last of x-forwarded-for, if it says. */
struct mesh_address mesh__client_remote(const struct mesh_client *client)
{
    struct mesh_address address;

    return mesh__address_parse_ip(
               mesh__head_last(&client->head, MESH__H_X_FORWARDED_FOR),
               &address)
               ? address
               : client->env->from;
}

static struct mesh_edit_facts facts_of(const struct mesh_client *client,
                                       const struct mesh_head *request,
                                       const struct mesh_head *response)
{
    return (struct mesh_edit_facts){
        .request = request,
        .response = response,
        .remote = mesh__client_remote(client),
        .direct = client->env->from,
        .route_name = client->route.rule->name,
        .cluster = client->outcome.destination,
    };
}

static int edit_lines(struct mesh_client *client,
                      const struct mesh_edits *edits, struct mesh_head *head)
{
    const struct mesh_edit_facts facts = facts_of(client, head, NULL);

    return mesh__edits_apply(edits, &facts, &client->arena, head);
}

/* Of several destinations: its edits come first, and its host leaves no trace.
 */
static int edit_for_arm(struct mesh_client *client, struct mesh_head *head)
{
    const struct mesh_arm *arm = client->route.arm;
    int rc;

    if (!arm || !arm->edits)
        return 0;
    rc = edit_lines(client, &arm->edits->request, head);
    if (arm->edits->authority.len)
        head->authority = arm->edits->authority;
    return rc;
}

struct mesh_slice mesh__client_authority(const struct mesh_client *client)
{
    const struct mesh_actions *actions = client->route.rule->actions;
    const struct mesh_arm *arm = client->route.arm;

    if (actions && actions->edits.authority.len)
        return actions->edits.authority;
    if (arm && arm->edits && arm->edits->authority.len)
        return arm->edits->authority;
    return client->request->head.authority;
}

static int edit_for_rule(struct mesh_client *client, struct mesh_head *head)
{
    static const struct mesh_slice original = { "x-envoy-original-host", 21 };
    const struct mesh_actions *actions = client->route.rule->actions;
    struct mesh_slice authority;
    int rc = 0;

    if (!actions)
        return 0;
    authority = actions->edits.authority;
    rc = edit_lines(client, &actions->edits.request, head);
    if (rc == 0 && authority.len) {
        rc = mesh__head_edit(head, &client->arena, MESH__EDIT_SET, original,
                             head->authority);
        head->authority = authority;
    }
    if (rc == 0 && client->route.rewritten) {
        rc = set(client, head, MESH__H_X_ENVOY_ORIGINAL_PATH, head->path);
        head->path = client->route.target;
    }
    return rc;
}

/* Of a copy: where it comes from (Envoy's asynchronous client). */
static int edit_copy(struct mesh_client *client, struct mesh_head *head)
{
    struct mesh_slice known = { "", 0 };
    char ip[MESH__ADDRESS_TEXT];
    const char *text;

    if (client->upstream_local.family == 0)
        return 0;
    mesh__address_print_ip(&client->upstream_local, ip);
    (void)mesh__head_get(head, MESH__H_X_FORWARDED_FOR, &known);
    text = mesh__arena_format(&client->arena, "%.*s%s%s", (int)known.len,
                              known.at, known.len ? "," : "", ip);
    return text ? set(client, head, MESH__H_X_FORWARDED_FOR,
                      mesh__slice_of(text))
                : MESH_ERR_NOMEM;
}

/* Kept where the edits of the response may want to read it. */
static int keep(struct mesh_client *client, const struct mesh_head *head)
{
    struct mesh_head *sent;

    if (!client->route.rule->actions &&
        !(client->route.arm && client->route.arm->edits))
        return 0;
    sent = mesh__arena_alloc(&client->arena, sizeof(*sent));
    if (!sent)
        return MESH_ERR_NOMEM;
    *sent = *head;
    client->sent = sent;
    return 0;
}

/* The codec writes it; only matches and edits want to read it. */
static int hide_length(struct mesh_client *client, struct mesh_head *head)
{
    static const struct mesh_slice none = { 0 };
    const struct mesh_head whole = *head;
    int rc;

    if (whole.body != MESH__BODY_LENGTH)
        return 0;
    rc = mesh__head_overlay(head, &whole, &client->arena);
    return rc < 0 ? rc
                  : mesh__head_edit(head, &client->arena, MESH__EDIT_REMOVE,
                                    mesh__header_name(MESH__H_CONTENT_LENGTH),
                                    none);
}

int mesh__edit_request(struct mesh_client *client, struct mesh_head *head)
{
    int rc = mesh__head_overlay(head, &client->head, &client->arena);

    if (rc == 0 && client->request->is_copy)
        return edit_copy(client, head);
    head->path = client->route.path;
    if (rc == 0)
        rc = edit_attempt(client, head, 1);
    if (rc == 0)
        rc = edit_for_arm(client, head);
    if (rc == 0)
        rc = edit_for_rule(client, head);
    /* A further attempt changes its number, whatever the policy made of it. */
    if (rc == 0 && client->outcome.attempts > 1)
        rc = edit_attempt(client, head, client->outcome.attempts);
    if (rc == 0)
        rc = edit_trace(client, head);
    if (rc == 0)
        rc = keep(client, head);
    return rc == 0 ? hide_length(client, head) : rc;
}

/* --- the response --- */

int mesh__edit_response(struct mesh_client *client, struct mesh_head *head)
{
    const struct mesh_route_rule *rule = client->route.rule;
    const struct mesh_arm *arm = client->route.arm;
    const struct mesh_edit_facts facts =
        facts_of(client, client->sent ? client->sent : &client->head, head);
    int rc = 0;

    if (arm && arm->edits)
        rc = mesh__edits_apply(&arm->edits->response, &facts, &client->arena,
                               head);
    if (rc == 0 && rule->actions)
        rc = mesh__edits_apply(&rule->actions->edits.response, &facts,
                               &client->arena, head);
    if (rc == 0 && client->cors.allowed)
        rc = mesh__cors_mark(rule->actions->cors, &client->cors, &client->arena,
                             head);
    return rc;
}
