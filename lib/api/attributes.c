/*
 * attributes.c - mesh_attributes: what is known of a request or a connection,
 * in whatever protocol, to be routed or to be let in.
 *
 * Knows what each attribute may be. Declines to know what it decides.
 */
#include "api/inside.h"

#include "base/alloc.h"

#include <string.h>

enum { FIRST_HEADERS = 16 };

static int null_argument(mesh_error *error)
{
    return mesh__error_out(error,
                           mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
}

/* Nothing is known. The arena is empty. */
static int start(struct mesh_attributes *attributes)
{
    attributes->request = (struct mesh_authz_request){ .http = false };
    attributes->request.headers = &attributes->head;
    attributes->host_known = MESH__UNKNOWN;
    return mesh__head_init(&attributes->head, &attributes->arena,
                           FIRST_HEADERS);
}

mesh_attributes *mesh_attributes_new(void)
{
    struct mesh_attributes *attributes = mesh__calloc(1, sizeof(*attributes));

    if (!attributes)
        return NULL;
    mesh__arena_init(&attributes->arena, MESH__REQUEST_ARENA);
    if (start(attributes) < 0) {
        mesh_attributes_free(attributes);
        mesh__error_clear();
        return NULL;
    }
    return attributes;
}

void mesh_attributes_free(mesh_attributes *attributes)
{
    if (!attributes)
        return;
    mesh__arena_fini(&attributes->arena);
    mesh__free(attributes);
}

/* The first block is kept, and has held as much before. */
void mesh_attributes_clear(mesh_attributes *attributes)
{
    if (!attributes)
        return;
    mesh__arena_reset(&attributes->arena);
    attributes->head = (struct mesh_head){ .count = 0 };
    if (start(attributes) < 0)
        mesh__error_clear();
}

/* --- one of each kind --- */

static int set_text(struct mesh_attributes *attributes, enum mesh_known *known,
                    struct mesh_slice *place, const char *value)
{
    char *copy = NULL;

    if (value) {
        copy = mesh__arena_strdup(&attributes->arena, value);
        if (!copy)
            return MESH_ERR_NOMEM;
        *place = mesh__slice_of(copy);
    }
    *known = value ? MESH__PRESENT : MESH__ABSENT;
    return 0;
}

static int set_ip(enum mesh_known *known, struct mesh_address *place,
                  const char *name, const char *value)
{
    if (value && !mesh__address_parse_ip(mesh__slice_of(value), place))
        return mesh__fail(MESH_ERR_INVALID, "%s: \"%s\" is no IP address", name,
                          value);
    *known = value ? MESH__PRESENT : MESH__ABSENT;
    return 0;
}

static int set_port(struct mesh_attributes *attributes, const char *value)
{
    unsigned long long port = 0;

    if (value &&
        (!mesh__slice_number(mesh__slice_of(value), 65535, &port) || port == 0))
        return mesh__fail(MESH_ERR_INVALID,
                          "destination.port: \"%s\" is no port", value);
    attributes->request.port = (uint16_t)port;
    attributes->request.port_known = value ? MESH__PRESENT : MESH__ABSENT;
    return 0;
}

/* A name or an address ("::1", "[::1]"); the port is an attribute of its own.
 */
static int set_host(struct mesh_attributes *attributes, const char *value)
{
    struct mesh_slice text = mesh__slice_of(value ? value : "");
    struct mesh_slice host = text;
    struct mesh_address address;
    uint16_t port = 0;
    char *copy;

    if (!value) {
        attributes->host_known = MESH__ABSENT;
        return 0;
    }
    if (!mesh__address_parse_ip(text, &address) &&
        (!mesh__is_authority(text) ||
         !mesh__authority_split(text, &host, &port) || port))
        return mesh__fail(MESH_ERR_INVALID,
                          "destination.host: \"%s\" is no host", value);
    copy = mesh__arena_strndup(&attributes->arena, host.at, host.len);
    if (!copy)
        return MESH_ERR_NOMEM;
    attributes->host = mesh__slice(copy, host.len);
    attributes->host_known = MESH__PRESENT;
    return 0;
}

/* --- headers --- */

/* Its absence is known, as that of all not set: what was said is forgotten. */
static void drop_header(struct mesh_head *head, struct mesh_slice name)
{
    size_t kept = 0;

    for (size_t i = 0; i < head->count; i++)
        if (!mesh__slice_equal_nocase(head->headers[i].name, name))
            head->headers[kept++] = head->headers[i];
    head->count = kept;
}

static int add_header(struct mesh_attributes *attributes,
                      struct mesh_slice name, const char *value)
{
    char *lower = mesh__arena_strndup(&attributes->arena, name.at, name.len);
    char *copy = mesh__arena_strdup(&attributes->arena, value);

    if (!lower || !copy)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = mesh__lower(lower[i]);
    return mesh__head_add(&attributes->head, &attributes->arena,
                          MESH__REQUEST_HEADERS, mesh__slice(lower, name.len),
                          mesh__slice_of(copy));
}

static int set_header(struct mesh_attributes *attributes,
                      struct mesh_slice name, const char *value)
{
    attributes->request.headers_known = MESH__PRESENT;
    if (value)
        return add_header(attributes, name, value);
    drop_header(&attributes->head, name);
    return 0;
}

/* --- by name --- */

static int set_request(struct mesh_attributes *attributes, const char *name,
                       const char *value)
{
    static const struct mesh_slice headers = { "request.headers[", 16 };
    struct mesh_authz_request *request = &attributes->request;
    struct mesh_slice text = mesh__slice_of(name);

    if (!strcmp(name, "request.method"))
        return set_text(attributes, &request->method_known, &request->method,
                        value);
    if (!strcmp(name, "request.host"))
        return set_text(attributes, &request->host_known, &request->host,
                        value);
    if (!strcmp(name, "request.path"))
        return set_text(attributes, &request->path_known, &request->path,
                        value);
    if (mesh__slice_starts(text, headers) && text.len > headers.len + 1 &&
        text.at[text.len - 1] == ']')
        return set_header(
            attributes,
            mesh__slice(text.at + headers.len, text.len - headers.len - 1),
            value);
    return mesh__fail(MESH_ERR_INVALID, "\"%s\" is no attribute", name);
}

static int set_connection(struct mesh_attributes *attributes, const char *name,
                          const char *value)
{
    struct mesh_authz_request *request = &attributes->request;

    if (!strcmp(name, "source.principal"))
        return set_text(attributes, &request->principal_known,
                        &request->principal, value);
    if (!strcmp(name, "source.ip"))
        return set_ip(&request->source_ip_known, &request->source_ip, name,
                      value);
    if (!strcmp(name, "remote.ip"))
        return set_ip(&request->remote_ip_known, &request->remote_ip, name,
                      value);
    if (!strcmp(name, "destination.host"))
        return set_host(attributes, value);
    if (!strcmp(name, "destination.ip"))
        return set_ip(&request->destination_ip_known, &request->destination_ip,
                      name, value);
    if (!strcmp(name, "destination.port"))
        return set_port(attributes, value);
    if (!strcmp(name, "connection.sni"))
        return set_text(attributes, &request->sni_known, &request->sni, value);
    return mesh__fail(MESH_ERR_INVALID, "\"%s\" is no attribute", name);
}

int mesh_attributes_set(mesh_attributes *attributes, const char *name,
                        const char *value, mesh_error *error)
{
    bool of_request;
    int rc;

    if (!attributes || !name)
        return null_argument(error);
    of_request =
        mesh__slice_starts(mesh__slice_of(name), MESH__SLICE("request."));
    rc = of_request ? set_request(attributes, name, value)
                    : set_connection(attributes, name, value);
    if (rc == 0 && of_request)
        attributes->request.http = true;
    return mesh__error_out(error, rc);
}
