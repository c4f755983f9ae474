/*
 * test_bounds.c - a stream that may not be idle, in the hands of a program that
 * blocks: nobody drives its loop in between, and it ends all the same. Real
 * sockets and the real clock, which mesh_connect knows alone; nothing here
 * fails because a machine is slow.
 */
#include "../unit/source/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, IDLE_MS = 50 };

static const char policy[] =
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
    "metadata: {name: db, namespace: demo}\n"
    "spec: {hosts: [db.example], location: MESH_EXTERNAL, resolution: STATIC, "
    "ports: [{number: 9000, name: tcp, protocol: TCP, targetPort: %u}], "
    "endpoints: [{address: 127.0.0.1}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
    "metadata: {name: db, namespace: demo}\n"
    "spec: {host: db.example, trafficPolicy: {connectionPool: {tcp: "
    "{%s}}}}\n";

struct pair {
    mesh_workload *workload;
    mesh_error *error;
    mesh_conn *conn;
    int listener;
    int fd; /* the peer's end */
};

static unsigned listen_somewhere(struct pair *pair)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof(at);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pair->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(pair->listener >= 0);
    assert_int_equal(bind(pair->listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(pair->listener, 4), 0);
    assert_int_equal(getsockname(pair->listener, (struct sockaddr *)&at, &size),
                     0);
    return ntohs(at.sin_port);
}

static void meet(struct pair *pair, const char *bounds)
{
    mesh_config *config;
    char text[1024];

    memset(pair, 0, sizeof(*pair));
    (void)snprintf(text, sizeof(text), policy, listen_somewhere(pair), bounds);
    ground_write("policy/a.yaml", text);
    config = ground_config("policy", "front");
    assert_int_equal(mesh_config_set_namespace(config, "demo"), 0);
    assert_int_equal(mesh_workload_new(config, &pair->workload, NULL), 0);
    mesh_config_free(config);
    pair->error = mesh_error_new();
    assert_int_equal(mesh_connect(pair->workload, NULL, "db.example:9000",
                                  PATIENCE_MS, &pair->conn, pair->error),
                     0);
    pair->fd = accept(pair->listener, NULL, NULL);
    assert_true(pair->fd >= 0);
}

static void part(struct pair *pair)
{
    mesh_conn_free(pair->conn);
    mesh_error_free(pair->error);
    mesh_workload_free(pair->workload);
    (void)close(pair->fd);
    (void)close(pair->listener);
}

static int take(struct pair *pair, char *data, size_t size, size_t *got)
{
    return mesh_conn_read(pair->conn, data, size, PATIENCE_MS, got,
                          pair->error);
}

static int give(struct pair *pair, size_t *written)
{
    return mesh_conn_write(pair->conn, "x", 1, PATIENCE_MS, written,
                           pair->error);
}

static void expect_the_end(struct pair *pair)
{
    char data[8];
    size_t size;

    assert_int_equal(take(pair, data, sizeof(data), &size), MESH_ERR_CLOSED);
    assert_int_equal(size, 0);
    assert_int_equal(give(pair, &size), MESH_ERR_CLOSED);
    assert_int_equal(size, 0);
    assert_int_equal(recv(pair->fd, data, sizeof(data), 0), 0);
}

static void who_waits_is_told(void **state)
{
    struct pair pair;
    char data[8];
    size_t size;

    (void)state;
    meet(&pair, "idleTimeout: 0.05s");
    assert_int_equal(take(&pair, data, sizeof(data), &size), MESH_ERR_CLOSED);
    assert_string_equal(mesh_error_message(pair.error),
                        "idle for 50 ms: idleTimeout");
    expect_the_end(&pair);
    part(&pair);
}

static void who_comes_late_is_told(void **state)
{
    struct pair pair;
    size_t size;

    (void)state;
    meet(&pair, "idleTimeout: 0.05s");
    (void)poll(NULL, 0, 2 * IDLE_MS);
    assert_int_equal(give(&pair, &size), MESH_ERR_CLOSED);
    assert_string_equal(mesh_error_message(pair.error),
                        "idle for 50 ms: idleTimeout");
    expect_the_end(&pair);
    part(&pair);
}

static void what_was_read_in_time_is_not_lost(void **state)
{
    struct pair pair;
    char data[8];
    size_t size;

    (void)state;
    meet(&pair, "idleTimeout: 0.05s");
    assert_int_equal(send(pair.fd, "data", 4, 0), 4);
    assert_int_equal(take(&pair, data, 1, &size), 0);
    (void)poll(NULL, 0, 2 * IDLE_MS);
    assert_int_equal(give(&pair, &size), MESH_ERR_CLOSED);
    assert_int_equal(take(&pair, data, 2, &size), 0);
    assert_int_equal(size, 2);
    assert_memory_equal(data, "at", 2);
    assert_int_equal(take(&pair, data, sizeof(data), &size), 0);
    assert_int_equal(size, 1);
    expect_the_end(&pair);
    part(&pair);
}

static void who_is_busy_is_told(void **state)
{
    struct pair pair;
    char data[64];
    size_t size;
    int rc;

    (void)state;
    meet(&pair, "maxConnectionDuration: 0.1s");
    while ((rc = give(&pair, &size)) == 0)
        (void)poll(NULL, 0, 1);
    assert_int_equal(rc, MESH_ERR_CLOSED);
    assert_string_equal(mesh_error_message(pair.error),
                        "open for 100 ms: maxConnectionDuration");
    while (recv(pair.fd, data, sizeof(data), 0) > 0)
        continue;
    expect_the_end(&pair);
    part(&pair);
}

static int set_up(void **state)
{
    int rc = ground_open(state);

    ground_directory("policy");
    ground_issue("front", "front");
    return rc;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_is_told),
        cmocka_unit_test(who_comes_late_is_told),
        cmocka_unit_test(what_was_read_in_time_is_not_lost),
        cmocka_unit_test(who_is_busy_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, ground_close);
}
