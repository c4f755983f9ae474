/*
 * reload.c - policy and identity: read, judge, compile, swap; the last good
 * one stays.
 *
 * One reload at a time, on the keeper or on the host's thread, never inside a
 * request. Declines to know when files changed.
 */
#include "workload/workload.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_BYTES = 256 * 1024 * 1024 }; /* answers, while they compile */

struct mesh_snapshot *mesh__workload_snapshot(struct mesh_workload *workload)
{
    struct mesh_snapshot *snapshot;

    (void)pthread_mutex_lock(&workload->lock);
    snapshot = mesh__snapshot_ref(workload->snapshot);
    (void)pthread_mutex_unlock(&workload->lock);
    return snapshot;
}

/* --- who we are, for the compiler --- */

static struct mesh_slice setting(const struct mesh_workload *workload,
                                 enum mesh_setting which)
{
    return mesh__slice_of(workload->settings.text[which]);
}

/* Settings over certificate; a contradiction is an error. */
static int choose(const char *what, struct mesh_slice set,
                  struct mesh_slice proved, struct mesh_slice *out)
{
    if (set.at && proved.len && !mesh__slice_equal(set, proved))
        return mesh__fail(MESH_ERR_IDENTITY_MISMATCH,
                          "%s is set to \"%s\", the certificate says \"%.*s\"",
                          what, set.at, (int)proved.len, proved.at);
    *out = set.at ? set : proved;
    return 0;
}

static int whoami(struct mesh_workload *workload,
                  const struct mesh_credential *credential,
                  struct mesh_arena *arena, struct mesh_whoami *out)
{
    struct mesh_spiffe none = { 0 };
    const struct mesh_spiffe *id = credential ? &credential->id : &none;
    const char *labels = workload->settings.text[MESH__SET_LABELS];
    int rc;

    *out = (struct mesh_whoami){
        .address = setting(workload, MESH__SET_ADDRESS),
        .locality = setting(workload, MESH__SET_LOCALITY),
        .labels_set = labels != NULL,
    };
    rc = choose("the namespace", setting(workload, MESH__SET_NAMESPACE),
                id->namespace_, &out->namespace_);
    if (rc == 0)
        rc = choose("the service account",
                    setting(workload, MESH__SET_SERVICE_ACCOUNT),
                    id->service_account, &out->service_account);
    if (rc == 0)
        rc = choose("the trust domain",
                    setting(workload, MESH__SET_TRUST_DOMAIN), id->trust_domain,
                    &out->trust_domain);
    if (rc == 0 && labels)
        rc = mesh__labels_parse(&out->labels, arena, mesh__slice_of(labels));
    return rc;
}

static int compile(struct mesh_workload *workload,
                   struct mesh_collection *collection,
                   const struct mesh_snapshot *previous, uint64_t generation,
                   struct mesh_snapshot **out)
{
    struct mesh_credential *credential;
    struct mesh_bundle *bundle;
    struct mesh_whoami me;
    struct mesh_known_names names;
    struct mesh_arena names_arena;
    struct mesh_arena arena;
    int rc;

    mesh__arena_init(&arena, 1024 * 1024);
    mesh__arena_init(&names_arena, NAMES_BYTES);
    (void)mesh__identity_get(&workload->identity, &credential, &bundle);
    rc = whoami(workload, credential, &arena, &me);
    if (rc == 0)
        rc = mesh__names_known(&workload->names, &names_arena, &names);
    me.names = &names;
    if (rc == 0)
        rc = mesh__policy_compile(collection, &me, previous, generation, out);
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
    mesh__arena_fini(&arena);
    mesh__arena_fini(&names_arena);
    return rc;
}

/* --- policy --- */

static int verdict(const struct mesh_diagnostics *diagnostics)
{
    size_t errors = diagnostics->by_severity[MESH__ERROR];
    size_t refused = diagnostics->by_severity[MESH__REFUSED];
    char first[400] = "";

    if (diagnostics->rc < 0)
        return mesh__fail(diagnostics->rc, "the findings do not fit in memory");
    if (errors + refused == 0)
        return 0;
    for (size_t i = 0; i < diagnostics->count && !first[0]; i++)
        if (diagnostics->findings[i].severity <= MESH__REFUSED)
            mesh__finding_print(&diagnostics->findings[i], first,
                                sizeof(first));
    return mesh__fail(MESH_ERR_POLICY, "%zu errors, %zu refusals; first: %s",
                      errors, refused, first);
}

static int read_policy(struct mesh_workload *workload,
                       struct mesh_collection *previous,
                       struct mesh_collection **collection,
                       struct mesh_diagnostics *diagnostics,
                       struct mesh_fingerprint *print)
{
    const char *path = workload->settings.text[MESH__SET_POLICY];
    struct mesh_policy_limits limits =
        mesh__config_policy_limits(&workload->settings);
    int rc;

    if (path) {
        rc = mesh__policy_read(path, &limits, previous, collection, diagnostics,
                               print);
        if (rc != MESH_ERR_NO_POLICY || !workload->settings.allow_no_policy)
            return rc;
        mesh__error_clear();
    } else if (!workload->settings.allow_no_policy) {
        return mesh__fail(MESH_ERR_NO_POLICY,
                          "no policy is set (mesh_config_set_policy, or the "
                          "environment's MESH_POLICY)");
    }
    *print = (struct mesh_fingerprint){ 0 };
    return mesh__collection_new(collection);
}

/* From files to a snapshot that is bound to its live state. */
static int build(struct mesh_workload *workload, uint64_t generation,
                 struct mesh_diagnostics *diagnostics,
                 struct mesh_fingerprint *print, struct mesh_snapshot **out)
{
    struct mesh_snapshot *previous =
        generation > 1 ? mesh__workload_snapshot(workload) : NULL;
    struct mesh_collection *collection = NULL;
    uint64_t now_ns = mesh__kernel_now_ns();
    int rc = read_policy(workload, previous ? previous->collection : NULL,
                         &collection, diagnostics, print);

    *out = NULL;
    if (rc == 0)
        rc = mesh__policy_judge(collection, diagnostics);
    mesh__diagnostics_sort(diagnostics);
    if (rc == 0)
        rc = verdict(diagnostics);
    if (rc == 0)
        rc = compile(workload, collection, previous, generation, out);
    if (rc == 0)
        rc = mesh__live_bind(
            workload->live, *out, now_ns,
            mesh__config_ns(&workload->settings, MESH_LIMIT_ABSENT_MS));
    if (rc < 0) {
        mesh__snapshot_unref(*out);
        *out = NULL;
    }
    mesh__collection_unref(collection);
    mesh__snapshot_unref(previous);
    return rc;
}

/* Is what was read what is in force already? */
static bool in_force(struct mesh_workload *workload, const bool *refused,
                     const struct mesh_fingerprint *known,
                     const struct mesh_fingerprint *print)
{
    bool same;

    (void)pthread_mutex_lock(&workload->lock);
    same = !*refused && !memcmp(known, print, sizeof(*print));
    (void)pthread_mutex_unlock(&workload->lock);
    return same;
}

static void swap(struct mesh_workload *workload, struct mesh_snapshot *snapshot,
                 const struct mesh_fingerprint *print)
{
    struct mesh_snapshot *old;

    (void)pthread_mutex_lock(&workload->lock);
    old = workload->snapshot;
    workload->snapshot = snapshot;
    workload->policy_print = *print;
    workload->policy_refused = false;
    workload->loaded_ns = mesh__kernel_now_ns();
    (void)pthread_mutex_unlock(&workload->lock);
    atomic_store_explicit(&workload->generation, snapshot->generation,
                          memory_order_release);
    mesh__snapshot_unref(old);
    mesh__lanes_wake(workload);
}

/* Told once per version of the files, not once per look. */
static void refuse(struct mesh_workload *workload,
                   const struct mesh_fingerprint *print)
{
    char line[MESH_ERROR_LINE];
    bool told;

    (void)snprintf(line, sizeof(line), "%s", mesh__error_line());
    (void)pthread_mutex_lock(&workload->lock);
    told = workload->policy_refused &&
           !memcmp(&workload->policy_print, print, sizeof(*print));
    workload->policy_refused = true;
    workload->policy_print = *print;
    (void)pthread_mutex_unlock(&workload->lock);
    atomic_fetch_add(&workload->reloads_refused, 1);
    if (!told)
        mesh__log_write(&workload->log, MESH_EVENT_POLICY_REFUSED,
                        "policy not loaded, generation %llu stays in force: "
                        "%s",
                        (unsigned long long)atomic_load(&workload->generation),
                        line);
}

static int load_policy(struct mesh_workload *workload, bool first,
                       struct mesh_diagnostics *diagnostics)
{
    struct mesh_fingerprint print = { 0 };
    struct mesh_snapshot *snapshot;
    uint64_t generation = atomic_load(&workload->generation) + 1;
    int rc = build(workload, generation, diagnostics, &print, &snapshot);

    if (rc < 0) {
        char line[MESH_ERROR_LINE];

        if (first)
            return rc;
        (void)snprintf(line, sizeof(line), "%s", mesh__error_line());
        refuse(workload, &print);
        return mesh__fail(rc, "%s", line);
    }
    if (!first && in_force(workload, &workload->policy_refused,
                           &workload->policy_print, &print)) {
        mesh__snapshot_unref(snapshot);
        return 0;
    }
    swap(workload, snapshot, &print);
    if (!first)
        atomic_fetch_add(&workload->reloads, 1);
    mesh__log_write(&workload->log, MESH_EVENT_POLICY_LOADED,
                    "policy generation %llu is in force: %zu documents, %zu "
                    "warnings, %zu notes",
                    (unsigned long long)generation, diagnostics->documents,
                    diagnostics->by_severity[MESH__WARNING],
                    diagnostics->by_severity[MESH__INFO]);
    return 0;
}

int mesh__workload_load_policy(struct mesh_workload *workload, bool first,
                               struct mesh_diagnostics *diagnostics)
{
    struct mesh_diagnostics own;
    int rc;

    mesh__diagnostics_init(&own);
    (void)pthread_mutex_lock(&workload->reload_lock);
    rc = load_policy(workload, first, diagnostics ? diagnostics : &own);
    (void)pthread_mutex_unlock(&workload->reload_lock);
    mesh__diagnostics_fini(&own);
    return rc;
}

static int renew(struct mesh_workload *workload)
{
    struct mesh_snapshot *previous = mesh__workload_snapshot(workload);
    uint64_t generation = atomic_load(&workload->generation) + 1;
    struct mesh_snapshot *snapshot = NULL;
    struct mesh_fingerprint print;
    bool refused;
    int rc = compile(workload, previous->collection, previous, generation,
                     &snapshot);

    if (rc == 0)
        rc = mesh__live_bind(
            workload->live, snapshot, mesh__kernel_now_ns(),
            mesh__config_ns(&workload->settings, MESH_LIMIT_ABSENT_MS));
    if (rc == 0) {
        (void)pthread_mutex_lock(&workload->lock);
        print = workload->policy_print; /* of files that may be refused */
        refused = workload->policy_refused;
        (void)pthread_mutex_unlock(&workload->lock);
        swap(workload, snapshot, &print);
        (void)pthread_mutex_lock(&workload->lock);
        workload->policy_refused = refused;
        (void)pthread_mutex_unlock(&workload->lock);
    } else {
        mesh__snapshot_unref(snapshot);
    }
    mesh__snapshot_unref(previous);
    return rc;
}

int mesh__workload_renew(struct mesh_workload *workload)
{
    int rc;

    (void)pthread_mutex_lock(&workload->reload_lock);
    rc = renew(workload);
    (void)pthread_mutex_unlock(&workload->reload_lock);
    return rc;
}

/* --- identity --- */

static int check_settings(struct mesh_workload *workload,
                          const struct mesh_credential *credential)
{
    struct mesh_whoami me;
    struct mesh_arena arena;
    int rc;

    mesh__arena_init(&arena, 1024 * 1024);
    rc = whoami(workload, credential, &arena, &me);
    mesh__arena_fini(&arena);
    return rc;
}

static void refuse_identity(struct mesh_workload *workload,
                            const struct mesh_fingerprint *print)
{
    bool told;

    (void)pthread_mutex_lock(&workload->lock);
    told = workload->identity_refused &&
           !memcmp(&workload->identity_print, print, sizeof(*print));
    workload->identity_refused = true;
    workload->identity_print = *print;
    (void)pthread_mutex_unlock(&workload->lock);
    if (!told)
        mesh__log_write(&workload->log, MESH_EVENT_IDENTITY_REFUSED,
                        "identity not loaded, the last good one stays: %s",
                        mesh__error_line());
}

static void take_identity(struct mesh_workload *workload, bool first,
                          struct mesh_credential *credential,
                          struct mesh_bundle *bundle,
                          const struct mesh_fingerprint *print)
{
    mesh__identity_set(&workload->identity, credential, bundle);
    (void)pthread_mutex_lock(&workload->lock);
    workload->identity_print = *print;
    workload->identity_refused = false;
    if (first)
        (void)snprintf(workload->id_text, sizeof(workload->id_text), "%s",
                       credential->id_text);
    (void)pthread_mutex_unlock(&workload->lock);
    if (first)
        return;
    atomic_fetch_add(&workload->rotations, 1);
    mesh__log_write(&workload->log, MESH_EVENT_IDENTITY_ROTATED,
                    "identity rotated: %s", credential->id_text);
    mesh__lanes_wake(workload);
}

static int load_identity(struct mesh_workload *workload, bool first)
{
    const char *path = workload->settings.text[MESH__SET_IDENTITY];
    struct mesh_credential *credential = NULL;
    struct mesh_bundle *bundle = NULL;
    struct mesh_fingerprint print = { 0 };
    int rc;

    if (!path)
        return mesh__fail(MESH_ERR_CERTIFICATE,
                          "no identity is set (mesh_config_set_identity, or "
                          "the environment's MESH_IDENTITY)");
    rc = mesh__identity_read(path, mesh__kernel_wall_ns() / (int64_t)MESH__S,
                             &credential, &bundle, &print);
    if (rc == 0)
        rc = check_settings(workload, credential);
    if (rc == 0 && !first && strcmp(credential->id_text, workload->id_text))
        rc = mesh__fail(MESH_ERR_IDENTITY_MISMATCH,
                        "%s: the certificate is now for %s, it was for %s",
                        path, credential->id_text, workload->id_text);
    if (rc == 0 && (first || !in_force(workload, &workload->identity_refused,
                                       &workload->identity_print, &print)))
        take_identity(workload, first, credential, bundle, &print);
    else if (rc < 0 && !first)
        refuse_identity(workload, &print);
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
    return rc;
}

int mesh__workload_load_identity(struct mesh_workload *workload, bool first)
{
    int rc;

    (void)pthread_mutex_lock(&workload->reload_lock);
    rc = load_identity(workload, first);
    (void)pthread_mutex_unlock(&workload->reload_lock);
    return rc;
}
