/*
 * test_words.c - the tables have no holes.
 */
#include "http1/http1.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_refusal_has_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < MESH__H1_REFUSALS; i++) {
        const struct mesh_h1_refusal_row *row = &mesh__h1_refusals[i];

        assert_non_null(row->name);
        assert_non_null(row->text);
        assert_non_null(row->detail);
        if (i == MESH__H1_OK)
            continue;
        assert_true(row->status >= 400 && row->status < 600);
        assert_true(row->detail[0] != '\0');
        assert_true(mesh__h1_reason(row->status)[0] != '\0');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(row->name, mesh__h1_refusals[j].name);
    }
}

/* As Envoy answered (oracle: local-replies, local-replies-inbound). */
static void answers_as_envoy(void **state)
{
    static const struct {
        enum mesh_h1_refusal refusal;
        unsigned status;
        const char *detail;
        bool has_body;
    } rows[] = {
        { MESH__H1_OLD_VERSION, 426, "low_version", true },
        { MESH__H1_NO_HOST, 400, "missing_host_header", false },
        { MESH__H1_BAD_HOST, 400, "http.invalid_authority", true },
        { MESH__H1_BAD_METHOD, 400, "http1.codec_error", true },
        { MESH__H1_BAD_HEADER_VALUE, 400, "http1.invalid_characters", true },
        { MESH__H1_LENGTH_AND_CHUNKED, 400,
          "http1.content_length_and_chunked_not_allowed", true },
        { MESH__H1_BAD_TRANSFER_CODING, 501, "http1.invalid_transfer_encoding",
          true },
        { MESH__H1_BAD_SCHEME, 400, "http1.invalid_scheme", true },
        { MESH__H1_TOO_MANY_HEADERS, 431, "http1.too_many_headers", true },
        { MESH__H1_BAD_CONNECTION, 400, "http1.connection_header_rejected",
          true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct mesh_h1_refusal_row *row =
            &mesh__h1_refusals[rows[i].refusal];

        assert_int_equal(row->status, rows[i].status);
        assert_string_equal(row->detail, rows[i].detail);
        assert_int_equal(row->has_body, rows[i].has_body);
    }
}

static void reasons(void **state)
{
    static const struct {
        unsigned status;
        const char *reason;
    } rows[] = {
        { 100, "Continue" },
        { 103, "Early Hints" },
        { 104, "" },
        { 200, "OK" },
        { 203, "Non-Authoritative Information" },
        { 208, "Already Reported" },
        { 209, "" },
        { 226, "IM Used" },
        { 299, "" },
        { 304, "Not Modified" },
        { 306, "" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 404, "Not Found" },
        { 413, "Payload Too Large" },
        { 417, "Expectation Failed" },
        { 421, "Misdirected Request" },
        { 425, "Too Early" },
        { 426, "Upgrade Required" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 451, "Unavailable For Legal Reasons" },
        { 503, "Service Unavailable" },
        { 511, "Network Authentication Required" },
        { 512, "" },
        { 600, "" },
        { 0, "" },
        { 99, "" },
        { UINT32_MAX, "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(mesh__h1_reason(rows[i].status), rows[i].reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_has_its_row),
        cmocka_unit_test(answers_as_envoy),
        cmocka_unit_test(reasons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
