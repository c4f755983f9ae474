/*
 * address.c - IP addresses with ports, as values and as text.
 *
 * Reads and prints; declines to know names, sockets and who may be reached.
 */
#include "value/address.h"

#include "base/text.h"

#include <arpa/inet.h>

enum { V4_BYTES = 4, V6_BYTES = 16, PORT_DIGITS = 5, PORT_MAX = 65535 };

/* An IPv4 address inside ::ffff:0:0/96 starts here (RFC 4291 2.5.5.2). */
enum { MAPPED_AT = 12, MAPPED_BITS = 96 };

/* inet_pton wants a NUL; it takes no zone, no octal and no short form. */
bool mesh__address_parse_ip(struct mesh_slice text, struct mesh_address *out)
{
    struct mesh_address address = { 0 };
    char copy[INET6_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof(copy) ||
        memchr(text.at, '\0', text.len))
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    address.family = memchr(text.at, ':', text.len) ? 6 : 4;
    if (inet_pton(address.family == 6 ? AF_INET6 : AF_INET, copy, address.ip) !=
        1)
        return false;
    *out = address;
    return true;
}

static bool parse_port(struct mesh_slice text, uint16_t *port)
{
    unsigned long long number;

    if (text.len > PORT_DIGITS || !mesh__slice_number(text, PORT_MAX, &number))
        return false;
    *port = (uint16_t)number;
    return true;
}

/* "[v6]" or "[v6]:port", the brackets not part of *host. */
static bool split_bracketed(struct mesh_slice authority,
                            struct mesh_slice *host, uint16_t *port)
{
    const char *end = memchr(authority.at, ']', authority.len);
    struct mesh_address address;
    struct mesh_slice rest;

    if (!end)
        return false;
    *host = mesh__slice(authority.at + 1, (size_t)(end - authority.at) - 1);
    if (!mesh__address_parse_ip(*host, &address) || address.family != 6)
        return false;
    rest = mesh__slice(end + 1, authority.len - host->len - 2);
    if (rest.len == 0)
        return true;
    return rest.at[0] == ':' &&
           parse_port(mesh__slice(rest.at + 1, rest.len - 1), port);
}

bool mesh__authority_split(struct mesh_slice authority, struct mesh_slice *host,
                           uint16_t *port)
{
    const char *colon;

    *host = (struct mesh_slice){ 0 };
    *port = 0;
    if (authority.len == 0)
        return false;
    if (authority.at[0] == '[')
        return split_bracketed(authority, host, port);
    colon = memchr(authority.at, ':', authority.len);
    if (!colon) {
        *host = authority;
        return true;
    }
    *host = mesh__slice(authority.at, (size_t)(colon - authority.at));
    return host->len > 0 &&
           parse_port(mesh__slice(colon + 1, authority.len - host->len - 1),
                      port);
}

bool mesh__address_parse(struct mesh_slice text, struct mesh_address *out)
{
    struct mesh_address address;
    struct mesh_slice host;
    uint16_t port;

    if (!mesh__authority_split(text, &host, &port) ||
        !mesh__address_parse_ip(host, &address))
        return false;
    if (text.at[text.len - 1] == ']' || host.len == text.len)
        return false; /* an address without a port is for parse_ip */
    address.port = port;
    *out = address;
    return true;
}

bool mesh__address_equal(const struct mesh_address *a,
                         const struct mesh_address *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

void mesh__address_print_ip(const struct mesh_address *address,
                            char out[MESH__ADDRESS_TEXT])
{
    int family = address->family == 6 ? AF_INET6 : AF_INET;

    if (address->family == 0 ||
        !inet_ntop(family, address->ip, out, MESH__ADDRESS_TEXT))
        out[0] = '\0';
}

void mesh__address_print(const struct mesh_address *address,
                         char out[MESH__ADDRESS_TEXT])
{
    char ip[MESH__ADDRESS_TEXT];
    struct mesh_text text;

    mesh__address_print_ip(address, ip);
    mesh__text_init(&text, out, MESH__ADDRESS_TEXT);
    if (address->port == 0)
        mesh__text_puts(&text, ip);
    else if (address->family == 6)
        mesh__text_format(&text, "[%s]:%u", ip, (unsigned)address->port);
    else
        mesh__text_format(&text, "%s:%u", ip, (unsigned)address->port);
}

static bool is_mapped(const struct mesh_address *address)
{
    static const uint8_t prefix[MAPPED_AT] = { [10] = 0xff, [11] = 0xff };

    return address->family == 6 &&
           memcmp(address->ip, prefix, sizeof(prefix)) == 0;
}

/* An IPv4-mapped address as the IPv4 address that it is. */
static struct mesh_address unmapped(const struct mesh_address *address)
{
    struct mesh_address plain = { .family = 4, .port = address->port };

    if (!is_mapped(address))
        return *address;
    memcpy(plain.ip, address->ip + MAPPED_AT, V4_BYTES);
    return plain;
}

static void clear_host_bits(struct mesh_cidr *cidr)
{
    size_t whole = cidr->prefix_bits / 8;
    unsigned rest = cidr->prefix_bits % 8;

    if (rest) {
        cidr->base.ip[whole] &= (uint8_t)(0xff00u >> rest);
        whole++;
    }
    memset(cidr->base.ip + whole, 0, V6_BYTES - whole);
}

/* As written: digits without a leading zero, within the family's width. */
static bool parse_prefix(struct mesh_slice text, unsigned width, unsigned *bits)
{
    unsigned long long number;

    if (text.len > 3 || (text.len > 1 && text.at[0] == '0') ||
        !mesh__slice_number(text, width, &number))
        return false;
    *bits = (unsigned)number;
    return true;
}

bool mesh__cidr_parse(struct mesh_slice text, struct mesh_cidr *out)
{
    const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    struct mesh_slice ip = text;
    struct mesh_cidr cidr;
    unsigned bits;

    if (slash)
        ip.len = (size_t)(slash - text.at);
    if (!mesh__address_parse_ip(ip, &cidr.base))
        return false;
    bits = cidr.base.family == 4 ? V4_BYTES * 8 : V6_BYTES * 8;
    if (slash && !parse_prefix(mesh__slice(slash + 1, text.len - ip.len - 1),
                               bits, &bits))
        return false;
    if (is_mapped(&cidr.base) && bits >= MAPPED_BITS) {
        cidr.base = unmapped(&cidr.base);
        bits -= MAPPED_BITS;
    }
    cidr.prefix_bits = (uint8_t)bits;
    clear_host_bits(&cidr);
    *out = cidr;
    return true;
}

bool mesh__cidr_contains(const struct mesh_cidr *cidr,
                         const struct mesh_address *address)
{
    struct mesh_cidr block = { .base = unmapped(address),
                               .prefix_bits = cidr->prefix_bits };

    if (block.base.family == 0 || block.base.family != cidr->base.family)
        return false;
    clear_host_bits(&block);
    return memcmp(block.base.ip, cidr->base.ip, V6_BYTES) == 0;
}
