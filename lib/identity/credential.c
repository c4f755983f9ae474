/*
 * credential.c - who we are: a chain, its key and the SPIFFE id in it.
 *
 * Judges what we present as a peer would; declines to know where it came from
 * and whether its issuer is trusted by anyone.
 */
#include "identity/credential.h"

#include "base/alloc.h"
#include "base/error.h"
#include "identity/svid.h"

struct mesh_credential *mesh__credential_ref(struct mesh_credential *c)
{
    if (c)
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void mesh__credential_unref(struct mesh_credential *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    mesh__chain_unref(c->chain);
    mesh__key_unref(c->key);
    mesh__free(c->id_text);
    mesh__free(c);
}

static int check_time(const struct mesh_credential *c, int64_t now_s)
{
    char date[32];

    if (now_s > c->not_after_s) {
        mesh__time_print(c->not_after_s, date);
        return mesh__fail(MESH_ERR_CERTIFICATE, "expired since %s", date);
    }
    if (now_s < c->not_before_s) {
        mesh__time_print(c->not_before_s, date);
        return mesh__fail(MESH_ERR_CERTIFICATE, "not valid before %s", date);
    }
    return 0;
}

/* The id with a text of our own, which outlives any certificate. */
static int keep_id(struct mesh_credential *c, const struct mesh_spiffe *id)
{
    c->id_text = mesh__strndup(id->text.at, id->text.len);
    if (!c->id_text)
        return mesh__fail(MESH_ERR_NOMEM, "SPIFFE id");
    if (!mesh__spiffe_parse(mesh__slice(c->id_text, id->text.len), true, &c->id,
                            NULL))
        return mesh__fail(MESH_ERR_INTERNAL, "%s was valid a moment ago",
                          c->id_text);
    return 0;
}

static int read_chain(struct mesh_credential *c, int64_t now_s)
{
    struct mesh_cert leaf;
    struct mesh_spiffe id;
    int rc = mesh__chain_cert(c->chain, 0, &leaf);

    if (rc == 0)
        rc = mesh__svid_read(&leaf, MESH_ERR_CERTIFICATE, &id);
    if (rc == 0 && leaf.has_extended_usage && !leaf.server_auth &&
        !leaf.client_auth)
        rc = mesh__fail(MESH_ERR_CERTIFICATE,
                        "extended key usage allows neither server nor client");
    if (rc == 0)
        rc = mesh__svid_validity(c->chain, &c->not_before_s, &c->not_after_s);
    if (rc == 0)
        rc = check_time(c, now_s);
    if (rc == 0)
        rc = keep_id(c, &id);
    if (rc == 0)
        rc = mesh__sha256(leaf.der.at, leaf.der.len, c->digest);
    return rc;
}

/* Put the file's name before this thread's line. */
static int name_it(const char *name, int rc)
{
    char line[MESH_ERROR_LINE];

    memcpy(line, mesh__error_line(), sizeof(line));
    line[sizeof(line) - 1] = '\0';
    return mesh__fail(rc, "%s: %s", name, line);
}

int mesh__credential_parse(const char *chain_name, struct mesh_slice chain_pem,
                           const char *key_name, struct mesh_slice key_pem,
                           int64_t now_s, struct mesh_credential **out)
{
    struct mesh_credential *c;
    int rc;

    *out = NULL;
    c = mesh__calloc(1, sizeof(*c));
    if (!c)
        return mesh__fail(MESH_ERR_NOMEM, "credential");
    atomic_init(&c->refs, 1);
    rc = mesh__chain_parse_pem(chain_name, chain_pem, MESH__CHAIN_MAX,
                               &c->chain);
    if (rc < 0)
        goto done;
    rc = read_chain(c, now_s);
    if (rc < 0) {
        rc = name_it(chain_name, rc);
        goto done;
    }
    rc = mesh__key_parse_pem(key_name, key_pem, &c->key);
    if (rc < 0)
        goto done;
    rc = mesh__key_matches(c->key, c->chain);
    if (rc < 0) {
        rc = name_it(key_name, rc);
        goto done;
    }
    *out = c;
    c = NULL;
done:
    mesh__credential_unref(c);
    return rc;
}
