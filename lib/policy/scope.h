/*
 * scope.h - what the compiling client sees: the Sidecar in force, its
 * listeners, and what each of them imports; for policy/ alone. (Semantics 3;
 * Istio: model/sidecar.go, model/push_context.go.)
 *
 * Without a Sidecar there is one listener that imports everything visible.
 */
#ifndef MESH_POLICY_SCOPE_H
#define MESH_POLICY_SCOPE_H

#include "policy/rules.h"
#include "policy/virtual.h"
#include "policy/world.h"

/* One "namespace/host" of egress[].hosts; namespace "*" is any. */
struct mesh__import {
    struct mesh_slice namespace_;
    struct mesh_slice host;
};

struct mesh__imports {
    struct mesh__import *items;
    size_t count;
};

struct mesh__listener {
    uint16_t port; /* 0: every port that no listener before it has */
    bool tcp;      /* its port says so: bytes, whatever services say */
    bool http;     /* its port says so: open even without a service  */
    struct mesh__imports taken;
    struct mesh__imports left; /* excluded: "~namespace/host" */
    struct mesh__virtuals virtuals;
};

struct mesh__scope {
    const struct mesh_resource *sidecar; /* in force, or NULL */
    struct mesh__listener *listeners;
    size_t count;
};

/* Choose the Sidecar and read its hosts; 0 or MESH_ERR_NOMEM. */
int mesh__scope_init(struct mesh__scope *scope, struct mesh_arena *arena,
                     const struct mesh__world *world,
                     const struct mesh__asker *asker);

/* Who speaks for a port; NULL: nobody, nothing is known there. */
struct mesh__listener *mesh__scope_listener(const struct mesh__scope *scope,
                                            uint16_t port);

bool mesh__listener_takes(const struct mesh__listener *listener,
                          struct mesh_slice namespace_, struct mesh_slice host);
/* A VirtualService, by any one of its hosts. */
bool mesh__listener_takes_virtual(const struct mesh__listener *listener,
                                  const struct mesh__vs *vs);

/* Of a host's services, the one that a listener imports for asker, or NULL. */
const struct mesh__service *mesh__listener_service(
    const struct mesh__listener *listener, const struct mesh__world *world,
    struct mesh_slice host, struct mesh_slice asker);

#endif
