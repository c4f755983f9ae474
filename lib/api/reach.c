/*
 * reach.c - how a destination is reached: its balancer, endpoints, TLS,
 * connection pool and outlier detection, as JSON and for people.
 *
 * What is not limited is null in JSON and has no words in the text.
 */
#include "api/reach.h"

#include "base/text.h"
#include "traffic/outlier.h"
#include "value/duration.h"

#include <stdio.h>

enum { LINE_BYTES = 1024 };

static const char *const balancers[] = {
    [MESH__LEAST_REQUEST] = "least_request",
    [MESH__ROUND_ROBIN] = "round_robin",
    [MESH__RANDOM] = "random",
    [MESH__RING_HASH] = "ring_hash",
    [MESH__MAGLEV] = "maglev",
};

static const char *const modes[] = {
    [MESH__TLS_AUTO] = "auto",         [MESH__TLS_OFF] = "disable",
    [MESH__TLS_MESH] = "istio_mutual", [MESH__TLS_SIMPLE] = "simple",
    [MESH__TLS_MUTUAL] = "mutual",
};

static unsigned long long ms_of(uint64_t ns)
{
    return (unsigned long long)(ns / MESH__MS);
}

/* The priority that an endpoint stands in. */
static size_t priority_of(const struct mesh_endpoint_set *set, size_t index)
{
    for (size_t i = 0; i < set->priority_count; i++)
        if (index >= set->priorities[i].first &&
            index - set->priorities[i].first < set->priorities[i].count)
            return i;
    return 0;
}

/* Of a connection that is kept for requests, or of a stream. */
static uint64_t idle_ns(const struct mesh_reach *reach)
{
    const struct mesh_breaker_policy *pool = &reach->destination->breakers;

    return reach->is_stream ? pool->stream_idle_ns : pool->idle_timeout_ns;
}

static uint64_t most_ns(const struct mesh_reach *reach)
{
    const struct mesh_breaker_policy *pool = &reach->destination->breakers;

    return reach->is_stream ? pool->stream_most_ns : pool->max_connection_ns;
}

/* --- JSON --- */

static void number_or_null(struct mesh_json *json, const char *key, bool is_set,
                           uint64_t value)
{
    if (is_set)
        mesh__json_number(json, key, (int64_t)value);
    else
        mesh__json_null(json, key);
}

void mesh__reach_where(const struct mesh_snapshot *snapshot,
                       struct mesh_mark mark, struct mesh_json *json)
{
    const struct mesh_resource *resource;
    const char *file;

    if (!mesh__mark_resource(snapshot, mark, &resource, &file)) {
        mesh__json_null(json, "file");
        mesh__json_null(json, "line");
        return;
    }
    mesh__json_text(json, "file", file);
    mesh__json_number(json, "line", mesh__line_of(resource, mark));
}

void mesh__reach_balancing(const struct mesh_reach *reach,
                           struct mesh_json *json)
{
    const struct mesh_destination *destination = reach->destination;
    const struct mesh_warmup_policy *warmup = &destination->warmup;

    mesh__json_text(json, "balancer", balancers[destination->balancer]);
    number_or_null(json, "ring_size", destination->balancer == MESH__RING_HASH,
                   destination->ring_least);
    if (warmup->window_ns == 0) {
        mesh__json_null(json, "warmup");
        return;
    }
    mesh__json_open(json, "warmup", '{');
    mesh__json_number(json, "duration_ms", (int64_t)ms_of(warmup->window_ns));
    mesh__json_real(json, "minimum_percent", warmup->least * 100);
    mesh__json_real(json, "aggression", 1 / warmup->exponent);
    mesh__json_close(json, '}');
}

static void labels_json(struct mesh_json *json,
                        const struct mesh_endpoint *endpoint)
{
    char key[256];

    mesh__json_open(json, "labels", '{');
    for (size_t i = 0; i < endpoint->labels.count; i++) {
        const struct mesh_label *label = &endpoint->labels.items[i];

        (void)snprintf(key, sizeof(key), "%.*s", (int)label->key.len,
                       label->key.at);
        mesh__json_string(json, key, label->value);
    }
    mesh__json_close(json, '}');
}

void mesh__reach_endpoints(const struct mesh_reach *reach,
                           struct mesh_json *json)
{
    const struct mesh_destination *destination = reach->destination;
    char ip[MESH__ADDRESS_TEXT];

    mesh__json_open(json, "endpoints", '[');
    for (size_t i = 0; destination && i < destination->endpoints->count; i++) {
        const struct mesh_endpoint *endpoint =
            &destination->endpoints->endpoints[i];

        mesh__address_print_ip(&endpoint->address, ip);
        mesh__json_open(json, NULL, '{');
        mesh__json_text(json, "address", ip);
        mesh__json_number(json, "port", endpoint->address.port);
        mesh__json_text(json, "workload", endpoint->workload);
        mesh__json_text(json, "principal", endpoint->spiffe);
        mesh__json_bool(json, "mtls", endpoint->mesh_tls);
        mesh__json_text(json, "locality",
                        endpoint->locality[0] ? endpoint->locality : NULL);
        mesh__json_number(json, "weight", endpoint->weight);
        mesh__json_number(json, "priority",
                          (int64_t)priority_of(destination->endpoints, i));
        mesh__json_bool(json, "picked", endpoint == reach->picked);
        labels_json(json, endpoint);
        mesh__json_close(json, '}');
    }
    mesh__json_close(json, ']');
}

static void tls_json(const struct mesh_reach *reach, struct mesh_json *json)
{
    const struct mesh_destination_tls *tls = &reach->destination->tls;
    bool is_outside =
        tls->mode == MESH__TLS_SIMPLE || tls->mode == MESH__TLS_MUTUAL;

    mesh__json_open(json, "tls", '{');
    mesh__json_text(json, "mode", modes[tls->mode]);
    mesh__json_text(json, "sni", tls->sni);
    mesh__json_open(json, is_outside ? "names" : "principals", '[');
    for (size_t i = 0; i < tls->name_count; i++)
        mesh__json_text(json, NULL, tls->names[i]);
    mesh__json_close(json, ']');
    if (is_outside) {
        mesh__json_text(json, "roots", tls->roots[0] ? tls->roots : NULL);
        mesh__json_text(json, "chain", tls->chain[0] ? tls->chain : NULL);
        mesh__json_text(json, "key", tls->key[0] ? tls->key : NULL);
        mesh__json_bool(json, "verified", !tls->blind);
    }
    mesh__reach_where(reach->snapshot, tls->mark, json);
    mesh__json_close(json, '}');
}

/* "20 % retries, at least 3, of the requests of 10000 ms" */
static void budget_print(const struct mesh_breaker_policy *pool,
                         const char *what, char *out, size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    mesh__text_format(&text, "%g %%%s, at least %u", pool->budget_percent, what,
                      (unsigned)pool->budget_retries);
    if (pool->budget_interval_ns)
        mesh__text_format(&text, ", of the requests of %llu ms",
                          ms_of(pool->budget_interval_ns));
}

static void keepalive_json(const struct mesh_keepalive *keepalive,
                           struct mesh_json *json)
{
    if (!keepalive->on) {
        mesh__json_null(json, "tcp_keepalive");
        return;
    }
    mesh__json_open(json, "tcp_keepalive", '{');
    number_or_null(json, "time_ms", keepalive->idle_s != 0,
                   keepalive->idle_s * UINT64_C(1000));
    number_or_null(json, "interval_ms", keepalive->interval_s != 0,
                   keepalive->interval_s * UINT64_C(1000));
    number_or_null(json, "probes", keepalive->probes != 0, keepalive->probes);
    mesh__json_close(json, '}');
}

/* istiod writes the largest number of 31 or 32 bits where none is asked for. */
static bool limits_anything(uint32_t count)
{
    return count < INT32_MAX;
}

static const char *const upstreams[] = {
    [MESH__UPSTREAM_HTTP1] = "HTTP/1.1",
    [MESH__UPSTREAM_HTTP2] = "HTTP/2",
    [MESH__UPSTREAM_CALLERS] = "the caller's",
};

static void upstream_json(const struct mesh_upstream_policy *upstream,
                          struct mesh_json *json)
{
    mesh__json_text(json, "protocol", upstreams[upstream->protocol]);
    number_or_null(json, "max_concurrent_streams",
                   limits_anything(upstream->max_streams),
                   upstream->max_streams);
    if (upstream->ping_ns == 0) {
        mesh__json_null(json, "http2_keepalive");
        return;
    }
    mesh__json_open(json, "http2_keepalive", '{');
    mesh__json_number(json, "interval_ms", (int64_t)ms_of(upstream->ping_ns));
    mesh__json_number(json, "timeout_ms",
                      (int64_t)ms_of(upstream->ping_timeout_ns));
    mesh__json_close(json, '}');
}

static void pool_json(const struct mesh_reach *reach, struct mesh_json *json)
{
    const struct mesh_breaker_policy *pool = &reach->destination->breakers;
    char text[96];

    mesh__json_open(json, "connection_pool", '{');
    mesh__json_number(json, "max_connections", pool->max_connections);
    mesh__json_number(json, "max_pending_requests", pool->max_pending);
    mesh__json_number(json, "max_requests", pool->max_requests);
    mesh__json_number(json, "max_retries", pool->max_retries);
    if (pool->retry_budget) {
        budget_print(pool, "", text, sizeof(text));
        mesh__json_text(json, "retry_budget", text);
    }
    number_or_null(json, "max_requests_per_connection",
                   pool->max_requests_per_connection != 0,
                   pool->max_requests_per_connection);
    mesh__json_number(json, "connect_timeout_ms",
                      (int64_t)ms_of(pool->connect_timeout_ns));
    number_or_null(json, "idle_timeout_ms", idle_ns(reach) != 0,
                   ms_of(idle_ns(reach)));
    number_or_null(json, "max_connection_duration_ms", most_ns(reach) != 0,
                   ms_of(most_ns(reach)));
    keepalive_json(&pool->keepalive, json);
    upstream_json(&reach->destination->upstream, json);
    mesh__json_text(json, "scope", "this process");
    mesh__reach_where(reach->snapshot, pool->mark, json);
    mesh__json_close(json, '}');
}

/* --- words for both --- */

/* "3 5xx", or "2 gateway errors": what ejects, joined. */
static void ejecting(const struct mesh_outlier_policy *policy, char *out,
                     size_t size)
{
    const struct {
        uint32_t count;
        const char *what;
    } all[] = {
        { policy->consecutive_5xx, "5xx" },
        { policy->consecutive_gateway, "gateway errors" },
        { policy->split_local_origin ? policy->consecutive_local_origin : 0,
          "errors of the connection" },
    };
    size_t used = 0;

    (void)snprintf(out, size, "nothing");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        int len = all[i].count && used < size
                      ? snprintf(out + used, size - used, "%s%u %s",
                                 used ? " or " : "", (unsigned)all[i].count,
                                 all[i].what)
                      : 0;

        used += len > 0 ? (size_t)len : 0;
    }
}

/* What never happens is said; "" where there is no outlierDetection. */
static void outliers(const struct mesh_reach *reach, char *out, size_t size)
{
    const struct mesh_outlier_policy *policy = &reach->destination->outlier;
    size_t count = reach->destination->endpoints->count;
    char what[128];
    int len;

    out[0] = '\0';
    if (!policy->enabled)
        return;
    if (!mesh__outlier_can_eject(policy, count)) {
        (void)snprintf(out, size,
                       "outlierDetection can never eject an endpoint here: 1 "
                       "of %zu is over maxEjectionPercent %u",
                       count, (unsigned)policy->max_ejection_percent);
        return;
    }
    ejecting(policy, what, sizeof(what));
    len = snprintf(out, size,
                   "outlierDetection ejects after %s in a row, for %llu ms at "
                   "first and %llu ms at most, at most %u %% of %zu endpoints, "
                   "and looks every %llu ms",
                   what, ms_of(policy->base_ejection_ns),
                   ms_of(policy->max_ejection_ns),
                   (unsigned)policy->max_ejection_percent, count,
                   ms_of(policy->interval_ns));
    if (policy->min_health_percent && len > 0 && (size_t)len < size)
        (void)snprintf(out + len, size - (size_t)len,
                       "; when less than %u %% are left, all are taken",
                       (unsigned)policy->min_health_percent);
}

void mesh__reach_json(const struct mesh_reach *reach, struct mesh_json *json)
{
    char text[LINE_BYTES];

    if (!reach->destination) {
        mesh__json_null(json, "tls");
        mesh__json_null(json, "connection_pool");
        mesh__json_null(json, "outlier_detection");
        return;
    }
    tls_json(reach, json);
    pool_json(reach, json);
    outliers(reach, text, sizeof(text));
    mesh__json_text(json, "outlier_detection", text[0] ? text : NULL);
}

/* --- for people --- */

int mesh__reach_endpoints_text(const struct mesh_reach *reach,
                               struct mesh_buffer *out)
{
    const struct mesh_endpoint_set *set = reach->destination->endpoints;
    int rc = 0;

    if (reach->destination->original)
        return mesh__buffer_format(
            out, "  endpoint     the address that the caller dials\n");
    for (size_t i = 0; rc == 0 && i < set->count; i++) {
        const struct mesh_endpoint *endpoint = &set->endpoints[i];

        rc = mesh__buffer_format(
            out, "  endpoint %s%s%s%s%s", endpoint->text,
            endpoint->workload[0] ? " " : "", endpoint->workload,
            endpoint->locality[0] ? " in " : "", endpoint->locality);
        if (rc == 0 && !set->equal_weights)
            rc = mesh__buffer_format(out, ", weight %u",
                                     (unsigned)endpoint->weight);
        if (rc == 0 && set->priority_count > 1)
            rc =
                mesh__buffer_format(out, ", priority %zu", priority_of(set, i));
        if (rc == 0)
            rc = mesh__buffer_format(
                out, "%s\n", endpoint == reach->picked ? "  <- picked" : "");
    }
    return rc;
}

/* The end of a line: where it is written, unless it is nowhere. */
static int end_line(const struct mesh_reach *reach, struct mesh_mark mark,
                    struct mesh_buffer *out)
{
    char text[LINE_BYTES];

    mesh__mark_print(reach->snapshot, mark, text, sizeof(text));
    return mesh__buffer_format(out, "%s%s%s\n", text[0] ? "  [" : "", text,
                               text[0] ? "]" : "");
}

static int balancer_text(const struct mesh_reach *reach,
                         struct mesh_buffer *out)
{
    const struct mesh_destination *destination = reach->destination;
    const struct mesh_warmup_policy *warmup = &destination->warmup;
    int rc = mesh__buffer_format(out, "balancer     %s",
                                 balancers[destination->balancer]);

    if (rc == 0 && destination->balancer == MESH__RING_HASH)
        rc = mesh__buffer_format(out, " of at least %llu entries",
                                 (unsigned long long)destination->ring_least);
    if (rc == 0)
        rc = end_line(reach, destination->rule, out);
    if (rc == 0 && warmup->window_ns)
        rc = mesh__buffer_format(
            out, "warm-up      %llu ms, from %g %% on, aggression %g\n",
            ms_of(warmup->window_ns), warmup->least * 100,
            1 / warmup->exponent);
    return rc;
}

/* One limit of the pool, when it is one. */
static int limit_text(struct mesh_buffer *out, bool is_set, const char *what,
                      unsigned long long value, const char *unit)
{
    return is_set
               ? mesh__buffer_format(out, "  %-11s%llu%s\n", what, value, unit)
               : 0;
}

/* "after 100 s, every 7 s, at most 4 times": what the policy names. */
static int keepalive_text(const struct mesh_keepalive *keepalive,
                          struct mesh_buffer *out)
{
    char line[96];
    struct mesh_text text;

    if (!keepalive->on)
        return 0;
    mesh__text_init(&text, line, sizeof(line));
    if (keepalive->idle_s)
        mesh__text_format(&text, ", after %u s", (unsigned)keepalive->idle_s);
    if (keepalive->interval_s)
        mesh__text_format(&text, ", every %u s",
                          (unsigned)keepalive->interval_s);
    if (keepalive->probes)
        mesh__text_format(&text, ", at most %u times",
                          (unsigned)keepalive->probes);
    return mesh__buffer_format(out, "  keep-alive %s\n",
                               text.len ? line + 2 : "as the system has it");
}

/* Where it is not what is spoken: that HTTP/2 was asked for, and how much. */
static int upstream_text(const struct mesh_upstream_policy *upstream,
                         struct mesh_buffer *out)
{
    int rc;

    if (upstream->protocol != MESH__UPSTREAM_HTTP2)
        return 0;
    rc = mesh__buffer_format(out, "  protocol   HTTP/2, but HTTP/1.1 is "
                                  "spoken\n");
    return rc == 0 ? limit_text(out, limits_anything(upstream->max_streams),
                                "at most", upstream->max_streams,
                                " streams a connection of HTTP/2")
                   : rc;
}

static int pool_text(const struct mesh_reach *reach, struct mesh_buffer *out)
{
    const struct mesh_breaker_policy *pool = &reach->destination->breakers;
    const struct {
        bool is_set;
        const char *what;
        unsigned long long value;
        const char *unit;
    } limits[] = {
        { limits_anything(pool->max_connections), "at most",
          pool->max_connections, " connections" },
        { limits_anything(pool->max_pending), "at most", pool->max_pending,
          " requests that wait for one" },
        { limits_anything(pool->max_requests), "at most", pool->max_requests,
          " requests" },
        { !pool->retry_budget && limits_anything(pool->max_retries), "at most",
          pool->max_retries, " retries" },
        { pool->max_requests_per_connection != 0, "at most",
          pool->max_requests_per_connection, " requests a connection" },
        { idle_ns(reach) != 0, "idle for", ms_of(idle_ns(reach)), " ms" },
        { most_ns(reach) != 0, "open for", ms_of(most_ns(reach)), " ms" },
    };
    char text[96];
    int rc = mesh__buffer_format(out, "pool         connects in %llu ms",
                                 ms_of(pool->connect_timeout_ns));

    if (rc == 0)
        rc = end_line(reach, pool->mark, out);
    for (size_t i = 0; rc == 0 && i < sizeof(limits) / sizeof(limits[0]); i++)
        rc = limit_text(out, limits[i].is_set, limits[i].what, limits[i].value,
                        limits[i].unit);
    if (rc == 0 && pool->retry_budget) {
        budget_print(pool, " retries", text, sizeof(text));
        rc = mesh__buffer_format(out, "  budget     %s\n", text);
    }
    if (rc == 0)
        rc = keepalive_text(&pool->keepalive, out);
    return rc == 0 ? upstream_text(&reach->destination->upstream, out) : rc;
}

static int names_text(const struct mesh_destination_tls *tls,
                      struct mesh_buffer *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < tls->name_count; i++)
        rc = mesh__buffer_format(out, "  name       %s\n", tls->names[i]);
    return rc;
}

static int tls_text(const struct mesh_reach *reach, struct mesh_buffer *out)
{
    const struct mesh_destination_tls *tls = &reach->destination->tls;
    bool is_outside =
        tls->mode == MESH__TLS_SIMPLE || tls->mode == MESH__TLS_MUTUAL;
    int rc =
        mesh__buffer_format(out, "tls          %s%s%s%s", modes[tls->mode],
                            tls->sni && tls->sni[0] ? ", server name " : "",
                            tls->sni ? tls->sni : "",
                            is_outside && tls->blind ? ", not verified" : "");

    if (rc == 0)
        rc = end_line(reach, tls->mark, out);
    if (rc == 0)
        rc = names_text(tls, out);
    if (rc == 0 && is_outside && !tls->blind)
        rc = mesh__buffer_format(out, "  roots      %s\n",
                                 tls->roots[0] ? tls->roots : "the system's");
    if (rc == 0 && is_outside && tls->chain[0])
        rc = mesh__buffer_format(out, "  chain      %s\n", tls->chain);
    return rc;
}

int mesh__reach_text(const struct mesh_reach *reach, struct mesh_buffer *out)
{
    char text[LINE_BYTES];
    int rc = balancer_text(reach, out);

    if (rc == 0)
        rc = tls_text(reach, out);
    if (rc == 0)
        rc = pool_text(reach, out);
    outliers(reach, text, sizeof(text));
    if (rc < 0 || !text[0])
        return rc;
    rc = mesh__buffer_format(out, "outliers     %s", text);
    return rc < 0 ? rc : end_line(reach, reach->destination->outlier.mark, out);
}
