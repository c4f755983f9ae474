/*
 * hop.c - a service that passes every request on: a program for the trace of
 * two hops.
 *
 *     hop ADDRESS:PORT POLICY_PORT URL
 *
 * Prints the address it listens at. Each request makes a GET of URL on its
 * behalf and is answered with the status of that. Settings come from the
 * environment.
 */
#include <mesh/mesh.h>

#include <stdio.h>
#include <stdlib.h>

static mesh_error *error;

static int give_up(const char *what)
{
    fprintf(stderr, "hop: %s: %s\n", what, mesh_error_message(error));
    return 1;
}

static int status_of(mesh_workload *workload, const mesh_exchange *exchange,
                     const char *url)
{
    mesh_response *response = NULL;
    mesh_request *request = NULL;
    int status = 500;

    if (mesh_request_new("GET", url, &request, error) == 0 &&
        mesh_request_set_parent(request, exchange, error) == 0) {
        (void)mesh_send(workload, request, &response, error);
        if (response)
            status = mesh_response_status(response);
        else
            (void)give_up(url);
    }
    mesh_response_free(response);
    mesh_request_free(request);
    return status;
}

static int serve(mesh_workload *workload, mesh_server *server, const char *url)
{
    mesh_exchange *exchange;

    printf("%s\n", mesh_server_address(server));
    fflush(stdout);
    while (mesh_server_next(server, -1, &exchange, error) == 0) {
        int status = status_of(workload, exchange, url);

        if (mesh_exchange_respond(exchange, status, "", 0, error) < 0)
            (void)give_up("respond");
        mesh_exchange_free(exchange);
    }
    return give_up("serve");
}

int main(int argc, char **argv)
{
    mesh_config *config = mesh_config_new();
    mesh_workload *workload = NULL;
    mesh_server *server = NULL;
    int rc = 1;

    error = mesh_error_new();
    if (argc != 4 || !config || !error)
        fprintf(stderr, "usage: hop ADDRESS:PORT POLICY_PORT URL\n");
    else if (mesh_config_set_helper(config, 1) < 0 ||
             mesh_workload_new(config, &workload, error) < 0)
        rc = give_up("workload");
    else if (mesh_server_new(workload, NULL, argv[1],
                             (int)strtol(argv[2], NULL, 10), &server,
                             error) < 0)
        rc = give_up(argv[1]);
    else
        rc = serve(workload, server, argv[3]);
    mesh_server_free(server);
    mesh_workload_free(workload);
    mesh_config_free(config);
    mesh_error_free(error);
    return rc;
}
