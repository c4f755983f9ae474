/*
 * delegate.h - routes of another VirtualService in the place of one that
 * delegates; for policy/ alone. (Semantics 4.3; Istio:
 * model/virtualservice.go.)
 */
#ifndef MESH_POLICY_DELEGATE_H
#define MESH_POLICY_DELEGATE_H

#include "policy/compile.h"
#include "policy/virtual.h"

/* Find those without hosts, by namespace and name. 0 or MESH_ERR_NOMEM. */
int mesh__delegates_init(struct mesh__compiler *compiler);

/*
 * out->spec is the resource's own, or, where routes delegate, a copy with the
 * delegates' routes in their places; out->delegates says whose. 0 or
 * MESH_ERR_NOMEM.
 */
int mesh__delegates_lay(struct mesh__compiler *compiler,
                        const struct mesh_resource *resource,
                        struct mesh__vs *out);

#endif
