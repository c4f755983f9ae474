/*
 * test_hello.c - a ClientHello is seen for what it is, however it is cut.
 */
#include "tls/hello.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* --- hellos, written by hand ------------------------------------------------
 */

struct hello {
    char bytes[40 * 1024];
    size_t len;
};

static void put(struct hello *hello, const void *bytes, size_t len)
{
    assert_true(len <= sizeof(hello->bytes) - hello->len);
    memcpy(hello->bytes + hello->len, bytes, len);
    hello->len += len;
}

static void put_number(struct hello *hello, size_t value, int bytes)
{
    while (bytes-- > 0) {
        char digit = (char)(value >> (8 * bytes));

        put(hello, &digit, 1);
    }
}

/* The message inside: extensions is the raw list. */
static void make_message(struct hello *out, struct mesh_slice extensions,
                         size_t padding)
{
    static const char random[32];
    size_t list = extensions.len + (padding ? padding + 4 : 0);

    out->len = 0;
    put_number(out, 1, 1);
    put_number(out, 2 + 32 + 1 + 32 + 4 + 2 + 2 + list, 3);
    put_number(out, 0x0303, 2);
    put(out, random, 32);
    put_number(out, 32, 1);
    put(out, random, 32);
    put_number(out, 2, 2);
    put_number(out, 0x1301, 2);
    put_number(out, 0x0100, 2);
    put_number(out, list, 2);
    put(out, extensions.at, extensions.len);
    if (!padding)
        return;
    put_number(out, 21, 2);
    put_number(out, padding, 2);
    while (padding-- > 0)
        put(out, "", 1);
}

/* In records of so many bytes. */
static void make_records(struct hello *out, const struct hello *message,
                         size_t each)
{
    out->len = 0;
    for (size_t at = 0; at < message->len; at += each) {
        size_t len = message->len - at < each ? message->len - at : each;

        put_number(out, 22, 1);
        put_number(out, 0x0301, 2);
        put_number(out, len, 2);
        put(out, message->bytes + at, len);
    }
}

#define LIST(text)                                                             \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }
#define SNI(len2, len1, len0, name)                                            \
    "\x00\x00\x00" len2 "\x00" len1 "\x00\x00" len0 name
#define ALPN(len1, len0, names) "\x00\x10\x00" len1 "\x00" len0 names

static const struct {
    const char *claim;
    struct mesh_slice extensions;
    const char *sni;
    bool istio;
    bool http;
} rows[] = {
    { "no extension at all", LIST(""), "", false, false },
    { "a server's name", LIST(SNI("\x08", "\x06", "\x03", "web")), "web", false,
      false },
    { "istio", LIST(ALPN("\x08", "\x06", "\x05istio")), "", true, false },
    { "istio-peer-exchange and istio",
      LIST(ALPN("\x1c", "\x1a", "\x13istio-peer-exchange\x05istio")), "", true,
      false },
    { "istio-http/1.1 beside http/1.1",
      LIST(ALPN("\x1a", "\x18", "\x0eistio-http/1.1\x08http/1.1")), "", true,
      true },
    { "istio-http/1.0", LIST(ALPN("\x11", "\x0f", "\x0eistio-http/1.0")), "",
      true, true },
    { "istio-h2", LIST(ALPN("\x0b", "\x09", "\x08istio-h2")), "", true, true },
    { "http/1.1 alone is no mesh", LIST(ALPN("\x0b", "\x09", "\x08http/1.1")),
      "", false, false },
    { "istio2 is not istio", LIST(ALPN("\x09", "\x07", "\x06istio2")), "",
      false, false },
    { "isti is not istio", LIST(ALPN("\x07", "\x05", "\x04isti")), "", false,
      false },
    { "both extensions",
      LIST(SNI("\x08", "\x06", "\x03", "web")
               ALPN("\x08", "\x06", "\x05istio")),
      "web", true, false },
    { "one that is unknown between them",
      LIST(ALPN("\x08", "\x06", "\x05istio") "\x12\x34\x00\x02"
                                             "ab" SNI("\x08", "\x06", "\x03",
                                                      "web")),
      "web", true, false },
};

static void check_hello(size_t row, const struct hello *bytes)
{
    struct mesh_hello hello;

    assert_int_equal(
        mesh__hello_parse(mesh__slice(bytes->bytes, bytes->len), &hello),
        MESH__HELLO_TLS);
    if (!mesh__slice_is(hello.sni, rows[row].sni) ||
        hello.istio_alpn != rows[row].istio ||
        hello.istio_http_alpn != rows[row].http)
        fail_msg("%s: \"%.*s\" %d %d", rows[row].claim, (int)hello.sni.len,
                 hello.sni.at, hello.istio_alpn, hello.istio_http_alpn);
}

static void test_hellos(void **state)
{
    static const size_t cuts[] = { 16384, 1, 2, 3, 7, 50, 100 };
    static struct hello message;
    static struct hello bytes;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        make_message(&message, rows[i].extensions, 0);
        for (size_t c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++) {
            make_records(&bytes, &message, cuts[c]);
            check_hello(i, &bytes);
            put(&bytes, "\x14\x03\x03", 3); /* whatever comes behind */
            check_hello(i, &bytes);
        }
    }
}

static void test_prefixes(void **state)
{
    static struct hello message;
    static struct hello bytes;

    (void)state;
    make_message(&message, rows[10].extensions, 0);
    for (size_t each = 1; each < 300; each += 97) {
        make_records(&bytes, &message, each);
        for (size_t len = 0; len < bytes.len; len++) {
            struct mesh_hello hello;

            assert_int_equal(
                mesh__hello_parse(mesh__slice(bytes.bytes, len), &hello),
                MESH__HELLO_MORE);
        }
    }
}

/* A hello without the extensions' length (TLS 1.2, section 7.4.1.2). */
static void test_no_list(void **state)
{
    static struct hello message;
    static struct hello bytes;
    struct mesh_hello hello;

    (void)state;
    make_message(&message, mesh__slice("", 0), 0);
    message.len -= 2;
    message.bytes[3] = (char)(message.bytes[3] - 2);
    make_records(&bytes, &message, 16384);
    assert_int_equal(
        mesh__hello_parse(mesh__slice(bytes.bytes, bytes.len), &hello),
        MESH__HELLO_TLS);
}

/* --- what is none -----------------------------------------------------------
 */

static const struct {
    const char *claim;
    struct mesh_slice bytes;
    enum mesh_hello_verdict verdict;
} others[] = {
    { "nothing yet", LIST(""), MESH__HELLO_MORE },
    { "HTTP/1", LIST("GET / HTTP/1.1"), MESH__HELLO_NOT_TLS },
    { "HTTP/1's first byte", LIST("G"), MESH__HELLO_NOT_TLS },
    { "HTTP/2", LIST("PRI * HTTP/2.0"), MESH__HELLO_NOT_TLS },
    { "a NUL", LIST("\0"), MESH__HELLO_NOT_TLS },
    { "SSL 2", LIST("\x80\x2e\x01\x03\x01"), MESH__HELLO_NOT_TLS },
    { "the first byte alone", LIST("\x16"), MESH__HELLO_MORE },
    { "a second byte that is no version", LIST("\x16G"), MESH__HELLO_NOT_TLS },
    { "TLS data before a handshake", LIST("\x17\x03\x03\x00\x01"),
      MESH__HELLO_NOT_TLS },
    { "an empty record", LIST("\x16\x03\x01\x00\x00"), MESH__HELLO_BROKEN },
    { "a record that is too long", LIST("\x16\x03\x01\x40\x01\x01"),
      MESH__HELLO_BROKEN },
    { "a ServerHello", LIST("\x16\x03\x01\x00\x04\x02"), MESH__HELLO_BROKEN },
    { "a message beyond the limit",
      LIST("\x16\x03\x01\x00\x04\x01\x00\x3f\xfd"), MESH__HELLO_BROKEN },
    { "a hello of two bytes",
      LIST("\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03"
           "\x03"),
      MESH__HELLO_BROKEN },
    { "data in the middle of a hello",
      LIST("\x16\x03\x01\x00\x01\x01\x17\x03\x01\x00\x01"),
      MESH__HELLO_BROKEN },
};

static void test_others(void **state)
{
    struct mesh_hello hello;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        enum mesh_hello_verdict verdict =
            mesh__hello_parse(others[i].bytes, &hello);

        if (verdict != others[i].verdict)
            fail_msg("%s: %d", others[i].claim, (int)verdict);
    }
}

static const struct {
    const char *claim;
    struct mesh_slice extensions;
} broken[] = {
    { "half an extension", LIST("\x00") },
    { "an extension beyond the list", LIST("\x12\x34\x00\x05"
                                           "ab") },
    { "a name list beyond its extension",
      LIST(SNI("\x08", "\x07", "\x03", "web")) },
    { "a name shorter than its list",
      LIST(SNI("\x08", "\x06", "\x02", "web")) },
    { "an empty name", LIST(SNI("\x05", "\x03", "\x00", "")) },
    { "a name of unknown type",
      LIST("\x00\x00\x00\x08\x00\x06\x01\x00\x03web") },
    { "a name twice", LIST(SNI("\x08", "\x06", "\x03", "web")
                               SNI("\x08", "\x06", "\x03", "web")) },
    { "an empty list of protocols", LIST(ALPN("\x02", "\x00", "")) },
    { "an empty protocol", LIST(ALPN("\x03", "\x01", "\x00")) },
    { "a protocol beyond its list", LIST(ALPN("\x05", "\x03", "\x05is")) },
    { "a byte behind the list", LIST(ALPN("\x09", "\x06", "\x05istio\x01")) },
    { "protocols twice", LIST(ALPN("\x08", "\x06", "\x05istio")
                                  ALPN("\x08", "\x06", "\x05istio")) },
};

static void test_broken(void **state)
{
    static struct hello message;
    static struct hello bytes;

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        make_message(&message, broken[i].extensions, 0);
        for (size_t each = 1; each < 16384; each *= 20) {
            struct mesh_hello hello;
            enum mesh_hello_verdict verdict;

            make_records(&bytes, &message, each);
            verdict =
                mesh__hello_parse(mesh__slice(bytes.bytes, bytes.len), &hello);
            if (verdict != MESH__HELLO_BROKEN)
                fail_msg("%s: %d", broken[i].claim, (int)verdict);
        }
    }
}

static void test_limits(void **state)
{
    static struct hello message;
    static struct hello bytes;
    struct mesh_hello hello;

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        make_message(&message, mesh__slice("", 0), MESH__HELLO_MAX - 83 + more);
        assert_int_equal(message.len, MESH__HELLO_MAX + more);
        make_records(&bytes, &message, 16384);
        assert_int_equal(
            mesh__hello_parse(mesh__slice(bytes.bytes, bytes.len), &hello),
            more ? MESH__HELLO_BROKEN : MESH__HELLO_TLS);
    }
    /* Records of one byte: six on the wire for each of the message. */
    make_message(&message, mesh__slice("", 0), 4000);
    make_records(&bytes, &message, 1);
    assert_int_equal(
        mesh__hello_parse(mesh__slice(bytes.bytes, MESH__HELLO_MAX), &hello),
        MESH__HELLO_MORE);
    assert_int_equal(mesh__hello_parse(
                         mesh__slice(bytes.bytes, MESH__HELLO_MAX + 1), &hello),
                     MESH__HELLO_BROKEN);
}

static void test_offers(void **state)
{
    static const char *const ours[] = { "h2", "http/1.1" };
    static struct hello message;
    static struct hello bytes;

    (void)state;
    make_message(&message, rows[4].extensions, 0);
    make_records(&bytes, &message, 16384);
    assert_true(
        mesh__hello_offers(mesh__slice(bytes.bytes, bytes.len), ours, 2));
    assert_false(
        mesh__hello_offers(mesh__slice(bytes.bytes, bytes.len), ours, 1));
    assert_false(
        mesh__hello_offers(mesh__slice(bytes.bytes, bytes.len - 1), ours, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hellos),  cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_no_list), cmocka_unit_test(test_others),
        cmocka_unit_test(test_broken),  cmocka_unit_test(test_limits),
        cmocka_unit_test(test_offers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
