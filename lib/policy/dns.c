/*
 * dns.c - services whose endpoints are names: which names they want, and
 * their endpoints as far as names were answered.
 *
 * DNS uses all addresses of an answer, DNS_ROUND_ROBIN the first (Istio:
 * core/cluster.go; Envoy: strict_dns_cluster.cc, logical_dns_cluster.cc).
 */
#include "policy/dns.h"

#include "base/error.h"
#include "policy/compile.h"
#include "value/host.h"

const struct mesh_known_name *mesh__known_name(
    const struct mesh_known_names *names, struct mesh_slice name)
{
    size_t low = 0;
    size_t high = names ? names->count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = mesh__text_compare(names->items[middle].name, name);

        if (order == 0)
            return &names->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool by_name(const struct mesh__service *service)
{
    return service && (service->resolution == MESH__RESOLVE_ALL ||
                       service->resolution == MESH__RESOLVE_ONE);
}

/* --- what is wanted --- */

static int want(struct mesh__compiler *compiler, struct mesh_map *seen,
                struct mesh_slice name, bool sticky)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    struct mesh_wanted_name *wanted = mesh__map_find(seen, name);

    if (wanted) {
        wanted->sticky = wanted->sticky && sticky;
        return 0;
    }
    wanted = &snapshot->names[snapshot->name_count];
    wanted->sticky = sticky;
    if (!mesh__copy(&snapshot->arena, name, &wanted->name))
        return MESH_ERR_NOMEM;
    snapshot->name_count++;
    return mesh__map_put(seen, mesh__slice_of(wanted->name), wanted);
}

/* Mixed into the part's digest: other addresses make another part. */
static uint64_t mix_answer(uint64_t digest, const struct mesh_known_name *known)
{
    size_t count = known ? known->count : SIZE_MAX;

    digest = mesh__hash(digest, &count, sizeof(count));
    for (size_t i = 0; known && i < known->count; i++)
        digest = mesh__hash(digest, &known->addresses[i],
                            sizeof(known->addresses[i]));
    return digest;
}

static int want_of_service(struct mesh__compiler *compiler,
                           const struct mesh__service *service,
                           struct mesh__host *host, struct mesh_map *seen)
{
    struct mesh__behind behind;
    int rc = mesh__world_behind(&compiler->world, service, &behind);

    for (size_t i = 0; rc == 0 && i < behind.count; i++) {
        struct mesh_slice name = behind.items[i]->dns;

        if (name.len == 0)
            continue;
        host->answers = mix_answer(
            host->answers, mesh__known_name(compiler->whoami->names, name));
        rc = want(compiler, seen, name,
                  service->resolution == MESH__RESOLVE_ONE);
    }
    return rc;
}

/* A service and its twins, as far as they stand on names. */
static int want_of_host(struct mesh__compiler *compiler,
                        struct mesh__host *host, struct mesh_map *seen)
{
    int rc = 0;

    for (const struct mesh__service *one = mesh__host_eldest(host);
         rc == 0 && one; one = one->twin)
        if (by_name(one))
            rc = want_of_service(compiler, one, host, seen);
    return rc;
}

static int count_names(struct mesh__compiler *compiler, size_t *most)
{
    int rc = 0;

    *most = 0;
    for (size_t i = 0; i < compiler->host_count; i++)
        for (const struct mesh__service *one =
                 mesh__host_eldest(&compiler->hosts[i]);
             rc == 0 && one; one = one->twin) {
            struct mesh__behind behind;

            if (!by_name(one))
                continue;
            rc = mesh__world_behind(&compiler->world, one, &behind);
            if (rc == 0)
                *most += behind.count;
        }
    return rc;
}

int mesh__compile_names(struct mesh__compiler *compiler)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    struct mesh_map seen = { 0 };
    size_t most;
    int rc = count_names(compiler, &most);

    if (rc < 0)
        return rc;
    snapshot->dns_refresh_ns = compiler->world.settings.dns_refresh_ns;
    snapshot->names =
        mesh__arena_array(&snapshot->arena, most, sizeof(*snapshot->names));
    if (!snapshot->names)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++)
        rc = want_of_host(compiler, &compiler->hosts[i], &seen);
    mesh__map_fini(&seen);
    return rc;
}

/* --- what is known --- */

/* One instance for each address of the answer that counts. */
static int expand(struct mesh__compiler *compiler,
                  const struct mesh__instance *instance, size_t count,
                  const struct mesh_known_name *known, struct mesh__behind *out)
{
    for (size_t i = 0; i < count; i++) {
        struct mesh__instance *copy =
            mesh__arena_alloc(&compiler->arena, sizeof(*copy));

        if (!copy)
            return MESH_ERR_NOMEM;
        *copy = *instance;
        copy->ip = known->addresses[i];
        out->items[out->count++] = copy;
    }
    return 0;
}

static size_t count_known(const struct mesh__service *service,
                          const struct mesh_known_name *known)
{
    size_t count = known ? known->count : 0;

    return service->resolution == MESH__RESOLVE_ONE && count ? 1 : count;
}

int mesh__expand_names(struct mesh__compiler *compiler,
                       const struct mesh__service *service,
                       struct mesh__behind *behind, bool *waits)
{
    const struct mesh_known_names *names = compiler->whoami->names;
    struct mesh__behind out = { 0 };
    size_t most = 0;
    int rc = 0;

    *waits = false;
    for (size_t i = 0; i < behind->count; i++)
        most +=
            behind->items[i]->dns.len
                ? count_known(service,
                              mesh__known_name(names, behind->items[i]->dns))
                : 1;
    out.items = mesh__arena_array(&compiler->arena, most, sizeof(*out.items));
    if (!out.items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < behind->count; i++) {
        const struct mesh__instance *instance = behind->items[i];
        const struct mesh_known_name *known;

        if (instance->dns.len == 0) {
            out.items[out.count++] = instance;
            continue;
        }
        if (!by_name(service))
            continue; /* only DNS can use a name */
        known = mesh__known_name(names, instance->dns);
        *waits = *waits || !known;
        rc = expand(compiler, instance, count_known(service, known), known,
                    &out);
    }
    *waits = *waits && out.count == 0;
    *behind = out;
    return rc;
}
