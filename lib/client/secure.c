/*
 * secure.c - TLS to servers outside the mesh.
 *
 * Names: the rule's, else the service's, else, where no SNI is set either, the
 * request's host (Istio: core/cluster_tls.go, auto SNI and SAN). Declines to
 * know sockets.
 */
#include "client/secure.h"

#include "base/error.h"

bool mesh__secure_by_rule(const struct mesh_destination *destination)
{
    return destination->tls.mode == MESH__TLS_SIMPLE ||
           destination->tls.mode == MESH__TLS_MUTUAL;
}

bool mesh__mesh_tls_wanted(const struct mesh_destination *destination,
                           const struct mesh_endpoint *endpoint)
{
    return destination->tls.mode == MESH__TLS_MESH ||
           (destination->tls.mode == MESH__TLS_AUTO && endpoint->mesh_tls);
}

bool mesh__secure_wanted(const struct mesh_destination *destination,
                         const struct mesh_endpoint *endpoint, bool asked)
{
    return mesh__secure_by_rule(destination) ||
           (asked && !mesh__mesh_tls_wanted(destination, endpoint));
}

static bool is_ip(struct mesh_slice host)
{
    struct mesh_address ip;

    return mesh__address_parse_ip(host, &ip);
}

int mesh__secure_profile(const struct mesh_destination *destination,
                         struct mesh_slice host, struct mesh_outsides *outsides,
                         struct mesh_secure *secure,
                         struct mesh_tls_profile *profile)
{
    static const struct mesh_destination_tls nothing;
    const struct mesh_destination_tls *tls =
        mesh__secure_by_rule(destination) ? &destination->tls : &nothing;
    const struct mesh_outside_files files = { tls->roots, tls->chain, tls->key,
                                              tls->blind };
    bool sni_set = tls->sni && tls->sni[0];
    int rc;

    if (host.len >= sizeof(secure->host))
        return mesh__fail(MESH_ERR_INVALID, "a host of %zu bytes", host.len);
    for (size_t i = 0; i < host.len; i++)
        secure->host[i] = mesh__lower(host.at[i]);
    secure->host[host.len] = '\0';
    secure->names[0] = secure->host;
    *profile = (struct mesh_tls_profile){ .role = MESH__TLS_CLIENT };
    if (sni_set)
        profile->sni = tls->sni;
    else if (!is_ip(host))
        profile->sni = secure->host;
    profile->expected.ids = tls->names;
    profile->expected.count = tls->name_count;
    if (tls->name_count == 0 && !sni_set && !tls->blind) {
        profile->expected.ids = secure->names;
        profile->expected.count = 1;
    }
    if (!outsides)
        return mesh__fail(MESH_ERR_CERTIFICATE,
                          "%s: no roots for servers outside the mesh",
                          destination->name);
    rc = mesh__outsides_get(outsides, &files, &profile->expected.outside);
    if (rc == 0)
        profile->credential = profile->expected.outside->credential;
    return rc;
}
