/*
 * module.c - a libmesh-fetch.so that calls nobody: it answers with what it was
 * asked.
 */
#include "fetch/fetch.h"

#include <mesh/base.h>

#include <stdio.h>

struct session {
    const struct mesh_fetch_host *host;
    long calls;
};

static int session_open(const struct mesh_fetch_host *host, void **out)
{
    struct session *session = host->alloc(sizeof(*session));

    *out = session;
    if (!session)
        return MESH_ERR_NOMEM;
    *session = (struct session){ .host = host };
    return 0;
}

static void session_close(void *session)
{
    ((struct session *)session)->host->release(session);
}

static int session_forked(void *session)
{
    ((struct session *)session)->calls = 0;
    return 0;
}

static int session_perform(void *handle,
                           const struct mesh_fetch_request *request,
                           struct mesh_fetch_response *response)
{
    struct session *session = handle;
    size_t size = strlen(request->url) + 1;

    response->body = session->host->alloc(size);
    if (!response->body)
        return MESH_ERR_NOMEM;
    memcpy(response->body, request->url, size);
    response->body_bytes = size - 1;
    response->status = 200 + session->calls++;
    if (strcmp(request->method, "GET") == 0)
        return 0;
    (void)snprintf(response->reason, sizeof(response->reason),
                   "GET is wanted, not %s", request->method);
    return MESH_ERR_INVALID;
}

const struct mesh_fetch_module *mesh_fetch_module_1(
    const struct mesh_fetch_host *host)
{
    static const struct mesh_fetch_module module = { .abi = MESH__FETCH_ABI,
                                                     .version = "a stand-in",
                                                     .open = session_open,
                                                     .perform = session_perform,
                                                     .close = session_close,
                                                     .forked = session_forked };

    return host->abi == MESH__FETCH_ABI ? &module : NULL;
}
