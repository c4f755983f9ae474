/*
 * test_ask.c - what a case asks, as handles of the library: who decides, an
 * outbound request, an inbound one.
 *
 * What the library refuses is told where it is written.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

/* Tells what the library refused, unless rc is 0; 0 or -1. */
static int refused(struct test_file *file, const struct test_node *at,
                   const struct test_path *path, int rc,
                   const mesh_error *error)
{
    const char *message = mesh_error_message(error);

    if (rc >= 0)
        return 0;
    test_complain(file, at, path, NULL, "%s",
                  *message ? message : mesh_strerror(rc));
    return -1;
}

/* --- who decides --- */

/* "k=v,k2=v2"; NULL when memory is out. */
static const char *labels_of(struct test_file *file,
                             const struct test_node *labels)
{
    const char *text = "";

    for (size_t i = 0; text && labels && i < labels->count; i++)
        text = test_format(&file->arena, "%s%s%s=%s", text, *text ? "," : "",
                           labels->keys[i]->text, labels->items[i]->text);
    return text;
}

/* Gives config what node says: 0, or -1 when it has complained. */
static int set_place(struct test_file *file, mesh_config *config,
                     const struct test_node *node, struct test_path *path,
                     const char *labels)
{
    static const struct {
        const char *key;
        int (*set)(mesh_config *config, const char *text);
    } setters[] = {
        { "namespace", mesh_config_set_namespace },
        { "serviceAccount", mesh_config_set_service_account },
        { "trustDomain", mesh_config_set_trust_domain },
        { "address", mesh_config_set_address },
        { "locality", mesh_config_set_locality },
    };
    int rc = mesh_config_set_policy(config, file->policy);

    if (rc == 0)
        rc = mesh_config_set_environment(config, 0);
    if (rc == 0)
        rc = mesh_config_set_offline(config, 1);
    if (refused(file, node, path, rc, NULL))
        return -1;
    if (labels && refused(file, test_node_find(node, "labels"), path,
                          mesh_config_set_labels(config, labels), NULL))
        return -1;
    for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        const struct test_node *value = test_node_find(node, setters[i].key);

        if (value && refused(file, value, path,
                             setters[i].set(config, value->text), NULL))
            return -1;
    }
    return 0;
}

static struct test_place *place_new(struct test_file *file, const char *key)
{
    struct test_place *place = test_alloc(&file->arena, sizeof(*place));
    struct test_place **places = realloc(
        file->places, (file->place_count + 1) * sizeof(struct test_place *));

    if (places)
        file->places = places;
    if (!place || !places)
        return NULL;
    place->key = key;
    place->config = mesh_config_new();
    if (place->config)
        file->places[file->place_count++] = place;
    return place->config ? place : NULL;
}

struct test_place *test_place_find(struct test_file *file,
                                   const struct test_node *node,
                                   struct test_path *path, int serves)
{
    const struct test_node *said = test_node_find(node, "labels");
    const char *labels = labels_of(file, said);
    const char *key = test_format(
        &file->arena, "%s\n%s\n%s\n%s\n%s\n%s%s",
        test_node_text(node, "namespace"),
        test_node_text(node, "serviceAccount"),
        test_node_text(node, "trustDomain"), test_node_text(node, "address"),
        test_node_text(node, "locality"), labels ? labels : "",
        said || !serves ? "" : "\nunknown");
    struct test_place *place;

    for (size_t i = 0; key && i < file->place_count; i++)
        if (!strcmp(file->places[i]->key, key))
            return file->places[i];
    place = labels && key ? place_new(file, key) : NULL;
    if (!place) {
        test_complain(file, node, path, NULL, "memory is out");
        return NULL;
    }
    /* policies select whom they guard: one that serves must say its labels, or
     * have an address by which they are found */
    if (set_place(file, place->config, node, path,
                  said || !serves ? labels : NULL))
        return NULL;
    return place;
}

/* --- fields with one value or more --- */

typedef int add_field(void *handle, const char *name, const char *value,
                      mesh_error *error);

static int add_fields(struct test_file *file, const struct test_node *fields,
                      struct test_path *path, add_field *add, void *handle,
                      mesh_error *error)
{
    size_t before = test_path_add(path, ".headers");
    int rc = 0;

    for (size_t i = 0; fields && rc == 0 && i < fields->count; i++) {
        const struct test_node *item = fields->items[i];
        const char *name = fields->keys[i]->text;
        size_t count = item->type == TEST_LIST ? item->count : 1;

        for (size_t j = 0; rc == 0 && j < count; j++) {
            const struct test_node *value =
                item->type == TEST_LIST ? item->items[j] : item;

            rc = refused(file, value, path,
                         add(handle, name,
                             value->type == TEST_NULL ? NULL : value->text,
                             error),
                         error);
        }
    }
    test_path_cut(path, before);
    return rc;
}

/* --- outbound --- */

static int add_request_header(void *handle, const char *name, const char *value,
                              mesh_error *error)
{
    return value ? mesh_request_add_header(handle, name, value, error) : 0;
}

int test_read_request(struct test_file *file, struct test_case *test,
                      const struct test_node *node, struct test_path *path)
{
    const struct test_node *url = test_node_find(node, "url");
    const char *method = test_node_text(node, "method");
    const struct test_node *body = test_node_find(node, "body");
    mesh_error *error = mesh_error_new();
    int rc = refused(file, url, path,
                     mesh_request_new(*method ? method
                                      : body  ? "POST"
                                              : "GET",
                                      url->text, &test->request, error),
                     error);

    if (rc == 0)
        rc = add_fields(file, test_node_find(node, "headers"), path,
                        add_request_header, test->request, error);
    if (rc == 0 && body)
        rc = refused(file, body, path,
                     mesh_request_set_body(test->request, body->text,
                                           strlen(body->text), error),
                     error);
    mesh_error_free(error);
    return rc;
}

/* --- inbound --- */

static int add_inbound_header(void *handle, const char *name, const char *value,
                              mesh_error *error)
{
    char attribute[512];
    int length =
        snprintf(attribute, sizeof(attribute), "request.headers[%s]", name);

    if (length < 0 || (size_t)length >= sizeof(attribute))
        return MESH_ERR_INVALID;
    return mesh_attributes_set(handle, attribute, value, error);
}

/* What one key is to the library. */
struct attribute {
    const char *key; /* NULL ends a table */
    const char *name;
    int http;
};

static const struct attribute of_inbound[] = {
    { "port", "destination.port", 0 },
    { "sourceIp", "source.ip", 0 },
    { "remoteIp", "remote.ip", 0 },
    { "destinationIp", "destination.ip", 0 },
    { "sni", "connection.sni", 0 },
    { "method", "request.method", 1 },
    { "host", "request.host", 1 },
    { "path", "request.path", 1 },
    { .key = NULL },
};

static const struct attribute of_stream[] = {
    { "host", "destination.host", 0 },        { "port", "destination.port", 0 },
    { "destinationIp", "destination.ip", 0 }, { "sourceIp", "source.ip", 0 },
    { "sni", "connection.sni", 0 },           { .key = NULL },
};

/* Without a principal the client comes in plaintext. */
static int set_principal(struct test_file *file, struct test_case *test,
                         const struct test_node *node,
                         const struct test_path *path, mesh_error *error)
{
    static const char scheme[] = "spiffe://";
    const struct test_node *principal = test_node_find(node, "principal");
    const char *id =
        principal && principal->type == TEST_STRING ? principal->text : NULL;

    if (id && strncmp(id, scheme, sizeof(scheme) - 1) != 0) {
        id = test_format(&file->arena, "%s%s", scheme, id);
        if (!id)
            return refused(file, principal, path, MESH_ERR_NOMEM, NULL);
    }
    return refused(
        file, principal ? principal : node, path,
        mesh_attributes_set(test->attributes, "source.principal", id, error),
        error);
}

/* A request is told whole: its method and path have defaults, and what is not
 * among its headers is absent. */
static int complete(struct test_case *test, const struct test_node *node,
                    mesh_error *error)
{
    int rc = 0;

    if (!test_node_find(node, "method"))
        rc = mesh_attributes_set(test->attributes, "request.method", "GET",
                                 error);
    if (rc == 0 && !test_node_find(node, "path"))
        rc = mesh_attributes_set(test->attributes, "request.path", "/", error);
    return rc ? rc
              : add_inbound_header(test->attributes, "x-absent", NULL, error);
}

/* Those of table that node has; *http tells whether it is of a request. */
static int set_attributes(struct test_file *file, struct test_case *test,
                          const struct test_node *node,
                          const struct test_path *path,
                          const struct attribute *table, int *http,
                          mesh_error *error)
{
    for (; table->key; table++) {
        const struct test_node *value = test_node_find(node, table->key);

        if (!value)
            continue;
        *http = *http || table->http;
        if (refused(file, value, path,
                    mesh_attributes_set(
                        test->attributes, table->name,
                        value->type == TEST_NULL ? NULL : value->text, error),
                    error))
            return -1;
    }
    return 0;
}

static int set_inbound(struct test_file *file, struct test_case *test,
                       const struct test_node *node, struct test_path *path,
                       mesh_error *error)
{
    const struct test_node *headers = test_node_find(node, "headers");
    int is_http = headers != NULL;
    int rc = set_principal(file, test, node, path, error);

    if (rc == 0)
        rc =
            set_attributes(file, test, node, path, of_inbound, &is_http, error);
    if (rc == 0 && is_http)
        rc = refused(file, node, path, complete(test, node, error), error);
    if (rc == 0)
        rc = add_fields(file, headers, path, add_inbound_header,
                        test->attributes, error);
    return rc;
}

int test_read_inbound(struct test_file *file, struct test_case *test,
                      const struct test_node *node, struct test_path *path)
{
    mesh_error *error = mesh_error_new();
    int rc;

    test->attributes = mesh_attributes_new();
    if (test->attributes)
        rc = set_inbound(file, test, node, path, error);
    else
        rc = refused(file, node, path, MESH_ERR_NOMEM, NULL);
    mesh_error_free(error);
    return rc;
}

/* --- streams --- */

int test_read_connect(struct test_file *file, struct test_case *test,
                      const struct test_node *node, struct test_path *path)
{
    mesh_error *error = mesh_error_new();
    int is_http = 0;
    int rc;

    test->attributes = mesh_attributes_new();
    if (test->attributes)
        rc = set_attributes(file, test, node, path, of_stream, &is_http, error);
    else
        rc = refused(file, node, path, MESH_ERR_NOMEM, NULL);
    mesh_error_free(error);
    return rc;
}
