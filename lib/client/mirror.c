/*
 * mirror.c - copies of a call: made beside it, and sent for nobody.
 *
 * A copy is a request of its own that goes as it is, once; what comes back is
 * thrown away. Declines to know who drives it, and how many there may be.
 */
#include "client/inside.h"

#include "base/alloc.h"
#include "base/error.h"
#include "traffic/fault.h"

/* --- making them --- */

/* A span that nobody exports: the copy is not traced, but its trace goes on. */
static int mark_trace(struct mesh_client *client, struct mesh_head *head)
{
    struct mesh_trace trace = client->trace;
    uint64_t span;
    char *text;

    if (!client->traced)
        return 0;
    span = mesh__loop_random(client->env->link->loop) | 1;
    memcpy(trace.span_id, &span, sizeof(trace.span_id));
    trace.sampled = false;
    text = mesh__arena_alloc(&client->arena, MESH__TRACEPARENT_LEN + 1);
    if (!text)
        return MESH_ERR_NOMEM;
    mesh__trace_print(&trace, text);
    return mesh__head_edit(head, &client->arena, MESH__EDIT_SET,
                           mesh__header_name(MESH__H_TRACEPARENT),
                           mesh__slice_of(text));
}

static struct mesh_slice body_of(const struct mesh_client *client)
{
    if (client->request->streamed)
        return mesh__buffer_slice(&client->given);
    return mesh__slice(client->request->body, client->request->body_bytes);
}

static int make_copy(struct mesh_client *client,
                     const struct mesh_mirror *mirror,
                     const struct mesh_head *head,
                     struct mesh_client_request **out)
{
    const struct mesh_destination *to = mirror->destination;
    struct mesh_client_request *copy;
    int rc = mesh__request_copy(head, body_of(client), out);

    if (rc < 0)
        return rc;
    copy = *out;
    copy->is_copy = true;
    copy->timeout_ns = client->route.timeout_ns;
    copy->to_port = to->port;
    copy->to_host = mesh__arena_strdup(&copy->arena, to->host);
    copy->to_subset = mesh__arena_strdup(&copy->arena, to->subset);
    if (copy->to_host && copy->to_subset)
        return 0;
    mesh__request_unref(copy);
    *out = NULL;
    return MESH_ERR_NOMEM;
}

/* Memory that is out costs the copy, never the call. */
static void send_copies(struct mesh_client *client,
                        const struct mesh_actions *actions)
{
    struct mesh_head head;
    int rc = mesh__edit_request(client, &head);

    if (rc == 0)
        rc = mark_trace(client, &head);
    for (size_t i = 0; rc == 0 && i < actions->mirror_count; i++) {
        const struct mesh_mirror *mirror = &actions->mirrors[i];
        struct mesh_client_request *copy;

        if (!mirror->destination ||
            !mesh__share_drawn(mirror->share, client->draw))
            continue;
        rc = make_copy(client, mirror, &head, &copy);
        if (rc == 0)
            client->env->mirror(client->env->user, copy);
    }
    mesh__error_clear();
}

void mesh__mirror(struct mesh_client *client)
{
    const struct mesh_actions *actions = client->route.rule->actions;

    if (!actions || actions->mirror_count == 0 || client->mirrored ||
        !client->env->mirror || client->complete_ns == 0 ||
        client->outcome.attempts == 0)
        return;
    client->mirrored = true;
    if (client->replayable)
        send_copies(client, actions);
}

/* --- sending them --- */

struct copy {
    struct mesh_task task;
    struct mesh_client *client;
    void (*on_end)(void *user);
    void *user;
};

static void end(struct copy *copy)
{
    void (*on_end)(void *user) = copy->on_end;
    void *user = copy->user;

    mesh__client_free(copy->client);
    mesh__free(copy);
    on_end(user);
    mesh__error_clear();
}

static void on_task(struct mesh_task *task)
{
    struct copy *copy = MESH__OF(task, struct copy, task);

    if (copy->client->ended)
        end(copy);
    else if (copy->client->piece.len)
        mesh__client_taken(copy->client);
}

/* What comes back is thrown away, later: a call may not end inside its news. */
static void on_news(struct mesh_client *client)
{
    struct copy *copy = client->owner;

    if (client->ended || client->piece.len)
        mesh__loop_defer(client->env->link->loop, &copy->task);
}

int mesh__copy_start(struct mesh_client_env *env,
                     struct mesh_client_request *request,
                     void (*on_end)(void *user), void *user)
{
    struct copy *copy = mesh__calloc(1, sizeof(*copy));
    int rc = copy ? mesh__client_new(env, request, on_news, copy, &copy->client)
                  : mesh__fail(MESH_ERR_NOMEM, "a copy");

    mesh__request_unref(request);
    if (rc < 0) {
        mesh__free(copy);
        return rc;
    }
    mesh__task_init(&copy->task, on_task);
    copy->on_end = on_end;
    copy->user = user;
    mesh__client_start(copy->client);
    return 0;
}

void mesh__copies_end(struct mesh_client_env *env)
{
    struct mesh_node *node = env->exchanges.next;

    while (node != &env->exchanges) {
        struct mesh_client *client = MESH__OF(node, struct mesh_client, node);

        node = node->next;
        if (!client->request->is_copy || client->released)
            continue;
        mesh__loop_drop(env->link->loop, &((struct copy *)client->owner)->task);
        end(client->owner);
    }
}
