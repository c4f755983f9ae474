/*
 * test_upstream.c - what a sidecar would speak to a destination: the rows are
 * what istiod made of such a port and such settings (Istio of the version that
 * tests/admission/ask pins).
 */
#include "policy/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S 1000000000

static const struct {
    const char *claim;
    enum mesh_protocol port;
    const char *policy;
    bool client;
    const char *mesh;
    enum mesh_upstream_protocol expect;
    uint32_t streams;
} rows[] = {
    { "http", MESH__PROTO_HTTP, "", false, "", MESH__UPSTREAM_HTTP1, 0 },
    { "http2 and grpc", MESH__PROTO_HTTP2, "", false, "", MESH__UPSTREAM_HTTP2,
      7 },
    { "no name: whatever the caller speaks", MESH__PROTO_AUTO, "", false, "",
      MESH__UPSTREAM_CALLERS, 0 },
    { "UPGRADE", MESH__PROTO_HTTP, "UPGRADE", false, "", MESH__UPSTREAM_HTTP2,
      7 },
    { "UPGRADE says nothing without a name", MESH__PROTO_AUTO, "UPGRADE", false,
      "", MESH__UPSTREAM_CALLERS, 0 },
    { "UPGRADE is believed of tcp", MESH__PROTO_TCP, "UPGRADE", false, "",
      MESH__UPSTREAM_HTTP2, 7 },
    { "the client's", MESH__PROTO_HTTP, "", true, "", MESH__UPSTREAM_CALLERS,
      0 },
    { "the client's, of http2 too", MESH__PROTO_HTTP2, "", true, "",
      MESH__UPSTREAM_CALLERS, 0 },
    { "the mesh upgrades", MESH__PROTO_HTTP, "", false, "UPGRADE",
      MESH__UPSTREAM_HTTP2, 7 },
    { "DEFAULT is the mesh's", MESH__PROTO_HTTP, "DEFAULT", false, "UPGRADE",
      MESH__UPSTREAM_HTTP2, 7 },
    { "but not this one", MESH__PROTO_HTTP, "DO_NOT_UPGRADE", false, "UPGRADE",
      MESH__UPSTREAM_HTTP1, 0 },
    { "nor the client's", MESH__PROTO_HTTP, "", true, "UPGRADE",
      MESH__UPSTREAM_CALLERS, 0 },
    { "nor what has no name", MESH__PROTO_AUTO, "", false, "UPGRADE",
      MESH__UPSTREAM_CALLERS, 0 },
    { "nor tcp", MESH__PROTO_TCP, "", false, "UPGRADE", MESH__UPSTREAM_HTTP1,
      0 },
    { "http2 stays what it is", MESH__PROTO_HTTP2, "DO_NOT_UPGRADE", false, "",
      MESH__UPSTREAM_HTTP2, 7 },
};

/* Streams and pings are of HTTP/2 alone. */
static void as_istiod_has_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct mesh__port port = { .protocol = rows[i].port };
        const struct mesh_connection_pool pool = {
            .h2_upgrade_policy = mesh__slice_of(rows[i].policy),
            .use_client_protocol = rows[i].client,
            .max_concurrent_streams = 7,
            .http2_keepalive = { (int64_t)10 * S, (int64_t)2 * S },
        };
        const struct mesh__settings settings = {
            .config = { .h2_upgrade_policy = mesh__slice_of(rows[i].mesh) }
        };
        struct mesh_upstream_policy out;

        mesh__compile_upstream(&out, &port, &pool, &settings);
        if (out.protocol != rows[i].expect ||
            out.max_streams !=
                (rows[i].streams ? rows[i].streams : MESH__UNLIMITED) ||
            (out.ping_ns == (uint64_t)10 * S) != (rows[i].streams != 0) ||
            (out.ping_timeout_ns == (uint64_t)2 * S) != (rows[i].streams != 0))
            fail_msg("%s: %d, %u streams", rows[i].claim, (int)out.protocol,
                     (unsigned)out.max_streams);
    }
}

static void without_a_pool_the_port_speaks(void **state)
{
    const struct mesh__port port = { .protocol = MESH__PROTO_HTTP2 };
    const struct mesh__settings settings = { .auto_mtls = true };
    struct mesh_upstream_policy out;

    (void)state;
    mesh__compile_upstream(&out, &port, NULL, &settings);
    assert_int_equal(out.protocol, MESH__UPSTREAM_HTTP2);
    assert_int_equal(out.max_streams, MESH__UNLIMITED);
    assert_int_equal(out.ping_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_istiod_has_it),
        cmocka_unit_test(without_a_pool_the_port_speaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
