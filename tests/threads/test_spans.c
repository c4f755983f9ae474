/*
 * test_spans.c - four threads put spans while one exports them: each is
 * exported or dropped, and none twice. Made for TSan.
 */
#include "export/spans.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

enum { THREADS = 4, EACH = 5000 };

static atomic_uint running;

static int collector_open(const struct mesh_fetch_host *host, void **session)
{
    (void)host;
    *session = NULL;
    return 0;
}

static void collector_close(void *session)
{
    (void)session;
}

static int collector_forked(void *session)
{
    (void)session;
    return 0;
}

static int collector_perform(void *session,
                             const struct mesh_fetch_request *request,
                             struct mesh_fetch_response *response)
{
    (void)session;
    (void)request;
    response->status = 200;
    return 0;
}

static void *put_many(void *user)
{
    const struct mesh_span span = {
        .trace = { .trace_id = { 1 }, .span_id = { 1 }, .sampled = true }
    };

    for (int i = 0; i < EACH; i++) {
        mesh__spans_put(user, &span);
        (void)mesh__spans_waiting(user);
    }
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static void no_span_is_lost_uncounted(void **state)
{
    static const struct mesh_fetch_module module = { .abi = MESH__FETCH_ABI,
                                                     .version = "a collector",
                                                     .open = collector_open,
                                                     .perform =
                                                         collector_perform,
                                                     .close = collector_close,
                                                     .forked =
                                                         collector_forked };
    static const struct mesh_span_resource resource = { .service_name = "a" };
    struct mesh_spans *spans;
    struct mesh_fetch *fetch;
    pthread_t threads[THREADS];
    uint64_t exported;
    uint64_t dropped;

    (void)state;
    assert_int_equal(mesh__fetch_adopt(&module, &fetch), 0);
    assert_int_equal(
        mesh__spans_new("http://h", &resource, fetch, NULL, &spans), 0);
    atomic_store(&running, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, spans), 0);
    while (atomic_load(&running) > 0)
        assert_true(mesh__spans_export(spans, 1000) >= 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    while (mesh__spans_export(spans, 1000) == 1)
        ;
    mesh__spans_counts(spans, &exported, &dropped);
    assert_int_equal(exported + dropped, THREADS * EACH);
    assert_true(exported > 0);
    mesh__spans_free(spans);
    mesh__fetch_close(fetch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_span_is_lost_uncounted),
    };

    return cmocka_run_group_tests_name("threads/spans", tests, NULL, NULL);
}
