/*
 * pem.c - the blocks of a PEM file.
 *
 * Knows lines, markers and base64; declines to know what is inside.
 */
#include "crypto/pem.h"

#include "base/alloc.h"
#include "base/error.h"
#include "crypto/x509.h"

#include <mbedtls/base64.h>

static const struct mesh_slice dashes = { "-----", 5 };

int mesh__pem_init(struct mesh_pem *pem, const char *name,
                   struct mesh_slice text)
{
    *pem = (struct mesh_pem){ .name = name, .rest = text };
    if (text.len > MESH__PEM_MAX)
        return mesh__fail(MESH_ERR_CERTIFICATE, "%s: more than %d bytes", name,
                          MESH__PEM_MAX);
    if (text.len && memchr(text.at, '\0', text.len))
        return mesh__fail(MESH_ERR_CERTIFICATE,
                          "%s: a NUL byte, this is no PEM", name);
    return 0;
}

/* The next line without its end and the blanks before it. */
static bool next_line(struct mesh_slice *rest, struct mesh_slice *line)
{
    const char *end;
    size_t len;

    if (rest->len == 0)
        return false;
    end = memchr(rest->at, '\n', rest->len);
    len = end ? (size_t)(end - rest->at) : rest->len;
    *line = mesh__slice(rest->at, len);
    len += end != NULL;
    *rest = mesh__slice(rest->at + len, rest->len - len);
    while (line->len && strchr("\r \t", line->at[line->len - 1]))
        line->len--;
    return true;
}

/* "-----<what> LABEL-----": the label. */
static bool marker(struct mesh_slice line, struct mesh_slice what,
                   struct mesh_slice *label)
{
    size_t head = dashes.len + what.len;

    if (line.len <= head + dashes.len || !mesh__slice_starts(line, dashes) ||
        !mesh__slice_ends(line, dashes) ||
        memcmp(line.at + dashes.len, what.at, what.len) != 0)
        return false;
    *label = mesh__slice(line.at + head, line.len - head - dashes.len);
    return memchr(label->at, '-', label->len) == NULL;
}

static bool has_dashes(struct mesh_slice line)
{
    return line.len && memmem(line.at, line.len, dashes.at, dashes.len);
}

static int broken(const struct mesh_pem *pem, const char *why)
{
    return mesh__fail(MESH_ERR_CERTIFICATE, "%s: block %zu %s", pem->name,
                      pem->number, why);
}

/* From behind BEGIN to END of the same label. */
static int read_body(struct mesh_pem *pem)
{
    const char *start = pem->rest.at;
    struct mesh_slice line;
    struct mesh_slice label;

    while (next_line(&pem->rest, &line)) {
        if (!has_dashes(line))
            continue;
        if (!marker(line, MESH__SLICE("END "), &label))
            return broken(pem, "is cut off");
        if (!mesh__slice_equal(label, pem->label))
            return broken(pem, "ends as something else than it began");
        pem->body = mesh__slice(start, (size_t)(line.at - start));
        return 1;
    }
    return broken(pem, "is cut off");
}

int mesh__pem_next(struct mesh_pem *pem)
{
    struct mesh_slice line;

    while (next_line(&pem->rest, &line)) {
        if (!has_dashes(line))
            continue;
        pem->number++;
        if (!marker(line, MESH__SLICE("BEGIN "), &pem->label))
            return broken(pem, "does not begin with a whole BEGIN line");
        return read_body(pem);
    }
    return 0;
}

int mesh__pem_decode(const struct mesh_pem *pem, uint8_t **out, size_t *len)
{
    size_t room = pem->body.len / 4 * 3 + 3;
    uint8_t *bytes;
    int rc;

    *out = NULL;
    *len = 0;
    bytes = mesh__malloc(room);
    if (!bytes)
        return mesh__fail(MESH_ERR_NOMEM, "%s: block %zu", pem->name,
                          pem->number);
    rc = mbedtls_base64_decode(
        bytes, room, len, (const unsigned char *)pem->body.at, pem->body.len);
    if (rc != 0 || *len == 0) {
        mesh__free_secret(bytes, room);
        return broken(pem, "is no base64");
    }
    *out = bytes;
    return 0;
}
