/*
 * feed.c - bytes in, events out: where a message of HTTP/1.1 stands.
 *
 * One step function for each state; each takes what it can of the input and
 * may say one event. Finds line ends and counts body bytes. What lines say is
 * line.c's and message.c's.
 */
#include "http1/inside.h"

#include "base/text.h"

enum { KEEP_BYTES = 4096 }; /* of a buffer, from message to message */

/* The order is that of steps below. */
enum {
    DONE,            /* nothing is due before begin                  */
    LINES,           /* start line and headers                       */
    INTERIM_SAID,    /* the head of a 1xx stands; another follows    */
    COUNTED,         /* left body bytes to come                      */
    UNTIL_CLOSE,     /* body bytes until the stream ends             */
    CHUNK_SIZE,      /* scanned digits of it were taken              */
    CHUNK_EXTENSION, /* scanned bytes of its line were taken         */
    CHUNK_LINE_END,  /* the LF behind it                             */
    CHUNK,           /* left bytes of a chunk to come                */
    CHUNK_CR,        /* the CR behind a chunk                        */
    CHUNK_LF,        /* the LF behind that                           */
    TRAILER_LINES,   /* behind the last chunk                        */
    WHOLE,           /* everything was taken; END was not said       */
    FAILED           /* refusal says why; MESH__H1_OK: no memory     */
};

static const struct mesh_h1_event need_more = { .kind = MESH__H1_NEED_MORE };

static struct mesh_h1_event say(enum mesh_h1_event_kind kind)
{
    return (struct mesh_h1_event){ .kind = kind };
}

static struct mesh_h1_event say_failed(const struct mesh_h1_parser *parser)
{
    if (parser->refusal == MESH__H1_OK)
        return say(MESH__H1_NO_MEMORY);
    return (struct mesh_h1_event){ .kind = MESH__H1_ERROR,
                                   .refusal = parser->refusal };
}

/* verdict is not MESH__H1_OK. */
static struct mesh_h1_event fail(struct mesh_h1_parser *parser, int verdict)
{
    parser->state = FAILED;
    parser->refusal = verdict == MESH__H1_OUT_OF_MEMORY
                          ? MESH__H1_OK
                          : (enum mesh_h1_refusal)verdict;
    return say_failed(parser);
}

static void take(struct mesh_slice *rest, size_t len)
{
    rest->at += len;
    rest->len -= len;
}

/* --- lines -----------------------------------------------------------------
 */

/*
 * Move bytes from rest behind buffer, up to the next LF. *line is then the
 * whole line without its end; its at is NULL while the end is to come.
 */
static int take_line(struct mesh_h1_parser *parser, struct mesh_buffer *buffer,
                     struct mesh_slice *rest, struct mesh_slice *line)
{
    const char *end = memchr(rest->at, '\n', rest->len);
    size_t len = end ? (size_t)(end - rest->at) + 1 : rest->len;

    *line = mesh__slice(NULL, 0);
    if (len > buffer->ceiling - buffer->len)
        return MESH__H1_HEAD_TOO_LARGE;
    if (mesh__buffer_append(buffer, rest->at, len) < 0)
        return MESH__H1_OUT_OF_MEMORY;
    take(rest, len);
    if (!end)
        return MESH__H1_OK;
    *line = mesh__slice(mesh__buffer_data(buffer) + parser->scanned,
                        buffer->len - parser->scanned - 1);
    if (line->len == 0 || line->at[line->len - 1] != '\r')
        return MESH__H1_BAD_LINE_END;
    line->len--;
    return MESH__H1_OK;
}

static int check_start_line(const struct mesh_h1_parser *parser,
                            struct mesh_slice line)
{
    return parser->role == MESH__H1_REQUESTS ? mesh__h1_check_request_line(line)
                                             : mesh__h1_check_status_line(line);
}

/* A header line that begins at scanned; it lies in buffer, thus is ours. */
static int check_header(struct mesh_h1_parser *parser,
                        struct mesh_buffer *buffer, size_t len)
{
    if (parser->lines == parser->limits.headers)
        return MESH__H1_TOO_MANY_HEADERS;
    parser->lines++;
    return mesh__h1_check_header_line(
        mesh__buffer_data(buffer) + parser->scanned, len);
}

static void start_body(struct mesh_h1_parser *parser)
{
    parser->left = parser->head.body_bytes;
    parser->scanned = 0;
    if (parser->head_request || parser->head.body == MESH__BODY_NONE)
        parser->state = WHOLE;
    else if (parser->head.body == MESH__BODY_LENGTH)
        parser->state = parser->left ? COUNTED : WHOLE;
    else if (parser->head.body == MESH__BODY_CHUNKED)
        parser->state = CHUNK_SIZE;
    else
        parser->state = UNTIL_CLOSE;
}

static struct mesh_h1_event end_head(struct mesh_h1_parser *parser)
{
    int verdict = mesh__h1_read_head(parser);

    if (verdict)
        return fail(parser, verdict);
    if (parser->role == MESH__H1_RESPONSES && parser->head.status < 200) {
        parser->state = INTERIM_SAID;
        return say(MESH__H1_INTERIM);
    }
    start_body(parser);
    return say(MESH__H1_HEAD);
}

static struct mesh_h1_event step_lines(struct mesh_h1_parser *parser,
                                       struct mesh_slice *rest)
{
    struct mesh_slice line;
    int verdict;

    if (rest->len == 0)
        return need_more;
    verdict = take_line(parser, &parser->line, rest, &line);
    if (verdict)
        return fail(parser, verdict);
    if (!line.at)
        return need_more;
    if (line.len == 0 && parser->scanned > 0)
        return end_head(parser);
    verdict = parser->scanned == 0
                  ? check_start_line(parser, line)
                  : check_header(parser, &parser->line, line.len);
    parser->scanned = parser->line.len;
    return verdict ? fail(parser, verdict) : need_more;
}

static struct mesh_h1_event end_trailers(struct mesh_h1_parser *parser)
{
    int verdict;

    parser->state = WHOLE;
    if (parser->lines == 0)
        return need_more;
    verdict = mesh__h1_read_trailers(parser);
    return verdict ? fail(parser, verdict) : say(MESH__H1_TRAILERS);
}

static struct mesh_h1_event step_trailer_lines(struct mesh_h1_parser *parser,
                                               struct mesh_slice *rest)
{
    struct mesh_slice line;
    int verdict;

    if (rest->len == 0)
        return need_more;
    verdict = take_line(parser, &parser->tail, rest, &line);
    if (verdict)
        return fail(parser, verdict);
    if (!line.at)
        return need_more;
    if (line.len == 0)
        return end_trailers(parser);
    verdict = check_header(parser, &parser->tail, line.len);
    parser->scanned = parser->tail.len;
    return verdict ? fail(parser, verdict) : need_more;
}

/* --- bodies ----------------------------------------------------------------
 */

static struct mesh_h1_event say_body(struct mesh_slice *rest, size_t len)
{
    struct mesh_h1_event event = { .kind = MESH__H1_BODY };

    event.data = mesh__slice(rest->at, len);
    take(rest, len);
    return event;
}

/* Up to left bytes, and then on to the state that follows. */
static struct mesh_h1_event count_down(struct mesh_h1_parser *parser,
                                       struct mesh_slice *rest, int next)
{
    size_t len = rest->len < parser->left ? rest->len : (size_t)parser->left;

    if (len == 0)
        return need_more;
    parser->left -= len;
    if (parser->left == 0)
        parser->state = next;
    return say_body(rest, len);
}

static struct mesh_h1_event step_counted(struct mesh_h1_parser *parser,
                                         struct mesh_slice *rest)
{
    return count_down(parser, rest, WHOLE);
}

static struct mesh_h1_event step_until_close(struct mesh_h1_parser *parser,
                                             struct mesh_slice *rest)
{
    (void)parser;
    return rest->len ? say_body(rest, rest->len) : need_more;
}

/* A chunk's line is ruled by its own ceiling. */
static bool take_chunk_byte(struct mesh_h1_parser *parser,
                            struct mesh_slice *rest, char *byte)
{
    *byte = rest->at[0];
    take(rest, 1);
    return ++parser->scanned <= MESH__H1_CHUNK_LINE;
}

/* One byte: a digit of the size, or what ends it; no blanks before that. */
static struct mesh_h1_event step_chunk_size(struct mesh_h1_parser *parser,
                                            struct mesh_slice *rest)
{
    bool first = parser->scanned == 0;
    char byte;
    int digit;

    if (rest->len == 0)
        return need_more;
    if (!take_chunk_byte(parser, rest, &byte))
        return fail(parser, MESH__H1_BAD_CHUNK);
    digit = mesh__hex_digit(byte);
    if (digit >= 0) {
        if (parser->left > (uint64_t)INT64_MAX >> 4)
            return fail(parser, MESH__H1_BAD_CHUNK);
        parser->left = parser->left << 4 | (uint64_t)digit;
        return need_more;
    }
    if (first)
        return fail(parser, MESH__H1_BAD_CHUNK);
    if (byte == '\r')
        parser->state = CHUNK_LINE_END;
    else if (byte == ';')
        parser->state = CHUNK_EXTENSION;
    else
        return fail(parser, MESH__H1_BAD_CHUNK);
    return need_more;
}

/* Extensions mean nothing to us (RFC 9112 section 7.1.1). */
static struct mesh_h1_event step_chunk_extension(struct mesh_h1_parser *parser,
                                                 struct mesh_slice *rest)
{
    char byte;

    if (rest->len == 0)
        return need_more;
    if (!take_chunk_byte(parser, rest, &byte))
        return fail(parser, MESH__H1_BAD_CHUNK);
    if (byte == '\r')
        parser->state = CHUNK_LINE_END;
    else if (byte != '\t' && (byte < 0x20 || byte > 0x7e))
        return fail(parser, MESH__H1_BAD_CHUNK);
    return need_more;
}

static struct mesh_h1_event expect(struct mesh_h1_parser *parser,
                                   struct mesh_slice *rest, char byte, int next)
{
    if (rest->len == 0)
        return need_more;
    if (rest->at[0] != byte)
        return fail(parser, MESH__H1_BAD_CHUNK);
    take(rest, 1);
    parser->state = next;
    return need_more;
}

static struct mesh_h1_event step_chunk_line_end(struct mesh_h1_parser *parser,
                                                struct mesh_slice *rest)
{
    if (rest->len == 0)
        return need_more;
    parser->scanned = 0;
    parser->lines = 0;
    return expect(parser, rest, '\n', parser->left ? CHUNK : TRAILER_LINES);
}

static struct mesh_h1_event step_chunk(struct mesh_h1_parser *parser,
                                       struct mesh_slice *rest)
{
    return count_down(parser, rest, CHUNK_CR);
}

static struct mesh_h1_event step_chunk_cr(struct mesh_h1_parser *parser,
                                          struct mesh_slice *rest)
{
    return expect(parser, rest, '\r', CHUNK_LF);
}

static struct mesh_h1_event step_chunk_lf(struct mesh_h1_parser *parser,
                                          struct mesh_slice *rest)
{
    return expect(parser, rest, '\n', CHUNK_SIZE);
}

/* --- ends ------------------------------------------------------------------
 */

static struct mesh_h1_event step_done(struct mesh_h1_parser *parser,
                                      struct mesh_slice *rest)
{
    if (parser->role == MESH__H1_RESPONSES && rest->len)
        return fail(parser, MESH__H1_UNEXPECTED);
    return need_more;
}

static void forget_head(struct mesh_h1_parser *parser)
{
    mesh__buffer_clear(&parser->line);
    mesh__buffer_shrink(&parser->line, KEEP_BYTES);
    mesh__buffer_clear(&parser->tail);
    mesh__buffer_shrink(&parser->tail, KEEP_BYTES);
    mesh__arena_reset(&parser->arena);
    parser->head = (struct mesh_head){ 0 };
    parser->trailers = (struct mesh_head){ 0 };
    parser->scanned = 0;
    parser->lines = 0;
    parser->left = 0;
    parser->state = LINES;
}

static struct mesh_h1_event step_interim_said(struct mesh_h1_parser *parser,
                                              struct mesh_slice *rest)
{
    if (rest->len)
        forget_head(parser);
    return need_more;
}

static struct mesh_h1_event step_whole(struct mesh_h1_parser *parser,
                                       struct mesh_slice *rest)
{
    (void)rest;
    parser->state = DONE;
    return say(MESH__H1_END);
}

static struct mesh_h1_event step_failed(struct mesh_h1_parser *parser,
                                        struct mesh_slice *rest)
{
    (void)rest;
    return say_failed(parser);
}

static struct mesh_h1_event (*const steps[])(struct mesh_h1_parser *parser,
                                             struct mesh_slice *rest) = {
    [DONE] = step_done,
    [LINES] = step_lines,
    [INTERIM_SAID] = step_interim_said,
    [COUNTED] = step_counted,
    [UNTIL_CLOSE] = step_until_close,
    [CHUNK_SIZE] = step_chunk_size,
    [CHUNK_EXTENSION] = step_chunk_extension,
    [CHUNK_LINE_END] = step_chunk_line_end,
    [CHUNK] = step_chunk,
    [CHUNK_CR] = step_chunk_cr,
    [CHUNK_LF] = step_chunk_lf,
    [TRAILER_LINES] = step_trailer_lines,
    [WHOLE] = step_whole,
    [FAILED] = step_failed,
};

/* --- the engine ------------------------------------------------------------
 */

void mesh__h1_parser_init(struct mesh_h1_parser *parser, enum mesh_h1_role role,
                          const struct mesh_h1_limits *limits)
{
    size_t lines;

    *parser = (struct mesh_h1_parser){
        .role = role, .limits = { MESH__H1_HEAD_BYTES, MESH__H1_HEADERS }
    };
    if (limits)
        parser->limits = *limits;
    mesh__buffer_init(&parser->line, parser->limits.head_bytes);
    mesh__buffer_init(&parser->tail, parser->limits.head_bytes);
    /* head and trailers, all lines joined, one path with a slash more */
    lines = 2 * (parser->limits.headers + 1);
    mesh__arena_init(&parser->arena, 2 * parser->limits.head_bytes +
                                         lines * sizeof(struct mesh_header) +
                                         KEEP_BYTES);
    if (role == MESH__H1_REQUESTS)
        parser->state = LINES;
}

void mesh__h1_parser_fini(struct mesh_h1_parser *parser)
{
    mesh__buffer_fini(&parser->line);
    mesh__buffer_fini(&parser->tail);
    mesh__arena_fini(&parser->arena);
    parser->head = (struct mesh_head){ 0 };
    parser->trailers = (struct mesh_head){ 0 };
    parser->state = DONE;
}

void mesh__h1_parser_begin(struct mesh_h1_parser *parser,
                           struct mesh_slice method)
{
    forget_head(parser);
    parser->refusal = MESH__H1_OK;
    parser->head_request = mesh__slice_is(method, "HEAD");
    parser->connect_request = mesh__slice_is(method, "CONNECT");
}

struct mesh_h1_event mesh__h1_feed(struct mesh_h1_parser *parser,
                                   struct mesh_slice input, size_t *consumed)
{
    struct mesh_slice rest = input;
    struct mesh_h1_event event;
    size_t before;
    int state;

    do {
        before = rest.len;
        state = parser->state;
        event = steps[state](parser, &rest);
    } while (event.kind == MESH__H1_NEED_MORE &&
             (rest.len != before || parser->state != state));
    *consumed = input.len - rest.len;
    return event;
}

struct mesh_h1_event mesh__h1_feed_end(struct mesh_h1_parser *parser)
{
    switch (parser->state) {
    case FAILED:
        return say_failed(parser);
    case WHOLE:
    case UNTIL_CLOSE:
        parser->state = DONE;
        return say(MESH__H1_END);
    default:
        return mesh__h1_begun(parser) ? fail(parser, MESH__H1_TRUNCATED)
                                      : need_more;
    }
}

bool mesh__h1_begun(const struct mesh_h1_parser *parser)
{
    if (parser->state == LINES)
        return parser->line.len > 0;
    return parser->state != DONE && parser->state != INTERIM_SAID;
}
