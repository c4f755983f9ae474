/*
 * http1.h - strict HTTP/1.1 messages, both ways (RFC 9112).
 *
 * An engine: bytes in, events out; bytes out from heads and bodies. No socket,
 * no clock, no policy. No byte is scanned twice; there is no leniency flag:
 * what Envoy forgives and we refuse (obs-fold, bare LF, an empty line before
 * the request) is a row in docs/differences.md.
 */
#ifndef MESH_HTTP1_HTTP1_H
#define MESH_HTTP1_HTTP1_H

#include "base/arena.h"
#include "base/buffer.h"
#include "value/head.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MESH__H1_HEAD_BYTES = 60 * 1024, /* default ceilings, design section 12 */
    MESH__H1_HEADERS = 100,
    MESH__H1_CHUNK_LINE = 256 /* bytes of a chunk-size line          */
};

struct mesh_h1_limits {
    size_t head_bytes; /* start line and header lines together; trailers too */
    size_t headers;
};

/* Why a message was refused: one row each, with the status for its sender. */
enum mesh_h1_refusal {
    MESH__H1_OK = 0,
    MESH__H1_BAD_START_LINE,
    MESH__H1_BAD_METHOD, /* not in Envoy's fixed list             */
    MESH__H1_BAD_TARGET,
    MESH__H1_BAD_VERSION, /* not HTTP/1.x                          */
    MESH__H1_OLD_VERSION, /* HTTP/1.0 or 0.9 request: 426          */
    MESH__H1_BAD_HEADER_NAME,
    MESH__H1_BAD_HEADER_VALUE,
    MESH__H1_BAD_LINE_END,     /* bare CR or LF                         */
    MESH__H1_FOLDED,           /* obs-fold                              */
    MESH__H1_HEAD_TOO_LARGE,   /* 431                                   */
    MESH__H1_TOO_MANY_HEADERS, /* 431                                   */
    MESH__H1_NO_HOST,
    MESH__H1_TWO_HOSTS,
    MESH__H1_BAD_HOST,
    MESH__H1_LENGTH_AND_CHUNKED,
    MESH__H1_BAD_LENGTH,          /* also two of them, even equal          */
    MESH__H1_BAD_TRANSFER_CODING, /* 501: other than exactly chunked       */
    MESH__H1_BAD_CHUNK,
    MESH__H1_BAD_CONNECTION, /* ten tokens or more, or nominating what
                                may not be                            */
    MESH__H1_BAD_BODY,       /* CONNECT with a body, 204 with one     */
    MESH__H1_BAD_STATUS,     /* also 101: we never ask for one        */
    MESH__H1_UNEXPECTED,     /* bytes where no message was due        */
    MESH__H1_BAD_SCHEME,     /* absolute-form, not http or https      */
    MESH__H1_TRUNCATED,      /* the stream ended inside a message     */
    MESH__H1_REFUSALS
};

struct mesh_h1_refusal_row {
    const char *name; /* "bad_target" */
    unsigned status;  /* what a server answers before it closes */
    const char
        *detail; /* Envoy's RESPONSE_CODE_DETAILS, e.g. http1.codec_error */
    const char *text; /* one sentence */
    bool has_body;    /* Envoy's reply carries the reason phrase as text */
};
extern const struct mesh_h1_refusal_row mesh__h1_refusals[MESH__H1_REFUSALS];

enum mesh_h1_event_kind {
    MESH__H1_NEED_MORE, /* all input was taken, nothing to say               */
    MESH__H1_HEAD,      /* parser->head is complete                          */
    MESH__H1_INTERIM,   /* a 1xx head (clients), another head follows        */
    MESH__H1_BODY,      /* event.data are body bytes, inside the input       */
    MESH__H1_TRAILERS,  /* parser->trailers is complete, END follows         */
    MESH__H1_END,       /* the message is whole                              */
    MESH__H1_ERROR,     /* event.refusal; the parser is finished             */
    MESH__H1_NO_MEMORY
};

struct mesh_h1_event {
    enum mesh_h1_event_kind kind;
    struct mesh_slice data;
    enum mesh_h1_refusal refusal;
};

enum mesh_h1_role { MESH__H1_REQUESTS, MESH__H1_RESPONSES };

/* One direction of one connection; reused message after message. */
struct mesh_h1_parser {
    enum mesh_h1_role role;
    struct mesh_h1_limits limits;
    struct mesh_head head; /* valid from HEAD until next begin          */
    struct mesh_head trailers;
    struct mesh_arena arena; /* holds head and trailers                   */
    struct mesh_buffer line; /* head bytes, names made lower case         */
    struct mesh_buffer tail; /* trailer bytes: the head's must not move   */
    int state;               /* private to feed.c                         */
    size_t scanned;          /* bytes of lines read, or of a chunk line   */
    size_t lines;            /* header lines so far                       */
    uint64_t left;           /* body or chunk bytes to come               */
    bool head_request;       /* the response answers HEAD: no body        */
    bool connect_request;    /* the response answers CONNECT              */
    enum mesh_h1_refusal refusal;
};

/*
 * limits NULL: the defaults. A parser of requests is ready for the first one;
 * a parser of responses takes nothing until begin.
 *
 * What heads hold. Names are lower case, values trimmed, lines in order, lines
 * of one name apart unless Envoy joins them (mesh__head_join). The codec keeps
 * to itself content-length, transfer-encoding, connection, keep-alive,
 * proxy-connection and upgrade, in requests also host, the lines that
 * Connection nominates, and all of te but "trailers". Upgrade is not spoken.
 * An absolute-form target gives authority and path, and overrules Host.
 * scheme stays empty: only the transport knows it.
 *
 * A response to HEAD says in head->body what GET would have got; END follows
 * at once. Trailers that frame or route (host, te, trailer and the names
 * above) are refused.
 */
void mesh__h1_parser_init(struct mesh_h1_parser *parser, enum mesh_h1_role role,
                          const struct mesh_h1_limits *limits);
void mesh__h1_parser_fini(struct mesh_h1_parser *parser);

/*
 * Get ready for the next message; the last head dies. Responses need the
 * method that they answer (RFC 9112 section 6.3); requests pass an empty one.
 */
void mesh__h1_parser_begin(struct mesh_h1_parser *parser,
                           struct mesh_slice method);

/*
 * Take bytes from input until there is something to say. *consumed of them
 * were taken; call again with the rest, also when it is empty, until
 * NEED_MORE. BODY slices point into input and are never empty. After END a
 * parser of requests takes nothing until begin; for one of responses more
 * bytes are UNEXPECTED. After INTERIM the head dies at the next feed. ERROR
 * and NO_MEMORY repeat. Linear in the input, also when fed one byte at a time.
 */
struct mesh_h1_event mesh__h1_feed(struct mesh_h1_parser *parser,
                                   struct mesh_slice input, size_t *consumed);

/*
 * The peer sent its end of stream: END for a response that lasts until close,
 * NEED_MORE when no message had begun, ERROR otherwise.
 */
struct mesh_h1_event mesh__h1_feed_end(struct mesh_h1_parser *parser);

/* Has the next message begun to arrive? (An idle connection must be silent.) */
bool mesh__h1_begun(const struct mesh_h1_parser *parser);

/*
 * Encode a head into out. head->body says how the body will be framed: LENGTH
 * writes content-length, CHUNKED writes transfer-encoding, CLOSE (responses)
 * neither. NONE, as in Envoy, writes content-length: 0 where silence would
 * mean something else: in requests unless GET, HEAD, DELETE, TRACE or CONNECT,
 * in responses unless they answer HEAD. Responses 1xx, 204, 304 and 2xx to
 * CONNECT write no framing at all. close adds "connection: close"; so does
 * CLOSE.
 *
 * Lines in the head that are the codec's to write are refused: content-length,
 * transfer-encoding, connection, keep-alive, proxy-connection, and host in
 * requests. So is all that the parser refuses to decode.
 *
 * Returns 0, MESH_ERR_INVALID with a line, MESH_ERR_NOMEM or
 * MESH_ERR_TOO_LARGE; out is then unchanged.
 */
int mesh__h1_encode_request(const struct mesh_head *head, bool close,
                            struct mesh_buffer *out);
int mesh__h1_encode_response(const struct mesh_head *head, bool close,
                             struct mesh_slice request_method,
                             struct mesh_buffer *out);

/* "1f4\r\n" before size bytes of data, which the caller sends with "\r\n". */
enum { MESH__H1_CHUNK_HEAD = 20 };
size_t mesh__h1_chunk_head(uint64_t size, char out[MESH__H1_CHUNK_HEAD]);
/* "0\r\n", trailers (may be NULL), "\r\n". */
int mesh__h1_encode_end(const struct mesh_head *trailers,
                        struct mesh_buffer *out);

/* The reason phrase of a status, "" for one without. */
const char *mesh__h1_reason(unsigned status);

#endif
