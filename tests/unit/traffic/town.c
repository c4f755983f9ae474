/*
 * town.c - from text to decisions, without a socket.
 */
#include "town.h"

#include "policy/policy.h"
#include "schema/schema.h"
#include "traffic/outlier.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char base[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: "
    "8080}]}\n";

static void add(struct mesh_collection *all, const char *name, const char *text)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    char line[512];

    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_add(all, name, mesh__slice_of(text),
                                          &limits, &diagnostics),
                     0);
    for (size_t i = 0; i < diagnostics.count; i++) {
        mesh__finding_print(&diagnostics.findings[i], line, sizeof(line));
        if (diagnostics.findings[i].severity <= MESH__REFUSED)
            fail_msg("%s", line);
    }
    mesh__diagnostics_fini(&diagnostics);
}

static void settle(struct town *town, const char *text)
{
    const struct mesh_whoami me = {
        .namespace_ = MESH__SLICE("demo"),
        .service_account = MESH__SLICE("me"),
        .trust_domain = MESH__SLICE("cluster.local"),
        .address = MESH__SLICE("10.0.9.9"),
        .locality = MESH__SLICE("r1/z1/s1"),
        .labels_set = true,
    };

    assert_int_equal(mesh__collection_new(&town->all), 0);
    add(town->all, "base.yaml", base);
    add(town->all, "town.yaml", text);
    assert_int_equal(
        mesh__policy_compile(town->all, &me, NULL, 1, &town->snapshot), 0);
    assert_int_equal(mesh__live_bind(town->registry, town->snapshot,
                                     town->now_ns, 300 * MESH__S),
                     0);
}

void town_open(struct town *town, const char *text)
{
    *town = (struct town){ .now_ns = MESH__S };
    assert_int_equal(mesh__live_registry_new(NULL, &town->registry), 0);
    settle(town, text);
}

void town_change(struct town *town, const char *text)
{
    struct town before = *town;

    settle(town, text);
    mesh__snapshot_unref(before.snapshot);
    mesh__collection_unref(before.all);
}

void town_close(struct town *town)
{
    mesh__snapshot_unref(town->snapshot);
    mesh__collection_unref(town->all);
    mesh__live_registry_free(town->registry);
}

struct mesh_destination *town_web(const struct town *town)
{
    const struct mesh_destination *web = mesh__snapshot_destination(
        town->snapshot, MESH__SLICE("web.demo.svc.cluster.local"), 80,
        MESH__SLICE(""));

    assert_non_null(web);
    return (struct mesh_destination *)(uintptr_t)web;
}

size_t town_peer(const struct town *town, const char *workload)
{
    const struct mesh_endpoint_set *set = town_web(town)->endpoints;

    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->endpoints[i].workload, workload) == 0)
            return i;
    fail_msg("nobody is called %s", workload);
    return 0;
}

void town_eject(struct town *town, const char *workload)
{
    const struct mesh_destination *web = town_web(town);
    struct mesh_ejection ejection = { 0 };

    for (uint32_t i = 0; i < web->outlier.consecutive_5xx; i++)
        mesh__outlier_report(web, town_peer(town, workload),
                             MESH__RESULT_STATUS, 500, town->now_ns, &ejection);
    assert_true(ejection.ejected);
    town->now_ns += 2 * MESH__S; /* past the merge window */
    assert_false(
        mesh__outlier_admits(web, town_peer(town, workload), town->now_ns));
}

void town_refresh(struct town *town)
{
    assert_int_equal(mesh__live_refresh(town->registry), 0);
}

const struct mesh_route_rule *town_rule(const struct town *town)
{
    const struct mesh_virtual_host *host =
        mesh__snapshot_host(town->snapshot, MESH__SLICE("web"), 80);

    assert_non_null(host);
    return &host->rules[0];
}
