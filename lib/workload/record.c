/*
 * record.c - facts on their way out: access log lines and spans.
 *
 * Called once per exchange on any loop; collects under a leaf lock, and the
 * keeper writes. Declines to know what a fact means.
 */
#include "workload/workload.h"

#include "base/error.h"
#include "base/text.h"
#include "value/duration.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* --- opening --- */

/* "off" or unset: nothing; "policy": what the policy names; else a path. */
static const char *access_path(const struct mesh_workload *workload)
{
    const char *setting = workload->settings.text[MESH__SET_ACCESS_LOG];
    const struct mesh_telemetry_policy *policy = &workload->snapshot->telemetry;

    if (!setting || !strcmp(setting, "off"))
        return NULL;
    if (strcmp(setting, "policy") != 0)
        return setting;
    return policy->access_log ? policy->access_log_file : NULL;
}

static int open_access_log(struct mesh_workload *workload)
{
    const char *path = access_path(workload);

    if (!path)
        return 0;
    if (!strcmp(path, "/dev/stdout"))
        workload->access_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    else if (!strcmp(path, "/dev/stderr"))
        workload->access_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    else
        workload->access_fd = open(
            path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
    if (workload->access_fd < 0)
        return mesh__fail_errno(MESH_ERR_IO, errno, "the access log %s", path);
    return 0;
}

static int open_spans(struct mesh_workload *workload)
{
    const char *endpoint = workload->settings.text[MESH__SET_OTLP_ENDPOINT];
    const struct mesh_self *self = &workload->snapshot->self;
    char service[512];
    struct mesh_text text;
    struct mesh_span_resource resource = {
        .namespace_ = self->namespace_,
        .workload = self->name,
        .version = mesh_version(),
    };
    int rc;

    if (!endpoint || !endpoint[0])
        return 0;
    mesh__text_init(&text, service, sizeof(service));
    mesh__text_format(&text, "%s.%s", self->name, self->namespace_);
    resource.service_name = service;
    rc = mesh__fetch_open(workload->settings.text[MESH__SET_MODULES],
                          &workload->fetch);
    if (rc < 0)
        return rc;
    return mesh__spans_new(endpoint, &resource, workload->fetch, &workload->log,
                           &workload->spans);
}

int mesh__record_open(struct mesh_workload *workload)
{
    int rc = open_access_log(workload);

    return rc < 0 ? rc : open_spans(workload);
}

void mesh__record_close(struct mesh_workload *workload)
{
    if (workload->access_fd >= 0)
        (void)close(workload->access_fd);
    workload->access_fd = -1;
    mesh__buffer_fini(&workload->access);
    mesh__spans_free(workload->spans);
    mesh__fetch_close(workload->fetch);
    workload->spans = NULL;
    workload->fetch = NULL;
}

/* --- lines --- */

/* Under the lock: write what there is; what a full disk refuses is lost. */
static void write_lines(struct mesh_workload *workload)
{
    while (workload->access.len) {
        ssize_t put =
            write(workload->access_fd, mesh__buffer_data(&workload->access),
                  workload->access.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return;
        if (put <= 0) {
            workload->access_lost++;
            mesh__buffer_clear(&workload->access);
            return;
        }
        mesh__buffer_consume(&workload->access, (size_t)put);
    }
}

static void log_line(struct mesh_workload *workload,
                     const struct mesh_facts *facts,
                     const struct mesh_telemetry_policy *policy)
{
    (void)pthread_mutex_lock(&workload->access_lock);
    if (mesh__access_line(facts, policy, &workload->access) < 0) {
        write_lines(workload);
        if (mesh__access_line(facts, policy, &workload->access) < 0)
            workload->access_lost++;
    }
    (void)pthread_mutex_unlock(&workload->access_lock);
    mesh__error_clear();
}

void mesh__workload_record(void *user, const struct mesh_facts *facts)
{
    struct mesh_lane *lane = user;
    struct mesh_workload *workload = lane->workload;
    struct mesh_span span;

    if (workload->spans && facts->traced && facts->trace.sampled) {
        mesh__span_of(facts, &span);
        mesh__spans_put(workload->spans, &span);
    }
    if (workload->access_fd >= 0 && lane->hold)
        log_line(workload, facts, &lane->hold->snapshot->telemetry);
}

void mesh__record_flush(struct mesh_workload *workload, uint32_t timeout_ms)
{
    if (workload->access_fd >= 0) {
        (void)pthread_mutex_lock(&workload->access_lock);
        write_lines(workload);
        (void)pthread_mutex_unlock(&workload->access_lock);
    }
    if (workload->spans && mesh__spans_waiting(workload->spans))
        (void)mesh__spans_export(workload->spans, timeout_ms);
    mesh__error_clear();
}
