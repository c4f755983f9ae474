/*
 * speak.h - authorization policies and requests written as lines, for tables.
 */
#ifndef MESH_TESTS_SPEAK_H
#define MESH_TESTS_SPEAK_H

#include "authz/authz.h"

enum { SPEAK_REGEXES = 8 };

struct speak {
    struct mesh_arena arena;
    struct mesh_regex *regexes[SPEAK_REGEXES];
    size_t regex_count;
};

void speak_init(struct speak *speak);
void speak_fini(struct speak *speak);

/*
 * A rule: parts joined by " & ", "from ...", "or-from ..." (one more source),
 * "to ...", "or-to ...", "when ...". A part is conditions joined by "; ", as
 * "method GET,POST", "method !PUT", "path /a*,!/b", "header:x-key One".
 * Attributes: principal ns sa ip remote host method path port dip sni
 * header:NAME. Values as Istio writes them (exact, a*, *a, *), "~re" a regex.
 */
void speak_rule(struct speak *speak, struct mesh_authz_rule *rule,
                const char *text);

/* Rules separated by lines; "" for none. name is also where it is from. */
void speak_policy(struct speak *speak, struct mesh_authz_policy *policy,
                  const char *name, const char *rules);

/*
 * Pairs of words: "as SA" (cluster.local/ns/demo/sa/SA), "as -" (nobody),
 * "to HOST", "ip IP", "xff IP", "dip IP", "port N", "sni S", "sni -" (none),
 * and "METHOD /path", which makes it HTTP; "k: v" behind "|", each a head
 * line. Whatever is not said is unknown, but for HTTP, where method, path,
 * host ("web") and headers are known.
 */
void speak_request(struct speak *speak, struct mesh_authz_request *request,
                   const char *text);

#endif
