/*
 * judge_service.c - Services whose port names tell no protocol.
 *
 * (Istio: analyzers/service/portname.go.)
 */
#include "policy/judge.h"

/* The control plane's own, and those that it makes. */
static bool is_istios(const struct mesh_labels *labels)
{
    static const char *const makers[] = { "istio.io-gateway-controller",
                                          "istio.io-mesh-controller",
                                          "istio.io-eastwest-controller" };
    const struct mesh_slice *release =
        mesh__labels_get(labels, MESH__SLICE("release"));
    const struct mesh_slice *maker =
        mesh__labels_get(labels, MESH__SLICE("gateway.istio.io/managed"));

    if (mesh__labels_get(labels, MESH__SLICE("istio")) ||
        (release && mesh__slice_is(*release, "istio")))
        return true;
    for (size_t i = 0; maker && i < sizeof(makers) / sizeof(makers[0]); i++)
        if (mesh__slice_is(*maker, makers[i]))
            return true;
    return false;
}

/* appProtocol, like a name, may go on behind a dash: "http-web". */
static bool tells_protocol(const struct mesh_service_port *port)
{
    const struct mesh_slice none = { 0 };

    return mesh__slice_is(port->protocol, "UDP") ||
           mesh__protocol_of(port->app_protocol, port->name, port->port) !=
               MESH__PROTO_AUTO ||
           (port->app_protocol.len &&
            mesh__protocol_of(none, port->app_protocol, port->port) !=
                MESH__PROTO_AUTO);
}

static void judge_ports(struct mesh__judge *judge,
                        const struct mesh_resource *resource)
{
    const struct mesh_service *spec = resource->spec;
    bool external = mesh__slice_is(spec->type, "ExternalName");

    for (size_t i = 0; !is_istios(&resource->labels) && i < spec->port_count;
         i++) {
        const struct mesh_service_port *port = &spec->ports[i];
        struct mesh__about about = { resource, port->mark, "" };

        if (tells_protocol(port) &&
            !(external && mesh__slice_is(port->name, "tcp")))
            continue;
        about.path = mesh__judge_path(judge, "spec.ports[%zu].name", i);
        if (external)
            mesh__judge_say(judge, MESH__WARNING, MESH__CODE_EXTERNAL_PORT_NAME,
                            about,
                            "\"%.*s\": traffic of this port may not get to an "
                            "ExternalName service",
                            MESH__SHOW(port->name));
        else
            mesh__judge_say(judge, MESH__INFO, MESH__CODE_PORT_NAME, about,
                            "\"%.*s\" tells no protocol (as \"http-web\" "
                            "does): it is found out from what is sent",
                            MESH__SHOW(port->name));
    }
}

void mesh__judge_services(struct mesh__judge *judge)
{
    mesh__judge_each(judge, MESH__KIND_SERVICE, judge_ports);
}
