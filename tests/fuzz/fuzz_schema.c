/*
 * fuzz_schema.c - any bytes as a policy file.
 *
 * Whatever it says, each finding has a message and a code, resources know
 * their own places, nothing with an error is among them, and a second reading
 * says the same.
 */
#include "schema/schema.h"

#include <mesh/base.h>

#include <stdint.h>

enum { INPUT_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

struct reading {
    struct mesh_collection *collection;
    struct mesh_diagnostics diagnostics;
};

static void read_once(struct reading *reading, struct mesh_slice text)
{
    struct mesh_policy_limits limits = mesh__policy_limits;

    limits.documents = 64;
    limits.nodes = 20000;
    mesh__diagnostics_init(&reading->diagnostics);
    must(mesh__collection_new(&reading->collection) == 0);
    must(mesh__collection_add(reading->collection, "f", text, &limits,
                              &reading->diagnostics) == 0);
    must(reading->diagnostics.rc == 0);
    mesh__diagnostics_sort(&reading->diagnostics);
}

static void forget(struct reading *reading)
{
    mesh__collection_unref(reading->collection);
    mesh__diagnostics_fini(&reading->diagnostics);
}

static void check_findings(const struct mesh_diagnostics *diagnostics)
{
    size_t counted = 0;

    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct mesh_finding *finding = &diagnostics->findings[i];
        char line[128];

        must(*finding->message && *finding->code);
        must(finding->severity >= MESH__ERROR &&
             finding->severity <= MESH__INFO);
        mesh__finding_print(finding, line, sizeof(line));
        must(strlen(line) < sizeof(line));
    }
    for (size_t i = 0; i < 5; i++)
        counted += diagnostics->by_severity[i];
    must(counted == diagnostics->count);
}

static void check_resources(const struct mesh_collection *collection)
{
    for (size_t i = 0; i < collection->count; i++) {
        const struct mesh_resource *resource = &collection->resources[i];

        must(mesh__collection_at(collection, resource->mark.place) == resource);
        must(resource->kind > MESH__KIND_NONE &&
             resource->kind < MESH__KIND_COUNT);
        must(resource->kind == MESH__KIND_MESH_CONFIG || resource->name.len);
    }
}

static void check_same(const struct reading *a, const struct reading *b)
{
    must(a->collection->count == b->collection->count);
    must(a->diagnostics.count == b->diagnostics.count);
    for (size_t i = 0; i < a->diagnostics.count; i++)
        must(strcmp(a->diagnostics.findings[i].message,
                    b->diagnostics.findings[i].message) == 0);
}

static void note_use(void *user, const struct mesh_field_use *use)
{
    (void)user;
    must(use->path && *use->path && use->reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mesh_slice text = mesh__slice((const char *)data, size);
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct reading first;
    struct reading second;
    int rc;

    if (size > INPUT_MAX)
        return 0;
    read_once(&first, text);
    read_once(&second, text);
    check_findings(&first.diagnostics);
    check_resources(first.collection);
    check_same(&first, &second);
    rc = mesh__coverage("f", text, &limits, note_use, NULL);
    must(rc == 0 || rc == MESH_ERR_POLICY);
    forget(&first);
    forget(&second);
    return 0;
}
