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

/* One load under way. */
struct loading {
    struct mesh_workload *workload;
    enum mesh_load_how how;
    uint64_t generation;
    struct mesh_diagnostics *diagnostics;
    struct mesh_snapshot *previous; /* in force, counted; or NULL */
    struct mesh_collection *collection;
    struct mesh_fingerprint print;
    struct mesh_kept kept;
    struct mesh_snapshot *snapshot;
};

static size_t bad_findings(const struct mesh_diagnostics *diagnostics)
{
    return diagnostics->by_severity[MESH__ERROR] +
           diagnostics->by_severity[MESH__REFUSED];
}

/* "" when there is none. */
static void print_first(const struct mesh_diagnostics *diagnostics,
                        enum mesh_severity least, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < diagnostics->count; i++)
        if (diagnostics->findings[i].severity <= least) {
            mesh__finding_print(&diagnostics->findings[i], out, size);
            return;
        }
}

static int say_refused(const struct mesh_diagnostics *diagnostics,
                       const char *why)
{
    char first[400];

    print_first(diagnostics, MESH__REFUSED, first, sizeof(first));
    return mesh__fail(
        MESH_ERR_POLICY, "%zu errors, %zu refusals%s%s; first: %s",
        diagnostics->by_severity[MESH__ERROR],
        diagnostics->by_severity[MESH__REFUSED], *why ? "; " : "", why, first);
}

/* Is what was read fit to be in force? */
static int verdict(struct loading *loading)
{
    const struct mesh_diagnostics *diagnostics = loading->diagnostics;
    const struct mesh_snapshot *previous = loading->previous;
    char why[MESH_ERROR_LINE] = "";
    int rc = MESH_ERR_POLICY;

    if (diagnostics->rc < 0)
        return mesh__fail(diagnostics->rc, "the findings do not fit in memory");
    if (bad_findings(diagnostics) == 0)
        return 0;
    if (loading->workload->settings.keep_good) {
        rc = mesh__collection_keep_good(loading->collection,
                                        previous ? previous->collection : NULL,
                                        loading->diagnostics, &loading->kept);
        (void)snprintf(why, sizeof(why), "%s", mesh__error_line());
    }
    if (rc != MESH_ERR_POLICY)
        return rc;
    mesh__diagnostics_sort(loading->diagnostics);
    return say_refused(diagnostics, why);
}

static int read_policy(struct loading *loading)
{
    const struct mesh_config *settings = &loading->workload->settings;
    const char *path = settings->text[MESH__SET_POLICY];
    struct mesh_policy_limits limits = mesh__config_policy_limits(settings);
    struct mesh_snapshot *previous = loading->previous;
    int rc;

    if (path) {
        rc = mesh__policy_read(
            path, &limits, previous ? previous->collection : NULL,
            &loading->collection, loading->diagnostics, &loading->print);
        if (rc != MESH_ERR_NO_POLICY || !settings->allow_no_policy)
            return rc;
        mesh__error_clear();
    } else if (!settings->allow_no_policy) {
        return mesh__fail(MESH_ERR_NO_POLICY,
                          "no policy is set (mesh_config_set_policy, or the "
                          "environment's MESH_POLICY)");
    }
    loading->print = (struct mesh_fingerprint){ 0 };
    return mesh__collection_new(&loading->collection);
}

/*
 * Where somebody waits, all findings come before the policy does. When files
 * change by themselves they come later: whatever must not be in force is
 * refused by the verdict, or does not compile, and a reload waits for nothing
 * else.
 */
static int judge_now(struct loading *loading)
{
    size_t before = bad_findings(loading->diagnostics);
    int rc;

    if (loading->how == MESH__LOAD_CHANGED)
        return 0;
    rc = mesh__policy_judge(loading->collection, loading->diagnostics);
    mesh__diagnostics_sort(loading->diagnostics);
    if (rc == 0 && bad_findings(loading->diagnostics) > before)
        rc = say_refused(loading->diagnostics, "");
    return rc;
}

/* From files to a snapshot that is bound to its live state. */
static int build(struct loading *loading)
{
    struct mesh_workload *workload = loading->workload;
    uint64_t now_ns = mesh__kernel_now_ns();
    int rc = read_policy(loading);

    if (rc == 0)
        rc = verdict(loading);
    if (rc == 0)
        rc = judge_now(loading);
    if (rc == 0)
        rc = compile(workload, loading->collection, loading->previous,
                     loading->generation, &loading->snapshot);
    if (rc == 0)
        rc = mesh__live_bind(
            workload->live, loading->snapshot, now_ns,
            mesh__config_ns(&workload->settings, MESH_LIMIT_ABSENT_MS));
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

static bool is_partly(const struct loading *loading)
{
    return bad_findings(loading->diagnostics) > 0;
}

/* The files say something else than what is in force, from now on or longer. */
static void note_stale(struct mesh_workload *workload, bool stale)
{
    if (!stale)
        workload->stale_since_ns = 0;
    else if (workload->stale_since_ns == 0)
        workload->stale_since_ns = mesh__kernel_now_ns();
}

static void swap(struct loading *loading)
{
    struct mesh_workload *workload = loading->workload;
    struct mesh_snapshot *snapshot = loading->snapshot;
    struct mesh_snapshot *old;

    loading->snapshot = NULL;
    (void)pthread_mutex_lock(&workload->lock);
    old = workload->snapshot;
    workload->snapshot = snapshot;
    workload->policy_print = loading->print;
    workload->policy_refused = false;
    workload->policy_held = loading->kept.held;
    workload->policy_left_out = loading->kept.left_out;
    note_stale(workload, is_partly(loading));
    workload->loaded_ns = mesh__kernel_now_ns();
    (void)pthread_mutex_unlock(&workload->lock);
    atomic_store_explicit(&workload->generation, snapshot->generation,
                          memory_order_release);
    mesh__snapshot_unref(old);
    mesh__holders_renewed(workload);
    mesh__lanes_wake(workload);
}

/* Told once per version of the files, not once per look. */
static int refuse(struct mesh_workload *workload, int rc,
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
    note_stale(workload, true);
    (void)pthread_mutex_unlock(&workload->lock);
    atomic_fetch_add(&workload->reloads_refused, 1);
    if (!told)
        mesh__log_write(&workload->log, MESH_EVENT_POLICY_REFUSED,
                        "policy not loaded, generation %llu stays in force: "
                        "%s",
                        (unsigned long long)atomic_load(&workload->generation),
                        line);
    return mesh__fail(rc, "%s", line);
}

/* --- telling --- */

static void tell_loaded(struct mesh_workload *workload,
                        const struct mesh_diagnostics *diagnostics)
{
    mesh__log_write(&workload->log, MESH_EVENT_POLICY_LOADED,
                    "policy generation %llu is in force: %zu documents, %zu "
                    "warnings, %zu notes",
                    (unsigned long long)atomic_load(&workload->generation),
                    diagnostics->documents,
                    diagnostics->by_severity[MESH__WARNING],
                    diagnostics->by_severity[MESH__INFO]);
}

static void tell_partly(const struct loading *loading)
{
    char first[400];

    print_first(loading->diagnostics, MESH__REFUSED, first, sizeof(first));
    mesh__log_write(&loading->workload->log, MESH_EVENT_POLICY_PARTLY,
                    "policy generation %llu is in force without what is bad: "
                    "%zu resources stay as they were, %zu are left out; "
                    "first: %s",
                    (unsigned long long)loading->generation, loading->kept.held,
                    loading->kept.left_out, first);
}

/* What judging added to the findings of reading; nothing is not told. */
static void tell_judged(struct mesh_workload *workload, uint64_t generation,
                        const struct mesh_diagnostics *diagnostics)
{
    char first[400];

    print_first(diagnostics, MESH__WARNING, first, sizeof(first));
    if (!first[0])
        return;
    mesh__log_write(&workload->log, MESH_EVENT_POLICY_JUDGED,
                    "policy generation %llu: %zu warnings about how its "
                    "resources fit together; first: %s",
                    (unsigned long long)generation,
                    diagnostics->by_severity[MESH__WARNING], first);
}

/* --- loading --- */

static void settle(struct loading *loading)
{
    struct mesh_workload *workload = loading->workload;

    if (loading->how != MESH__LOAD_FIRST)
        atomic_fetch_add(&workload->reloads, 1);
    if (loading->how != MESH__LOAD_CHANGED)
        workload->judged_generation = loading->generation;
    tell_loaded(workload, loading->diagnostics);
    if (is_partly(loading))
        tell_partly(loading);
}

static int load_policy(struct loading *loading)
{
    struct mesh_workload *workload = loading->workload;
    int rc = build(loading);

    mesh__diagnostics_sort(loading->diagnostics);
    if (rc < 0)
        return loading->how == MESH__LOAD_FIRST
                   ? rc
                   : refuse(workload, rc, &loading->print);
    if (loading->how != MESH__LOAD_FIRST &&
        in_force(workload, &workload->policy_refused, &workload->policy_print,
                 &loading->print))
        return 0;
    swap(loading);
    settle(loading);
    return 0;
}

int mesh__workload_load_policy(struct mesh_workload *workload,
                               enum mesh_load_how how,
                               struct mesh_diagnostics *diagnostics)
{
    struct mesh_diagnostics own;
    struct loading loading = { .workload = workload, .how = how };
    int rc;

    mesh__diagnostics_init(&own);
    (void)pthread_mutex_lock(&workload->reload_lock);
    loading.diagnostics = diagnostics ? diagnostics : &own;
    loading.generation = atomic_load(&workload->generation) + 1;
    if (how != MESH__LOAD_FIRST)
        loading.previous = mesh__workload_snapshot(workload);
    rc = load_policy(&loading);
    (void)pthread_mutex_unlock(&workload->reload_lock);
    mesh__snapshot_unref(loading.snapshot);
    mesh__collection_unref(loading.collection);
    mesh__snapshot_unref(loading.previous);
    mesh__diagnostics_fini(&own);
    return rc;
}

/* The same policy with other answers: what is told of its files stays. */
static void replace(struct mesh_workload *workload,
                    struct mesh_snapshot *snapshot)
{
    struct mesh_snapshot *old;

    if (workload->judged_generation + 1 == snapshot->generation)
        workload->judged_generation =
            snapshot->generation; /* nothing new to judge */
    (void)pthread_mutex_lock(&workload->lock);
    old = workload->snapshot;
    workload->snapshot = snapshot;
    (void)pthread_mutex_unlock(&workload->lock);
    atomic_store_explicit(&workload->generation, snapshot->generation,
                          memory_order_release);
    mesh__snapshot_unref(old);
    mesh__holders_renewed(workload);
    mesh__lanes_wake(workload);
}

static int renew(struct mesh_workload *workload)
{
    struct mesh_snapshot *previous = mesh__workload_snapshot(workload);
    struct mesh_snapshot *snapshot = NULL;
    int rc = compile(workload, previous->collection, previous,
                     previous->generation + 1, &snapshot);

    if (rc == 0)
        rc = mesh__live_bind(
            workload->live, snapshot, mesh__kernel_now_ns(),
            mesh__config_ns(&workload->settings, MESH_LIMIT_ABSENT_MS));
    if (rc == 0)
        replace(workload, snapshot);
    else
        mesh__snapshot_unref(snapshot);
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

bool mesh__workload_judge(struct mesh_workload *workload)
{
    struct mesh_snapshot *snapshot = mesh__workload_snapshot(workload);
    struct mesh_diagnostics diagnostics;
    bool judges;

    (void)pthread_mutex_lock(&workload->reload_lock);
    judges = workload->judged_generation < snapshot->generation;
    if (judges) {
        mesh__diagnostics_init(&diagnostics);
        if (mesh__policy_judge(snapshot->collection, &diagnostics) == 0) {
            mesh__diagnostics_sort(&diagnostics);
            tell_judged(workload, snapshot->generation, &diagnostics);
        }
        workload->judged_generation = snapshot->generation;
        mesh__error_clear();
        mesh__diagnostics_fini(&diagnostics);
    }
    (void)pthread_mutex_unlock(&workload->reload_lock);
    mesh__snapshot_unref(snapshot);
    return judges;
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
