/*
 * test_address.c - addresses, blocks and authorities are read strictly.
 */
#include "value/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void reads_and_prints_ips(void **state)
{
    static const struct {
        const char *text;
        const char *printed; /* NULL: refused */
    } rows[] = {
        { "1.2.3.4", "1.2.3.4" },
        { "255.255.255.255", "255.255.255.255" },
        { "::1", "::1" },
        { "::", "::" },
        { "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
        { "::ffff:1.2.3.4", "::ffff:1.2.3.4" },
        { "", NULL },
        { "1.2.3", NULL },
        { "1.2.3.256", NULL },
        { "01.2.3.4", NULL },
        { "1.2.3.4 ", NULL },
        { "1.2.3.4:80", NULL },
        { "0x1.2.3.4", NULL },
        { "fe80::1%lo", NULL },
        { "[::1]", NULL },
        { "1::2::3", NULL },
        { "12345::", NULL },
        { "host", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_address address = { 0 };
        char out[MESH__ADDRESS_TEXT];
        bool read =
            mesh__address_parse_ip(mesh__slice_of(rows[i].text), &address);

        mesh__address_print_ip(&address, out);
        if (read != (rows[i].printed != NULL) ||
            (read && strcmp(out, rows[i].printed) != 0))
            fail_msg("%s became %s", rows[i].text, out);
    }
    assert_false(mesh__address_parse_ip(mesh__slice("1.2.3.4\0", 8),
                                        &(struct mesh_address){ 0 }));
}

static void reads_and_prints_ports(void **state)
{
    static const struct {
        const char *text;
        const char *printed;
    } rows[] = {
        { "1.2.3.4:80", "1.2.3.4:80" },
        { "[::1]:65535", "[::1]:65535" },
        { "[::1]", NULL },
        { "1.2.3.4", NULL },
        { "1.2.3.4:", NULL },
        { "1.2.3.4:65536", NULL },
        { "1.2.3.4:-1", NULL },
        { "::1:80", NULL },
        { "[1.2.3.4]:80", NULL },
        { "[::1]80", NULL },
        { "[::1]:80x", NULL },
        { "[::1", NULL },
        { "host:80", NULL },
        { "", NULL },
        { ":80", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_address address = { 0 };
        char out[MESH__ADDRESS_TEXT];
        bool read = mesh__address_parse(mesh__slice_of(rows[i].text), &address);

        mesh__address_print(&address, out);
        if (read != (rows[i].printed != NULL) ||
            (read && strcmp(out, rows[i].printed) != 0))
            fail_msg("%s became %s", rows[i].text, out);
    }
}

static void prints_what_there_is(void **state)
{
    struct mesh_address address = { 0 };
    char out[MESH__ADDRESS_TEXT];

    (void)state;
    mesh__address_print(&address, out);
    assert_string_equal(out, "");
    assert_true(mesh__address_parse_ip(MESH__SLICE("::1"), &address));
    mesh__address_print(&address, out);
    assert_string_equal(out, "::1");
}

static void compares_all_parts(void **state)
{
    struct mesh_address a;
    struct mesh_address b;

    (void)state;
    assert_true(mesh__address_parse(MESH__SLICE("1.2.3.4:80"), &a));
    assert_true(mesh__address_parse(MESH__SLICE("1.2.3.4:80"), &b));
    assert_true(mesh__address_equal(&a, &b));
    b.port = 81;
    assert_false(mesh__address_equal(&a, &b));
    assert_true(mesh__address_parse(MESH__SLICE("[::1]:80"), &b));
    assert_false(mesh__address_equal(&a, &b));
}

static void finds_addresses_in_blocks(void **state)
{
    static const struct {
        const char *block;
        const char *ip;
        bool inside;
    } rows[] = {
        { "10.0.0.0/8", "10.255.0.1", true },
        { "10.0.0.0/8", "11.0.0.1", false },
        { "10.1.2.3/8", "10.9.9.9", true },
        { "10.1.2.3", "10.1.2.3", true },
        { "10.1.2.3", "10.1.2.4", false },
        { "0.0.0.0/0", "1.2.3.4", true },
        { "0.0.0.0/0", "::1", false },
        { "::/0", "1.2.3.4", false },
        { "::/0", "::1", true },
        { "10.0.0.128/25", "10.0.0.129", true },
        { "10.0.0.128/25", "10.0.0.127", false },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "2001:db8::/33", "2001:db8:8000::1", false },
        { "10.0.0.0/8", "::ffff:10.1.1.1", true },
        { "::ffff:10.0.0.0/104", "10.1.1.1", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_address ip;
        struct mesh_cidr block;

        assert_true(mesh__cidr_parse(mesh__slice_of(rows[i].block), &block));
        assert_true(mesh__address_parse_ip(mesh__slice_of(rows[i].ip), &ip));
        if (mesh__cidr_contains(&block, &ip) != rows[i].inside)
            fail_msg("%s in %s", rows[i].ip, rows[i].block);
    }
}

static void refuses_blocks_that_are_none(void **state)
{
    static const char *const rows[] = {
        "",         "/8",          "10.0.0.0/33", "10.0.0.0/",
        "10.0.0/8", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8",
        "::/129",   "host/8",      "10.0.0.0/8 ",
    };
    struct mesh_cidr block;
    struct mesh_address nobody = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (mesh__cidr_parse(mesh__slice_of(rows[i]), &block))
            fail_msg("%s was taken", rows[i]);
    assert_true(mesh__cidr_parse(MESH__SLICE("0.0.0.0/0"), &block));
    assert_false(mesh__cidr_contains(&block, &nobody));
}

static void splits_authorities(void **state)
{
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        uint16_t port;
    } rows[] = {
        { "web", "web", 0 },
        { "web:80", "web", 80 },
        { "web.ns:65535", "web.ns", 65535 },
        { "[::1]", "::1", 0 },
        { "[::1]:443", "::1", 443 },
        { "", NULL, 0 },
        { ":80", NULL, 0 },
        { "web:", NULL, 0 },
        { "web:65536", NULL, 0 },
        { "web:8x", NULL, 0 },
        { "web:80:80", NULL, 0 },
        { "::1", NULL, 0 },
        { "[::1]x", NULL, 0 },
        { "[web]", NULL, 0 },
        { "[", NULL, 0 },
        { "[]", NULL, 0 },
        { "web:000080", NULL, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_slice host;
        uint16_t port;
        bool split =
            mesh__authority_split(mesh__slice_of(rows[i].text), &host, &port);

        if (split != (rows[i].host != NULL) ||
            (split &&
             (!mesh__slice_is(host, rows[i].host) || port != rows[i].port)))
            fail_msg("%s", rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints_ips),
        cmocka_unit_test(reads_and_prints_ports),
        cmocka_unit_test(prints_what_there_is),
        cmocka_unit_test(compares_all_parts),
        cmocka_unit_test(finds_addresses_in_blocks),
        cmocka_unit_test(refuses_blocks_that_are_none),
        cmocka_unit_test(splits_authorities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
