/*
 * listeners.c - what a Gateway's server and a Sidecar's listeners must be:
 * port, bind, hosts, TLS.
 *
 * Stands beside the tables of gateway.c and sidecar.c, which name it.
 */
#include "schema/table.h"
#include "value/host.h"

#define UNIX "unix://"

enum { PORT_MAX = 65535 };

/* What is wrong is said of one field of the message. */
static void wrong(struct mesh_reader *reader, const struct mesh_spot *up,
                  const struct mesh_yaml_node *node, const char *name,
                  const char *why)
{
    const struct mesh_spot spot = { .up = up, .name = name };
    const struct mesh_yaml_node *field = mesh__get(node, name);

    if (field && field->kind == MESH__YAML_SCALAR)
        mesh__reject(reader, &spot, field->mark, "%s, found \"%.80s\"", why,
                     field->text.at);
    else
        mesh__reject(reader, &spot, field ? field->mark : node->mark, "%s",
                     why);
}

static bool is_scalar(const struct mesh_yaml_node *node)
{
    return node && node->kind == MESH__YAML_SCALAR;
}

static bool is_zero(const struct mesh_yaml_node *node)
{
    double number;

    return mesh__yaml_float(node, &number) && number == 0;
}

/* The number of a port; 0 when there is none. */
static int64_t port_number(const struct mesh_yaml_node *port, const char *name)
{
    const struct mesh_yaml_node *node = mesh__get(port, name);
    double number;

    return node && mesh__yaml_float(node, &number) && number > 0 &&
                   number <= UINT32_MAX
               ? (int64_t)number
               : 0;
}

static bool is_one_of(struct mesh_slice text, const char *const *words,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mesh__slice_equal_nocase(text, mesh__slice_of(words[i])))
            return true;
    return false;
}

static bool speaks_tls(struct mesh_slice protocol)
{
    static const char *const words[] = { "https", "tls" };

    return is_one_of(protocol, words, 2);
}

static bool speaks_http(struct mesh_slice protocol)
{
    static const char *const words[] = { "http", "http2", "http_proxy", "grpc",
                                         "grpc-web" };

    return is_one_of(protocol, words, 5);
}

/* --- binds -----------------------------------------------------------------
 */

static bool is_unix(struct mesh_slice text)
{
    return mesh__slice_starts(text, MESH__SLICE(UNIX));
}

/* An absolute path of a file, or a name in Linux's abstract space. */
static bool is_unix_path(struct mesh_slice text)
{
    text =
        mesh__slice(text.at + sizeof(UNIX) - 1, text.len - (sizeof(UNIX) - 1));
    if (text.len == 0 || text.at[0] == '@')
        return text.len > 0;
    return text.at[0] == '/' && text.at[text.len - 1] != '/';
}

static void check_bind(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    struct mesh_slice bind = mesh__get_text(node, "bind");

    if (!bind.len || mesh__is_ip(bind))
        return;
    wrong(reader, spot, node, "bind", "wanted an IP address");
    if (is_unix(bind))
        wrong(reader, NULL, mesh__get(node, "port"), "number",
              "a unix socket has port 0");
}

static void check_unix_bind(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node)
{
    if (!is_unix_path(mesh__get_text(node, "bind")))
        wrong(reader, spot, node, "bind",
              "wanted unix:// and the absolute path of a file");
}

static void check_target_port(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *port)
{
    if (port_number(port, "targetPort") > 0)
        wrong(reader, spot, port, "targetPort",
              "listeners have no target port: leave it away");
}

/* What is no number, or too large a one, is told by the row. */
static void check_number(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *port)
{
    const struct mesh_yaml_node *number = mesh__get(port, "number");
    double value = 0;

    if (number && !mesh__yaml_float(number, &value))
        return;
    if (value == 0)
        wrong(reader, spot, port, "number", "wanted a port from 1 to 65535");
}

/* --- TLS -------------------------------------------------------------------
 */

/* The fields of a ServerTLSSettings that are not empty. */
struct server_tls {
    struct mesh_slice mode;
    bool certificate, key, ca, crl, name, names, certificates;
};

static bool has_text(const struct mesh_yaml_node *node, const char *name)
{
    return mesh__get_text(node, name).len > 0;
}

static bool has_items(const struct mesh_yaml_node *node, const char *name)
{
    const struct mesh_yaml_node *list = mesh__get(node, name);

    return list && list->kind == MESH__YAML_SEQUENCE && list->count > 0;
}

static struct server_tls read_tls(const struct mesh_yaml_node *node)
{
    return (struct server_tls){
        .mode = mesh__get_text(node, "mode"),
        .certificate = has_text(node, "serverCertificate"),
        .key = has_text(node, "privateKey"),
        .ca = has_text(node, "caCertificates"),
        .crl = has_text(node, "caCrl"),
        .name = has_text(node, "credentialName"),
        .names = has_items(node, "credentialNames"),
        .certificates = has_items(node, "tlsCertificates"),
    };
}

static bool mode_is(const struct server_tls *tls, const char *mode)
{
    return mesh__slice_is(tls->mode, mode);
}

/* The mesh's own certificate needs no other. */
static void check_istio_mutual(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node)
{
    static const char *const names[] = {
        "serverCertificate", "privateKey",     "caCertificates",
        "tlsCertificates",   "credentialName", "credentialNames",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (has_text(node, names[i]) || has_items(node, names[i]))
            mesh__reject_pair(
                reader, spot, node, "mode", names[i],
                "ISTIO_MUTUAL has the mesh's own certificate: leave it away");
}

static void check_sources(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node,
                          const struct server_tls *tls)
{
    bool names = mesh__has(node, "credentialNames");

    if ((names && mesh__has(node, "credentialName")) ||
        (names && mesh__has(node, "tlsCertificates")) ||
        (tls->certificate && tls->key) + tls->name + tls->names +
                tls->certificates >
            1)
        mesh__reject_missing(
            reader, spot, node,
            (const char *[]){ "credentialName", "credentialNames",
                              "tlsCertificates", "serverCertificate",
                              "privateKey" },
            5,
            "wanted one source of certificates: credentialName, "
            "credentialNames, tlsCertificates, or serverCertificate with "
            "privateKey");
}

static void check_pair(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    static const char *const names[] = { "serverCertificate", "privateKey" };

    for (size_t i = 0; i < 2; i++)
        if (!has_text(node, names[i]))
            mesh__reject_pair(reader, spot, node, "mode", names[i],
                              "serverCertificate and privateKey are required");
}

/* Files that the modes which show a certificate need. */
static void check_files(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node,
                        const struct server_tls *tls)
{
    const struct mesh_yaml_node *list = mesh__get(node, "tlsCertificates");
    struct mesh_spot field = { .up = spot, .name = "tlsCertificates" };

    if (!mode_is(tls, "SIMPLE") && !tls->ca)
        mesh__reject_pair(reader, spot, node, "mode", "caCertificates",
                          "MUTUAL needs caCertificates");
    if (!tls->certificates) {
        check_pair(reader, spot, node);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        check_pair(reader, &item, list->items[i]);
    }
}

static void check_ciphers(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    struct mesh_slice least = mesh__get_text(node, "minProtocolVersion");

    if ((mesh__slice_is(least, "TLSV1_0") ||
         mesh__slice_is(least, "TLSV1_1")) &&
        !has_items(node, "cipherSuites"))
        mesh__report(reader, spot, node->mark, MESH__WARNING,
                     MESH__CODE_WARNING, NULL,
                     "TLS below 1.2 needs cipherSuites of its time");
}

void mesh__check_server_tls(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node, void *into)
{
    struct server_tls tls = read_tls(node);

    (void)into;
    check_ciphers(reader, spot, node);
    check_sources(reader, spot, node, &tls);
    if (mode_is(&tls, "ISTIO_MUTUAL")) {
        check_istio_mutual(reader, spot, node);
        return;
    }
    if (mode_is(&tls, "SIMPLE") || mode_is(&tls, "MUTUAL") ||
        mode_is(&tls, "OPTIONAL_MUTUAL")) {
        if (tls.name || tls.names)
            return; /* the credential holds the rest */
        check_files(reader, spot, node, &tls);
    }
    if (tls.crl && tls.name)
        mesh__reject_pair(reader, spot, node, "caCrl", "credentialName",
                          "with credentialName the credential holds caCrl");
    if (tls.crl && mode_is(&tls, "SIMPLE"))
        mesh__reject_pair(reader, spot, node, "caCrl", "mode",
                          "SIMPLE asks for no certificate, so caCrl is idle");
}

/* --- hosts -----------------------------------------------------------------
 */

/* "*", "*.example.com", "web.example.com"; a gateway's may be an address. */
static const char *judge_host(struct mesh_slice host, bool gateway)
{
    if (!mesh__slice_is(host, "*") &&
        (host.len == 0 || !memchr(host.at, '.', host.len)))
        return "wanted a whole name, with a dot";
    if (!mesh__host_valid(host, true) && !(gateway && mesh__is_ip(host)))
        return "wanted a host such as \"web.example.com\" or "
               "\"*.example.com\"";
    if (host.len > 1 && memchr(host.at, '*', host.len) &&
        !mesh__slice_starts(host, MESH__SLICE("*.")))
        return "\"*\" stands for whole labels only";
    return NULL;
}

static const char *judge_scoped_host(struct mesh_slice text, bool gateway)
{
    const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    struct mesh_slice space = text;
    struct mesh_slice host;

    if (!slash)
        return gateway ? judge_host(text, true)
                       : "wanted \"namespace/host\", such as \"./*\"";
    space.len = (size_t)(slash - text.at);
    host = mesh__slice(slash + 1, text.len - space.len - 1);
    if (space.len == 0 || host.len == 0)
        return "wanted a namespace before \"/\" and a host behind it";
    if (!gateway && space.at[0] == '~')
        space = mesh__slice(space.at + 1, space.len - 1);
    if (space.len && !mesh__slice_is(space, "*") &&
        !mesh__slice_is(space, ".") && !mesh__is_host_label(space))
        return "wanted a namespace, \".\" or \"*\" before \"/\"";
    return judge_host(host, gateway);
}

static void check_hosts(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, bool gateway)
{
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    struct mesh_spot field = { .up = spot, .name = "hosts" };

    if (!hosts)
        return; /* required: said already */
    if (hosts->kind == MESH__YAML_SEQUENCE && hosts->count == 0)
        mesh__reject(reader, &field, hosts->mark,
                     "at least one host is required");
    for (size_t i = 0; hosts->items && i < hosts->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const char *why;

        if (!is_scalar(hosts->items[i]))
            continue;
        why = judge_scoped_host(hosts->items[i]->text, gateway);
        if (why)
            mesh__reject(reader, &item, hosts->items[i]->mark,
                         "%s; found \"%.80s\"", why, hosts->items[i]->text.at);
    }
}

/* --- Gateway ---------------------------------------------------------------
 */

static void check_server_port(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *port = mesh__get(node, "port");
    struct mesh_slice bind = mesh__get_text(node, "bind");
    struct mesh_spot field = { .up = spot, .name = "port" };

    if (!port)
        return;
    if (is_scalar(mesh__get(port, "protocol")) &&
        !mesh__is_protocol(mesh__get_text(port, "protocol")))
        wrong(reader, &field, port, "protocol",
              "wanted HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, "
              "REDIS or MYSQL");
    if (is_scalar(mesh__get(port, "name")) && !has_text(port, "name"))
        wrong(reader, &field, port, "name", "may not be empty");
    check_target_port(reader, &field, port);
    if (!is_unix(bind)) {
        check_bind(reader, spot, node);
        if (!is_scalar(mesh__get(port, "number")))
            return;
        check_number(reader, &field, port);
        if (is_zero(mesh__get(port, "number")))
            wrong(reader, spot, node, "bind", "only a unix socket has port 0");
        return;
    }
    check_unix_bind(reader, spot, node);
    if (!port_number(port, "number"))
        return;
    wrong(reader, &field, port, "number",
          "a unix socket has no port: wanted 0");
    wrong(reader, spot, node, "bind", "a unix socket has no port");
}

/* The protocol, the TLS, and what in it: which is the slip? */
static void reject_tls(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *why)
{
    const struct mesh_yaml_node *port = mesh__get(node, "port");
    const struct mesh_yaml_node *tls = mesh__get(node, "tls");
    const struct mesh_yaml_node *const nodes[] = {
        port,
        mesh__get(port, "protocol"),
        tls,
        mesh__get(tls, "mode"),
        mesh__get(tls, "caCertificates"),
        mesh__get(tls, "privateKey"),
        mesh__get(tls, "serverCertificate"),
    };

    mesh__reject_missing(reader, spot, node, (const char *[]){ "tls" }, 1, why);
    mesh__reject_at(reader, spot, nodes, sizeof(nodes) / sizeof(nodes[0]), why);
}

/* TLS where the protocol asks for it, and nowhere else. */
static void check_server_protocol(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *settings = mesh__get(node, "tls");
    const struct mesh_yaml_node *port = mesh__get(node, "port");
    struct mesh_slice protocol = mesh__get_text(port, "protocol");
    struct server_tls tls;

    if (speaks_tls(protocol) && !settings)
        mesh__reject_at(reader, spot,
                        (const struct mesh_yaml_node *[]){
                            node, mesh__get(port, "protocol") },
                        2, "\"tls\" is required with HTTPS and TLS");
    if (speaks_tls(protocol) || !settings)
        return;
    tls = read_tls(settings);
    if (!speaks_http(protocol))
        reject_tls(reader, spot, node, "only HTTPS and TLS ports have TLS");
    else if ((tls.mode.len && !mode_is(&tls, "PASSTHROUGH") &&
              !mode_is(&tls, "AUTO_PASSTHROUGH")) ||
             tls.ca || tls.key || tls.certificate)
        reject_tls(reader, spot, node,
                   "a port of plain HTTP can only redirect to HTTPS");
}

void mesh__check_server(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    check_hosts(reader, spot, node, true);
    check_server_port(reader, spot, node);
    check_server_protocol(reader, spot, node);
}

/* --- Sidecar ---------------------------------------------------------------
 */

static void check_sidecar_port(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *port)
{
    struct mesh_slice protocol = mesh__get_text(port, "protocol");
    struct mesh_slice name = mesh__get_text(port, "name");

    if (name.len && !mesh__is_host_label(name))
        wrong(reader, spot, port, "name",
              "wanted letters, digits and \"-\", at most 63");
    if (protocol.len && !mesh__is_protocol(protocol))
        wrong(reader, spot, port, "protocol",
              "wanted a protocol such as HTTP, GRPC, TLS or TCP");
    check_target_port(reader, spot, port);
}

static void check_default_endpoint(struct mesh_reader *reader,
                                   const struct mesh_spot *spot,
                                   const struct mesh_yaml_node *node)
{
    static const char *const here[] = { "", "127.0.0.1", "0.0.0.0", "::1",
                                        "::" };
    struct mesh_slice text = mesh__get_text(node, "defaultEndpoint");
    struct mesh_slice host;
    int64_t port;
    bool fits = false;

    if (text.len == 0)
        return;
    if (is_unix(text)) {
        fits = is_unix_path(text);
    } else if (mesh__split_address(text, &host, &port)) {
        for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
            fits = fits || mesh__slice_is(host, here[i]);
        fits = fits && port >= 1 && port <= PORT_MAX;
    }
    if (!fits)
        wrong(reader, spot, node, "defaultEndpoint",
              "wanted 127.0.0.1:PORT, [::1]:PORT, 0.0.0.0:PORT, [::]:PORT, "
              ":PORT or unix:///PATH");
}

/* A sidecar has its files, and no credentials of a cluster. */
static void check_ingress_tls(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node)
{
    static const char *const names[] = { "subjectAltNames", "credentialName",
                                         "credentialNames", "tlsCertificates" };
    const struct mesh_yaml_node *tls = mesh__get(node, "tls");
    struct mesh_spot field = { .up = spot, .name = "tls" };
    struct mesh_slice mode = mesh__get_text(tls, "mode");
    bool redirect = false;

    if (!tls)
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (has_text(tls, names[i]) || has_items(tls, names[i]))
            wrong(reader, &field, tls, names[i], "not in a Sidecar");
    if (mesh__has(tls, "httpsRedirect") &&
        mesh__yaml_bool(mesh__get(tls, "httpsRedirect"), &redirect) && redirect)
        wrong(reader, &field, tls, "httpsRedirect", "not in a Sidecar");
    if (mesh__slice_is(mode, "ISTIO_MUTUAL") ||
        mesh__slice_is(mode, "AUTO_PASSTHROUGH"))
        wrong(reader, &field, tls, "mode",
              "wanted PASSTHROUGH, SIMPLE, MUTUAL or OPTIONAL_MUTUAL");
    if (!speaks_tls(mesh__get_text(mesh__get(node, "port"), "protocol")))
        reject_tls(reader, spot, node, "only HTTPS and TLS ports have TLS");
}

void mesh__check_ingress(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *port = mesh__get(node, "port");
    struct mesh_spot field = { .up = spot, .name = "port" };

    (void)into;
    if (!port)
        return; /* required: said already */
    check_sidecar_port(reader, &field, port);
    check_number(reader, &field, port);
    check_bind(reader, spot, node);
    check_default_endpoint(reader, spot, node);
    check_ingress_tls(reader, spot, node);
}

void mesh__check_egress(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *port = mesh__get(node, "port");
    struct mesh_slice mode = mesh__get_text(node, "captureMode");
    struct mesh_spot field = { .up = spot, .name = "port" };

    (void)into;
    check_hosts(reader, spot, node, false);
    if (!port)
        return;
    check_sidecar_port(reader, &field, port);
    if (port_number(port, "number")) {
        check_number(reader, &field, port);
        check_bind(reader, spot, node);
        return;
    }
    if (!is_unix(mesh__get_text(node, "bind"))) {
        wrong(reader, spot, node, "bind",
              "a port 0 listens on a unix socket: wanted unix:///PATH");
        wrong(reader, &field, port, "number",
              "wanted a port from 1 to 65535, or a unix socket to bind");
        mesh__reject_missing(reader, spot, node, (const char *[]){ "port" }, 1,
                             "a port has a number or a unix socket");
    } else {
        check_unix_bind(reader, spot, node);
    }
    if (mesh__slice_is(mode, "IPTABLES"))
        wrong(reader, spot, node, "captureMode",
              "a unix socket is not captured: wanted DEFAULT or NONE");
}

/* The same port, or the same socket, as one before? */
static bool same_listener(const struct mesh_yaml_node *a,
                          const struct mesh_yaml_node *b)
{
    const struct mesh_yaml_node *port = mesh__get(a, "port");
    const struct mesh_yaml_node *other = mesh__get(b, "port");
    int64_t number = port_number(port, "number");

    if (!port || !other || number != port_number(other, "number"))
        return false;
    return number || mesh__slice_equal(mesh__get_text(a, "bind"),
                                       mesh__get_text(b, "bind"));
}

static void reject_twin(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *one,
                        const struct mesh_yaml_node *other)
{
    const struct mesh_yaml_node *const nodes[] = {
        one,
        mesh__get(one, "bind"),
        mesh__get(mesh__get(one, "port"), "number"),
        other,
        mesh__get(other, "bind"),
        mesh__get(mesh__get(other, "port"), "number"),
    };

    mesh__reject_at(reader, spot, nodes, sizeof(nodes) / sizeof(nodes[0]),
                    "two listeners on one port");
}

static void check_repeated(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, const char *name)
{
    const struct mesh_yaml_node *list = mesh__get(node, name);
    struct mesh_spot field = { .up = spot, .name = name };

    if (!list || !list->items || !mesh__few(reader, &field, list))
        return;
    for (size_t i = 0; i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        for (size_t j = 0; j < i; j++)
            if (same_listener(list->items[i], list->items[j]))
                reject_twin(reader, &item, list->items[j], list->items[i]);
    }
}

/* A listener for all ports comes last, for it takes what is left. */
static void check_catch_all(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *list = mesh__get(node, "egress");
    struct mesh_spot field = { .up = spot, .name = "egress" };

    for (size_t i = 0; list && list->items && i + 1 < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        if (!mesh__has(list->items[i], "port"))
            mesh__reject_at(reader, &item,
                            (const struct mesh_yaml_node *[]){
                                list->items[i], list->items[i + 1],
                                list->items[list->count - 1] },
                            3,
                            "without a port it stands for all that are left: "
                            "only the last may");
    }
}

void mesh__check_sidecar(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!has_items(node, "ingress") && !has_items(node, "egress") &&
        !mesh__has(node, "outboundTrafficPolicy") &&
        !mesh__has(node, "inboundConnectionPool"))
        mesh__reject(reader, spot, node->mark,
                     "ingress, egress, outboundTrafficPolicy or "
                     "inboundConnectionPool is required");
    check_repeated(reader, spot, node, "ingress");
    check_repeated(reader, spot, node, "egress");
    check_catch_all(reader, spot, node);
}

void mesh__check_sidecar_outbound(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *proxy = mesh__get(node, "egressProxy");
    const struct mesh_yaml_node *port = mesh__get(proxy, "port");
    struct mesh_slice subset = mesh__get_text(proxy, "subset");
    struct mesh_spot field = { .up = spot, .name = "egressProxy" };

    (void)into;
    if (!proxy)
        return;
    if (!mesh__slice_is(mesh__get_text(node, "mode"), "ALLOW_ANY")) {
        mesh__reject_pair(reader, spot, node, "egressProxy", "mode",
                          "egressProxy is for ALLOW_ANY only");
        return;
    }
    if (is_scalar(mesh__get(proxy, "host")) &&
        !mesh__host_valid(mesh__get_text(proxy, "host"), false))
        wrong(reader, &field, proxy, "host",
              "wanted a host such as \"proxy.ns.svc.cluster.local\"");
    if (subset.len && !mesh__is_host_label(subset))
        wrong(reader, &field, proxy, "subset",
              "wanted letters, digits and \"-\", at most 63");
    if (!port || !mesh__has(port, "number"))
        wrong(reader, &field, proxy, "port", "a port is required");
}
