/*
 * inbound.c - how this workload serves its ports: which service is on each,
 * what it speaks, and whether mTLS is asked for.
 */
#include "policy/compile.h"
#include "policy/mtls.h"

#include "base/error.h"

#include <stdlib.h>

/* --- which ports --- */

static bool selects_us(const struct mesh__compiler *compiler,
                       const struct mesh__service *service)
{
    const struct mesh_labels *selector = NULL;

    if (service->kubernetes) {
        const struct mesh_service *spec = service->resource->spec;

        if (spec->has_selector && spec->selector.count)
            selector = &spec->selector;
    } else {
        const struct mesh_service_entry *spec = service->resource->spec;

        if (spec->has_selector)
            selector = &spec->selector;
    }
    return selector && compiler->asker.labels &&
           mesh__slice_equal(service->namespace_, compiler->asker.namespace_) &&
           mesh__labels_cover(compiler->asker.labels, selector);
}

static size_t find_port(const struct mesh_snapshot *snapshot, uint16_t port)
{
    size_t at = 1;

    while (at < snapshot->inbound_count && snapshot->inbound[at].port != port)
        at++;
    return at;
}

/* The first to name a port has it; service may be NULL. */
static int add_port(struct mesh__compiler *compiler, uint16_t port,
                    const struct mesh__service *service,
                    const struct mesh__port *service_port,
                    enum mesh_protocol protocol)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    struct mesh_inbound *out = &snapshot->inbound[snapshot->inbound_count];

    if (port == 0 || find_port(snapshot, port) < snapshot->inbound_count)
        return 0;
    out->port = port;
    out->service = "";
    out->service_name = "";
    out->mtls = mesh__mtls_for(&compiler->world, compiler->asker.namespace_,
                               compiler->asker.labels, port, &out->mark);
    out->protocol = protocol;
    if (service) {
        out->service_port = service_port->number;
        if (!mesh__copy(&snapshot->arena, service->host, &out->service) ||
            !mesh__copy(&snapshot->arena, service->name, &out->service_name))
            return MESH_ERR_NOMEM;
    }
    snapshot->inbound_count++;
    return 0;
}

/* --- which workloads say where --- */

/* Ourselves; without an address, whoever has our labels and account. */
static bool speaks_for_us(const struct mesh__compiler *compiler,
                          const struct mesh__instance *instance)
{
    struct mesh_slice account = compiler->whoami->service_account;

    if (compiler->me)
        return instance == compiler->me;
    return compiler->asker.labels &&
           mesh__labels_equal(&instance->labels, compiler->asker.labels) &&
           (account.len == 0 ||
            mesh__slice_equal(instance->service_account, account));
}

/* Nobody does: only the service's own word is left. */
static const struct mesh__instance nobody = { .weight = 1 };

static int add_service(struct mesh__compiler *compiler,
                       const struct mesh__service *service)
{
    size_t count;
    const struct mesh__instance *all = mesh__world_workloads(
        &compiler->world, compiler->asker.namespace_, &count);
    bool found = false;
    int rc = 0;

    for (size_t i = 0; i < count; i++) {
        if (!speaks_for_us(compiler, &all[i]))
            continue;
        found = true;
        for (size_t j = 0; rc == 0 && j < service->port_count; j++)
            rc = add_port(
                compiler, mesh__instance_port(&all[i], &service->ports[j]),
                service, &service->ports[j], service->ports[j].protocol);
    }
    for (size_t j = 0; rc == 0 && !found && j < service->port_count; j++)
        rc =
            add_port(compiler, mesh__instance_port(&nobody, &service->ports[j]),
                     service, &service->ports[j], service->ports[j].protocol);
    return rc;
}

/* --- a Sidecar's own listeners --- */

/* The port of a service that is served on one of ours; NULL: none is. */
static const struct mesh__port *port_behind(
    const struct mesh__compiler *compiler, const struct mesh__service *service,
    uint16_t port)
{
    const struct mesh__instance *me = compiler->me ? compiler->me : &nobody;

    for (size_t i = 0; i < service->port_count; i++)
        if (mesh__instance_port(me, &service->ports[i]) == port)
            return &service->ports[i];
    return NULL;
}

static int add_listener(struct mesh__compiler *compiler,
                        const struct mesh_sidecar_port *listener)
{
    uint16_t port = (uint16_t)listener->number;
    enum mesh_protocol protocol =
        mesh__protocol_of(listener->protocol, MESH__SLICE(""), 0);

    for (size_t i = 0; i < compiler->world.service_count; i++) {
        const struct mesh__service *service = &compiler->world.services[i];
        const struct mesh__port *behind;

        if (!selects_us(compiler, service))
            continue;
        behind = port_behind(compiler, service, port);
        if (behind)
            return add_port(compiler, port, service, behind, protocol);
    }
    return add_port(compiler, port, NULL, NULL, protocol);
}

/* Where a Sidecar lists listeners, services add none. */
static int add_listeners(struct mesh__compiler *compiler, bool *listed)
{
    const struct mesh_sidecar *spec =
        compiler->scope.sidecar ? compiler->scope.sidecar->spec : NULL;
    int rc = 0;

    *listed = spec && spec->ingress_count > 0;
    for (size_t i = 0; *listed && rc == 0 && i < spec->ingress_count; i++)
        rc = add_listener(compiler, &spec->ingress[i].port);
    return rc;
}

/* --- the whole --- */

static size_t count_ports(const struct mesh__compiler *compiler,
                          const struct mesh_peer_authentication *peer)
{
    size_t workloads;
    size_t count = 1 + (peer ? peer->port_count : 0);

    (void)mesh__world_workloads(&compiler->world, compiler->asker.namespace_,
                                &workloads);
    for (size_t i = 0; i < compiler->world.service_count; i++)
        if (selects_us(compiler, &compiler->world.services[i]))
            count += compiler->world.services[i].port_count * (workloads + 1);
    if (compiler->scope.sidecar) {
        const struct mesh_sidecar *spec = compiler->scope.sidecar->spec;

        count += spec->ingress_count;
    }
    return count;
}

static int compare_ports(const void *a, const void *b)
{
    const struct mesh_inbound *left = a;
    const struct mesh_inbound *right = b;

    return (int)left->port - (int)right->port;
}

static void add_default(struct mesh__compiler *compiler)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    struct mesh_inbound *out = &snapshot->inbound[snapshot->inbound_count++];

    out->service = "";
    out->service_name = "";
    out->mtls = mesh__mtls_for(&compiler->world, compiler->asker.namespace_,
                               compiler->asker.labels, 0, &out->mark);
}

int mesh__compile_inbound(struct mesh__compiler *compiler)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    const struct mesh_peer_authentication *peer = mesh__mtls_workload_policy(
        &compiler->world, compiler->asker.namespace_, compiler->asker.labels);
    bool listed;
    int rc;

    snapshot->inbound =
        mesh__arena_array(&snapshot->arena, count_ports(compiler, peer),
                          sizeof(*snapshot->inbound));
    if (!snapshot->inbound)
        return MESH_ERR_NOMEM;
    add_default(compiler);
    rc = add_listeners(compiler, &listed);
    for (size_t i = 0; rc == 0 && !listed && i < compiler->world.service_count;
         i++)
        if (selects_us(compiler, &compiler->world.services[i]))
            rc = add_service(compiler, &compiler->world.services[i]);
    for (size_t i = 0; rc == 0 && peer && i < peer->port_count; i++)
        rc = add_port(compiler, (uint16_t)peer->ports[i].port, NULL, NULL,
                      MESH__PROTO_AUTO);
    if (rc == 0)
        qsort(snapshot->inbound, snapshot->inbound_count,
              sizeof(*snapshot->inbound), compare_ports);
    return rc;
}
