/*
 * echo.c - a protocol of one's own over mutual TLS: bytes, and who sent them.
 *
 *   MESH_POLICY=policy MESH_IDENTITY=identity ./echo listen 127.0.0.1:0
 *   MESH_POLICY=policy MESH_IDENTITY=identity ./echo connect service:port TEXT
 *
 * The listener echoes one stream until its peer ends, and ends too.
 */
#include <mesh/mesh.h>

#include <stdio.h>
#include <string.h>

/* Longer than any handshake; shorter than a person's patience. */
#define PATIENCE_MS 20000

/* Every byte back to where it came from, until there are no more. */
static int echo_all(mesh_conn *conn, mesh_error *error)
{
    char data[4096];
    size_t got;
    size_t written;
    int rc;

    for (;;) {
        rc = mesh_conn_read(conn, data, sizeof(data), PATIENCE_MS, &got, error);
        if (rc < 0)
            return rc;
        if (!got)
            return mesh_conn_end(conn, error);
        rc = mesh_conn_write(conn, data, got, PATIENCE_MS, &written, error);
        if (rc < 0)
            return rc;
    }
}

static int serve(mesh_workload *workload, const char *at, mesh_error *error)
{
    mesh_listener *listener = NULL;
    mesh_conn *conn = NULL;
    int rc = mesh_listen(workload, NULL, at, 0, &listener, error);

    if (rc == 0) {
        printf("listening on %s\n", mesh_listener_address(listener));
        fflush(stdout);
        rc = mesh_accept(listener, -1, &conn, error);
    }
    if (rc == 0) {
        printf("peer %s\n", mesh_conn_peer(conn));
        rc = echo_all(conn, error);
    }
    mesh_conn_free(conn);
    mesh_listener_free(listener);
    return rc;
}

/* Says the text, says that this was all, and prints what comes back. */
static int talk(mesh_conn *conn, const char *text, mesh_error *error)
{
    char data[4096];
    size_t done;
    int rc =
        mesh_conn_write(conn, text, strlen(text), PATIENCE_MS, &done, error);

    if (rc == 0)
        rc = mesh_conn_end(conn, error);
    while (rc == 0) {
        rc =
            mesh_conn_read(conn, data, sizeof(data), PATIENCE_MS, &done, error);
        if (rc < 0 || !done)
            break;
        fwrite(data, 1, done, stdout);
    }
    return rc;
}

static int ask(mesh_workload *workload, const char *to, const char *text,
               mesh_error *error)
{
    mesh_conn *conn = NULL;
    int rc = mesh_connect(workload, NULL, to, PATIENCE_MS, &conn, error);

    if (rc == 0) {
        printf("peer %s\n", mesh_conn_peer(conn));
        rc = talk(conn, text, error);
    }
    mesh_conn_free(conn);
    return rc;
}

int main(int argc, char **argv)
{
    mesh_error *error = mesh_error_new();
    mesh_workload *workload = NULL;
    int rc;

    if (argc < 3 || (strcmp(argv[1], "listen") && argc < 4)) {
        fprintf(stderr, "usage: echo listen AT | echo connect TO TEXT\n");
        mesh_error_free(error);
        return 2;
    }
    rc = mesh_workload_new(NULL, &workload, error);
    if (rc == 0 && !strcmp(argv[1], "listen"))
        rc = serve(workload, argv[2], error);
    else if (rc == 0)
        rc = ask(workload, argv[2], argv[3], error);
    if (rc < 0)
        fprintf(stderr, "echo: %s\n", mesh_error_message(error));
    mesh_workload_free(workload);
    mesh_error_free(error);
    return rc < 0;
}
