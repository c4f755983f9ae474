/*
 * stage.c - a server on the memory port, a peer beside it.
 */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <stdio.h>

#define WALL_S INT64_C(784111777) /* Sun, 06 Nov 1994 08:49:37 GMT */

static const char *const trust_domains[] = { "cluster.local" };

/* --- what the server tells --- */

static void record(void *user, const struct mesh_facts *facts)
{
    struct stage *stage = user;
    struct stage_record *out = &stage->records[stage->record_count++];
    char flags[MESH__FLAGS_TEXT];

    assert_true(stage->record_count < STAGE_RECORDS);
    assert_true(facts->inbound);
    mesh__flags_print(&facts->flags, flags);
    (void)snprintf(out->text, sizeof(out->text), "%u %s %s", facts->status,
                   flags, facts->details);
    (void)snprintf(out->cluster, sizeof(out->cluster), "%s",
                   facts->upstream_cluster);
    (void)snprintf(out->peer, sizeof(out->peer), "%s", facts->peer);
    (void)snprintf(out->path, sizeof(out->path), "%.*s", (int)facts->path.len,
                   facts->path.at);
    mesh__address_print_ip(&facts->downstream_remote, out->remote);
    out->received = facts->bytes_received;
    out->sent = facts->bytes_sent;
    out->attempts = facts->attempts;
    out->trace = facts->trace;
    memcpy(out->parent_span, facts->parent_span, sizeof(out->parent_span));
}

/* What an application would print: request line, headers, body. */
struct echo {
    struct mesh_buffer text;
};

static void echo_head(struct mesh_inbound_exchange *exchange,
                      struct mesh_buffer *text)
{
    const struct mesh_head *head = &exchange->head;

    (void)mesh__buffer_format(text, "%.*s %.*s %.*s|", (int)head->method.len,
                              head->method.at, (int)head->path.len,
                              head->path.at, (int)head->authority.len,
                              head->authority.at);
    for (size_t i = 0; i < head->count; i++) {
        const struct mesh_header *line = &head->headers[i];
        bool drawn = line->id == MESH__H_X_REQUEST_ID &&
                     line->value.len == MESH__REQUEST_ID;

        (void)mesh__buffer_format(
            text, "%.*s: %.*s|", (int)line->name.len, line->name.at,
            drawn ? 4 : (int)line->value.len, drawn ? "UUID" : line->value.at);
    }
}

static void echo_end(struct mesh_inbound_exchange *exchange)
{
    struct echo *echo = exchange->owner;

    mesh__exchange_release(exchange);
    mesh__buffer_fini(&echo->text);
    mesh__free(echo);
}

/* Read to the end, then answer. */
static void echo_on(struct mesh_inbound_exchange *exchange)
{
    struct echo *echo = exchange->owner;
    char piece[256];
    size_t got;
    int rc;

    while ((rc = mesh__exchange_read(exchange, piece, sizeof(piece), &got)) ==
               0 &&
           got)
        (void)mesh__buffer_append(&echo->text, piece, got);
    mesh__error_clear();
    if (rc == MESH_ERR_WOULD_BLOCK)
        return;
    if (rc == 0)
        (void)mesh__exchange_respond(exchange, 200,
                                     mesh__buffer_slice(&echo->text));
    mesh__error_clear();
    echo_end(exchange);
}

void stage_echo(struct mesh_inbound_exchange *exchange)
{
    struct echo *echo = mesh__calloc(1, sizeof(*echo));

    if (!echo) {
        mesh__exchange_release(exchange);
        return;
    }
    mesh__buffer_init(&echo->text, STAGE_TEXT);
    exchange->owner = echo;
    exchange->on_news = echo_on;
    echo_head(exchange, &echo->text);
    echo_on(exchange);
}

static void on_exchange_news(struct mesh_inbound_exchange *exchange)
{
    struct stage *stage = exchange->owner;

    stage->news++;
}

static void on_server_news(struct mesh_http_server *server)
{
    struct stage *stage = mesh__http_server_owner(server);
    struct mesh_inbound_exchange *exchange;

    stage->server_news++;
    while (stage->handler != STAGE_KEEPS &&
           (exchange = mesh__http_server_take(server))) {
        if (stage->handler == STAGE_ECHOES)
            stage_echo(exchange);
        else
            mesh__exchange_release(exchange);
    }
}

/* --- the peer --- */

static void note_end(struct stage *stage, int rc)
{
    if (rc == MESH_ERR_WOULD_BLOCK || stage->ended != '.')
        return;
    stage->ended = rc == MESH_ERR_CLOSED ? 'F' : 'R';
}

static void on_peer(struct mesh_stream *stream)
{
    struct stage *stage = stream->owner;
    int rc = MESH_ERR_WOULD_BLOCK;

    if (stream->state == MESH__STREAM_FAILED)
        rc = MESH_ERR_RESET;
    while (stream->state == MESH__STREAM_READY && !stage->deaf &&
           (rc = mesh__stream_fill(stream)) == 0) {
        size_t room = STAGE_TEXT - 1 - stage->heard_len;
        size_t len = stream->plain.len < room ? stream->plain.len : room;

        if (len)
            memcpy(stage->heard + stage->heard_len,
                   mesh__buffer_data(&stream->plain), len);
        stage->heard_len += len;
        stage->heard[stage->heard_len] = '\0';
        stage->heard_bytes += stream->plain.len;
        mesh__buffer_clear(&stream->plain);
    }
    note_end(stage, rc);
    if (stream->state == MESH__STREAM_READY)
        (void)mesh__stream_want(stream, !stage->deaf && stage->ended == '.');
    mesh__error_clear();
}

void stage_identify(struct stage *stage, const char *name, const char *alpn)
{
    struct mesh_tls_profile profile = { .role = MESH__TLS_CLIENT, .sni = "s" };
    const struct mesh_tls_engine *engine = &stage->fake.engine;
    char id[128];

    (void)snprintf(id, sizeof(id), "spiffe://cluster.local/ns/demo/sa/%s",
                   name);
    if (stage->peer_config)
        engine->config_unref(stage->peer_config);
    profile.alpn = &alpn;
    profile.alpn_count = alpn[0] ? 1 : 0;
    profile.credential = fake_credential(id, stage->peer_ends_s);
    profile.bundle = fake_bundle("cluster.local");
    assert_int_equal(
        engine->config_new(engine, &profile, NULL, &stage->peer_config), 0);
    mesh__credential_unref(profile.credential);
    mesh__bundle_unref(profile.bundle);
}

void stage_hang_up(struct stage *stage, bool reset)
{
    if (!stage->peer)
        return;
    mesh__loop_enter(stage->loops[1]);
    mesh__stream_close(stage->peer, NULL, reset);
    mesh__loop_leave(stage->loops[1]);
    stage->peer = NULL;
}

void stage_speak(struct stage *stage, const char *name, const char *alpn)
{
    if (name[0]) {
        stage_identify(stage, name, alpn);
    } else if (stage->peer_config) {
        stage->fake.engine.config_unref(stage->peer_config);
        stage->peer_config = NULL;
    }
}

bool stage_connect(struct stage *stage)
{
    const struct mesh_dial dial = { .timeout_ns = 60 * MESH__S };
    int rc;

    stage_hang_up(stage, false);
    stage->ended = '.';
    stage->heard_len = 0;
    stage->heard_bytes = 0;
    stage->heard[0] = '\0';
    mesh__loop_enter(stage->loops[1]);
    rc = mesh__stream_open(&stage->links[1], stage->at, &dial,
                           stage->peer_config, (struct mesh_slice){ 0 },
                           on_peer, stage, &stage->peer);
    mesh__error_clear();
    mesh__loop_leave(stage->loops[1]);
    stage_pass(stage, 10 * MESH__MS);
    return rc == 0;
}

void stage_say_n(struct stage *stage, const char *bytes, size_t size)
{
    struct mesh_slice slice = mesh__slice(bytes, size);

    mesh__loop_enter(stage->loops[1]);
    (void)mesh__stream_send(stage->peer, &slice, 1);
    mesh__error_clear();
    mesh__loop_leave(stage->loops[1]);
}

void stage_say(struct stage *stage, const char *text)
{
    stage_say_n(stage, text, strlen(text));
}

void stage_pass(struct stage *stage, uint64_t ns)
{
    uint64_t until_ns = mesh__world_now_ns(stage->world) + ns;

    assert_true(mesh__world_run(stage->world, stage->loops, 2, until_ns, NULL,
                                NULL) >= 0);
    if (mesh__world_now_ns(stage->world) < until_ns)
        mesh__world_advance(stage->world,
                            until_ns - mesh__world_now_ns(stage->world));
}

const char *stage_hear(struct stage *stage)
{
    static char text[STAGE_TEXT];

    stage_pass(stage, 10 * MESH__MS);
    memcpy(text, stage->heard, stage->heard_len + 1);
    stage->heard_len = 0;
    stage->heard[0] = '\0';
    return text;
}

const char *stage_ask(struct stage *stage, const char *text)
{
    if (stage_connect(stage))
        stage_say(stage, text);
    return stage_hear(stage);
}

/* --- the handler --- */

struct mesh_inbound_exchange *stage_take(struct stage *stage)
{
    struct mesh_inbound_exchange *exchange;

    stage_pass(stage, 10 * MESH__MS);
    stage_enter(stage);
    exchange = mesh__http_server_take(stage->server);
    stage_leave(stage);
    if (exchange) {
        exchange->owner = stage;
        exchange->on_news = on_exchange_news;
    }
    return exchange;
}

const char *stage_last(const struct stage *stage)
{
    return stage->record_count ? stage->records[stage->record_count - 1].text
                               : "";
}

const char *stage_logged(struct stage *stage, int kind)
{
    static struct mesh_log_line line;
    static struct mesh_log_line found;

    found.text[0] = '\0';
    while (mesh__log_read(&stage->log, &line))
        if (line.kind == kind)
            found = line;
    return found.text;
}

void stage_enter(struct stage *stage)
{
    mesh__loop_enter(stage->loops[0]);
}

void stage_leave(struct stage *stage)
{
    mesh__loop_leave(stage->loops[0]);
}

/* --- the stage itself --- */

void stage_mode(struct stage *stage, enum mesh_mtls_mode mode)
{
    stage->inbound.mtls = mode;
    stage->snapshot.generation++;
}

static void make_identity(struct stage *stage)
{
    struct mesh_credential *credential =
        fake_credential("spiffe://cluster.local/ns/demo/sa/server", WALL_S * 4);
    struct mesh_bundle *bundle = fake_bundle("cluster.local");

    assert_int_equal(mesh__identity_init(&stage->identity), 0);
    mesh__identity_set(&stage->identity, credential, bundle);
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
}

static void make_loops(struct stage *stage, uint64_t seed)
{
    static const struct mesh_h1_limits limits = { MESH__H1_HEAD_BYTES,
                                                  MESH__H1_HEADERS };

    assert_int_equal(mesh__world_new(seed, &stage->world), 0);
    mesh__world_set_wall(stage->world, WALL_S * (int64_t)MESH__S);
    for (uint8_t i = 0; i < 2; i++) {
        struct mesh_address ip = { .family = 4, .ip = { 10, 0, 0, i } };
        struct mesh_port *port;

        ip.ip[3] = (uint8_t)(i + 1);
        assert_int_equal(mesh__port_memory_new(stage->world, &ip, &port), 0);
        assert_int_equal(mesh__loop_new(port, &stage->loops[i]), 0);
        mesh__link_init(&stage->links[i], stage->loops[i], &stage->fake.engine,
                        &limits, true);
    }
}

static void make_env(struct stage *stage)
{
    stage->inbound.service = "web.demo.svc.cluster.local";
    stage->inbound.service_port = 80;
    stage->snapshot.inbound = &stage->inbound;
    stage->snapshot.inbound_count = 1;
    stage->snapshot.generation = 1;
    stage->snapshot.telemetry.tracing = true;
    stage->snapshot.trust_domains = trust_domains;
    stage->snapshot.trust_domain_count = 1;
    stage->hold.snapshot = &stage->snapshot;
    stage->env = (struct mesh_server_env){
        .link = &stage->links[0],
        .identity = &stage->identity,
        .log = &stage->log,
        .denied_event = 8,
        .refused_event = 9,
        .files_event = 11,
        .hold = &stage->hold,
        .handshake_ns = 10 * MESH__S,
        .first_bytes_ns = 15 * MESH__S,
        .head_ns = 30 * MESH__S,
        .body_idle_ns = 300 * MESH__S,
        .keep_alive_ns = 3600 * MESH__S,
        .drain_ns = 5 * MESH__S,
        .record = record,
        .user = stage,
    };
}

int stage_setup(void **state)
{
    return stage_setup_seed(state, 1);
}

int stage_setup_seed(void **state, uint64_t seed)
{
    struct stage *stage = mesh__calloc(1, sizeof(*stage));
    struct mesh_address at = { .family = 4,
                               .port = STAGE_PORT,
                               .ip = { 10, 0, 0, 1 } };

    assert_non_null(stage);
    fake_tls_init(&stage->fake);
    assert_int_equal(mesh__log_init(&stage->log), 0);
    make_identity(stage);
    make_loops(stage, seed);
    stage->peer_ends_s = WALL_S + 1000;
    make_env(stage);
    stage->handler = STAGE_ECHOES;
    stage->ended = '.';
    stage_enter(stage);
    assert_int_equal(mesh__http_server_new(&stage->env, &at, 0, on_server_news,
                                           stage, &stage->server),
                     0);
    stage->at = mesh__http_server_address(stage->server);
    stage_leave(stage);
    *state = stage;
    return 0;
}

void stage_close(struct stage *stage)
{
    stage_hang_up(stage, false);
    stage_enter(stage);
    mesh__http_server_free(stage->server);
    stage->server = NULL;
    stage_leave(stage);
    mesh__error_clear();
    assert_int_equal(stage->hold.uses, 0);
}

int stage_teardown(void **state)
{
    struct stage *stage = *state;

    stage_close(stage);
    if (stage->peer_config)
        stage->fake.engine.config_unref(stage->peer_config);
    for (size_t i = 0; i < 2; i++) {
        mesh__loop_enter(stage->loops[i]);
        mesh__link_fini(&stage->links[i]);
        mesh__loop_leave(stage->loops[i]);
    }
    assert_int_equal(mesh__world_open(stage->world), 0);
    for (size_t i = 0; i < 2; i++)
        mesh__loop_free(stage->loops[i]);
    mesh__world_free(stage->world);
    mesh__identity_fini(&stage->identity);
    mesh__log_fini(&stage->log);
    mesh__free(stage);
    return 0;
}
