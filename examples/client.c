/*
 * client.c - one request through the mesh.
 *
 *   MESH_POLICY=policy MESH_IDENTITY=identity ./client http://service/path
 */
#include <mesh/mesh.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    mesh_error *error = mesh_error_new();
    mesh_workload *workload = NULL;
    mesh_request *request = NULL;
    mesh_response *response = NULL;
    int rc = mesh_workload_new(NULL, &workload, error);

    if (rc == 0)
        rc = mesh_request_new("GET", argc > 1 ? argv[1] : "", &request, error);
    if (rc == 0)
        rc = mesh_send(workload, request, &response, error);
    if (response)
        printf("%d %s\n", mesh_response_status(response),
               mesh_response_body(response, NULL));
    if (rc < 0)
        fprintf(stderr, "client: %s\n", mesh_error_message(error));
    mesh_response_free(response);
    mesh_request_free(request);
    mesh_workload_free(workload);
    mesh_error_free(error);
    return rc < 0;
}
