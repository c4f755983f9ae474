/*
 * life.c - the table of steps, and how an exchange begins, moves and ends.
 *
 * Knows the order of the steps. Declines to know what they decide and move.
 */
#include "client/inside.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

#include <stdio.h>

static const struct {
    const char *name;
    enum mesh_answer (*run)(struct mesh_client *client);
} steps[] = {
    [MESH__STEP_ROUTE] = { "route", mesh__step_route },
    [MESH__STEP_ACT] = { "act", mesh__step_act },
    [MESH__STEP_PICK] = { "pick", mesh__step_pick },
    [MESH__STEP_LINK] = { "link", mesh__step_link },
    [MESH__STEP_SEND] = { "send", mesh__step_send },
    [MESH__STEP_AWAIT] = { "await", mesh__step_await },
    [MESH__STEP_JUDGE] = { "judge", mesh__step_judge },
    [MESH__STEP_DELIVER] = { "deliver", mesh__step_deliver },
    [MESH__STEP_RECORD] = { "record", mesh__step_record },
};

static void discard(struct mesh_client *client);

void mesh__client_run(struct mesh_client *client)
{
    enum mesh_answer answer = MESH__NEXT;

    if (client->running || client->ended)
        return;
    client->running = true;
    while (client->step != MESH__STEP_END && answer != MESH__WAIT) {
        answer = steps[client->step].run(client);
        switch (answer) {
        case MESH__NEXT:
            client->step++;
            break;
        case MESH__JUDGE:
            client->step = MESH__STEP_JUDGE;
            break;
        case MESH__BACK:
            client->step = MESH__STEP_PICK;
            break;
        case MESH__DONE:
            client->step = MESH__STEP_RECORD;
            break;
        case MESH__WAIT:
            break;
        }
    }
    client->running = false;
    if (client->step == MESH__STEP_END)
        client->ended = true;
    if (client->on_news)
        client->on_news(client);
    if (client->released)
        discard(client);
}

/* --- timers --- */

static struct mesh_loop *loop_of(const struct mesh_client *client)
{
    return client->env->link->loop;
}

/*
 * The attempt ends as failure, or the answer under way is cut: by the route's
 * timeout with UT, as by Envoy.
 */
static void interrupt(struct mesh_client *client, enum mesh_failure failure)
{
    if (client->step == MESH__STEP_DELIVER) {
        mesh__attempt_end(client, false);
        if (failure == MESH__FAILURE_TIMEOUT) {
            mesh__flags_set(&client->outcome.flags, MESH__FLAG_UT);
            client->outcome.details = "response_timeout";
        }
        mesh__outcome_only(client, MESH_ERR_TIMEOUT,
                           "the response took too long");
        client->step = MESH__STEP_RECORD;
    } else {
        (void)mesh__attempt_failed(client, failure, MESH_ERR_TIMEOUT);
        client->step = MESH__STEP_JUDGE;
    }
    mesh__client_run(client);
}

static void on_timeout(struct mesh_timer *timer)
{
    struct mesh_client *client = MESH__OF(timer, struct mesh_client, timeout);

    client->timed_out = true;
    (void)mesh__fail(MESH_ERR_TIMEOUT, "no response within %llu ms",
                     (unsigned long long)(client->route.timeout_ns / MESH__MS));
    interrupt(client, MESH__FAILURE_TIMEOUT);
}

static void on_per_try(struct mesh_timer *timer)
{
    struct mesh_client *client = MESH__OF(timer, struct mesh_client, per_try);

    (void)mesh__fail(MESH_ERR_TIMEOUT, "%s: no response in time for this try",
                     client->outcome.endpoint);
    interrupt(client, MESH__FAILURE_PER_TRY_TIMEOUT);
}

static void on_deadline(struct mesh_timer *timer)
{
    struct mesh_client *client = MESH__OF(timer, struct mesh_client, deadline);

    mesh__client_cancel(client, MESH_ERR_TIMEOUT,
                        "the caller's deadline came first");
}

static void on_backoff(struct mesh_timer *timer)
{
    mesh__client_run(MESH__OF(timer, struct mesh_client, backoff));
}

static void cancel_timers(struct mesh_client *client)
{
    mesh__loop_cancel_timer(loop_of(client), &client->deadline);
    mesh__loop_cancel_timer(loop_of(client), &client->timeout);
    mesh__loop_cancel_timer(loop_of(client), &client->per_try);
    mesh__loop_cancel_timer(loop_of(client), &client->backoff);
}

/* --- birth and death --- */

void mesh__client_env_init(struct mesh_client_env *env, struct mesh_link *link)
{
    *env = (struct mesh_client_env){ .link = link };
    mesh__list_init(&env->spare);
    mesh__list_init(&env->exchanges);
    mesh__list_init(&env->plains);
    mesh__task_init(&env->renewed, mesh__await_renewed);
    mesh__buffer_init(&env->head, link->limits.head_bytes + 4096);
}

void mesh__client_env_fini(struct mesh_client_env *env)
{
    struct mesh_loop *loop = env->link->loop;
    struct mesh_node *node;

    mesh__loop_visit(loop);
    mesh__loop_drop(loop, &env->renewed);
    mesh__names_free(env->link->names);
    env->link->names = NULL;
    mesh__loop_leave(loop);
    while ((node = mesh__list_pop(&env->spare))) {
        struct mesh_client *client = MESH__OF(node, struct mesh_client, node);

        mesh__arena_fini(&client->arena);
        mesh__free(client);
    }
    mesh__buffer_fini(&env->head);
}

/* A zeroed exchange with an empty arena, from the spare ones if any is left. */
static struct mesh_client *blank(struct mesh_client_env *env)
{
    struct mesh_node *node = mesh__list_pop(&env->spare);
    struct mesh_arena arena;
    struct mesh_client *client;

    if (!node) {
        client = mesh__calloc(1, sizeof(*client));
        if (client)
            mesh__arena_init(&client->arena, MESH__CLIENT_ARENA);
        return client;
    }
    env->spare_count--;
    client = MESH__OF(node, struct mesh_client, node);
    arena = client->arena;
    memset(client, 0, sizeof(*client));
    client->arena = arena;
    return client;
}

static void discard(struct mesh_client *client)
{
    struct mesh_client_env *env = client->env;

    if (client->turn_pending || !client->ended)
        return;
    mesh__list_remove(&client->node);
    env->active--;
    mesh__request_unref(client->request);
    mesh__buffer_fini(&client->given);
    mesh__hold_done(client->hold);
    if (env->spare_count >= MESH__CLIENT_SPARE) {
        mesh__arena_fini(&client->arena);
        mesh__free(client);
        return;
    }
    mesh__arena_reset(&client->arena);
    mesh__list_push_front(&env->spare, &client->node);
    env->spare_count++;
}

int mesh__client_new(struct mesh_client_env *env,
                     const struct mesh_client_request *request,
                     void (*on_news)(struct mesh_client *), void *owner,
                     struct mesh_client **out)
{
    struct mesh_client *client = blank(env);

    *out = client;
    if (!client)
        return mesh__fail(MESH_ERR_NOMEM, "a call");
    client->env = env;
    client->request = mesh__request_ref(request);
    client->hold = mesh__hold_use(env->hold);
    client->on_news = on_news;
    client->owner = owner;
    client->outcome.code = MESH_ERR_WOULD_BLOCK;
    client->outcome.endpoint = client->outcome.workload = "";
    client->outcome.principal = client->outcome.protocol = "";
    client->outcome.cipher = client->outcome.destination = "";
    client->outcome.subset = client->outcome.route = "";
    client->outcome.details = "";
    client->given_all = !request->streamed;
    client->replayable =
        request->streamed || request->body_bytes <= MESH__CLIENT_REPLAY;
    mesh__buffer_init(&client->given,
                      MESH__CLIENT_REPLAY + MESH__CLIENT_WATERMARK);
    mesh__waiter_init(&client->waiter, mesh__client_turn);
    mesh__timer_init(&client->deadline, on_deadline);
    mesh__timer_init(&client->timeout, on_timeout);
    mesh__timer_init(&client->per_try, on_per_try);
    mesh__timer_init(&client->backoff, on_backoff);
    mesh__list_push_back(&env->exchanges, &client->node);
    env->active++;
    mesh__count(request->is_copy ? &env->stats.mirrors : &env->stats.calls);
    return 0;
}

void mesh__client_start(struct mesh_client *client)
{
    struct mesh_loop *loop = loop_of(client);

    client->begun = true;
    client->start_ns = mesh__loop_now(loop);
    client->start_wall_ns = mesh__loop_wall(loop);
    if (client->request->deadline_ns &&
        mesh__loop_set_timer(
            loop, &client->deadline,
            mesh__time_add(client->start_ns, client->request->deadline_ns)) <
            0) {
        mesh__client_cancel(client, MESH_ERR_NOMEM, "a timer");
        return;
    }
    mesh__client_run(client);
}

void mesh__client_cancel(struct mesh_client *client, int code, const char *line)
{
    if (client->ended)
        return;
    if (!client->begun) {
        mesh__outcome_only(client, code, line); /* it never began */
        client->ended = true;
        return;
    }
    mesh__attempt_end(client, false);
    mesh__flags_set(&client->outcome.flags, MESH__FLAG_DC);
    client->outcome.details = "downstream_remote_disconnect";
    mesh__outcome_only(client, code, line);
    client->step = MESH__STEP_RECORD;
    cancel_timers(client);
    mesh__client_run(client);
}

void mesh__client_free(struct mesh_client *client)
{
    if (!client)
        return;
    client->on_news = NULL;
    client->released = true;
    if (!client->ended && client->begun) {
        mesh__client_cancel(client, MESH_ERR_CANCELLED, "the call was freed");
        return;
    }
    client->ended = true;
    discard(client);
}

void mesh__client_forked(struct mesh_client *client)
{
    struct mesh_port *port = mesh__loop_port(loop_of(client));

    mesh__origin_drop(&client->origin);
    if (client->stream)
        port->ops->close(port, client->stream->fd, false);
    if (client->counted_active) {
        struct mesh_live *live = mesh__live(client->route.destination);

        mesh__quota_lower(&live->quotas->requests);
        mesh__quota_lower(&client->pick.live->active);
    }
    if (client->route.destination)
        mesh__retry_end(client->route.destination, &client->retry);
}

/* --- the request body, as it is given --- */

size_t mesh__client_room(const struct mesh_client *client)
{
    size_t unsent = mesh__client_unsent(client);

    if (client->ended || client->given_all || !client->request->streamed ||
        client->step > MESH__STEP_DELIVER)
        return 0;
    return unsent < MESH__CLIENT_WATERMARK ? MESH__CLIENT_WATERMARK - unsent
                                           : 0;
}

int mesh__client_write(struct mesh_client *client, const void *data,
                       size_t size, size_t *written)
{
    const struct mesh_head *head = &client->request->head;
    size_t room = mesh__client_room(client);
    int rc;

    *written = 0;
    if (client->ended || client->given_all)
        return mesh__fail(MESH_ERR_STATE, "the request's body has ended");
    if (head->body == MESH__BODY_LENGTH &&
        size > head->body_bytes - client->given_total)
        return mesh__fail(
            MESH_ERR_TOO_LARGE,
            "%zu bytes, of the announced body %llu are left", size,
            (unsigned long long)(head->body_bytes - client->given_total));
    if (room == 0)
        return MESH_ERR_WOULD_BLOCK;
    if (size > room)
        size = room;
    rc = mesh__buffer_append(&client->given, data, size);
    if (rc < 0)
        return rc;
    client->given_total += size;
    *written = size;
    mesh__client_run(client);
    return 0;
}

int mesh__client_end(struct mesh_client *client)
{
    const struct mesh_head *head = &client->request->head;

    if (client->ended || client->given_all)
        return mesh__fail(MESH_ERR_STATE, "the request's body has ended");
    if (head->body == MESH__BODY_LENGTH &&
        client->given_total != head->body_bytes) {
        mesh__client_cancel(client, MESH_ERR_INVALID,
                            "the body is shorter than announced");
        return mesh__fail(MESH_ERR_INVALID,
                          "%llu bytes were given, %llu were announced",
                          (unsigned long long)client->given_total,
                          (unsigned long long)head->body_bytes);
    }
    client->given_all = true;
    mesh__client_run(client);
    return 0;
}

/* --- the response body, as it is taken --- */

bool mesh__client_readable(const struct mesh_client *client)
{
    return client->piece.len > 0 ||
           (client->ended && client->outcome.status != 0);
}

void mesh__client_taken(struct mesh_client *client)
{
    client->piece.len = 0;
    mesh__client_run(client);
}

/* A local answer's body lies in the outcome until it is read. */
static size_t take(struct mesh_slice *from, void *data, size_t size)
{
    size_t len = from->len < size ? from->len : size;

    if (len)
        memcpy(data, from->at, len);
    from->at += len;
    from->len -= len;
    return len;
}

int mesh__client_read(struct mesh_client *client, void *data, size_t size,
                      size_t *got)
{
    *got = 0;
    if (client->piece.len) {
        *got = take(&client->piece, data, size);
        if (client->piece.len == 0)
            mesh__client_run(client);
        return 0;
    }
    if (!client->ended)
        return client->head_ready
                   ? MESH_ERR_WOULD_BLOCK
                   : mesh__fail(MESH_ERR_STATE, "there is no response yet");
    if (client->outcome.local) {
        *got = take(&client->outcome.body, data, size);
        return 0;
    }
    if (client->outcome.code != 0)
        return mesh__fail(client->outcome.code, "%s", client->outcome.line);
    return 0;
}
