/*
 * head.c - the head of an HTTP message.
 *
 * Keeps lines in order, and edits a copy of them; declines to know what any
 * header means.
 */
#include "value/head.h"

#include "base/error.h"

#include <stdint.h>

enum { EDIT_ROOM = 8 }; /* lines an overlay can take before it grows */

/* In the order of enum mesh_header_id. */
#define N(text)                                                                \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }
static const struct mesh_slice names[MESH__H_COUNT] = {
    [MESH__H_ACCEPT] = N("accept"),
    [MESH__H_CONNECTION] = N("connection"),
    [MESH__H_CONTENT_LENGTH] = N("content-length"),
    [MESH__H_CONTENT_TYPE] = N("content-type"),
    [MESH__H_COOKIE] = N("cookie"),
    [MESH__H_DATE] = N("date"),
    [MESH__H_EXPECT] = N("expect"),
    [MESH__H_GRPC_MESSAGE] = N("grpc-message"),
    [MESH__H_GRPC_STATUS] = N("grpc-status"),
    [MESH__H_GRPC_TIMEOUT] = N("grpc-timeout"),
    [MESH__H_HOST] = N("host"),
    [MESH__H_KEEP_ALIVE] = N("keep-alive"),
    [MESH__H_LOCATION] = N("location"),
    [MESH__H_ORIGIN] = N("origin"),
    [MESH__H_PROXY_CONNECTION] = N("proxy-connection"),
    [MESH__H_REFERER] = N("referer"),
    [MESH__H_SERVER] = N("server"),
    [MESH__H_TE] = N("te"),
    [MESH__H_TRACEPARENT] = N("traceparent"),
    [MESH__H_TRACESTATE] = N("tracestate"),
    [MESH__H_TRAILER] = N("trailer"),
    [MESH__H_TRANSFER_ENCODING] = N("transfer-encoding"),
    [MESH__H_UPGRADE] = N("upgrade"),
    [MESH__H_USER_AGENT] = N("user-agent"),
    [MESH__H_VIA] = N("via"),
    [MESH__H_X_ENVOY_ATTEMPT_COUNT] = N("x-envoy-attempt-count"),
    [MESH__H_X_ENVOY_DECORATOR_OPERATION] = N("x-envoy-decorator-operation"),
    [MESH__H_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS] =
        N("x-envoy-expected-rq-timeout-ms"),
    [MESH__H_X_ENVOY_ORIGINAL_PATH] = N("x-envoy-original-path"),
    [MESH__H_X_ENVOY_OVERLOADED] = N("x-envoy-overloaded"),
    [MESH__H_X_ENVOY_RATELIMITED] = N("x-envoy-ratelimited"),
    [MESH__H_X_ENVOY_UPSTREAM_SERVICE_TIME] =
        N("x-envoy-upstream-service-time"),
    [MESH__H_X_FORWARDED_CLIENT_CERT] = N("x-forwarded-client-cert"),
    [MESH__H_X_FORWARDED_FOR] = N("x-forwarded-for"),
    [MESH__H_X_FORWARDED_PROTO] = N("x-forwarded-proto"),
    [MESH__H_X_REQUEST_ID] = N("x-request-id"),
};
#undef N

enum mesh_header_id mesh__header_id(struct mesh_slice name)
{
    for (int id = MESH__H_OTHER + 1; name.len && id < MESH__H_COUNT; id++)
        if (names[id].len == name.len && names[id].at[0] == name.at[0] &&
            memcmp(names[id].at, name.at, name.len) == 0)
            return (enum mesh_header_id)id;
    return MESH__H_OTHER;
}

struct mesh_slice mesh__header_name(enum mesh_header_id id)
{
    return names[id];
}

int mesh__head_init(struct mesh_head *head, struct mesh_arena *arena,
                    size_t capacity)
{
    *head = (struct mesh_head){ 0 };
    if (capacity == 0)
        return 0;
    head->headers = mesh__arena_array(arena, capacity, sizeof(*head->headers));
    if (!head->headers)
        return MESH_ERR_NOMEM;
    head->capacity = capacity;
    return 0;
}

static int grow(struct mesh_head *head, struct mesh_arena *arena,
                size_t ceiling)
{
    size_t room = head->capacity ? head->capacity * 2 : EDIT_ROOM;
    struct mesh_header *lines;

    if (room > ceiling)
        room = ceiling;
    lines = mesh__arena_array(arena, room, sizeof(*lines));
    if (!lines)
        return MESH_ERR_NOMEM;
    if (head->count)
        memcpy(lines, head->headers, head->count * sizeof(*lines));
    head->headers = lines;
    head->capacity = room;
    return 0;
}

int mesh__head_add(struct mesh_head *head, struct mesh_arena *arena,
                   size_t ceiling, struct mesh_slice name,
                   struct mesh_slice value)
{
    int rc;

    if (head->count >= ceiling)
        return mesh__fail(MESH_ERR_TOO_LARGE, "more than %zu header lines",
                          ceiling);
    if (head->count == head->capacity) {
        rc = grow(head, arena, ceiling);
        if (rc < 0)
            return rc;
    }
    head->headers[head->count++] = (struct mesh_header){
        .name = name, .value = value, .id = mesh__header_id(name)
    };
    return 0;
}

bool mesh__head_get(const struct mesh_head *head, enum mesh_header_id id,
                    struct mesh_slice *value)
{
    for (size_t i = 0; i < head->count; i++) {
        if (head->headers[i].id != id)
            continue;
        *value = head->headers[i].value;
        return true;
    }
    return false;
}

bool mesh__head_get_named(const struct mesh_head *head, struct mesh_slice name,
                          struct mesh_slice *value)
{
    for (size_t i = 0; i < head->count; i++) {
        if (!mesh__slice_equal(head->headers[i].name, name))
            continue;
        *value = head->headers[i].value;
        return true;
    }
    return false;
}

struct mesh_slice mesh__head_scheme(const struct mesh_head *head)
{
    static const struct mesh_slice known[] = { { "http", 4 }, { "https", 5 } };
    struct mesh_slice proto = { "", 0 };

    (void)mesh__head_get(head, MESH__H_X_FORWARDED_PROTO, &proto);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (mesh__slice_equal_nocase(proto, known[i]))
            return known[i];
    return head->scheme;
}

struct mesh_slice mesh__head_last(const struct mesh_head *head,
                                  enum mesh_header_id id)
{
    struct mesh_slice last = { "", 0 };

    for (size_t i = 0; i < head->count; i++)
        if (head->headers[i].id == id)
            last = head->headers[i].value;
    for (size_t i = last.len; i > 0; i--)
        if (last.at[i - 1] == ',')
            return mesh__slice_trim(mesh__slice(last.at + i, last.len - i));
    return mesh__slice_trim(last);
}

/* Bytes of a deep copy's texts, each with a NUL behind it. */
static size_t text_bytes(const struct mesh_head *head)
{
    size_t bytes = head->method.len + head->scheme.len + head->authority.len +
                   head->path.len + 4;

    for (size_t i = 0; i < head->count; i++) {
        bytes += head->headers[i].value.len + 1;
        if (head->headers[i].id == MESH__H_OTHER)
            bytes += head->headers[i].name.len + 1;
    }
    return bytes;
}

/* *text moved to *to, which is zeroed and goes on behind it. */
static void move_text(char **to, struct mesh_slice *text)
{
    if (text->len)
        memcpy(*to, text->at, text->len);
    text->at = *to;
    *to += text->len + 1;
}

static void move_lines(char **to, struct mesh_head *head)
{
    for (size_t i = 0; i < head->count; i++) {
        struct mesh_header *line = &head->headers[i];

        if (line->id == MESH__H_OTHER)
            move_text(to, &line->name);
        else
            line->name = mesh__header_name(line->id);
        move_text(to, &line->value);
    }
}

int mesh__head_copy(struct mesh_head *out, const struct mesh_head *from,
                    struct mesh_arena *arena)
{
    struct mesh_head head;
    char *to = NULL;
    int rc;

    *out = (struct mesh_head){ 0 };
    rc = mesh__head_overlay(&head, from, arena);
    if (rc == 0)
        to = mesh__arena_alloc(arena, text_bytes(from));
    if (!to)
        return MESH_ERR_NOMEM;
    move_text(&to, &head.method);
    move_text(&to, &head.scheme);
    move_text(&to, &head.authority);
    move_text(&to, &head.path);
    move_lines(&to, &head);
    *out = head;
    return 0;
}

int mesh__head_overlay(struct mesh_head *out, const struct mesh_head *from,
                       struct mesh_arena *arena)
{
    struct mesh_head head = *from;

    *out = (struct mesh_head){ 0 };
    head.capacity = from->count + EDIT_ROOM;
    head.headers =
        mesh__arena_array(arena, head.capacity, sizeof(*head.headers));
    if (!head.headers)
        return MESH_ERR_NOMEM;
    if (from->count)
        memcpy(head.headers, from->headers,
               from->count * sizeof(*head.headers));
    *out = head;
    return 0;
}

static void remove_lines(struct mesh_head *head, struct mesh_slice name)
{
    size_t kept = 0;

    for (size_t i = 0; i < head->count; i++)
        if (!mesh__slice_equal(head->headers[i].name, name))
            head->headers[kept++] = head->headers[i];
    head->count = kept;
}

/* Who edits is the policy, not a peer: the arena's ceiling is bound enough. */
int mesh__head_edit(struct mesh_head *head, struct mesh_arena *arena,
                    enum mesh_edit_kind kind, struct mesh_slice name,
                    struct mesh_slice value)
{
    int rc;

    if (kind != MESH__EDIT_REMOVE && value.len == 0)
        return 0;
    if (kind != MESH__EDIT_ADD)
        remove_lines(head, name);
    if (kind == MESH__EDIT_REMOVE)
        return 0;
    rc = mesh__head_add(head, arena, SIZE_MAX, name, value);
    if (rc == 0 && kind == MESH__EDIT_ADD)
        rc = mesh__head_join(head, arena, head->status != 0);
    return rc;
}
