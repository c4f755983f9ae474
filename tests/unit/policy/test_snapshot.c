/*
 * test_snapshot.c - is a host found as Istio finds it, and does everything
 * live as long as somebody holds it?
 */
#include "policy/snapshot.h"

#include "policy/parts.h"
#include "schema/schema.h"
#include "torture.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* --- a snapshot by hand --- */

static void give_ports(struct mesh_part *part, uint16_t first, uint16_t second)
{
    size_t count = second ? 2 : 1;

    part->ports = mesh__arena_array(&part->arena, count, sizeof(*part->ports));
    part->virtual_hosts =
        mesh__arena_array(&part->arena, count, sizeof(*part->virtual_hosts));
    assert_non_null(part->ports);
    assert_non_null(part->virtual_hosts);
    part->ports[0] = first;
    if (second)
        part->ports[1] = second;
    for (size_t i = 0; i < count; i++)
        part->virtual_hosts[i].name = part->host;
    part->port_count = count;
}

static void add_domain(struct mesh_snapshot *snapshot, const char *domain,
                       uint16_t first, uint16_t second)
{
    struct mesh_slice name = mesh__slice_of(domain);
    struct mesh_part *part = mesh__part_new(name);

    assert_non_null(part);
    give_ports(part, first, second);
    snapshot->parts[snapshot->part_count++] = part;
    assert_int_equal(
        mesh__map_put(&snapshot->exact, mesh__slice_of(part->host), part), 0);
    if (domain[0] != '*')
        return;
    snapshot->wildcard_count++;
    snapshot->wildcard_lengths[name.len / 64] |= UINT64_C(1) << (name.len % 64);
}

static struct mesh_snapshot *make(bool with_star)
{
    struct mesh_collection *all;
    struct mesh_snapshot *snapshot;

    assert_int_equal(mesh__collection_new(&all), 0);
    snapshot = mesh__snapshot_new(all, 1);
    mesh__collection_unref(all);
    assert_non_null(snapshot);
    snapshot->parts =
        mesh__arena_array(&snapshot->arena, 16, sizeof(*snapshot->parts));
    assert_non_null(snapshot->parts);
    add_domain(snapshot, "a.b.svc.cluster.local", 80, 443);
    add_domain(snapshot, "a", 80, 0);
    add_domain(snapshot, "10.0.0.1", 80, 0);
    add_domain(snapshot, "::1", 80, 0);
    add_domain(snapshot, "only-443.foo.com", 443, 0);
    add_domain(snapshot, "*.foo.com", 80, 0);
    add_domain(snapshot, "*.bar.foo.com", 80, 0);
    if (with_star)
        add_domain(snapshot, "*", 80, 0);
    return snapshot;
}

/* --- hosts --- */

static const struct {
    const char *claim;
    const char *authority;
    uint16_t port;
    bool star;        /* there is a virtual host "*" */
    const char *host; /* NULL: none                  */
} hosts[] = {
    { "the name itself", "a.b.svc.cluster.local", 80, false,
      "a.b.svc.cluster.local" },
    { "in any case", "A.b.SVC.cluster.Local", 80, false,
      "a.b.svc.cluster.local" },
    { "the port in it does not count", "a.b.svc.cluster.local:9999", 80, false,
      "a.b.svc.cluster.local" },
    { "another port of it", "a.b.svc.cluster.local", 443, false,
      "a.b.svc.cluster.local" },
    { "a port that it does not have", "a.b.svc.cluster.local", 81, false,
      NULL },
    { "an address", "10.0.0.1:80", 80, false, "10.0.0.1" },
    { "an address in brackets", "[::1]:80", 80, false, "::1" },
    { "no such host", "b", 80, false, NULL },
    { "under a wildcard", "x.foo.com", 80, false, "*.foo.com" },
    { "deep under a wildcard", "x.y.foo.com", 80, false, "*.foo.com" },
    { "the longest wildcard wins", "x.bar.foo.com", 80, false,
      "*.bar.foo.com" },
    { "a longer one that stands for nothing does not", "bar.foo.com", 80, false,
      "*.foo.com" },
    { "a star stands for one byte at least", ".foo.com", 80, false, NULL },
    { "the parent is not under it", "foo.com", 80, false, NULL },
    { "an exact one without the port gives way", "only-443.foo.com", 80, false,
      "*.foo.com" },
    { "the catch-all takes the rest", "b", 80, true, "*" },
    { "the catch-all takes an empty one", "", 80, true, "*" },
    { "no catch-all, no empty one", "", 80, false, NULL },
    { "the catch-all has ports too", "b", 443, true, NULL },
    { "rubbish behind the colon is part of the name", "a:b", 80, false, NULL },
};

static void host_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
        struct mesh_snapshot *snapshot = make(hosts[i].star);
        const struct mesh_virtual_host *host = mesh__snapshot_host(
            snapshot, mesh__slice_of(hosts[i].authority), hosts[i].port);

        if (hosts[i].host ? !host || strcmp(host->name, hosts[i].host) != 0
                          : host != NULL)
            fail_msg("%s: %s", hosts[i].claim, host ? host->name : "none");
        mesh__snapshot_unref(snapshot);
    }
}

static void long_authorities_are_no_trouble(void **state)
{
    static char name[8192];
    struct mesh_snapshot *snapshot = make(true);

    (void)state;
    memset(name, 'x', sizeof(name));
    for (size_t len = 250; len < 260; len++)
        assert_non_null(
            mesh__snapshot_host(snapshot, mesh__slice(name, len), 80));
    assert_string_equal(
        mesh__snapshot_host(snapshot, mesh__slice(name, sizeof(name)), 80)
            ->name,
        "*");
    mesh__snapshot_unref(snapshot);
}

/* --- inbound --- */

static void inbound_falls_back_to_the_first(void **state)
{
    struct mesh_inbound ports[] = {
        { .port = 0 }, { .port = 80 }, { .port = 8080 }, { .port = 65535 }
    };
    struct mesh_snapshot snapshot = { .inbound = ports, .inbound_count = 4 };

    (void)state;
    assert_int_equal(mesh__snapshot_inbound(&snapshot, 80)->port, 80);
    assert_int_equal(mesh__snapshot_inbound(&snapshot, 8080)->port, 8080);
    assert_int_equal(mesh__snapshot_inbound(&snapshot, 65535)->port, 65535);
    assert_int_equal(mesh__snapshot_inbound(&snapshot, 81)->port, 0);
    assert_int_equal(mesh__snapshot_inbound(&snapshot, 0)->port, 0);
    snapshot.inbound_count = 1;
    assert_int_equal(mesh__snapshot_inbound(&snapshot, 80)->port, 0);
}

/* --- life --- */

static int live_refs;

static void drop_live(void *live)
{
    assert_ptr_equal(live, &live_refs);
    live_refs--;
}

static void parts_let_go_of_what_they_hold(void **state)
{
    struct mesh_part *part = mesh__part_new(MESH__SLICE("h"));
    struct mesh_destination *destination;
    struct mesh_endpoint_set *set;
    struct mesh_regex *regex;

    (void)state;
    assert_non_null(part);
    part->destinations = mesh__arena_alloc(&part->arena, sizeof(void *));
    destination = mesh__arena_alloc(&part->arena, sizeof(*destination));
    assert_non_null(part->destinations);
    assert_non_null(destination);
    part->destinations[part->destination_count++] = destination;
    destination->subset = "";
    destination->endpoints = set = mesh__endpoint_set_new();
    assert_non_null(set);
    (void)mesh__endpoint_set_ref(set);
    live_refs = 1;
    destination->live = &live_refs;
    destination->live_unref = drop_live;
    assert_int_equal(mesh__regex_keep(&part->regexes, &part->arena,
                                      MESH__SLICE("a+"), &regex),
                     0);
    (void)mesh__part_ref(part);
    mesh__part_unref(part);
    assert_int_equal(live_refs, 1);
    mesh__part_unref(part);
    assert_int_equal(live_refs, 0);
    assert_int_equal(set->count, 0); /* still there */
    mesh__endpoint_set_unref(set);
    mesh__part_unref(NULL);
    mesh__endpoint_set_unref(NULL);
    mesh__snapshot_unref(NULL);
}

static void births_survive_no_memory(void **state)
{
    struct mesh_part *part;

    (void)state;
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        part = mesh__part_new(MESH__SLICE("a.b"));
        if (!fake_alloc_tripped())
            break;
        assert_null(part);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    assert_non_null(part);
    mesh__part_unref(part);
}

/* --- marks --- */

static void marks_name_resource_and_line(void **state)
{
    struct mesh_resource resource = { .kind = MESH__KIND_VIRTUAL_SERVICE,
                                      .name = MESH__SLICE("web"),
                                      .namespace_ = MESH__SLICE("prod") };
    struct mesh_file file = { .name = (char *)(uintptr_t) "web.yaml" };
    struct mesh_collection all = {
        .files = &file, .file_count = 1, .resources = &resource, .count = 1
    };
    struct mesh_snapshot snapshot = { .collection = &all };
    const struct mesh_resource *found;
    const char *name;
    char text[64];

    (void)state;
    mesh__mark_print(&snapshot, (struct mesh_mark){ .line = 12 }, text,
                     sizeof(text));
    assert_string_equal(text, "VirtualService prod/web (web.yaml:12)");
    mesh__mark_print(&snapshot, (struct mesh_mark){ .line = 12 }, text, 15);
    assert_string_equal(text, "VirtualService");
    mesh__mark_print(&snapshot, (struct mesh_mark){ 0 }, text, sizeof(text));
    assert_string_equal(text, "");
    assert_true(mesh__mark_resource(&snapshot, (struct mesh_mark){ .line = 1 },
                                    &found, &name));
    assert_ptr_equal(found, &resource);
    assert_string_equal(name, "web.yaml");
    assert_false(mesh__mark_resource(
        &snapshot, (struct mesh_mark){ .place = 1, .line = 1 }, &found, &name));
    assert_null(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_is_found),
        cmocka_unit_test(long_authorities_are_no_trouble),
        cmocka_unit_test(inbound_falls_back_to_the_first),
        cmocka_unit_test(parts_let_go_of_what_they_hold),
        cmocka_unit_test(births_survive_no_memory),
        cmocka_unit_test(marks_name_resource_and_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
