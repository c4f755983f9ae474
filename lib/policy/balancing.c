/*
 * balancing.c - DestinationRule loadBalancer as istiod translates it for
 * Envoy: the balancer, its warm-up, its ring or table, and the key of a hash.
 *
 * Declines to know live state: what is made here is for all endpoints.
 */
#include "policy/balancing.h"

#include "base/error.h"
#include "base/text.h"
#include "policy/compile.h"
#include "policy/hashing.h"
#include "policy/parts.h"

enum { RING_LEAST = 1024, WARMUP_PERCENT = 10 };

static const int64_t second_ns = 1000000000;

/* --- the balancer --- */

static enum mesh_balancer balancer_of(const struct mesh_load_balancer *block)
{
    if (!block)
        return MESH__LEAST_REQUEST;
    if (block->hash.set)
        return block->hash.has_maglev ? MESH__MAGLEV : MESH__RING_HASH;
    if (mesh__slice_is(block->simple, "RANDOM"))
        return MESH__RANDOM;
    if (mesh__slice_is(block->simple, "ROUND_ROBIN"))
        return MESH__ROUND_ROBIN;
    return MESH__LEAST_REQUEST;
}

/* Only these two know weights that change. */
static void fill_warmup(const struct mesh_load_balancer *block,
                        struct mesh_destination *out)
{
    struct mesh_warmup_policy *warmup = &out->warmup;

    if (!block || (out->balancer != MESH__LEAST_REQUEST &&
                   out->balancer != MESH__ROUND_ROBIN))
        return;
    warmup->exponent = 1.0;
    warmup->least = WARMUP_PERCENT / 100.0;
    if (!block->has_warmup) {
        warmup->window_ns = (uint64_t)block->warmup_duration_ns;
        return;
    }
    warmup->window_ns = (uint64_t)block->warmup_ns;
    if (block->has_aggression && block->aggression > 0)
        warmup->exponent = 1.0 / block->aggression;
    if (block->has_minimum_percent)
        warmup->least = block->minimum_percent / 100.0;
}

/* --- rings and tables --- */

static uint64_t ring_least(const struct mesh_consistent_hash *hash)
{
    if (hash->ring_size)
        return hash->ring_size;
    return hash->minimum_ring_size ? hash->minimum_ring_size : RING_LEAST;
}

static int fill_ring(struct mesh_destination *out, struct mesh_priority *to,
                     const struct mesh_owner *owners, size_t count)
{
    to->ring.room = mesh__ring_room(owners, count, out->ring_least);
    to->ring.points = mesh__arena_array(&out->endpoints->arena, to->ring.room,
                                        sizeof(*to->ring.points));
    if (!to->ring.points)
        return MESH_ERR_NOMEM;
    return mesh__ring_fill(&to->ring, owners, count, out->ring_least);
}

static int fill_table(struct mesh_destination *out, struct mesh_priority *to,
                      const struct mesh_owner *owners, size_t count,
                      uint64_t size)
{
    to->table.size = size ? (size_t)size : MESH__MAGLEV_SLOTS;
    to->table.slots = mesh__arena_array(&out->endpoints->arena, to->table.size,
                                        sizeof(*to->table.slots));
    if (!to->table.slots)
        return MESH_ERR_NOMEM;
    return mesh__maglev_fill(&to->table, owners, count);
}

static int place(const struct mesh__balance *from, struct mesh_destination *out)
{
    const struct mesh_consistent_hash *hash = &from->block->hash;
    struct mesh_endpoint_set *set = out->endpoints;
    struct mesh_owner *owners =
        mesh__arena_array(from->arena, set->count, sizeof(*owners));
    int rc = owners ? 0 : MESH_ERR_NOMEM;

    out->ring_least = ring_least(hash);
    for (size_t i = 0; rc == 0 && i < set->priority_count; i++) {
        struct mesh_priority *to = &set->priorities[i];
        size_t count = mesh__owners_of(set, to, NULL, owners);

        rc = out->balancer == MESH__MAGLEV
                 ? fill_table(out, to, owners, count, hash->table_size)
                 : fill_ring(out, to, owners, count);
    }
    return rc;
}

int mesh__balance(const struct mesh__balance *from,
                  struct mesh_destination *out)
{
    int rc;

    out->balancer = balancer_of(from->block);
    fill_warmup(from->block, out);
    rc = mesh__localize(from, out->endpoints);
    if (rc == 0 && from->block && from->block->hash.set)
        rc = place(from, out);
    return rc;
}

/* --- the key --- */

/* What follows the value of a cookie that is made here (Envoy:
 * makeSetCookieValue). */
static const char *cookie_tail(const struct mesh_consistent_hash *hash,
                               struct mesh_arena *arena)
{
    int64_t ttl_s = hash->cookie_ttl_ns / second_ns;
    const char *tail = "";

    if (ttl_s)
        tail = mesh__arena_format(arena, "; Max-Age=%lld", (long long)ttl_s);
    if (tail && hash->cookie_path.len)
        tail = mesh__arena_format(arena, "%s; Path=%.*s", tail,
                                  (int)hash->cookie_path.len,
                                  hash->cookie_path.at);
    for (size_t i = 0; tail && i < hash->cookie_attribute_count; i++) {
        const struct mesh_cookie_attribute *one = &hash->cookie_attributes[i];

        tail = mesh__arena_format(
            arena, "%s; %.*s%s%.*s", tail, (int)one->name.len, one->name.at,
            one->value.len ? "=" : "", (int)one->value.len,
            one->value.len ? one->value.at : "");
    }
    return tail ? mesh__arena_format(arena, "%s; HttpOnly", tail) : NULL;
}

static int fill_cookie(const struct mesh_consistent_hash *hash,
                       struct mesh_arena *arena, struct mesh_hash_policy *out)
{
    out->source = MESH__HASH_COOKIE;
    if (hash->has_cookie_ttl) {
        out->tail = cookie_tail(hash, arena);
        if (!out->tail)
            return MESH_ERR_NOMEM;
    }
    return mesh__copy(arena, hash->cookie, &out->name) ? 0 : MESH_ERR_NOMEM;
}

static int fill_header(const struct mesh_consistent_hash *hash,
                       struct mesh_arena *arena, struct mesh_hash_policy *out)
{
    char *name = mesh__arena_strndup(arena, hash->header.at, hash->header.len);

    if (!name)
        return MESH_ERR_NOMEM;
    for (char *at = name; *at; at++)
        *at = mesh__lower(*at);
    out->source = MESH__HASH_HEADER;
    out->name = name;
    out->id = mesh__header_id(mesh__slice_of(name));
    return 0;
}

static int fill_key(const struct mesh_consistent_hash *hash,
                    struct mesh_arena *arena, struct mesh_hash_policy *out)
{
    out->mark = hash->mark;
    out->name = "";
    if (hash->header.len)
        return fill_header(hash, arena, out);
    if (hash->has_cookie)
        return fill_cookie(hash, arena, out);
    if (hash->query.len) {
        out->source = MESH__HASH_QUERY;
        return mesh__copy(arena, hash->query, &out->name) ? 0 : MESH_ERR_NOMEM;
    }
    if (hash->source_ip)
        out->source = MESH__HASH_SOURCE_IP;
    return 0;
}

static const struct mesh_consistent_hash *hash_in(
    const struct mesh_traffic_policy *policy)
{
    return policy && policy->load_balancer.set && policy->load_balancer.hash.set
               ? &policy->load_balancer.hash
               : NULL;
}

/* The port's own block, if a route names the port. */
static const struct mesh_consistent_hash *hash_at(
    const struct mesh_traffic_policy *policy, uint32_t port)
{
    for (size_t i = 0; policy && port && i < policy->port_count; i++)
        if (policy->ports[i].port == port)
            return hash_in(&policy->ports[i].policy);
    return NULL;
}

/* Subset and port, subset, port, host: the first that has one. */
static const struct mesh_consistent_hash *find(const struct mesh__merged *rule,
                                               const struct mesh_subset *subset,
                                               uint32_t port)
{
    const struct mesh_traffic_policy *own = subset ? &subset->policy : NULL;
    const struct mesh_consistent_hash *found = hash_at(own, port);

    if (!found)
        found = hash_in(own);
    if (!found)
        found = hash_at(rule->policy, port);
    return found ? found : hash_in(rule->policy);
}

int mesh__hash_policy(const struct mesh__merged *rule,
                      const struct mesh_subset *subset, uint32_t port,
                      struct mesh_arena *arena,
                      const struct mesh_hash_policy **out)
{
    const struct mesh_consistent_hash *hash = find(rule, subset, port);
    struct mesh_hash_policy *made;

    *out = NULL;
    if (!hash)
        return 0;
    made = mesh__arena_alloc(arena, sizeof(*made));
    if (!made)
        return MESH_ERR_NOMEM;
    *out = made;
    return fill_key(hash, arena, made);
}

int mesh__hashes_gather(const struct mesh_http_route *route,
                        struct mesh_arena *arena, struct mesh_route_rule *rule)
{
    rule->hashes =
        mesh__arena_array(arena, rule->arm_count, sizeof(*rule->hashes));
    if (!rule->hashes)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < rule->arm_count; i++) {
        const struct mesh_arm *arm = &rule->arms[i];
        bool names_port = !route || route->route[i].destination.port != 0;

        if (arm->destination && arm->weight &&
            arm->destination->hash[names_port])
            rule->hashes[rule->hash_count++] =
                arm->destination->hash[names_port];
    }
    if (route && rule->arm_count == 1 && rule->hash_count == 1 &&
        !route->retries.has_ignore_previous)
        rule->retry.host_picks = 0;
    return 0;
}
