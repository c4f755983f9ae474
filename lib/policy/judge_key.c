/*
 * judge_key.c - a match entry as one text: equal texts, equal entries.
 *
 * Names are left out, and the order of what has none is settled first.
 */
#include "policy/judge.h"

#include "base/buffer.h"
#include "base/text.h"

#include <mesh/base.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 64 * 1024 * 1024 };

struct writer {
    struct mesh_buffer buffer;
    int rc;
};

static void put(struct writer *writer, struct mesh_slice text)
{
    /* Length first: no text can look like two. */
    int rc = mesh__buffer_format(&writer->buffer, "%zu:%.*s,", text.len,
                                 MESH__SHOW(text));

    if (rc < 0)
        writer->rc = rc;
}

static void put_number(struct writer *writer, unsigned long number)
{
    int rc = mesh__buffer_format(&writer->buffer, "%lu;", number);

    if (rc < 0)
        writer->rc = rc;
}

static void put_string(struct writer *writer,
                       const struct mesh_string_match *match)
{
    put_number(writer, match->set ? 1UL + match->which : 0);
    put(writer, match->text);
}

static int compare_named(const void *a, const void *b)
{
    const struct mesh_named_match *left = a;
    const struct mesh_named_match *right = b;

    return mesh__text_compare(left->name, right->name);
}

/* Of a map: the order is nobody's business. */
static void put_named(struct writer *writer, struct mesh_arena *arena,
                      const struct mesh_named_match *named, size_t count)
{
    struct mesh_named_match *sorted =
        mesh__arena_array(arena, count, sizeof(*sorted));

    if (!sorted) {
        writer->rc = MESH_ERR_NOMEM;
        return;
    }
    put_number(writer, count);
    if (count == 0)
        return;
    memcpy(sorted, named, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare_named);
    for (size_t i = 0; i < count; i++) {
        put(writer, sorted[i].name);
        put_string(writer, &sorted[i].match);
    }
}

static void put_texts(struct writer *writer, const struct mesh_texts *texts)
{
    put_number(writer, texts->count);
    for (size_t i = 0; i < texts->count; i++)
        put(writer, texts->items[i]);
}

static void put_labels(struct writer *writer, const struct mesh_labels *labels)
{
    put_number(writer, labels->count);
    for (size_t i = 0; i < labels->count; i++) {
        put(writer, labels->items[i].key);
        put(writer, labels->items[i].value);
    }
}

/* All of it but the name. */
static void write_http(struct writer *writer, struct mesh_arena *arena,
                       const struct mesh_http_match *match)
{
    put_string(writer, &match->uri);
    put_string(writer, &match->scheme);
    put_string(writer, &match->method);
    put_string(writer, &match->authority);
    put_named(writer, arena, match->headers, match->header_count);
    put_named(writer, arena, match->without_headers,
              match->without_header_count);
    put_named(writer, arena, match->query_params, match->query_param_count);
    put_number(writer, match->port);
    put_number(writer, match->ignore_uri_case);
    put_labels(writer, &match->source_labels);
    put(writer, match->source_namespace);
    put_texts(writer, &match->gateways);
}

static void write_stream(struct writer *writer,
                         const struct mesh_stream_match *match)
{
    put_texts(writer, &match->sni_hosts);
    put_texts(writer, &match->destination_subnets);
    put_number(writer, match->port);
    put_labels(writer, &match->source_labels);
    put(writer, match->source_namespace);
    put_texts(writer, &match->gateways);
}

/* The text in the judgement's arena; at NULL when memory is out. */
static struct mesh_slice finish(struct mesh__judge *judge,
                                struct writer *writer)
{
    size_t len = writer->buffer.len;
    char *kept = NULL;

    if (writer->rc == 0)
        kept = mesh__arena_strndup(&judge->arena,
                                   mesh__buffer_data(&writer->buffer), len);
    mesh__buffer_fini(&writer->buffer);
    if (!kept)
        mesh__judge_lost(judge);
    return mesh__slice(kept, kept ? len : 0);
}

struct mesh_slice mesh__judge_http_key(struct mesh__judge *judge,
                                       const struct mesh_http_match *match)
{
    struct writer writer = { .rc = 0 };

    mesh__buffer_init(&writer.buffer, KEY_BYTES);
    write_http(&writer, &judge->arena, match);
    return finish(judge, &writer);
}

struct mesh_slice mesh__judge_stream_key(struct mesh__judge *judge,
                                         const struct mesh_stream_match *match)
{
    struct writer writer = { .rc = 0 };

    mesh__buffer_init(&writer.buffer, KEY_BYTES);
    write_stream(&writer, match);
    return finish(judge, &writer);
}
