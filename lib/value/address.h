/*
 * address.h - IP addresses with ports, as values and as text; CIDR blocks.
 */
#ifndef MESH_VALUE_ADDRESS_H
#define MESH_VALUE_ADDRESS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { MESH__ADDRESS_TEXT = 56 }; /* "[v6]:port" and NUL */

/* Bytes compare as memory: unused ones are zero. */
struct mesh_address {
    uint8_t family; /* 4, 6, or 0 for none */
    uint16_t port;  /* host order, 0 = none */
    uint8_t ip[16]; /* network order; IPv4 in the first four */
};

/* "1.2.3.4", "::1": an IP without port. Strict: no octal, no short forms. */
bool mesh__address_parse_ip(struct mesh_slice text, struct mesh_address *out);
/* "1.2.3.4:80", "[::1]:80". */
bool mesh__address_parse(struct mesh_slice text, struct mesh_address *out);

bool mesh__address_equal(const struct mesh_address *a,
                         const struct mesh_address *b);

/* With port if there is one; IPv6 bracketed then. */
void mesh__address_print(const struct mesh_address *address,
                         char out[MESH__ADDRESS_TEXT]);
/* Never with port, never bracketed. */
void mesh__address_print_ip(const struct mesh_address *address,
                            char out[MESH__ADDRESS_TEXT]);

struct mesh_cidr {
    struct mesh_address base; /* bits beyond prefix_bits are zero */
    uint8_t prefix_bits;
};

/* "10.0.0.0/8" or a single address. */
bool mesh__cidr_parse(struct mesh_slice text, struct mesh_cidr *out);
/* An IPv4-mapped IPv6 address counts as IPv4. */
bool mesh__cidr_contains(const struct mesh_cidr *cidr,
                         const struct mesh_address *address);

/*
 * Split "host:port", "host", "[v6]:port", "[v6]"; *host is without brackets.
 * port 0 where none is written. False for an empty host, an empty port, one
 * beyond 65535, a bare IPv6 address or trailing rubbish.
 */
bool mesh__authority_split(struct mesh_slice authority, struct mesh_slice *host,
                           uint16_t *port);

#endif
