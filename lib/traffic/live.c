/*
 * live.c - the state that outlives a snapshot, and its binding to one.
 *
 * Finds each destination's state by name and each endpoint's by address,
 * makes what is new and lets go of what has been absent too long. Knows how
 * to show ejections to the picker, not when an endpoint deserves one.
 */
#include "traffic/live.h"

#include "base/alloc.h"
#include "base/error.h"
#include "traffic/hashed.h"
#include "traffic/state.h"

#include <stdint.h>
#include <stdio.h>

enum { LINE = 64 }; /* a cache line */

struct mesh_live_registry {
    pthread_mutex_t lock;
    struct mesh_map destinations; /* name -> struct mesh_live_destination */
    uint64_t epoch;               /* counts binds */
    void (*shelf_free)(void *shelf);
    atomic_bool refreshing;  /* somebody fills rings */
    uint64_t past_ejections; /* of destinations that are gone */
    uint64_t past_refused;
    uint64_t serial; /* the last binding's */
};

void *mesh__new_aligned(size_t size, void **memory)
{
    uintptr_t at;

    *memory = mesh__calloc(1, size + LINE - 1);
    if (!*memory)
        return NULL;
    at = ((uintptr_t)*memory + LINE - 1) & ~(uintptr_t)(LINE - 1);
    return (void *)at;
}

/* --- endpoints --- */

void mesh__live_key(const struct mesh_address *address,
                    char key[MESH__LIVE_KEY])
{
    key[0] = (char)address->family;
    key[1] = (char)(address->port >> 8);
    key[2] = (char)(address->port & 0xff);
    memcpy(key + 3, address->ip, sizeof(address->ip));
}

void mesh__live_endpoint_unref(struct mesh_live_endpoint *endpoint)
{
    void *shelf;

    if (atomic_fetch_sub(&endpoint->refs, 1) != 1)
        return;
    shelf = atomic_load(&endpoint->shelf);
    if (shelf && endpoint->shelf_free)
        endpoint->shelf_free(shelf);
    mesh__free(endpoint->memory);
}

void mesh__live_endpoints_unref(struct mesh_live_endpoint *endpoint)
{
    struct mesh_live_endpoint *next;

    for (; endpoint; endpoint = next) {
        next = endpoint->next;
        mesh__live_endpoint_unref(endpoint);
    }
}

struct mesh_live_endpoint *mesh__live_endpoint_new(
    struct mesh_live_destination *shared, const struct mesh_address *address)
{
    struct mesh_live_endpoint *endpoint;
    void *memory;

    endpoint = mesh__new_aligned(sizeof(*endpoint), &memory);
    if (!endpoint)
        return NULL;
    endpoint->memory = memory;
    endpoint->address = *address;
    endpoint->admitted_at_ns = MESH__NEVER;
    atomic_init(&endpoint->present_since_ns, 0);
    endpoint->shelf_free = shared->shelf_free;
    atomic_init(&endpoint->refs, 1);
    mesh__live_key(address, endpoint->key);
    return endpoint;
}

static struct mesh_live_endpoint *endpoint_new(
    struct mesh_live_destination *shared, const struct mesh_address *address,
    uint64_t now_ns)
{
    struct mesh_live_endpoint *endpoint =
        mesh__live_endpoint_new(shared, address);

    if (!endpoint)
        return NULL;
    endpoint->absent_since_ns = now_ns;
    atomic_store(&endpoint->present_since_ns, now_ns);
    if (mesh__map_put(&shared->by_address,
                      mesh__slice(endpoint->key, MESH__LIVE_KEY),
                      endpoint) < 0) {
        mesh__live_endpoint_unref(endpoint);
        return NULL;
    }
    pthread_mutex_lock(&shared->lock);
    endpoint->next = shared->endpoints;
    shared->endpoints = endpoint;
    pthread_mutex_unlock(&shared->lock);
    return endpoint;
}

struct mesh_live_endpoint *mesh__live_endpoint_for(
    struct mesh_live_destination *shared, const struct mesh_address *address,
    uint64_t now_ns)
{
    struct mesh_live_endpoint *endpoint;
    char key[MESH__LIVE_KEY];

    mesh__live_key(address, key);
    endpoint =
        mesh__map_find(&shared->by_address, mesh__slice(key, MESH__LIVE_KEY));
    return endpoint ? endpoint : endpoint_new(shared, address, now_ns);
}

/* --- destinations --- */

void mesh__live_destination_unref(struct mesh_live_destination *shared)
{
    struct mesh_map_entry *entry;
    size_t at = 0;

    if (!shared || atomic_fetch_sub(&shared->refs, 1) != 1)
        return;
    mesh__live_endpoints_unref(shared->endpoints);
    while ((entry = mesh__map_next(&shared->originals, &at)))
        mesh__live_endpoint_unref(entry->value);
    mesh__map_fini(&shared->originals);
    mesh__map_fini(&shared->by_address);
    pthread_mutex_destroy(&shared->lock);
    mesh__free(shared->name);
    mesh__free(shared->memory);
}

static struct mesh_live_destination *destination_new(
    struct mesh_live_registry *registry, const char *name, uint64_t now_ns)
{
    struct mesh_live_destination *shared;
    void *memory;

    shared = mesh__new_aligned(sizeof(*shared), &memory);
    if (!shared)
        return NULL;
    shared->memory = memory;
    shared->name = mesh__strdup(name);
    if (!shared->name || pthread_mutex_init(&shared->lock, NULL) != 0) {
        mesh__free(shared->name);
        mesh__free(memory);
        return NULL;
    }
    mesh__list_init(&shared->bindings);
    shared->shelf_free = registry->shelf_free;
    shared->published_at_ns = MESH__NEVER;
    shared->absent_since_ns = now_ns;
    atomic_init(&shared->publish_at_ns, MESH__NEVER);
    atomic_init(&shared->refs, 1);
    if (mesh__map_put(&registry->destinations, mesh__slice_of(shared->name),
                      shared) < 0) {
        mesh__live_destination_unref(shared);
        return NULL;
    }
    return shared;
}

/* Under the registry's lock. NULL when memory is out. */
static struct mesh_live_destination *destination_for(
    struct mesh_live_registry *registry, const char *name, uint64_t now_ns)
{
    struct mesh_live_destination *shared;

    shared = mesh__map_find(&registry->destinations, mesh__slice_of(name));
    return shared ? shared : destination_new(registry, name, now_ns);
}

/* --- what the picker sees --- */

void mesh__live_publish(struct mesh_live_destination *shared)
{
    struct mesh_node *node;

    for (struct mesh_live_endpoint *e = shared->endpoints; e; e = e->next)
        atomic_store_explicit(
            &e->hidden, atomic_load_explicit(&e->ejected, memory_order_relaxed),
            memory_order_relaxed);
    for (node = shared->bindings.next; node != &shared->bindings;
         node = node->next)
        mesh__binding_show(MESH__OF(node, struct mesh_live, binding));
    atomic_store(&shared->publish_at_ns, MESH__NEVER);
}

void mesh__live_publish_soon(struct mesh_live_destination *shared,
                             uint64_t now_ns)
{
    if (shared->published_at_ns == MESH__NEVER ||
        now_ns >
            mesh__time_add(shared->published_at_ns, MESH__MERGE_WINDOW_NS)) {
        mesh__live_publish(shared);
        shared->published_at_ns = now_ns;
    } else if (atomic_load(&shared->publish_at_ns) == MESH__NEVER) {
        atomic_store(&shared->publish_at_ns,
                     mesh__time_add(now_ns, MESH__MERGE_WINDOW_NS));
    }
}

/* --- bindings --- */

static void live_free(void *opaque)
{
    mesh__binding_end(opaque);
}

static int bind_new(struct mesh_live_registry *registry,
                    struct mesh_destination *destination, uint64_t now_ns)
{
    struct mesh_live_destination *shared;
    struct mesh_live *live;

    shared = destination_for(registry, destination->name, now_ns);
    if (!shared || mesh__binding_new(shared, destination, now_ns, &live) < 0)
        return mesh__fail(MESH_ERR_NOMEM, "live state of %s",
                          destination->name);
    live->serial = ++registry->serial;
    shared->has_absent = true; /* until it is settled, and looked at again */
    destination->live = live;
    destination->live_unref = live_free;
    return 0;
}

/* --- a walk over all destinations of a snapshot --- */

struct walk {
    struct mesh_live_registry *registry;
    uint64_t now_ns;
    int (*visit)(struct walk *walk, struct mesh_destination *destination);
};

static int walk_part(struct walk *walk, struct mesh_part *part)
{
    int rc = 0;

    for (size_t i = 0; i < part->destination_count && rc == 0; i++)
        rc = walk->visit(walk, part->destinations[i]);
    return rc;
}

static int walk_snapshot(struct walk *walk, struct mesh_snapshot *snapshot)
{
    int rc = 0;

    for (size_t i = 0; i < snapshot->part_count && rc == 0; i++) {
        struct mesh_part *part = snapshot->parts[i];

        rc = walk_part(walk, part);
        for (size_t j = 0; j < part->other_count && rc == 0; j++)
            rc = walk_part(walk, part->others[j]);
    }
    if (rc == 0 && snapshot->outside)
        rc = walk_part(walk, snapshot->outside);
    return rc;
}

static int visit_bind(struct walk *walk, struct mesh_destination *destination)
{
    if (destination->live)
        return 0;
    return bind_new(walk->registry, destination, walk->now_ns);
}

/* The first time in this bind: nobody is there until the set names him. */
static void begin_presence(struct mesh_live_destination *shared, uint64_t epoch,
                           uint64_t now_ns)
{
    if (shared->epoch == epoch)
        return;
    shared->epoch = epoch;
    shared->absent_since_ns = MESH__NEVER;
    for (struct mesh_live_endpoint *e = shared->endpoints; e; e = e->next) {
        if (e->absent_since_ns == MESH__NEVER)
            e->absent_since_ns = now_ns;
    }
}

/* Who was away for longer than this bind comes as a stranger. */
static void settle_endpoint(struct mesh_live_endpoint *endpoint,
                            uint64_t now_ns)
{
    if (endpoint->absent_since_ns != MESH__NEVER &&
        endpoint->absent_since_ns != now_ns)
        atomic_store(&endpoint->present_since_ns, now_ns);
    endpoint->absent_since_ns = MESH__NEVER;
}

/*
 * This very binding named it in the bind before, or already in this one: so
 * nobody has come or gone. A reload costs what it changes.
 */
static bool stays(const struct walk *walk, const struct mesh_live *live)
{
    struct mesh_live_destination *shared = live->shared;
    uint64_t epoch = walk->registry->epoch;

    if (shared->named_by != live->serial || shared->epoch + 1 < epoch)
        return false;
    shared->epoch = epoch;
    return true;
}

/* Cannot fail: all memory is there. */
static int visit_settle(struct walk *walk, struct mesh_destination *destination)
{
    struct mesh_live *live = destination->live;
    struct mesh_live_destination *shared = live->shared;

    if (stays(walk, live))
        return 0;
    shared->named_by = live->serial;
    shared->has_absent = true;
    pthread_mutex_lock(&shared->lock);
    begin_presence(shared, walk->registry->epoch, walk->now_ns);
    for (size_t i = 0; i < live->count; i++)
        settle_endpoint(live->endpoints[i], walk->now_ns);
    mesh__binding_list(live);
    if (!destination->outlier.enabled)
        mesh__outlier_forget(shared);
    mesh__live_publish(shared);
    pthread_mutex_unlock(&shared->lock);
    return 0;
}

/* --- letting go --- */

static bool is_over(uint64_t since_ns, uint64_t now_ns, uint64_t grace_ns)
{
    return since_ns != MESH__NEVER &&
           now_ns >= mesh__time_add(since_ns, grace_ns);
}

/* Move endpoints absent too long to the chain that begins at *gone. */
static void take_endpoints(struct mesh_live_destination *shared,
                           uint64_t now_ns, uint64_t grace_ns,
                           struct mesh_live_endpoint **gone)
{
    struct mesh_live_endpoint **at = &shared->endpoints;

    if (!shared->has_absent)
        return;
    shared->has_absent = false;
    pthread_mutex_lock(&shared->lock);
    while (*at) {
        struct mesh_live_endpoint *endpoint = *at;

        shared->has_absent |= endpoint->absent_since_ns != MESH__NEVER;
        if (!is_over(endpoint->absent_since_ns, now_ns, grace_ns)) {
            at = &endpoint->next;
            continue;
        }
        *at = endpoint->next;
        mesh__map_remove(&shared->by_address,
                         mesh__slice(endpoint->key, MESH__LIVE_KEY));
        endpoint->next = *gone;
        *gone = endpoint;
    }
    pthread_mutex_unlock(&shared->lock);
}

/* Take out the next one absent too long, from *at on; NULL: there is none. */
static struct mesh_live_destination *take_destination(
    struct mesh_live_registry *registry, uint64_t now_ns, uint64_t grace_ns,
    size_t *at)
{
    struct mesh_map_entry *entry;

    while ((entry = mesh__map_next(&registry->destinations, at))) {
        struct mesh_live_destination *shared = entry->value;

        if (!is_over(shared->absent_since_ns, now_ns, grace_ns))
            continue;
        mesh__map_remove(&registry->destinations, mesh__slice_of(shared->name));
        (*at)--; /* another one may stand there now */
        registry->past_ejections += atomic_load(&shared->ejections);
        registry->past_refused += atomic_load(&shared->ejections_refused);
        return shared;
    }
    return NULL;
}

/* What is to be let go, taken out under the lock and let go without it. */
struct gone {
    struct mesh_live_endpoint *endpoints;
    struct mesh_live_destination *destinations;
};

static void take_gone(struct mesh_live_registry *registry, uint64_t now_ns,
                      uint64_t grace_ns, struct gone *gone)
{
    struct mesh_live_destination *shared;
    struct mesh_map_entry *entry;
    size_t at = 0;

    while ((shared = take_destination(registry, now_ns, grace_ns, &at))) {
        shared->next_gone = gone->destinations;
        gone->destinations = shared;
    }
    at = 0;
    while ((entry = mesh__map_next(&registry->destinations, &at)))
        take_endpoints(entry->value, now_ns, grace_ns, &gone->endpoints);
}

static void let_go(struct gone *gone)
{
    struct mesh_live_destination *next;

    mesh__live_endpoints_unref(gone->endpoints);
    for (; gone->destinations; gone->destinations = next) {
        next = gone->destinations->next_gone;
        mesh__live_destination_unref(gone->destinations);
    }
}

/* Whom this bind did not name is absent from now on. */
static void note_absent(struct mesh_live_registry *registry, uint64_t now_ns)
{
    struct mesh_map_entry *entry;
    size_t at = 0;

    while ((entry = mesh__map_next(&registry->destinations, &at))) {
        struct mesh_live_destination *shared = entry->value;

        if (shared->epoch != registry->epoch &&
            shared->absent_since_ns == MESH__NEVER)
            shared->absent_since_ns = now_ns;
    }
}

int mesh__live_bind(struct mesh_live_registry *registry,
                    struct mesh_snapshot *snapshot, uint64_t now_ns,
                    uint64_t grace_ns)
{
    struct walk walk = { registry, now_ns, visit_bind };
    struct gone gone = { NULL, NULL };
    int rc;

    pthread_mutex_lock(&registry->lock);
    rc = walk_snapshot(&walk, snapshot);
    if (rc == 0) {
        registry->epoch++;
        walk.visit = visit_settle;
        rc = walk_snapshot(&walk, snapshot);
        note_absent(registry, now_ns);
        take_gone(registry, now_ns, grace_ns, &gone);
    }
    pthread_mutex_unlock(&registry->lock);
    let_go(&gone);
    return rc;
}

/* --- the registry --- */

int mesh__live_registry_new(void (*shelf_free)(void *shelf),
                            struct mesh_live_registry **out)
{
    struct mesh_live_registry *registry;

    *out = NULL;
    registry = mesh__calloc(1, sizeof(*registry));
    if (!registry || pthread_mutex_init(&registry->lock, NULL) != 0) {
        mesh__free(registry);
        return mesh__fail(MESH_ERR_NOMEM, "live state");
    }
    registry->shelf_free = shelf_free;
    *out = registry;
    return 0;
}

void mesh__live_registry_free(struct mesh_live_registry *registry)
{
    struct mesh_map_entry *entry;
    size_t at = 0;

    if (!registry)
        return;
    while ((entry = mesh__map_next(&registry->destinations, &at)))
        mesh__live_destination_unref(entry->value);
    mesh__map_fini(&registry->destinations);
    pthread_mutex_destroy(&registry->lock);
    mesh__free(registry);
}

static void destination_forked(struct mesh_live_destination *shared)
{
    (void)pthread_mutex_init(&shared->lock, NULL);
    for (struct mesh_node *node = shared->bindings.next;
         node != &shared->bindings; node = node->next)
        mesh__binding_forked(MESH__OF(node, struct mesh_live, binding));
}

void mesh__live_forked(struct mesh_live_registry *registry)
{
    struct mesh_map_entry *entry;
    size_t at = 0;

    (void)pthread_mutex_init(&registry->lock, NULL);
    atomic_store(&registry->refreshing, false);
    while ((entry = mesh__map_next(&registry->destinations, &at)))
        destination_forked(entry->value);
}

/* Any binding whose rings are stale, counted; NULL when there is none. */
static struct mesh_live *find_stale(struct mesh_live_destination *shared)
{
    struct mesh_live *found = NULL;

    pthread_mutex_lock(&shared->lock);
    for (struct mesh_node *node = shared->bindings.next;
         !found && node != &shared->bindings; node = node->next) {
        struct mesh_live *live = MESH__OF(node, struct mesh_live, binding);

        if (mesh__hashed_is_stale(live) && mesh__binding_ref(live))
            found = live;
    }
    pthread_mutex_unlock(&shared->lock);
    return found;
}

/* The next destination with one, from place *at of the table on. */
static struct mesh_live *next_stale(struct mesh_live_registry *registry,
                                    size_t *at)
{
    struct mesh_map_entry *entry;
    struct mesh_live *found = NULL;

    pthread_mutex_lock(&registry->lock);
    while (!found && (entry = mesh__map_next(&registry->destinations, at)))
        found = find_stale(entry->value);
    pthread_mutex_unlock(&registry->lock);
    return found;
}

/* No lock is held while a ring is filled or a binding let go. */
int mesh__live_refresh(struct mesh_live_registry *registry)
{
    struct mesh_live *live;
    size_t at = 0;
    int rc = 0;

    if (atomic_exchange(&registry->refreshing, true))
        return 0;
    while (rc == 0 && (live = next_stale(registry, &at))) {
        rc = mesh__hashed_refresh(live);
        mesh__binding_unref(live);
    }
    atomic_store(&registry->refreshing, false);
    return rc;
}

/* The first endpoint that is back and was not told of. */
static bool name_admitted(struct mesh_live_destination *shared, char *text,
                          size_t size)
{
    char address[MESH__ADDRESS_TEXT];
    bool found = false;

    if (atomic_load(&shared->ejections) == 0)
        return false;
    pthread_mutex_lock(&shared->lock);
    for (struct mesh_live_endpoint *e = shared->endpoints; e && !found;
         e = e->next) {
        if (!e->told || atomic_load(&e->ejected))
            continue;
        e->told = false;
        found = true;
        mesh__address_print(&e->address, address);
        (void)snprintf(text, size, "%s: %s", shared->name, address);
    }
    pthread_mutex_unlock(&shared->lock);
    return found;
}

bool mesh__live_next_admitted(struct mesh_live_registry *registry, char *text,
                              size_t size)
{
    struct mesh_map_entry *entry;
    bool found = false;
    size_t at = 0;

    pthread_mutex_lock(&registry->lock);
    while (!found && (entry = mesh__map_next(&registry->destinations, &at)))
        found = name_admitted(entry->value, text, size);
    pthread_mutex_unlock(&registry->lock);
    return found;
}

static uint64_t count_ejected(struct mesh_live_destination *shared)
{
    uint64_t count = 0;

    pthread_mutex_lock(&shared->lock);
    for (struct mesh_live_endpoint *e = shared->endpoints; e; e = e->next)
        count += e->absent_since_ns == MESH__NEVER && atomic_load(&e->ejected);
    pthread_mutex_unlock(&shared->lock);
    return count;
}

void mesh__live_totals(struct mesh_live_registry *registry,
                       struct mesh_live_totals *out)
{
    struct mesh_map_entry *entry;
    size_t at = 0;

    pthread_mutex_lock(&registry->lock);
    *out = (struct mesh_live_totals){
        .ejections = registry->past_ejections,
        .ejections_refused = registry->past_refused,
    };
    while ((entry = mesh__map_next(&registry->destinations, &at))) {
        struct mesh_live_destination *shared = entry->value;

        out->ejections += atomic_load(&shared->ejections);
        out->ejections_refused += atomic_load(&shared->ejections_refused);
        out->ejected_now += count_ejected(shared);
    }
    pthread_mutex_unlock(&registry->lock);
}
