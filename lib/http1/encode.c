/*
 * encode.c - messages to bytes of HTTP/1.1.
 *
 * Checks first, then writes; what it cannot write whole it does not write.
 * Lets nothing out that line.c and message.c would not let in: a header value
 * of the application cannot become a second message. Knows no socket.
 */
#include "http1/inside.h"

#include "base/error.h"

/* A buffer, and the first thing that went wrong with it. */
struct writer {
    struct mesh_buffer *out;
    size_t before; /* bytes in out when we came */
    int rc;
};

static struct writer start(struct mesh_buffer *out)
{
    return (struct writer){ .out = out, .before = out->len };
}

static void put(struct writer *writer, struct mesh_slice text)
{
    if (writer->rc == 0)
        writer->rc = mesh__buffer_append(writer->out, text.at, text.len);
}

#define PUT(writer, literal) put(writer, MESH__SLICE(literal))

static void put_line(struct writer *writer, struct mesh_slice name,
                     struct mesh_slice value)
{
    put(writer, name);
    PUT(writer, ": ");
    put(writer, value);
    PUT(writer, "\r\n");
}

static void put_number(struct writer *writer, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    put(writer, mesh__slice(digits + at, sizeof(digits) - at));
}

static void put_length(struct writer *writer, uint64_t bytes)
{
    PUT(writer, "content-length: ");
    put_number(writer, bytes);
    PUT(writer, "\r\n");
}

/* Whole or not at all. */
static int finish(struct writer *writer)
{
    if (writer->rc < 0)
        writer->out->len = writer->before;
    return writer->rc;
}

/* --- what may be written ---------------------------------------------------
 */

static int check_line(const struct mesh_header *line)
{
    int width = line->name.len < 64 ? (int)line->name.len : 64;

    if (!mesh__is_token(line->name))
        return mesh__fail(MESH_ERR_INVALID, "a header name is no token");
    if (!mesh__is_field_value(line->value))
        return mesh__fail(MESH_ERR_INVALID,
                          "header %.*s: blanks around its value, or a "
                          "forbidden byte in it",
                          width, line->name.at);
    return 0;
}

static int refuse_name(const struct mesh_header *line, const char *why)
{
    return mesh__fail(MESH_ERR_INVALID, "header %.*s %s", (int)line->name.len,
                      line->name.at, why);
}

/* Names as the application spelt them: case does not hide one from us. */
static enum mesh_header_id id_of(const struct mesh_header *line)
{
    enum { LONGEST = 48 };
    char name[LONGEST];

    if (line->name.len > LONGEST)
        return MESH__H_OTHER;
    for (size_t i = 0; i < line->name.len; i++)
        name[i] = mesh__lower(line->name.at[i]);
    return mesh__header_id(mesh__slice(name, line->name.len));
}

static int check_lines(const struct mesh_head *head, bool request)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < head->count; i++) {
        enum mesh_header_id id = head->headers[i].id;

        if (id == MESH__H_OTHER)
            id = id_of(&head->headers[i]);
        rc = check_line(&head->headers[i]);
        if (rc == 0 &&
            (mesh__h1_is_framing(id) || (request && id == MESH__H_HOST)))
            rc = refuse_name(&head->headers[i], "is written by the codec");
    }
    return rc;
}

static int check_trailers(const struct mesh_head *trailers)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < trailers->count; i++) {
        rc = check_line(&trailers->headers[i]);
        if (rc == 0 && mesh__h1_not_in_trailers(id_of(&trailers->headers[i])))
            rc = refuse_name(&trailers->headers[i], "may not be a trailer");
    }
    return rc;
}

static bool is_connect(const struct mesh_head *head)
{
    return mesh__slice_is(head->method, "CONNECT");
}

static bool has_body(const struct mesh_head *head)
{
    return head->body != MESH__BODY_NONE &&
           !(head->body == MESH__BODY_LENGTH && head->body_bytes == 0);
}

/* The target is read as the peer will read it. */
static int check_target(const struct mesh_head *head)
{
    struct mesh_head read = { .method = head->method };

    if (!head->has_authority || !mesh__is_authority(head->authority))
        return mesh__fail(MESH_ERR_INVALID,
                          "a request needs a well-formed authority");
    if (is_connect(head)
            ? mesh__h1_read_target(&read, NULL, head->authority) != MESH__H1_OK
            : head->path.len == 0 ||
                  (head->path.at[0] != '/' && head->path.at[0] != '*') ||
                  mesh__h1_read_target(&read, NULL, head->path) != MESH__H1_OK)
        return mesh__fail(MESH_ERR_INVALID,
                          "the request target is not well-formed");
    return 0;
}

static int check_request(const struct mesh_head *head)
{
    int rc;

    if (!mesh__h1_method_known(head->method))
        return mesh__fail(MESH_ERR_INVALID, "the method is not a known one");
    rc = check_target(head);
    if (rc < 0)
        return rc;
    if (head->body == MESH__BODY_CLOSE || head->body_bytes > INT64_MAX)
        return mesh__fail(MESH_ERR_INVALID,
                          "a request's body has a length or is chunked");
    if (is_connect(head) && has_body(head))
        return mesh__fail(MESH_ERR_INVALID, "CONNECT has no body");
    return check_lines(head, true);
}

/* No length is ever written for these (RFC 9110 section 8.6). */
static bool is_unframed(unsigned status, struct mesh_slice request_method)
{
    return status < 200 || status == 204 || status == 304 ||
           (status < 300 && mesh__slice_is(request_method, "CONNECT"));
}

static int check_response(const struct mesh_head *head,
                          struct mesh_slice request_method)
{
    if (head->status < 100 || head->status > 999 || head->status == 101)
        return mesh__fail(MESH_ERR_INVALID, "status %u cannot be sent",
                          head->status);
    if (head->body_bytes > INT64_MAX)
        return mesh__fail(MESH_ERR_INVALID, "the body is too long");
    if (is_unframed(head->status, request_method) && head->status != 304 &&
        has_body(head))
        return mesh__fail(MESH_ERR_INVALID, "status %u has no body",
                          head->status);
    return check_lines(head, false);
}

/* --- writing ---------------------------------------------------------------
 */

static void put_lines(struct writer *writer, const struct mesh_head *head)
{
    for (size_t i = 0; i < head->count; i++)
        put_line(writer, head->headers[i].name, head->headers[i].value);
}

/* says_zero: an absent body is announced. */
static void put_framing(struct writer *writer, const struct mesh_head *head,
                        bool says_zero)
{
    if (head->body == MESH__BODY_LENGTH)
        put_length(writer, head->body_bytes);
    else if (head->body == MESH__BODY_CHUNKED)
        PUT(writer, "transfer-encoding: chunked\r\n");
    else if (head->body == MESH__BODY_NONE && says_zero)
        put_length(writer, 0);
}

static void put_end(struct writer *writer, bool close)
{
    if (close)
        PUT(writer, "connection: close\r\n");
    PUT(writer, "\r\n");
}

/* Methods for which no body goes without saying (Envoy's codec_impl.cc). */
static bool expects_body(struct mesh_slice method)
{
    static const char *const without[] = { "GET", "HEAD", "DELETE", "TRACE",
                                           "CONNECT" };

    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        if (mesh__slice_is(method, without[i]))
            return false;
    return true;
}

int mesh__h1_encode_request(const struct mesh_head *head, bool close,
                            struct mesh_buffer *out)
{
    struct writer writer = start(out);
    int rc = check_request(head);

    if (rc < 0)
        return rc;
    put(&writer, head->method);
    PUT(&writer, " ");
    put(&writer, is_connect(head) ? head->authority : head->path);
    PUT(&writer, " HTTP/1.1\r\n");
    put_line(&writer, MESH__SLICE("host"), head->authority);
    put_lines(&writer, head);
    if (!is_connect(head))
        put_framing(&writer, head, expects_body(head->method));
    put_end(&writer, close);
    return finish(&writer);
}

int mesh__h1_encode_response(const struct mesh_head *head, bool close,
                             struct mesh_slice request_method,
                             struct mesh_buffer *out)
{
    struct writer writer = start(out);
    int rc = check_response(head, request_method);

    if (rc < 0)
        return rc;
    PUT(&writer, "HTTP/1.1 ");
    put_number(&writer, head->status);
    PUT(&writer, " ");
    put(&writer, mesh__slice_of(mesh__h1_reason(head->status)));
    PUT(&writer, "\r\n");
    put_lines(&writer, head);
    if (!is_unframed(head->status, request_method))
        put_framing(&writer, head, !mesh__slice_is(request_method, "HEAD"));
    put_end(&writer, close || head->body == MESH__BODY_CLOSE);
    return finish(&writer);
}

size_t mesh__h1_chunk_head(uint64_t size, char out[MESH__H1_CHUNK_HEAD])
{
    static const char hex[] = "0123456789abcdef";
    size_t digits = 1;

    while (digits < 16 && size >> (4 * digits))
        digits++;
    for (size_t i = 0; i < digits; i++)
        out[i] = hex[size >> (4 * (digits - 1 - i)) & 15];
    out[digits] = '\r';
    out[digits + 1] = '\n';
    return digits + 2;
}

int mesh__h1_encode_end(const struct mesh_head *trailers,
                        struct mesh_buffer *out)
{
    struct writer writer = start(out);
    int rc = trailers ? check_trailers(trailers) : 0;

    if (rc < 0)
        return rc;
    PUT(&writer, "0\r\n");
    if (trailers)
        put_lines(&writer, trailers);
    PUT(&writer, "\r\n");
    return finish(&writer);
}
