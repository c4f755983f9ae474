/*
 * message.c - from checked lines to one message: what its lines mean together.
 *
 * The lines lie still in the parser's buffer; slices into it become the head.
 * Decides who is addressed, what is handed on and where the body ends. Knows
 * no input and no events.
 */
#include "http1/inside.h"

#include <assert.h>

enum {
    TOKENS = 10,   /* of Connection; as many are too many (Envoy)   */
    TE_BYTES = 256 /* of a nominated TE; as many are too many       */
};

/* What the lines of a head have said so far. */
struct reading {
    struct mesh_h1_parser *parser;
    struct mesh_head *head;
    bool response;
    bool has_host;
    bool has_length;
    bool chunked;
    bool wants_close;
    bool wants_keep_alive;
    bool has_te;
    size_t te_bytes;
    size_t nominated_count;
    struct mesh_slice nominated[TOKENS];
    uint64_t length;
};

static struct mesh_slice next_line(struct mesh_slice *rest)
{
    const char *end = memchr(rest->at, '\n', rest->len);
    size_t len = (size_t)(end - rest->at);
    struct mesh_slice line = mesh__slice(rest->at, len - 1);

    *rest = mesh__slice(end + 1, rest->len - len - 1);
    return line;
}

/* The next non-empty element of a comma list; false at its end. */
static bool next_element(struct mesh_slice *rest, struct mesh_slice *element)
{
    while (rest->len) {
        const char *comma = memchr(rest->at, ',', rest->len);
        size_t len = comma ? (size_t)(comma - rest->at) : rest->len;
        size_t used = comma ? len + 1 : len;

        *element = mesh__slice_trim(mesh__slice(rest->at, len));
        *rest = mesh__slice(rest->at + used, rest->len - used);
        if (element->len)
            return true;
    }
    return false;
}

/* --- line by line ----------------------------------------------------------
 */

/* The head was made for as many lines as there are. */
static int keep(struct reading *reading, enum mesh_header_id id,
                struct mesh_slice name, struct mesh_slice value)
{
    struct mesh_head *head = reading->head;

    assert(head->count < head->capacity);
    head->headers[head->count++] = (struct mesh_header){ name, value, id };
    return MESH__H1_OK;
}

static int read_host(struct reading *reading, struct mesh_slice value)
{
    struct mesh_head *head = reading->head;

    if (reading->has_host)
        return MESH__H1_TWO_HOSTS;
    reading->has_host = true;
    if (value.len && !mesh__is_authority(value))
        return MESH__H1_BAD_HOST;
    if (head->has_authority)
        return MESH__H1_OK; /* RFC 9112 section 3.2.2: the target's wins */
    head->authority = value;
    head->has_authority = true;
    return MESH__H1_OK;
}

static int read_length(struct reading *reading, struct mesh_slice value)
{
    unsigned long long length;

    if (reading->has_length || !mesh__slice_number(value, INT64_MAX, &length))
        return MESH__H1_BAD_LENGTH;
    reading->has_length = true;
    reading->length = length;
    return MESH__H1_OK;
}

static int read_coding(struct reading *reading, struct mesh_slice value)
{
    if (reading->chunked ||
        !mesh__slice_equal_nocase(value, MESH__SLICE("chunked")))
        return MESH__H1_BAD_TRANSFER_CODING;
    reading->chunked = true;
    return MESH__H1_OK;
}

static void read_option(struct reading *reading, struct mesh_slice option)
{
    if (mesh__slice_equal_nocase(option, MESH__SLICE("close")))
        reading->wants_close = true;
    if (mesh__slice_equal_nocase(option, MESH__SLICE("keep-alive")))
        reading->wants_keep_alive = true;
}

/* What a response nominates is handed on (oracle, hop-by-hop). */
static int read_connection(struct reading *reading, struct mesh_slice value)
{
    struct mesh_slice option;

    while (next_element(&value, &option)) {
        read_option(reading, option);
        if (reading->response)
            continue;
        if (!mesh__is_token(option))
            return MESH__H1_BAD_CONNECTION;
        reading->nominated[reading->nominated_count++] = option;
        if (reading->nominated_count == TOKENS)
            return MESH__H1_BAD_CONNECTION;
    }
    return MESH__H1_OK;
}

static int read_proxy_connection(struct reading *reading,
                                 struct mesh_slice value)
{
    struct mesh_slice option;

    while (next_element(&value, &option))
        if (mesh__slice_equal_nocase(option, MESH__SLICE("close")))
            reading->wants_close = true;
    return MESH__H1_OK;
}

/* Only "trailers" crosses a hop, once. */
static int read_te(struct reading *reading, struct mesh_slice name,
                   struct mesh_slice value)
{
    struct mesh_slice element;

    reading->te_bytes += value.len;
    while (next_element(&value, &element)) {
        if (reading->has_te ||
            !mesh__slice_equal_nocase(element, MESH__SLICE("trailers")))
            continue;
        reading->has_te = true;
        (void)keep(reading, MESH__H_TE, name, MESH__SLICE("trailers"));
    }
    return MESH__H1_OK;
}

static int read_request_header(struct reading *reading, enum mesh_header_id id,
                               struct mesh_slice name, struct mesh_slice value)
{
    switch (id) {
    case MESH__H_HOST:
        return read_host(reading, value);
    case MESH__H_TE:
        return read_te(reading, name, value);
    default:
        return keep(reading, id, name, value);
    }
}

static int read_header(struct reading *reading, struct mesh_slice line)
{
    struct mesh_slice name;
    struct mesh_slice value;
    enum mesh_header_id id;

    mesh__h1_split_header_line(line, &name, &value);
    id = mesh__header_id(name);
    switch (id) {
    case MESH__H_CONTENT_LENGTH:
        return read_length(reading, value);
    case MESH__H_TRANSFER_ENCODING:
        return read_coding(reading, value);
    case MESH__H_CONNECTION:
        return read_connection(reading, value);
    case MESH__H_PROXY_CONNECTION:
        return read_proxy_connection(reading, value);
    case MESH__H_KEEP_ALIVE:
    case MESH__H_UPGRADE:
        return MESH__H1_OK;
    default:
        return reading->response
                   ? keep(reading, id, name, value)
                   : read_request_header(reading, id, name, value);
    }
}

/* --- all lines together ----------------------------------------------------
 */

/* Envoy refuses to lose these, nominated or not. */
static bool may_be_nominated(struct mesh_slice name)
{
    return !mesh__slice_equal_nocase(name, MESH__SLICE("x-forwarded-for")) &&
           !mesh__slice_equal_nocase(name, MESH__SLICE("x-forwarded-host")) &&
           !mesh__slice_equal_nocase(name, MESH__SLICE("x-forwarded-proto"));
}

/* "close" is an option itself and never the name of a line. */
static bool is_nominated(const struct reading *reading, struct mesh_slice name)
{
    if (mesh__slice_equal_nocase(name, MESH__SLICE("close")))
        return false;
    for (size_t i = 0; i < reading->nominated_count; i++)
        if (mesh__slice_equal_nocase(reading->nominated[i], name))
            return true;
    return false;
}

/* RFC 9110 section 7.6.1. Nominating te says no more than its rule does. */
static int remove_nominated(struct reading *reading)
{
    struct mesh_head *head = reading->head;
    size_t kept = 0;

    for (size_t i = 0; i < reading->nominated_count; i++)
        if (!may_be_nominated(reading->nominated[i]))
            return MESH__H1_BAD_CONNECTION;
    if (reading->te_bytes >= TE_BYTES &&
        is_nominated(reading, MESH__SLICE("te")))
        return MESH__H1_BAD_CONNECTION;
    for (size_t i = 0; i < head->count; i++)
        if (head->headers[i].id == MESH__H_TE ||
            !is_nominated(reading, head->headers[i].name))
            head->headers[kept++] = head->headers[i];
    head->count = kept;
    return MESH__H1_OK;
}

/* What bears on where the body ends. */
enum {
    RESPONSE = 1 << 0,
    CODED = 1 << 1,        /* Transfer-Encoding: chunked          */
    LENGTH = 1 << 2,       /* Content-Length                      */
    POSITIVE = 1 << 3,     /* ... of more than 0                  */
    CONNECT = 1 << 4,      /* the request itself is CONNECT       */
    TUNNEL = 1 << 5,       /* 2xx to CONNECT                      */
    BODILESS = 1 << 6,     /* 1xx or 204                          */
    NOT_MODIFIED = 1 << 7, /* 304                                 */
    TO_HEAD = 1 << 8,      /* the response answers HEAD           */
    HTTP10 = 1 << 9
};

/*
 * RFC 9112 section 6.3, stricter where two readers might differ. The first
 * row all of whose facts hold decides.
 */
static const struct {
    unsigned facts;
    enum mesh_body_kind body;
    enum mesh_h1_refusal refusal;
} lengths[] = {
    { CODED | LENGTH, MESH__BODY_NONE, MESH__H1_LENGTH_AND_CHUNKED },
    { CODED | HTTP10, MESH__BODY_NONE, MESH__H1_BAD_TRANSFER_CODING },
    { CODED | CONNECT, MESH__BODY_NONE, MESH__H1_BAD_TRANSFER_CODING },
    { POSITIVE | CONNECT, MESH__BODY_NONE, MESH__H1_BAD_BODY },
    { CONNECT, MESH__BODY_NONE, MESH__H1_OK },
    { TUNNEL, MESH__BODY_NONE, MESH__H1_OK },
    { CODED | BODILESS, MESH__BODY_NONE, MESH__H1_BAD_BODY },
    { POSITIVE | BODILESS, MESH__BODY_NONE, MESH__H1_BAD_BODY },
    { BODILESS, MESH__BODY_NONE, MESH__H1_OK },
    { NOT_MODIFIED, MESH__BODY_NONE, MESH__H1_OK },
    { CODED, MESH__BODY_CHUNKED, MESH__H1_OK },
    { LENGTH, MESH__BODY_LENGTH, MESH__H1_OK },
    { TO_HEAD, MESH__BODY_NONE, MESH__H1_OK },
    { RESPONSE, MESH__BODY_CLOSE, MESH__H1_OK },
    { 0, MESH__BODY_NONE, MESH__H1_OK },
};

static unsigned response_facts(const struct reading *reading)
{
    unsigned status = reading->head->status;
    unsigned facts = RESPONSE;

    if (status < 200 || status == 204)
        facts |= BODILESS;
    if (status == 304)
        facts |= NOT_MODIFIED;
    if (reading->parser->head_request)
        facts |= TO_HEAD;
    if (reading->parser->connect_request && status >= 200 && status < 300)
        facts |= TUNNEL;
    return facts;
}

static unsigned length_facts(const struct reading *reading)
{
    unsigned facts = 0;

    if (reading->response)
        facts |= response_facts(reading);
    else if (mesh__slice_is(reading->head->method, "CONNECT"))
        facts |= CONNECT;
    if (reading->chunked)
        facts |= CODED;
    if (reading->has_length)
        facts |= LENGTH;
    if (reading->length > 0)
        facts |= POSITIVE;
    if (reading->head->http10)
        facts |= HTTP10;
    return facts;
}

static int settle_length(struct reading *reading)
{
    struct mesh_head *head = reading->head;
    unsigned facts = length_facts(reading);
    size_t row = 0;

    while ((lengths[row].facts & facts) != lengths[row].facts)
        row++;
    head->body = lengths[row].body;
    head->body_bytes = head->body == MESH__BODY_LENGTH ? reading->length : 0;
    head->keep_alive = !reading->wants_close &&
                       (!head->http10 || reading->wants_keep_alive) &&
                       head->body != MESH__BODY_CLOSE && !(facts & CONNECT);
    return (int)lengths[row].refusal;
}

/* --- whole messages --------------------------------------------------------
 */

static int read_request_line(struct reading *reading, struct mesh_slice line)
{
    struct mesh_h1_request_line parts;

    if (!mesh__h1_split_request_line(line, &parts))
        return MESH__H1_BAD_START_LINE;
    reading->head->method = parts.method;
    return mesh__h1_read_target(reading->head, &reading->parser->arena,
                                parts.target);
}

/* Checked: "HTTP/1.m sss". */
static int read_status_line(struct reading *reading, struct mesh_slice line)
{
    unsigned status = 0;

    for (size_t i = 9; i < 12; i++)
        status = status * 10 + (unsigned)(line.at[i] - '0');
    reading->head->status = status;
    reading->head->http10 = line.at[7] == '0';
    /* RFC 9110 section 15.2.2: only after an Upgrade, and none was sent. */
    return status == 101 ? MESH__H1_BAD_STATUS : MESH__H1_OK;
}

static int settle_request(struct reading *reading)
{
    int verdict;

    if (!reading->head->has_authority)
        return MESH__H1_NO_HOST;
    verdict = settle_length(reading);
    if (!verdict)
        verdict = remove_nominated(reading);
    return verdict;
}

/* One line of what Envoy keeps once. */
static int join(struct reading *reading)
{
    int rc = mesh__head_join(reading->head, &reading->parser->arena,
                             reading->response);

    return rc < 0 ? MESH__H1_OUT_OF_MEMORY : MESH__H1_OK;
}

int mesh__h1_read_head(struct mesh_h1_parser *parser)
{
    struct reading reading = { .parser = parser, .head = &parser->head };
    struct mesh_slice rest = mesh__buffer_slice(&parser->line);
    struct mesh_slice line;
    int verdict;

    reading.response = parser->role == MESH__H1_RESPONSES;
    if (mesh__head_init(&parser->head, &parser->arena, parser->lines) < 0)
        return MESH__H1_OUT_OF_MEMORY;
    line = next_line(&rest);
    verdict = reading.response ? read_status_line(&reading, line)
                               : read_request_line(&reading, line);
    for (line = next_line(&rest); !verdict && line.len; line = next_line(&rest))
        verdict = read_header(&reading, line);
    if (verdict)
        return verdict;
    verdict =
        reading.response ? settle_length(&reading) : settle_request(&reading);
    return verdict ? verdict : join(&reading);
}

int mesh__h1_read_trailers(struct mesh_h1_parser *parser)
{
    struct reading reading = { .parser = parser, .head = &parser->trailers };
    struct mesh_slice rest = mesh__buffer_slice(&parser->tail);
    struct mesh_slice line;

    if (mesh__head_init(&parser->trailers, &parser->arena, parser->lines) < 0)
        return MESH__H1_OUT_OF_MEMORY;
    for (line = next_line(&rest); line.len; line = next_line(&rest)) {
        struct mesh_slice name;
        struct mesh_slice value;
        enum mesh_header_id id;

        mesh__h1_split_header_line(line, &name, &value);
        id = mesh__header_id(name);
        if (mesh__h1_not_in_trailers(id))
            return MESH__H1_BAD_HEADER_NAME;
        (void)keep(&reading, id, name, value);
    }
    return MESH__H1_OK;
}
