/*
 * act.c - what a rule does with a call before any server is asked: faults,
 * CORS, and answers of its own.
 *
 * In the order of Envoy's filters: fault, cors, router. Declines to know how
 * an answer is put together.
 */
#include "client/inside.h"

#include "base/error.h"
#include "traffic/cors.h"
#include "traffic/fault.h"
#include "traffic/rewrite.h"
#include "value/duration.h"

static struct mesh_loop *loop_of(const struct mesh_client *client)
{
    return client->env->link->loop;
}

static bool drawn(const struct mesh_client *client, uint32_t share)
{
    return share &&
           mesh__share_drawn(share, mesh__loop_random(loop_of(client)));
}

static enum mesh_answer out_of_memory(struct mesh_client *client)
{
    mesh__outcome_only(client, MESH_ERR_NOMEM, "out of memory");
    return MESH__DONE;
}

/* --- faults --- */

/* Once, and before the abort is drawn; waits on the back-off's timer. */
static enum mesh_answer delay(struct mesh_client *client,
                              const struct mesh_fault *fault)
{
    if (client->delayed)
        return MESH__NEXT;
    client->delayed = true;
    if (!drawn(client, fault->delay_share) || fault->delay_ns == 0)
        return MESH__NEXT;
    mesh__flags_set(&client->outcome.flags, MESH__FLAG_DI);
    if (mesh__loop_set_timer(loop_of(client), &client->backoff,
                             mesh__time_add(mesh__loop_now(loop_of(client)),
                                            fault->delay_ns)) < 0)
        return out_of_memory(client);
    return MESH__WAIT;
}

static enum mesh_answer fail(struct mesh_client *client,
                             const struct mesh_fault *fault)
{
    const struct mesh_local local = {
        .code = MESH_ERR_LOCAL_RESPONSE,
        .status = fault->abort_status ? fault->abort_status : 200,
        .grpc = fault->abort_grpc,
        .details = "fault_filter_abort",
        .body = MESH__SLICE("fault filter abort"),
    };

    if (!drawn(client, fault->abort_share))
        return MESH__NEXT;
    mesh__flags_set(&client->outcome.flags, MESH__FLAG_FI);
    (void)mesh__fail(MESH_ERR_LOCAL_RESPONSE, "the rule injects a fault");
    mesh__reply_locally(client, &local);
    return MESH__DONE;
}

/* --- CORS --- */

static enum mesh_answer preflight(struct mesh_client *client,
                                  const struct mesh_cors *cors)
{
    const struct mesh_local local = {
        .code = MESH_ERR_LOCAL_RESPONSE,
        .status = 200,
        .details = "cors_response",
        .cors = cors,
    };

    mesh__cors_check(cors, &client->head, &client->cors);
    if (!client->cors.answered)
        return MESH__NEXT;
    (void)mesh__fail(MESH_ERR_LOCAL_RESPONSE,
                     "the rule's CORS policy answers preflights");
    mesh__reply_locally(client, &local);
    return MESH__DONE;
}

/* --- answers of its own --- */

static bool names_a_place(unsigned status)
{
    return status == 201 || (status >= 300 && status <= 399);
}

static enum mesh_answer answer(struct mesh_client *client)
{
    const struct mesh_actions *actions = client->route.rule->actions;
    struct mesh_local local = { .code = MESH_ERR_LOCAL_RESPONSE,
                                .details = "direct_response" };

    if (actions->redirect) {
        local.status = actions->redirect->status;
    } else {
        local.status = actions->direct->status;
        local.body = actions->direct->body;
    }
    if (names_a_place(local.status) &&
        !mesh__redirect_uri(actions->redirect, &client->head,
                            client->route.target, &client->arena,
                            &local.location))
        return out_of_memory(client);
    (void)mesh__fail(MESH_ERR_LOCAL_RESPONSE, "the rule answers by itself");
    mesh__reply_locally(client, &local);
    return MESH__DONE;
}

/* The router's turn: its clock runs from now on. */
static enum mesh_answer go_on(struct mesh_client *client)
{
    switch (client->route.outcome) {
    case MESH__ROUTE_REDIRECT:
    case MESH__ROUTE_DIRECT:
        return answer(client);
    case MESH__ROUTE_OK:
        break;
    default:
        return mesh__client_refuse(client);
    }
    if (client->given_all && mesh__pump_body(client) < 0)
        return mesh__attempt_failed(client, MESH__FAILURE_LOCAL,
                                    MESH_ERR_NOMEM);
    return MESH__NEXT;
}

enum mesh_answer mesh__step_act(struct mesh_client *client)
{
    const struct mesh_actions *actions = client->route.rule->actions;
    enum mesh_answer next = MESH__NEXT;

    if (client->backoff.place)
        return MESH__WAIT; /* the delay is not over */
    if (actions && actions->fault)
        next = delay(client, actions->fault);
    if (next == MESH__NEXT && actions && actions->fault)
        next = fail(client, actions->fault);
    if (next == MESH__NEXT && actions && actions->cors)
        next = preflight(client, actions->cors);
    return next == MESH__NEXT ? go_on(client) : next;
}
