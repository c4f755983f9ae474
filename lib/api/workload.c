/*
 * workload.c - mesh_workload: checks arguments, takes references, calls one
 * thing.
 */
#include "api/inside.h"

#include "base/alloc.h"
#include "value/duration.h"

#include <stdio.h>

int mesh_workload_new(const mesh_config *config, mesh_workload **out,
                      mesh_error *error)
{
    struct mesh_config defaults;
    struct mesh_config resolved;
    int rc;

    if (!out)
        return mesh__error_out(error,
                               mesh__fail(MESH_ERR_INVALID, "out is NULL"));
    *out = NULL;
    mesh__config_init(&defaults);
    rc = mesh__config_resolve(config ? config : &defaults, &resolved);
    if (rc == 0)
        rc = mesh__workload_new(&resolved, out);
    return mesh__error_out(error, rc);
}

void mesh_workload_free(mesh_workload *workload)
{
    if (!workload)
        return;
    if (mesh__workload_check(workload) == 0)
        (void)mesh__workload_close(workload, 0);
    mesh__error_clear();
    mesh__workload_unref(workload);
}

static int null_workload(mesh_error *error)
{
    return mesh__error_out(error,
                           mesh__fail(MESH_ERR_INVALID, "workload is NULL"));
}

/* What is missing now: 0, or MESH_ERR_TIMEOUT with a line. */
static int missing(struct mesh_workload *workload)
{
    struct mesh_credential *credential;
    struct mesh_bundle *bundle;
    int64_t now_s = mesh__kernel_wall_ns() / (int64_t)MESH__S;
    char name[MESH__NAME_MAX + 1];
    char until[32];
    int rc = 0;

    if (workload->settings.offline)
        return 0;
    (void)mesh__identity_get(&workload->identity, &credential, &bundle);
    if (!credential) {
        rc = mesh__fail(MESH_ERR_TIMEOUT, "there is no identity");
    } else if (credential->not_after_s < now_s) {
        mesh__time_print(credential->not_after_s, until);
        rc = mesh__fail(MESH_ERR_TIMEOUT, "%s: expired since %s",
                        credential->id_text, until);
    } else if (credential->not_before_s > now_s) {
        mesh__time_print(credential->not_before_s, until);
        rc = mesh__fail(MESH_ERR_TIMEOUT, "%s: not valid before %s",
                        credential->id_text, until);
    }
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
    if (rc == 0 && mesh__names_missing(&workload->names, name, sizeof(name)))
        rc = mesh__fail(MESH_ERR_TIMEOUT, "%s: no answer for this name yet",
                        name);
    return rc;
}

int mesh_workload_ready(mesh_workload *workload, int64_t timeout_ms,
                        mesh_error *error)
{
    int64_t deadline_ns = mesh__deadline_of(timeout_ms);
    int rc;

    if (!workload)
        return null_workload(error);
    rc = mesh__workload_check(workload);
    if (rc == 0)
        rc = missing(workload);
    while (rc == MESH_ERR_TIMEOUT && mesh__left_ns(deadline_ns)) {
        uint64_t left_ns = mesh__left_ns(deadline_ns);

        (void)mesh__loop_step(workload->keeper->loop,
                              left_ns < 10 * MESH__MS ? left_ns : 10 * MESH__MS,
                              NULL, NULL);
        rc = missing(workload);
    }
    return mesh__error_out(error, rc);
}

int mesh_workload_reload(mesh_workload *workload, mesh_diagnostics **findings,
                         mesh_error *error)
{
    struct mesh_diagnostics *kept = NULL;
    int rc;

    if (findings)
        *findings = NULL;
    if (!workload)
        return null_workload(error);
    rc = mesh__workload_check(workload);
    if (rc == 0) {
        kept = mesh__calloc(1, sizeof(*kept));
        if (!kept)
            rc = mesh__fail(MESH_ERR_NOMEM, "the findings");
    }
    if (kept)
        mesh__diagnostics_init(kept);
    if (rc == 0 && !workload->settings.offline)
        rc = mesh__workload_load_identity(workload, false);
    if (rc == 0)
        rc = mesh__workload_load_policy(workload, MESH__LOAD_ASKED, kept);
    if (findings && (rc == 0 || rc == MESH_ERR_POLICY))
        *findings = kept;
    else
        mesh_diagnostics_free(kept);
    return mesh__error_out(error, rc);
}

int mesh_workload_close(mesh_workload *workload, int64_t deadline_ms,
                        mesh_error *error)
{
    int rc;

    if (!workload || deadline_ms < 0)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID,
                              "a workload and a deadline of at least 0 are "
                              "wanted"));
    rc = mesh__workload_check(workload);
    if (rc == 0)
        rc = mesh__workload_close(workload, deadline_ms);
    return mesh__error_out(error, rc);
}

int mesh_workload_after_fork(mesh_workload *workload, mesh_error *error)
{
    if (!workload)
        return null_workload(error);
    return mesh__error_out(error, mesh__workload_after_fork(workload));
}

mesh_loop *mesh_workload_keeper(mesh_workload *workload)
{
    return workload ? workload->keeper->loop : NULL;
}

int64_t mesh_workload_overdue_ms(mesh_workload *workload)
{
    if (!workload || mesh__workload_check(workload) < 0) {
        mesh__error_clear();
        return -1;
    }
    return mesh__keeper_overdue_ms(workload);
}

const char *mesh_workload_spiffe_id(const mesh_workload *workload)
{
    return workload ? workload->id_text : "";
}

int64_t mesh_workload_generation(const mesh_workload *workload)
{
    return workload ? (int64_t)atomic_load(&workload->generation) : 0;
}

int mesh_workload_statistic(mesh_workload *workload, const char *name,
                            int64_t *out, mesh_error *error)
{
    if (!workload || !name || !out)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID,
                              "a workload, a name and a place are wanted"));
    return mesh__error_out(error,
                           mesh__workload_statistic(workload, name, out));
}

int mesh_workload_next_event(mesh_workload *workload, char *text, size_t size)
{
    struct mesh_log_line line;

    if (!workload || (!text && size))
        return MESH_ERR_INVALID;
    if (size)
        text[0] = '\0';
    if (!mesh__log_read(&workload->log, &line))
        return 0;
    if (size)
        (void)snprintf(text, size, "%.*s", (int)sizeof(line.text), line.text);
    return line.kind;
}
