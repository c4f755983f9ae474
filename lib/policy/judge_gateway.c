/*
 * judge_gateway.c - Gateways beside each other and the workloads they are for.
 *
 * A gateway is a program of its own; that two of them want the same is worth
 * telling all the same. (Istio: analyzers/gateway: gateway.go,
 * conflictinggateway.go, certificate.go.)
 */
#include "policy/judge.h"

/* --- selectors --- */

static void judge_selector(struct mesh__judge *judge,
                           const struct mesh_resource *resource)
{
    const struct mesh_gateway *spec = resource->spec;
    struct mesh__about about = { resource, spec->selector_mark,
                                 "spec.selector" };
    struct mesh__walk walk =
        mesh__crowd_walk(judge, &spec->selector, MESH__SLICE(""));

    if (!mesh__crowd_step(&walk))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NOT_FOUND, about,
                        "selector: it covers no workload of these files");
}

/* --- the same port and host --- */

/* One server's host. */
struct offer {
    const struct mesh_resource *gateway;
    const struct mesh_gateway_server *server;
    const struct offer *next; /* of the same port, bind and host */
};

/* The labels of few stand side by side in many, as in their common text. */
static bool is_within(const struct mesh_labels *few,
                      const struct mesh_labels *many)
{
    size_t at = 0;

    while (few->count && at < many->count &&
           !mesh__slice_equal(many->items[at].key, few->items[0].key))
        at++;
    if (few->count > many->count - at)
        return false;
    for (size_t i = 0; i < few->count; i++)
        if (!mesh__slice_equal(few->items[i].key, many->items[at + i].key) ||
            !mesh__slice_equal(few->items[i].value, many->items[at + i].value))
            return false;
    return true;
}

/*
 * Equal selectors meet; where the text of one is within that of the other,
 * they do if some workload has the labels of both. That is how Istio looks.
 */
static bool selectors_meet(struct mesh__judge *judge,
                           const struct mesh_labels *a,
                           const struct mesh_labels *b)
{
    struct mesh__walk walk;

    if (mesh__labels_equal(a, b))
        return true;
    if (!is_within(a, b) && !is_within(b, a))
        return false;
    walk = mesh__crowd_walk(judge, is_within(a, b) ? b : a, MESH__SLICE(""));
    return mesh__crowd_step(&walk) != NULL;
}

static const struct offer *find_rival(struct mesh__judge *judge,
                                      const struct offer *offers,
                                      const struct mesh_resource *gateway)
{
    const struct mesh_gateway *spec = gateway->spec;

    for (; offers; offers = offers->next) {
        const struct mesh_gateway *other = offers->gateway->spec;

        if (offers->gateway != gateway && mesh__judge_compares(judge) &&
            selectors_meet(judge, &spec->selector, &other->selector))
            return offers;
    }
    return NULL;
}

static struct mesh_slice offer_key(struct mesh__judge *judge,
                                   const struct mesh_gateway_server *server,
                                   size_t host)
{
    return mesh__judge_key(judge, "%u/%.*s/%.*s", (unsigned)server->port,
                           MESH__SHOW(server->bind),
                           MESH__SHOW(server->hosts.items[host]));
}

static void add_offers(struct mesh__judge *judge, struct mesh_map *offers,
                       const struct mesh_resource *gateway,
                       const struct mesh_gateway_server *server)
{
    for (size_t i = 0; i < server->hosts.count; i++) {
        struct mesh_slice key = offer_key(judge, server, i);
        struct offer *offer = mesh__arena_alloc(&judge->arena, sizeof(*offer));

        if (!offer) {
            mesh__judge_lost(judge);
            return;
        }
        offer->gateway = gateway;
        offer->server = server;
        offer->next = mesh__map_find(offers, key);
        if (mesh__map_put(offers, key, offer) < 0)
            mesh__judge_lost(judge);
    }
}

static void judge_server(struct mesh__judge *judge,
                         const struct mesh_map *offers,
                         const struct mesh_resource *gateway, size_t index)
{
    const struct mesh_gateway *spec = gateway->spec;
    const struct mesh_gateway_server *server = &spec->servers[index];

    for (size_t i = 0; i < server->hosts.count; i++) {
        const struct offer *rival = find_rival(
            judge, mesh__map_find(offers, offer_key(judge, server, i)),
            gateway);
        struct mesh__about about = {
            gateway, mesh__mark_of(&server->hosts, i),
            mesh__judge_path(judge, "spec.servers[%zu].hosts[%zu]", index, i)
        };

        if (rival)
            mesh__judge_say(
                judge, MESH__WARNING, MESH__CODE_GATEWAYS_MEET, about,
                "Gateway %.*s/%.*s has the host \"%.*s\" on port "
                "%u of the same workloads too",
                MESH__SHOW(mesh__namespace_of(rival->gateway)),
                MESH__SHOW(rival->gateway->name),
                MESH__SHOW(server->hosts.items[i]), (unsigned)server->port);
    }
}

static void each_server(struct mesh__judge *judge, struct mesh_map *map,
                        void (*each)(struct mesh__judge *judge,
                                     struct mesh_map *map,
                                     const struct mesh_resource *gateway,
                                     size_t index))
{
    const struct mesh__list *all = &judge->kinds[MESH__KIND_GATEWAY];

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_gateway *spec = all->items[i]->spec;

        for (size_t j = 0; j < spec->server_count; j++)
            each(judge, map, all->items[i], j);
    }
}

static void add_server(struct mesh__judge *judge, struct mesh_map *map,
                       const struct mesh_resource *gateway, size_t index)
{
    const struct mesh_gateway *spec = gateway->spec;

    add_offers(judge, map, gateway, &spec->servers[index]);
}

static void meet_server(struct mesh__judge *judge, struct mesh_map *map,
                        const struct mesh_resource *gateway, size_t index)
{
    judge_server(judge, map, gateway, index);
}

/* --- the same certificate --- */

/* at NULL: it shows none, or not one that can be compared. */
static struct mesh_slice certificate_key(
    struct mesh__judge *judge, const struct mesh_gateway_server *server)
{
    if (!server->has_tls)
        return (struct mesh_slice){ 0 };
    if (server->credential_name.len)
        return mesh__judge_key(judge, "c/%.*s",
                               MESH__SHOW(server->credential_name));
    if (server->server_certificate.len == 0 || server->private_key.len == 0)
        return (struct mesh_slice){ 0 };
    return mesh__judge_key(judge, "f/%zu/%.*s/%.*s",
                           server->server_certificate.len,
                           MESH__SHOW(server->server_certificate),
                           MESH__SHOW(server->private_key));
}

static void add_certificate(struct mesh__judge *judge, struct mesh_map *map,
                            const struct mesh_resource *gateway, size_t index)
{
    const struct mesh_gateway *spec = gateway->spec;
    struct mesh_slice key = certificate_key(judge, &spec->servers[index]);
    struct offer *offer;

    if (!key.at)
        return;
    offer = mesh__arena_alloc(&judge->arena, sizeof(*offer));
    if (!offer) {
        mesh__judge_lost(judge);
        return;
    }
    offer->gateway = gateway;
    offer->server = &spec->servers[index];
    offer->next = mesh__map_find(map, key);
    if (mesh__map_put(map, key, offer) < 0)
        mesh__judge_lost(judge);
}

/* Others for the same workloads, or some of them. */
static void meet_certificate(struct mesh__judge *judge, struct mesh_map *map,
                             const struct mesh_resource *gateway, size_t index)
{
    const struct mesh_gateway *spec = gateway->spec;
    struct mesh_slice key = certificate_key(judge, &spec->servers[index]);
    const struct offer *offer = key.at ? mesh__map_find(map, key) : NULL;
    struct mesh__about about = { gateway, spec->servers[index].mark,
                                 mesh__judge_path(
                                     judge, "spec.servers[%zu].tls", index) };

    for (; offer && mesh__judge_compares(judge); offer = offer->next) {
        const struct mesh_gateway *other = offer->gateway->spec;

        if (offer->gateway == gateway ||
            !mesh__labels_cover(&other->selector, &spec->selector))
            continue;
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_SAME_CERTIFICATE,
                        about,
                        "Gateway %.*s/%.*s shows the same certificate: a "
                        "client that shares its connections gets 404",
                        MESH__SHOW(mesh__namespace_of(offer->gateway)),
                        MESH__SHOW(offer->gateway->name));
        return;
    }
}

void mesh__judge_gateways(struct mesh__judge *judge)
{
    struct mesh_map offers = { 0 };
    struct mesh_map certificates = { 0 };

    each_server(judge, &certificates, add_certificate);
    each_server(judge, &certificates, meet_certificate);
    if (mesh__judge_has_crowd(judge)) {
        mesh__judge_each(judge, MESH__KIND_GATEWAY, judge_selector);
        each_server(judge, &offers, add_server);
        each_server(judge, &offers, meet_server);
    }
    mesh__map_fini(&offers);
    mesh__map_fini(&certificates);
}
