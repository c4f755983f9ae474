/*
 * response.c - mesh_response: a copy of an outcome that outlives its exchange.
 */
#include "api/inside.h"

#include "base/alloc.h"
#include "base/text.h"

static const char *copy(struct mesh_arena *arena, struct mesh_slice text)
{
    return mesh__arena_strndup(arena, text.at, text.len);
}

static int copy_headers(struct mesh_response *response,
                        const struct mesh_head *head)
{
    struct mesh_arena *arena = &response->arena;

    response->headers =
        mesh__arena_array(arena, head->count, sizeof(*response->headers));
    if (!response->headers)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < head->count; i++) {
        response->headers[i].name = copy(arena, head->headers[i].name);
        response->headers[i].value = copy(arena, head->headers[i].value);
        if (!response->headers[i].name || !response->headers[i].value)
            return MESH_ERR_NOMEM;
    }
    response->header_count = head->count;
    return 0;
}

/* The codec takes content-length out of the lines; a caller looks for it. */
static int add_length(struct mesh_response *response,
                      const struct mesh_head *head)
{
    struct mesh_line *lines;

    if (head->body != MESH__BODY_LENGTH)
        return 0;
    for (size_t i = 0; i < response->header_count; i++)
        if (mesh__slice_is(mesh__slice_of(response->headers[i].name),
                           "content-length"))
            return 0;
    lines = mesh__arena_array(&response->arena, response->header_count + 1,
                              sizeof(*lines));
    if (!lines)
        return MESH_ERR_NOMEM;
    if (response->header_count)
        memcpy(lines, response->headers,
               response->header_count * sizeof(*lines));
    lines[response->header_count].name = "content-length";
    lines[response->header_count].value = mesh__arena_format(
        &response->arena, "%llu", (unsigned long long)head->body_bytes);
    if (!lines[response->header_count].value)
        return MESH_ERR_NOMEM;
    response->headers = lines;
    response->header_count++;
    return 0;
}

static int copy_texts(struct mesh_response *response,
                      const struct mesh_client_outcome *outcome)
{
    char flags[MESH__FLAGS_TEXT];
    char trace[33] = "";
    const char *from[MESH_RESPONSE_ROUTE + 1] = { 0 };

    mesh__flags_print(&outcome->flags, flags);
    if (outcome->traced)
        mesh__hex(outcome->trace.trace_id, sizeof(outcome->trace.trace_id),
                  trace);
    from[0] = "";
    from[MESH_RESPONSE_FLAGS] = flags;
    from[MESH_RESPONSE_DETAILS] = outcome->details;
    from[MESH_RESPONSE_ENDPOINT] = outcome->endpoint;
    from[MESH_RESPONSE_WORKLOAD] = outcome->workload;
    from[MESH_RESPONSE_PRINCIPAL] = outcome->principal;
    from[MESH_RESPONSE_PROTOCOL] = outcome->protocol;
    from[MESH_RESPONSE_CIPHER] = outcome->cipher;
    from[MESH_RESPONSE_DESTINATION] = outcome->destination;
    from[MESH_RESPONSE_SUBSET] = outcome->subset;
    from[MESH_RESPONSE_TRACE_ID] = trace;
    from[MESH_RESPONSE_ROUTE] = outcome->route;
    for (size_t i = 0; i <= MESH_RESPONSE_ROUTE; i++) {
        response->texts[i] =
            mesh__arena_strdup(&response->arena, from[i] ? from[i] : "");
        if (!response->texts[i])
            return MESH_ERR_NOMEM;
    }
    return 0;
}

int mesh__response_fill(struct mesh_response *response,
                        const struct mesh_client_outcome *outcome)
{
    int rc;

    *response = (struct mesh_response){
        .code = outcome->code,
        .status = (int)outcome->status,
        .attempts = (int)outcome->attempts,
    };
    mesh__arena_init(&response->arena, MESH__RESPONSE_ARENA);
    mesh__buffer_init(&response->body, SIZE_MAX / 2);
    rc = copy_headers(response, &outcome->response);
    if (rc == 0)
        rc = add_length(response, &outcome->response);
    if (rc == 0)
        rc = copy_texts(response, outcome);
    if (rc < 0)
        mesh__response_fini(response);
    return rc;
}

void mesh__response_fini(struct mesh_response *response)
{
    mesh__arena_fini(&response->arena);
    mesh__buffer_fini(&response->body);
}

void mesh_response_free(mesh_response *response)
{
    if (!response)
        return;
    mesh__response_fini(response);
    mesh__free(response);
}

int mesh_response_status(const mesh_response *response)
{
    return response ? response->status : 0;
}

const char *mesh_response_header(const mesh_response *response,
                                 const char *name)
{
    if (!response || !name)
        return NULL;
    for (size_t i = 0; i < response->header_count; i++)
        if (mesh__slice_equal_nocase(mesh__slice_of(response->headers[i].name),
                                     mesh__slice_of(name)))
            return response->headers[i].value;
    return NULL;
}

size_t mesh_response_header_count(const mesh_response *response)
{
    return response ? response->header_count : 0;
}

const char *mesh_response_header_name(const mesh_response *response,
                                      size_t index)
{
    return response && index < response->header_count
               ? response->headers[index].name
               : NULL;
}

const char *mesh_response_header_value(const mesh_response *response,
                                       size_t index)
{
    return response && index < response->header_count
               ? response->headers[index].value
               : NULL;
}

const char *mesh_response_body(const mesh_response *response, size_t *size)
{
    if (size)
        *size = response ? response->body.len : 0;
    if (!response)
        return NULL;
    return response->body.memory ? mesh__buffer_data(&response->body) : "";
}

const char *mesh_response_text(const mesh_response *response, int what)
{
    return response && what >= MESH_RESPONSE_FLAGS &&
                   what <= MESH_RESPONSE_ROUTE
               ? response->texts[what]
               : NULL;
}

int mesh_response_attempts(const mesh_response *response)
{
    return response ? response->attempts : 0;
}

int mesh_response_code(const mesh_response *response)
{
    return response ? response->code : MESH_OK;
}
