/*
 * test_otlp.c - spans as a collector reads them.
 *
 * A reader of protocol buffers that knows which fields are messages writes a
 * request as lines of "path=value"; the tests look for theirs.
 */
#include "facts.h"
#include "torture.h"

#include "base/text.h"
#include "telemetry/telemetry.h"

#include <mesh/base.h>

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { CEILING = 1024 * 1024, STORY = 32 * 1024 };

static const struct mesh_span_resource resource = {
    .service_name = "api-gateway.production",
    .namespace_ = "production",
    .workload = "api-gateway",
    .version = "0.1.0"
};

/* --- a reader ------------------------------------------------------------- */

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static uint64_t read_varint(struct reader *reader)
{
    uint64_t value = 0;

    for (unsigned shift = 0; reader->at < reader->end; shift += 7) {
        uint8_t byte = *reader->at++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    fail_msg("a number without an end");
    return 0;
}

static uint64_t read_fixed(struct reader *reader, size_t len)
{
    uint64_t value = 0;

    assert_true((size_t)(reader->end - reader->at) >= len);
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)reader->at[i] << (8 * i);
    reader->at += len;
    return value;
}

static struct reader read_bytes(struct reader *reader)
{
    uint64_t len = read_varint(reader);
    struct reader inside = { reader->at, reader->at };

    assert_true((uint64_t)(reader->end - reader->at) >= len);
    inside.end += len;
    reader->at += len;
    return inside;
}

static bool is_message(const char *path)
{
    static const char *const paths[] = { "1",       "1.1",     "1.1.1",
                                         "1.1.1.2", "1.2",     "1.2.1",
                                         "1.2.2",   "1.2.2.9", "1.2.2.9.2",
                                         "1.2.2.15" };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (strcmp(paths[i], path) == 0)
            return true;
    return false;
}

static void tell(struct mesh_text *story, const char *path,
                 struct reader inside)
{
    size_t len = (size_t)(inside.end - inside.at);
    char hex[64];

    if (strcmp(path, "1.2.2.1") == 0 || strcmp(path, "1.2.2.2") == 0 ||
        strcmp(path, "1.2.2.4") == 0) {
        assert_true(len <= 16);
        mesh__hex(inside.at, len, hex);
        mesh__text_format(story, "%s=%s\n", path, hex);
    } else {
        mesh__text_format(story, "%s=%.*s\n", path, (int)len,
                          (const char *)inside.at);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as is_message's paths */
static void read_message(struct reader reader, const char *above,
                         struct mesh_text *story)
{
    while (reader.at < reader.end) {
        uint64_t tag = read_varint(&reader);
        struct reader inside;
        char path[64];

        snprintf(path, sizeof(path), "%s%s%u", above, above[0] ? "." : "",
                 (unsigned)(tag >> 3));
        switch (tag & 7) {
        case 0:
            mesh__text_format(story, "%s=%" PRIu64 "\n", path,
                              read_varint(&reader));
            continue;
        case 1:
            mesh__text_format(story, "%s=%" PRIu64 "\n", path,
                              read_fixed(&reader, 8));
            continue;
        case 5:
            mesh__text_format(story, "%s=%" PRIu64 "\n", path,
                              read_fixed(&reader, 4));
            continue;
        default:
            assert_int_equal(tag & 7, 2);
        }
        inside = read_bytes(&reader);
        if (is_message(path))
            read_message(inside, path, story);
        else
            tell(story, path, inside);
    }
}

/* --- the claims ----------------------------------------------------------- */

static void encode(const struct mesh_span *spans, size_t count, char *story)
{
    struct mesh_buffer out;
    struct mesh_text text;
    struct reader reader;

    mesh__buffer_init(&out, CEILING);
    assert_int_equal(mesh__otlp_encode(spans, count, &resource, &out), 0);
    reader.at = (const uint8_t *)mesh__buffer_data(&out);
    reader.end = reader.at + out.len;
    mesh__text_init(&text, story, STORY);
    read_message(reader, "", &text);
    assert_false(text.cut);
    mesh__buffer_fini(&out);
}

static void expect_part(const char *story, const char *part)
{
    if (!strstr(story, part))
        fail_msg("no %s in\n%s", part, story);
}

static void expect_none(const char *story, const char *part)
{
    if (strstr(story, part))
        fail_msg("there is %s in\n%s", part, story);
}

/* An attribute of a span. */
static void expect_tag(const char *story, const char *key, const char *value)
{
    char part[512];

    snprintf(part, sizeof(part), "1.2.2.9.1=%s\n1.2.2.9.2.1=%s\n", key, value);
    expect_part(story, part);
}

static void a_call_reads_back(void **state)
{
    static char story[STORY];
    struct mesh_facts facts = good_facts();
    struct mesh_span span;

    (void)state;
    facts.attempts = 3;
    mesh__span_of(&facts, &span);
    encode(&span, 1, story);
    expect_part(story, "1.1.1.1=service.name\n"
                       "1.1.1.2.1=api-gateway.production\n"
                       "1.1.1.1=k8s.namespace.name\n"
                       "1.1.1.2.1=production\n");
    expect_part(story, "1.1.1.1=telemetry.sdk.version\n1.1.1.2.1=0.1.0\n");
    expect_part(story, "1.2.1.1=libmesh\n1.2.1.2=0.1.0\n");
    expect_part(story, "1.2.2.1=01020300000000000000000000000000\n"
                       "1.2.2.2=0900000000000000\n"
                       "1.2.2.4=0800000000000000\n"
                       "1.2.2.5=pay.production.svc.cluster.local:80/*\n"
                       "1.2.2.6=3\n"
                       "1.2.2.7=1460751420310999999\n"
                       "1.2.2.8=1460751420323999998\n");
    expect_tag(story, "guid:x-request-id",
               "0b5d0b5d-1111-4222-8333-444455556666");
    expect_tag(story, "http.url", "http://payment-service/api/v1/charge");
    expect_tag(story, "http.method", "POST");
    expect_tag(story, "user_agent", "a test/1");
    expect_tag(story, "downstream_cluster", "-");
    expect_tag(story, "peer.address", "127.0.1.1:18080");
    expect_tag(story, "http.protocol", "HTTP/1.1");
    expect_tag(story, "request_size", "7");
    expect_tag(story, "response_size", "1234567890123");
    expect_tag(story, "component", "proxy");
    expect_tag(story, "upstream_cluster",
               "outbound|80||pay.production.svc.cluster.local");
    expect_tag(story, "http.status_code", "200");
    expect_tag(story, "response_flags", "-");
    expect_tag(story, "retry.count", "2");
    expect_tag(story, "istio.canonical_service", "api-gateway");
    expect_tag(story, "istio.canonical_revision", "latest");
    expect_tag(story, "istio.namespace", "production");
    expect_part(story, "1.2.2.16=1\n");
}

static void a_root_has_no_parent(void **state)
{
    static char story[STORY];
    struct mesh_facts facts = good_facts();
    struct mesh_span span;

    (void)state;
    memset(facts.parent_span, 0, sizeof(facts.parent_span));
    mesh__span_of(&facts, &span);
    encode(&span, 1, story);
    expect_none(story, "1.2.2.4=");
}

static void failures_are_told_as_envoy_tells_them(void **state)
{
    static const struct {
        const char *claim;
        bool server;
        unsigned status;
        bool status_error;
        bool error_tag;
    } rows[] = {
        { "200 is fine for a client", false, 200, false, false },
        { "302 is fine for a client", false, 302, false, false },
        { "404 is the client's failure", false, 404, true, false },
        { "404 is not the server's", true, 404, false, false },
        { "499 is not the server's", true, 499, false, false },
        { "500 is everybody's: client", false, 500, true, true },
        { "500 is everybody's: server", true, 500, true, true },
        { "no answer is a failure: client", false, 0, true, true },
        { "no answer is a failure: server", true, 0, true, true },
    };
    static char story[STORY];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_facts facts = good_facts();
        struct mesh_span span;
        bool status_error;
        bool error_tag;

        facts.inbound = rows[i].server;
        facts.status = rows[i].status;
        mesh__span_of(&facts, &span);
        encode(&span, 1, story);
        status_error = strstr(story, "1.2.2.15.3=2\n") != NULL;
        error_tag = strstr(story, "=error\n1.2.2.9.2.1=true\n") != NULL;
        if (status_error != rows[i].status_error ||
            error_tag != rows[i].error_tag)
            fail_msg("%s:\n%s", rows[i].claim, story);
        expect_part(story, rows[i].server ? "1.2.2.6=2\n" : "1.2.2.6=3\n");
    }
}

/* One string that is no UTF-8 would cost the whole batch. */
static void no_peer_can_spoil_a_batch(void **state)
{
    static char story[STORY];
    struct mesh_facts facts = good_facts();
    struct mesh_span spans[2];

    (void)state;
    mesh__span_of(&facts, &spans[0]);
    facts.user_agent = MESH__SLICE("\xff\xfe\xc3x\n");
    facts.path = MESH__SLICE("/\xe2\x82");
    mesh__span_of(&facts, &spans[1]);
    encode(spans, 2, story);
    expect_tag(story, "user_agent", "???x?");
    expect_tag(story, "http.url", "http://payment-service/??");
    expect_tag(story, "user_agent", "a test/1");
}

static void every_span_of_a_batch_is_there(void **state)
{
    enum { MANY = 16 };
    static char story[STORY];
    struct mesh_facts facts = good_facts();
    struct mesh_span spans[MANY];

    (void)state;
    for (uint8_t i = 0; i < MANY; i++) {
        facts.trace.span_id[7] = i;
        mesh__span_of(&facts, &spans[i]);
    }
    encode(spans, MANY, story);
    for (uint8_t i = 0; i < MANY; i++) {
        char part[64];

        snprintf(part, sizeof(part), "1.2.2.2=09000000000000%02x\n", i);
        expect_part(story, part);
    }
}

static void what_does_not_fit_is_not_begun(void **state)
{
    struct mesh_facts facts = good_facts();
    struct mesh_span span;
    struct mesh_buffer out;
    size_t whole;

    (void)state;
    mesh__span_of(&facts, &span);
    mesh__buffer_init(&out, CEILING);
    assert_int_equal(mesh__otlp_encode(&span, 1, &resource, &out), 0);
    whole = out.len;
    mesh__buffer_fini(&out);
    for (size_t ceiling = 4; ceiling < whole; ceiling++) {
        mesh__buffer_init(&out, ceiling);
        assert_int_equal(mesh__buffer_append(&out, "old", 3), 0);
        assert_int_equal(mesh__otlp_encode(&span, 1, &resource, &out),
                         MESH_ERR_TOO_LARGE);
        assert_true(mesh__slice_is(mesh__buffer_slice(&out), "old"));
        mesh__buffer_fini(&out);
    }
}

static void no_allocation_is_vital(void **state)
{
    struct mesh_facts facts = good_facts();
    struct mesh_span spans[3];

    (void)state;
    for (size_t i = 0; i < 3; i++)
        mesh__span_of(&facts, &spans[i]);
    for (size_t n = 0;; n++) {
        struct mesh_buffer out;
        int rc;

        mesh__buffer_init(&out, CEILING);
        fake_alloc_fail_at(n);
        rc = mesh__otlp_encode(spans, 3, &resource, &out);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            mesh__buffer_fini(&out);
            return;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_int_equal(out.len, 0);
        mesh__buffer_fini(&out);
        assert_int_equal(fake_alloc_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_reads_back),
        cmocka_unit_test(a_root_has_no_parent),
        cmocka_unit_test(failures_are_told_as_envoy_tells_them),
        cmocka_unit_test(no_peer_can_spoil_a_batch),
        cmocka_unit_test(every_span_of_a_batch_is_there),
        cmocka_unit_test(what_does_not_fit_is_not_begun),
        cmocka_unit_test(no_allocation_is_vital),
    };

    return cmocka_run_group_tests_name("telemetry/otlp", tests, NULL, NULL);
}
