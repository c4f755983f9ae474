/*
 * fake_tls.c - a TLS engine for tests.
 *
 *     client                      server
 *     ClientHello  ------------>
 *                  <------------  ServerHello   (or an alert)
 *     Finished     ------------>
 *     records      <----------->  records
 *
 * The client's claim and ticket travel in a private extension, the last of
 * the ClientHello. Knows the seam; declines to know sockets and time.
 */
#include "fake_tls.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "tls/hello.h"
#include "tls/memo.h"
#include "tls/profile.h"

#include <stdatomic.h>

enum {
    HANDSHAKE = 22, /* record types, as TLS numbers them */
    ALERT = 21,
    DATA = 23,
    CLIENT_HELLO = 1, /* messages */
    SERVER_HELLO = 2,
    FINISHED = 20,
    ACCESS_DENIED = 49, /* an alert */
    RECORD_HEAD = 5,    /* bytes of a handshake record's head */
    DATA_HEAD = 3,      /* bytes of a data record's head      */
    CHECK = 4,          /* bytes of a check                   */
    PRIVATE = 0xFA00    /* our extension                      */
};

enum state { HELLO, WAIT, WRAP, OVER, BROKEN };

struct fake_config {
    struct mesh_tls_config base;
    atomic_int refs;
    struct mesh_tls_kept kept;
};

struct fake_session {
    struct mesh_tls base;
    struct fake_config *config; /* counted */
    enum state state;
    size_t steps;
    bool worked; /* work was called */
    bool resumed;
    bool closed;
    int64_t now_s;
    uint64_t sent; /* data records so far: their place in the check */
    uint64_t received;
    bool imported;
    struct mesh_peer peer;
    struct mesh_buffer ticket; /* to offer; later: to export */
    struct mesh_buffer held;   /* plaintext that did not fit */
    struct mesh_error failure;
    const char *alpn; /* of the kept profile */
    char sni[256];
};

static struct fake_tls *fake_of(const struct mesh_tls *tls)
{
    return (struct fake_tls *)(uintptr_t)tls->engine;
}

static struct fake_session *session_of(const struct mesh_tls *tls)
{
    return (struct fake_session *)(uintptr_t)tls;
}

/* --- what tests make --------------------------------------------------------
 */

struct mesh_credential *fake_credential(const char *id, int64_t not_after_s)
{
    struct mesh_credential *c = mesh__calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    atomic_init(&c->refs, 1);
    c->id_text = mesh__strdup(id);
    if (!c->id_text || mesh__sha256(id, strlen(id), c->digest) < 0) {
        mesh__credential_unref(c);
        return NULL;
    }
    (void)mesh__spiffe_parse(mesh__slice_of(c->id_text), true, &c->id, NULL);
    c->not_after_s = not_after_s;
    return c;
}

struct mesh_bundle *fake_bundle(const char *trust_domain)
{
    struct mesh_bundle *bundle = mesh__calloc(1, sizeof(*bundle));

    if (!bundle)
        return NULL;
    atomic_init(&bundle->refs, 1);
    bundle->domains[0].trust_domain = mesh__strdup(trust_domain);
    if (!bundle->domains[0].trust_domain ||
        mesh__sha256(trust_domain, strlen(trust_domain), bundle->digest) < 0) {
        mesh__free(bundle->domains[0].trust_domain);
        mesh__free(bundle);
        return NULL;
    }
    bundle->count = 1;
    return bundle;
}

/* --- configurations ---------------------------------------------------------
 */

static void config_unref(struct mesh_tls_config *c)
{
    struct fake_config *config = (struct fake_config *)c;

    if (!config || atomic_fetch_sub(&config->refs, 1) != 1)
        return;
    mesh__tls_kept_fini(&config->kept);
    mesh__free(config);
}

static struct mesh_tls_config *config_ref(struct mesh_tls_config *c)
{
    atomic_fetch_add(&((struct fake_config *)c)->refs, 1);
    return c;
}

static int config_new(const struct mesh_tls_engine *engine,
                      const struct mesh_tls_profile *profile,
                      struct mesh_rng *rng, struct mesh_tls_config **out)
{
    struct fake_config *config = mesh__calloc(1, sizeof(*config));
    int rc;

    (void)rng;
    *out = NULL;
    if (!config)
        return mesh__fail(MESH_ERR_NOMEM, "fake TLS configuration");
    config->base.engine = engine;
    atomic_init(&config->refs, 1);
    rc = mesh__tls_keep(profile, &config->kept);
    if (rc < 0) {
        config_unref(&config->base);
        return rc;
    }
    *out = &config->base;
    return 0;
}

static int session_new(struct mesh_tls_config *c, struct mesh_tls **out)
{
    struct fake_session *tls = mesh__calloc(1, sizeof(*tls));

    *out = NULL;
    if (!tls)
        return mesh__fail(MESH_ERR_NOMEM, "fake TLS session");
    tls->base.engine = c->engine;
    tls->config = (struct fake_config *)config_ref(c);
    tls->alpn = "";
    mesh__buffer_init(&tls->ticket, MESH__TLS_SESSION_MAX);
    mesh__buffer_init(&tls->held, MESH__TLS_RECORD);
    *out = &tls->base;
    return 0;
}

static void session_free(struct mesh_tls *t)
{
    struct fake_session *tls = session_of(t);

    if (!tls)
        return;
    mesh__buffer_fini(&tls->ticket);
    mesh__buffer_fini(&tls->held);
    config_unref(&tls->config->base);
    mesh__free(tls);
}

/* --- bytes out and in -------------------------------------------------------
 */

static int put_number(struct mesh_buffer *out, uint64_t value, int bytes)
{
    uint8_t digits[8];

    for (int i = 0; i < bytes; i++)
        digits[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return mesh__buffer_append(out, digits, (size_t)bytes);
}

static int put_block(struct mesh_buffer *out, struct mesh_slice bytes)
{
    int rc = put_number(out, bytes.len, 2);

    return rc < 0 ? rc : mesh__buffer_append(out, bytes.at, bytes.len);
}

/* Write a length that was left open at a place, up to the end. */
static void close_length(struct mesh_buffer *out, size_t at, int bytes)
{
    size_t len = out->len - at - (size_t)bytes;
    char *to = mesh__buffer_data(out) + at;

    for (int i = 0; i < bytes; i++)
        to[i] = (char)(len >> (8 * (bytes - 1 - i)));
}

static uint64_t get_number(struct mesh_slice *from, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes && from->len; i++) {
        value = value << 8 | (uint8_t)from->at[0];
        *from = mesh__slice(from->at + 1, from->len - 1);
    }
    return value;
}

/* Empty when it is cut off; every message ends in a check that says so. */
static struct mesh_slice get_block(struct mesh_slice *from)
{
    size_t len = (size_t)get_number(from, 2);
    struct mesh_slice block = mesh__slice(from->at, 0);

    if (len > from->len)
        return block;
    block.len = len;
    *from = mesh__slice(from->at + len, from->len - len);
    return block;
}

static uint32_t check_of(uint64_t place, const void *bytes, size_t len)
{
    return (uint32_t)mesh__hash(place, bytes, len);
}

/* --- messages of the handshake ----------------------------------------------
 */

/* A record with one message; end_message closes its lengths. */
static int begin_message(struct mesh_buffer *m, int minor, int type)
{
    int rc = put_number(m, HANDSHAKE, 1);

    if (rc == 0)
        rc = put_number(m, 0x0300 + (uint64_t)minor, 2);
    if (rc == 0)
        rc = put_number(m, 0, 2);
    if (rc == 0)
        rc = put_number(m, (uint64_t)type, 1);
    return rc < 0 ? rc : put_number(m, 0, 3);
}

/* Close what is open (the check included), then check all of it. */
static int end_message(struct mesh_buffer *m)
{
    uint32_t check;
    int rc = put_number(m, 0, CHECK);

    if (rc < 0)
        return rc;
    close_length(m, 3, 2);
    close_length(m, 6, 3);
    m->len -= CHECK;
    check = check_of(0, mesh__buffer_data(m), m->len);
    return put_number(m, check, CHECK);
}

/* The whole message at the front of in. False: more bytes are needed. */
static bool have_message(const struct mesh_buffer *in,
                         struct mesh_slice *record)
{
    struct mesh_slice bytes = mesh__buffer_slice(in);
    struct mesh_slice at;

    if (bytes.len < RECORD_HEAD)
        return false;
    at = mesh__slice(bytes.at + 3, 2);
    record->at = bytes.at;
    record->len = RECORD_HEAD + (size_t)get_number(&at, 2);
    return bytes.len >= record->len;
}

/* The body of a message of this type, or the reason why it is none. */
static int read_message(struct mesh_slice record, int type,
                        struct mesh_slice *body)
{
    struct mesh_slice check;

    if (record.at[0] == ALERT && record.len == RECORD_HEAD + 2)
        return mesh__fail(MESH_ERR_TLS, "the peer refused: alert %d",
                          record.at[RECORD_HEAD + 1]);
    if (record.at[0] != HANDSHAKE || record.len < RECORD_HEAD + 4 + CHECK ||
        record.at[RECORD_HEAD] != type)
        return mesh__fail(MESH_ERR_PROTOCOL, "expected fake TLS message %d",
                          type);
    check = mesh__slice(record.at + record.len - CHECK, CHECK);
    if (get_number(&check, CHECK) != check_of(0, record.at, record.len - CHECK))
        return mesh__fail(MESH_ERR_TLS, "a fake TLS message was changed");
    *body = mesh__slice(record.at + RECORD_HEAD + 4,
                        record.len - RECORD_HEAD - 4 - CHECK);
    return 0;
}

/* Who we say we are: a presence byte, end, id. */
static int put_claim(struct mesh_buffer *m, struct fake_session *tls)
{
    const struct mesh_credential *own = tls->config->kept.profile.credential;
    const char *claim = fake_of(&tls->base)->claim;
    int rc = put_number(m, own != NULL, 1);

    if (rc == 0)
        rc = put_number(m, own ? (uint64_t)own->not_after_s : 0, 8);
    if (!claim)
        claim = own ? own->id_text : "";
    return rc < 0 ? rc : put_block(m, mesh__slice_of(claim));
}

static int get_claim(struct mesh_slice *from, struct mesh_peer *out)
{
    bool present = get_number(from, 1) != 0;
    int64_t not_after_s = (int64_t)get_number(from, 8);
    struct mesh_slice id = get_block(from);

    *out = (struct mesh_peer){ .not_after_s = not_after_s };
    if (!present)
        return mesh__fail(MESH_ERR_PEER_IDENTITY,
                          "the peer has no certificate");
    if (id.len >= sizeof(out->id))
        return mesh__fail(MESH_ERR_PEER_IDENTITY, "the peer's id is too long");
    if (id.len)
        memcpy(out->id, id.at, id.len);
    return mesh__sha256(out->id, id.len, out->digest);
}

static int judge(struct fake_session *tls, struct mesh_slice *from)
{
    const struct mesh_tls_profile *p = &tls->config->kept.profile;
    int rc = get_claim(from, &tls->peer);

    return rc < 0 ? rc
                  : mesh__peer_rejudge(&tls->peer, p->bundle, &p->expected,
                                       tls->now_s);
}

/* --- tickets ----------------------------------------------------------------
 */

enum { TICKET_SEED = 0x7ea }; /* stands for the key of a real ticket */

/* Check and memo, as a block. */
static int put_ticket(struct mesh_buffer *m, struct fake_session *tls)
{
    struct mesh_tls_memo memo;
    size_t start = m->len;
    int rc = put_number(m, 0, 2);

    if (rc < 0 || fake_of(&tls->base)->no_tickets)
        return rc;
    mesh__tls_memo_make(&tls->config->kept, &tls->peer, tls->now_s, &memo);
    rc = mesh__tls_memo_write(&memo, m);
    if (rc == 0)
        rc = put_number(m,
                        check_of(TICKET_SEED, mesh__buffer_data(m) + start + 2,
                                 m->len - start - 2),
                        CHECK);
    if (rc == 0)
        close_length(m, start, 2);
    return rc;
}

/* Is this a ticket of ours that counts? Then the peer is who it names. */
static bool take_ticket(struct fake_session *tls, struct mesh_slice ticket)
{
    struct mesh_tls_memo memo;
    struct mesh_slice check;

    if (ticket.len <= CHECK || fake_of(&tls->base)->no_tickets)
        return false;
    ticket.len -= CHECK;
    check = mesh__slice(ticket.at + ticket.len, CHECK);
    if (get_number(&check, CHECK) !=
            check_of(TICKET_SEED, ticket.at, ticket.len) ||
        mesh__tls_memo_read(ticket, &memo) < 0 ||
        mesh__tls_memo_judge(&memo, &tls->config->kept, tls->now_s) < 0) {
        mesh__error_clear();
        return false;
    }
    tls->peer = memo.peer;
    return true;
}

static int session_export(struct mesh_tls *t, struct mesh_buffer *out)
{
    struct fake_session *tls = session_of(t);
    struct mesh_tls_memo memo;
    size_t before = out->len;
    int rc;

    if (tls->state != OVER || tls->ticket.len == 0 ||
        tls->config->kept.profile.role != MESH__TLS_CLIENT)
        return mesh__fail(MESH_ERR_STATE, "no session to resume later");
    mesh__tls_memo_make(&tls->config->kept, &tls->peer, tls->now_s, &memo);
    memo.rest = mesh__buffer_slice(&tls->ticket);
    rc = mesh__tls_memo_write(&memo, out);
    if (rc < 0)
        out->len = before;
    return rc;
}

static int session_import(struct mesh_tls *t, struct mesh_slice session,
                          int64_t now_s)
{
    struct fake_session *tls = session_of(t);
    struct mesh_tls_memo memo;
    int rc;

    if (tls->state != HELLO ||
        tls->config->kept.profile.role != MESH__TLS_CLIENT)
        return mesh__fail(MESH_ERR_STATE, "too late to resume");
    rc = mesh__tls_memo_read(session, &memo);
    if (rc == 0)
        rc = mesh__tls_memo_judge(&memo, &tls->config->kept, now_s);
    if (rc < 0)
        return rc;
    mesh__buffer_clear(&tls->ticket);
    rc = mesh__buffer_append(&tls->ticket, memo.rest.at, memo.rest.len);
    if (rc < 0)
        return rc;
    tls->peer = memo.peer;
    tls->imported = true;
    return 0;
}

/* --- ClientHello ------------------------------------------------------------
 */

static int put_sni(struct mesh_buffer *m, const char *sni)
{
    struct mesh_slice name = mesh__slice_of(sni);
    int rc = 0;

    if (!sni)
        return 0;
    rc = put_number(m, 0, 2);
    if (rc == 0)
        rc = put_number(m, name.len + 5, 2);
    if (rc == 0)
        rc = put_number(m, name.len + 3, 2);
    if (rc == 0)
        rc = put_number(m, 0, 1);
    return rc < 0 ? rc : put_block(m, name);
}

static int put_alpn(struct mesh_buffer *m, const struct mesh_tls_profile *p)
{
    size_t start = m->len + 2;
    int rc;

    if (p->alpn_count == 0)
        return 0;
    rc = put_number(m, 16, 2);
    if (rc == 0)
        rc = put_number(m, 0, 4); /* two lengths */
    for (size_t i = 0; rc == 0 && i < p->alpn_count; i++) {
        rc = put_number(m, strlen(p->alpn[i]), 1);
        if (rc == 0)
            rc = mesh__buffer_append(m, p->alpn[i], strlen(p->alpn[i]));
    }
    if (rc == 0) {
        close_length(m, start, 2);
        close_length(m, start + 2, 2);
    }
    return rc;
}

/*
 * Our extension, to the end of the message: claim, ticket, how many bytes that
 * is. The check of the message lies in it too.
 */
static int put_private(struct mesh_buffer *m, struct fake_session *tls,
                       size_t *length_at)
{
    size_t start;
    int rc = put_number(m, PRIVATE, 2);

    *length_at = m->len;
    if (rc == 0)
        rc = put_number(m, 0, 2);
    start = m->len;
    if (rc == 0)
        rc = put_claim(m, tls);
    if (rc == 0)
        rc = put_block(m, tls->imported ? mesh__buffer_slice(&tls->ticket)
                                        : mesh__slice(NULL, 0));
    return rc < 0 ? rc : put_number(m, m->len - start, 2);
}

/* Two lengths reach over the check that end_message adds. */
static void close_extensions(struct mesh_buffer *m, size_t list_at,
                             size_t private_at)
{
    m->len += CHECK;
    close_length(m, list_at, 2);
    close_length(m, private_at, 2);
    m->len -= CHECK;
}

static int put_hello(struct mesh_buffer *m, struct fake_session *tls)
{
    static const uint8_t random[32] = "no dice were thrown for this";
    const struct mesh_tls_profile *p = &tls->config->kept.profile;
    char *room;
    size_t list_at;
    size_t private_at = 0;
    int rc = begin_message(m, 1, CLIENT_HELLO);

    if (rc == 0)
        rc = put_number(m, 0x0303, 2);
    if (rc == 0)
        rc = mesh__buffer_append(m, random, sizeof(random));
    if (rc == 0) /* no session id; one suite; no compression */
        rc = put_number(m, 0x00000213010100, 7);
    list_at = m->len;
    if (rc == 0)
        rc = put_number(m, 0, 2);
    if (rc == 0)
        rc = put_sni(m, p->sni);
    if (rc == 0)
        rc = put_alpn(m, p);
    if (rc == 0)
        rc = put_private(m, tls, &private_at);
    if (rc == 0)
        rc = mesh__buffer_reserve(m, CHECK, &room);
    if (rc < 0)
        return rc;
    close_extensions(m, list_at, private_at);
    return end_message(m);
}

/* What put_private wrote; empty for a stranger's hello. */
static struct mesh_slice find_private(struct mesh_slice body)
{
    struct mesh_slice last;
    size_t len;

    if (body.len < 2)
        return mesh__slice(body.at, 0);
    last = mesh__slice(body.at + body.len - 2, 2);
    len = (size_t)get_number(&last, 2);
    if (len > body.len - 2)
        return mesh__slice(body.at, 0);
    return mesh__slice(body.at + body.len - 2 - len, len);
}

/* Our own order decides; nothing in common is no failure. */
static void choose_alpn(struct fake_session *tls, struct mesh_slice record)
{
    const struct mesh_tls_profile *p = &tls->config->kept.profile;

    for (size_t i = 0; i < p->alpn_count && !*tls->alpn; i++)
        if (mesh__hello_offers(record, &p->alpn[i], 1))
            tls->alpn = p->alpn[i];
}

static void keep_sni(struct fake_session *tls, struct mesh_slice record)
{
    struct mesh_hello hello;

    if (mesh__hello_parse(record, &hello) != MESH__HELLO_TLS ||
        hello.sni.len == 0 || hello.sni.len >= sizeof(tls->sni))
        return;
    memcpy(tls->sni, hello.sni.at, hello.sni.len);
}

static int take_hello(struct fake_session *tls, struct mesh_slice record)
{
    struct mesh_slice body;
    struct mesh_slice ours;
    struct mesh_peer claimed;
    int rc = read_message(record, CLIENT_HELLO, &body);

    if (rc < 0)
        return rc;
    ours = find_private(body);
    if (ours.len == 0)
        return mesh__fail(MESH_ERR_PROTOCOL, "a ClientHello of another engine");
    choose_alpn(tls, record);
    keep_sni(tls, record);
    body = ours;
    (void)get_claim(&body, &claimed); /* passed over, to the ticket */
    mesh__error_clear();
    tls->resumed = take_ticket(tls, get_block(&body));
    return tls->resumed ? 0 : judge(tls, &ours);
}

/* --- ServerHello and Finished -----------------------------------------------
 */

static int put_server_hello(struct mesh_buffer *m, struct fake_session *tls)
{
    int rc = begin_message(m, 3, SERVER_HELLO);

    if (rc == 0)
        rc = put_number(m, tls->resumed, 1);
    if (rc == 0)
        rc = put_block(m, mesh__slice_of(tls->alpn));
    if (rc == 0)
        rc = put_claim(m, tls);
    if (rc == 0)
        rc = put_ticket(m, tls);
    return rc < 0 ? rc : end_message(m);
}

static int take_alpn(struct fake_session *tls, struct mesh_slice alpn)
{
    const struct mesh_tls_profile *p = &tls->config->kept.profile;

    if (alpn.len == 0)
        return 0;
    for (size_t i = 0; i < p->alpn_count; i++)
        if (mesh__slice_is(alpn, p->alpn[i]))
            tls->alpn = p->alpn[i];
    return *tls->alpn ? 0
                      : mesh__fail(MESH_ERR_PROTOCOL,
                                   "a protocol that was not offered");
}

static int take_server(struct fake_session *tls, struct mesh_slice *body)
{
    const struct mesh_tls_profile *p = &tls->config->kept.profile;
    struct mesh_peer claimed;

    if (!tls->resumed)
        return judge(tls, body);
    if (!tls->imported)
        return mesh__fail(MESH_ERR_PROTOCOL, "resumed what was not offered");
    (void)get_claim(body, &claimed); /* passed over: the session's counts */
    mesh__error_clear();
    return mesh__peer_rejudge(&tls->peer, p->bundle, &p->expected, tls->now_s);
}

static int take_server_hello(struct fake_session *tls, struct mesh_slice record)
{
    struct mesh_slice body;
    struct mesh_slice ticket;
    int rc = read_message(record, SERVER_HELLO, &body);

    if (rc < 0)
        return rc;
    tls->resumed = get_number(&body, 1) != 0;
    rc = take_alpn(tls, get_block(&body));
    if (rc == 0)
        rc = take_server(tls, &body);
    if (rc < 0)
        return rc;
    ticket = get_block(&body);
    mesh__buffer_clear(&tls->ticket);
    return mesh__buffer_append(&tls->ticket, ticket.at, ticket.len);
}

static int put_finished(struct mesh_buffer *m, struct fake_session *tls)
{
    int rc = begin_message(m, 3, FINISHED);

    (void)tls;
    return rc < 0 ? rc : end_message(m);
}

static int take_finished(struct fake_session *tls, struct mesh_slice record)
{
    struct mesh_slice body;

    (void)tls;
    return read_message(record, FINISHED, &body);
}

/* --- the handshake ----------------------------------------------------------
 */

/* What is taken and put in each state; costly ones answer CPU once. */
struct turn {
    int (*take)(struct fake_session *tls, struct mesh_slice record);
    int (*put)(struct mesh_buffer *m, struct fake_session *tls);
    enum state next;
    bool costly;
};

static const struct turn *turn_of(const struct fake_session *tls)
{
    static const struct turn client[] = {
        [HELLO] = { NULL, put_hello, WAIT, false },
        [WAIT] = { take_server_hello, put_finished, OVER, true },
    };
    static const struct turn server[] = {
        [HELLO] = { take_hello, put_server_hello, WRAP, true },
        [WRAP] = { take_finished, NULL, OVER, false },
    };

    return tls->config->kept.profile.role == MESH__TLS_CLIENT
               ? &client[tls->state]
               : &server[tls->state];
}

static int put_out(struct fake_session *tls,
                   int (*put)(struct mesh_buffer *m, struct fake_session *tls),
                   struct mesh_buffer *out)
{
    struct mesh_buffer message;
    int rc;

    if (!put)
        return 0;
    mesh__buffer_init(&message, MESH__TLS_RECORD);
    rc = put(&message, tls);
    if (rc == 0)
        rc = mesh__buffer_append(out, mesh__buffer_data(&message), message.len);
    mesh__buffer_fini(&message);
    return rc;
}

/* Each failure ends the session; the peer hears of ours, not of its own. */
static enum mesh_tls_step fail(struct fake_session *tls,
                               struct mesh_buffer *out, int rc, int *code)
{
    bool mine = rc != MESH_ERR_TLS && rc != MESH_ERR_NOMEM;
    uint8_t alert[] = { ALERT, 3, 3, 0, 2, 2, ACCESS_DENIED };

    if (tls->state != BROKEN) {
        (void)mesh__error_out(&tls->failure, rc);
        if (mine && mesh__buffer_append(out, alert, sizeof(alert)) < 0)
            mesh__error_clear();
        tls->state = BROKEN;
    }
    *code = mesh__fail(tls->failure.code, "%s", tls->failure.line);
    return MESH__TLS_FAILED;
}

static enum mesh_tls_step step(struct mesh_tls *t, struct mesh_buffer *in,
                               struct mesh_buffer *out, int64_t now_s,
                               int *code)
{
    struct fake_session *tls = session_of(t);
    const struct fake_tls *fake = fake_of(t);
    const struct turn *turn;
    struct mesh_slice record = { NULL, 0 };
    int rc = 0;

    *code = 0;
    tls->now_s = now_s;
    tls->steps++;
    if (tls->state == OVER)
        return MESH__TLS_DONE;
    if (tls->state == BROKEN)
        return fail(tls, out, 0, code);
    if (tls->steps == fake->fail_at_step)
        return fail(tls, out, mesh__fail(MESH_ERR_TLS, "told to fail"), code);
    turn = turn_of(tls);
    if (turn->take && !have_message(in, &record))
        return MESH__TLS_READ;
    if (turn->costly && fake->cpu && !tls->worked)
        return MESH__TLS_CPU;
    if (turn->take) {
        rc = turn->take(tls, record);
        mesh__buffer_consume(in, record.len);
    }
    if (rc == 0)
        rc = put_out(tls, turn->put, out);
    if (rc < 0)
        return fail(tls, out, rc, code);
    tls->state = turn->next;
    return turn->put ? MESH__TLS_WRITE : MESH__TLS_DONE;
}

static void work(struct mesh_tls *t)
{
    session_of(t)->worked = true;
}

/* --- records ----------------------------------------------------------------
 */

static char mask(char byte, size_t place)
{
    return (char)(byte ^ (char)(0x5A + place * 7));
}

static size_t sealed_size(size_t plain_bytes)
{
    return plain_bytes +
           (plain_bytes / MESH__TLS_RECORD + 1) * (DATA_HEAD + CHECK);
}

/* Room was reserved: nothing here can fail. */
static void put_record(struct fake_session *tls, int type,
                       const struct mesh_slice **slice, size_t *offset,
                       size_t len, struct mesh_buffer *out)
{
    size_t start = out->len;
    char *to;

    (void)put_number(out, (uint64_t)type, 1);
    (void)put_number(out, len, 2);
    (void)mesh__buffer_reserve(out, len, &to);
    for (size_t i = 0; i < len; i++) {
        while (*offset == (*slice)->len) {
            ++*slice;
            *offset = 0;
        }
        to[i] = mask((*slice)->at[(*offset)++], i);
    }
    mesh__buffer_commit(out, len);
    (void)put_number(
        out,
        check_of(++tls->sent, mesh__buffer_data(out) + start, out->len - start),
        CHECK);
}

static int seal(struct mesh_tls *t, const struct mesh_slice *slices,
                size_t count, struct mesh_buffer *out)
{
    struct fake_session *tls = session_of(t);
    size_t offset = 0;
    size_t left = 0;
    char *room;
    int rc;

    if (tls->state != OVER)
        return mesh__fail(MESH_ERR_STATE, "the TLS handshake is not over");
    for (size_t i = 0; i < count; i++)
        left += slices[i].len;
    if (left == 0)
        return 0;
    rc = mesh__buffer_reserve(out, sealed_size(left), &room);
    if (rc < 0)
        return rc;
    while (left > 0) {
        size_t len = left < MESH__TLS_RECORD ? left : MESH__TLS_RECORD;

        put_record(tls, DATA, &slices, &offset, len, out);
        left -= len;
    }
    return 0;
}

static int close_notify(struct mesh_tls *t, struct mesh_buffer *out)
{
    struct fake_session *tls = session_of(t);
    const struct mesh_slice nothing = { "", 0 };
    const struct mesh_slice *slice = &nothing;
    size_t offset = 0;
    char *room;
    int rc;

    if (tls->state != OVER)
        return mesh__fail(MESH_ERR_STATE, "no TLS session to close");
    rc = mesh__buffer_reserve(out, sealed_size(0), &room);
    if (rc == 0)
        put_record(tls, ALERT, &slice, &offset, 0, out);
    return rc;
}

/* A whole data record at the front. 1, 0 for more bytes, or our code. */
static int have_record(const struct fake_session *tls,
                       const struct mesh_buffer *in, size_t *len)
{
    struct mesh_slice bytes = mesh__buffer_slice(in);
    struct mesh_slice at;

    if (bytes.len > 0 && bytes.at[0] != DATA && bytes.at[0] != ALERT)
        return mesh__fail(MESH_ERR_PROTOCOL, "a record of type %d",
                          (unsigned char)bytes.at[0]);
    if (bytes.len < DATA_HEAD)
        return 0;
    at = mesh__slice(bytes.at + 1, 2);
    *len = (size_t)get_number(&at, 2);
    if (*len > MESH__TLS_RECORD)
        return mesh__fail(MESH_ERR_PROTOCOL, "a record of %zu bytes", *len);
    if (bytes.len < DATA_HEAD + *len + CHECK)
        return 0;
    at = mesh__slice(bytes.at + DATA_HEAD + *len, CHECK);
    if (get_number(&at, CHECK) !=
        check_of(tls->received + 1, bytes.at, DATA_HEAD + *len))
        return mesh__fail(MESH_ERR_TLS, "a record was changed or lost");
    return 1;
}

static int give_held(struct fake_session *tls, struct mesh_buffer *plain)
{
    size_t room = plain->ceiling - plain->len;
    size_t len = tls->held.len < room ? tls->held.len : room;
    int rc = mesh__buffer_append(plain, mesh__buffer_data(&tls->held), len);

    if (rc == 0)
        mesh__buffer_consume(&tls->held, len);
    return rc;
}

static int take_record(struct fake_session *tls, struct mesh_buffer *in,
                       size_t len)
{
    const char *from = mesh__buffer_data(in) + DATA_HEAD;
    char *to;
    int rc = mesh__buffer_reserve(&tls->held, len, &to);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < len; i++)
        to[i] = mask(from[i], i);
    mesh__buffer_commit(&tls->held, len);
    tls->closed = mesh__buffer_data(in)[0] == ALERT;
    mesh__buffer_consume(in, DATA_HEAD + len + CHECK);
    tls->received++;
    return 0;
}

static int open_records(struct mesh_tls *t, struct mesh_buffer *in,
                        struct mesh_buffer *plain, struct mesh_buffer *out)
{
    struct fake_session *tls = session_of(t);
    size_t len = 0;
    int rc;

    (void)out;
    if (tls->state != OVER)
        return mesh__fail(MESH_ERR_STATE, "the TLS handshake is not over");
    for (;;) {
        rc = give_held(tls, plain);
        if (rc < 0)
            return rc;
        if (tls->held.len)
            return MESH__TLS_OPENED;
        if (tls->closed)
            return MESH__TLS_CLOSED;
        rc = have_record(tls, in, &len);
        if (rc > 0)
            rc = take_record(tls, in, len);
        else
            return rc;
        if (rc < 0)
            return rc;
    }
}

/* --- what it is like --------------------------------------------------------
 */

static const struct mesh_peer *peer(const struct mesh_tls *t)
{
    struct fake_session *tls = session_of(t);

    return tls->state == OVER ? &tls->peer : NULL;
}

static void info(const struct mesh_tls *t, struct mesh_tls_info *out)
{
    struct fake_session *tls = session_of(t);
    const struct mesh_tls_profile *p = &tls->config->kept.profile;

    *out = (struct mesh_tls_info){
        .protocol = "TLSv1.3",
        .cipher = "FAKE",
        .alpn = tls->alpn,
        .sni = p->role == MESH__TLS_SERVER ? tls->sni
               : p->sni                    ? p->sni
                                           : "",
        .resumed = tls->resumed,
    };
}

static bool pending(const struct mesh_tls *t)
{
    return session_of(t)->held.len > 0;
}

static size_t memory(const struct mesh_tls *t)
{
    struct fake_session *tls = session_of(t);

    return sizeof(*tls) + tls->ticket.capacity + tls->held.capacity;
}

void fake_tls_init(struct fake_tls *fake)
{
    *fake = (struct fake_tls){
        .engine = {
            .name = "fake",
            .config_new = config_new,
            .config_ref = config_ref,
            .config_unref = config_unref,
            .session_new = session_new,
            .session_free = session_free,
            .step = step,
            .work = work,
            .open = open_records,
            .seal = seal,
            .sealed_size = sealed_size,
            .close_notify = close_notify,
            .peer = peer,
            .info = info,
            .session_export = session_export,
            .session_import = session_import,
            .pending = pending,
            .memory = memory,
        },
    };
}
