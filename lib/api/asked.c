/*
 * asked.c - one thing of a request and of a bag, and its way to the rules.
 *
 * Knows what stands in for what is not said. Declines to know what becomes of
 * the route.
 */
#include "api/asked.h"

#include "api/inside.h"

#include <stdio.h>

enum { HTTP_PORT = 80 };

void mesh__asked_of_request(const struct mesh_client_request *request,
                            struct mesh_asked *out)
{
    *out = (struct mesh_asked){
        .secure = request->secure,
        .request = request,
        .head = request->head,
        .to = { .name = request->host,
                .port = request->port,
                .address = request->address },
    };
}

/* --- bags --- */

static struct mesh_slice text_of(enum mesh_known known, struct mesh_slice text)
{
    return known == MESH__PRESENT ? text : mesh__slice("", 0);
}

static void take_source(const struct mesh_authz_request *said,
                        struct mesh_asked *out)
{
    if (said->source_ip_known == MESH__UNKNOWN)
        return;
    if (said->source_ip_known == MESH__PRESENT)
        mesh__address_print_ip(&said->source_ip, out->source_text);
    out->source = out->source_text;
}

/* Of the name, else of the address: "a.b", "10.0.0.1", "[::1]". */
static struct mesh_slice authority_of(struct mesh_asked *out)
{
    struct mesh_address address = out->to.address;
    char ip[MESH__ADDRESS_TEXT];
    bool six;

    if (out->to.name.len && !mesh__address_parse_ip(out->to.name, &address))
        return out->to.name;
    six = address.family == 6;
    mesh__address_print_ip(&address, ip);
    (void)snprintf(out->authority, sizeof(out->authority), "%s%s%s",
                   six ? "[" : "", ip, six ? "]" : "");
    return mesh__slice_of(out->authority);
}

/* What HTTP always has, of a message that need not have it. */
static int take_request(const struct mesh_attributes *attributes,
                        struct mesh_asked *out)
{
    const struct mesh_authz_request *said = &attributes->request;
    struct mesh_head *head = &out->head;
    struct mesh_slice host;
    uint16_t port;

    *head = attributes->head;
    head->scheme = MESH__SLICE("http");
    if (said->method_known == MESH__PRESENT)
        head->method = said->method;
    head->path =
        said->path_known == MESH__PRESENT ? said->path : MESH__SLICE("/");
    head->authority = text_of(said->host_known, said->host);
    if (head->authority.len == 0)
        head->authority = authority_of(out);
    head->has_authority = true;
    if (!mesh__is_authority(head->authority) ||
        !mesh__authority_split(head->authority, &host, &port))
        return mesh__fail(MESH_ERR_INVALID, "\"%.*s\" is no host of a request",
                          (int)head->authority.len, head->authority.at);
    if (out->to.name.len == 0)
        out->to.name = host;
    if (out->to.port == 0)
        out->to.port = port ? port : HTTP_PORT;
    return 0;
}

int mesh__asked_of_attributes(const struct mesh_attributes *attributes,
                              struct mesh_asked *out)
{
    const struct mesh_authz_request *said = &attributes->request;

    *out = (struct mesh_asked){
        .is_stream = !said->http,
        .to = { .name = text_of(attributes->host_known, attributes->host),
                .has_sni = said->sni_known != MESH__UNKNOWN,
                .sni = text_of(said->sni_known, said->sni) },
    };
    if (said->port_known == MESH__PRESENT)
        out->to.port = said->port;
    if (said->destination_ip_known == MESH__PRESENT)
        out->to.address = said->destination_ip;
    take_source(said, out);
    if (out->to.name.len == 0 && !out->to.address.family &&
        said->host_known != MESH__PRESENT)
        return mesh__fail(MESH_ERR_INVALID,
                          "none of destination.host, destination.ip and "
                          "request.host is set");
    if (said->http)
        return take_request(attributes, out);
    if (out->to.name.len == 0 && !out->to.address.family)
        return mesh__fail(MESH_ERR_INVALID,
                          "neither destination.host nor destination.ip is "
                          "set");
    return out->to.port
               ? 0
               : mesh__fail(MESH_ERR_INVALID, "destination.port is not set");
}

/* --- to the rules --- */

void mesh__asked_route(struct mesh_asked *asked,
                       const struct mesh_snapshot *snapshot, uint64_t draw,
                       struct mesh_arena *arena, struct mesh_route *out,
                       struct mesh_stream_choice *stream, struct mesh__why *why)
{
    *stream = (struct mesh_stream_choice){ .host = NULL };
    if (asked->request && mesh__request_head(asked->request, MESH__SLICE("-"),
                                             arena, &asked->head) < 0) {
        *out = (struct mesh_route){ .outcome = MESH__ROUTE_NOMEM };
        return;
    }
    if (!asked->is_stream) {
        mesh__route_find(snapshot, &asked->head, asked->to.port, draw, arena,
                         out, why);
        return;
    }
    mesh__stream_choose(snapshot, &asked->to, draw, stream, why);
    *out = (struct mesh_route){ .outcome = stream->outcome,
                                .arm = stream->arm,
                                .destination = stream->destination };
}

void mesh__asked_key(const struct mesh_asked *asked,
                     const struct mesh_snapshot *snapshot,
                     const struct mesh_route *route,
                     const struct mesh_draws *draws, struct mesh_key *key,
                     struct mesh__why *why)
{
    const struct mesh_route_rule *rule = route->rule;
    struct mesh_self self;

    if (!mesh__key_balances(route->destination))
        return;
    self = snapshot->self;
    if (asked->source)
        self.address = asked->source;
    if (asked->is_stream)
        mesh__key_find_plain(route->destination, &self, key, why);
    else
        mesh__key_find(rule->hashes, rule->hash_count, &asked->head, &self,
                       draws, key, why);
}
