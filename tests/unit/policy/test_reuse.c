/*
 * test_reuse.c - one document changes: only what looks at it is compiled
 * again, and the snapshot is what a first compilation would make.
 */
#include "../../golden/yard.h"

#include "base/text.h"
#include "schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LINE = 256, TEXT = 8192 };

#define SERVICE(name, more)                                                    \
    "apiVersion: v1\nkind: Service\n"                                          \
    "metadata: {name: " name ", namespace: prod}\n"                            \
    "spec: {ports: [{name: http, port: 80}]" more "}\n---\n"
#define ROUTES(name, host, to)                                                 \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: " name ", namespace: prod}\n"                            \
    "spec: {hosts: [" host "], http: [{route: [{destination: {host: " to       \
    "}}]}]}\n---\n"
#define SLICE(of, address)                                                     \
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"                   \
    "metadata: {name: " of "-1, namespace: prod, labels: "                     \
    "{kubernetes.io/service-name: " of "}}\naddressType: IPv4\n"               \
    "ports: [{name: http, port: 8080}]\n"                                      \
    "endpoints: [{addresses: [" address "]}]\n---\n"
#define WORKLOAD(name, app, address)                                           \
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"                \
    "metadata: {name: " name ", namespace: prod}\n"                            \
    "spec: {address: " address ", labels: {app: " app                          \
    "}, serviceAccount: " app "}\n---\n"
#define RULE(name, host)                                                       \
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"              \
    "metadata: {name: " name ", namespace: prod}\n"                            \
    "spec: {host: \"" host "\", trafficPolicy: {loadBalancer: {simple: "       \
    "RANDOM}}}\n---\n"
#define ENTRY(name, host, address)                                             \
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"                 \
    "metadata: {name: " name ", namespace: prod}\n"                            \
    "spec: {hosts: [" host "], resolution: STATIC, location: MESH_INTERNAL, "  \
    "ports: [{number: 80, name: http, protocol: HTTP}], endpoints: "           \
    "[{address: " address "}]}\n---\n"
#define POLICY(name, path)                                                     \
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"            \
    "metadata: {name: " name ", namespace: prod}\n"                            \
    "spec: {rules: [{to: [{operation: {paths: [" path "]}}]}]}\n---\n"

/* web routes to api, api stands alone, old routes to nobody. */
#define WEB SERVICE("web", ", selector: {app: web}")
#define API SERVICE("api", "")
#define OLD SERVICE("old", "")
#define WORLD                                                                  \
    WEB API OLD ROUTES("web", "web", "api") ROUTES("old", "old", "gone")       \
        WORKLOAD("w", "web", "10.0.0.1") SLICE("api", "10.0.0.2")

static const struct {
    const char *claim;
    const char *before;
    const char *after;
    const char *kept; /* by their short names */
} rows[] = {
    { "nothing changes", WORLD, WORLD, "api old web" },
    { "all of it moves down", WORLD, "# more\n---\n" WORLD, "api old web" },
    { "another order", WORLD,
      SLICE("api", "10.0.0.2") WORKLOAD("w", "web", "10.0.0.1")
          ROUTES("old", "old", "gone") ROUTES("web", "web", "api") OLD API WEB,
      "api old web" },
    { "routes change", WORLD,
      WEB API OLD ROUTES("web", "web", "old") ROUTES("old", "old", "gone")
          WORKLOAD("w", "web", "10.0.0.1") SLICE("api", "10.0.0.2"),
      "api old" },
    { "an endpoint changes, and the routes that lead there go, too", WORLD,
      WEB API OLD ROUTES("web", "web", "api") ROUTES("old", "old", "gone")
          WORKLOAD("w", "web", "10.0.0.1") SLICE("api", "10.0.0.3"),
      "old" },
    { "a workload changes", WORLD,
      WEB API OLD ROUTES("web", "web", "api") ROUTES("old", "old", "gone")
          WORKLOAD("w", "web", "10.0.0.9") SLICE("api", "10.0.0.2"),
      "api old" },
    { "a workload comes", WORLD, WORLD WORKLOAD("x", "web", "10.0.0.8"),
      "api old" },
    { "one that no selector covers comes", WORLD,
      WORLD WORKLOAD("x", "other", "10.0.0.8"), "api old web" },
    { "a slice comes", WORLD, WORLD SLICE("old", "10.0.0.7"), "api web" },
    { "a slice of nobody comes", WORLD, WORLD SLICE("who", "10.0.0.7"),
      "api old web" },
    { "a host that was asked for in vain is there now", WORLD,
      WORLD SERVICE("gone", ""), "api web" },
    { "and goes again", WORLD SERVICE("gone", ""), WORLD, "api web" },
    { "routes of its own do not make it a service", WORLD,
      WORLD ROUTES("gone", "gone", "api"), "api old web" },
    { "a rule of a host comes", WORLD, WORLD RULE("r", "old"), "api web" },
    { "a rule of all hosts comes", WORLD,
      WORLD RULE("r", "*.prod.svc.cluster.local"), "" },
    { "a policy of this workload changes", WORLD POLICY("p", "/a"),
      WORLD POLICY("p", "/b"), "api old web" },
    { "an entry changes", WORLD ENTRY("e", "e.example.com", "10.1.0.1"),
      WORLD ENTRY("e", "e.example.com", "10.1.0.2"), "api old web" },
    { "an entry takes the place of a service of another namespace's",
      WORLD ENTRY("e", "x.dev.svc.cluster.local", "10.1.0.1"),
      WORLD ENTRY("e", "x.dev.svc.cluster.local", "10.1.0.1")
          ENTRY("f", "y.dev.svc.cluster.local", "10.1.0.1"),
      "api old web x.dev.svc.cluster.local" },
    { "the settings of the mesh change", WORLD "connectTimeout: 3s\n",
      WORLD "connectTimeout: 4s\n", "" },
};

static void load(struct yard *yard, struct mesh_collection *previous,
                 const char *text)
{
    yard_init(yard);
    mesh__collection_unref(yard->all);
    assert_int_equal(mesh__collection_new_after(previous, &yard->all), 0);
    yard_add(yard, "a.yaml", mesh__slice_of(text));
    assert_int_equal(mesh__collection_seal(yard->all), 0);
    for (size_t i = 0; i < yard->diagnostics.count; i++)
        if (yard->diagnostics.findings[i].severity <= MESH__REFUSED)
            fail_msg("%u: %s", yard->diagnostics.findings[i].line,
                     yard->diagnostics.findings[i].message);
}

static struct mesh_snapshot *generation(const struct mesh_snapshot *previous,
                                        const char *text)
{
    struct mesh_snapshot *snapshot;
    struct mesh_whoami whoami;
    struct yard yard;

    load(&yard, previous ? previous->collection : NULL, text);
    whoami = yard_whoami(&yard, "ns=prod sa=web labels=app=web");
    assert_int_equal(
        mesh__policy_compile(yard.all, &whoami, previous, 1, &snapshot), 0);
    yard_fini(&yard);
    return snapshot;
}

static bool has_part(const struct mesh_snapshot *snapshot,
                     const struct mesh_part *part)
{
    for (size_t i = 0; i < snapshot->part_count; i++)
        if (snapshot->parts[i] == part)
            return true;
    return false;
}

/* Parts stand by host, so names do. */
static void say_kept(const struct mesh_snapshot *before,
                     const struct mesh_snapshot *after, char out[LINE])
{
    struct mesh_text text;

    mesh__text_init(&text, out, LINE);
    for (size_t i = 0; i < after->part_count; i++) {
        const char *host = after->parts[i]->host;
        const char *end = strstr(host, ".prod.svc.cluster.local");

        if (has_part(before, after->parts[i]))
            mesh__text_format(&text, "%s%.*s", text.len ? " " : "",
                              (int)(end ? end - host : (long)strlen(host)),
                              host);
    }
}

static void check_row(size_t row)
{
    struct mesh_snapshot *before = generation(NULL, rows[row].before);
    struct mesh_snapshot *after = generation(before, rows[row].after);
    struct mesh_snapshot *anew = generation(NULL, rows[row].after);
    struct mesh_buffer expected;
    struct mesh_buffer got;
    char kept[LINE];

    say_kept(before, after, kept);
    if (strcmp(kept, rows[row].kept) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", rows[row].claim, kept,
                 rows[row].kept);
    mesh__snapshot_unref(before);
    yard_dump(anew, &expected);
    yard_dump(after, &got);
    if (strcmp(mesh__buffer_data(&expected), mesh__buffer_data(&got)) != 0)
        fail_msg("%s:\n%s-- instead of\n%s", rows[row].claim,
                 mesh__buffer_data(&got), mesh__buffer_data(&expected));
    mesh__buffer_fini(&expected);
    mesh__buffer_fini(&got);
    mesh__snapshot_unref(after);
    mesh__snapshot_unref(anew);
}

static void only_what_looks_at_it_is_compiled(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(i);
}

/* One after the other, from each to the next: as a keeper does. */
static void a_long_row_of_changes_leaves_no_trace(void **state)
{
    struct mesh_snapshot *now = generation(NULL, WORLD);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_snapshot *next = generation(now, rows[i].after);
        struct mesh_snapshot *anew = generation(NULL, rows[i].after);
        struct mesh_buffer expected;
        struct mesh_buffer got;

        mesh__snapshot_unref(now);
        now = next;
        yard_dump(anew, &expected);
        yard_dump(now, &got);
        assert_string_equal(mesh__buffer_data(&got),
                            mesh__buffer_data(&expected));
        mesh__buffer_fini(&expected);
        mesh__buffer_fini(&got);
        mesh__snapshot_unref(anew);
    }
    mesh__snapshot_unref(now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_looks_at_it_is_compiled),
        cmocka_unit_test(a_long_row_of_changes_leaves_no_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
