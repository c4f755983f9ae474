/*
 * request.c - mesh_request: what a caller asks for.
 */
#include "api/inside.h"

#include "base/alloc.h"
#include "value/duration.h"

static int null_argument(mesh_error *error)
{
    return mesh__error_out(error,
                           mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
}

int mesh_request_new(const char *method, const char *url, mesh_request **out,
                     mesh_error *error)
{
    struct mesh_request *request;
    int rc;

    if (out)
        *out = NULL;
    if (!method || !url || !out)
        return null_argument(error);
    request = mesh__calloc(1, sizeof(*request));
    if (!request)
        return mesh__error_out(error, mesh__fail(MESH_ERR_NOMEM, "a request"));
    rc = mesh__request_new(mesh__slice_of(method), mesh__slice_of(url),
                           &request->request);
    if (rc < 0)
        mesh__free(request);
    else
        *out = request;
    return mesh__error_out(error, rc);
}

void mesh_request_free(mesh_request *request)
{
    if (!request)
        return;
    mesh__request_unref(request->request);
    mesh__free(request);
}

int mesh_request_add_header(mesh_request *request, const char *name,
                            const char *value, mesh_error *error)
{
    int rc;

    if (!request || !name || !value)
        return null_argument(error);
    rc = mesh__request_own(&request->request);
    if (rc == 0)
        rc = mesh__request_add(request->request, mesh__slice_of(name),
                               mesh__slice_of(value));
    return mesh__error_out(error, rc);
}

int mesh_request_set_body(mesh_request *request, const void *data, size_t size,
                          mesh_error *error)
{
    int rc;

    if (!request || (!data && size))
        return null_argument(error);
    rc = mesh__request_own(&request->request);
    if (rc == 0)
        rc = mesh__request_body(request->request, data, size);
    return mesh__error_out(error, rc);
}

int mesh_request_set_streamed(mesh_request *request, int64_t body_bytes,
                              mesh_error *error)
{
    int rc;

    if (!request || body_bytes < -1)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID,
                              "a request and a length of at least -1 are "
                              "wanted"));
    rc = mesh__request_own(&request->request);
    if (rc == 0)
        rc = mesh__request_body(request->request, NULL, 0);
    if (rc == 0) {
        request->request->streamed = true;
        request->request->head.body =
            body_bytes < 0 ? MESH__BODY_CHUNKED : MESH__BODY_LENGTH;
        request->request->head.body_bytes =
            body_bytes < 0 ? 0 : (uint64_t)body_bytes;
    }
    return mesh__error_out(error, rc);
}

int mesh_request_set_deadline_ms(mesh_request *request, int64_t deadline_ms,
                                 mesh_error *error)
{
    int rc;

    if (!request || deadline_ms < 0 ||
        deadline_ms > INT64_MAX / (int64_t)MESH__S)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID,
                              "a request and a deadline of at least 0 are "
                              "wanted"));
    rc = mesh__request_own(&request->request);
    if (rc == 0)
        request->request->deadline_ns = (uint64_t)deadline_ms * MESH__MS;
    return mesh__error_out(error, rc);
}

int mesh_request_set_address(mesh_request *request, const char *address,
                             mesh_error *error)
{
    struct mesh_address parsed = { 0 };
    int rc;

    if (!request ||
        (address && !mesh__address_parse_ip(mesh__slice_of(address), &parsed) &&
         !mesh__address_parse(mesh__slice_of(address), &parsed)))
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID,
                              "a request and an IP address are wanted"));
    rc = mesh__request_own(&request->request);
    if (rc == 0)
        request->request->address = parsed;
    return mesh__error_out(error, rc);
}

int mesh_request_set_idempotent(mesh_request *request, int idempotent,
                                mesh_error *error)
{
    int rc;

    if (!request || (idempotent != 0 && idempotent != 1))
        return mesh__error_out(
            error,
            mesh__fail(MESH_ERR_INVALID, "a request and 0 or 1 are wanted"));
    rc = mesh__request_own(&request->request);
    if (rc == 0)
        request->request->idempotent = idempotent;
    return mesh__error_out(error, rc);
}

int mesh_request_set_parent(mesh_request *request,
                            const mesh_exchange *exchange, mesh_error *error)
{
    const struct mesh_inbound_exchange *inner;
    struct mesh_trace none = { 0 };
    struct mesh_slice line = { NULL, 0 };
    struct mesh_slice state = { NULL, 0 };
    int rc;

    if (!request || !exchange)
        return null_argument(error);
    inner = exchange->inner;
    rc = mesh__request_own(&request->request);
    /* Where we trace nothing, what the caller's caller sent goes on. */
    if (inner->traced) {
        state = inner->tracestate;
    } else {
        (void)mesh__head_get(&inner->head, MESH__H_TRACEPARENT, &line);
        (void)mesh__head_get(&inner->head, MESH__H_TRACESTATE, &state);
    }
    if (rc == 0)
        rc = mesh__request_parent(request->request,
                                  inner->traced ? &inner->trace : &none, line,
                                  state, inner->request_id);
    return mesh__error_out(error, rc);
}

void mesh_request_set_tag(mesh_request *request, int64_t tag)
{
    if (request && mesh__request_own(&request->request) == 0)
        request->request->tag = tag;
    mesh__error_clear();
}
