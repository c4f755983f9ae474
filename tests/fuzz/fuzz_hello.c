/*
 * fuzz_hello.c - any bytes are a ClientHello, a part of one, or none; what is
 * said of them does not change with what comes behind.
 */
#include "tls/hello.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The sanitizer looks at each byte of a name that is handed out. */
static unsigned touch(struct mesh_slice name)
{
    unsigned sum = 0;

    for (size_t i = 0; i < name.len; i++)
        sum += (unsigned char)name.at[i];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ours[] = { "h2", "http/1.1" };
    struct mesh_slice bytes = mesh__slice((const char *)data, size);
    struct mesh_hello hello;
    enum mesh_hello_verdict verdict = mesh__hello_parse(bytes, &hello);
    static volatile unsigned sink;

    if (verdict == MESH__HELLO_TLS) {
        sink += touch(hello.sni);
        (void)sink;
        if (hello.istio_http_alpn && !hello.istio_alpn)
            abort();
    } else if (mesh__hello_offers(bytes, ours, 2)) {
        abort();
    }
    /* A prefix is undecided, or decided as the whole. */
    for (size_t len = 0; len < size && len < 64; len++) {
        enum mesh_hello_verdict part =
            mesh__hello_parse(mesh__slice(bytes.at, len), &hello);

        if (part != MESH__HELLO_MORE && part != verdict)
            abort();
    }
    return 0;
}
