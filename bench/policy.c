/*
 * policy.c - what a large policy costs: to load, to compile, to reload after
 * one change, to hold, and to decide by.
 *
 *   policy [NAMESPACES]       100 namespaces are ten thousand resources
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

enum { RELOADS = 5, DECISIONS = 200000, LINES = 16, REGIONS = 4096 };

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
    double read_ms;
    double judge_ms;
    double compile_ms;
    size_t read_bytes; /* held by the collection */
    size_t compiled_bytes;
};

static double whole_ms(const struct loaded *loaded)
{
    return loaded->read_ms + loaded->judge_ms + loaded->compile_ms;
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

static void compile(struct loaded *loaded, const struct mesh_snapshot *previous)
{
    const struct mesh_whoami whoami = {
        .namespace_ = MESH__SLICE("ns-0"),
        .service_account = MESH__SLICE("bench"),
        .trust_domain = MESH__SLICE("cluster.local"),
        .labels_set = true,
    };
    uint64_t generation = previous ? previous->generation + 1 : 1;

    if (mesh__policy_compile(loaded->collection, &whoami, previous, generation,
                             &loaded->snapshot) < 0 ||
        mesh__live_bind(loaded->registry, loaded->snapshot, MESH__S, 0) < 0)
        give_up("the policy does not compile");
}

static void load(const char *directory, const struct loaded *before,
                 struct loaded *out)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_fingerprint print;
    size_t bytes = held;
    double at = now_ms();

    *out = (struct loaded){ .registry = before ? before->registry : NULL };
    if (!before && mesh__live_registry_new(NULL, &out->registry) < 0)
        give_up("no memory");
    mesh__diagnostics_init(&diagnostics);
    if (mesh__policy_read(directory, &limits,
                          before ? before->collection : NULL, &out->collection,
                          &diagnostics, &print) < 0)
        give_up("the policy is not read");
    out->read_ms = now_ms() - at;
    out->read_bytes = held - bytes;
    at = now_ms();
    if (mesh__policy_judge(out->collection, &diagnostics) < 0)
        give_up("the policy is not judged");
    mesh__diagnostics_sort(&diagnostics);
    check_findings(&diagnostics);
    mesh__diagnostics_fini(&diagnostics);
    out->judge_ms = now_ms() - at;
    bytes = held;
    at = now_ms();
    compile(out, before ? before->snapshot : NULL);
    out->compile_ms = now_ms() - at;
    out->compiled_bytes = held - bytes;
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
    double whole[RELOADS];
    struct loaded next = { 0 };
    size_t kept = 0;

    for (unsigned i = 0; i < RELOADS; i++) {
        estate->edited = kind;
        estate->edition++;
        if (!estate_edit(estate))
            give_up("a file cannot be written");
        load(estate->directory, current, &next);
        whole[i] = whole_ms(&next);
        kept = parts_kept(current->snapshot, next.snapshot);
        drop(current);
        *current = next;
    }
    qsort(whole, RELOADS, sizeof(*whole), by_value);
    (void)printf("  %-20s %8.1f ms  1/%-5.0f (last: read %.1f, judge %.1f, "
                 "compile %.1f; %zu of %zu hosts kept)\n",
                 estate_kind_name(kind), whole[RELOADS / 2],
                 load_ms / whole[RELOADS / 2], next.read_ms, next.judge_ms,
                 next.compile_ms, kept, next.snapshot->part_count);
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
                 whole_ms(loaded), loaded->read_ms, loaded->judge_ms,
                 loaded->compile_ms);
    (void)printf("  held: resources %.1f MiB, snapshot %.1f MiB (%zu bytes a "
                 "host); peak of the process %.0f MiB\n",
                 (double)loaded->read_bytes / 1048576,
                 (double)loaded->compiled_bytes / 1048576,
                 loaded->compiled_bytes / hosts, peak_mib());
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
    load_ms = whole_ms(&loaded);
    print_load(&estate, &loaded);
    (void)printf("  reload of one changed\n");
    for (int i = ESTATE_NOTHING; i < ESTATE_KINDS; i++)
        reload(&estate, (enum estate_kind)i, &loaded, load_ms);
    drop(&loaded);
    mesh__live_registry_free(loaded.registry);
    estate_remove(&estate);
}

int main(int argc, char **argv)
{
    unsigned long namespaces = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;

    if (mesh_set_memory(count_alloc, count_resize, count_free) < 0)
        give_up("memory cannot be counted");
    measure((unsigned)namespaces, false);
    measure((unsigned)namespaces, true);
    return 0;
}
