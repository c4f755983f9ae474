/*
 * test_wrap.c - mutual TLS over a socketpair of the host's, two threads, one
 * end each: who is let in, what passes, and how it ends.
 */
#include "../unit/source/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#define ID "spiffe://cluster.local/ns/demo/sa/"

enum { PATIENCE_MS = 20000 };

static mesh_workload *front;
static mesh_workload *back;

struct side {
    mesh_workload *workload;
    int fd;
    int role;
    const char *peer_id;
    mesh_conn *conn;
    int rc;
};

static void *shake(void *user)
{
    struct side *side = user;

    side->rc =
        mesh_wrap_fd(side->workload, NULL, side->fd, side->role, side->peer_id,
                     8080, PATIENCE_MS, &side->conn, NULL);
    return NULL;
}

/* Both ends shake hands; a is ours, b has a thread of its own. */
static void meet(const char *peer_id, struct side *a, struct side *b)
{
    pthread_t thread;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    *a = (struct side){ front, ends[0], MESH_ROLE_CLIENT, peer_id, NULL, 0 };
    *b = (struct side){ back, ends[1], MESH_ROLE_SERVER, NULL, NULL, 0 };
    assert_int_equal(pthread_create(&thread, NULL, shake, b), 0);
    (void)shake(a);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void part(struct side *a, struct side *b)
{
    mesh_conn_free(a->conn);
    mesh_conn_free(b->conn);
}

static void the_right_peer_is_talked_to(void **state)
{
    struct side a;
    struct side b;
    char data[16];
    size_t size;

    (void)state;
    meet(ID "back", &a, &b);
    assert_int_equal(a.rc, 0);
    assert_int_equal(b.rc, 0);
    assert_string_equal(mesh_conn_peer(a.conn), ID "back");
    assert_string_equal(mesh_conn_peer(b.conn), ID "front");
    assert_true(mesh_conn_fd(a.conn) >= 0);
    assert_true(mesh_conn_want(a.conn) & MESH_WANT_READ);
    assert_non_null(mesh_conn_address(a.conn));
    assert_int_equal(mesh_conn_read(b.conn, data, sizeof(data), 0, &size, NULL),
                     MESH_ERR_TIMEOUT);
    assert_int_equal(
        mesh_conn_write(a.conn, "hello", 5, PATIENCE_MS, &size, NULL), 0);
    assert_int_equal(size, 5);
    assert_int_equal(
        mesh_conn_read(b.conn, data, sizeof(data), PATIENCE_MS, &size, NULL),
        0);
    assert_int_equal(size, 5);
    assert_memory_equal(data, "hello", 5);
    assert_int_equal(mesh_conn_end(a.conn, NULL), 0);
    assert_int_equal(
        mesh_conn_write(a.conn, "more", 4, PATIENCE_MS, &size, NULL),
        MESH_ERR_STATE);
    assert_int_equal(
        mesh_conn_read(b.conn, data, sizeof(data), PATIENCE_MS, &size, NULL),
        0);
    assert_int_equal(size, 0);
    part(&a, &b);
}

static void the_wrong_peer_is_not(void **state)
{
    struct side a;
    struct side b;

    (void)state;
    meet(ID "someone-else", &a, &b);
    assert_int_equal(a.rc, MESH_ERR_PEER_IDENTITY);
    assert_null(a.conn);
    part(&a, &b);
}

static void a_descriptor_is_taken_even_when_refused(void **state)
{
    mesh_conn *conn;
    int ends[2];
    char byte;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(
        mesh_wrap_fd(front, NULL, ends[0], 7, NULL, 0, 0, &conn, NULL),
        MESH_ERR_INVALID);
    assert_null(conn);
    assert_int_equal(recv(ends[1], &byte, 1, 0), 0); /* closed */
    assert_int_equal(mesh_wrap_fd(front, NULL, -1, MESH_ROLE_CLIENT, NULL, 0, 0,
                                  &conn, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_wrap_fd(NULL, NULL, ends[1], MESH_ROLE_CLIENT, NULL,
                                  0, 0, &conn, NULL),
                     MESH_ERR_INVALID);
    mesh_conn_free(NULL);
    assert_int_equal(mesh_conn_fd(NULL), -1);
    assert_int_equal(mesh_conn_want(NULL), 0);
    assert_string_equal(mesh_conn_address(NULL), "");
}

static void a_local_answer_needs_no_socket(void **state)
{
    mesh_response *response;
    mesh_request *request;
    size_t size = 1;

    (void)state;
    assert_int_equal(mesh_request_new("GET", "http://web/", &request, NULL), 0);
    assert_int_equal(mesh_send(front, request, &response, NULL),
                     MESH_ERR_NO_ENDPOINT);
    assert_int_equal(mesh_response_status(response), 503);
    assert_int_equal(mesh_response_code(response), MESH_ERR_NO_ENDPOINT);
    assert_int_equal(mesh_response_attempts(response), 0);
    assert_string_equal(mesh_response_text(response, MESH_RESPONSE_FLAGS),
                        "UH");
    assert_null(mesh_response_text(response, 0));
    assert_null(mesh_response_text(response, 99));
    assert_null(mesh_response_header(response, "x-none"));
    assert_null(mesh_response_header_name(response, 1000));
    assert_non_null(mesh_response_body(response, &size));
    assert_int_equal(strlen(mesh_response_body(response, &size)), size);
    mesh_response_free(response);
    mesh_request_free(request);
    assert_int_equal(mesh_response_status(NULL), 0);
}

/* Nobody drives this keeper: it says how late it is, until it is stepped. */
static void a_keeper_that_nobody_drives_is_overdue(void **state)
{
    int64_t late_ms = 0;

    (void)state;
    for (int i = 0; late_ms <= 0 && i < PATIENCE_MS / 10; i++) {
        (void)poll(NULL, 0, 10);
        late_ms = mesh_workload_overdue_ms(front);
    }
    assert_true(late_ms > 0);
    assert_int_equal(mesh_loop_step(mesh_workload_keeper(front), 0, NULL), 1);
    assert_true(mesh_workload_overdue_ms(front) < late_ms);
    assert_int_equal(mesh_workload_overdue_ms(NULL), -1);
}

static int start(const char *account, mesh_workload **out)
{
    mesh_config *config = ground_config("policy", account);
    int rc;

    ground_issue(account, account);
    assert_int_equal(mesh_config_set_labels(config, ""), 0);
    rc = mesh_workload_new(config, out, NULL);
    mesh_config_free(config);
    return rc;
}

static int set_up(void **state)
{
    if (ground_open(state) < 0)
        return -1;
    ground_directory("policy");
    ground_write("policy/a.yaml",
                 "apiVersion: v1\nkind: Service\n"
                 "metadata: {name: web, namespace: demo}\n"
                 "spec: {selector: {app: web}, ports: [{name: http, port: "
                 "80}]}\n");
    return start("front", &front) < 0 || start("back", &back) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    mesh_workload_free(front);
    mesh_workload_free(back);
    return ground_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_peer_is_talked_to),
        cmocka_unit_test(the_wrong_peer_is_not),
        cmocka_unit_test(a_descriptor_is_taken_even_when_refused),
        cmocka_unit_test(a_local_answer_needs_no_socket),
        cmocka_unit_test(a_keeper_that_nobody_drives_is_overdue),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
