/*
 * bare.c - the least that could do the job: an epoll loop over sockets and
 * mbedTLS, with a client and a server that know one message each.
 *
 * One recv a message, one record and one send a message, level-triggered epoll
 * registered once. No routing, no identity beyond the chain, no limits: the
 * floor that libmesh is measured against, and no example to follow.
 */
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

enum { EVENTS = 64, ROOM = 20 * 1024, MESSAGE = 1024 };

/* What all connections of a side share. */
struct tls {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg;
    mbedtls_x509_crt chain;
    mbedtls_x509_crt roots;
    mbedtls_pk_context key;
    mbedtls_ssl_config conf;
};

struct conn {
    int fd;
    bool shaken;
    struct tls *tls; /* NULL: plaintext */
    mbedtls_ssl_context ssl;
    size_t from; /* received and not yet opened: [from, to) of bytes */
    size_t to;
    size_t plain_len;
    char plain[MESSAGE * 2];
    unsigned char bytes[ROOM];
};

/* --- TLS ---------------------------------------------------------------------
 */

/* The one that libmesh's two ends agree on. */
static const int suites[] = {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
#endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    0,
};

static void check(const char *what, int rc)
{
    char why[128];

    if (rc == 0)
        return;
    mbedtls_strerror(rc, why, sizeof(why));
    bench_fail(what, why);
}

static int parse_key(struct tls *tls, const char *path)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_parse_keyfile(&tls->key, path, NULL,
                                    mbedtls_ctr_drbg_random, &tls->drbg);
#else
    return mbedtls_pk_parse_keyfile(&tls->key, path, NULL);
#endif
}

static void tls_load(struct tls *tls, const char *directory)
{
    check("certificate",
          mbedtls_x509_crt_parse_file(&tls->chain,
                                      bench_path(directory, "cert-chain.pem")));
    check("roots", mbedtls_x509_crt_parse_file(
                       &tls->roots, bench_path(directory, "root-cert.pem")));
    check("key", parse_key(tls, bench_path(directory, "key.pem")));
}

static struct tls *tls_new(const char *directory, int role)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (!tls)
        bench_fail("TLS", "no memory");
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    if (psa_crypto_init() != PSA_SUCCESS)
        bench_fail("TLS", "psa_crypto_init");
#endif
    mbedtls_entropy_init(&tls->entropy);
    mbedtls_ctr_drbg_init(&tls->drbg);
    mbedtls_x509_crt_init(&tls->chain);
    mbedtls_x509_crt_init(&tls->roots);
    mbedtls_pk_init(&tls->key);
    mbedtls_ssl_config_init(&tls->conf);
    check("seed", mbedtls_ctr_drbg_seed(&tls->drbg, mbedtls_entropy_func,
                                        &tls->entropy, NULL, 0));
    tls_load(tls, directory);
    check("defaults", mbedtls_ssl_config_defaults(&tls->conf, role,
                                                  MBEDTLS_SSL_TRANSPORT_STREAM,
                                                  MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_ssl_conf_rng(&tls->conf, mbedtls_ctr_drbg_random, &tls->drbg);
    mbedtls_ssl_conf_authmode(&tls->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ciphersuites(&tls->conf, suites);
    mbedtls_ssl_conf_ca_chain(&tls->conf, &tls->roots, NULL);
    check("own certificate",
          mbedtls_ssl_conf_own_cert(&tls->conf, &tls->chain, &tls->key));
    return tls;
}

static int push(void *user, const unsigned char *data, size_t len)
{
    const struct conn *conn = user;
    ssize_t n = send(conn->fd, data, len, MSG_NOSIGNAL);

    return n < 0 ? MBEDTLS_ERR_SSL_INTERNAL_ERROR : (int)n;
}

static int pull(void *user, unsigned char *out, size_t len)
{
    struct conn *conn = user;
    size_t have = conn->to - conn->from;

    if (have == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (len > have)
        len = have;
    memcpy(out, conn->bytes + conn->from, len);
    conn->from += len;
    return (int)len;
}

/* --- connections -------------------------------------------------------------
 */

static struct conn *conn_new(int fd, struct tls *tls)
{
    struct conn *conn = calloc(1, sizeof(*conn));
    int one = 1;

    if (!conn || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
        fcntl(fd, F_SETFL, O_NONBLOCK))
        bench_fail("connection", strerror(errno));
    conn->fd = fd;
    conn->tls = tls;
    conn->shaken = !tls;
    if (!tls)
        return conn;
    mbedtls_ssl_init(&conn->ssl);
    check("session", mbedtls_ssl_setup(&conn->ssl, &tls->conf));
    check("session", mbedtls_ssl_set_hostname(&conn->ssl, NULL));
    mbedtls_ssl_set_bio(&conn->ssl, conn, push, pull, NULL);
    return conn;
}

static void conn_free(struct conn *conn)
{
    if (conn->tls)
        mbedtls_ssl_free(&conn->ssl);
    close(conn->fd);
    free(conn);
}

/* True when the handshake is over. */
static bool shake(struct conn *conn)
{
    int rc = mbedtls_ssl_handshake(&conn->ssl);

    if (rc != 0 && rc != MBEDTLS_ERR_SSL_WANT_READ)
        check("handshake", rc);
    return conn->shaken = rc == 0;
}

static void say(struct conn *conn, const char *message, size_t len)
{
    ssize_t n =
        conn->tls
            ? mbedtls_ssl_write(&conn->ssl, (const unsigned char *)message, len)
            : send(conn->fd, message, len, MSG_NOSIGNAL);

    if (n != (ssize_t)len)
        bench_fail("send", "a message did not fit");
}

/* False: the other side went away. */
static bool receive(struct conn *conn)
{
    ssize_t n;

    if (conn->from == conn->to)
        conn->from = conn->to = 0;
    if (!conn->tls) {
        n = recv(conn->fd, conn->plain + conn->plain_len,
                 sizeof(conn->plain) - conn->plain_len, 0);
        conn->plain_len += n > 0 ? (size_t)n : 0;
        return n > 0;
    }
    n = recv(conn->fd, conn->bytes + conn->to, sizeof(conn->bytes) - conn->to,
             0);
    conn->to += n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* False: a record that is none, or an end. */
static bool open_records(struct conn *conn)
{
    while (conn->tls && conn->from < conn->to) {
        size_t room = sizeof(conn->plain) - conn->plain_len;
        int n = mbedtls_ssl_read(
            &conn->ssl, (unsigned char *)conn->plain + conn->plain_len, room);

        if (n > 0)
            conn->plain_len += (size_t)n;
        else if (n == MBEDTLS_ERR_SSL_WANT_READ)
            break;
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
        else if (n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
            continue;
#endif
        else
            return false;
    }
    return true;
}

/* Takes one whole message away, if there is one: a head and BENCH_BODY bytes,
 * as its content-length should say. */
static bool hear(struct conn *conn)
{
    static const char length[] = "ontent-length: ";
    char *end = memmem(conn->plain, conn->plain_len, "\r\n\r\n", 4);
    char *field;
    size_t size;

    if (!end)
        return false;
    *end = '\0';
    field = strcasestr(conn->plain, length);
    *end = '\r';
    size = field ? strtoul(field + sizeof(length) - 1, NULL, 10) : 0;
    if (size != BENCH_BODY)
        bench_fail("message", "its length is not what was agreed on");
    size += (size_t)(end + 4 - conn->plain);
    if (conn->plain_len < size)
        return false;
    conn->plain_len -= size;
    memmove(conn->plain, conn->plain + size, conn->plain_len);
    return true;
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
        bench_fail("epoll", strerror(errno));
}

static int turn(int epoll, struct epoll_event *events)
{
    int n = epoll_wait(epoll, events, EVENTS, -1);

    if (n < 0 && errno != EINTR)
        bench_fail("epoll", strerror(errno));
    return n;
}

/* Is there plaintext to look at? -1: it is over. */
static int advance(struct conn *conn)
{
    if (!receive(conn))
        return -1;
    if (!conn->shaken && !shake(conn))
        return 0;
    return open_records(conn) ? 1 : -1;
}

/* --- the server --------------------------------------------------------------
 */

static int listen_on(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) || listen(fd, 256) ||
        getsockname(fd, (struct sockaddr *)&at, &len))
        bench_fail("listen", strerror(errno));
    *port = ntohs(at.sin_port);
    return fd;
}

static void answer(struct conn *conn, const char *message, size_t len)
{
    int rc = advance(conn);

    if (rc < 0)
        conn_free(conn);
    while (rc > 0 && hear(conn))
        say(conn, message, len);
}

static void serve(const struct bench_plan *plan, struct tls *tls,
                  const char *lines, int tell)
{
    struct epoll_event events[EVENTS];
    char message[MESSAGE];
    int port;
    int fd = listen_on(&port);
    int epoll = epoll_create1(0);
    int len = snprintf(message, sizeof(message),
                       "HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n%s",
                       lines, BENCH_BODY, plan->body);

    watch(epoll, fd, NULL);
    bench_tell_port(tell, port);
    for (;;) {
        int n = turn(epoll, events);

        for (int i = 0; i < n; i++) {
            struct conn *conn = events[i].data.ptr;
            int peer;

            if (conn)
                answer(conn, message, (size_t)len);
            else if ((peer = accept(fd, NULL, NULL)) >= 0)
                watch(epoll, peer, conn_new(peer, tls));
        }
    }
}

void bench_plain_server(const struct bench_plan *plan, int tell)
{
    serve(plan, NULL, "", tell);
}

void bench_bare_server(const struct bench_plan *plan, int tell)
{
    serve(plan, tls_new(plan->server, MBEDTLS_SSL_IS_SERVER), "", tell);
}

/* With the line that a server of libmesh adds: the same bytes on the wire. */
void bench_heads_server(const struct bench_plan *plan, int tell)
{
    serve(plan, tls_new(plan->server, MBEDTLS_SSL_IS_SERVER),
          "date: Mon, 23 Nov 2026 07:00:00 GMT\r\n", tell);
}

/* --- the client --------------------------------------------------------------
 */

static struct conn *dial(int port, struct tls *tls)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
        bench_fail("connect", strerror(errno));
    return conn_new(fd, tls);
}

static void connect_all(int epoll, struct conn **conns, int port,
                        struct tls *tls)
{
    struct epoll_event events[EVENTS];
    int left = tls ? BENCH_CONNECTIONS : 0;

    for (int i = 0; i < BENCH_CONNECTIONS; i++) {
        conns[i] = dial(port, tls);
        watch(epoll, conns[i]->fd, conns[i]);
        if (tls)
            shake(conns[i]);
    }
    while (left > 0) {
        int n = turn(epoll, events);

        for (int i = 0; i < n; i++) {
            struct conn *conn = events[i].data.ptr;

            if (advance(conn) < 0)
                bench_fail("handshake", "the server went away");
            left -= conn->shaken; /* it says nothing more before it is asked */
        }
    }
}

/* Until time is up and all are answered. */
static int64_t ask_all(int epoll, struct conn **conns, const char *message,
                       size_t len, const struct bench_orders *orders)
{
    struct epoll_event events[EVENTS];
    int flying = BENCH_CONNECTIONS;
    int64_t done = 0;

    for (int i = 0; i < BENCH_CONNECTIONS; i++)
        say(conns[i], message, len);
    while (flying > 0) {
        int n = turn(epoll, events);
        bool more = bench_goes_on(orders);

        for (int i = 0; i < n; i++) {
            struct conn *conn = events[i].data.ptr;

            if (advance(conn) < 0)
                bench_fail("response", "the server went away");
            if (!hear(conn))
                continue;
            done++;
            if (more)
                say(conn, message, len);
            else
                flying--;
        }
    }
    return done;
}

static void ask(const struct bench_plan *plan, struct tls *tls, int port,
                const char *lines, struct bench_orders *orders)
{
    struct conn *conns[BENCH_CONNECTIONS];
    char message[MESSAGE];
    int epoll = epoll_create1(0);
    int len = snprintf(message, sizeof(message),
                       "POST /api/v1/charge HTTP/1.1\r\nhost: bench\r\n"
                       "%scontent-length: %d\r\n\r\n%s",
                       lines, BENCH_BODY, plan->body);

    connect_all(epoll, conns, port, tls);
    while (bench_next(orders))
        bench_report(orders,
                     ask_all(epoll, conns, message, (size_t)len, orders));
}

void bench_plain_client(const struct bench_plan *plan, int port,
                        struct bench_orders *orders)
{
    ask(plan, NULL, port, "", orders);
}

void bench_bare_client(const struct bench_plan *plan, int port,
                       struct bench_orders *orders)
{
    ask(plan, tls_new(plan->client, MBEDTLS_SSL_IS_CLIENT), port, "", orders);
}

/* With the lines that a client of libmesh adds. */
void bench_heads_client(const struct bench_plan *plan, int port,
                        struct bench_orders *orders)
{
    ask(plan, tls_new(plan->client, MBEDTLS_SSL_IS_CLIENT), port,
        "x-forwarded-proto: http\r\n"
        "x-request-id: 8c9d6c5e-7b0a-4e0f-9a53-0d6f3c1f7a11\r\n"
        "x-envoy-attempt-count: 1\r\n",
        orders);
}
