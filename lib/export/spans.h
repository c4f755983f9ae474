/*
 * spans.h - finished spans on their way out: a bounded queue, and batches by
 * OTLP/HTTP.
 *
 * record puts spans in from any thread; the keeper takes them out. A blocking
 * POST is libcurl's, so it runs on a thread of its own only when the keeper is
 * the library's helper; a host that steps the keeper itself is blocked at most
 * the export timeout. When the queue is full the newest span is dropped and
 * counted.
 */
#ifndef MESH_EXPORT_SPANS_H
#define MESH_EXPORT_SPANS_H

#include "base/log.h"
#include "fetch/fetch.h"
#include "telemetry/telemetry.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MESH__SPANS_MAX = 2048,       /* waiting                            */
    MESH__SPANS_BATCH = 256,      /* in one request                     */
    MESH__SPANS_SOON = 64,        /* as many waiting: export now        */
    MESH__SPANS_EVERY_MS = 1000,  /* else this often                    */
    MESH__SPANS_TIMEOUT_MS = 5000 /* of one request                     */
};

struct mesh_spans;

/*
 * endpoint: "http://host:4318"; "/v1/traces" is appended. The texts are
 * copied. fetch and log (may be NULL) are borrowed. 0, MESH_ERR_NOMEM or
 * MESH_ERR_INVALID.
 */
int mesh__spans_new(const char *endpoint,
                    const struct mesh_span_resource *resource,
                    struct mesh_fetch *fetch, struct mesh_log *log,
                    struct mesh_spans **out);
void mesh__spans_free(struct mesh_spans *spans);

/* Any thread; a copy under a leaf lock. Unsampled spans are not kept. */
void mesh__spans_put(struct mesh_spans *spans, const struct mesh_span *span);
size_t mesh__spans_waiting(struct mesh_spans *spans);

/*
 * Send one batch of what waits, at most timeout_ms (0 counts as 1). 1 when
 * something was sent, 0 when nothing waited, or the error (the batch is dropped
 * and counted, one event per run of failures). One thread at a time: the
 * keeper's.
 */
int mesh__spans_export(struct mesh_spans *spans, uint32_t timeout_ms);

void mesh__spans_counts(struct mesh_spans *spans, uint64_t *exported,
                        uint64_t *dropped);
/*
 * In a forked child: the lock anew, the queue empty, the parent's connections
 * let go (mesh__fetch_forked). 0 or MESH_ERR_NOMEM.
 */
int mesh__spans_forked(struct mesh_spans *spans);

#endif
