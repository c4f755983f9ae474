/*
 * request.c - a request as the command line says it: -X, -H, -d and a URL.
 *
 * What a request may be is the library's to refuse.
 */
#include "lmesh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A file given with -d is read into memory, and sent from there. */
#define BODY_BYTES_MOST ((size_t)64 * 1024 * 1024)

int lmesh_wish_take(struct lmesh_wish *wish, int option, const char *value)
{
    switch (option) {
    case 'X':
        wish->method = value;
        return 1;
    case 'd':
        wish->body = value;
        return 1;
    case 'H':
        if (wish->header_count == LMESH_HEADERS_MOST)
            return -1;
        wish->headers[wish->header_count++] = value;
        return 1;
    default:
        return 0;
    }
}

const char *lmesh_wish_method(const struct lmesh_wish *wish)
{
    if (wish->method)
        return wish->method;
    return wish->body ? "POST" : "GET";
}

int lmesh_header_split(const char *line, char **name, const char **value)
{
    const char *colon = strchr(line, ':');

    *name = NULL;
    *value = NULL;
    if (!colon || colon == line)
        return -1;
    *name = strndup(line, (size_t)(colon - line));
    if (!*name)
        return -1;
    colon += 1 + strspn(colon + 1, " \t");
    if (*colon)
        *value = colon;
    return 0;
}

static int add_header(mesh_request *request, const char *verb, const char *line,
                      mesh_error *error)
{
    char *name;
    const char *value;
    int rc;

    if (lmesh_header_split(line, &name, &value))
        return lmesh_misuse(verb, "-H takes 'name: value', not '%s'", line);
    rc = mesh_request_add_header(request, name, value ? value : "", error);
    free(name);
    return rc < 0 ? lmesh_failed(verb, rc, error) : 0;
}

/* The file's bytes; the caller's, for free(). */
static char *read_file(const char *verb, const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    char *data = NULL;
    size_t room = 0;

    *size = 0;
    while (file && !feof(file)) {
        if (*size == room) {
            char *more;

            room = room ? room * 2 : 65536;
            more = room <= BODY_BYTES_MOST ? realloc(data, room) : NULL;
            if (!more) {
                errno = EFBIG;
                break;
            }
            data = more;
        }
        *size += fread(data + *size, 1, room - *size, file);
        if (ferror(file))
            break;
    }
    if (!file || !feof(file)) {
        fprintf(stderr, "lmesh %s: %s: %s\n", verb, path, strerror(errno));
        free(data);
        data = NULL;
    }
    if (file)
        fclose(file);
    return data;
}

static int add_body(mesh_request *request, const char *verb, const char *body,
                    mesh_error *error)
{
    char *read = NULL;
    size_t size = strlen(body);
    int rc;

    if (*body == '@') {
        read = read_file(verb, body + 1, &size);
        if (!read)
            return LMESH_UNREACHED;
    }
    rc = mesh_request_set_body(request, read ? read : body, size, error);
    free(read);
    return rc < 0 ? lmesh_failed(verb, rc, error) : 0;
}

int lmesh_wish_request(const struct lmesh_wish *wish, const char *verb,
                       const char *url, mesh_request **out)
{
    mesh_error *error = mesh_error_new();
    mesh_request *request = NULL;
    int rc;
    int status;

    *out = NULL;
    rc = mesh_request_new(lmesh_wish_method(wish), url, &request, error);
    status = rc < 0 ? lmesh_failed(verb, rc, error) : 0;
    for (size_t i = 0; !status && i < wish->header_count; i++)
        status = add_header(request, verb, wish->headers[i], error);
    if (!status && wish->body)
        status = add_body(request, verb, wish->body, error);
    mesh_error_free(error);
    if (status) {
        mesh_request_free(request);
        return status;
    }
    *out = request;
    return 0;
}
