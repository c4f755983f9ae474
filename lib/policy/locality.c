/*
 * locality.c - who of a destination's endpoints is near: priorities, and the
 * shares of localities (Istio: loadbalancer/loadbalancer.go).
 *
 * Endpoints are gathered by locality, as istiod hands them to Envoy, and get
 * their priority from where the client is. Declines to know who is healthy.
 */
#include "policy/balancing.h"

#include "base/error.h"

#include <stdlib.h>

#define REGION       "topology.kubernetes.io/region"
#define ZONE         "topology.kubernetes.io/zone"
#define SUBZONE      "topology.istio.io/subzone"
#define CLUSTER      "topology.istio.io/cluster"
#define NETWORK      "topology.istio.io/network"
#define HOSTNAME     "kubernetes.io/hostname"
#define DISTRIBUTION "networking.istio.io/traffic-distribution"

enum { REGION_ELSEWHERE = 3, NOT_CHOSEN, LEVELS };

/* "region/zone/subzone"; what lies behind a third slash does not count. */
struct place {
    struct mesh_slice part[3];
};

static struct place place_of(struct mesh_slice text)
{
    struct place place = { { { "", 0 }, { "", 0 }, { "", 0 } } };

    for (size_t i = 0; i < 3 && text.at; i++) {
        const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
        size_t len = slash ? (size_t)(slash - text.at) : text.len;

        place.part[i] = mesh__slice(text.at, len);
        text = slash ? mesh__slice(slash + 1, text.len - len - 1)
                     : mesh__slice(NULL, 0);
    }
    return place;
}

/* An endpoint on its way to its place in the set. */
struct slot {
    size_t index; /* as it was */
    const char *locality;
    uint32_t priority;
    uint32_t weight; /* its locality's share by distribute; 0: none written */
    bool near;       /* in the client's own locality */
    bool dropped;    /* no distribute leads there */
};

/* The settings in force. */
struct setting {
    const struct mesh_locality_lb *locality; /* NULL: every place is alike */
    struct mesh_texts failover_priority;
    bool force; /* failover without outlier detection */
    bool zones; /* zoneAware: a region's zones are alike */
};

struct localizing {
    const struct mesh__balance *from;
    struct mesh_endpoint_set *set;
    struct setting setting;
    struct place here;
    struct slot *slots;
};

/* --- which setting --- */

static bool is_off(const struct mesh_locality_lb *lb)
{
    return lb->has_enabled && !lb->enabled;
}

static struct setting zone_aware(const struct mesh_locality_lb *lb)
{
    if (is_off(lb))
        return (struct setting){ 0 };
    return (struct setting){ .locality = lb,
                             .failover_priority = lb->failover_priority,
                             .force = true,
                             .zones = true };
}

static struct setting local(const struct mesh_locality_lb *lb)
{
    if (is_off(lb))
        return (struct setting){ 0 };
    return (struct setting){ .locality = lb,
                             .failover_priority = lb->failover_priority };
}

static size_t labels_of(struct mesh_slice word)
{
    static const struct {
        const char *word;
        size_t labels;
    } words[] = {
        { "PreferClose", 3 },
        { "PreferSameZone", 3 },
        { "PreferSameNode", 5 },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (mesh__slice_equal_nocase(word, mesh__slice_of(words[i].word)))
            return words[i].labels;
    return 0;
}

/* trafficDistribution of a Service, or its annotation; false: it has no say. */
static bool distributes(const struct mesh__service *service,
                        struct setting *out)
{
    static struct mesh_slice close[] = {
        { NETWORK, sizeof(NETWORK) - 1 },   { REGION, sizeof(REGION) - 1 },
        { ZONE, sizeof(ZONE) - 1 },         { SUBZONE, sizeof(SUBZONE) - 1 },
        { HOSTNAME, sizeof(HOSTNAME) - 1 },
    };
    static const struct mesh_locality_lb nothing;
    const struct mesh_service *spec = service->resource->spec;
    const struct mesh_slice *written = mesh__labels_get(
        &service->resource->annotations, MESH__SLICE(DISTRIBUTION));
    size_t count =
        service->kubernetes ? labels_of(spec->traffic_distribution) : 0;

    if (count == 0 && written)
        count = labels_of(*written);
    if (count == 0)
        return false;
    *out = (struct setting){ .locality = &nothing,
                             .failover_priority = { close, count, NULL },
                             .force = true };
    return true;
}

/* The rule's, the service's, the mesh's; which is on if nobody says. */
static struct setting settle(const struct mesh__balance *from)
{
    struct setting found;

    if (from->block && from->block->zone_aware.set)
        return zone_aware(&from->block->zone_aware);
    if (from->block && from->block->locality.set)
        return local(&from->block->locality);
    if (distributes(from->service, &found))
        return found;
    if (from->mesh->zone_aware.set)
        return zone_aware(&from->mesh->zone_aware);
    return local(&from->mesh->locality);
}

/* --- distribute --- */

static bool is_any(struct mesh_slice text)
{
    return mesh__slice_is(text, "*");
}

/* Does a place lie there? A part that is a star or not written is any. */
static bool lies_in(const struct place *place, struct mesh_slice rule)
{
    struct place wanted = place_of(rule);

    for (size_t i = 0; i < 3; i++) {
        bool open = is_any(wanted.part[i]) || (i > 0 && !wanted.part[i].len);

        if (!open && !mesh__slice_equal(place->part[i], wanted.part[i]))
            return false;
    }
    return true;
}

static bool same_locality(const struct slot *a, const struct slot *b)
{
    return strcmp(a->locality, b->locality) == 0;
}

static uint64_t weight_of(const struct localizing *job, size_t slot)
{
    return job->set->endpoints[job->slots[slot].index].weight;
}

/* Localities that this share leads to divide it by what they weigh. */
static void give_share(struct localizing *job,
                       const struct mesh_locality_share *share)
{
    uint64_t total = 0;

    for (size_t i = 0; i < job->set->count; i++) {
        struct place place = place_of(mesh__slice_of(job->slots[i].locality));

        if (job->slots[i].dropped && lies_in(&place, share->locality))
            total += weight_of(job, i);
    }
    for (size_t i = 0, end; total && i < job->set->count; i = end) {
        struct place place = place_of(mesh__slice_of(job->slots[i].locality));
        uint64_t own = 0;

        for (end = i; end < job->set->count &&
                      same_locality(&job->slots[i], &job->slots[end]);
             end++)
            own += weight_of(job, end);
        if (!job->slots[i].dropped || !lies_in(&place, share->locality))
            continue;
        for (size_t j = i; j < end; j++) {
            job->slots[j].dropped = false;
            job->slots[j].weight =
                (uint32_t)((own * share->percent + total - 1) / total);
        }
    }
}

static void distribute(struct localizing *job)
{
    const struct mesh_locality_lb *lb = job->setting.locality;
    const struct mesh_distribute *found = NULL;

    for (size_t i = 0; !found && i < lb->distribute_count; i++)
        if (lies_in(&job->here, lb->distribute[i].from))
            found = &lb->distribute[i];
    if (!found)
        return;
    for (size_t i = 0; i < job->set->count; i++)
        job->slots[i].dropped = true;
    for (size_t i = 0; i < found->to_count; i++)
        give_share(job, &found->to[i]);
}

/* --- failoverPriority --- */

/* The value of a label; topology is that of the place, as istiod adds it. */
static struct mesh_slice label(const struct mesh_labels *labels,
                               const struct place *place, struct mesh_slice key)
{
    static const char *const keys[] = { REGION, ZONE, SUBZONE };
    const struct mesh_slice *value = mesh__labels_get(labels, key);

    for (size_t i = 0; i < 3; i++)
        if (mesh__slice_is(key, keys[i]) && place->part[i].len)
            return place->part[i];
    if (mesh__slice_is(key, CLUSTER))
        return MESH__SLICE("Kubernetes"); /* there is but one */
    return value ? *value : MESH__SLICE("");
}

/* One of the list, "key" or "key=value": does it hold for an endpoint? */
static bool holds(const struct localizing *job, struct mesh_slice item,
                  const struct mesh_endpoint *endpoint)
{
    struct place there = place_of(mesh__slice_of(endpoint->locality));
    const char *equals = item.len ? memchr(item.at, '=', item.len) : NULL;
    size_t len = equals ? (size_t)(equals - item.at) : item.len;
    struct mesh_slice key = mesh__slice(item.at, len);
    struct mesh_slice wanted =
        equals ? mesh__slice(equals + 1, item.len - len - 1)
               : label(&job->from->self->labels, &job->here, key);

    return mesh__slice_equal(wanted, label(&endpoint->labels, &there, key));
}

/* All hold: 0; the first that does not takes as many as are behind it. */
static uint32_t priority_of(const struct localizing *job,
                            const struct mesh_endpoint *endpoint)
{
    const struct mesh_texts *list = &job->setting.failover_priority;
    uint32_t all = (uint32_t)list->count;
    uint32_t far = 0;

    for (uint32_t i = 0; i < all; i++) {
        if (holds(job, list->items[i], endpoint))
            continue;
        if (i > 0 || !mesh__slice_is(list->items[0], NETWORK))
            return far + all - i;
        far = all; /* another network: behind everyone, in the same order */
    }
    return far;
}

static void prefer_labels(struct localizing *job)
{
    for (size_t i = 0; i < job->set->count; i++)
        job->slots[i].priority =
            priority_of(job, &job->set->endpoints[job->slots[i].index]);
}

/* --- failover --- */

/* 0 in the client's subzone, 1 zone, 2 region; else 3, or 4 where a failover
 * of the client's region leads elsewhere. */
static uint32_t distance(const struct localizing *job,
                         const struct place *there)
{
    const struct mesh_locality_lb *lb = job->setting.locality;
    uint32_t near = 0;

    while (near < 3 &&
           mesh__slice_equal(job->here.part[near], there->part[near]))
        near++;
    if (near > 0)
        return REGION_ELSEWHERE - near;
    for (size_t i = 0; i < lb->failover_count; i++)
        if (mesh__slice_equal(lb->failover[i].from, job->here.part[0]))
            return mesh__slice_equal(lb->failover[i].to, there->part[0])
                       ? REGION_ELSEWHERE
                       : NOT_CHOSEN;
    return REGION_ELSEWHERE;
}

/* zoneAware: 0 in the client's region, 1 where failover leads, else 2. */
static uint32_t regional(const struct localizing *job,
                         const struct place *there)
{
    const struct mesh_locality_lb *lb = job->setting.locality;

    if (mesh__slice_equal(job->here.part[0], there->part[0]))
        return 0;
    for (size_t i = 0; i < lb->failover_count; i++)
        if (mesh__slice_equal(lb->failover[i].from, job->here.part[0]))
            return mesh__slice_equal(lb->failover[i].to, there->part[0]) ? 1
                                                                         : 2;
    return 2;
}

static void prefer_near(struct localizing *job)
{
    for (size_t i = 0; i < job->set->count; i++) {
        struct slot *slot = &job->slots[i];
        struct place there = place_of(mesh__slice_of(slot->locality));

        slot->priority *= LEVELS;
        slot->priority +=
            job->setting.zones ? regional(job, &there) : distance(job, &there);
    }
}

static void prefer(struct localizing *job)
{
    const struct setting *setting = &job->setting;

    if (setting->locality->distribute_count) {
        distribute(job);
        return;
    }
    if (!job->from->detects && !setting->force)
        return; /* nobody would ever be found to be down */
    if (setting->failover_priority.count)
        prefer_labels(job);
    if (setting->zones || setting->locality->failover_count ||
        !setting->failover_priority.count)
        prefer_near(job);
}

/* --- putting them in order --- */

static int by_locality(const void *a, const void *b)
{
    const struct slot *left = a;
    const struct slot *right = b;
    int order = strcmp(left->locality, right->locality);

    if (order)
        return order;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* Behind each other: who counts, by priority, the client's own locality first,
 * then by name. */
static int by_place(const void *a, const void *b)
{
    const struct slot *left = a;
    const struct slot *right = b;

    if (left->dropped != right->dropped)
        return left->dropped ? 1 : -1;
    if (left->priority != right->priority)
        return left->priority < right->priority ? -1 : 1;
    if (left->near != right->near)
        return left->near ? -1 : 1;
    return by_locality(a, b);
}

static int list(struct localizing *job)
{
    size_t count = job->set->count;

    job->here = place_of(mesh__slice_of(job->from->self->locality));
    job->slots =
        mesh__arena_array(job->from->arena, count, sizeof(*job->slots));
    if (!job->slots)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        job->slots[i] = (struct slot){
            .index = i,
            .locality = job->set->endpoints[i].locality,
        };
    if (count > 1)
        qsort(job->slots, count, sizeof(*job->slots), by_locality);
    return 0;
}

/* The set anew, in the order of the slots; who is dropped is not in it. */
static int reorder(struct localizing *job)
{
    struct mesh_endpoint_set *set = job->set;
    struct mesh_endpoint *ordered =
        mesh__arena_array(&set->arena, set->count, sizeof(*ordered));
    size_t count = 0;

    if (!ordered)
        return MESH_ERR_NOMEM;
    set->total_weight = 0;
    set->equal_weights = true;
    for (; count < set->count && !job->slots[count].dropped; count++) {
        const struct mesh_endpoint *one =
            &set->endpoints[job->slots[count].index];

        ordered[count] = *one;
        if (one->weight != ordered[0].weight)
            set->equal_weights = false;
        set->total_weight = one->weight > UINT32_MAX - set->total_weight
                                ? UINT32_MAX
                                : set->total_weight + one->weight;
    }
    set->endpoints = ordered;
    set->count = count;
    return 0;
}

/* --- priorities and groups --- */

static void begin_priority(struct mesh_endpoint_set *set, size_t at)
{
    set->priorities[set->priority_count++] = (struct mesh_priority){
        .first = at,
        .first_group = set->group_count,
    };
}

static void begin_group(struct mesh_endpoint_set *set, size_t at)
{
    set->groups[set->group_count++] =
        (struct mesh_endpoint_group){ .first = at };
    set->priorities[set->priority_count - 1].group_count++;
}

static void add_to_group(struct mesh_endpoint_set *set, uint32_t weight)
{
    struct mesh_endpoint_group *group = &set->groups[set->group_count - 1];

    group->count++;
    group->weight = weight > UINT32_MAX - group->weight
                        ? UINT32_MAX
                        : group->weight + weight;
    set->priorities[set->priority_count - 1].count++;
}

/* Priorities are numbered without gaps. */
static void divide(struct localizing *job)
{
    struct mesh_endpoint_set *set = job->set;
    const struct slot *last = NULL;

    for (size_t i = 0; i < set->count; i++) {
        const struct slot *slot = &job->slots[i];
        bool next = !last || slot->priority != last->priority;

        if (next)
            begin_priority(set, i);
        if (next || (set->by_locality && !same_locality(slot, last)))
            begin_group(set, i);
        add_to_group(set, set->endpoints[i].weight);
        if (slot->weight)
            set->groups[set->group_count - 1].weight = slot->weight;
        last = slot;
    }
}

/* Istio asks Envoy for weighted localities only then. */
static bool weighs_localities(const struct localizing *job)
{
    const struct setting *setting = &job->setting;

    if (!setting->locality || setting->zones)
        return false;
    return setting->locality->distribute_count ||
           ((job->from->detects || setting->force) &&
            (setting->locality->failover_count ||
             setting->failover_priority.count));
}

int mesh__localize(const struct mesh__balance *from,
                   struct mesh_endpoint_set *set)
{
    struct localizing job = { .from = from,
                              .set = set,
                              .setting = settle(from) };
    int rc = list(&job);

    if (rc < 0)
        return rc;
    if (job.setting.locality)
        prefer(&job);
    set->by_locality = weighs_localities(&job);
    for (size_t i = 0; i < set->count; i++)
        job.slots[i].near =
            set->by_locality &&
            strcmp(job.slots[i].locality, from->self->locality) == 0;
    if (set->count > 1)
        qsort(job.slots, set->count, sizeof(*job.slots), by_place);
    rc = reorder(&job);
    set->priorities =
        mesh__arena_array(&set->arena, set->count, sizeof(*set->priorities));
    set->groups =
        mesh__arena_array(&set->arena, set->count, sizeof(*set->groups));
    if (rc < 0 || !set->priorities || !set->groups)
        return MESH_ERR_NOMEM;
    divide(&job);
    return 0;
}
