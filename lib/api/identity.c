/*
 * identity.c - reading ids and trace contexts; the embedded development CA.
 */
#include "api/inside.h"

#include "base/alloc.h"
#include "identity/ca.h"
#include "value/duration.h"
#include "value/trace.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, PEM_BYTES = 64 * 1024 };

static int null_argument(mesh_error *error)
{
    return mesh__error_out(error,
                           mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
}

const char *mesh_version(void)
{
    return MESH_VERSION;
}

const char *mesh_engine(void)
{
    return mesh__crypto_version();
}

int mesh_spiffe_json(const char *id, char **out, mesh_error *error)
{
    struct mesh_spiffe spiffe = { 0 };
    const char *reason = NULL;
    struct mesh_buffer buffer;
    struct mesh_json json;
    bool valid;
    int rc;

    if (out)
        *out = NULL;
    if (!id || !out)
        return null_argument(error);
    valid = mesh__spiffe_parse(mesh__slice_of(id), true, &spiffe, &reason);
    mesh__buffer_init(&buffer, 64 * 1024);
    mesh__json_init(&json, &buffer);
    mesh__json_open(&json, NULL, '{');
    mesh__json_bool(&json, "valid", valid);
    mesh__json_string(&json, "trust_domain", spiffe.trust_domain);
    mesh__json_string(&json, "path", spiffe.path);
    mesh__json_string(&json, "namespace", spiffe.namespace_);
    mesh__json_string(&json, "service_account", spiffe.service_account);
    mesh__json_text(&json, "reason", valid ? NULL : reason);
    mesh__json_close(&json, '}');
    rc = json.rc;
    if (rc == 0)
        rc = mesh__text_out(&buffer, out);
    mesh__buffer_fini(&buffer);
    if (rc == 0 && !valid)
        rc = mesh__fail(MESH_ERR_PEER_IDENTITY, "%s", reason);
    return mesh__error_out(error, rc);
}

int mesh_trace_json(const char *traceparent, const char *tracestate, char **out,
                    mesh_error *error)
{
    static const char *const names[] = { [MESH__TRACE_NONE] = "none",
                                         [MESH__TRACE_CONTINUE] = "continue",
                                         [MESH__TRACE_RESTART] = "restart" };
    enum mesh_trace_decision decision = MESH__TRACE_NONE;
    struct mesh_trace trace = { 0 };
    struct mesh_slice state = mesh__slice_of(tracestate);
    const char *reason = NULL;
    struct mesh_buffer buffer;
    struct mesh_json json;
    char hex[33];
    int rc;

    if (out)
        *out = NULL;
    if (!out)
        return null_argument(error);
    if (traceparent)
        decision =
            mesh__trace_parse(mesh__slice_of(traceparent), &trace, &reason);
    mesh__buffer_init(&buffer, 64 * 1024);
    mesh__json_init(&json, &buffer);
    mesh__json_open(&json, NULL, '{');
    mesh__json_text(&json, "decision", names[decision]);
    mesh__hex(trace.trace_id, sizeof(trace.trace_id), hex);
    mesh__json_text(&json, "trace_id",
                    decision == MESH__TRACE_CONTINUE ? hex : NULL);
    mesh__hex(trace.span_id, sizeof(trace.span_id), hex);
    mesh__json_text(&json, "parent_id",
                    decision == MESH__TRACE_CONTINUE ? hex : NULL);
    mesh__json_bool(&json, "sampled", trace.sampled);
    mesh__json_text(&json, "tracestate",
                    decision == MESH__TRACE_CONTINUE && tracestate &&
                            mesh__tracestate_valid(state)
                        ? tracestate
                        : NULL);
    mesh__json_text(&json, "reason",
                    decision == MESH__TRACE_RESTART ? reason : NULL);
    mesh__json_close(&json, '}');
    rc = json.rc;
    if (rc == 0)
        rc = mesh__text_out(&buffer, out);
    mesh__buffer_fini(&buffer);
    return mesh__error_out(error, rc);
}

/* --- the development CA --- */

/* A directory, made if it is not there (its parent must be). */
static int make_directory(const char *path)
{
    struct stat info;

    if (mkdir(path, 0755) == 0 ||
        (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        return 0;
    return mesh__fail_errno(MESH_ERR_IO, errno, "%s", path);
}

static int path_in(const char *directory, const char *name,
                   char out[PATH_BYTES])
{
    if ((size_t)snprintf(out, PATH_BYTES, "%s/%s", directory, name) >=
        PATH_BYTES)
        return mesh__fail(MESH_ERR_IO, "%s: the name is too long", directory);
    return 0;
}

static int write_in(const char *directory, const char *name,
                    struct mesh_slice text, unsigned mode)
{
    char path[PATH_BYTES];
    int rc = path_in(directory, name, path);

    return rc < 0 ? rc : mesh__file_write(path, text.at, text.len, mode);
}

static int64_t now_s(void)
{
    return mesh__kernel_wall_ns() / (int64_t)MESH__S;
}

struct pair {
    struct mesh_buffer cert;
    struct mesh_buffer key;
};

static void pair_init(struct pair *pair)
{
    mesh__buffer_init(&pair->cert, PEM_BYTES);
    mesh__buffer_init(&pair->key, PEM_BYTES);
}

static void pair_fini(struct pair *pair)
{
    if (pair->key.memory)
        mesh__wipe(pair->key.memory, pair->key.capacity);
    mesh__buffer_fini(&pair->cert);
    mesh__buffer_fini(&pair->key);
}

static int ca_init(const char *directory, const char *trust_domain)
{
    char path[PATH_BYTES];
    struct mesh_rng *rng;
    struct pair pair;
    int rc = make_directory(directory);

    if (rc == 0)
        rc = path_in(directory, "ca-key.pem", path);
    if (rc == 0 && access(path, F_OK) == 0)
        rc = mesh__fail(MESH_ERR_STATE, "%s: there is a CA already", path);
    if (rc == 0)
        rc = mesh__crypto_init();
    if (rc == 0)
        rc = mesh__rng_new(&rng);
    if (rc < 0)
        return rc;
    pair_init(&pair);
    rc = mesh__ca_make_root(trust_domain, now_s(), rng, &pair.cert, &pair.key);
    if (rc == 0)
        rc = write_in(directory, "root-cert.pem",
                      mesh__buffer_slice(&pair.cert), 0644);
    if (rc == 0)
        rc = write_in(directory, "ca-key.pem", mesh__buffer_slice(&pair.key),
                      0600);
    pair_fini(&pair);
    mesh__rng_free(rng);
    return rc;
}

int mesh_ca_init(const char *directory, const char *trust_domain,
                 mesh_error *error)
{
    if (!directory || !trust_domain)
        return null_argument(error);
    return mesh__error_out(error, ca_init(directory, trust_domain));
}

/* key.pem last: whoever watches reads a pair that fits. */
static int write_identity(const char *out, const char *root, size_t root_len,
                          const struct pair *pair)
{
    int rc = make_directory(out);

    if (rc == 0)
        rc = write_in(out, "root-cert.pem", mesh__slice(root, root_len), 0644);
    if (rc == 0)
        rc = write_in(out, "cert-chain.pem", mesh__buffer_slice(&pair->cert),
                      0644);
    if (rc == 0)
        rc = write_in(out, "key.pem", mesh__buffer_slice(&pair->key), 0600);
    return rc;
}

static int ca_issue(const char *directory, const char *namespace_,
                    const char *service_account, int64_t ttl_s, const char *out)
{
    char path[PATH_BYTES];
    char *root = NULL;
    char *key = NULL;
    size_t root_len = 0;
    size_t key_len = 0;
    struct mesh_rng *rng = NULL;
    struct pair pair;
    int rc = path_in(directory, "root-cert.pem", path);

    pair_init(&pair);
    if (rc == 0)
        rc = mesh__file_read(path, PEM_BYTES, &root, &root_len);
    if (rc == 0)
        rc = path_in(directory, "ca-key.pem", path);
    if (rc == 0)
        rc = mesh__file_read(path, PEM_BYTES, &key, &key_len);
    if (rc == 0)
        rc = mesh__crypto_init();
    if (rc == 0)
        rc = mesh__rng_new(&rng);
    if (rc == 0)
        rc = mesh__ca_issue(root, key, namespace_, service_account,
                            ttl_s < 0 ? now_s() + 2 * ttl_s : now_s(),
                            ttl_s < 0 ? -ttl_s : ttl_s, rng, &pair.cert,
                            &pair.key);
    if (rc == 0)
        rc = write_identity(out, root, root_len, &pair);
    mesh__rng_free(rng);
    mesh__free_secret(key, key_len);
    mesh__free(root);
    pair_fini(&pair);
    return rc;
}

int mesh_ca_issue(const char *directory, const char *namespace_,
                  const char *service_account, int64_t ttl_s, const char *out,
                  mesh_error *error)
{
    if (!directory || !namespace_ || !service_account || !out)
        return null_argument(error);
    return mesh__error_out(
        error, ca_issue(directory, namespace_, service_account, ttl_s, out));
}
