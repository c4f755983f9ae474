/*
 * snapshot.c - the compiled policy as it is held and asked.
 *
 * Counts references, finds hosts by hash, says where a rule was written.
 * Declines to know how any of it was compiled.
 */
#include "policy/snapshot.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "policy/parts.h"
#include "schema/schema.h"
#include "value/host.h"

enum { SNAPSHOT_BYTES = 256 * 1024 * 1024 };

/* --- counting --- */

/* True for whoever drops the last one; all writes of others are seen then. */
static bool drop(atomic_int *refs)
{
    return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

static void take(atomic_int *refs)
{
    atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

struct mesh_endpoint_set *mesh__endpoint_set_new(void)
{
    struct mesh_endpoint_set *set = mesh__calloc(1, sizeof(*set));

    if (!set) {
        (void)mesh__fail(MESH_ERR_NOMEM, "a set of endpoints");
        return NULL;
    }
    atomic_init(&set->refs, 1);
    mesh__arena_init_small(&set->arena, MESH__ENDPOINTS_BYTES);
    return set;
}

struct mesh_endpoint_set *mesh__endpoint_set_ref(struct mesh_endpoint_set *s)
{
    take(&s->refs);
    return s;
}

void mesh__endpoint_set_unref(struct mesh_endpoint_set *set)
{
    if (!set || !drop(&set->refs))
        return;
    mesh__arena_fini(&set->arena);
    mesh__free(set);
}

int mesh__regex_keep(struct mesh_regex_keep **keeps, struct mesh_arena *arena,
                     struct mesh_slice expression, struct mesh_regex **out)
{
    struct mesh_regex_keep *keep = mesh__arena_alloc(arena, sizeof(*keep));
    int rc;

    *out = NULL;
    if (!keep)
        return MESH_ERR_NOMEM;
    rc = mesh__regex_new(expression, &keep->regex);
    if (rc < 0)
        return rc;
    keep->next = *keeps;
    *keeps = keep;
    *out = keep->regex;
    return 0;
}

int mesh__replace_keep(struct mesh_regex_keep **keeps, struct mesh_arena *arena,
                       struct mesh_slice expression,
                       struct mesh_slice substitution,
                       const struct mesh_replace **out)
{
    struct mesh_regex_keep *keep = mesh__arena_alloc(arena, sizeof(*keep));
    int rc;

    *out = NULL;
    if (!keep)
        return MESH_ERR_NOMEM;
    rc = mesh__replace_new(expression, substitution, &keep->replace);
    if (rc < 0)
        return rc;
    keep->next = *keeps;
    *keeps = keep;
    *out = keep->replace;
    return 0;
}

void mesh__regexes_drop(struct mesh_regex_keep *keeps)
{
    for (; keeps; keeps = keeps->next) {
        mesh__regex_unref(keeps->regex);
        mesh__replace_free(keeps->replace);
    }
}

struct mesh_part *mesh__part_new(struct mesh_slice host)
{
    struct mesh_part *part = mesh__calloc(1, sizeof(*part));

    if (!part) {
        (void)mesh__fail(MESH_ERR_NOMEM, "a host of the policy");
        return NULL;
    }
    atomic_init(&part->refs, 1);
    mesh__arena_init_small(&part->arena, MESH__PART_BYTES);
    part->host = mesh__arena_strndup(&part->arena, host.at, host.len);
    if (part->host)
        return part;
    mesh__part_unref(part);
    return NULL;
}

struct mesh_part *mesh__part_ref(struct mesh_part *part)
{
    take(&part->refs);
    return part;
}

void mesh__part_unref(struct mesh_part *part)
{
    if (!part || !drop(&part->refs))
        return;
    for (size_t i = 0; i < part->destination_count; i++) {
        struct mesh_destination *destination = part->destinations[i];

        if (destination->live_unref)
            destination->live_unref(destination->live);
        mesh__endpoint_set_unref(destination->endpoints);
    }
    mesh__regexes_drop(part->regexes);
    mesh__arena_fini(&part->arena);
    mesh__free(part);
}

struct mesh_snapshot *mesh__snapshot_new(struct mesh_collection *collection,
                                         uint64_t generation)
{
    struct mesh_snapshot *snapshot = mesh__calloc(1, sizeof(*snapshot));

    if (!snapshot) {
        (void)mesh__fail(MESH_ERR_NOMEM, "a snapshot");
        return NULL;
    }
    atomic_init(&snapshot->refs, 1);
    mesh__arena_init(&snapshot->arena, SNAPSHOT_BYTES);
    snapshot->generation = generation;
    snapshot->collection = mesh__collection_ref(collection);
    return snapshot;
}

struct mesh_snapshot *mesh__snapshot_ref(struct mesh_snapshot *snapshot)
{
    take(&snapshot->refs);
    return snapshot;
}

void mesh__snapshot_unref(struct mesh_snapshot *snapshot)
{
    if (!snapshot || !drop(&snapshot->refs))
        return;
    for (size_t i = 0; i < snapshot->part_count; i++)
        mesh__part_unref(snapshot->parts[i]);
    mesh__part_unref(snapshot->outside);
    mesh__map_fini(&snapshot->exact);
    mesh__regexes_drop(snapshot->regexes);
    mesh__map_fini(&snapshot->shared);
    mesh__collection_unref(snapshot->collection);
    mesh__arena_fini(&snapshot->arena);
    mesh__free(snapshot);
}

/* --- finding --- */

const struct mesh_virtual_host *mesh__part_virtual_host(
    const struct mesh_part *part, uint16_t port)
{
    for (size_t i = 0; i < part->port_count; i++)
        if (part->ports[i] == port)
            return &part->virtual_hosts[i];
    return NULL;
}

struct mesh_destination *mesh__part_destination(const struct mesh_part *part,
                                                uint16_t port,
                                                struct mesh_slice subset)
{
    for (size_t i = 0; i < part->destination_count; i++) {
        struct mesh_destination *destination = part->destinations[i];

        if (destination->port == port &&
            mesh__slice_is(subset, destination->subset))
            return destination;
    }
    return NULL;
}

/* Does a part answer to this name on this port? */
static bool serves(const struct mesh_part *part, struct mesh_slice domain,
                   uint16_t port)
{
    const struct mesh_virtual_host *host = mesh__part_virtual_host(part, port);

    return host &&
           (!host->only_own_name ||
            mesh__slice_equal_nocase(domain, mesh__slice_of(part->host)));
}

static const struct mesh_part *find_domain(const struct mesh_snapshot *snapshot,
                                           struct mesh_slice domain,
                                           uint16_t port)
{
    const struct mesh_part *part = mesh__map_find(&snapshot->exact, domain);
    const struct mesh_domain *other;

    if (!part || serves(part, domain, port))
        return part;
    other = snapshot->shared.count ? mesh__map_find(&snapshot->shared, domain)
                                   : NULL;
    while (other && !serves(other->part, domain, port))
        other = other->next;
    return other ? other->part : NULL;
}

static bool wildcard_of(const struct mesh_snapshot *snapshot, size_t len)
{
    return (snapshot->wildcard_lengths[len / 64] >> (len % 64)) & 1;
}

/*
 * Longest first. A wildcard's star stands for one byte at least, so that it
 * can be put over that byte of the host; only "*" stands for none, too.
 */
static const struct mesh_part *find_wildcard(
    const struct mesh_snapshot *snapshot, char *host, size_t len, uint16_t port)
{
    for (size_t n = len < MESH__HOST_MAX ? len : MESH__HOST_MAX; n > 1; n--) {
        const struct mesh_part *found;
        char *star = host + len - n;
        char kept = *star;

        if (!wildcard_of(snapshot, n))
            continue;
        *star = '*';
        found = find_domain(snapshot, mesh__slice(star, n), port);
        *star = kept;
        if (found)
            return found;
    }
    return find_domain(snapshot, MESH__SLICE("*"), port);
}

/* A host and its last dot, in lower case. */
struct lower {
    char at[MESH__HOST_MAX + 1];
    size_t len;
};

/* False when it is too long to be one. */
static bool to_lower(struct mesh_slice host, struct lower *out)
{
    if (host.len > sizeof(out->at))
        return false;
    for (size_t i = 0; i < host.len; i++)
        out->at[i] = mesh__lower(host.at[i]);
    out->len = host.len;
    return true;
}

static const struct mesh_part *find_part(const struct mesh_snapshot *snapshot,
                                         struct mesh_slice authority,
                                         uint16_t port)
{
    const struct mesh_part *part;
    struct mesh_slice name;
    struct lower lower;
    uint16_t ignored;

    if (!mesh__authority_split(authority, &name, &ignored))
        name = authority;
    if (!to_lower(name, &lower))
        return find_domain(snapshot, MESH__SLICE("*"), port);
    part = find_domain(snapshot, mesh__slice(lower.at, lower.len), port);
    if (part || snapshot->wildcard_count == 0)
        return part;
    return find_wildcard(snapshot, lower.at, lower.len, port);
}

const struct mesh_virtual_host *mesh__snapshot_host(
    const struct mesh_snapshot *snapshot, struct mesh_slice authority,
    uint16_t port)
{
    const struct mesh_part *part = find_part(snapshot, authority, port);

    return part ? mesh__part_virtual_host(part, port) : NULL;
}

static const struct mesh_stream_host *part_stream(const struct mesh_part *part,
                                                  uint16_t port)
{
    for (size_t i = 0; part && i < part->stream_count; i++)
        if (part->streams[i].port == port)
            return &part->streams[i];
    return NULL;
}

static const struct mesh_stream_host *find_block(
    const struct mesh_snapshot *snapshot, struct mesh_slice name, uint16_t port)
{
    const struct mesh_stream_host *found = NULL;
    struct mesh_address ip;

    if (!snapshot->blocks || !mesh__address_parse_ip(name, &ip))
        return NULL;
    for (const struct mesh_block *block = snapshot->blocks; block && !found;
         block = block->next)
        if (mesh__cidr_contains(&block->cidr, &ip))
            found = part_stream(block->part, port);
    return found;
}

const struct mesh_stream_host *mesh__snapshot_stream(
    const struct mesh_snapshot *snapshot, struct mesh_slice name, uint16_t port)
{
    const struct mesh_stream_host *found =
        part_stream(find_part(snapshot, name, port), port);

    return found ? found : find_block(snapshot, name, port);
}

const struct mesh_destination *mesh__snapshot_destination(
    const struct mesh_snapshot *snapshot, struct mesh_slice host, uint16_t port,
    struct mesh_slice subset)
{
    const struct mesh_part *part;
    struct lower lower;

    if (!to_lower(host, &lower))
        return NULL;
    part = mesh__map_find(&snapshot->exact, mesh__slice(lower.at, lower.len));
    if (!part || !mesh__slice_equal_nocase(host, mesh__slice_of(part->host)))
        return NULL; /* an alias is no destination */
    return mesh__part_destination(part, port, subset);
}

const struct mesh_inbound *mesh__snapshot_inbound(
    const struct mesh_snapshot *snapshot, uint16_t port)
{
    size_t low = 1;
    size_t high = snapshot->inbound_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (snapshot->inbound[middle].port == port)
            return &snapshot->inbound[middle];
        if (snapshot->inbound[middle].port < port)
            low = middle + 1;
        else
            high = middle;
    }
    return &snapshot->inbound[0];
}

/* --- where it was written --- */

bool mesh__mark_resource(const struct mesh_snapshot *snapshot,
                         struct mesh_mark mark,
                         const struct mesh_resource **resource,
                         const char **file)
{
    const struct mesh_collection *all = snapshot->collection;
    const struct mesh_resource *found;

    *resource = NULL;
    *file = "";
    found = mark.line ? mesh__collection_at(all, mark.place) : NULL;
    if (!found)
        return false;
    *resource = found;
    if (found->file < all->file_count)
        *file = all->files[found->file].name;
    return true;
}

void mesh__mark_print(const struct mesh_snapshot *snapshot,
                      struct mesh_mark mark, char *out, size_t size)
{
    const struct mesh_resource *resource;
    struct mesh_text text;
    const char *file;

    mesh__text_init(&text, out, size);
    if (!mesh__mark_resource(snapshot, mark, &resource, &file))
        return;
    mesh__text_puts(&text, mesh__kind_name(resource->kind));
    if (resource->name.len)
        mesh__text_puts(&text, " ");
    if (resource->name.len && resource->namespace_.len) {
        mesh__text_add(&text, resource->namespace_);
        mesh__text_puts(&text, "/");
    }
    mesh__text_add(&text, resource->name);
    mesh__text_format(&text, " (%s:%u)", file, mesh__line_of(resource, mark));
}
