/*
 * estate.h - a mesh of any size, as files: for bench/policy.
 *
 * A namespace holds a hundred resources, five hundred routes and about a
 * thousand endpoints, so that a hundred of them are the ten thousand resources
 * that a large mesh has.
 */
#ifndef MESH_BENCH_ESTATE_H
#define MESH_BENCH_ESTATE_H

#include <stdbool.h>
#include <stddef.h>

enum estate_kind {
    ESTATE_NOTHING,
    ESTATE_VIRTUAL_SERVICE,
    ESTATE_DESTINATION_RULE,
    ESTATE_SERVICE,
    ESTATE_SERVICE_ENTRY,
    ESTATE_ENDPOINT_SLICE,
    ESTATE_WORKLOAD_ENTRY,
    ESTATE_AUTHORIZATION_POLICY,
    ESTATE_PEER_AUTHENTICATION,
    ESTATE_MESH_CONFIG,
    ESTATE_KINDS
};

enum {
    ESTATE_RESOURCES = 100, /* of one namespace; one MeshConfig besides */
    ESTATE_HOSTS = 20,
    ESTATE_ROUTES = 500,
    ESTATE_ENDPOINTS = 1015
};

struct estate {
    const char *directory;
    unsigned namespaces;
    bool one_file; /* all in mesh.yaml; else one file a namespace */
    /* One resource, in the middle of it all, that was changed so often. */
    enum estate_kind edited;
    unsigned edition;
};

const char *estate_kind_name(enum estate_kind kind);

/* Write all files, or those that an edit touches; false with errno set. */
bool estate_write(const struct estate *estate);
bool estate_edit(const struct estate *estate);
/* Remove what was written, and the directory. */
void estate_remove(const struct estate *estate);

/* Another shape: hosts with so many routes and endpoints each, as one text. */
struct estate_shape {
    unsigned hosts;
    unsigned routes;
    unsigned endpoints;
};
char *estate_text(const struct estate_shape *shape, size_t *size);

#endif
