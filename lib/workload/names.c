/*
 * names.c - asking for names by their time to live, on the keeper.
 *
 * As Envoy's STRICT_DNS and LOGICAL_DNS clusters do: a name that is said to
 * have no address has none, but stays as it was under LOGICAL_DNS; where
 * nobody could say, the last answer stays. Declines to know what stands on a
 * name.
 */
#include "workload/names.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"
#include "workload/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct mesh_loop *loop_of(const struct mesh_workload *workload)
{
    return workload->keeper->loop;
}

static struct mesh_name_watch *watch_of(struct mesh_node *node)
{
    return MESH__OF(node, struct mesh_name_watch, node);
}

/* --- answers --- */

/* Of one family, ours where we know it; else IPv4 where there is any. */
static size_t choose(const struct mesh_workload *workload,
                     const struct mesh_lookup *lookup, struct mesh_address *out)
{
    uint8_t family = workload->keeper->client.from.family;
    size_t count = 0;

    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->addresses[i].family == family)
            count++;
    if (count == 0)
        family = lookup->count ? lookup->addresses[0].family : 0;
    count = 0;
    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->addresses[i].family == family)
            out[count++] = lookup->addresses[i];
    return count;
}

static bool is_one_of(const struct mesh_address *address,
                      const struct mesh_address *addresses, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(address, &addresses[i], sizeof(*address)) == 0)
            return true;
    return false;
}

/*
 * Nothing of the answer is new. Servers answer in turns: where all addresses
 * are used their order says nothing, where the first one is it says who.
 */
static bool is_same(const struct mesh_name_watch *watch,
                    const struct mesh_address *addresses, size_t count)
{
    if (count != watch->count)
        return false;
    if (watch->sticky)
        return memcmp(addresses, watch->addresses,
                      count * sizeof(*addresses)) == 0;
    for (size_t i = 0; i < count; i++)
        if (!is_one_of(&addresses[i], watch->addresses, count) ||
            !is_one_of(&watch->addresses[i], addresses, count))
            return false;
    return true;
}

/* Under the lock. True when what the compiler sees is another. */
static bool take_answer(struct mesh_name_watch *watch,
                        const struct mesh_address *addresses, size_t count)
{
    const struct mesh_lookup *lookup = &watch->lookup;
    bool first = !watch->settled;
    bool none = lookup->code == MESH_ERR_RESOLVE && !watch->sticky;

    watch->settled = true;
    if (lookup->code < 0 && !none)
        return first; /* the last answer stays */
    if (is_same(watch, addresses, count))
        return first;
    memcpy(watch->addresses, addresses, count * sizeof(*addresses));
    watch->count = count;
    return true;
}

static uint64_t wait_of(const struct mesh_workload *workload,
                        const struct mesh_lookup *lookup)
{
    uint64_t refresh_ns = workload->keeper->hold->snapshot->dns_refresh_ns;

    if (lookup->code == 0 && lookup->ttl_s)
        refresh_ns = lookup->ttl_s * MESH__S;
    return refresh_ns < MESH__NAMES_LEAST_S * MESH__S
               ? MESH__NAMES_LEAST_S * MESH__S
               : refresh_ns;
}

/* Told once for each spell of failures. */
static void tell(struct mesh_name_watch *watch, int before)
{
    const struct mesh_lookup *lookup = &watch->lookup;

    if (lookup->code < 0 && lookup->code != before)
        mesh__log_write(&watch->workload->log, MESH_EVENT_UNRESOLVED, "%s%s",
                        lookup->line,
                        watch->count ? "; its last addresses stay" : "");
}

static void on_answer(struct mesh_lookup *lookup)
{
    struct mesh_name_watch *watch =
        MESH__OF(lookup, struct mesh_name_watch, lookup);
    struct mesh_workload *workload = watch->workload;
    struct mesh_name_table *table = &workload->names;
    struct mesh_address addresses[MESH__NAME_ADDRESSES];
    size_t count = choose(workload, lookup, addresses);
    uint64_t now_ns = mesh__loop_now(loop_of(workload));
    bool changed;

    (void)pthread_mutex_lock(&table->lock);
    changed = take_answer(watch, addresses, count);
    (void)pthread_mutex_unlock(&table->lock);
    tell(watch, watch->said);
    watch->said = lookup->code;
    (void)mesh__loop_set_timer(
        loop_of(workload), &watch->timer,
        mesh__time_add(now_ns, wait_of(workload, lookup)));
    if (changed && table->merge.due_ns == MESH__NEVER)
        (void)mesh__loop_set_timer(
            loop_of(workload), &table->merge,
            mesh__time_add(now_ns, MESH__NAMES_MERGE_MS * MESH__MS));
}

/* What could not be compiled is tried again with the next answer, or look. */
static void on_merge(struct mesh_timer *timer)
{
    struct mesh_workload *workload =
        MESH__OF(timer, struct mesh_workload, names.merge);

    (void)mesh__loop_keep_timer(loop_of(workload), timer);
    if (mesh__workload_renew(workload) == 0)
        return;
    mesh__error_clear();
    (void)mesh__loop_set_timer(
        loop_of(workload), timer,
        mesh__time_add(mesh__loop_now(loop_of(workload)), MESH__S));
}

/* --- questions --- */

static void ask(struct mesh_name_watch *watch)
{
    struct mesh_loop *loop = loop_of(watch->workload);
    struct mesh_link *link = &watch->workload->keeper->link;
    struct mesh_port *port = mesh__loop_port(loop);
    int rc = link->names ? 0 : port->ops->names(port, loop, &link->names);

    if (rc == 0)
        rc = mesh__names_ask(link->names, &watch->lookup,
                             mesh__slice_of(watch->name));
    if (rc == 0)
        return;
    mesh__error_clear();
    (void)mesh__loop_set_timer(loop, &watch->timer,
                               mesh__time_add(mesh__loop_now(loop), MESH__S));
}

static void on_due(struct mesh_timer *timer)
{
    struct mesh_name_watch *watch =
        MESH__OF(timer, struct mesh_name_watch, timer);

    (void)mesh__loop_keep_timer(loop_of(watch->workload), timer);
    ask(watch);
}

static void free_watch(struct mesh_name_watch *watch)
{
    if (!watch)
        return;
    mesh__free(watch->name);
    mesh__free(watch);
}

static int new_watch(struct mesh_workload *workload, const char *name,
                     struct mesh_name_watch **out)
{
    struct mesh_name_watch *watch = mesh__calloc(1, sizeof(*watch));
    int rc;

    *out = NULL;
    if (!watch)
        return mesh__fail(MESH_ERR_NOMEM, "a name");
    watch->workload = workload;
    mesh__list_init(&watch->node);
    mesh__timer_init(&watch->timer, on_due);
    mesh__lookup_init(&watch->lookup, on_answer);
    watch->name = mesh__strdup(name);
    rc = watch->name ? mesh__loop_keep_timer(loop_of(workload), &watch->timer)
                     : mesh__fail(MESH_ERR_NOMEM, "a name");
    if (rc < 0)
        free_watch(watch);
    else
        *out = watch;
    return rc;
}

/* --- following the policy --- */

/* Those that are there, by name; borrowed from the watches. */
static int index_watches(struct mesh_name_table *table, struct mesh_map *out)
{
    int rc = 0;

    *out = (struct mesh_map){ 0 };
    for (struct mesh_node *node = table->watches.next;
         rc == 0 && node != &table->watches; node = node->next)
        rc = mesh__map_put(out, mesh__slice_of(watch_of(node)->name),
                           watch_of(node));
    return rc;
}

static int follow_one(struct mesh_workload *workload, struct mesh_map *known,
                      const struct mesh_wanted_name *wanted)
{
    struct mesh_name_table *table = &workload->names;
    struct mesh_name_watch *watch =
        mesh__map_find(known, mesh__slice_of(wanted->name));
    int rc = 0;

    if (!watch) {
        rc = new_watch(workload, wanted->name, &watch);
        if (rc < 0)
            return rc;
        (void)pthread_mutex_lock(&table->lock);
        mesh__list_push_back(&table->watches, &watch->node);
        (void)pthread_mutex_unlock(&table->lock);
        table->count++;
    }
    watch->wanted = true;
    watch->sticky = wanted->sticky;
    if (!watch->timer.place)
        rc = mesh__loop_keep_timer(loop_of(workload), &watch->timer);
    if (rc == 0 && !watch->lookup.names && watch->timer.due_ns == MESH__NEVER)
        ask(watch);
    return rc;
}

static void drop_watch(struct mesh_workload *workload,
                       struct mesh_name_watch *watch)
{
    mesh__lookup_cancel(&watch->lookup);
    mesh__loop_cancel_timer(loop_of(workload), &watch->timer);
    (void)pthread_mutex_lock(&workload->names.lock);
    mesh__list_remove(&watch->node);
    (void)pthread_mutex_unlock(&workload->names.lock);
    workload->names.count--;
    free_watch(watch);
}

static void drop_unwanted(struct mesh_workload *workload)
{
    struct mesh_node *node = workload->names.watches.next;

    while (node != &workload->names.watches) {
        struct mesh_name_watch *watch = watch_of(node);

        node = node->next;
        if (!watch->wanted)
            drop_watch(workload, watch);
    }
}

static int start(struct mesh_workload *workload)
{
    struct mesh_name_table *table = &workload->names;
    int rc;

    if (table->started)
        return 0;
    mesh__timer_init(&table->merge, on_merge);
    rc = mesh__loop_keep_timer(loop_of(workload), &table->merge);
    table->started = rc == 0;
    return rc;
}

void mesh__names_follow(struct mesh_workload *workload,
                        const struct mesh_snapshot *snapshot)
{
    struct mesh_name_table *table = &workload->names;
    struct mesh_map known = { 0 };
    int rc;

    if (snapshot->name_count == 0 && table->count == 0)
        return;
    rc = start(workload);
    if (rc == 0)
        rc = index_watches(table, &known);
    for (struct mesh_node *node = table->watches.next; node != &table->watches;
         node = node->next)
        watch_of(node)->wanted = false;
    for (size_t i = 0; rc == 0 && i < snapshot->name_count; i++)
        rc = follow_one(workload, &known, &snapshot->names[i]);
    mesh__map_fini(&known);
    table->behind = rc < 0;
    if (rc == 0)
        drop_unwanted(workload);
    else
        mesh__error_clear();
}

/* --- life --- */

void mesh__names_init(struct mesh_name_table *table)
{
    (void)pthread_mutex_init(&table->lock, NULL);
    mesh__list_init(&table->watches);
    table->merge.due_ns = MESH__NEVER;
}

void mesh__names_fini(struct mesh_name_table *table)
{
    struct mesh_node *node;

    while ((node = mesh__list_pop(&table->watches)))
        free_watch(watch_of(node));
    (void)pthread_mutex_destroy(&table->lock);
}

void mesh__names_stop(struct mesh_workload *workload)
{
    struct mesh_name_table *table = &workload->names;

    for (struct mesh_node *node = table->watches.next; node != &table->watches;
         node = node->next) {
        mesh__lookup_cancel(&watch_of(node)->lookup);
        mesh__loop_cancel_timer(loop_of(workload), &watch_of(node)->timer);
    }
    if (table->started)
        mesh__loop_cancel_timer(loop_of(workload), &table->merge);
    table->started = false;
}

void mesh__names_forked(struct mesh_name_table *table)
{
    (void)pthread_mutex_init(&table->lock, NULL);
    for (struct mesh_node *node = table->watches.next; node != &table->watches;
         node = node->next) {
        mesh__timer_init(&watch_of(node)->timer, on_due);
        watch_of(node)->timer.due_ns = MESH__NEVER;
        mesh__lookup_init(&watch_of(node)->lookup, on_answer);
    }
    table->started = false;
}

/* --- what is known --- */

static int compare(const void *a, const void *b)
{
    const struct mesh_known_name *left = a;
    const struct mesh_known_name *right = b;
    size_t len =
        left->name.len < right->name.len ? left->name.len : right->name.len;
    int order = memcmp(left->name.at, right->name.at, len);

    if (order)
        return order;
    return (left->name.len > right->name.len) -
           (left->name.len < right->name.len);
}

static int copy_known(struct mesh_arena *arena,
                      const struct mesh_name_watch *watch,
                      struct mesh_known_name *out)
{
    struct mesh_address *addresses =
        mesh__arena_array(arena, watch->count, sizeof(*addresses));
    char *name = mesh__arena_strdup(arena, watch->name);

    if (!addresses || !name)
        return MESH_ERR_NOMEM;
    if (watch->count)
        memcpy(addresses, watch->addresses, watch->count * sizeof(*addresses));
    *out = (struct mesh_known_name){ mesh__slice_of(name), addresses,
                                     watch->count };
    return 0;
}

int mesh__names_known(struct mesh_name_table *table, struct mesh_arena *arena,
                      struct mesh_known_names *out)
{
    struct mesh_known_name *items;
    size_t count = 0;
    int rc = 0;

    *out = (struct mesh_known_names){ 0 };
    (void)pthread_mutex_lock(&table->lock);
    for (struct mesh_node *node = table->watches.next; node != &table->watches;
         node = node->next)
        count += watch_of(node)->settled;
    items = mesh__arena_array(arena, count, sizeof(*items));
    if (!items)
        rc = MESH_ERR_NOMEM;
    for (struct mesh_node *node = table->watches.next;
         rc == 0 && node != &table->watches; node = node->next)
        if (watch_of(node)->settled)
            rc = copy_known(arena, watch_of(node), &items[out->count++]);
    (void)pthread_mutex_unlock(&table->lock);
    if (rc == 0 && out->count > 1)
        qsort(items, out->count, sizeof(*items), compare);
    out->items = items;
    return rc;
}

bool mesh__names_missing(struct mesh_name_table *table, char *name, size_t size)
{
    bool found = false;

    (void)pthread_mutex_lock(&table->lock);
    for (struct mesh_node *node = table->watches.next;
         !found && node != &table->watches; node = node->next) {
        if (watch_of(node)->settled)
            continue;
        (void)snprintf(name, size, "%s", watch_of(node)->name);
        found = true;
    }
    (void)pthread_mutex_unlock(&table->lock);
    return found;
}
