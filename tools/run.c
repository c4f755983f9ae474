/*
 * run.c - workloads as the tool has them: one that only decides, and the lines
 * of one that runs.
 */
#include "lmesh.h"

#include <time.h>

int lmesh_offline(const char *verb, mesh_config *config, mesh_workload **out)
{
    mesh_error *error = mesh_error_new();
    int rc = mesh_config_set_offline(config, 1);
    int status;

    *out = NULL;
    if (rc == 0)
        rc = mesh_workload_new(config, out, error);
    status = rc < 0 ? lmesh_failed(verb, rc, error) : 0;
    mesh_error_free(error);
    return status;
}

void lmesh_tell_events(mesh_workload *workload)
{
    static const char *const names[] = {
        [MESH_EVENT_POLICY_LOADED] = "policy loaded",
        [MESH_EVENT_POLICY_REFUSED] = "policy refused",
        [MESH_EVENT_IDENTITY_ROTATED] = "identity rotated",
        [MESH_EVENT_IDENTITY_REFUSED] = "identity refused",
        [MESH_EVENT_IDENTITY_EXPIRING] = "identity expiring",
        [MESH_EVENT_EJECTED] = "ejected",
        [MESH_EVENT_ADMITTED] = "admitted",
        [MESH_EVENT_DENIED] = "denied",
        [MESH_EVENT_CONNECTION_REFUSED] = "connection refused",
        [MESH_EVENT_EXPORT_FAILED] = "export failed",
        [MESH_EVENT_OUT_OF_FILES] = "out of files",
        [MESH_EVENT_POLICY_JUDGED] = "policy judged",
        [MESH_EVENT_POLICY_PARTLY] = "policy in part",
        [MESH_EVENT_UNRESOLVED] = "unresolved",
    };
    char line[1024];
    int event;

    while ((event = mesh_workload_next_event(workload, line, sizeof(line))) >
           0) {
        const char *name = (size_t)event < sizeof(names) / sizeof(names[0])
                               ? names[event]
                               : "event";

        fprintf(stderr, "%s: %s\n", name, line);
    }
}

int64_t lmesh_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
