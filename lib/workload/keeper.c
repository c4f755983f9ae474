/*
 * keeper.c - what outlives a call, on a loop of its own: changed files, idle
 * shelves, log lines and spans; and the helper thread that may drive it.
 *
 * Knows when. Declines to know how a policy is compiled.
 */
#include "workload/workload.h"

#include "base/error.h"
#include "value/duration.h"

#include <signal.h>
#include <string.h>

static void again(struct mesh_workload *workload, struct mesh_timer *timer,
                  uint64_t in_ms)
{
    struct mesh_loop *loop = workload->keeper->loop;

    /* Without memory for a timer the next change or step tries again. */
    if (mesh__loop_set_timer(
            loop, timer,
            mesh__time_add(mesh__loop_now(loop), in_ms * MESH__MS)) < 0)
        mesh__error_clear();
}

/* --- files --- */

static void on_change(struct mesh_file_watch *watch)
{
    struct mesh_workload *workload = watch->user;

    again(workload, &workload->settle_timer, MESH__KEEPER_SETTLE_MS);
}

/* Do the files differ from what was read last, refused or not? */
static bool policy_moved(struct mesh_workload *workload)
{
    const char *path = workload->settings.text[MESH__SET_POLICY];
    struct mesh_policy_limits limits =
        mesh__config_policy_limits(&workload->settings);
    struct mesh_fingerprint print;
    bool same;

    if (!path)
        return false;
    if (mesh__policy_fingerprint(path, &limits, &print) < 0)
        print = (struct mesh_fingerprint){ 0 };
    mesh__error_clear();
    (void)pthread_mutex_lock(&workload->lock);
    same = !memcmp(&print, &workload->policy_print, sizeof(print));
    (void)pthread_mutex_unlock(&workload->lock);
    return !same;
}

static bool identity_moved(struct mesh_workload *workload)
{
    const char *path = workload->settings.text[MESH__SET_IDENTITY];
    struct mesh_fingerprint print;
    bool same;

    if (!path)
        return false;
    if (mesh__identity_fingerprint(path, &print) < 0)
        print = (struct mesh_fingerprint){ 0 };
    mesh__error_clear();
    (void)pthread_mutex_lock(&workload->lock);
    same = !memcmp(&print, &workload->identity_print, sizeof(print));
    (void)pthread_mutex_unlock(&workload->lock);
    return !same;
}

/* The new policy is in force at once; what is odd about it is told later. */
static void load(struct mesh_workload *workload)
{
    struct mesh_loop *loop = workload->keeper->loop;
    uint64_t due_ns = mesh__loop_now(loop);

    if (mesh__workload_load_policy(workload, MESH__LOAD_CHANGED, NULL) < 0)
        return;
    if (due_ns < workload->judge_not_before_ns)
        due_ns = workload->judge_not_before_ns;
    if (mesh__loop_set_timer(loop, &workload->judge_timer, due_ns) < 0)
        mesh__error_clear(); /* the next change will be judged */
}

/* Where policies change all the time, most of the time is for other things. */
static void on_judge(struct mesh_timer *timer)
{
    struct mesh_workload *workload =
        MESH__OF(timer, struct mesh_workload, judge_timer);
    uint64_t before_ns = mesh__kernel_now_ns();
    uint64_t took_ns;

    if (!mesh__workload_judge(workload))
        return;
    took_ns = mesh__kernel_now_ns() - before_ns;
    workload->judge_not_before_ns =
        mesh__time_add(mesh__loop_now(workload->keeper->loop),
                       took_ns * MESH__KEEPER_JUDGE_SHARE);
}

static void look(struct mesh_workload *workload)
{
    if (identity_moved(workload))
        (void)mesh__workload_load_identity(workload, false);
    if (policy_moved(workload))
        load(workload);
    mesh__error_clear();
}

static void on_settle(struct mesh_timer *timer)
{
    look(MESH__OF(timer, struct mesh_workload, settle_timer));
}

static void warn_of_expiry(struct mesh_workload *workload)
{
    struct mesh_credential *credential;
    struct mesh_bundle *bundle;
    int64_t now_s = mesh__loop_wall(workload->keeper->loop) / (int64_t)MESH__S;
    int64_t left_s;

    if (now_s < workload->expiry_told_s + MESH__EXPIRY_AGAIN_S)
        return;
    (void)mesh__identity_get(&workload->identity, &credential, &bundle);
    if (credential) {
        left_s = credential->not_after_s - now_s;
        if (left_s < MESH__EXPIRY_WARN_S &&
            credential->not_after_s - credential->not_before_s >
                MESH__EXPIRY_WARN_S) {
            mesh__log_write(&workload->log, MESH_EVENT_IDENTITY_EXPIRING,
                            left_s > 0 ? "%s: our certificate ends in %lld s"
                                       : "%s: our certificate ended %lld s ago",
                            credential->id_text,
                            (long long)(left_s > 0 ? left_s : -left_s));
            workload->expiry_told_s = now_s;
        }
    }
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
}

/* Certificates and roots that DestinationRules name. */
static void tell_outside(void *user, int rc, const char *name)
{
    struct mesh_workload *workload = user;

    if (rc == 0)
        mesh__log_write(&workload->log, MESH_EVENT_IDENTITY_ROTATED,
                        "%s: taken anew", name);
    else
        mesh__log_write(&workload->log, MESH_EVENT_IDENTITY_REFUSED,
                        "%s: what was read before stays: %s", name,
                        mesh__error_line());
}

static void on_look(struct mesh_timer *timer)
{
    struct mesh_workload *workload =
        MESH__OF(timer, struct mesh_workload, look_timer);

    (void)mesh__file_watch_renew(&workload->policy_watch);
    (void)mesh__file_watch_renew(&workload->identity_watch);
    look(workload);
    mesh__outsides_refresh(&workload->outsides, tell_outside);
    if (workload->names.behind)
        mesh__names_follow(workload, workload->keeper->hold->snapshot);
    warn_of_expiry(workload);
    again(workload, timer, MESH__KEEPER_LOOK_MS);
}

/* --- shelves, lines, spans --- */

/* Endpoints that outlier detection lets back in. */
static void tell_admitted(struct mesh_workload *workload)
{
    char text[MESH_ERROR_LINE];

    while (mesh__live_next_admitted(workload->live, text, sizeof(text)))
        mesh__log_write(&workload->log, MESH_EVENT_ADMITTED, "%s admitted",
                        text);
}

static void on_sweep(struct mesh_timer *timer)
{
    struct mesh_workload *workload =
        MESH__OF(timer, struct mesh_workload, sweep_timer);

    mesh__pools_sweep(workload->pools, mesh__loop_now(workload->keeper->loop),
                      false);
    tell_admitted(workload);
    if (mesh__live_refresh(workload->live) < 0)
        mesh__error_clear(); /* the next sweep tries again */
    again(workload, timer, MESH__KEEPER_SWEEP_MS);
}

static void on_flush(struct mesh_timer *timer)
{
    struct mesh_workload *workload =
        MESH__OF(timer, struct mesh_workload, flush_timer);

    mesh__record_flush(workload, MESH__SPANS_TIMEOUT_MS);
    again(workload, timer, MESH__KEEPER_FLUSH_MS);
}

/* --- starting and stopping --- */

static void watch_files(struct mesh_workload *workload)
{
    const char *policy = workload->settings.text[MESH__SET_POLICY];
    const char *identity = workload->settings.text[MESH__SET_IDENTITY];
    struct mesh_loop *loop = workload->keeper->loop;

    if (policy)
        (void)mesh__file_watch_start(&workload->policy_watch, loop, policy,
                                     on_change, workload);
    if (identity)
        (void)mesh__file_watch_start(&workload->identity_watch, loop, identity,
                                     on_change, workload);
}

int mesh__keeper_start(struct mesh_workload *workload)
{
    struct mesh_loop *loop = workload->keeper->loop;

    mesh__timer_init(&workload->sweep_timer, on_sweep);
    mesh__timer_init(&workload->look_timer, on_look);
    mesh__timer_init(&workload->flush_timer, on_flush);
    mesh__timer_init(&workload->settle_timer, on_settle);
    mesh__timer_init(&workload->judge_timer, on_judge);
    if (!workload->settings.offline) {
        mesh__loop_enter(loop);
        watch_files(workload);
        again(workload, &workload->sweep_timer, MESH__KEEPER_SWEEP_MS);
        again(workload, &workload->look_timer, MESH__KEEPER_LOOK_MS);
        again(workload, &workload->flush_timer, MESH__KEEPER_FLUSH_MS);
        mesh__loop_leave(loop);
    }
    return workload->settings.helper ? mesh__helper_start(workload) : 0;
}

void mesh__keeper_stop(struct mesh_workload *workload)
{
    struct mesh_loop *loop = workload->keeper->loop;

    mesh__helper_stop(workload);
    mesh__loop_enter(loop);
    mesh__names_stop(workload);
    mesh__file_watch_stop(&workload->policy_watch);
    mesh__file_watch_stop(&workload->identity_watch);
    mesh__loop_cancel_timer(loop, &workload->sweep_timer);
    mesh__loop_cancel_timer(loop, &workload->look_timer);
    mesh__loop_cancel_timer(loop, &workload->flush_timer);
    mesh__loop_cancel_timer(loop, &workload->settle_timer);
    mesh__loop_cancel_timer(loop, &workload->judge_timer);
    mesh__loop_leave(loop);
    mesh__mirrors_stop(workload);
}

/* --- the helper --- */

static bool told_to_stop(void *user)
{
    struct mesh_workload *workload = user;

    return atomic_load(&workload->helper_stops);
}

static void *helper_main(void *user)
{
    struct mesh_workload *workload = user;

    while (!atomic_load(&workload->helper_stops))
        (void)mesh__loop_step(workload->keeper->loop, MESH__NEVER, told_to_stop,
                              workload);
    return NULL;
}

int mesh__helper_start(struct mesh_workload *workload)
{
    sigset_t all;
    sigset_t old;
    int errnum;

    atomic_store(&workload->helper_stops, false);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    errnum = pthread_create(&workload->helper, NULL, helper_main, workload);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (errnum)
        return mesh__fail_errno(MESH_ERR_SYSTEM, errnum, "the helper thread");
    workload->has_helper = true;
    return 0;
}

void mesh__helper_stop(struct mesh_workload *workload)
{
    if (!workload->has_helper)
        return;
    atomic_store(&workload->helper_stops, true);
    mesh__loop_wake(workload->keeper->loop);
    (void)pthread_join(workload->helper, NULL);
    workload->has_helper = false;
}

int64_t mesh__keeper_overdue_ms(struct mesh_workload *workload)
{
    struct mesh_loop *loop = workload->keeper->loop;
    uint64_t now_ns;
    uint64_t due_ns = MESH__NEVER;
    const struct mesh_timer *const timers[] = {
        &workload->sweep_timer, &workload->look_timer, &workload->flush_timer,
        &workload->settle_timer, &workload->judge_timer
    };

    mesh__loop_enter(loop);
    now_ns = mesh__loop_now(loop);
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
        if (timers[i]->place && timers[i]->due_ns < due_ns)
            due_ns = timers[i]->due_ns;
    mesh__loop_leave(loop);
    return due_ns < now_ns ? (int64_t)((now_ns - due_ns) / MESH__MS) : 0;
}
