/*
 * policy.c - what a large policy costs: to load, to compile, to reload after
 * one change, to hold, and to decide by.
 *
 *   policy [NAMESPACES]       100 namespaces (or MESH_BENCH_NAMESPACES) are
 *                             ten thousand resources
 *   policy --loop HOSTS N     N routing decisions among HOSTS, for callgrind
 *
 * Times are CPU time of the one thread that does it all, as the keeper would.
 * A load is what a workload does at its start: read, parse, decode, judge,
 * compile, bind to live state; a reload the same with what was before at hand.
 */
#include "estate.h"

#include "base/error.h"
#include "policy/policy.h"
#include "source/files.h"
#include "traffic/live.h"
#include "traffic/route.h"
#include "value/duration.h"

#include <mesh/mesh.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { RELOADS = 5, DECISIONS = 200000, LINES = 16 };

static void give_up(const char *what)
{
    (void)fprintf(stderr, "policy: %s%s%s\n", what,
                  mesh__error_line()[0] ? ": " : "", mesh__error_line());
    exit(1);
}

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* --- bytes held --- */

static size_t held;

/* In front of what is handed out stands its size. */
union front {
    size_t size;
    max_align_t align;
};

static void *count_resize(void *memory, size_t size)
{
    union front *old = memory ? (union front *)memory - 1 : NULL;
    size_t before = old ? old->size : 0;
    union front *front = realloc(old, sizeof(*front) + size);

    if (!front)
        return NULL;
    held = held - before + size;
    front->size = size;
    return front + 1;
}

static void *count_alloc(size_t size)
{
    return count_resize(NULL, size);
}

static void count_free(void *memory)
{
    union front *front = memory ? (union front *)memory - 1 : NULL;

    if (!front)
        return;
    held -= front->size;
    free(front);
}

static double peak_mib(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

/* --- one load --- */

struct loaded {
    struct mesh_collection *collection;
    struct mesh_snapshot *snapshot;
    struct mesh_live_registry *registry;
    double look_ms; /* did anything change?                    */
    double read_ms; /* parse and decode what changed           */
    double judge_ms;
    double compile_ms;
    size_t read_bytes; /* held by the collection, and so below */
    size_t compiled_bytes;
};

/* Until it is in force: a reload is judged afterwards. */
static double force_ms(const struct loaded *loaded)
{
    return loaded->look_ms + loaded->read_ms + loaded->compile_ms;
}

static void check_findings(const struct mesh_diagnostics *diagnostics)
{
    char line[512];

    for (size_t i = 0; i < diagnostics->count; i++) {
        if (diagnostics->findings[i].severity > MESH__WARNING)
            continue;
        mesh__finding_print(&diagnostics->findings[i], line, sizeof(line));
        give_up(line);
    }
}

static void compile(struct loaded *loaded, const char *namespace_,
                    const struct mesh_snapshot *previous)
{
    const struct mesh_whoami whoami = {
        .namespace_ = mesh__slice_of(namespace_),
        .service_account = MESH__SLICE("bench"),
        .trust_domain = MESH__SLICE("cluster.local"),
        .labels_set = true,
    };
    uint64_t generation = previous ? previous->generation + 1 : 1;
    size_t bytes = held;
    double at = now_ms();

    if (mesh__policy_compile(loaded->collection, &whoami, previous, generation,
                             &loaded->snapshot) < 0)
        give_up("the policy does not compile");
    loaded->compiled_bytes = held - bytes;
    if (mesh__live_bind(loaded->registry, loaded->snapshot, MESH__S, 0) < 0)
        give_up("no memory for live state");
    loaded->compile_ms = now_ms() - at;
}

static void read_files(const char *directory, const struct loaded *before,
                       struct loaded *out, struct mesh_diagnostics *diagnostics)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_fingerprint print;
    size_t bytes = held;
    double at = now_ms();

    limits.file_bytes = limits.total_bytes;
    if (before && mesh__policy_fingerprint(directory, &limits, &print) < 0)
        give_up("the policy is not read");
    out->look_ms = now_ms() - at;
    at = now_ms();
    if (mesh__policy_read(directory, &limits,
                          before ? before->collection : NULL, &out->collection,
                          diagnostics, &print) < 0)
        give_up("the policy is not read");
    out->read_ms = now_ms() - at;
    out->read_bytes = held - bytes;
}

static void load(const char *directory, const struct loaded *before,
                 struct loaded *out)
{
    struct mesh_diagnostics diagnostics;
    double at;

    *out = (struct loaded){ .registry = before ? before->registry : NULL };
    if (!before && mesh__live_registry_new(NULL, &out->registry) < 0)
        give_up("no memory");
    mesh__diagnostics_init(&diagnostics);
    read_files(directory, before, out, &diagnostics);
    at = now_ms();
    if (mesh__policy_judge(out->collection, &diagnostics) < 0)
        give_up("the policy is not judged");
    mesh__diagnostics_sort(&diagnostics);
    out->judge_ms = now_ms() - at;
    check_findings(&diagnostics);
    mesh__diagnostics_fini(&diagnostics);
    compile(out, "ns-0", before ? before->snapshot : NULL);
}

static void drop(struct loaded *loaded)
{
    mesh__snapshot_unref(loaded->snapshot);
    mesh__collection_unref(loaded->collection);
}

/* --- reloads --- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static size_t parts_kept(const struct mesh_snapshot *a,
                         const struct mesh_snapshot *b)
{
    size_t kept = 0;

    for (size_t i = 0; a->part_count == b->part_count && i < a->part_count; i++)
        kept += a->parts[i] == b->parts[i];
    return kept;
}

static void reload(struct estate *estate, enum estate_kind kind,
                   struct loaded *current, double load_ms)
{
    double force[RELOADS];
    struct loaded next = { 0 };
    size_t kept = 0;

    for (unsigned i = 0; i < RELOADS; i++) {
        estate->edited = kind;
        estate->edition++;
        if (!estate_edit(estate))
            give_up("a file cannot be written");
        load(estate->directory, current, &next);
        force[i] = force_ms(&next);
        kept = parts_kept(current->snapshot, next.snapshot);
        drop(current);
        *current = next;
    }
    qsort(force, RELOADS, sizeof(*force), by_value);
    (void)printf("  %-20s %7.1f ms 1/%-4.0f look %5.1f read %5.1f compile "
                 "%5.1f, judged after %5.1f; %zu documents read, %zu of %zu "
                 "hosts kept\n",
                 estate_kind_name(kind), force[RELOADS / 2],
                 load_ms / force[RELOADS / 2], next.look_ms, next.read_ms,
                 next.compile_ms, next.judge_ms, next.collection->sheets_read,
                 kept, next.snapshot->part_count);
}

static void print_load(const struct estate *estate, const struct loaded *loaded)
{
    unsigned hosts = estate->namespaces * ESTATE_HOSTS;

    (void)printf("%s: %u resources, %u hosts, %u routes, %u endpoints\n",
                 estate->one_file ? "one file" : "a file a namespace",
                 estate->namespaces * ESTATE_RESOURCES + 1, hosts,
                 estate->namespaces * ESTATE_ROUTES,
                 estate->namespaces * ESTATE_ENDPOINTS);
    (void)printf("  load %.0f ms: read, parse and decode %.0f, judge %.0f, "
                 "compile %.0f\n",
                 force_ms(loaded) + loaded->judge_ms, loaded->read_ms,
                 loaded->judge_ms, loaded->compile_ms);
    (void)printf("  held: resources %.1f MiB, snapshot %.1f MiB; peak of the "
                 "process %.0f MiB\n",
                 (double)loaded->read_bytes / 1048576,
                 (double)loaded->compiled_bytes / 1048576, peak_mib());
}

static void measure(unsigned namespaces, bool one_file)
{
    char directory[] = "/tmp/mesh-bench-policy-XXXXXX";
    struct estate estate = { .directory = mkdtemp(directory),
                             .namespaces = namespaces,
                             .one_file = one_file };
    struct loaded loaded;
    double load_ms;

    if (!estate.directory || !estate_write(&estate))
        give_up("the files cannot be written");
    load(directory, NULL, &loaded);
    load_ms = force_ms(&loaded) + loaded.judge_ms;
    print_load(&estate, &loaded);
    (void)printf("  a reload of one changed is in force after\n");
    for (int i = ESTATE_NOTHING; i < ESTATE_KINDS; i++)
        reload(&estate, (enum estate_kind)i, &loaded, load_ms);
    drop(&loaded);
    mesh__live_registry_free(loaded.registry);
    estate_remove(&estate);
}

/* --- other shapes --- */

static void load_shape(const struct estate_shape *shape, struct loaded *out)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    size_t size = 0;
    char *text = estate_text(shape, &size);

    *out = (struct loaded){ 0 };
    limits.file_bytes = limits.total_bytes;
    mesh__diagnostics_init(&diagnostics);
    if (!text || mesh__live_registry_new(NULL, &out->registry) < 0 ||
        mesh__collection_new(&out->collection) < 0 ||
        mesh__collection_add(out->collection, "shape.yaml",
                             mesh__slice(text, size), &limits,
                             &diagnostics) < 0)
        give_up("no memory");
    check_findings(&diagnostics);
    mesh__diagnostics_fini(&diagnostics);
    free(text);
    compile(out, "demo", NULL);
}

static void drop_shape(struct loaded *loaded)
{
    drop(loaded);
    mesh__live_registry_free(loaded->registry);
}

static size_t shape_bytes(unsigned routes, unsigned endpoints)
{
    const struct estate_shape shape = { 100, routes, endpoints };
    struct loaded loaded;
    size_t bytes;

    load_shape(&shape, &loaded);
    bytes = loaded.compiled_bytes;
    drop_shape(&loaded);
    return bytes / shape.hosts;
}

/* What one more of a kind adds to what there is. */
static void print_bytes(void)
{
    size_t one = shape_bytes(1, 1);

    (void)printf("bytes of a snapshot: a host with a route and an endpoint "
                 "%zu, a route more %zu, an endpoint more %zu\n",
                 one, (shape_bytes(101, 1) - one) / 100,
                 (shape_bytes(1, 101) - one) / 100);
}

/* --- decisions --- */

struct asking {
    struct loaded loaded;
    struct mesh_arena arena;
    struct mesh_head request;
    char authority[32];
    unsigned hosts;
    uint64_t seed;
    unsigned long good;
};

static void start_asking(struct asking *asking, unsigned hosts)
{
    const struct estate_shape shape = { hosts, 5, 4 };

    *asking = (struct asking){ .hosts = hosts, .seed = 42 };
    load_shape(&shape, &asking->loaded);
    mesh__arena_init(&asking->arena, 1 << 20);
    if (mesh__head_init(&asking->request, &asking->arena, LINES) < 0)
        give_up("no memory");
    asking->request.method = MESH__SLICE("GET");
    asking->request.scheme = MESH__SLICE("http");
    asking->request.path = MESH__SLICE("/api/v4/x");
}

/* Every time another host, as it is in a gateway. */
static void ask(struct asking *asking, unsigned long count)
{
    struct mesh_route route;

    asking->good = 0;
    for (unsigned long i = 0; i < count; i++) {
        int len;

        asking->seed = asking->seed * UINT64_C(6364136223846793005) + 1;
        len = snprintf(asking->authority, sizeof(asking->authority), "svc-%u",
                       (unsigned)(asking->seed >> 33) % asking->hosts);
        asking->request.authority = mesh__slice(asking->authority, (size_t)len);
        mesh__route_find(asking->loaded.snapshot, &asking->request, 80,
                         asking->seed, &asking->arena, &route, NULL);
        asking->good += route.outcome == MESH__ROUTE_OK;
        mesh__arena_reset(&asking->arena);
    }
    if (asking->good != count)
        give_up("a decision came out wrong");
}

static void stop_asking(struct asking *asking)
{
    mesh__arena_fini(&asking->arena);
    drop_shape(&asking->loaded);
}

static void print_decisions(unsigned most)
{
    for (unsigned hosts = 10; hosts <= most; hosts *= hosts < 1000 ? 100 : 10) {
        struct asking asking;
        double at;

        start_asking(&asking, hosts);
        ask(&asking, DECISIONS / 10);
        at = now_ms();
        ask(&asking, DECISIONS);
        (void)printf("a route among %6u hosts: %4.0f ns\n", hosts,
                     (now_ms() - at) * 1e6 / DECISIONS);
        stop_asking(&asking);
    }
}

static void run_loop(const char *hosts, const char *count)
{
    struct asking asking;

    start_asking(&asking, (unsigned)strtoul(hosts, NULL, 10));
    ask(&asking, strtoul(count, NULL, 10));
    stop_asking(&asking);
}

int main(int argc, char **argv)
{
    const char *set = getenv("MESH_BENCH_NAMESPACES");
    unsigned long namespaces = strtoul(argc == 2 ? argv[1]
                                       : set     ? set
                                                 : "100",
                                       NULL, 10);

    if (mesh_set_memory(count_alloc, count_resize, count_free) < 0)
        give_up("memory cannot be counted");
    if (argc == 4 && strcmp(argv[1], "--loop") == 0) {
        run_loop(argv[2], argv[3]);
        return 0;
    }
    if (argc > 2 || namespaces == 0)
        give_up("usage: policy [NAMESPACES] | policy --loop HOSTS N");
    measure((unsigned)namespaces, false);
    measure((unsigned)namespaces, true);
    print_bytes();
    print_decisions(namespaces < 100 ? 1000 : 10000);
    return 0;
}
