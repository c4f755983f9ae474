/*
 * test_config.c - settings are checked where they are set; codes have names.
 */
#include <mesh/mesh.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    int code;
    const char *name;
    int class_;
} codes[] = {
#define CODE(code, class_)                                                     \
    {                                                                          \
        code, #code, class_                                                    \
    }
    CODE(MESH_OK, MESH_CLASS_NONE),
    CODE(MESH_ERR_INVALID, MESH_CLASS_CALLER),
    CODE(MESH_ERR_STATE, MESH_CLASS_CALLER),
    CODE(MESH_ERR_NO_DRIVER, MESH_CLASS_CALLER),
    CODE(MESH_ERR_FORKED, MESH_CLASS_CALLER),
    CODE(MESH_ERR_CANCELLED, MESH_CLASS_CALLER),
    CODE(MESH_ERR_TOO_LARGE, MESH_CLASS_CALLER),
    CODE(MESH_ERR_WOULD_BLOCK, MESH_CLASS_CALLER),
    CODE(MESH_ERR_NO_ROUTE, MESH_CLASS_POLICY),
    CODE(MESH_ERR_NO_DESTINATION, MESH_CLASS_POLICY),
    CODE(MESH_ERR_NO_ENDPOINT, MESH_CLASS_POLICY),
    CODE(MESH_ERR_POLICY, MESH_CLASS_POLICY),
    CODE(MESH_ERR_NO_POLICY, MESH_CLASS_POLICY),
    CODE(MESH_ERR_DENIED, MESH_CLASS_POLICY),
    CODE(MESH_ERR_LOCAL_RESPONSE, MESH_CLASS_POLICY),
    CODE(MESH_ERR_TIMEOUT, MESH_CLASS_NETWORK),
    CODE(MESH_ERR_CONNECT, MESH_CLASS_NETWORK),
    CODE(MESH_ERR_RESET, MESH_CLASS_NETWORK),
    CODE(MESH_ERR_OVERFLOW, MESH_CLASS_NETWORK),
    CODE(MESH_ERR_PROTOCOL, MESH_CLASS_NETWORK),
    CODE(MESH_ERR_RESOLVE, MESH_CLASS_NETWORK),
    CODE(MESH_ERR_CLOSED, MESH_CLASS_NETWORK),
    CODE(MESH_ERR_PEER_IDENTITY, MESH_CLASS_IDENTITY),
    CODE(MESH_ERR_TLS, MESH_CLASS_IDENTITY),
    CODE(MESH_ERR_CERTIFICATE, MESH_CLASS_IDENTITY),
    CODE(MESH_ERR_IDENTITY_MISMATCH, MESH_CLASS_IDENTITY),
    CODE(MESH_ERR_NOMEM, MESH_CLASS_PROCESS),
    CODE(MESH_ERR_INTERNAL, MESH_CLASS_PROCESS),
    CODE(MESH_ERR_SYSTEM, MESH_CLASS_PROCESS),
    CODE(MESH_ERR_FILES, MESH_CLASS_PROCESS),
    CODE(MESH_ERR_ADDRESS, MESH_CLASS_PROCESS),
    CODE(MESH_ERR_MODULE, MESH_CLASS_PROCESS),
    CODE(MESH_ERR_IO, MESH_CLASS_PROCESS),
};

static void every_code_has_a_name_a_class_and_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_string_equal(mesh_error_name(codes[i].code), codes[i].name);
        assert_int_equal(mesh_error_class(codes[i].code), codes[i].class_);
        assert_string_not_equal(mesh_strerror(codes[i].code), "unknown error");
        assert_true(mesh_strerror(codes[i].code)[0] != '\0');
    }
}

static void what_is_no_code_has_none(void **state)
{
    static const int numbers[] = { 1, -1, -100, -199, -999, 2147483647 };

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_string_equal(mesh_error_name(numbers[i]), "unknown");
        assert_string_equal(mesh_strerror(numbers[i]), "unknown error");
        assert_int_equal(mesh_error_class(numbers[i]), MESH_CLASS_NONE);
    }
}

static void an_error_handle_is_of_the_last_call(void **state)
{
    mesh_error *error = mesh_error_new();
    mesh_request *request;

    (void)state;
    assert_int_equal(mesh_error_code(error), MESH_OK);
    assert_string_equal(mesh_error_message(error), "");
    assert_int_equal(mesh_request_new("G T", "http://a/", &request, error),
                     MESH_ERR_INVALID);
    assert_null(request);
    assert_int_equal(mesh_error_code(error), MESH_ERR_INVALID);
    assert_non_null(strstr(mesh_error_message(error), "G T"));
    assert_int_equal(mesh_request_new("GET", "http://a/", &request, error), 0);
    assert_int_equal(mesh_error_code(error), MESH_OK);
    assert_string_equal(mesh_error_message(error), "");
    mesh_request_free(request);
    mesh_error_free(error);
    assert_int_equal(mesh_error_code(NULL), MESH_OK);
    assert_string_equal(mesh_error_message(NULL), "");
    mesh_error_free(NULL);
}

/* --- settings --- */

static const struct {
    const char *name;
    int (*set)(mesh_config *config, const char *text);
    const char *good;
    int empty; /* what "" answers */
} texts[] = {
    { "policy", mesh_config_set_policy, "/p", MESH_ERR_INVALID },
    { "identity", mesh_config_set_identity, "/i", MESH_ERR_INVALID },
    { "namespace", mesh_config_set_namespace, "demo", MESH_ERR_INVALID },
    { "account", mesh_config_set_service_account, "a", MESH_ERR_INVALID },
    { "labels", mesh_config_set_labels, "a=b,c=d", 0 },
    { "domain", mesh_config_set_trust_domain, "a.org", MESH_ERR_INVALID },
    { "address", mesh_config_set_address, "::1", MESH_ERR_INVALID },
    { "locality", mesh_config_set_locality, "r/z", MESH_ERR_INVALID },
    { "name servers", mesh_config_set_nameservers, "192.0.2.53,[::1]:53",
      MESH_ERR_INVALID },
    { "access log", mesh_config_set_access_log, "off", MESH_ERR_INVALID },
    { "otlp", mesh_config_set_otlp_endpoint, "http://c:1", MESH_ERR_INVALID },
};

static void texts_are_set_and_unset(void **state)
{
    mesh_config *config = mesh_config_new();

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(texts[i].set(config, texts[i].good), 0);
        assert_int_equal(texts[i].set(config, texts[i].good), 0);
        assert_int_equal(texts[i].set(config, ""), texts[i].empty);
        assert_int_equal(texts[i].set(config, NULL), 0);
        assert_int_equal(texts[i].set(NULL, texts[i].good), MESH_ERR_INVALID);
        assert_int_equal(texts[i].set(NULL, NULL), MESH_ERR_INVALID);
    }
    mesh_config_free(config);
    mesh_config_free(NULL);
}

static void an_address_is_an_ip_address(void **state)
{
    static const char *const bad[] = {
        "localhost", "127.0.0.1:80", "1.2.3", "::g", "1.2.3.4/8", " 1.2.3.4"
    };
    mesh_config *config = mesh_config_new();

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(mesh_config_set_address(config, bad[i]),
                         MESH_ERR_INVALID);
    mesh_config_free(config);
}

static void name_servers_are_addresses(void **state)
{
    static const char *const bad[] = {
        "dns.example", "192.0.2.53,", ",192.0.2.53",          "192.0.2.53:0x35",
        "::1:53:",     "[::1]53",     "192.0.2.53;192.0.2.54"
    };
    static const char *const good[] = { "192.0.2.53", "192.0.2.53:5353", "::1",
                                        "[::1]:5353,192.0.2.53,::2" };
    mesh_config *config = mesh_config_new();

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(mesh_config_set_nameservers(config, bad[i]),
                         MESH_ERR_INVALID);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(mesh_config_set_nameservers(config, good[i]), 0);
    mesh_config_free(config);
}

static int (*const switches[])(mesh_config *, int) = {
    mesh_config_set_environment,
    mesh_config_set_helper,
    mesh_config_set_allow_no_policy,
    mesh_config_set_keep_good,
    mesh_config_set_offline,
};

static void a_switch_is_0_or_1(void **state)
{
    mesh_config *config = mesh_config_new();

    (void)state;
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        assert_int_equal(switches[i](config, 1), 0);
        assert_int_equal(switches[i](config, 0), 0);
        assert_int_equal(switches[i](config, 2), MESH_ERR_INVALID);
        assert_int_equal(switches[i](config, -1), MESH_ERR_INVALID);
        assert_int_equal(switches[i](NULL, 1), MESH_ERR_INVALID);
    }
    mesh_config_free(config);
}

enum { DAY_MS = 86400000 };

static const struct {
    int limit;
    int64_t least;
    int64_t most;
} limits[] = {
    { MESH_LIMIT_HANDSHAKE_MS, 1, DAY_MS },
    { MESH_LIMIT_FIRST_BYTES_MS, 1, DAY_MS },
    { MESH_LIMIT_HEAD_MS, 1, DAY_MS },
    { MESH_LIMIT_BODY_IDLE_MS, 1, DAY_MS },
    { MESH_LIMIT_KEEP_ALIVE_MS, 1, DAY_MS },
    { MESH_LIMIT_DRAIN_MS, 1, DAY_MS },
    { MESH_LIMIT_ABSENT_MS, 1, DAY_MS },
    { MESH_LIMIT_HEAD_BYTES, 256, 1048576 },
    { MESH_LIMIT_HEAD_COUNT, 8, 1000 },
    { MESH_LIMIT_RESPONSE_BYTES, 1, INT64_C(1) << 40 },
    { MESH_LIMIT_POLICY_BYTES, 1, INT64_C(1) << 40 },
    { MESH_LIMIT_POLICY_FILE_BYTES, 1, INT64_C(1) << 40 },
    { MESH_LIMIT_POLICY_DOCUMENTS, 1, INT64_C(1) << 40 },
    { MESH_LIMIT_POLICY_NODES, 1, INT64_C(1) << 40 },
    { MESH_LIMIT_POLICY_DEPTH, 1, INT64_C(1) << 40 },
    { MESH_LIMIT_POLICY_ALIASES, 1, INT64_C(1) << 40 },
};

static void a_limit_has_bounds(void **state)
{
    mesh_config *config = mesh_config_new();

    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        int limit = limits[i].limit;

        assert_int_equal(mesh_config_set_limit(config, limit, limits[i].least),
                         0);
        assert_int_equal(mesh_config_set_limit(config, limit, limits[i].most),
                         0);
        assert_int_equal(
            mesh_config_set_limit(config, limit, limits[i].least - 1),
            MESH_ERR_INVALID);
        assert_int_equal(
            mesh_config_set_limit(config, limit, limits[i].most + 1),
            MESH_ERR_INVALID);
        assert_int_equal(mesh_config_set_limit(config, limit, INT64_MIN),
                         MESH_ERR_INVALID);
        assert_int_equal(mesh_config_set_limit(NULL, limit, limits[i].least),
                         MESH_ERR_INVALID);
    }
    assert_int_equal(mesh_config_set_limit(config, 0, 1), MESH_ERR_INVALID);
    assert_int_equal(mesh_config_set_limit(config, 17, 1), MESH_ERR_INVALID);
    assert_int_equal(mesh_config_set_limit(config, -1, 1), MESH_ERR_INVALID);
    mesh_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_name_a_class_and_a_sentence),
        cmocka_unit_test(what_is_no_code_has_none),
        cmocka_unit_test(an_error_handle_is_of_the_last_call),
        cmocka_unit_test(texts_are_set_and_unset),
        cmocka_unit_test(an_address_is_an_ip_address),
        cmocka_unit_test(name_servers_are_addresses),
        cmocka_unit_test(a_switch_is_0_or_1),
        cmocka_unit_test(a_limit_has_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
