/*
 * tls_pair.c - two sessions and the wires between them.
 */
#include "tls_pair.h"

enum { PLAIN_MAX = 1024 * 1024 };

int tls_pair_init(struct tls_pair *pair, struct mesh_tls_config *client,
                  struct mesh_tls_config *server, int64_t now_s)
{
    int rc;

    pair->engine = client->engine;
    pair->now_s = now_s;
    for (int i = 0; i < 2; i++) {
        mesh__buffer_init(&pair->end[i].in, MESH__TLS_BUFFER);
        mesh__buffer_init(&pair->end[i].out, MESH__TLS_BUFFER);
        mesh__buffer_init(&pair->end[i].plain, PLAIN_MAX);
        pair->end[i].step = MESH__TLS_READ;
    }
    rc = pair->engine->session_new(client, &pair->end[PAIR_CLIENT].tls);
    if (rc == 0)
        rc = pair->engine->session_new(server, &pair->end[PAIR_SERVER].tls);
    return rc;
}

void tls_pair_fini(struct tls_pair *pair)
{
    for (int i = 0; i < 2 && pair->engine; i++) {
        pair->engine->session_free(pair->end[i].tls);
        mesh__buffer_fini(&pair->end[i].in);
        mesh__buffer_fini(&pair->end[i].out);
        mesh__buffer_fini(&pair->end[i].plain);
    }
}

/* One bit of the byte that the test chose, when it passes. */
static void flip(struct tls_pair *pair, int from, size_t len)
{
    struct tls_end *end = &pair->end[from];

    if (pair->flip_at > end->sent && pair->flip_at <= end->sent + len &&
        pair->flip_end == (size_t)from)
        mesh__buffer_data(&end->out)[pair->flip_at - end->sent - 1] ^= 0x10;
}

/* From one end to the other; how many bytes moved. */
static size_t pass(struct tls_pair *pair, int from)
{
    struct tls_end *end = &pair->end[from];
    struct mesh_buffer *to = &pair->end[!from].in;
    size_t room = to->ceiling - to->len;
    size_t len = end->out.len < room ? end->out.len : room;

    if (pair->chunk && len > pair->chunk)
        len = pair->chunk;
    flip(pair, from, len);
    if (mesh__buffer_append(to, mesh__buffer_data(&end->out), len) < 0) {
        mesh__error_clear();
        return 0; /* memory is made to fail: the wire waits */
    }
    mesh__buffer_consume(&end->out, len);
    end->sent += len;
    return len;
}

static bool is_final(enum mesh_tls_step step)
{
    return step == MESH__TLS_DONE || step == MESH__TLS_FAILED;
}

static void note_failure(struct tls_end *end)
{
    const char *line = mesh__error_line();
    size_t len = strlen(line);

    if (len >= sizeof(end->line))
        len = sizeof(end->line) - 1;
    memcpy(end->line, line, len);
    end->line[len] = '\0';
    mesh__error_clear();
}

/* Step until it wants bytes, or has some to send, or is through. */
static bool turn(struct tls_pair *pair, int which)
{
    struct tls_end *end = &pair->end[which];
    enum mesh_tls_step before = end->step;

    if (is_final(end->step))
        return false;
    do {
        end->step = pair->engine->step(end->tls, &end->in, &end->out,
                                       pair->now_s, &end->code);
        if (end->step == MESH__TLS_CPU) {
            end->cpu++;
            pair->engine->work(end->tls);
        }
    } while (end->step == MESH__TLS_CPU);
    if (end->step == MESH__TLS_FAILED)
        note_failure(end);
    return end->step != before;
}

bool tls_pair_shake(struct tls_pair *pair)
{
    bool moved = true;

    while (moved) {
        moved = turn(pair, PAIR_CLIENT);
        moved |= turn(pair, PAIR_SERVER);
        moved |= pass(pair, PAIR_CLIENT) > 0;
        moved |= pass(pair, PAIR_SERVER) > 0;
    }
    return pair->end[PAIR_CLIENT].step == MESH__TLS_DONE &&
           pair->end[PAIR_SERVER].step == MESH__TLS_DONE;
}

static void open_end(struct tls_pair *pair, int which)
{
    struct tls_end *end = &pair->end[which];

    if (end->step != MESH__TLS_DONE || end->code != 0)
        return;
    end->code = pair->engine->open(end->tls, &end->in, &end->plain, &end->out);
    if (end->code < 0)
        note_failure(end);
}

void tls_pair_settle(struct tls_pair *pair)
{
    size_t moved = 1;

    while (moved) {
        moved = pass(pair, PAIR_CLIENT) + pass(pair, PAIR_SERVER);
        open_end(pair, PAIR_CLIENT);
        open_end(pair, PAIR_SERVER);
    }
}
