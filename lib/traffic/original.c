/*
 * original.c - endpoints that the caller brings along.
 *
 * Finds the live state of an address, makes it where there is none, and lets
 * go of what nobody used for a while. Declines to know where addresses are
 * from.
 */
#include "traffic/original.h"

#include "base/error.h"
#include "traffic/state.h"

#define IDLE_NS (60 * MESH__S) /* unused for so long: forgotten */
#define LOOK_NS (5 * MESH__S)  /* how often that is looked for, at most */

/* Under the lock: move those to a chain. */
static struct mesh_live_endpoint *take_idle(
    struct mesh_live_destination *shared, uint64_t now_ns, uint64_t idle_ns)
{
    struct mesh_live_endpoint *gone = NULL;
    struct mesh_map_entry *entry;
    size_t at = 0;

    shared->looked_at_ns = now_ns;
    while ((entry = mesh__map_next(&shared->originals, &at))) {
        struct mesh_live_endpoint *endpoint = entry->value;

        if (atomic_load(&endpoint->refs) > 1 ||
            now_ns < mesh__time_add(endpoint->absent_since_ns, idle_ns))
            continue;
        endpoint->next = gone;
        gone = endpoint;
    }
    for (struct mesh_live_endpoint *e = gone; e; e = e->next)
        (void)mesh__map_remove(&shared->originals,
                               mesh__slice(e->key, MESH__LIVE_KEY));
    return gone;
}

/* Under the lock. */
static int find_or_make(struct mesh_live_destination *shared,
                        const struct mesh_address *address, uint64_t now_ns,
                        struct mesh_live_endpoint **out)
{
    struct mesh_live_endpoint *endpoint;
    char key[MESH__LIVE_KEY];

    mesh__live_key(address, key);
    *out = mesh__map_find(&shared->originals, mesh__slice(key, MESH__LIVE_KEY));
    if (*out)
        return 0;
    if (shared->originals.count >= MESH__ORIGINALS)
        return mesh__fail(MESH_ERR_OVERFLOW, "%s: %d addresses are in use",
                          shared->name, MESH__ORIGINALS);
    endpoint = mesh__live_endpoint_new(shared, address);
    if (!endpoint)
        return mesh__fail(MESH_ERR_NOMEM, "live state of an address");
    endpoint->absent_since_ns = now_ns;
    if (mesh__map_put(&shared->originals,
                      mesh__slice(endpoint->key, MESH__LIVE_KEY),
                      endpoint) < 0) {
        mesh__live_endpoint_unref(endpoint);
        return MESH_ERR_NOMEM;
    }
    *out = endpoint;
    return 0;
}

static int use(struct mesh_live_destination *shared,
               const struct mesh_address *address, uint64_t now_ns,
               struct mesh_live_endpoint **out)
{
    struct mesh_live_endpoint *gone = NULL;
    int rc;

    (void)pthread_mutex_lock(&shared->lock);
    if (shared->originals.count >= MESH__ORIGINALS)
        gone = take_idle(shared, now_ns, 0);
    else if (now_ns >= mesh__time_add(shared->looked_at_ns, LOOK_NS))
        gone = take_idle(shared, now_ns, IDLE_NS);
    rc = find_or_make(shared, address, now_ns, out);
    if (rc == 0)
        atomic_fetch_add(&(*out)->refs, 1);
    (void)pthread_mutex_unlock(&shared->lock);
    mesh__live_endpoints_unref(gone);
    return rc;
}

/* The endpoint as a set would hold it. */
static struct mesh_endpoint *describe(struct mesh_arena *arena,
                                      const struct mesh_address *address)
{
    struct mesh_endpoint *endpoint =
        mesh__arena_alloc(arena, sizeof(*endpoint));
    char text[MESH__ADDRESS_TEXT];

    if (!endpoint)
        return NULL;
    mesh__address_print(address, text);
    endpoint->address = *address;
    endpoint->text = mesh__arena_strdup(arena, text);
    endpoint->workload = endpoint->namespace_ = endpoint->locality = "";
    endpoint->weight = 1;
    return endpoint->text ? endpoint : NULL;
}

struct mesh_address mesh__original_given(
    const struct mesh_destination *destination, const struct mesh_address *said,
    struct mesh_slice host, uint64_t draw)
{
    const struct mesh_endpoint_set *set = destination->endpoints;
    struct mesh_address address = *said;

    if (!address.family && !mesh__address_parse_ip(host, &address) &&
        set->count)
        address = set->endpoints[draw % set->count].address;
    return address;
}

int mesh__original_pick(const struct mesh_destination *destination,
                        const struct mesh_address *address, uint64_t now_ns,
                        struct mesh_arena *arena, struct mesh_pick *out)
{
    struct mesh_address at = *address;
    int rc;

    *out = (struct mesh_pick){ .index = SIZE_MAX };
    if (destination->original_port)
        at.port = destination->original_port;
    out->endpoint = describe(arena, &at);
    if (!out->endpoint)
        return MESH_ERR_NOMEM;
    rc = use(mesh__live(destination)->shared, &at, now_ns, &out->live);
    if (rc < 0)
        out->endpoint = NULL;
    return rc;
}

void mesh__original_done(const struct mesh_destination *destination,
                         struct mesh_pick *pick, uint64_t now_ns)
{
    struct mesh_live_endpoint *live = pick->live;

    if (!live || pick->index != SIZE_MAX)
        return;
    *pick = (struct mesh_pick){ .index = SIZE_MAX };
    (void)pthread_mutex_lock(&mesh__live(destination)->shared->lock);
    live->absent_since_ns = now_ns;
    (void)pthread_mutex_unlock(&mesh__live(destination)->shared->lock);
    mesh__live_endpoint_unref(live);
}
