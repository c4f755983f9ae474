/*
 * stream.c - which rule a stream falls under, and which destination.
 *
 * The closest subnet, then the closest server name, then the order; one that
 * misses in the closest subnet is not looked for in a wider one, as Envoy
 * looks up filter chains. Knows neither time nor bytes.
 */
#include "traffic/stream.h"

#include "value/host.h"

/* Where the stream was meant to go, before any rule. */
struct aim {
    struct mesh_slice asked;     /* the name that was asked for */
    struct mesh_slice full;      /* and the service's own       */
    struct mesh_address address; /* family 0: not known         */
};

enum { MISS = -1, ANYWHERE = 0 };

/* --- how close --- */

/* Bits of the longest subnet that has the address, and one more. */
static int near_address(const struct mesh_stream_rule *rule,
                        const struct aim *aim)
{
    int best = MISS;

    if (rule->subnet_count == 0)
        return ANYWHERE;
    for (size_t i = 0; aim->address.family && i < rule->subnet_count; i++)
        if (mesh__cidr_contains(&rule->subnets[i], &aim->address) &&
            rule->subnets[i].prefix_bits + 1 > best)
            best = rule->subnets[i].prefix_bits + 1;
    return best;
}

/* An exact name is closer than any wildcard, a longer one than a shorter. */
static int near_one(const char *pattern, struct mesh_slice name)
{
    struct mesh_slice wanted = mesh__slice_of(pattern);

    if (!mesh__host_is_wildcard(wanted))
        return mesh__slice_equal_nocase(wanted, name) ? MESH__HOST_MAX + 1
                                                      : MISS;
    if (name.len < wanted.len - 1 ||
        !mesh__slice_equal_nocase(
            mesh__slice(wanted.at + 1, wanted.len - 1),
            mesh__slice(name.at + name.len - (wanted.len - 1), wanted.len - 1)))
        return MISS;
    return (int)wanted.len;
}

static int near_name(const struct mesh_stream_rule *rule, const struct aim *aim)
{
    int best = rule->server_name_count ? MISS : ANYWHERE;

    for (size_t i = 0; i < rule->server_name_count; i++) {
        int asked = near_one(rule->server_names[i], aim->asked);
        int full = near_one(rule->server_names[i], aim->full);

        best = asked > best ? asked : best;
        best = full > best ? full : best;
    }
    return best;
}

/* --- rules --- */

static int nearest_address(const struct mesh_stream_host *host,
                           const struct aim *aim)
{
    int best = MISS;

    for (size_t i = 0; i < host->rule_count; i++) {
        int near = near_address(&host->rules[i], aim);

        best = near > best ? near : best;
    }
    return best;
}

static void explain_rule(const struct mesh_stream_rule *rule,
                         const struct aim *aim, int address, int name,
                         int nearest, bool chosen, struct mesh__why *why)
{
    char text[MESH__ADDRESS_TEXT] = "an address that is not known";

    if (aim->address.family)
        mesh__address_print_ip(&aim->address, text);
    if (address == MISS)
        mesh__why_add(why, "stream", rule->name, false, rule->mark,
                      "no subnet of it has %s", text);
    else if (address < nearest)
        mesh__why_add(why, "stream", rule->name, false, rule->mark,
                      "another rule's subnet is closer to %s", text);
    else if (name == MISS && aim->asked.len == 0)
        mesh__why_add(why, "stream", rule->name, false, rule->mark,
                      "it asks for a server name, and there is none");
    else if (name == MISS)
        mesh__why_add(why, "stream", rule->name, false, rule->mark,
                      "no server name of it is %.*s", (int)aim->asked.len,
                      aim->asked.at);
    else
        mesh__why_add(why, "stream", rule->name, chosen, rule->mark, "%s",
                      chosen ? "nothing is closer"
                             : "another rule is closer, or stands before it");
}

/* What stood in front of a rule and was left out when it was compiled. */
static void explain_passed(const struct mesh_stream_host *host, size_t before,
                           struct mesh__why *why)
{
    for (const struct mesh_passed_over *one = host->passed; one;
         one = one->next)
        if (one->before == before)
            mesh__why_add(why, "stream", one->name, false, one->mark, "%s",
                          one->reason);
}

static void explain_rules(const struct mesh_stream_host *host,
                          const struct aim *aim, int nearest,
                          const struct mesh_stream_rule *found,
                          struct mesh__why *why)
{
    for (size_t i = 0; i < host->rule_count; i++) {
        const struct mesh_stream_rule *rule = &host->rules[i];

        explain_passed(host, i, why);
        explain_rule(rule, aim, near_address(rule, aim), near_name(rule, aim),
                     nearest, rule == found, why);
    }
    explain_passed(host, host->rule_count, why);
}

static const struct mesh_stream_rule *find_rule(
    const struct mesh_stream_host *host, const struct aim *aim,
    struct mesh__why *why)
{
    const struct mesh_stream_rule *found = NULL;
    int nearest = nearest_address(host, aim);
    int best = MISS;

    for (size_t i = 0; nearest != MISS && i < host->rule_count; i++) {
        const struct mesh_stream_rule *rule = &host->rules[i];
        int near = near_name(rule, aim);

        if (near_address(rule, aim) == nearest && near > best) {
            found = rule;
            best = near;
        }
    }
    if (why)
        explain_rules(host, aim, nearest, found, why);
    return found;
}

/* --- the whole --- */

static void explain_arm(const struct mesh_stream_choice *choice,
                        struct mesh__why *why)
{
    const struct mesh_arm *arm = choice->arm;

    if (!arm)
        mesh__why_add(why, "destination", "", false, choice->rule->mark,
                      "the rule has no destination with a weight");
    else if (!arm->destination)
        mesh__why_add(why, "destination", arm->missing ? arm->missing : "",
                      false, arm->mark, "there is no such destination");
    else if (choice->rule->arm_count == 1)
        mesh__why_add(why, "destination", arm->destination->name, true,
                      arm->mark, "the only one of its rule");
    else
        mesh__why_add(why, "destination", arm->destination->name, true,
                      arm->mark, "drawn by weight, %u of %llu",
                      (unsigned)arm->weight,
                      (unsigned long long)choice->rule->total_weight);
    if (arm && arm->destination && arm->destination->rule.line)
        mesh__why_add(why, "rule", "", true, arm->destination->rule,
                      "says how the destination is reached");
}

static struct aim take_aim(const struct mesh_stream_host *host,
                           const struct mesh_stream_ask *ask)
{
    struct aim aim = { .asked = ask->name,
                       .full = mesh__slice_of(host->host),
                       .address = ask->address };

    if (ask->has_sni)
        aim.asked = aim.full = ask->sni;
    if (!aim.address.family && !mesh__address_parse_ip(ask->name, &aim.address))
        aim.address = host->address;
    return aim;
}

/* By name, else by address; a reason names the last that was tried. */
static bool find_host(const struct mesh_snapshot *snapshot,
                      const struct mesh_stream_ask *ask,
                      struct mesh_stream_choice *out, struct mesh__why *why)
{
    char address[MESH__ADDRESS_TEXT];
    struct mesh_slice name = ask->name;

    out->host =
        name.len ? mesh__snapshot_stream(snapshot, name, ask->port) : NULL;
    if (!out->host && ask->address.family) {
        mesh__address_print_ip(&ask->address, address);
        name = mesh__slice_of(address);
        out->host = mesh__snapshot_stream(snapshot, name, ask->port);
    }
    if (out->host)
        mesh__why_add(why, "host", out->host->name, true, out->host->mark,
                      "serves %.*s on port %u", (int)name.len, name.at,
                      (unsigned)ask->port);
    else
        mesh__why_add(why, "host", "", false, (struct mesh_mark){ 0 },
                      "no service is called %.*s on port %u", (int)name.len,
                      name.at, (unsigned)ask->port);
    return out->host != NULL;
}

/* ALLOW_ANY: to the caller's own address. */
static void let_through(const struct mesh_snapshot *snapshot,
                        struct mesh_stream_choice *out, struct mesh__why *why)
{
    mesh__explain_scope(snapshot, why);
    out->outcome = MESH__ROUTE_NO_HOST;
    if (!snapshot->outside)
        return;
    out->destination = snapshot->outside->destinations[0];
    out->outcome = MESH__ROUTE_OK;
}

void mesh__stream_choose(const struct mesh_snapshot *snapshot,
                         const struct mesh_stream_ask *ask, uint64_t draw,
                         struct mesh_stream_choice *out, struct mesh__why *why)
{
    struct aim aim;

    *out = (struct mesh_stream_choice){ .host = NULL };
    if (!find_host(snapshot, ask, out, why)) {
        let_through(snapshot, out, why);
        return;
    }
    aim = take_aim(out->host, ask);
    out->outcome = MESH__ROUTE_NO_RULE;
    out->rule = find_rule(out->host, &aim, why);
    if (!out->rule)
        return;
    out->arm = mesh__arms_pick(out->rule->arms, out->rule->arm_count,
                               out->rule->total_weight, draw);
    out->destination = out->arm ? out->arm->destination : NULL;
    out->outcome =
        out->destination ? MESH__ROUTE_OK : MESH__ROUTE_NO_DESTINATION;
    if (why)
        explain_arm(out, why);
}
