/*
 * play.c - tell what the parser says about some bytes, in words.
 */
#include "play.h"

#include "base/alloc.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct player {
    struct mesh_h1_parser parser;
    struct mesh_buffer *out;
    bool in_body;
    bool over;
};

static void add(struct player *player, struct mesh_slice text)
{
    if (mesh__buffer_append(player->out, text.at, text.len) < 0)
        player->over = true;
}

static void word(struct player *player, const char *text)
{
    if (player->out->len)
        add(player, MESH__SLICE(" "));
    add(player, mesh__slice_of(text));
}

static void tell_lines(struct player *player, const struct mesh_head *head)
{
    add(player, MESH__SLICE("{"));
    for (size_t i = 0; i < head->count; i++) {
        add(player, i ? MESH__SLICE(" ") : MESH__SLICE(""));
        add(player, head->headers[i].name);
        add(player, MESH__SLICE("="));
        add(player, head->headers[i].value);
    }
    add(player, MESH__SLICE("}"));
}

static void tell_body(struct player *player, const struct mesh_head *head)
{
    static const char *const names[] = { "none", "length", "chunked", "close" };

    word(player, names[head->body]);
    if (head->body == MESH__BODY_LENGTH)
        (void)mesh__buffer_format(player->out, " %llu",
                                  (unsigned long long)head->body_bytes);
    word(player, head->keep_alive ? "keep" : "last");
}

static void tell_head(struct player *player)
{
    const struct mesh_head *head = &player->parser.head;

    if (head->status) {
        (void)mesh__buffer_format(player->out, "%u ", head->status);
    } else {
        add(player, head->method);
        word(player, "");
        add(player, head->path);
        word(player, "@");
        add(player, head->authority);
        word(player, "");
    }
    tell_lines(player, head);
}

static void tell(struct player *player, struct mesh_h1_event event)
{
    if (event.kind != MESH__H1_BODY && player->in_body) {
        add(player, MESH__SLICE("\""));
        player->in_body = false;
    }
    switch (event.kind) {
    case MESH__H1_NEED_MORE:
        word(player, "?");
        break;
    case MESH__H1_HEAD:
        word(player, "");
        tell_head(player);
        tell_body(player, &player->parser.head);
        break;
    case MESH__H1_INTERIM:
        word(player, "~");
        tell_head(player);
        break;
    case MESH__H1_BODY:
        if (!player->in_body)
            word(player, "\"");
        player->in_body = true;
        add(player, event.data);
        break;
    case MESH__H1_TRAILERS:
        word(player, "+");
        tell_lines(player, &player->parser.trailers);
        break;
    case MESH__H1_END:
        word(player, ".");
        break;
    case MESH__H1_ERROR:
        word(player, "!");
        add(player, mesh__slice_of(mesh__h1_refusals[event.refusal].name));
        break;
    case MESH__H1_NO_MEMORY:
        word(player, "#");
        break;
    }
}

static void hear(struct player *player, struct mesh_h1_event event)
{
    tell(player, event);
    if (event.kind == MESH__H1_ERROR || event.kind == MESH__H1_NO_MEMORY)
        player->over = true;
    if (event.kind == MESH__H1_END && player->parser.role == MESH__H1_REQUESTS)
        mesh__h1_parser_begin(&player->parser, MESH__SLICE(""));
}

static void feed(struct player *player, struct mesh_slice piece)
{
    while (!player->over) {
        size_t consumed;
        struct mesh_h1_event event =
            mesh__h1_feed(&player->parser, piece, &consumed);

        piece = mesh__slice(piece.at + consumed, piece.len - consumed);
        if (event.kind == MESH__H1_NEED_MORE && piece.len == 0)
            return;
        hear(player, event);
    }
}

static void feed_copy(struct player *player, struct mesh_slice piece)
{
    char *copy = mesh__malloc(piece.len);

    if (!copy) {
        player->over = true;
        return;
    }
    memcpy(copy, piece.at, piece.len);
    feed(player, mesh__slice(copy, piece.len));
    mesh__free(copy);
}

void play(const struct play *play, struct mesh_slice input, size_t size,
          struct mesh_buffer *out)
{
    struct player player = { .out = out };

    mesh__h1_parser_init(&player.parser, play->role, play->limits);
    mesh__h1_parser_begin(&player.parser, mesh__slice_of(play->method));
    while (input.len && !player.over) {
        size_t len = size && size < input.len ? size : input.len;

        feed_copy(&player, mesh__slice(input.at, len));
        input = mesh__slice(input.at + len, input.len - len);
    }
    if (!player.over && play->end)
        tell(&player, mesh__h1_feed_end(&player.parser));
    else if (!player.over && mesh__h1_begun(&player.parser))
        tell(&player, (struct mesh_h1_event){ .kind = MESH__H1_NEED_MORE });
    mesh__h1_parser_fini(&player.parser);
}

void play_expect(const char *claim, const struct play *how,
                 struct mesh_slice input, const char *expected)
{
    static const size_t sizes[] = { 0, 7, 1 };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct mesh_buffer out;

        mesh__buffer_init(&out, PLAY_CEILING);
        play(how, input, sizes[i], &out);
        if (!mesh__slice_is(mesh__buffer_slice(&out), expected))
            fail_msg("%s (pieces of %zu)\n  wanted: %s\n  found:  %.*s", claim,
                     sizes[i], expected, (int)out.len,
                     mesh__buffer_data(&out) ? mesh__buffer_data(&out) : "");
        mesh__buffer_fini(&out);
    }
}
