/*
 * await.c - exchanges that wait for names: their destination's, to which no
 * answer has come yet, or that of the address they were sent to.
 *
 * Both waits end within the destination's connect timeout. Declines to know
 * who asks for a destination's names: a newer snapshot has the answers.
 */
#include "client/inside.h"
#include "client/plain.h"

#include "base/error.h"
#include "value/duration.h"

static struct mesh_loop *loop_of(const struct mesh_client *client)
{
    return client->env->link->loop;
}

/* How long names are waited for, and on; false when the time is over. */
static bool wait_on(struct mesh_client *client)
{
    uint64_t now_ns = mesh__loop_now(loop_of(client));
    uint64_t until_ns;

    if (client->awaited_ns == 0)
        client->awaited_ns = now_ns;
    until_ns =
        mesh__time_add(client->awaited_ns,
                       client->route.destination->breakers.connect_timeout_ns);
    if (now_ns >= until_ns)
        return false;
    if (mesh__loop_set_timer(loop_of(client), &client->backoff, until_ns) < 0) {
        mesh__error_clear();
        return false;
    }
    return true;
}

static void stop_waiting(struct mesh_client *client)
{
    client->awaits_names = false;
    client->awaited_ns = 0;
    mesh__loop_cancel_timer(loop_of(client), &client->backoff);
}

/* --- the destination's own names --- */

bool mesh__await_names(struct mesh_client *client)
{
    if (client->route.destination->unresolved && wait_on(client)) {
        client->awaits_names = true;
        return true;
    }
    stop_waiting(client);
    return false;
}

/* The first who waits with an older snapshot. */
static struct mesh_client *next_waiting(struct mesh_client_env *env)
{
    for (struct mesh_node *node = env->exchanges.next; node != &env->exchanges;
         node = node->next) {
        struct mesh_client *client = MESH__OF(node, struct mesh_client, node);

        if (client->awaits_names && client->hold != env->hold)
            return client;
    }
    return NULL;
}

/* They have decided nothing yet: they begin anew with what is in force. */
void mesh__await_renewed(struct mesh_task *task)
{
    struct mesh_client_env *env =
        MESH__OF(task, struct mesh_client_env, renewed);
    struct mesh_client *client;

    while ((client = next_waiting(env))) {
        struct mesh_hold *old = client->hold;

        client->hold = mesh__hold_use(env->hold);
        mesh__hold_done(old);
        mesh__client_run(client);
    }
    mesh__plain_renewed(env);
}

void mesh__client_env_renewed(struct mesh_client_env *env)
{
    if (next_waiting(env) || !mesh__list_empty(&env->plains))
        mesh__loop_defer(env->link->loop, &env->renewed);
}

/* --- the original destination --- */

static void on_answer(struct mesh_lookup *lookup)
{
    struct mesh_origin_lookup *asked =
        MESH__OF(lookup, struct mesh_origin_lookup, lookup);

    mesh__client_run(asked->user);
}

static enum mesh_answer not_found(struct mesh_client *client, int code)
{
    enum mesh_failure failure = code == MESH_ERR_NOMEM ||
                                        code == MESH_ERR_FILES ||
                                        code == MESH_ERR_SYSTEM
                                    ? MESH__FAILURE_LOCAL
                                    : MESH__FAILURE_NAME;

    mesh__origin_drop(&client->origin);
    return mesh__attempt_failed(client, failure,
                                failure == MESH__FAILURE_NAME ? MESH_ERR_RESOLVE
                                                              : code);
}

enum mesh_answer mesh__pick_original(struct mesh_client *client)
{
    const struct mesh_client_request *request = client->request;
    const struct mesh_destination *destination = client->route.destination;
    const struct mesh_address given = mesh__original_given(
        destination, &request->address, request->host, client->draw);
    uint64_t now_ns = mesh__loop_now(loop_of(client));
    int rc = mesh__origin_find(&client->origin, client->env->link, &given,
                               &client->env->from, request->host, request->port,
                               &client->arena, on_answer, client);

    if (rc == MESH_ERR_WOULD_BLOCK) {
        if (wait_on(client))
            return MESH__WAIT;
        rc = mesh__fail(MESH_ERR_TIMEOUT, "%.*s: no answer for this name",
                        (int)request->host.len, request->host.at);
    }
    stop_waiting(client);
    if (rc < 0)
        return not_found(client, rc);
    mesh__original_done(destination, &client->pick, now_ns);
    rc = mesh__original_pick(destination, &client->origin.address, now_ns,
                             &client->arena, &client->pick);
    if (rc == MESH_ERR_OVERFLOW)
        return mesh__attempt_failed(client, MESH__FAILURE_OVERFLOW, rc);
    return rc < 0 ? mesh__attempt_failed(client, MESH__FAILURE_LOCAL, rc)
                  : MESH__NEXT;
}
