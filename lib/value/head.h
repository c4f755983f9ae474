/*
 * head.h - the head of an HTTP message: pseudo-headers and header lines as
 * slices over one backing buffer, repeats kept in order, names lower case.
 *
 * A head as received never changes. What a policy edits is an overlay
 * (mesh__head_overlay), so that every attempt starts from the original.
 * Trailers are a head without pseudo-headers.
 */
#ifndef MESH_VALUE_HEAD_H
#define MESH_VALUE_HEAD_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names worth a number; the order is free, 0 means 'no known name'. */
enum mesh_header_id {
    MESH__H_OTHER = 0,
    MESH__H_ACCEPT,
    MESH__H_CONNECTION,
    MESH__H_CONTENT_LENGTH,
    MESH__H_CONTENT_TYPE,
    MESH__H_COOKIE,
    MESH__H_DATE,
    MESH__H_EXPECT,
    MESH__H_GRPC_MESSAGE,
    MESH__H_GRPC_STATUS,
    MESH__H_GRPC_TIMEOUT,
    MESH__H_HOST,
    MESH__H_KEEP_ALIVE,
    MESH__H_LOCATION,
    MESH__H_ORIGIN,
    MESH__H_PROXY_CONNECTION,
    MESH__H_REFERER,
    MESH__H_SERVER,
    MESH__H_TE,
    MESH__H_TRACEPARENT,
    MESH__H_TRACESTATE,
    MESH__H_TRAILER,
    MESH__H_TRANSFER_ENCODING,
    MESH__H_UPGRADE,
    MESH__H_USER_AGENT,
    MESH__H_VIA,
    MESH__H_X_ENVOY_ATTEMPT_COUNT,
    MESH__H_X_ENVOY_DECORATOR_OPERATION,
    MESH__H_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS,
    MESH__H_X_ENVOY_ORIGINAL_PATH,
    MESH__H_X_ENVOY_OVERLOADED,
    MESH__H_X_ENVOY_RATELIMITED,
    MESH__H_X_ENVOY_UPSTREAM_SERVICE_TIME,
    MESH__H_X_FORWARDED_CLIENT_CERT,
    MESH__H_X_FORWARDED_FOR,
    MESH__H_X_FORWARDED_PROTO,
    MESH__H_X_REQUEST_ID,
    MESH__H_COUNT
};

/* The id of a lower-case name; MESH__H_OTHER if it has none. */
enum mesh_header_id mesh__header_id(struct mesh_slice name);

/* The static lower-case name of an id other than MESH__H_OTHER. */
struct mesh_slice mesh__header_name(enum mesh_header_id id);

/* Is a request's lower-case name one that only sidecars say to each other? */
bool mesh__header_is_hops(struct mesh_slice name);

struct mesh_header {
    struct mesh_slice name;  /* lower case */
    struct mesh_slice value; /* trimmed, may be empty */
    enum mesh_header_id id;
};

enum mesh_body_kind {
    MESH__BODY_NONE,    /* the head is the whole message               */
    MESH__BODY_LENGTH,  /* body_bytes are to come                      */
    MESH__BODY_CHUNKED, /* until the codec says end; trailers may come */
    MESH__BODY_CLOSE    /* until the connection closes (responses)     */
};

struct mesh_head {
    struct mesh_slice method;    /* requests, else empty               */
    struct mesh_slice scheme;    /* "http" or "https", else empty      */
    struct mesh_slice authority; /* :authority or Host, as sent        */
    struct mesh_slice path;      /* with query, as sent                */
    unsigned status;             /* responses, else 0                  */
    bool has_authority;          /* an empty Host is not a missing one */
    bool http10;                 /* the peer speaks HTTP/1.0           */
    bool keep_alive;             /* the connection may be used again   */
    enum mesh_body_kind body;
    uint64_t body_bytes;         /* MESH__BODY_LENGTH                  */
    struct mesh_header *headers; /* without host and pseudo-headers    */
    size_t count;
    size_t capacity;
};

/*
 * Start an empty head with room for capacity lines, taken from arena, and
 * grow up to ceiling lines. Returns 0 or MESH_ERR_NOMEM.
 */
int mesh__head_init(struct mesh_head *head, struct mesh_arena *arena,
                    size_t capacity);

/*
 * Append a line; the slices are kept, not copied. name must be lower case.
 * Returns 0, MESH_ERR_NOMEM, or MESH_ERR_TOO_LARGE beyond ceiling lines.
 */
int mesh__head_add(struct mesh_head *head, struct mesh_arena *arena,
                   size_t ceiling, struct mesh_slice name,
                   struct mesh_slice value);

/* The first value of a header; false when it is absent. */
bool mesh__head_get(const struct mesh_head *head, enum mesh_header_id id,
                    struct mesh_slice *value);
bool mesh__head_get_named(const struct mesh_head *head, struct mesh_slice name,
                          struct mesh_slice *value);

/*
 * A request's scheme as Envoy has it: what x-forwarded-proto says, if that is
 * http or https in whatever letters, else the head's own.
 */
struct mesh_slice mesh__head_scheme(const struct mesh_head *head);

/*
 * The last element of a list, of its last line (RFC 9110 section 5.6.1); empty
 * when the header is absent.
 */
struct mesh_slice mesh__head_last(const struct mesh_head *head,
                                  enum mesh_header_id id);

/*
 * Join the lines of those names that Envoy keeps once, in requests and in
 * responses each its own: the values in order with ',' between them, empty
 * ones left out, in the place of the first. Other names stay apart. Takes at
 * most the bytes of the joined lines from arena; returns 0 or MESH_ERR_NOMEM.
 */
int mesh__head_join(struct mesh_head *head, struct mesh_arena *arena,
                    bool response);

/*
 * A deep copy into arena: nothing of the source is referred to afterwards, and
 * each text has a NUL behind it.
 */
int mesh__head_copy(struct mesh_head *out, const struct mesh_head *from,
                    struct mesh_arena *arena);

/*
 * A shallow copy whose lines may be edited while those of from stay as they
 * are: what each attempt starts from. Slices are shared with from.
 */
int mesh__head_overlay(struct mesh_head *out, const struct mesh_head *from,
                       struct mesh_arena *arena);

/*
 * Edit the lines of an overlay. set removes every line of the name and puts
 * the new one at the end; add puts one more at the end; remove takes all away.
 * An empty value in set or add does nothing (Envoy's header_parser.cc). What is
 * added to a name that Envoy keeps once is joined to its line.
 */
enum mesh_edit_kind { MESH__EDIT_SET, MESH__EDIT_ADD, MESH__EDIT_REMOVE };

int mesh__head_edit(struct mesh_head *head, struct mesh_arena *arena,
                    enum mesh_edit_kind kind, struct mesh_slice name,
                    struct mesh_slice value);

/*
 * RFC 9110 section 5.6.2 token; section 5.5 field value (obs-text allowed,
 * empty allowed, no blank at either end).
 */
bool mesh__is_token(struct mesh_slice text);
bool mesh__is_field_value(struct mesh_slice text);
/* Origin-form or "*" without controls, blanks or bytes >= 0x80. */
bool mesh__is_path(struct mesh_slice text);
/*
 * Nothing but the characters that Envoy lets pass in host[:port] (RFC 3986's
 * without '@'); may be empty. mesh__authority_split() looks at the form.
 */
bool mesh__is_authority(struct mesh_slice text);

#endif
