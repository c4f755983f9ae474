/*
 * fuzz_policy.c - any bytes as a policy that is loaded, judged and compiled,
 * and then edited.
 *
 * The first two bytes say which edit: the text behind them is the policy
 * before, the edited text the policy after. What comes of the second one must
 * not show that there was a first one.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "policy/policy.h"
#include "schema/schema.h"

#include <mesh/base.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 15, SAID_MAX = 16 << 20, LINE = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* One policy on its way: what it became, and all of it as text. */
struct outcome {
    struct mesh_collection *collection;
    struct mesh_snapshot *snapshot; /* NULL: it is not in force */
    struct mesh_buffer said;
};

__attribute__((format(printf, 2, 3))) static void say(struct outcome *outcome,
                                                      const char *format, ...)
{
    char line[LINE];
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    must(len >= 0);
    len = len < LINE ? len : LINE - 1;
    must(mesh__buffer_append(&outcome->said, line, (size_t)len) == 0);
}

static const char *place(const struct outcome *outcome, struct mesh_mark mark)
{
    static char out[512];

    mesh__mark_print(outcome->snapshot, mark, out, sizeof(out));
    return out;
}

/* --- a snapshot as text --- */

static void say_destination(struct outcome *outcome,
                            const struct mesh_destination *destination)
{
    say(outcome, " %s %u %s\n", destination->name, destination->tls.mode,
        place(outcome, destination->mark));
    for (size_t i = 0; i < destination->tls.name_count; i++)
        say(outcome, "  %s\n", destination->tls.names[i]);
    for (size_t i = 0; i < destination->endpoints->count; i++) {
        const struct mesh_endpoint *endpoint =
            &destination->endpoints->endpoints[i];

        say(outcome, "  %s %s %u %d %s\n", endpoint->text, endpoint->workload,
            endpoint->weight, endpoint->mesh_tls,
            place(outcome, endpoint->mark));
    }
}

static void say_virtual_host(struct outcome *outcome,
                             const struct mesh_virtual_host *host)
{
    say(outcome, " %s %s\n", host->name, place(outcome, host->mark));
    for (size_t i = 0; i < host->rule_count; i++) {
        const struct mesh_route_rule *rule = &host->rules[i];

        say(outcome, "  %s %d %llu %s\n", rule->name, rule->entry != NULL,
            (unsigned long long)rule->timeout_ns, place(outcome, rule->mark));
        for (size_t j = 0; j < rule->arm_count; j++)
            say(outcome, "   %s %u\n",
                rule->arms[j].destination ? rule->arms[j].destination->name
                                          : rule->arms[j].missing,
                rule->arms[j].weight);
    }
}

static void say_snapshot(struct outcome *outcome)
{
    const struct mesh_snapshot *snapshot = outcome->snapshot;

    for (size_t i = 0; i < snapshot->part_count; i++) {
        const struct mesh_part *part = snapshot->parts[i];

        say(outcome, "%s\n", part->host);
        for (size_t j = 0; j < part->destination_count; j++)
            say_destination(outcome, part->destinations[j]);
        for (size_t j = 0; j < part->port_count; j++)
            say_virtual_host(outcome, &part->virtual_hosts[j]);
    }
    for (size_t i = 0; i < snapshot->inbound_count; i++)
        say(outcome, "inbound %u %u %s %s\n", snapshot->inbound[i].port,
            snapshot->inbound[i].mtls, snapshot->inbound[i].service,
            place(outcome, snapshot->inbound[i].mark));
    for (size_t i = 0; i < snapshot->authz.deny_count; i++)
        say(outcome, "deny %s %s\n", snapshot->authz.deny[i].name,
            place(outcome, snapshot->authz.deny[i].mark));
    for (size_t i = 0; i < snapshot->authz.allow_count; i++)
        say(outcome, "allow %s %s\n", snapshot->authz.allow[i].name,
            place(outcome, snapshot->authz.allow[i].mark));
}

/* --- from text to force --- */

static void say_findings(struct outcome *outcome,
                         struct mesh_diagnostics *diagnostics)
{
    char line[LINE];

    must(diagnostics->rc == 0);
    mesh__diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->count; i++) {
        mesh__finding_print(&diagnostics->findings[i], line, sizeof(line));
        say(outcome, "%s\n", line);
    }
}

static void compile(struct outcome *outcome,
                    const struct mesh_snapshot *previous)
{
    static const struct mesh_label label = { { "app", 3 }, { "web", 3 } };
    const struct mesh_whoami whoami = {
        .namespace_ = MESH__SLICE("default"),
        .service_account = MESH__SLICE("web"),
        .address = MESH__SLICE("10.0.0.1"),
        .labels = { (struct mesh_label *)(uintptr_t)&label, 1 },
        .labels_set = true,
    };
    int rc = mesh__policy_compile(outcome->collection, &whoami, previous, 1,
                                  &outcome->snapshot);

    must(rc == 0 || rc == MESH_ERR_POLICY || rc == MESH_ERR_IDENTITY_MISMATCH ||
         rc == MESH_ERR_INVALID);
    if (rc == 0)
        say_snapshot(outcome);
    else
        say(outcome, "%d %s\n", rc, mesh__error_line());
}

static void load(struct outcome *outcome, struct mesh_slice text,
                 struct outcome *before, struct outcome *in_force)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_kept kept;
    int rc = 0;

    *outcome = (struct outcome){ 0 };
    limits.documents = 64;
    limits.nodes = 20000;
    mesh__buffer_init(&outcome->said, SAID_MAX);
    mesh__diagnostics_init(&diagnostics);
    must(mesh__collection_new_after(before ? before->collection : NULL,
                                    &outcome->collection) == 0);
    if (!before && in_force) /* what may be held has its places already */
        outcome->collection->next_place = in_force->collection->next_place;
    must(mesh__collection_add(outcome->collection, "f", text, &limits,
                              &diagnostics) == 0);
    must(mesh__collection_seal(outcome->collection) == 0);
    if (diagnostics.by_severity[MESH__ERROR] ||
        diagnostics.by_severity[MESH__REFUSED])
        rc = mesh__collection_keep_good(outcome->collection,
                                        in_force ? in_force->collection : NULL,
                                        &diagnostics, &kept);
    must(rc == 0 || rc == MESH_ERR_POLICY);
    must(mesh__policy_judge(outcome->collection, &diagnostics) == 0);
    say_findings(outcome, &diagnostics);
    if (rc == 0)
        compile(outcome, before ? before->snapshot : NULL);
    mesh__error_clear();
    mesh__diagnostics_fini(&diagnostics);
}

static void drop(struct outcome *outcome)
{
    mesh__snapshot_unref(outcome->snapshot);
    mesh__collection_unref(outcome->collection);
    mesh__buffer_fini(&outcome->said);
}

/* --- edits --- */

/* The document that begins nearest before a place. */
static size_t document_at(const char *text, size_t at)
{
    while (at > 0 && !(at >= 4 && memcmp(text + at - 4, "---\n", 4) == 0))
        at--;
    return at;
}

static char *edit(struct mesh_slice text, uint8_t how, uint8_t where,
                  size_t *len)
{
    size_t at = text.len * where / 256;
    size_t from = document_at(text.at, at);
    char *out = malloc(text.len * 2 + 8);

    must(out != NULL);
    memcpy(out, text.at, text.len);
    *len = text.len;
    switch (how % 5) {
    case 0: /* a letter */
        if (text.len)
            out[at]++;
        break;
    case 1: /* lines in front */
        memcpy(out, "#\n#\n", 4);
        memcpy(out + 4, text.at, text.len);
        *len += 4;
        break;
    case 2: /* documents change places */
        memcpy(out, text.at + from, text.len - from);
        memcpy(out + text.len - from, "\n---\n", 5);
        memcpy(out + text.len - from + 5, text.at, from);
        *len += 5;
        break;
    case 3: /* cut */
        *len = at;
        break;
    default: /* some come twice */
        memcpy(out + text.len, "\n---\n", 5);
        memcpy(out + text.len + 5, text.at + from, text.len - from);
        *len += 5 + text.len - from;
    }
    return out;
}

static bool same(struct outcome *a, struct outcome *b)
{
    return a->said.len == b->said.len &&
           memcmp(mesh__buffer_data(&a->said), mesh__buffer_data(&b->said),
                  a->said.len) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome before;
    struct outcome after;
    struct outcome anew;
    struct mesh_slice text;
    struct mesh_slice next;
    char *edited;

    if (size < 2 || size > INPUT_MAX)
        return 0;
    text = mesh__slice((const char *)data + 2, size - 2);
    edited = edit(text, data[0], data[1], &next.len);
    next.at = edited;
    load(&before, text, NULL, NULL);
    load(&after, next, &before, before.snapshot ? &before : NULL);
    load(&anew, next, NULL, before.snapshot ? &before : NULL);
    must(same(&after, &anew));
    drop(&before); /* what is shared lives on */
    if (after.snapshot) {
        after.said.len = 0;
        say_snapshot(&after);
    }
    drop(&after);
    drop(&anew);
    free(edited);
    return 0;
}
