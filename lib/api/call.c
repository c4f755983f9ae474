/*
 * call.c - mesh_call and mesh_send: a request in flight.
 *
 * Blocking is stepping the call's loop until it has news; there is no second
 * implementation.
 */
#include "api/inside.h"

#include "base/alloc.h"
#include "value/duration.h"

#include <stdio.h>

static int null_argument(mesh_error *error)
{
    return mesh__error_out(error,
                           mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
}

/* Forked, or a call of the parent's in its child. */
static int check(const struct mesh_call *call)
{
    const struct mesh_workload *workload = call->lane->workload;
    int rc = mesh__workload_check(workload);

    if (rc == 0 && call->lane->epoch != workload->epoch)
        rc = mesh__fail(MESH_ERR_FORKED, "the call was made before the fork");
    return rc;
}

/* Entered: would next_of say something? */
static bool has_news(void *user)
{
    const struct mesh_call *call = user;
    const struct mesh_client *client = call->client;

    return client->ended || client->piece.len ||
           (client->head_ready && !call->head_told) ||
           mesh__client_room(client) > 0;
}

/* Entered: the exchange went on. */
static void on_news(struct mesh_client *client)
{
    struct mesh_call *call = client->owner;

    if (!has_news(call))
        return;
    mesh__list_remove(&call->news);
    mesh__list_push_back(&call->lane->news, &call->news);
}

static int take_lane(struct mesh_workload *workload, struct mesh_loop *loop,
                     struct mesh_lane **out)
{
    if (!loop)
        return mesh__lane_borrow(workload, out);
    *out = mesh__lane_ref(mesh__lane_of(loop));
    return 0;
}

static bool is_quiet(void *user)
{
    const struct mesh_lane *lane = user;

    return !lane->client.active;
}

/* A turn under way for a cancelled wait comes soon; it must find us. */
static void settle_lane(struct mesh_lane *lane)
{
    while (!is_quiet(lane))
        (void)mesh__loop_await(lane->loop, MESH__S, is_quiet, lane);
}

/* A lane of the call's own goes back empty. Not entered. */
static void leave_lane(struct mesh_lane *lane, bool own)
{
    if (!own) {
        mesh__lane_unref(lane);
        return;
    }
    settle_lane(lane);
    mesh__error_clear();
    mesh__lane_give_back(lane);
}

/* Entered. */
static int call_new(struct mesh_lane *lane,
                    const struct mesh_client_request *request,
                    struct mesh_call **out)
{
    struct mesh_client *client;
    struct mesh_call *call;
    int rc = mesh__client_new(&lane->client, request, on_news, NULL, &client);

    if (rc < 0)
        return rc;
    call = mesh__arena_alloc(&client->arena, sizeof(*call));
    if (!call) {
        mesh__client_free(client);
        return MESH_ERR_NOMEM;
    }
    client->owner = call;
    mesh__list_init(&call->news);
    call->lane = lane;
    call->client = client;
    call->tag = request->tag;
    *out = call;
    return 0;
}

int mesh_call_new(mesh_workload *workload, mesh_loop *loop,
                  const mesh_request *request, mesh_call **out,
                  mesh_error *error)
{
    struct mesh_lane *lane;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !request || !out)
        return null_argument(error);
    if (loop && mesh__lane_of(loop)->workload != workload)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID,
                              "the loop belongs to another workload"));
    rc = mesh__workload_check_open(workload);
    if (rc < 0)
        return mesh__error_out(error, rc);
    rc = take_lane(workload, loop, &lane);
    if (rc < 0)
        return mesh__error_out(error, rc);
    mesh__loop_enter(lane->loop);
    rc = call_new(lane, request->request, out);
    mesh__loop_leave(lane->loop);
    if (rc < 0)
        leave_lane(lane, !loop);
    else
        (*out)->own_lane = !loop;
    return mesh__error_out(error, rc);
}

int mesh_call_start(mesh_call *call, mesh_error *error)
{
    int rc;

    if (!call)
        return null_argument(error);
    rc = check(call);
    if (rc == 0 && call->started)
        rc = mesh__fail(MESH_ERR_STATE, "the call was started already");
    if (rc == 0) {
        call->started = true;
        mesh__loop_enter(call->lane->loop);
        mesh__client_start(call->client);
        mesh__loop_leave(call->lane->loop);
    }
    return mesh__error_out(error, rc);
}

/* Entered: the response as far as it is known, made once. */
static int make_response(struct mesh_call *call)
{
    int rc;

    if (call->has_response || call->client->outcome.status == 0)
        return 0;
    rc = mesh__response_fill(&call->response, &call->client->outcome,
                             &call->client->arena);
    if (rc == 0)
        call->has_response = true;
    return rc;
}

/* Entered. */
static int next_of(struct mesh_call *call)
{
    struct mesh_client *client = call->client;

    if (client->head_ready && !call->head_told) {
        if (make_response(call) < 0)
            return MESH_ERR_NOMEM;
        call->head_told = true;
        return MESH_CALL_HEAD;
    }
    if (client->piece.len ||
        (client->ended && client->outcome.local && client->outcome.body.len))
        return MESH_CALL_BODY;
    if (client->ended)
        return MESH_CALL_DONE;
    if (call->started && mesh__client_room(client))
        return MESH_CALL_WRITABLE;
    return MESH_CALL_NOTHING;
}

int mesh_call_next(mesh_call *call, mesh_error *error)
{
    int rc;

    if (!call)
        return null_argument(error);
    rc = check(call);
    if (rc == 0) {
        mesh__loop_visit(call->lane->loop);
        rc = next_of(call);
        if (rc == MESH_CALL_NOTHING || rc == MESH_CALL_DONE)
            mesh__list_remove(&call->news); /* it was told everything */
        mesh__loop_leave(call->lane->loop);
    }
    (void)mesh__error_out(error, rc < 0 ? rc : 0);
    return rc;
}

int mesh_call_wait(mesh_call *call, int64_t timeout_ms, mesh_error *error)
{
    int64_t deadline_ns = mesh__deadline_of(timeout_ms);
    int rc;

    if (!call)
        return null_argument(error);
    rc = check(call);
    if (rc == 0 && !call->started)
        rc = mesh__fail(MESH_ERR_STATE, "the call was not started");
    while (rc == 0) {
        uint64_t left_ns;
        bool awaits;

        mesh__loop_enter(call->lane->loop);
        rc = next_of(call);
        awaits = call->client->awaits_names;
        mesh__loop_leave(call->lane->loop);
        if (rc != MESH_CALL_NOTHING)
            break;
        left_ns = mesh__left_ns(deadline_ns);
        if (left_ns == 0) {
            rc = mesh__fail(MESH_ERR_TIMEOUT, "no news in %lld ms",
                            (long long)timeout_ms);
            break;
        }
        if (awaits)
            left_ns = mesh__help_keeper(call->lane, left_ns);
        rc = mesh__loop_await(call->lane->loop, left_ns, has_news, call);
        if (rc > 0)
            rc = 0;
    }
    (void)mesh__error_out(error, rc < 0 ? rc : 0);
    return rc;
}

int mesh_call_write(mesh_call *call, const void *data, size_t size,
                    size_t *written, mesh_error *error)
{
    int rc;

    if (written)
        *written = 0;
    if (!call || !written || (!data && size))
        return null_argument(error);
    rc = check(call);
    if (rc == 0 && !call->started)
        rc = mesh__fail(MESH_ERR_STATE, "the call was not started");
    if (rc == 0) {
        mesh__loop_enter(call->lane->loop);
        rc = mesh__client_write(call->client, data, size, written);
        mesh__loop_leave(call->lane->loop);
    }
    return mesh__error_out(error, rc);
}

int mesh_call_end(mesh_call *call, mesh_error *error)
{
    int rc;

    if (!call)
        return null_argument(error);
    rc = check(call);
    if (rc == 0) {
        mesh__loop_enter(call->lane->loop);
        rc = mesh__client_end(call->client);
        mesh__loop_leave(call->lane->loop);
    }
    return mesh__error_out(error, rc);
}

int mesh_call_read(mesh_call *call, void *data, size_t size, size_t *got,
                   mesh_error *error)
{
    int rc;

    if (got)
        *got = 0;
    if (!call || !got || !data || !size)
        return null_argument(error);
    rc = check(call);
    if (rc == 0) {
        mesh__loop_enter(call->lane->loop);
        rc = mesh__client_read(call->client, data, size, got);
        mesh__loop_leave(call->lane->loop);
    }
    return mesh__error_out(error, rc);
}

void mesh_call_cancel(mesh_call *call)
{
    struct mesh_loop *loop;

    if (!call || check(call) < 0) {
        mesh__error_clear();
        return;
    }
    loop = call->lane->loop;
    mesh__loop_enter(loop);
    mesh__client_cancel(call->client, MESH_ERR_CANCELLED,
                        "the call was cancelled");
    mesh__loop_wake(loop);
    mesh__loop_leave(loop); /* who waited for the end may free the call now */
}

void mesh_call_free(mesh_call *call)
{
    struct mesh_lane *lane;
    bool own;

    if (!call)
        return;
    if (check(call) == 0) {
        lane = call->lane;
        own = call->own_lane;
        mesh__loop_enter(lane->loop);
        mesh__list_remove(&call->news);
        mesh__client_free(call->client); /* and the call with it */
        mesh__loop_leave(lane->loop);
        leave_lane(lane, own);
    }
    mesh__error_clear();
}

int mesh_call_code(const mesh_call *call)
{
    int code;

    if (!call)
        return MESH_ERR_INVALID;
    mesh__loop_visit(call->lane->loop);
    code =
        call->client->ended ? call->client->outcome.code : MESH_ERR_WOULD_BLOCK;
    mesh__loop_leave(call->lane->loop);
    return code;
}

const char *mesh_call_message(const mesh_call *call)
{
    return call ? call->client->outcome.line : "";
}

int mesh_call_sent(const mesh_call *call)
{
    int sent;

    if (!call)
        return MESH_SENT_NEVER;
    mesh__loop_visit(call->lane->loop);
    sent = (int)call->client->outcome.sent;
    mesh__loop_leave(call->lane->loop);
    return sent;
}

int64_t mesh_call_tag(const mesh_call *call)
{
    return call ? call->tag : 0;
}

const mesh_response *mesh_call_response(const mesh_call *call)
{
    return call && call->has_response ? &call->response : NULL;
}

/* --- mesh_send --- */

static bool send_done(void *user)
{
    const struct mesh_client *client = user;

    return client->ended || client->piece.len;
}

/* Entered: move what has come into the response's body. */
static int gather(struct mesh_client *client, struct mesh_buffer *body,
                  size_t ceiling)
{
    while (client->piece.len) {
        int rc;

        if (body->len + client->piece.len > ceiling)
            return mesh__fail(MESH_ERR_TOO_LARGE,
                              "the response's body is larger than %zu bytes",
                              ceiling);
        rc = mesh__buffer_append(body, client->piece.at, client->piece.len);
        if (rc < 0)
            return rc;
        mesh__client_taken(client);
    }
    return 0;
}

static int drive(struct mesh_lane *lane, struct mesh_client *client,
                 struct mesh_buffer *body)
{
    size_t ceiling =
        (size_t)lane->workload->settings.limits[MESH_LIMIT_RESPONSE_BYTES];
    uint64_t wait_ns;
    bool awaits;
    int rc = 0;

    for (;;) {
        rc = gather(client, body, ceiling);
        if (rc < 0 || client->ended)
            return rc;
        wait_ns = MESH__NEVER;
        awaits = client->awaits_names;
        mesh__loop_leave(lane->loop);
        if (awaits)
            wait_ns = mesh__help_keeper(lane, wait_ns);
        rc = mesh__loop_step(lane->loop, wait_ns, send_done, client);
        mesh__loop_enter(lane->loop);
        if (rc < 0)
            return rc;
    }
}

/* Entered: what the caller gets to keep. */
static int finish_send(struct mesh_client *client, struct mesh_buffer *body,
                       mesh_response **out)
{
    struct mesh_client_outcome *outcome = &client->outcome;
    struct mesh_response *response = NULL;
    int code = outcome->code;
    int rc = 0;

    if (outcome->status) {
        response = mesh__calloc(1, sizeof(*response));
        rc = response ? mesh__response_fill(response, outcome, NULL)
                      : mesh__fail(MESH_ERR_NOMEM, "a response");
    }
    if (rc < 0) {
        mesh__free(response);
        return rc;
    }
    if (response) {
        if (outcome->local)
            rc = mesh__buffer_append(body, outcome->body.at, outcome->body.len);
        if (rc == 0)
            rc = mesh__buffer_append(body, "", 1);
        if (rc < 0) {
            mesh_response_free(response);
            return rc;
        }
        body->len--;
        response->body = *body;
        *body = (struct mesh_buffer){ 0 };
        *out = response;
    }
    return code == MESH_OK ? 0 : mesh__fail(code, "%s", outcome->line);
}

static int send_on(struct mesh_lane *lane,
                   const struct mesh_client_request *request,
                   mesh_response **out)
{
    struct mesh_buffer body;
    struct mesh_client *client;
    int rc;

    mesh__buffer_init(&body, SIZE_MAX / 2);
    mesh__loop_enter(lane->loop);
    rc = mesh__client_new(&lane->client, request, NULL, NULL, &client);
    if (rc == 0) {
        mesh__client_start(client);
        rc = drive(lane, client, &body);
        if (rc == 0 || client->ended)
            rc = rc < 0 ? rc : finish_send(client, &body, out);
        mesh__client_free(client);
    }
    mesh__loop_leave(lane->loop);
    mesh__buffer_fini(&body);
    return rc;
}

int mesh_send(mesh_workload *workload, const mesh_request *request,
              mesh_response **out, mesh_error *error)
{
    char line[MESH_ERROR_LINE];
    struct mesh_lane *lane;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !request || !out)
        return null_argument(error);
    if (request->request->streamed)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID,
                              "a streamed body needs mesh_call_write"));
    rc = mesh__workload_check_open(workload);
    if (rc == 0)
        rc = mesh__lane_borrow(workload, &lane);
    if (rc < 0)
        return mesh__error_out(error, rc);
    rc = send_on(lane, request->request, out);
    (void)snprintf(line, sizeof(line), "%s", mesh__error_line());
    settle_lane(lane);
    mesh__lane_give_back(lane);
    if (rc < 0)
        (void)mesh__fail(rc, "%s", line);
    return mesh__error_out(error, rc);
}
