/*
 * test_spans.c - spans wait within bounds, leave in batches, and are counted
 * when they are lost.
 */
#include "torture.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "export/spans.h"

#include <mesh/workload.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* --- a collector without a wire ------------------------------------------- */

static struct {
    unsigned calls;
    char url[256];
    char method[8];
    char header[64];
    size_t body_bytes;
    uint32_t timeout_ms;
    long status; /* to answer     */
    int rc;      /* to fail with  */
    int forked;  /* times         */
} collector;

static int collector_open(const struct mesh_fetch_host *host, void **session)
{
    (void)host;
    *session = &collector;
    return 0;
}

static void collector_close(void *session)
{
    (void)session;
}

static int collector_forked(void *session)
{
    (void)session;
    collector.forked++;
    return 0;
}

static void keep(char *place, size_t size, const char *text)
{
    struct mesh_text out;

    mesh__text_init(&out, place, size);
    mesh__text_puts(&out, text);
}

static int collector_perform(void *session,
                             const struct mesh_fetch_request *request,
                             struct mesh_fetch_response *response)
{
    (void)session;
    collector.calls++;
    keep(collector.url, sizeof(collector.url), request->url);
    keep(collector.method, sizeof(collector.method), request->method);
    keep(collector.header, sizeof(collector.header), request->headers[0]);
    assert_null(request->headers[1]);
    collector.body_bytes = request->body_bytes;
    collector.timeout_ms = request->timeout_ms;
    response->status = collector.status;
    response->body = mesh__strdup("ok");
    response->body_bytes = response->body ? 2 : 0;
    keep(response->reason, sizeof(response->reason), "nobody there");
    return collector.rc;
}

static const struct mesh_fetch_module module = { .abi = MESH__FETCH_ABI,
                                                 .version = "a collector",
                                                 .open = collector_open,
                                                 .perform = collector_perform,
                                                 .close = collector_close,
                                                 .forked = collector_forked };

static const struct mesh_span_resource resource = {
    .service_name = "a.b", .namespace_ = "b", .workload = "a", .version = "1"
};

struct world {
    struct mesh_fetch *fetch;
    struct mesh_log log;
    struct mesh_spans *spans;
};

static int begin(void **state)
{
    static struct world world;

    memset(&collector, 0, sizeof(collector));
    collector.status = 200;
    assert_int_equal(mesh__fetch_adopt(&module, &world.fetch), 0);
    assert_int_equal(mesh__log_init(&world.log), 0);
    assert_int_equal(mesh__spans_new("http://127.0.0.1:4318", &resource,
                                     world.fetch, &world.log, &world.spans),
                     0);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;

    mesh__spans_free(world->spans);
    mesh__fetch_close(world->fetch);
    mesh__log_fini(&world->log);
    return 0;
}

static void put(struct world *world, size_t count)
{
    struct mesh_span span = {
        .trace = { .trace_id = { 1 }, .span_id = { 1 }, .sampled = true }
    };

    for (size_t i = 0; i < count; i++)
        mesh__spans_put(world->spans, &span);
}

static void expect_counts(struct world *world, size_t waiting,
                          uint64_t exported, uint64_t dropped)
{
    uint64_t out;
    uint64_t lost;

    mesh__spans_counts(world->spans, &out, &lost);
    assert_int_equal(mesh__spans_waiting(world->spans), waiting);
    assert_int_equal(out, exported);
    assert_int_equal(lost, dropped);
}

/* --- the claims ----------------------------------------------------------- */

static void nothing_waits_nothing_is_sent(void **state)
{
    struct world *world = *state;

    assert_int_equal(mesh__spans_export(world->spans, 1000), 0);
    assert_int_equal(collector.calls, 0);
}

static void a_batch_is_a_post_to_the_collector(void **state)
{
    struct world *world = *state;

    put(world, 2);
    expect_counts(world, 2, 0, 0);
    assert_int_equal(mesh__spans_export(world->spans, 1000), 1);
    assert_int_equal(collector.calls, 1);
    assert_string_equal(collector.url, "http://127.0.0.1:4318/v1/traces");
    assert_string_equal(collector.method, "POST");
    assert_string_equal(collector.header,
                        "content-type: application/x-protobuf");
    assert_int_equal(collector.timeout_ms, 1000);
    assert_true(collector.body_bytes > 200);
    expect_counts(world, 0, 2, 0);
}

static void a_request_has_its_own_bound(void **state)
{
    struct world *world = *state;

    put(world, 1);
    assert_int_equal(mesh__spans_export(world->spans, UINT32_MAX), 1);
    assert_int_equal(collector.timeout_ms, MESH__SPANS_TIMEOUT_MS);
    put(world, 1);
    assert_int_equal(mesh__spans_export(world->spans, 0), 1);
    assert_int_equal(collector.timeout_ms, 1); /* 0 would be for ever */
}

static void what_is_not_sampled_is_not_kept(void **state)
{
    struct world *world = *state;
    const struct mesh_span span = { .trace = { .trace_id = { 1 } } };

    mesh__spans_put(world->spans, &span);
    expect_counts(world, 0, 0, 0);
}

static void batches_are_bounded(void **state)
{
    struct world *world = *state;
    size_t one;

    put(world, MESH__SPANS_BATCH + 1);
    assert_int_equal(mesh__spans_export(world->spans, 1000), 1);
    one = collector.body_bytes;
    expect_counts(world, 1, MESH__SPANS_BATCH, 0);
    assert_int_equal(mesh__spans_export(world->spans, 1000), 1);
    assert_true(one > 100 * collector.body_bytes);
    assert_int_equal(mesh__spans_export(world->spans, 1000), 0);
    expect_counts(world, 0, MESH__SPANS_BATCH + 1, 0);
}

static void the_newest_is_lost_when_the_queue_is_full(void **state)
{
    struct world *world = *state;

    put(world, MESH__SPANS_MAX + 3);
    expect_counts(world, MESH__SPANS_MAX, 0, 3);
    assert_int_equal(mesh__spans_export(world->spans, 1000), 1);
    put(world, MESH__SPANS_BATCH + 1); /* the ring goes around */
    expect_counts(world, MESH__SPANS_MAX, MESH__SPANS_BATCH, 4);
    while (mesh__spans_export(world->spans, 1000) == 1)
        ;
    expect_counts(world, 0, MESH__SPANS_MAX + MESH__SPANS_BATCH, 4);
}

/* A batch of the largest spans there are fits into a request. */
static void the_largest_batch_fits(void **state)
{
    struct world *world = *state;
    struct mesh_span span;

    memset(&span, 'x', sizeof(span));
    span.trace.sampled = true;
    span.server = true;
    span.status = UINT32_MAX;
    span.name[sizeof(span.name) - 1] = '\0';
    span.method[sizeof(span.method) - 1] = '\0';
    span.url[sizeof(span.url) - 1] = '\0';
    span.protocol[sizeof(span.protocol) - 1] = '\0';
    span.user_agent[sizeof(span.user_agent) - 1] = '\0';
    span.request_id[sizeof(span.request_id) - 1] = '\0';
    span.peer_address[sizeof(span.peer_address) - 1] = '\0';
    span.upstream_cluster[sizeof(span.upstream_cluster) - 1] = '\0';
    span.flags[sizeof(span.flags) - 1] = '\0';
    span.details[sizeof(span.details) - 1] = '\0';
    for (size_t i = 0; i < MESH__SPANS_BATCH; i++)
        mesh__spans_put(world->spans, &span);
    assert_int_equal(mesh__spans_export(world->spans, 1000), 1);
}

static void a_run_of_failures_is_told_once(void **state)
{
    static const struct {
        const char *claim;
        int rc;
        long status;
        int expect;
        const char *line; /* in the log; NULL: none */
    } rows[] = {
        { "the first failure is told", MESH_ERR_CONNECT, 0, MESH_ERR_CONNECT,
          "1 spans to http://127.0.0.1:4318/v1/traces were dropped: "
          "nobody there" },
        { "the second is not", MESH_ERR_TIMEOUT, 0, MESH_ERR_TIMEOUT, NULL },
        { "a success ends the run", 0, 202, 1, NULL },
        { "a refusal is a failure", 0, 400, MESH_ERR_PROTOCOL,
          "1 spans to http://127.0.0.1:4318/v1/traces were dropped: "
          "a status of 2xx, the collector sent 400" },
        { "a redirect too", 0, 302, MESH_ERR_PROTOCOL, NULL },
    };
    struct world *world = *state;
    struct mesh_log_line line;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool told;

        collector.rc = rows[i].rc;
        collector.status = rows[i].status;
        put(world, 1);
        if (mesh__spans_export(world->spans, 1000) != rows[i].expect)
            fail_msg("%s", rows[i].claim);
        told = mesh__log_read(&world->log, &line);
        if (told != (rows[i].line != NULL))
            fail_msg("%s", rows[i].claim);
        if (told) {
            assert_int_equal(line.kind, MESH_EVENT_EXPORT_FAILED);
            assert_string_equal(line.text, rows[i].line);
        }
    }
    expect_counts(world, 0, 1, 4);
}

static void a_child_begins_with_an_empty_queue(void **state)
{
    struct world *world = *state;

    put(world, 3);
    assert_int_equal(mesh__spans_forked(world->spans), 0);
    assert_int_equal(collector.forked, 1);
    assert_int_equal(mesh__spans_waiting(world->spans), 0);
    put(world, 1);
    assert_int_equal(mesh__spans_export(world->spans, 1000), 1);
}

static void endpoints_are_read_strictly(void **state)
{
    static const struct {
        const char *endpoint;
        const char *url; /* NULL: refused */
    } rows[] = {
        { "http://h:4318", "http://h:4318/v1/traces" },
        { "https://h", "https://h/v1/traces" },
        { "http://h:4318/", "http://h:4318/v1/traces" },
        { "http://h/otlp//", "http://h/otlp/v1/traces" },
        { "http://[::1]:4318", "http://[::1]:4318/v1/traces" },
        { NULL, NULL },
        { "", NULL },
        { "h:4318", NULL },
        { "http://", NULL },
        { "http:///v1", NULL },
        { "https:////", NULL },
        { "ftp://h", NULL },
        { "file:///etc", NULL },
        { "http://h?a=b", NULL },
        { "http://h#a", NULL },
        { "http://h /x", NULL },
        { "http://h\r\nx: y", NULL },
        { "http://h\xc3\xa9", NULL },
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = rows[i].endpoint ? rows[i].endpoint : "(none)";
        struct mesh_spans *spans;
        struct mesh_span span = { .trace = { .sampled = true } };
        int rc = mesh__spans_new(rows[i].endpoint, &resource, world->fetch,
                                 NULL, &spans);

        if (rc != (rows[i].url ? 0 : MESH_ERR_INVALID))
            fail_msg("%s: %d", name, rc);
        if (rc < 0) {
            assert_null(spans);
            continue;
        }
        mesh__spans_put(spans, &span);
        assert_int_equal(mesh__spans_export(spans, 1000), 1);
        assert_string_equal(collector.url, rows[i].url);
        mesh__spans_free(spans);
    }
    mesh__spans_free(NULL);
}

static void an_endpoint_has_a_ceiling(void **state)
{
    static char endpoint[2048] = "http://";
    struct world *world = *state;
    struct mesh_spans *spans;

    memset(endpoint + 7, 'h', sizeof(endpoint) - 8);
    assert_int_equal(
        mesh__spans_new(endpoint, &resource, world->fetch, NULL, &spans),
        MESH_ERR_INVALID);
    assert_null(spans);
}

static void no_allocation_is_vital(void **state)
{
    struct world *world = *state;
    struct mesh_spans *spans;
    struct mesh_span span = { .trace = { .sampled = true } };

    for (size_t n = 0;; n++) {
        int rc;

        fake_alloc_fail_at(n);
        rc = mesh__spans_new("http://h", &resource, world->fetch, NULL, &spans);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(spans);
        assert_int_equal(fake_alloc_live(), 0);
    }
    for (size_t n = 0; n < 8; n++) {
        bool tripped;
        int rc;

        mesh__spans_put(spans, &span);
        fake_alloc_fail_at(n);
        rc = mesh__spans_export(spans, 1000);
        tripped = fake_alloc_tripped();
        /* the collector's own allocation is a body that is not there */
        assert_true(rc == 1 || (tripped && rc == MESH_ERR_NOMEM));
    }
    fake_alloc_off();
    mesh__spans_free(spans);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_waits_nothing_is_sent, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_batch_is_a_post_to_the_collector,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_request_has_its_own_bound, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_not_sampled_is_not_kept, begin,
                                        end),
        cmocka_unit_test_setup_teardown(batches_are_bounded, begin, end),
        cmocka_unit_test_setup_teardown(
            the_newest_is_lost_when_the_queue_is_full, begin, end),
        cmocka_unit_test_setup_teardown(the_largest_batch_fits, begin, end),
        cmocka_unit_test_setup_teardown(a_run_of_failures_is_told_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_child_begins_with_an_empty_queue,
                                        begin, end),
        cmocka_unit_test_setup_teardown(endpoints_are_read_strictly, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_endpoint_has_a_ceiling, begin, end),
        cmocka_unit_test_setup_teardown(no_allocation_is_vital, begin, end),
    };

    return cmocka_run_group_tests_name("export/spans", tests, NULL, NULL);
}
