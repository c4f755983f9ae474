/*
 * server.c - a service in the mesh: greets whoever the policy lets in.
 *
 *   MESH_POLICY=policy MESH_IDENTITY=identity ./server 127.0.0.1:0 [REQUESTS]
 *
 * With REQUESTS it ends after so many.
 */
#include <mesh/mesh.h>

#include <stdio.h>
#include <stdlib.h>

static void greet(mesh_exchange *exchange)
{
    char text[512];
    int length =
        snprintf(text, sizeof(text), "hello, %s\n",
                 mesh_exchange_text(exchange, MESH_EXCHANGE_PRINCIPAL));

    mesh_exchange_respond(exchange, 200, text, (size_t)length, NULL);
    mesh_exchange_free(exchange);
}

int main(int argc, char **argv)
{
    mesh_error *error = mesh_error_new();
    mesh_workload *workload = NULL;
    mesh_server *server = NULL;
    mesh_exchange *exchange = NULL;
    long left = argc > 2 ? strtol(argv[2], NULL, 10) : -1;
    int rc = mesh_workload_new(NULL, &workload, error);

    if (rc == 0)
        rc = mesh_server_new(workload, NULL, argc > 1 ? argv[1] : "", 0,
                             &server, error);
    if (rc == 0)
        printf("listening on %s\n", mesh_server_address(server));
    fflush(stdout);
    for (; rc == 0 && left != 0; left--) {
        rc = mesh_server_next(server, -1, &exchange, error);
        if (rc == 0)
            greet(exchange);
    }
    if (rc < 0)
        fprintf(stderr, "server: %s\n", mesh_error_message(error));
    mesh_server_free(server);
    mesh_workload_close(workload, 1000, NULL);
    mesh_workload_free(workload);
    mesh_error_free(error);
    return rc < 0;
}
