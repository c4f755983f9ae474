/*
 * authz.c - the verdict: DENY policies, then ALLOW policies.
 *
 * Settles each rule's third value by the action of its policy and remembers
 * what decided, or what came nearest. Knows nothing of how a rule is judged
 * nor of what the answer will look like on the wire.
 */
#include "authz/authz.h"

#include "authz/rule.h"
#include "base/text.h"

enum { REASON = 512 }; /* bytes of a reason, the NUL included */

/* The rule of a policy that matched, or the one that got furthest. */
struct best {
    const struct mesh_authz_policy *policy;
    size_t rule;
    bool matched;
    struct mesh_authz_progress progress;
};

static bool got_further(const struct mesh_authz_progress *a,
                        const struct mesh_authz_progress *b)
{
    if (a->stage != b->stage)
        return a->stage > b->stage;
    return a->held > b->held;
}

static void explain_rule(struct mesh_authz_subject *subject,
                         const struct mesh_authz_policy *policy, size_t rule,
                         bool matched,
                         const struct mesh_authz_progress *progress,
                         struct mesh__why *why)
{
    char reason[REASON] = "everything it asks for holds";
    char name[REASON];
    struct mesh_text text;

    mesh__text_init(&text, name, sizeof(name));
    mesh__text_format(&text, "%s/%s rule %zu", policy->namespace_, policy->name,
                      rule);
    if (progress->failed)
        mesh__authz_condition_print(subject, progress->failed, reason,
                                    sizeof(reason));
    mesh__why_add(why, policy->dry_run ? "dry-run rule" : "rule", name, matched,
                  policy->rules[rule].mark, "%s%s",
                  subject->deny ? "DENY: " : "ALLOW: ", reason);
}

/* The first rule that matches; else *best is the nearest so far. */
static bool policy_matches(struct mesh_authz_subject *subject,
                           const struct mesh_authz_policy *policy,
                           struct best *best, struct mesh__why *why)
{
    /* Unknown is settled here: for DENY it matches, for ALLOW it does not. */
    enum mesh_tri enough = subject->deny ? MESH__MAYBE : MESH__YES;

    if (!best->policy)
        best->policy = policy;
    for (size_t i = 0; i < policy->rule_count; i++) {
        struct mesh_authz_progress progress =
            mesh__authz_rule(subject, &policy->rules[i]);
        bool matched = progress.result >= enough;

        if (why)
            explain_rule(subject, policy, i, matched, &progress, why);
        if (matched || !best->progress.failed ||
            got_further(&progress, &best->progress))
            *best = (struct best){ policy, i, matched, progress };
        if (matched)
            return true;
    }
    return false;
}

/* The first of the policies, dry-run or enforced ones, that matches. */
static bool any_matches(struct mesh_authz_subject *subject,
                        const struct mesh_authz_policy *policies, size_t count,
                        bool dry_run, struct best *best, struct mesh__why *why)
{
    *best = (struct best){ 0 };
    for (size_t i = 0; i < count; i++) {
        if (policies[i].dry_run == dry_run &&
            policy_matches(subject, &policies[i], best, why))
            return true;
    }
    return false;
}

static void say_denied(struct mesh_authz_verdict *out)
{
    struct mesh_text text;

    mesh__text_init(&text, out->detail, sizeof(out->detail));
    mesh__text_puts(&text, "rbac_access_denied_matched_policy[");
    if (out->rule_matched)
        mesh__text_format(&text, "ns[%s]-policy[%s]-rule[%zu]",
                          out->policy->namespace_, out->policy->name,
                          out->rule);
    else
        mesh__text_puts(&text, "none");
    mesh__text_puts(&text, "]");
}

static void decide(const struct best *by, bool allowed,
                   struct mesh_authz_verdict *out)
{
    out->allowed = allowed;
    out->policy = by->policy;
    out->rule = by->rule;
    out->rule_matched = by->matched;
    out->failed = by->matched ? NULL : by->progress.failed;
    if (!allowed)
        say_denied(out);
}

/* What the enforced policies say. */
static void enforce(const struct mesh_authz *authz,
                    struct mesh_authz_subject *subject,
                    struct mesh_authz_verdict *out, struct mesh__why *why)
{
    struct best best;

    *out = (struct mesh_authz_verdict){ .allowed = true };
    subject->deny = true;
    if (any_matches(subject, authz->deny, authz->deny_count, false, &best,
                    why)) {
        decide(&best, false, out);
        return;
    }
    subject->deny = false;
    if (any_matches(subject, authz->allow, authz->allow_count, false, &best,
                    why))
        decide(&best, true, out);
    else if (best.policy) /* there is an ALLOW, and none matched */
        decide(&best, false, out);
}

static bool has_dry_run(const struct mesh_authz_policy *policies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (policies[i].dry_run)
            return true;
    }
    return false;
}

/* What it would be with the dry-run policies enforced as well. */
static void rehearse(const struct mesh_authz *authz,
                     struct mesh_authz_subject *subject,
                     struct mesh_authz_verdict *out, struct mesh__why *why)
{
    struct best best;

    subject->deny = true;
    if (any_matches(subject, authz->deny, authz->deny_count, true, &best,
                    why)) {
        out->shadow_denied = true;
        out->shadow_policy = best.policy;
        return;
    }
    subject->deny = false;
    out->shadow_denied = !out->allowed;
    if (out->rule_matched || !has_dry_run(authz->allow, authz->allow_count))
        return; /* ALLOW policies in dry run can change nothing */
    out->shadow_denied = !any_matches(subject, authz->allow, authz->allow_count,
                                      true, &best, why);
}

void mesh__authz_check(const struct mesh_snapshot *snapshot,
                       const struct mesh_authz_request *request,
                       struct mesh_authz_verdict *out, struct mesh__why *why)
{
    const struct mesh_authz *authz = &snapshot->authz;
    struct mesh_authz_subject subject;

    mesh__authz_subject_init(&subject, request);
    enforce(authz, &subject, out, why);
    if (has_dry_run(authz->deny, authz->deny_count) ||
        has_dry_run(authz->allow, authz->allow_count))
        rehearse(authz, &subject, out, why);
}

/* --- for the log --- */

static void print_place(struct mesh_text *text,
                        const struct mesh_snapshot *snapshot,
                        struct mesh_mark mark)
{
    const struct mesh_resource *resource;
    const char *file;

    if (!mesh__mark_resource(snapshot, mark, &resource, &file) || !file)
        return;
    mesh__text_format(text, " (%s:%u)", file, mesh__line_of(resource, mark));
}

static void print_decided(struct mesh_text *text,
                          const struct mesh_snapshot *snapshot,
                          const struct mesh_authz_verdict *verdict)
{
    mesh__text_format(
        text, "%s by %s/%s rule %zu", verdict->allowed ? "allowed" : "denied",
        verdict->policy->namespace_, verdict->policy->name, verdict->rule);
    print_place(text, snapshot, verdict->policy->rules[verdict->rule].mark);
}

static void print_nearest(struct mesh_text *text,
                          const struct mesh_snapshot *snapshot,
                          const struct mesh_authz_request *request,
                          const struct mesh_authz_verdict *verdict)
{
    struct mesh_authz_subject subject;
    char reason[REASON];

    mesh__text_format(text, "no ALLOW policy matched; nearest: %s/%s",
                      verdict->policy->namespace_, verdict->policy->name);
    if (!verdict->failed) {
        mesh__text_puts(text, ", which has no rule");
        print_place(text, snapshot, verdict->policy->mark);
        return;
    }
    mesh__authz_subject_init(&subject, request);
    mesh__authz_condition_print(&subject, verdict->failed, reason,
                                sizeof(reason));
    mesh__text_format(text, " rule %zu: %s", verdict->rule, reason);
    print_place(text, snapshot, verdict->failed->mark);
}

void mesh__authz_print(const struct mesh_snapshot *snapshot,
                       const struct mesh_authz_request *request,
                       const struct mesh_authz_verdict *verdict, char *out,
                       size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    if (!verdict->policy)
        mesh__text_puts(&text, "no policy applies");
    else if (verdict->rule_matched)
        print_decided(&text, snapshot, verdict);
    else
        print_nearest(&text, snapshot, request, verdict);
}
