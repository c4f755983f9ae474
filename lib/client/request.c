/*
 * request.c - what a caller asks for.
 *
 * Knows what can be encoded. Declines to know where it will go.
 */
#include "client/request.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/address.h"

enum { FIRST_HEADERS = 12 };

static int copy_slice(struct mesh_arena *arena, struct mesh_slice from,
                      struct mesh_slice *out)
{
    char *copy = mesh__arena_strndup(arena, from.at, from.len);

    if (!copy)
        return MESH_ERR_NOMEM;
    *out = mesh__slice(copy, from.len);
    return 0;
}

static int bad(const char *what, struct mesh_slice found)
{
    return mesh__fail(MESH_ERR_INVALID, "%s: \"%.*s\"", what,
                      (int)(found.len > 128 ? 128 : found.len), found.at);
}

/* Split "http://host[:port]/path", or the same with https. */
static int split_url(struct mesh_slice url, bool *secure,
                     struct mesh_slice *authority, struct mesh_slice *path)
{
    static const struct mesh_slice http = { "http://", 7 };
    static const struct mesh_slice https = { "https://", 8 };
    const char *slash;
    const char *query;
    size_t skip;

    *secure = mesh__slice_starts(url, https);
    if (!*secure && !mesh__slice_starts(url, http))
        return bad("the URL must begin with http:// or https://", url);
    skip = *secure ? https.len : http.len;
    url = mesh__slice(url.at + skip, url.len - skip);
    slash = memchr(url.at, '/', url.len);
    query = memchr(url.at, '?', url.len);
    if (query && (!slash || query < slash))
        return bad("the URL has a query without a path", url);
    authority->at = url.at;
    authority->len = slash ? (size_t)(slash - url.at) : url.len;
    *path =
        slash ? mesh__slice(slash, url.len - authority->len) : MESH__SLICE("/");
    return 0;
}

static int fill(struct mesh_client_request *request, struct mesh_slice method,
                struct mesh_slice url)
{
    struct mesh_slice authority;
    struct mesh_slice host;
    struct mesh_slice path;
    uint16_t port = 0;
    int rc = split_url(url, &request->secure, &authority, &path);

    if (rc < 0)
        return rc;
    if (!mesh__is_token(method))
        return bad("the method is no token", method);
    if (!mesh__is_authority(authority) ||
        !mesh__authority_split(authority, &host, &port))
        return bad("the URL's host is not valid", authority);
    if (!mesh__is_path(path))
        return bad("the URL's path has characters that cannot be sent", path);
    request->port = port ? port : request->secure ? 443 : 80;
    rc = mesh__head_init(&request->head, &request->arena, FIRST_HEADERS);
    if (rc == 0)
        rc = copy_slice(&request->arena, method, &request->head.method);
    if (rc == 0)
        rc = copy_slice(&request->arena, authority, &request->head.authority);
    if (rc == 0)
        rc = copy_slice(&request->arena, host, &request->host);
    if (rc == 0)
        rc = copy_slice(&request->arena, path, &request->head.path);
    request->head.scheme =
        request->secure ? MESH__SLICE("https") : MESH__SLICE("http");
    request->head.has_authority = true;
    request->head.keep_alive = true;
    return rc;
}

int mesh__request_new(struct mesh_slice method, struct mesh_slice url,
                      struct mesh_client_request **out)
{
    struct mesh_client_request *request = mesh__calloc(1, sizeof(*request));
    int rc;

    *out = NULL;
    if (!request)
        return mesh__fail(MESH_ERR_NOMEM, "a request");
    atomic_init(&request->refs, 1);
    request->idempotent = -1;
    mesh__arena_init(&request->arena, MESH__REQUEST_ARENA);
    rc = fill(request, method, url);
    if (rc < 0)
        mesh__request_unref(request);
    else
        *out = request;
    return rc;
}

static int put(struct mesh_head *head, struct mesh_arena *arena,
               enum mesh_header_id id, struct mesh_slice value)
{
    return mesh__head_edit(head, arena, MESH__EDIT_SET, mesh__header_name(id),
                           value);
}

static int put_length(struct mesh_head *head, struct mesh_arena *arena)
{
    const char *text = mesh__arena_number(arena, head->body_bytes);

    return text ? put(head, arena, MESH__H_CONTENT_LENGTH, mesh__slice_of(text))
                : MESH_ERR_NOMEM;
}

int mesh__request_head(const struct mesh_client_request *request,
                       struct mesh_slice id, struct mesh_arena *arena,
                       struct mesh_head *out)
{
    struct mesh_slice value;
    int rc = mesh__head_overlay(out, &request->head, arena);

    if (rc == 0 && request->head.body == MESH__BODY_LENGTH)
        rc = put_length(out, arena);
    if (rc == 0 && !mesh__head_get(out, MESH__H_X_FORWARDED_PROTO, &value))
        rc = put(out, arena, MESH__H_X_FORWARDED_PROTO, request->head.scheme);
    if (rc == 0 && request->request_id.len)
        return put(out, arena, MESH__H_X_REQUEST_ID, request->request_id);
    if (rc == 0 && !mesh__head_get(out, MESH__H_X_REQUEST_ID, &value))
        rc = put(out, arena, MESH__H_X_REQUEST_ID, id);
    return rc;
}

int mesh__request_copy(const struct mesh_head *head, struct mesh_slice body,
                       struct mesh_client_request **out)
{
    struct mesh_client_request *request = mesh__calloc(1, sizeof(*request));
    int rc;

    *out = NULL;
    if (!request)
        return mesh__fail(MESH_ERR_NOMEM, "a request");
    atomic_init(&request->refs, 1);
    request->idempotent = -1;
    mesh__arena_init(&request->arena, MESH__REQUEST_ARENA);
    rc = mesh__head_copy(&request->head, head, &request->arena);
    if (rc == 0)
        rc = mesh__request_body(request, body.at, body.len);
    if (rc < 0)
        mesh__request_unref(request);
    else
        *out = request;
    return rc;
}

struct mesh_client_request *mesh__request_ref(
    const struct mesh_client_request *request)
{
    struct mesh_client_request *held = (struct mesh_client_request *)request;

    atomic_fetch_add_explicit(&held->refs, 1, memory_order_relaxed);
    return held;
}

void mesh__request_unref(struct mesh_client_request *request)
{
    if (!request ||
        atomic_fetch_sub_explicit(&request->refs, 1, memory_order_acq_rel) != 1)
        return;
    mesh__arena_fini(&request->arena);
    mesh__free(request->body);
    mesh__free(request);
}

/* Into a fresh structure with one reference; on failure it is let go. */
static int copy_into(struct mesh_client_request *copy,
                     const struct mesh_client_request *from)
{
    int rc = mesh__head_copy(&copy->head, &from->head, &copy->arena);

    if (rc == 0)
        rc = copy_slice(&copy->arena, from->parent_line, &copy->parent_line);
    if (rc == 0)
        rc = copy_slice(&copy->arena, from->parent_state, &copy->parent_state);
    if (rc == 0)
        rc = copy_slice(&copy->arena, from->request_id, &copy->request_id);
    if (rc == 0)
        rc = copy_slice(&copy->arena, from->host, &copy->host);
    if (rc == 0 && from->body)
        rc = mesh__request_body(copy, from->body, from->body_bytes);
    copy->port = from->port;
    copy->address = from->address;
    copy->secure = from->secure;
    copy->streamed = from->streamed;
    copy->deadline_ns = from->deadline_ns;
    copy->idempotent = from->idempotent;
    copy->tag = from->tag;
    copy->has_parent = from->has_parent;
    copy->parent = from->parent;
    return rc;
}

int mesh__request_own(struct mesh_client_request **request)
{
    struct mesh_client_request *copy;
    int rc;

    if (atomic_load_explicit(&(*request)->refs, memory_order_acquire) == 1)
        return 0;
    copy = mesh__calloc(1, sizeof(*copy));
    if (!copy)
        return mesh__fail(MESH_ERR_NOMEM, "a request");
    atomic_init(&copy->refs, 1);
    mesh__arena_init(&copy->arena, MESH__REQUEST_ARENA);
    rc = copy_into(copy, *request);
    if (rc < 0) {
        mesh__request_unref(copy);
        return rc;
    }
    mesh__request_unref(*request);
    *request = copy;
    return 0;
}

/* Framing is the codec's; the host is a field of its own. */
static bool is_framing(enum mesh_header_id id)
{
    return id == MESH__H_CONTENT_LENGTH || id == MESH__H_TRANSFER_ENCODING ||
           id == MESH__H_CONNECTION || id == MESH__H_KEEP_ALIVE ||
           id == MESH__H_PROXY_CONNECTION || id == MESH__H_UPGRADE;
}

static int set_authority(struct mesh_client_request *request,
                         struct mesh_slice value)
{
    struct mesh_slice host;
    uint16_t port;

    if (!mesh__is_authority(value) ||
        !mesh__authority_split(value, &host, &port))
        return bad("the host header is not valid", value);
    return copy_slice(&request->arena, value, &request->head.authority);
}

int mesh__request_add(struct mesh_client_request *request,
                      struct mesh_slice name, struct mesh_slice value)
{
    struct mesh_slice lower;
    struct mesh_slice copy;
    int rc;

    value = mesh__slice_trim(value);
    if (!mesh__is_token(name))
        return bad("the header's name is no token", name);
    if (!mesh__is_field_value(value))
        return bad("the header's value has characters that cannot be sent",
                   name);
    rc = copy_slice(&request->arena, name, &lower);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < lower.len; i++)
        ((char *)lower.at)[i] = mesh__lower(lower.at[i]);
    if (is_framing(mesh__header_id(lower)))
        return bad("this header is set by libmesh itself", name);
    if (mesh__header_id(lower) == MESH__H_HOST)
        return set_authority(request, value);
    if (mesh__header_is_hops(lower))
        return 0;
    rc = copy_slice(&request->arena, value, &copy);
    if (rc < 0)
        return rc;
    rc = mesh__head_add(&request->head, &request->arena, MESH__REQUEST_HEADERS,
                        lower, copy);
    return rc < 0 ? rc
                  : mesh__head_join(&request->head, &request->arena, false);
}

int mesh__request_body(struct mesh_client_request *request, const void *data,
                       size_t size)
{
    char *body = size ? mesh__strndup(data, size) : NULL;

    if (size && !body)
        return mesh__fail(MESH_ERR_NOMEM, "a body of %zu bytes", size);
    mesh__free(request->body);
    request->body = body;
    request->body_bytes = size;
    request->streamed = false;
    request->head.body = size ? MESH__BODY_LENGTH : MESH__BODY_NONE;
    request->head.body_bytes = size;
    return 0;
}

int mesh__request_parent(struct mesh_client_request *request,
                         const struct mesh_trace *trace,
                         struct mesh_slice traceparent,
                         struct mesh_slice tracestate,
                         struct mesh_slice request_id)
{
    int rc = copy_slice(&request->arena, tracestate, &request->parent_state);

    if (rc == 0)
        rc = copy_slice(&request->arena, traceparent, &request->parent_line);
    if (rc == 0)
        rc = copy_slice(&request->arena, request_id, &request->request_id);
    if (rc < 0)
        return rc;
    request->has_parent = true;
    request->parent = *trace;
    return 0;
}
