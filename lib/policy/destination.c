/*
 * destination.c - what a route may point at: host, port and subset, with
 * breakers, outlier detection, balancer, TLS and endpoints.
 *
 * Translates DestinationRule blocks as istiod does for Envoy (semantics 5.2 to
 * 5.5). Declines to know who routes here.
 */
#include "policy/balancing.h"
#include "policy/compile.h"
#include "policy/mtls.h"
#include "policy/parts.h"

#include "base/error.h"
#include "value/duration.h"

#include <stdlib.h>

enum {
    DEFAULT_CONSECUTIVE = 5,
    DEFAULT_INTERVAL_S = 10,
    DEFAULT_BASE_EJECTION_S = 30,
    LONGEST_EJECTION_S = 300,
    DEFAULT_EJECTION_PERCENT = 10,
    DEFAULT_BUDGET_PERCENT = 20,
    DEFAULT_BUDGET_RETRIES = 3,
    DEFAULT_IDLE_S = 3600
};

static const uint64_t second_ns = 1000000000u;

/* One destination while it is made. */
struct making {
    struct mesh__compiler *compiler;
    const struct mesh__host *host;
    const struct mesh__merged *rule;
    struct mesh__behind *behind; /* of the service and each of its twins */
    size_t behind_count;
    bool waits; /* for the first answer to its names */
    const struct mesh__port *port;
    const struct mesh_subset *subset; /* NULL: the whole service */
    struct mesh__blocks blocks;
    const struct mesh_client_tls *hidden; /* see mesh__tls_hidden(), or NULL */
};

/* --- the blocks --- */

static uint32_t threshold(int32_t given)
{
    return given > 0 ? (uint32_t)given : (uint32_t)MESH__UNLIMITED;
}

static uint64_t duration(int64_t given_ns, uint64_t otherwise_ns)
{
    return given_ns > 0 ? (uint64_t)given_ns : otherwise_ns;
}

/* What Envoy counts in; less than one is 0, and that is never. */
static uint64_t whole_ms(int64_t ns)
{
    return (uint64_t)ns / MESH__MS * MESH__MS;
}

static uint32_t seconds(int64_t ns)
{
    return (uint32_t)(ns / (int64_t)second_ns);
}

/*
 * Field by field, the rule's before the settings', in whole seconds; none of
 * them is how it is turned off (Istio: core/cluster.go; seen).
 */
static void fill_keepalive(struct mesh_keepalive *out,
                           const struct mesh_tcp_keepalive *over,
                           const struct mesh_tcp_keepalive *under)
{
    int64_t time_ns = over->time_ns ? over->time_ns : under->time_ns;
    int64_t interval_ns =
        over->interval_ns ? over->interval_ns : under->interval_ns;

    if ((!over->set && !under->set) || (time_ns && !seconds(time_ns)) ||
        (interval_ns && !seconds(interval_ns)))
        return;
    out->on = true;
    out->idle_s = seconds(time_ns);
    out->interval_s = seconds(interval_ns);
    out->probes = over->probes ? over->probes : under->probes;
}

void mesh__compile_breakers(struct mesh_breaker_policy *out,
                            const struct mesh_connection_pool *pool,
                            const struct mesh__settings *settings)
{
    static const struct mesh_connection_pool nothing;
    uint64_t tcp_idle_ns;

    if (!pool)
        pool = &nothing;
    tcp_idle_ns =
        duration(pool->tcp_idle_timeout_ns, DEFAULT_IDLE_S * second_ns);
    out->max_connections = threshold(pool->max_connections);
    out->max_pending = threshold(pool->http1_max_pending_requests);
    out->max_requests = threshold(pool->http2_max_requests);
    out->max_retries = threshold(pool->max_retries);
    if (pool->max_requests_per_connection > 0)
        out->max_requests_per_connection =
            (uint32_t)pool->max_requests_per_connection;
    out->connect_timeout_ns =
        duration(pool->connect_timeout_ns, settings->connect_timeout_ns);
    out->idle_timeout_ns = duration(pool->http_idle_timeout_ns, tcp_idle_ns);
    out->max_connection_ns = duration(pool->max_connection_duration_ns, 0);
    fill_keepalive(&out->keepalive, &pool->keepalive,
                   &settings->config.keepalive);
    out->mark = pool->mark;
}

/*
 * The host's level alone: istiod writes it into tcp_proxy as it stands, where
 * neither ports, subsets nor the mesh's defaults have a say (Istio:
 * core/networkfilter.go; seen).
 */
void mesh__compile_stream_bounds(struct mesh_breaker_policy *out,
                                 const struct mesh_traffic_policy *policy)
{
    static const struct mesh_connection_pool nothing;
    const struct mesh_connection_pool *pool =
        policy ? &policy->connection_pool : &nothing;

    out->stream_idle_ns = DEFAULT_IDLE_S * second_ns;
    if (pool->has_tcp_idle_timeout)
        out->stream_idle_ns = whole_ms(pool->tcp_idle_timeout_ns);
    out->stream_most_ns = duration(pool->max_connection_duration_ns, 0);
}

static uint32_t percent(int32_t given, uint32_t otherwise)
{
    return given > 0 ? (uint32_t)given : otherwise;
}

static void fill_outlier(struct mesh_outlier_policy *out,
                         const struct mesh_outlier_detection *given)
{
    uint64_t longest_ns = LONGEST_EJECTION_S * second_ns;

    if (!given)
        return;
    out->enabled = true;
    out->mark = given->mark;
    out->consecutive_5xx = given->has_consecutive_5xx ? given->consecutive_5xx
                                                      : DEFAULT_CONSECUTIVE;
    out->consecutive_gateway =
        given->has_consecutive_gateway ? given->consecutive_gateway : 0;
    out->split_local_origin = given->split_local_origin;
    if (given->split_local_origin)
        out->consecutive_local_origin = given->consecutive_local_origin
                                            ? given->consecutive_local_origin
                                            : DEFAULT_CONSECUTIVE; /* 0, too */
    out->interval_ns =
        duration(given->interval_ns, DEFAULT_INTERVAL_S * second_ns);
    out->base_ejection_ns =
        duration(given->base_ejection_ns, DEFAULT_BASE_EJECTION_S * second_ns);
    out->max_ejection_ns =
        out->base_ejection_ns > longest_ns ? out->base_ejection_ns : longest_ns;
    out->max_ejection_percent =
        percent(given->max_ejection_percent, DEFAULT_EJECTION_PERCENT);
    out->min_health_percent = percent(given->min_health_percent, 0);
}

/* Instead of maxRetries, once there is one. */
static void fill_budget(struct mesh_breaker_policy *out,
                        const struct mesh_retry_budget *given)
{
    if (!given)
        return;
    out->retry_budget = true;
    out->budget_percent =
        given->has_percent ? given->percent : DEFAULT_BUDGET_PERCENT;
    /* Envoy counts in whole milliseconds. */
    if (given->budget_interval_ns > 0)
        out->budget_interval_ns =
            (uint64_t)given->budget_interval_ns / MESH__MS * MESH__MS;
    out->budget_retries = given->min_retry_concurrency
                              ? given->min_retry_concurrency
                              : DEFAULT_BUDGET_RETRIES;
}

static bool goes_through(const struct mesh_load_balancer *given)
{
    return given && mesh__slice_is(given->simple, "PASSTHROUGH");
}

/* --- TLS --- */

/*
 * Not where the service's namespace puts it off, whatever a workload's own
 * policy says: the sidecar of a client looks no closer.
 */
static bool is_automatic(const struct making *making)
{
    const struct mesh__world *world = &making->compiler->world;
    const struct mesh__service *service = making->host->service;
    struct mesh_mark mark;

    return world->settings.auto_mtls && !service->external &&
           mesh__mtls_for(world, service->namespace_, NULL, 0, &mark) !=
               MESH__MTLS_DISABLE;
}

static const struct {
    const char *name;
    enum mesh_tls_mode mode;
} tls_modes[] = {
    { "DISABLE", MESH__TLS_OFF },
    { "SIMPLE", MESH__TLS_SIMPLE },
    { "MUTUAL", MESH__TLS_MUTUAL },
    { "ISTIO_MUTUAL", MESH__TLS_MESH },
};

/* Nothing weaker may stand in for a mode that is not known. */
static int mode_of(const struct making *making, enum mesh_tls_mode *out)
{
    const struct mesh_client_tls *tls = making->blocks.tls;
    char where[256];

    *out = MESH__TLS_OFF;
    if (!tls) {
        if (is_automatic(making))
            *out = MESH__TLS_AUTO;
        return 0;
    }
    if (tls->mode.len == 0)
        return 0;
    for (size_t i = 0; i < sizeof(tls_modes) / sizeof(*tls_modes); i++)
        if (mesh__slice_is(tls->mode, tls_modes[i].name)) {
            *out = tls_modes[i].mode;
            return 0;
        }
    mesh__mark_print(making->compiler->snapshot, tls->mark, where,
                     sizeof(where));
    return mesh__fail(MESH_ERR_POLICY, "tls mode %.*s is not supported: %s",
                      (int)tls->mode.len, tls->mode.at, where);
}

/* Of a server outside the mesh, as the rule names them. */
static int fill_files(const struct making *making,
                      struct mesh_destination_tls *out)
{
    const struct mesh_client_tls *tls = making->blocks.tls;
    struct mesh_arena *arena = &making->host->part->arena;
    struct mesh_slice none = MESH__SLICE("");
    bool shown = out->mode == MESH__TLS_MUTUAL;

    out->blind = tls->skip_verify;
    if (!mesh__copy(arena, tls->ca_certificates, &out->roots) ||
        !mesh__copy(arena, shown ? tls->client_certificate : none,
                    &out->chain) ||
        !mesh__copy(arena, shown ? tls->private_key : none, &out->key))
        return MESH_ERR_NOMEM;
    return 0;
}

/* A sorted set of names. */
struct names {
    const char **items;
    size_t count;
};

static void add_name(struct names *names, const char *name)
{
    size_t at = names->count;

    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return;
    for (; at > 0 && strcmp(names->items[at - 1], name) > 0; at--)
        names->items[at] = names->items[at - 1];
    names->items[at] = name;
    names->count++;
}

static int add_account(const struct making *making, struct names *names,
                       const struct mesh__instance *instance)
{
    const struct mesh_snapshot *snapshot = making->compiler->snapshot;

    for (size_t i = 0; i < snapshot->trust_domain_count; i++) {
        const char *name = mesh__spiffe_of(
            &making->host->part->arena, snapshot->trust_domains[i],
            instance->namespace_, instance->service_account);

        if (!name)
            return MESH_ERR_NOMEM;
        add_name(names, name);
    }
    return 0;
}

static int add_texts(const struct making *making, struct names *names,
                     const struct mesh_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        const char *name;

        if (!mesh__copy(&making->host->part->arena, texts->items[i], &name))
            return MESH_ERR_NOMEM;
        add_name(names, name);
    }
    return 0;
}

/* Each identity once. */
static int add_accounts(const struct making *making, struct names *names,
                        const struct mesh__behind *behind,
                        struct mesh_map *seen)
{
    struct mesh_arena *arena = &making->compiler->arena;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < behind->count; i++) {
        const struct mesh__instance *one = behind->items[i];
        struct mesh_slice key;

        if (one->service_account.len == 0)
            continue;
        key = mesh__key_of(arena, one->namespace_, one->service_account);
        if (key.at && mesh__map_find(seen, key))
            continue;
        rc = key.at ? mesh__map_put(seen, key, names) : MESH_ERR_NOMEM;
        if (rc == 0)
            rc = add_account(making, names, one);
    }
    return rc;
}

static int add_all_accounts(const struct making *making, struct names *names)
{
    struct mesh_map seen = { 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < making->behind_count; i++)
        rc = add_accounts(making, names, &making->behind[i], &seen);
    mesh__map_fini(&seen);
    return rc;
}

/* With its twins': all that may stand behind the host. */
static size_t count_behind(const struct making *making)
{
    size_t count = 0;

    for (size_t i = 0; i < making->behind_count; i++)
        count += making->behind[i].count;
    return count;
}

static bool outside_tls(const struct mesh_destination_tls *tls)
{
    return tls->mode == MESH__TLS_SIMPLE || tls->mode == MESH__TLS_MUTUAL;
}

/* The rule's names, else the identities behind the service and its own. */
static int fill_names(const struct making *making,
                      struct mesh_destination_tls *out)
{
    const struct mesh__service *service = making->host->whole;
    const struct mesh_texts *given =
        making->blocks.tls ? &making->blocks.tls->subject_alt_names : NULL;
    size_t domains = making->compiler->snapshot->trust_domain_count;
    struct names names = { 0 };
    size_t most = count_behind(making) * domains + service->alt_names.count;
    int rc = 0;

    if (given && given->count)
        most = given->count;
    names.items =
        mesh__arena_array(&making->compiler->arena, most, sizeof(*names.items));
    if (!names.items)
        return MESH_ERR_NOMEM;
    if (given && given->count) {
        rc = add_texts(making, &names, given);
    } else {
        if (!outside_tls(out))
            rc = add_all_accounts(making, &names);
        if (rc == 0)
            rc = add_texts(making, &names, &service->alt_names);
    }
    if (rc < 0)
        return rc;
    out->names = mesh__arena_array(&making->host->part->arena, names.count,
                                   sizeof(*out->names));
    if (!out->names)
        return MESH_ERR_NOMEM;
    if (names.count)
        memcpy((void *)(uintptr_t)out->names, names.items,
               names.count * sizeof(*names.items));
    out->name_count = names.count;
    return 0;
}

static int fill_tls(const struct making *making,
                    struct mesh_destination *destination)
{
    struct mesh_destination_tls *out = &destination->tls;
    const struct mesh_client_tls *given = making->blocks.tls;
    struct mesh_arena *arena = &making->host->part->arena;
    int rc = mode_of(making, &out->mode);

    if (rc == 0 && outside_tls(out))
        rc = fill_files(making, out);
    if (rc < 0)
        return rc;
    out->mark = given ? given->mark : (struct mesh_mark){ 0 };
    if (given && given->sni.len)
        out->sni = mesh__arena_strndup(arena, given->sni.at, given->sni.len);
    else if (outside_tls(out))
        out->sni = "";
    else
        out->sni = mesh__arena_format(arena, "outbound_.%u_.%s_.%s",
                                      (unsigned)destination->port,
                                      destination->subset, destination->host);
    return out->sni ? fill_names(making, out) : MESH_ERR_NOMEM;
}

/* --- endpoints --- */

/* A service's or its twin's own port of that name, or NULL: endpoints are
 * known by it. */
static const struct mesh__port *own_port(const struct mesh__service *service,
                                         const struct mesh__port *port)
{
    for (size_t i = 0; i < service->own_count; i++)
        if (mesh__slice_equal(service->ports[i].name, port->name))
            return &service->ports[i];
    return NULL;
}

static bool chosen(const struct making *making,
                   const struct mesh__instance *instance,
                   const struct mesh__port *port)
{
    return mesh__instance_port(instance, port) != 0 &&
           (!making->subset ||
            mesh__labels_cover(&instance->labels, &making->subset->labels));
}

/* Automatic mTLS: a rule's hidden word, else the endpoint speaks it, and its
 * own policy has not put it off. */
static bool wants_tls(const struct making *making,
                      const struct mesh__instance *instance, uint16_t port)
{
    struct mesh_mark mark;

    if (making->hidden)
        return mesh__slice_is(making->hidden->mode, "ISTIO_MUTUAL");
    return instance->tls &&
           mesh__mtls_for(&making->compiler->world, instance->namespace_,
                          &instance->labels, port, &mark) != MESH__MTLS_DISABLE;
}

static bool fill_endpoint(const struct making *making, struct mesh_arena *arena,
                          const struct mesh__instance *instance,
                          const struct mesh__port *port,
                          struct mesh_endpoint *out)
{
    char text[MESH__ADDRESS_TEXT];

    out->address = instance->ip;
    out->address.port = mesh__instance_port(instance, port);
    mesh__address_print(&out->address, text);
    out->weight = instance->weight;
    out->mesh_tls = wants_tls(making, instance, out->address.port);
    out->mark = instance->mark;
    out->text = mesh__arena_strdup(arena, text);
    if (instance->service_account.len) {
        out->spiffe =
            mesh__spiffe_of(arena, making->compiler->snapshot->trust_domain,
                            instance->namespace_, instance->service_account);
        if (!out->spiffe)
            return false;
    }
    return out->text && mesh__copy(arena, instance->name, &out->workload) &&
           mesh__copy(arena, instance->namespace_, &out->namespace_) &&
           mesh__copy(arena, instance->locality, &out->locality) &&
           mesh__copy_labels(arena, &instance->labels, &out->labels);
}

static uint32_t add_weights(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static size_t count_endpoints(const struct making *making)
{
    const struct mesh__service *service = mesh__host_eldest(making->host);
    size_t count = 0;

    for (size_t i = 0; i < making->behind_count; i++) {
        const struct mesh__behind *behind = &making->behind[i];
        const struct mesh__port *port = own_port(service, making->port);

        for (size_t j = 0; port && j < behind->count; j++)
            count += chosen(making, behind->items[j], port);
        service = service->twin;
    }
    return count;
}

static int add_endpoints(const struct making *making,
                         const struct mesh__port *port,
                         const struct mesh__behind *behind,
                         struct mesh_endpoint_set *set)
{
    for (size_t i = 0; port && i < behind->count; i++) {
        struct mesh_endpoint *endpoint = &set->endpoints[set->count];

        if (!chosen(making, behind->items[i], port))
            continue;
        if (!fill_endpoint(making, &set->arena, behind->items[i], port,
                           endpoint))
            return MESH_ERR_NOMEM;
        set->total_weight = add_weights(set->total_weight, endpoint->weight);
        if (endpoint->weight != set->endpoints[0].weight)
            set->equal_weights = false;
        set->count++;
    }
    return 0;
}

static int fill_endpoints(const struct making *making,
                          struct mesh_endpoint_set *set)
{
    const struct mesh__service *service = mesh__host_eldest(making->host);
    int rc = 0;

    set->endpoints = mesh__arena_array(&set->arena, count_endpoints(making),
                                       sizeof(*set->endpoints));
    if (!set->endpoints)
        return MESH_ERR_NOMEM;
    set->equal_weights = true;
    for (size_t i = 0; rc == 0 && i < making->behind_count; i++) {
        rc = add_endpoints(making, own_port(service, making->port),
                           &making->behind[i], set);
        service = service->twin;
    }
    return rc;
}

/* --- the caller's own address --- */

/* All that is known behind the service, whatever the subset. */
static bool all_speak_tls(const struct making *making)
{
    const struct mesh__service *service = mesh__host_eldest(making->host);
    size_t count = 0;

    for (size_t i = 0; i < making->behind_count; i++) {
        const struct mesh__behind *behind = &making->behind[i];
        const struct mesh__port *port = own_port(service, making->port);

        for (size_t j = 0; port && j < behind->count; j++) {
            if (mesh__instance_port(behind->items[j], port) == 0)
                continue;
            if (!behind->items[j]->tls)
                return false;
            count++;
        }
        service = service->twin;
    }
    return count > 0;
}

/* The words of the rule or subset itself: no port's, none from above. */
static bool says_through(const struct making *making)
{
    const struct mesh_traffic_policy *policy =
        making->subset ? &making->subset->policy : making->rule->policy;

    return policy && goes_through(&policy->load_balancer);
}

/* A subset of a host that goes through does so, too, whatever it says. */
static bool is_original(const struct making *making)
{
    const struct mesh__blocks host = mesh__blocks_of(
        making->rule, NULL, making->port->number,
        &making->compiler->world.settings.config.default_policy);

    return making->host->service->resolution == MESH__RESOLVE_NOTHING ||
           goes_through(making->blocks.load_balancer) ||
           goes_through(host.load_balancer) ||
           (making->subset && says_through(making));
}

/*
 * One decision for whatever it may be: mesh TLS, but where the service has no
 * endpoints of its own or the rule's own words go through; there all that is
 * known behind the service must speak it. (Istio: model/push_context.go)
 */
static void fill_original(const struct making *making,
                          struct mesh_destination *out)
{
    bool nothing = making->host->service->resolution == MESH__RESOLVE_NOTHING;
    unsigned long long number;

    if (!is_original(making))
        return;
    out->original = true;
    if (nothing && !making->host->service->kubernetes &&
        mesh__slice_number(making->port->target, UINT16_MAX, &number))
        out->original_port = (uint16_t)number;
    if (out->tls.mode != MESH__TLS_AUTO)
        return;
    out->tls.mode = MESH__TLS_MESH;
    if ((nothing || says_through(making)) && !all_speak_tls(making))
        out->tls.mode = MESH__TLS_OFF;
}

/* --- the whole --- */

static bool fill_names_of(const struct making *making,
                          struct mesh_destination *out)
{
    const struct mesh__service *service = making->host->service;
    struct mesh_arena *arena = &making->host->part->arena;
    struct mesh_slice subset =
        making->subset ? making->subset->name : MESH__SLICE("");

    out->host = making->host->part->host;
    if (!mesh__copy(arena, service->name, &out->service) ||
        !mesh__copy(arena, service->namespace_, &out->namespace_) ||
        !mesh__copy(arena, subset, &out->subset))
        return false;
    out->name = mesh__arena_format(arena, "outbound|%u|%s|%s",
                                   (unsigned)making->port->number, out->subset,
                                   out->host);
    return out->name != NULL;
}

/* By what its requests are hashed, and who of its endpoints comes first. */
static int fill_balancing(const struct making *making,
                          struct mesh_destination *out)
{
    struct mesh__compiler *compiler = making->compiler;
    const struct mesh__balance from = {
        .block = making->blocks.load_balancer,
        .detects = making->blocks.outlier_detection != NULL,
        .mesh = &compiler->world.settings.config,
        .service = making->host->service,
        .self = &compiler->snapshot->self,
        .arena = &compiler->arena,
    };
    struct mesh_arena *arena = &making->host->part->arena;
    int rc = mesh__hash_policy(making->rule, making->subset, 0, arena,
                               &out->hash[0]);

    if (rc == 0)
        rc = mesh__hash_policy(making->rule, making->subset,
                               making->port->number, arena, &out->hash[1]);
    return rc < 0 ? rc : mesh__balance(&from, out);
}

static int make(const struct making *making, struct mesh_destination *out)
{
    int rc;

    if (!fill_names_of(making, out))
        return MESH_ERR_NOMEM;
    out->port = making->port->number;
    out->protocol = making->port->protocol;
    out->mark = making->host->service->resource->mark;
    out->rule = making->rule->mark;
    mesh__compile_breakers(&out->breakers, making->blocks.connection_pool,
                           &making->compiler->world.settings);
    mesh__compile_stream_bounds(&out->breakers, making->rule->policy);
    mesh__compile_upstream(&out->upstream, making->port,
                           making->blocks.connection_pool,
                           &making->compiler->world.settings);
    fill_budget(&out->breakers, making->blocks.retry_budget);
    fill_outlier(&out->outlier, making->blocks.outlier_detection);
    rc = fill_tls(making, out);
    if (rc < 0)
        return rc;
    out->unresolved = making->waits;
    out->endpoints = mesh__endpoint_set_new();
    if (!out->endpoints)
        return MESH_ERR_NOMEM;
    rc = fill_endpoints(making, out->endpoints);
    if (rc == 0)
        fill_original(making, out);
    return rc < 0 ? rc : fill_balancing(making, out);
}

/* The part owns it from its birth, so that a half-made one is let go. */
static int add(struct making *making, const struct mesh_subset *subset)
{
    struct mesh_part *part = making->host->part;
    struct mesh_destination *out =
        mesh__arena_alloc(&part->arena, sizeof(*out));

    if (!out)
        return MESH_ERR_NOMEM;
    part->destinations[part->destination_count++] = out;
    making->subset = subset;
    making->blocks = mesh__blocks_of(
        making->rule, subset, making->port->number,
        &making->compiler->world.settings.config.default_policy);
    making->hidden =
        making->blocks.tls
            ? NULL
            : mesh__tls_hidden(making->rule, subset, making->port->number);
    return make(making, out);
}

static int find_behind(struct making *making)
{
    struct mesh__compiler *compiler = making->compiler;
    size_t count = 0;
    int rc = 0;

    for (const struct mesh__service *one = mesh__host_eldest(making->host); one;
         one = one->twin)
        count++;
    making->behind =
        mesh__arena_array(&compiler->arena, count, sizeof(*making->behind));
    if (!making->behind)
        return MESH_ERR_NOMEM;
    for (const struct mesh__service *one = mesh__host_eldest(making->host);
         rc == 0 && one; one = one->twin) {
        struct mesh__behind *behind = &making->behind[making->behind_count++];
        bool waits = false;

        rc = mesh__world_behind(&compiler->world, one, behind);
        if (rc == 0)
            rc = mesh__expand_names(compiler, one, behind, &waits);
        making->waits = making->waits || waits;
    }
    return rc;
}

int mesh__compile_destinations(struct mesh__compiler *compiler,
                               const struct mesh__host *host)
{
    const struct mesh__service *service = host->service;
    struct mesh_part *part = host->part;
    struct mesh__merged rule;
    struct making making = { .compiler = compiler,
                             .host = host,
                             .rule = &rule };
    int rc =
        mesh__rules_find(&compiler->rules, &compiler->arena, &compiler->asker,
                         host->host, service->namespace_, &rule);

    if (rc == 0)
        rc = find_behind(&making);
    if (rc < 0)
        return rc;
    part->destinations = mesh__arena_array(
        &part->arena, service->port_count * (1 + rule.subset_count),
        sizeof(*part->destinations));
    if (!part->destinations)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < service->port_count; i++) {
        making.port = &service->ports[i];
        rc = add(&making, NULL);
        for (size_t j = 0; rc == 0 && j < rule.subset_count; j++)
            rc = add(&making, rule.subsets[j]);
        if (rc < 0)
            return rc;
    }
    return 0;
}
