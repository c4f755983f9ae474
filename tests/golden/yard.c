/*
 * yard.c - policies as text, and what they compile to as lines of text.
 */
#include "yard.h"

#include "base/error.h"
#include "base/text.h"
#include "schema/schema.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { YARD_BYTES = 64 * 1024 * 1024 };

/* --- resources in --- */

void yard_init(struct yard *yard)
{
    mesh__diagnostics_init(&yard->diagnostics);
    mesh__arena_init(&yard->arena, YARD_BYTES);
    assert_int_equal(mesh__collection_new(&yard->all), 0);
}

void yard_fini(struct yard *yard)
{
    mesh__collection_unref(yard->all);
    mesh__diagnostics_fini(&yard->diagnostics);
    mesh__arena_fini(&yard->arena);
}

void yard_add(struct yard *yard, const char *name, struct mesh_slice text)
{
    struct mesh_policy_limits limits = mesh__policy_limits;

    assert_int_equal(mesh__collection_add(yard->all, name, text, &limits,
                                          &yard->diagnostics),
                     0);
}

static bool word(struct mesh_slice text, const char *key,
                 struct mesh_slice *value)
{
    size_t len = strlen(key);

    if (!mesh__slice_starts(text, mesh__slice(key, len)))
        return false;
    *value = mesh__slice(text.at + len, text.len - len);
    return true;
}

static void read_word(struct yard *yard, struct mesh_slice text,
                      struct mesh_whoami *out)
{
    struct mesh_slice labels;

    if (word(text, "ns=", &out->namespace_) ||
        word(text, "sa=", &out->service_account) ||
        word(text, "td=", &out->trust_domain) ||
        word(text, "address=", &out->address) ||
        word(text, "locality=", &out->locality))
        return;
    assert_true(word(text, "labels=", &labels));
    out->labels_set = true;
    if (labels.len)
        assert_int_equal(mesh__labels_parse(&out->labels, &yard->arena, labels),
                         0);
}

struct mesh_whoami yard_whoami(struct yard *yard, const char *words)
{
    struct mesh_whoami whoami = { 0 };
    const char *at = mesh__arena_strdup(&yard->arena, words);

    assert_non_null(at);
    while (*at) {
        size_t len = strcspn(at, " ");

        if (len)
            read_word(yard, mesh__slice(at, len), &whoami);
        at += len + (at[len] == ' ');
    }
    return whoami;
}

/* --- lines out --- */

#define SAY(...) assert_int_equal(mesh__buffer_format(__VA_ARGS__), 0)

static const char *const protocols[] = { "auto", "http", "http2", "tcp" };
static const char *const balancers[] = { "least-request", "round-robin",
                                         "random", "ring", "maglev" };
static const char *const tls_modes[] = { "auto", "off", "mesh", "simple",
                                         "mutual" };
static const char *const mtls_modes[] = { "permissive", "strict", "disable" };
static const char *const path_modes[] = { "base", "none", "merge-slashes",
                                          "decode-and-merge-slashes" };

static void say_labels(struct mesh_buffer *out,
                       const struct mesh_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++)
        SAY(out, "%s%.*s=%.*s", i ? "," : "", (int)labels->items[i].key.len,
            labels->items[i].key.at, (int)labels->items[i].value.len,
            labels->items[i].value.at);
}

static void say_mark(const struct mesh_snapshot *snapshot,
                     struct mesh_buffer *out, struct mesh_mark mark)
{
    char text[256];

    mesh__mark_print(snapshot, mark, text, sizeof(text));
    SAY(out, " @ %s\n", text[0] ? text : "-");
}

/* A line about who said something; none where nobody did. */
static void say_place(const struct mesh_snapshot *snapshot,
                      struct mesh_buffer *out, const char *what,
                      struct mesh_mark mark)
{
    if (mark.line == 0)
        return;
    SAY(out, "%s", what);
    say_mark(snapshot, out, mark);
}

static void say_threshold(struct mesh_buffer *out, const char *name,
                          uint32_t value)
{
    if (value == (uint32_t)MESH__UNLIMITED)
        SAY(out, " %s=-", name);
    else
        SAY(out, " %s=%u", name, (unsigned)value);
}

static void say_ms(struct mesh_buffer *out, const char *name, uint64_t ns)
{
    SAY(out, " %s=%llums", name, (unsigned long long)(ns / 1000000));
}

static void dump_self(const struct mesh_snapshot *snapshot,
                      struct mesh_buffer *out)
{
    const struct mesh_self *self = &snapshot->self;
    const struct mesh_telemetry_policy *telemetry = &snapshot->telemetry;

    SAY(out, "self %s/%s account=%s domain=%s address=%s locality=%s labels=",
        self->namespace_, self->name, self->service_account, self->trust_domain,
        self->address, self->locality);
    if (self->labels_known)
        say_labels(out, &self->labels);
    else
        SAY(out, "?");
    SAY(out, "\ntrust");
    for (size_t i = 0; i < snapshot->trust_domain_count; i++)
        SAY(out, " %s", snapshot->trust_domains[i]);
    SAY(out, "\nunknown hosts: %s\npaths: %s\n",
        snapshot->registry_only ? "refused" : "let through",
        path_modes[snapshot->path_mode]);
    say_place(snapshot, out, "sidecar", snapshot->sidecar);
    say_place(snapshot, out, "outbound", snapshot->outbound);
    SAY(out, "tracing: %s, %u in 10000\n", telemetry->tracing ? "on" : "off",
        (unsigned)telemetry->sampling_per_10k);
    SAY(out, "access log: %s '%s' %s %s\n",
        telemetry->access_log ? "on" : "off", telemetry->access_log_file,
        telemetry->access_log_json ? "json" : "text",
        telemetry->access_log_format ? telemetry->access_log_format
                                     : "default");
}

static int compare_entries(const void *a, const void *b)
{
    const struct mesh_map_entry *const *left = a;
    const struct mesh_map_entry *const *right = b;

    return strcmp((*left)->key.at, (*right)->key.at);
}

static void dump_domains(const struct mesh_snapshot *snapshot,
                         struct mesh_buffer *out)
{
    struct mesh_map_entry *sorted[1024];
    struct mesh_map_entry *entry;
    size_t count = 0;
    size_t at = 0;

    while ((entry = mesh__map_next(&snapshot->exact, &at)) != NULL) {
        assert_true(count < sizeof(sorted) / sizeof(*sorted));
        sorted[count++] = entry;
    }
    if (count > 1)
        qsort(sorted, count, sizeof(struct mesh_map_entry *), compare_entries);
    for (size_t i = 0; i < count; i++)
        SAY(out, "domain %s -> %s\n", sorted[i]->key.at,
            ((const struct mesh_part *)sorted[i]->value)->host);
}

static void dump_pool(const struct mesh_snapshot *snapshot,
                      const struct mesh_destination *destination,
                      struct mesh_buffer *out)
{
    const struct mesh_breaker_policy *pool = &destination->breakers;

    SAY(out, "  pool %s:", destination->name);
    say_threshold(out, "connections", pool->max_connections);
    say_threshold(out, "pending", pool->max_pending);
    say_threshold(out, "requests", pool->max_requests);
    say_threshold(out, "retries", pool->max_retries);
    SAY(out, " per-connection=%u", (unsigned)pool->max_requests_per_connection);
    say_ms(out, "connect", pool->connect_timeout_ns);
    say_ms(out, "idle", pool->idle_timeout_ns);
    say_ms(out, "age", pool->max_connection_ns);
    say_mark(snapshot, out, pool->mark);
}

static void dump_outlier(const struct mesh_snapshot *snapshot,
                         const struct mesh_destination *destination,
                         struct mesh_buffer *out)
{
    const struct mesh_outlier_policy *outlier = &destination->outlier;

    if (!outlier->enabled)
        return;
    SAY(out, "  outlier %s: 5xx=%u gateway=%u local=%u%s", destination->name,
        (unsigned)outlier->consecutive_5xx,
        (unsigned)outlier->consecutive_gateway,
        (unsigned)outlier->consecutive_local_origin,
        outlier->split_local_origin ? " split" : "");
    say_ms(out, "interval", outlier->interval_ns);
    say_ms(out, "base", outlier->base_ejection_ns);
    say_ms(out, "most", outlier->max_ejection_ns);
    SAY(out, " percent=%u health=%u", (unsigned)outlier->max_ejection_percent,
        (unsigned)outlier->min_health_percent);
    say_mark(snapshot, out, outlier->mark);
}

static void dump_tls(const struct mesh_destination *destination,
                     struct mesh_buffer *out)
{
    SAY(out, "  tls %s: %s sni=%s\n", destination->name,
        tls_modes[destination->tls.mode], destination->tls.sni);
    for (size_t i = 0; i < destination->tls.name_count; i++)
        SAY(out, "  name %s: %s\n", destination->name,
            destination->tls.names[i]);
}

static void dump_endpoints(const struct mesh_destination *destination,
                           struct mesh_buffer *out)
{
    const struct mesh_endpoint_set *set = destination->endpoints;

    for (size_t i = 0; i < set->count; i++) {
        const struct mesh_endpoint *endpoint = &set->endpoints[i];

        SAY(out, "  endpoint %s: %s %s/%s %s weight=%u id=%s locality=%s ",
            destination->name, endpoint->text, endpoint->namespace_,
            endpoint->workload, endpoint->mesh_tls ? "mtls" : "plain",
            (unsigned)endpoint->weight,
            endpoint->spiffe ? endpoint->spiffe : "?", endpoint->locality);
        say_labels(out, &endpoint->labels);
        SAY(out, "\n");
    }
    if (set->count)
        SAY(out, "  weight %s: %u%s\n", destination->name,
            (unsigned)set->total_weight, set->equal_weights ? " equal" : "");
}

static void say_hash(struct mesh_buffer *out,
                     const struct mesh_hash_policy *hash)
{
    static const char *const sources[] = { "nothing", "header", "cookie",
                                           "source", "query" };

    SAY(out, " %s:%s%s", sources[hash->source], hash->name,
        hash->tail ? hash->tail : "");
}

/* Only what is not as it is where no rule speaks. */
static void dump_balancing(const struct mesh_destination *destination,
                           struct mesh_buffer *out)
{
    const struct mesh_endpoint_set *set = destination->endpoints;
    const struct mesh_breaker_policy *pool = &destination->breakers;

    if (destination->warmup.window_ns)
        SAY(out, "  warmup %s: %llums exponent=%.3f least=%.3f\n",
            destination->name,
            (unsigned long long)(destination->warmup.window_ns / 1000000),
            destination->warmup.exponent, destination->warmup.least);
    if (pool->retry_budget)
        SAY(out, "  budget %s: %.1f%% at least %u", destination->name,
            pool->budget_percent, (unsigned)pool->budget_retries);
    if (pool->budget_interval_ns)
        SAY(out, " in %llums",
            (unsigned long long)(pool->budget_interval_ns / 1000000));
    if (pool->retry_budget)
        SAY(out, "\n");
    if (pool->keepalive.on)
        SAY(out, "  keepalive %s: idle=%u interval=%u probes=%u\n",
            destination->name, (unsigned)pool->keepalive.idle_s,
            (unsigned)pool->keepalive.interval_s,
            (unsigned)pool->keepalive.probes);
    for (size_t i = 0; i < 2; i++)
        if (destination->hash[i]) {
            SAY(out, "  hash%s %s:", i ? "-port" : "", destination->name);
            say_hash(out, destination->hash[i]);
            SAY(out, "\n");
        }
    for (size_t i = 0; set->priorities && i < set->priority_count; i++) {
        const struct mesh_priority *one = &set->priorities[i];

        if (one->ring.room || one->table.size)
            SAY(out, "  places %s %zu: %zu\n", destination->name, i,
                one->table.size ? one->table.size
                                : atomic_load(&one->ring.count));
        if (set->priority_count == 1 && !set->by_locality)
            continue;
        SAY(out, "  priority %s %zu:", destination->name, i);
        for (size_t g = 0; g < one->group_count; g++) {
            const struct mesh_endpoint_group *group =
                &set->groups[one->first_group + g];

            if (set->by_locality)
                SAY(out, " %s*%u", set->endpoints[group->first].locality,
                    (unsigned)group->weight);
            for (size_t e = 0; e < group->count; e++)
                SAY(out, " %s", set->endpoints[group->first + e].workload);
        }
        SAY(out, "\n");
    }
}

static void dump_destination(const struct mesh_snapshot *snapshot,
                             const struct mesh_destination *destination,
                             struct mesh_buffer *out)
{
    SAY(out, "destination %s %s/%s %s %s", destination->name,
        destination->namespace_, destination->service,
        protocols[destination->protocol], balancers[destination->balancer]);
    say_mark(snapshot, out, destination->mark);
    dump_pool(snapshot, destination, out);
    dump_outlier(snapshot, destination, out);
    dump_tls(destination, out);
    dump_endpoints(destination, out);
    dump_balancing(destination, out);
}

static void say_match(struct mesh_buffer *out, const char *what,
                      const struct mesh_match *match)
{
    char text[256];

    mesh__match_print(match, text, sizeof(text));
    SAY(out, " %s %s;", what, text);
}

static void say_named(struct mesh_buffer *out, const char *kind,
                      const struct mesh_named_matcher *matchers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        SAY(out, " %s%s%s", matchers[i].invert ? "not " : "", kind,
            matchers[i].missing_is_empty ? " (or empty)" : "");
        say_match(out, matchers[i].name, &matchers[i].match);
    }
}

static void say_entry(struct mesh_buffer *out,
                      const struct mesh_match_entry *entry)
{
    if (!entry) {
        SAY(out, " any");
        return;
    }
    if (entry->has_uri)
        say_match(out, "uri", &entry->uri);
    if (entry->has_scheme)
        say_match(out, "scheme", &entry->scheme);
    if (entry->has_method)
        say_match(out, "method", &entry->method);
    if (entry->has_authority)
        say_match(out, "authority", &entry->authority);
    say_named(out, "header", entry->headers, entry->header_count);
    say_named(out, "query", entry->query, entry->query_count);
}

static void say_retry(struct mesh_buffer *out,
                      const struct mesh_retry_policy *retry)
{
    SAY(out, " retry on=%x attempts=%u per-try=%llums picks=%u",
        (unsigned)retry->on, (unsigned)retry->attempts,
        (unsigned long long)(retry->per_try_ns / 1000000),
        (unsigned)retry->host_picks);
    for (size_t i = 0; i < retry->code_count; i++)
        SAY(out, "%s%u", i ? "," : " codes=", (unsigned)retry->codes[i]);
    if (retry->attempts && retry->base_ns != 25000000)
        SAY(out, " base=%llums most=%llums",
            (unsigned long long)(retry->base_ns / 1000000),
            (unsigned long long)(retry->max_ns / 1000000));
    if (retry->leave_priorities)
        SAY(out, " leaves");
}

static void dump_rule(const struct mesh_snapshot *snapshot,
                      const struct mesh_virtual_host *host, size_t index,
                      struct mesh_buffer *out)
{
    const struct mesh_route_rule *rule = &host->rules[index];

    SAY(out, "  rule %s %zu '%s':", host->name, index, rule->name);
    say_entry(out, rule->entry);
    SAY(out, " ->");
    for (size_t i = 0; i < rule->arm_count; i++)
        SAY(out, " %s*%u",
            rule->arms[i].destination ? rule->arms[i].destination->name
                                      : rule->arms[i].missing,
            (unsigned)rule->arms[i].weight);
    say_ms(out, "timeout", rule->timeout_ns);
    say_retry(out, &rule->retry);
    for (size_t i = 0; i < rule->hash_count; i++) {
        SAY(out, " hash");
        say_hash(out, rule->hashes[i]);
    }
    say_mark(snapshot, out, rule->mark);
    yard_say_acts(host, index, out);
}

static void dump_stream(const struct mesh_snapshot *snapshot,
                        const struct mesh_stream_host *host, size_t index,
                        struct mesh_buffer *out)
{
    const struct mesh_stream_rule *rule = &host->rules[index];

    SAY(out, "  stream %s %zu '%s':", host->name, index, rule->name);
    for (size_t i = 0; i < rule->subnet_count; i++) {
        char text[MESH__ADDRESS_TEXT];

        mesh__address_print_ip(&rule->subnets[i].base, text);
        SAY(out, " %s/%u", text, (unsigned)rule->subnets[i].prefix_bits);
    }
    for (size_t i = 0; i < rule->server_name_count; i++)
        SAY(out, " %s", rule->server_names[i]);
    SAY(out, " ->");
    for (size_t i = 0; i < rule->arm_count; i++)
        SAY(out, " %s*%u",
            rule->arms[i].destination ? rule->arms[i].destination->name
                                      : rule->arms[i].missing,
            (unsigned)rule->arms[i].weight);
    say_mark(snapshot, out, rule->mark);
}

/* Streams whose only rule leads to their own service say nothing. */
static void dump_streams(const struct mesh_snapshot *snapshot,
                         const struct mesh_part *part, struct mesh_buffer *out)
{
    for (size_t i = 0; i < part->stream_count; i++) {
        const struct mesh_stream_host *host = &part->streams[i];

        if (host->rule_count == 1 &&
            strcmp(host->rules[0].name, "default") == 0)
            continue;
        for (size_t j = 0; j < host->rule_count; j++)
            dump_stream(snapshot, host, j, out);
    }
}

static void dump_part(const struct mesh_snapshot *snapshot,
                      const struct mesh_part *part, struct mesh_buffer *out)
{
    for (size_t i = 0; i < part->destination_count; i++)
        dump_destination(snapshot, part->destinations[i], out);
    for (size_t i = 0; i < part->port_count; i++) {
        SAY(out, "host %s%s", part->virtual_hosts[i].name,
            part->virtual_hosts[i].only_own_name ? " by this name" : "");
        say_mark(snapshot, out, part->virtual_hosts[i].mark);
        for (size_t j = 0; j < part->virtual_hosts[i].rule_count; j++)
            dump_rule(snapshot, &part->virtual_hosts[i], j, out);
    }
    dump_streams(snapshot, part, out);
    for (size_t i = 0; i < part->other_count; i++)
        SAY(out, "  refers %s -> %s\n", part->host, part->others[i]->host);
}

static void dump_inbound(const struct mesh_snapshot *snapshot,
                         struct mesh_buffer *out)
{
    for (size_t i = 0; i < snapshot->inbound_count; i++) {
        const struct mesh_inbound *inbound = &snapshot->inbound[i];

        SAY(out, "inbound %u %s %s %s:%u", (unsigned)inbound->port,
            protocols[inbound->protocol], mtls_modes[inbound->mtls],
            inbound->service, (unsigned)inbound->service_port);
        say_mark(snapshot, out, inbound->mark);
    }
}

static void say_values(struct mesh_buffer *out, const char *word_,
                       const struct mesh_authz_condition *condition,
                       const struct mesh_authz_value *values, size_t count)
{
    char text[256];

    for (size_t i = 0; i < count; i++) {
        SAY(out, "%s", i ? " |" : word_);
        if (values[i].is_template)
            SAY(out, " template:%s", values[i].match.text.at);
        else if (condition->attribute == MESH__A_PORT)
            SAY(out, " %u", (unsigned)values[i].port);
        else if (condition->attribute == MESH__A_SOURCE_IP ||
                 condition->attribute == MESH__A_REMOTE_IP ||
                 condition->attribute == MESH__A_DESTINATION_IP)
            SAY(out, " bits:%u", (unsigned)values[i].cidr.prefix_bits);
        else {
            mesh__match_print(&values[i].match, text, sizeof(text));
            SAY(out, " %s", text);
        }
    }
}

static void dump_group(const struct mesh_authz_group *group,
                       struct mesh_buffer *out)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct mesh_authz_condition *condition = &group->conditions[i];

        SAY(out, "    %s%s%s%s:", condition->path, condition->header ? " " : "",
            condition->header ? condition->header : "",
            condition->http_only ? " http" : "");
        say_values(out, " is", condition, condition->values,
                   condition->value_count);
        say_values(out, " not", condition, condition->not_values,
                   condition->not_value_count);
        SAY(out, "\n");
    }
}

static void dump_policies(const struct mesh_snapshot *snapshot,
                          const char *action,
                          const struct mesh_authz_policy *policies,
                          size_t count, struct mesh_buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct mesh_authz_policy *policy = &policies[i];

        SAY(out, "authz %s %s/%s rules=%zu%s", action, policy->namespace_,
            policy->name, policy->rule_count,
            policy->dry_run ? " dry-run" : "");
        say_mark(snapshot, out, policy->mark);
        for (size_t j = 0; j < policy->rule_count; j++) {
            const struct mesh_authz_rule *rule = &policy->rules[j];

            for (size_t k = 0; k < rule->from_count; k++)
                dump_group(&rule->from[k], out);
            for (size_t k = 0; k < rule->to_count; k++)
                dump_group(&rule->to[k], out);
            dump_group(&rule->when, out);
        }
    }
}

void yard_dump(const struct mesh_snapshot *snapshot, struct mesh_buffer *out)
{
    mesh__buffer_init(out, YARD_BYTES);
    dump_self(snapshot, out);
    dump_domains(snapshot, out);
    for (size_t i = 0; i < snapshot->part_count; i++)
        dump_part(snapshot, snapshot->parts[i], out);
    dump_inbound(snapshot, out);
    dump_policies(snapshot, "deny", snapshot->authz.deny,
                  snapshot->authz.deny_count, out);
    dump_policies(snapshot, "allow", snapshot->authz.allow,
                  snapshot->authz.allow_count, out);
    assert_int_equal(mesh__buffer_append(out, "", 1), 0);
}

void yard_findings(const struct mesh_diagnostics *diagnostics,
                   struct mesh_buffer *out)
{
    char line[1024];

    mesh__buffer_init(out, YARD_BYTES);
    for (size_t i = 0; i < diagnostics->count; i++) {
        mesh__finding_print(&diagnostics->findings[i], line, sizeof(line));
        SAY(out, "%s\n", line);
    }
    assert_int_equal(mesh__buffer_append(out, "", 1), 0);
}

bool yard_has_line(const char *text, const char *line)
{
    size_t wanted = strlen(line);

    while (*text) {
        size_t len;

        text += strspn(text, " ");
        len = strcspn(text, "\n");
        if (len == wanted && memcmp(text, line, len) == 0)
            return true;
        text += len + (text[len] == '\n');
    }
    return false;
}

/* --- claims --- */

/* Is every line there that should be, and none that should not? */
static bool lines_hold(const char *text, const char *lines)
{
    while (*lines) {
        size_t len = strcspn(lines, "\n");
        bool wanted = *lines != '!';
        char line[1024];
        struct mesh_text copy;

        mesh__text_init(&copy, line, sizeof(line));
        mesh__text_add(&copy, mesh__slice(lines + !wanted, len - !wanted));
        assert_false(copy.cut);
        if (wanted ? !yard_has_line(text, line) : strstr(text, line) != NULL) {
            print_error("line: %s\n", line);
            return false;
        }
        lines += len + (lines[len] == '\n');
    }
    return true;
}

/* cmocka cuts what is printed at once. */
static void print_lines(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        print_error("%.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static void load(struct yard *yard, const char *base, const char *yaml)
{
    struct mesh_buffer findings;
    size_t bad;

    yard_init(yard);
    yard_add(yard, "base.yaml", mesh__slice_of(base));
    if (yaml)
        yard_add(yard, "row.yaml", mesh__slice_of(yaml));
    bad = yard->diagnostics.by_severity[MESH__ERROR] +
          yard->diagnostics.by_severity[MESH__REFUSED];
    if (bad) {
        yard_findings(&yard->diagnostics, &findings);
        print_lines(mesh__buffer_data(&findings));
        mesh__buffer_fini(&findings);
    }
    assert_int_equal(bad, 0);
}

static bool refusal_holds(int rc, const struct mesh_snapshot *snapshot,
                          const char *refusal)
{
    print_message("  %s\n", mesh__error_line());
    return rc < 0 && !snapshot && strstr(mesh__error_line(), refusal);
}

/* What is expected to be said, or NULL when nothing is to be refused. */
static const char *refusal_of(const struct yard_row *row)
{
    static const char lead[] = "refused: ";
    size_t len = sizeof(lead) - 1;

    return strncmp(row->lines, lead, len) == 0 ? row->lines + len : NULL;
}

static bool row_holds(const char *base, const struct yard_row *row)
{
    const char *refusal = refusal_of(row);
    struct mesh_snapshot *snapshot = NULL;
    struct mesh_whoami whoami;
    struct mesh_buffer dump;
    struct yard yard;
    bool holds;
    int rc;

    load(&yard, base, row->yaml);
    whoami = yard_whoami(&yard, row->who);
    rc = mesh__policy_compile(yard.all, &whoami, NULL, 1, &snapshot);
    if (refusal) {
        holds = refusal_holds(rc, snapshot, refusal);
    } else {
        assert_int_equal(rc, 0);
        yard_dump(snapshot, &dump);
        holds = lines_hold(mesh__buffer_data(&dump), row->lines);
        if (!holds)
            print_lines(mesh__buffer_data(&dump));
        mesh__buffer_fini(&dump);
    }
    mesh__snapshot_unref(snapshot);
    yard_fini(&yard);
    mesh__error_clear();
    return holds;
}

void yard_check(const char *base, const struct yard_row *rows, size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        if (row_holds(base, &rows[i]))
            continue;
        print_error("FAILED: %s\n", rows[i].claim);
        failed++;
    }
    assert_int_equal(failed, 0);
}

static bool findings_hold(const char *base, const struct yard_row *row)
{
    struct mesh_buffer text;
    struct yard yard;
    bool holds;

    load(&yard, base, row->yaml);
    assert_int_equal(mesh__policy_judge(yard.all, &yard.diagnostics), 0);
    mesh__diagnostics_sort(&yard.diagnostics);
    yard_findings(&yard.diagnostics, &text);
    holds = lines_hold(mesh__buffer_data(&text), row->lines);
    if (!holds)
        print_lines(mesh__buffer_data(&text));
    mesh__buffer_fini(&text);
    yard_fini(&yard);
    return holds;
}

void yard_check_findings(const char *base, const struct yard_row *rows,
                         size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        if (findings_hold(base, &rows[i]))
            continue;
        print_error("FAILED: %s\n", rows[i].claim);
        failed++;
    }
    assert_int_equal(failed, 0);
}
