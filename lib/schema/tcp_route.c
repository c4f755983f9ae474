/*
 * tcp_route.c - rules of a VirtualService for what is not HTTP: TCP and TLS.
 */
#include "schema/table.h"

static const struct mesh_field tcp_match_fields[] = {
    { MESH__ROW("destinationSubnets", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "any", .bounds = "IP or CIDR" },
    { MESH__ROW("gateways", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "the VirtualService's gateways" },
    { MESH__ROW("port", UINT32, REFUSED), MESH__RANGE(1, 65535),
      .default_value = "any", .bounds = "1-65535" },
    { MESH__ROW("sourceLabels", STRING, REFUSED), .shape = MESH__MAP,
      .default_value = "any", .bounds = "valid labels" },
    { MESH__ROW("sourceNamespace", STRING, REFUSED), .default_value = "any" },
    { MESH__ROW("sourceSubnet", STRING, REFUSED) },
};

static const struct mesh_message tcp_match_message = {
    .name = "tcp_match",
    MESH__FIELDS(tcp_match_fields),
};

static const struct mesh_field tcp_destination_fields[] = {
    { MESH__ROW("destination", MESSAGE, REFUSED), .required = true,
      .message = &mesh__destination_message },
    { MESH__ROW("weight", INT32, REFUSED), MESH__RANGE(0, 0),
      .default_value = "0 (single destination gets all)",
      .bounds = ">=0; sum >0 when several" },
};

static const struct mesh_message tcp_destination_message = {
    .name = "tcp_destination",
    MESH__FIELDS(tcp_destination_fields),
};

static const struct mesh_field tcp_route_fields[] = {
    { MESH__ROW("match", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &tcp_match_message, .default_value = "match everything" },
    { MESH__ROW("route", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &tcp_destination_message, .bounds = "validation: required" },
};

const struct mesh_message mesh__tcp_route_message = {
    .name = "tcp_route",
    MESH__FIELDS(tcp_route_fields),
};

static const struct mesh_field tls_match_fields[] = {
    { MESH__ROW("destinationSubnets", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "any", .bounds = "IP or CIDR" },
    { MESH__ROW("gateways", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "the VirtualService's gateways" },
    { MESH__ROW("port", UINT32, REFUSED), MESH__RANGE(1, 65535),
      .default_value = "any", .bounds = "1-65535" },
    { MESH__ROW("sniHosts", STRING, REFUSED), .shape = MESH__LIST,
      .required = true,
      .bounds = "subset of the VirtualService hosts; *.suffix allowed" },
    { MESH__ROW("sourceLabels", STRING, REFUSED), .shape = MESH__MAP,
      .default_value = "any", .bounds = "valid labels" },
    { MESH__ROW("sourceNamespace", STRING, REFUSED), .default_value = "any" },
};

static const struct mesh_message tls_match_message = {
    .name = "tls_match",
    MESH__FIELDS(tls_match_fields),
};

static const struct mesh_field tls_route_fields[] = {
    { MESH__ROW("match", MESSAGE, REFUSED), .shape = MESH__LIST,
      .required = true, .message = &tls_match_message,
      .bounds = "validation: at least one entry" },
    { MESH__ROW("route", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &tcp_destination_message, .bounds = "validation: required" },
};

const struct mesh_message mesh__tls_route_message = {
    .name = "tls_route",
    MESH__FIELDS(tls_route_fields),
};
