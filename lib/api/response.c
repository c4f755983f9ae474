/*
 * response.c - mesh_response: what a caller sees of an outcome.
 *
 * A call's lies in its exchange and refers to it; one that outlives its
 * exchange is a copy.
 */
#include "api/inside.h"

#include "base/alloc.h"
#include "base/text.h"

/* The text as it is, or a copy of it. All have a NUL behind them. */
static const char *keep(struct mesh_response *response, struct mesh_slice text)
{
    return response->arena == &response->own
               ? mesh__arena_strndup(&response->own, text.at, text.len)
               : text.at;
}

static int keep_headers(struct mesh_response *response,
                        const struct mesh_head *head)
{
    response->headers = mesh__arena_array(response->arena, head->count + 1,
                                          sizeof(*response->headers));
    if (!response->headers)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < head->count; i++) {
        response->headers[i].name = keep(response, head->headers[i].name);
        response->headers[i].value = keep(response, head->headers[i].value);
        if (!response->headers[i].name || !response->headers[i].value)
            return MESH_ERR_NOMEM;
    }
    response->header_count = head->count;
    return 0;
}

/*
 * The codec takes content-length out of the lines; a caller looks for it. There
 * is room for one more.
 */
static int add_length(struct mesh_response *response,
                      const struct mesh_head *head)
{
    struct mesh_line *line = &response->headers[response->header_count];

    if (head->body != MESH__BODY_LENGTH)
        return 0;
    for (size_t i = 0; i < head->count; i++)
        if (head->headers[i].id == MESH__H_CONTENT_LENGTH)
            return 0;
    line->name = "content-length";
    line->value = mesh__arena_number(response->arena, head->body_bytes);
    if (!line->value)
        return MESH_ERR_NOMEM;
    response->header_count++;
    return 0;
}

/* Made here, so always a copy. */
static const char *trace_text(struct mesh_response *response,
                              const struct mesh_client_outcome *outcome)
{
    char trace[33];

    if (!outcome->traced)
        return "";
    mesh__hex(outcome->trace.trace_id, sizeof(outcome->trace.trace_id), trace);
    return mesh__arena_strdup(response->arena, trace);
}

static const char *flags_text(struct mesh_response *response,
                              const struct mesh_client_outcome *outcome)
{
    char flags[MESH__FLAGS_TEXT];

    if (outcome->flags.count == 0)
        return "-";
    mesh__flags_print(&outcome->flags, flags);
    return mesh__arena_strdup(response->arena, flags);
}

static int keep_texts(struct mesh_response *response,
                      const struct mesh_client_outcome *outcome)
{
    const char **texts = response->texts;

    texts[MESH_RESPONSE_DETAILS] = outcome->details;
    texts[MESH_RESPONSE_ENDPOINT] = outcome->endpoint;
    texts[MESH_RESPONSE_WORKLOAD] = outcome->workload;
    texts[MESH_RESPONSE_PRINCIPAL] = outcome->principal;
    texts[MESH_RESPONSE_PROTOCOL] = outcome->protocol;
    texts[MESH_RESPONSE_CIPHER] = outcome->cipher;
    texts[MESH_RESPONSE_DESTINATION] = outcome->destination;
    texts[MESH_RESPONSE_SUBSET] = outcome->subset;
    texts[MESH_RESPONSE_ROUTE] = outcome->route;
    for (size_t i = MESH_RESPONSE_FLAGS; i <= MESH_RESPONSE_ROUTE; i++) {
        if (i == MESH_RESPONSE_FLAGS)
            texts[i] = flags_text(response, outcome);
        else if (i == MESH_RESPONSE_TRACE_ID)
            texts[i] = trace_text(response, outcome);
        else
            texts[i] = keep(response, mesh__slice_of(texts[i] ? texts[i] : ""));
        if (!texts[i])
            return MESH_ERR_NOMEM;
    }
    return 0;
}

int mesh__response_fill(struct mesh_response *response,
                        const struct mesh_client_outcome *outcome,
                        struct mesh_arena *arena)
{
    int rc;

    *response = (struct mesh_response){
        .arena = arena ? arena : &response->own,
        .code = outcome->code,
        .status = (int)outcome->status,
        .attempts = (int)outcome->attempts,
    };
    mesh__arena_init(&response->own, MESH__RESPONSE_ARENA);
    mesh__buffer_init(&response->body, SIZE_MAX / 2);
    rc = keep_headers(response, &outcome->response);
    if (rc == 0)
        rc = add_length(response, &outcome->response);
    if (rc == 0)
        rc = keep_texts(response, outcome);
    if (rc < 0)
        mesh__response_fini(response);
    return rc;
}

void mesh__response_fini(struct mesh_response *response)
{
    mesh__arena_fini(&response->own);
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
