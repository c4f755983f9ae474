/*
 * http.h - what the rivals of bench/http share: the plan of a run, and the
 * orders that a client takes from the program that measures.
 */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BENCH_CONNECTIONS = 64,
    BENCH_BODY = 128 /* bytes, of requests and of responses */
};

/* Read by all, written once before the first fork. */
struct bench_plan {
    char directory[256]; /* of certificates and policies                     */
    char client[300];    /* cert-chain.pem, key.pem and root-cert.pem of ... */
    char server[300];
    char body[BENCH_BODY + 1];
};

/* The client's end of the line to whoever measures. */
struct bench_orders {
    int fd;
    int64_t start_ns;
    int64_t end_ns;
};

/* A side of a rival; the process ends with it. Servers tell their port first,
 * and serve until they are killed. */
typedef void bench_server(const struct bench_plan *plan, int tell);
typedef void bench_client(const struct bench_plan *plan, int port,
                          struct bench_orders *orders);

bench_server bench_bare_server, bench_plain_server, bench_heads_server,
    bench_mesh_server;
bench_client bench_bare_client, bench_plain_client, bench_heads_client,
    bench_mesh_client, bench_curl_client;

/* Says what went wrong and ends the process. */
_Noreturn void bench_fail(const char *what, const char *why);

/* Waits for the next order: false when there are no more. */
bool bench_next(struct bench_orders *orders);

/* May another request begin? Read once a turn of the client's loop. */
bool bench_goes_on(const struct bench_orders *orders);

/* So many requests were answered as they should be, and none is in flight. */
void bench_report(const struct bench_orders *orders, int64_t requests);

/* The server listens. */
void bench_tell_port(int tell, int port);

/* DIRECTORY/NAME; the text lives until the next call. */
const char *bench_path(const char *directory, const char *name);

#endif
