/*
 * h1.h - what both fuzz targets of http1/ claim about any bytes.
 *
 * 1. Whole or byte by byte, the parser says the same.
 * 2. A head it hands out, the encoder accepts; and what the encoder writes is
 *    read back as the same head: what one end lets in, the next end sees.
 *
 * The first byte of responses chooses the request that they answer.
 */
#ifndef FUZZ_H1_H
#define FUZZ_H1_H

#include "base/error.h"
#include "http1/http1.h"

enum { STORY_BYTES = 1 << 22 };

/* Everything the parser said, as bytes that can be compared. */
struct story {
    enum mesh_h1_role role;
    struct mesh_slice method;
    struct mesh_buffer told;
    bool in_body;
};

static void must(bool claim)
{
    if (!claim)
        __builtin_trap();
}

static void tell(struct story *story, struct mesh_slice text)
{
    must(mesh__buffer_append(&story->told, &text.len, sizeof(text.len)) == 0);
    must(mesh__buffer_append(&story->told, text.at, text.len) == 0);
}

static void tell_number(struct story *story, uint64_t number)
{
    must(mesh__buffer_append(&story->told, &number, sizeof(number)) == 0);
}

static void tell_head(struct story *story, const struct mesh_head *head)
{
    tell(story, head->method);
    tell(story, head->authority);
    tell(story, head->path);
    tell_number(story, head->status);
    tell_number(story, (uint64_t)head->body);
    tell_number(story, head->body_bytes);
    tell_number(story, head->keep_alive);
    for (size_t i = 0; i < head->count; i++) {
        tell(story, head->headers[i].name);
        tell(story, head->headers[i].value);
    }
}

/* Pieces of a body are one: where they were cut is nobody's concern. */
static void tell_event(struct story *story, const struct mesh_h1_parser *parser,
                       struct mesh_h1_event event)
{
    if (event.kind == MESH__H1_BODY) {
        must(event.data.len > 0);
        if (!story->in_body)
            tell_number(story, MESH__H1_BODY);
        story->in_body = true;
        must(mesh__buffer_append(&story->told, event.data.at, event.data.len) ==
             0);
        return;
    }
    story->in_body = false;
    tell_number(story, event.kind);
    tell_number(story, event.refusal);
    if (event.kind == MESH__H1_HEAD || event.kind == MESH__H1_INTERIM)
        tell_head(story, &parser->head);
    if (event.kind == MESH__H1_TRAILERS)
        tell_head(story, &parser->trailers);
}

/* A body that is absent or of no bytes: the encoder may say either. */
static bool same_body(const struct mesh_head *a, const struct mesh_head *b)
{
    bool a_empty = a->body == MESH__BODY_NONE ||
                   (a->body == MESH__BODY_LENGTH && a->body_bytes == 0);
    bool b_empty = b->body == MESH__BODY_NONE ||
                   (b->body == MESH__BODY_LENGTH && b->body_bytes == 0);

    return a_empty ? b_empty
                   : a->body == b->body && a->body_bytes == b->body_bytes;
}

static void same_head(const struct mesh_head *a, const struct mesh_head *b)
{
    must(mesh__slice_equal(a->method, b->method));
    must(mesh__slice_equal(a->authority, b->authority));
    must(mesh__slice_equal(a->path, b->path));
    must(a->status == b->status && a->count == b->count && same_body(a, b));
    for (size_t i = 0; i < a->count; i++) {
        must(mesh__slice_equal(a->headers[i].name, b->headers[i].name));
        must(mesh__slice_equal(a->headers[i].value, b->headers[i].value));
        must(a->headers[i].id == b->headers[i].id);
    }
}

static void read_back(const struct story *story, const struct mesh_head *head)
{
    /* What is written may be longer by host, length and connection. */
    static const struct mesh_h1_limits wide = { 4 * MESH__H1_HEAD_BYTES,
                                                2 * MESH__H1_HEADERS };
    struct mesh_h1_parser parser;
    struct mesh_buffer out;
    struct mesh_h1_event event;
    size_t consumed;
    int rc;

    mesh__buffer_init(&out, wide.head_bytes);
    rc = story->role == MESH__H1_REQUESTS
             ? mesh__h1_encode_request(head, !head->keep_alive, &out)
             : mesh__h1_encode_response(head, !head->keep_alive, story->method,
                                        &out);
    must(rc == 0);
    mesh__h1_parser_init(&parser, story->role, &wide);
    mesh__h1_parser_begin(&parser, story->method);
    event = mesh__h1_feed(&parser, mesh__buffer_slice(&out), &consumed);
    must(event.kind == MESH__H1_HEAD || event.kind == MESH__H1_INTERIM);
    must(consumed == out.len);
    same_head(head, &parser.head);
    must(event.kind == MESH__H1_INTERIM || !parser.head.keep_alive ||
         head->keep_alive);
    mesh__h1_parser_fini(&parser);
    mesh__buffer_fini(&out);
}

static void read_back_trailers(const struct mesh_head *trailers)
{
    struct mesh_buffer out;

    mesh__buffer_init(&out, 4 * MESH__H1_HEAD_BYTES);
    must(mesh__h1_encode_end(trailers, &out) == 0);
    mesh__buffer_fini(&out);
}

/* False when the parser is finished. */
static bool feed(struct story *story, struct mesh_h1_parser *parser,
                 struct mesh_slice piece, bool back)
{
    for (;;) {
        size_t consumed;
        struct mesh_h1_event event = mesh__h1_feed(parser, piece, &consumed);

        must(consumed <= piece.len);
        piece = mesh__slice(piece.at + consumed, piece.len - consumed);
        if (event.kind == MESH__H1_NEED_MORE) {
            must(piece.len == 0);
            return true;
        }
        tell_event(story, parser, event);
        if (event.kind == MESH__H1_ERROR || event.kind == MESH__H1_NO_MEMORY)
            return false;
        if (back && event.kind != MESH__H1_BODY && event.kind != MESH__H1_END &&
            event.kind != MESH__H1_TRAILERS)
            read_back(story, &parser->head);
        if (back && event.kind == MESH__H1_TRAILERS)
            read_back_trailers(&parser->trailers);
        if (event.kind == MESH__H1_END)
            mesh__h1_parser_begin(parser, story->method);
    }
}

static void run(struct story *story, struct mesh_slice input, size_t size)
{
    struct mesh_h1_parser parser;
    bool going = true;

    mesh__buffer_init(&story->told, STORY_BYTES);
    mesh__h1_parser_init(&parser, story->role, NULL);
    mesh__h1_parser_begin(&parser, story->method);
    while (going && input.len) {
        size_t len = size < input.len ? size : input.len;

        going =
            feed(story, &parser, mesh__slice(input.at, len), len == input.len);
        input = mesh__slice(input.at + len, input.len - len);
    }
    if (going)
        tell_event(story, &parser, mesh__h1_feed_end(&parser));
    mesh__h1_parser_fini(&parser);
}

static void fuzz_h1(enum mesh_h1_role role, const uint8_t *data, size_t size)
{
    static const char *const methods[] = { "GET", "HEAD", "CONNECT" };
    struct mesh_slice input = mesh__slice((const char *)data, size);
    struct story whole = { .role = role };
    struct story bytes = { .role = role };

    if (size == 0 || size > STORY_BYTES / 64)
        return;
    if (role == MESH__H1_RESPONSES) {
        whole.method = mesh__slice_of(methods[data[0] % 3]);
        bytes.method = whole.method;
        input = mesh__slice(input.at + 1, input.len - 1);
    }
    run(&whole, input, SIZE_MAX);
    run(&bytes, input, 1);
    must(mesh__slice_equal(mesh__buffer_slice(&whole.told),
                           mesh__buffer_slice(&bytes.told)));
    mesh__buffer_fini(&whole.told);
    mesh__buffer_fini(&bytes.told);
    mesh__error_clear();
}

#endif
