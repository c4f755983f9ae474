/*
 * spans.c - finished spans on their way out: a bounded queue, and batches by
 * OTLP/HTTP.
 *
 * Declines to know who sampled a span and when to export.
 */
#include "export/spans.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <mesh/workload.h>

#include <inttypes.h>

#define TRACES_PATH "/v1/traces"

enum {
    ENDPOINT_MAX = 1024,      /* bytes of the endpoint's URL         */
    REQUEST_MAX = 1024 * 1024 /* bytes of a batch; a span is < 4 KiB */
};

struct mesh_spans {
    struct mesh_fetch *fetch; /* borrowed */
    struct mesh_log *log;     /* borrowed, may be NULL */
    char *url;                /* owned, as are the texts of resource */
    struct mesh_span_resource resource;
    struct mesh_buffer body; /* the exporter's                     */
    struct mesh_span *batch; /* the exporter's, MESH__SPANS_BATCH  */
    bool failing;            /* the exporter's: the last one failed */

    pthread_mutex_t lock;    /* a leaf; guards what follows        */
    struct mesh_span *queue; /* a ring of MESH__SPANS_MAX          */
    size_t first;
    size_t count;
    uint64_t exported;
    uint64_t dropped;
};

/* --- beginning and end ---------------------------------------------------- */

static bool is_url(struct mesh_slice url)
{
    static const char *const schemes[] = { "http://", "https://" };

    if (url.len > ENDPOINT_MAX)
        return false;
    for (size_t i = 0; i < url.len; i++)
        if (url.at[i] <= ' ' || url.at[i] > '~' || url.at[i] == '?' ||
            url.at[i] == '#')
            return false;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i]);

        if (mesh__slice_starts(url, mesh__slice_of(schemes[i])))
            return url.len > len && url.at[len] != '/';
    }
    return false;
}

static int make_url(const char *endpoint, char **out)
{
    struct mesh_slice base = mesh__slice_of(endpoint);
    struct mesh_text text;
    size_t size;

    if (!is_url(base))
        return mesh__fail(MESH_ERR_INVALID,
                          "an endpoint like http://host:4318, found \"%.80s\"",
                          endpoint ? endpoint : "");
    while (base.at[base.len - 1] == '/')
        base.len--;
    size = base.len + sizeof(TRACES_PATH);
    *out = mesh__malloc(size);
    if (!*out)
        return mesh__fail(MESH_ERR_NOMEM, "the endpoint of spans");
    mesh__text_init(&text, *out, size);
    mesh__text_add(&text, base);
    mesh__text_puts(&text, TRACES_PATH);
    return 0;
}

static int copy_text(const char *text, const char **out)
{
    if (!text)
        return 0;
    *out = mesh__strdup(text);
    return *out ? 0 : mesh__fail(MESH_ERR_NOMEM, "the resource of spans");
}

static int copy_resource(const struct mesh_span_resource *from,
                         struct mesh_span_resource *to)
{
    int rc = copy_text(from->service_name, &to->service_name);

    if (rc == 0)
        rc = copy_text(from->namespace_, &to->namespace_);
    if (rc == 0)
        rc = copy_text(from->workload, &to->workload);
    if (rc == 0)
        rc = copy_text(from->revision, &to->revision);
    if (rc == 0)
        rc = copy_text(from->version, &to->version);
    return rc;
}

static int make_room(struct mesh_spans *spans)
{
    spans->queue = mesh__calloc(MESH__SPANS_MAX, sizeof(*spans->queue));
    spans->batch = mesh__calloc(MESH__SPANS_BATCH, sizeof(*spans->batch));
    return spans->queue && spans->batch
               ? 0
               : mesh__fail(MESH_ERR_NOMEM, "the queue of spans");
}

int mesh__spans_new(const char *endpoint,
                    const struct mesh_span_resource *resource,
                    struct mesh_fetch *fetch, struct mesh_log *log,
                    struct mesh_spans **out)
{
    struct mesh_spans *spans;
    int rc;

    *out = NULL;
    spans = mesh__calloc(1, sizeof(*spans));
    if (!spans)
        return mesh__fail(MESH_ERR_NOMEM, "the queue of spans");
    (void)pthread_mutex_init(&spans->lock, NULL);
    mesh__buffer_init(&spans->body, REQUEST_MAX);
    spans->fetch = fetch;
    spans->log = log;
    rc = make_url(endpoint, &spans->url);
    if (rc == 0)
        rc = copy_resource(resource, &spans->resource);
    if (rc == 0)
        rc = make_room(spans);
    if (rc < 0)
        goto done;
    *out = spans;
    spans = NULL;
done:
    mesh__spans_free(spans);
    return rc;
}

static void free_text(const char *text)
{
    mesh__free((void *)(uintptr_t)text);
}

void mesh__spans_free(struct mesh_spans *spans)
{
    if (!spans)
        return;
    free_text(spans->resource.service_name);
    free_text(spans->resource.namespace_);
    free_text(spans->resource.workload);
    free_text(spans->resource.revision);
    free_text(spans->resource.version);
    mesh__free(spans->url);
    mesh__free(spans->queue);
    mesh__free(spans->batch);
    mesh__buffer_fini(&spans->body);
    (void)pthread_mutex_destroy(&spans->lock);
    mesh__free(spans);
}

/* --- the queue ------------------------------------------------------------ */

void mesh__spans_put(struct mesh_spans *spans, const struct mesh_span *span)
{
    if (!span->trace.sampled)
        return;
    (void)pthread_mutex_lock(&spans->lock);
    if (spans->count == MESH__SPANS_MAX)
        spans->dropped++;
    else
        spans->queue[(spans->first + spans->count++) % MESH__SPANS_MAX] = *span;
    (void)pthread_mutex_unlock(&spans->lock);
}

size_t mesh__spans_waiting(struct mesh_spans *spans)
{
    size_t count;

    (void)pthread_mutex_lock(&spans->lock);
    count = spans->count;
    (void)pthread_mutex_unlock(&spans->lock);
    return count;
}

static size_t take_batch(struct mesh_spans *spans)
{
    size_t taken = 0;

    (void)pthread_mutex_lock(&spans->lock);
    while (taken < MESH__SPANS_BATCH && spans->count) {
        spans->batch[taken++] = spans->queue[spans->first];
        spans->first = (spans->first + 1) % MESH__SPANS_MAX;
        spans->count--;
    }
    (void)pthread_mutex_unlock(&spans->lock);
    return taken;
}

static void account(struct mesh_spans *spans, uint64_t exported,
                    uint64_t dropped)
{
    (void)pthread_mutex_lock(&spans->lock);
    spans->exported += exported;
    spans->dropped += dropped;
    (void)pthread_mutex_unlock(&spans->lock);
}

void mesh__spans_counts(struct mesh_spans *spans, uint64_t *exported,
                        uint64_t *dropped)
{
    (void)pthread_mutex_lock(&spans->lock);
    *exported = spans->exported;
    *dropped = spans->dropped;
    (void)pthread_mutex_unlock(&spans->lock);
}

int mesh__spans_forked(struct mesh_spans *spans)
{
    (void)pthread_mutex_init(&spans->lock, NULL);
    spans->first = 0;
    spans->count = 0;
    return mesh__fetch_forked(spans->fetch);
}

/* --- export --------------------------------------------------------------- */

static uint32_t within_bounds(uint32_t timeout_ms)
{
    if (timeout_ms == 0)
        return 1; /* to libcurl, 0 is for ever */
    return timeout_ms < MESH__SPANS_TIMEOUT_MS ? timeout_ms
                                               : MESH__SPANS_TIMEOUT_MS;
}

static int post(struct mesh_spans *spans, uint32_t timeout_ms)
{
    static const char *const headers[] = {
        "content-type: application/x-protobuf", NULL
    };
    const struct mesh_fetch_request request = {
        .method = "POST",
        .url = spans->url,
        .headers = headers,
        .body = mesh__buffer_data(&spans->body),
        .body_bytes = spans->body.len,
        .timeout_ms = within_bounds(timeout_ms)
    };
    struct mesh_fetch_response response;
    int rc = mesh__fetch_perform(spans->fetch, &request, &response);

    if (rc < 0)
        return rc;
    mesh__free(response.body);
    if (response.status < 200 || response.status > 299)
        return mesh__fail(MESH_ERR_PROTOCOL,
                          "a status of 2xx, the collector sent %ld",
                          response.status);
    return 0;
}

static int send_batch(struct mesh_spans *spans, size_t count,
                      uint32_t timeout_ms)
{
    int rc =
        mesh__otlp_encode(spans->batch, count, &spans->resource, &spans->body);

    if (rc == 0)
        rc = post(spans, timeout_ms);
    mesh__buffer_clear(&spans->body);
    return rc;
}

/* One event per run of failures: a collector may be away for hours. */
static void tell(struct mesh_spans *spans, int rc, size_t count)
{
    if (rc < 0 && !spans->failing)
        mesh__log_write(spans->log, MESH_EVENT_EXPORT_FAILED,
                        "%zu spans to %s were dropped: %s", count, spans->url,
                        mesh__error_line());
    spans->failing = rc < 0;
}

int mesh__spans_export(struct mesh_spans *spans, uint32_t timeout_ms)
{
    size_t count = take_batch(spans);
    int rc;

    if (count == 0)
        return 0;
    rc = send_batch(spans, count, timeout_ms);
    tell(spans, rc, count);
    account(spans, rc < 0 ? 0 : count, rc < 0 ? count : 0);
    return rc < 0 ? rc : 1;
}
