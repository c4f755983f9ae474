/*
 * poll_client.c - many calls at once in one thread, on a plain poll(2) loop.
 *
 *   MESH_POLICY=policy MESH_IDENTITY=identity ./poll_client URL [CALLS]
 *
 * Two descriptors: one for the calls, one for the keeper, which would need a
 * thread otherwise. A host's own descriptors would stand beside them.
 */
#include <mesh/mesh.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define CALLS_MOST 1000

static int64_t earlier(int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

/* The whole event loop: sleep until something is due, then do it. */
static int turn(mesh_loop *loop, mesh_loop *keeper, mesh_error *error)
{
    struct pollfd fds[2] = {
        { .fd = mesh_loop_fd(loop), .events = POLLIN },
        { .fd = mesh_loop_fd(keeper), .events = POLLIN },
    };
    int64_t wait_ms =
        earlier(mesh_loop_timeout_ms(loop), mesh_loop_timeout_ms(keeper));
    int rc;

    poll(fds, 2, (int)(wait_ms > 60000 ? 60000 : wait_ms));
    rc = mesh_loop_step(keeper, 0, error);
    return rc < 0 ? rc : mesh_loop_step(loop, 0, error);
}

/* What a call has to say; 1 when that was all, and the call is gone. */
static int hear(mesh_call *call)
{
    char data[4096];
    size_t got;

    for (;;) {
        switch (mesh_call_next(call, NULL)) {
        case MESH_CALL_HEAD:
            break;
        case MESH_CALL_BODY:
            if (mesh_call_read(call, data, sizeof(data), &got, NULL) < 0)
                return 0;
            break;
        case MESH_CALL_DONE:
            printf("call %lld: status %d, %s\n", (long long)mesh_call_tag(call),
                   mesh_response_status(mesh_call_response(call)),
                   mesh_error_name(mesh_call_code(call)));
            mesh_call_free(call); /* has no news any more */
            return 1;
        default:
            return 0;
        }
    }
}

static int begin(mesh_workload *workload, mesh_loop *loop, const char *url,
                 int64_t tag, mesh_call **out, mesh_error *error)
{
    mesh_request *request = NULL;
    int rc = mesh_request_new("GET", url, &request, error);

    if (rc == 0) {
        mesh_request_set_tag(request, tag);
        rc = mesh_call_new(workload, loop, request, out, error);
    }
    if (rc == 0)
        rc = mesh_call_start(*out, error);
    mesh_request_free(request); /* the call has what it needs */
    return rc;
}

static int run(mesh_workload *workload, const char *url, int count,
               mesh_error *error)
{
    mesh_call *calls[CALLS_MOST] = { NULL };
    mesh_loop *loop = NULL;
    mesh_call *call;
    int left = count;
    int rc = mesh_loop_new(workload, &loop, error);

    for (int i = 0; rc == 0 && i < count; i++)
        rc = begin(workload, loop, url, i, &calls[i], error);
    while (rc >= 0 && left > 0) {
        rc = turn(loop, mesh_workload_keeper(workload), error);
        while ((call = mesh_loop_next_call(loop))) {
            int64_t tag = mesh_call_tag(call);

            if (hear(call)) {
                calls[tag] = NULL;
                left--;
            }
        }
    }
    for (int i = 0; i < count; i++)
        mesh_call_free(calls[i]);
    mesh_loop_free(loop);
    return rc < 0 ? rc : 0;
}

int main(int argc, char **argv)
{
    mesh_error *error = mesh_error_new();
    mesh_workload *workload = NULL;
    long count = argc > 2 ? strtol(argv[2], NULL, 10) : 8;
    int rc = mesh_workload_new(NULL, &workload, error);

    if (count < 1 || count > CALLS_MOST)
        count = CALLS_MOST;
    if (rc == 0)
        rc = run(workload, argc > 1 ? argv[1] : "", (int)count, error);
    if (rc < 0)
        fprintf(stderr, "poll_client: %s\n", mesh_error_message(error));
    mesh_workload_free(workload);
    mesh_error_free(error);
    return rc < 0;
}
