/*
 * attributes.c - mesh_attributes: what is known of a request or a connection,
 * in whatever protocol, to be routed or to be let in.
 *
 * Knows what each attribute may be. Declines to know what it decides.
 */
#include "api/inside.h"

#include "base/alloc.h"

#include <stddef.h>

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

/* --- names --- */

enum kind { TEXT, IP, PORT, HOST };

/* Every attribute but headers: what it may be, and where that is kept. */
struct row {
    struct mesh_slice name;
    enum kind kind;
    size_t known; /* bytes into struct mesh_attributes, as the next */
    size_t place;
};

#define NAME(text)                                                             \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }
#define AT(field) offsetof(struct mesh_attributes, field)

/* inbound: mesh_authorize(); outbound: mesh_route_attributes() */
static const struct row rows[] = {
    /* inbound: who the peer proved to be */
    { NAME("source.principal"), TEXT, AT(request.principal_known),
      AT(request.principal) },
    /* inbound: the peer's address; outbound: for whom, where that is hashed */
    { NAME("source.ip"), IP, AT(request.source_ip_known),
      AT(request.source_ip) },
    /* inbound: the client's, behind proxies */
    { NAME("remote.ip"), IP, AT(request.remote_ip_known),
      AT(request.remote_ip) },
    /* outbound: the service */
    { NAME("destination.host"), HOST, AT(host_known), AT(host) },
    /* inbound: our own address; outbound: the one that would be dialled */
    { NAME("destination.ip"), IP, AT(request.destination_ip_known),
      AT(request.destination_ip) },
    /* inbound: our own port; outbound: the service's */
    { NAME("destination.port"), PORT, AT(request.port_known),
      AT(request.port) },
    /* both: the server name of the stream's first bytes */
    { NAME("connection.sni"), TEXT, AT(request.sni_known), AT(request.sni) },
    /* both: of a request, or of a message that is like one */
    { NAME("request.method"), TEXT, AT(request.method_known),
      AT(request.method) },
    { NAME("request.host"), TEXT, AT(request.host_known), AT(request.host) },
    { NAME("request.path"), TEXT, AT(request.path_known), AT(request.path) },
};

static const struct row *find_row(struct mesh_slice name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (mesh__slice_equal(rows[i].name, name))
            return &rows[i];
    return NULL;
}

/* --- values --- */

static int put_text(struct mesh_attributes *attributes, struct mesh_slice value,
                    struct mesh_slice *place)
{
    char *copy = mesh__arena_strndup(&attributes->arena, value.at, value.len);

    if (!copy)
        return MESH_ERR_NOMEM;
    *place = mesh__slice(copy, value.len);
    return 0;
}

/* A name or an address ("::1", "[::1]"); the port is an attribute of its own.
 */
static int put_host(struct mesh_attributes *attributes, struct mesh_slice value,
                    struct mesh_slice *place)
{
    struct mesh_slice host = value;
    struct mesh_address address;
    uint16_t port = 0;

    if (!mesh__address_parse_ip(value, &address) &&
        (!mesh__is_authority(value) ||
         !mesh__authority_split(value, &host, &port) || port))
        return mesh__fail(MESH_ERR_INVALID,
                          "destination.host: \"%s\" is no host", value.at);
    return put_text(attributes, host, place);
}

static int put_ip(const struct row *row, struct mesh_slice value,
                  struct mesh_address *place)
{
    struct mesh_address address;

    if (!mesh__address_parse_ip(value, &address))
        return mesh__fail(MESH_ERR_INVALID, "%s: \"%s\" is no IP address",
                          row->name.at, value.at);
    *place = address;
    return 0;
}

static int put_port(struct mesh_slice value, uint16_t *place)
{
    unsigned long long port;

    if (!mesh__slice_number(value, UINT16_MAX, &port) || port == 0)
        return mesh__fail(MESH_ERR_INVALID,
                          "destination.port: \"%s\" is no port", value.at);
    *place = (uint16_t)port;
    return 0;
}

static int put(struct mesh_attributes *attributes, const struct row *row,
               const char *text)
{
    void *place = (char *)attributes + row->place;
    struct mesh_slice value = mesh__slice_of(text);

    switch (row->kind) {
    case TEXT:
        return put_text(attributes, value, place);
    case HOST:
        return put_host(attributes, value, place);
    case IP:
        return put_ip(row, value, place);
    case PORT:
        break;
    }
    return put_port(value, place);
}

/* What was refused leaves it as it was. */
static int set(struct mesh_attributes *attributes, const struct row *row,
               const char *value)
{
    enum mesh_known *known = (void *)((char *)attributes + row->known);
    int rc = value ? put(attributes, row, value) : 0;

    if (rc == 0)
        *known = value ? MESH__PRESENT : MESH__ABSENT;
    return rc;
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
    int rc;

    if (!lower || !copy)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = mesh__lower(lower[i]);
    rc = mesh__head_add(&attributes->head, &attributes->arena,
                        MESH__REQUEST_HEADERS, mesh__slice(lower, name.len),
                        mesh__slice_of(copy));
    return rc < 0
               ? rc
               : mesh__head_join(&attributes->head, &attributes->arena, false);
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

/* The name in "request.headers[name]"; empty: it is none. */
static struct mesh_slice header_of(struct mesh_slice name)
{
    static const struct mesh_slice headers = NAME("request.headers[");

    if (!mesh__slice_starts(name, headers) || name.len <= headers.len + 1 ||
        name.at[name.len - 1] != ']')
        return mesh__slice("", 0);
    return mesh__slice(name.at + headers.len, name.len - headers.len - 1);
}

/* --- the whole --- */

static int set_by_name(struct mesh_attributes *attributes, const char *name,
                       const char *value)
{
    struct mesh_slice text = mesh__slice_of(name);
    const struct row *row = find_row(text);
    struct mesh_slice header = row ? mesh__slice("", 0) : header_of(text);
    int rc;

    if (row)
        rc = set(attributes, row, value);
    else if (header.len)
        rc = set_header(attributes, header, value);
    else
        return mesh__fail(MESH_ERR_INVALID, "\"%s\" is no attribute", name);
    if (rc == 0 && mesh__slice_starts(text, MESH__SLICE("request.")))
        attributes->request.http = true;
    return rc;
}

int mesh_attributes_set(mesh_attributes *attributes, const char *name,
                        const char *value, mesh_error *error)
{
    if (!attributes || !name)
        return null_argument(error);
    return mesh__error_out(error, set_by_name(attributes, name, value));
}
