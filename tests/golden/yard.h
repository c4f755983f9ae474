/*
 * yard.h - policies as text, and what they compile to as lines of text.
 *
 * A line stands for itself: it names the destination, rule or policy that it
 * speaks of, so that a test can ask for one line and a golden file can be read
 * from any place.
 */
#ifndef MESH_YARD_H
#define MESH_YARD_H

#include "base/buffer.h"
#include "policy/policy.h"

#include <stdbool.h>

struct yard {
    struct mesh_collection *all;
    struct mesh_diagnostics diagnostics;
    struct mesh_arena arena;
};

void yard_init(struct yard *yard);
void yard_fini(struct yard *yard);

/* Add one file; fails the test where memory does. */
void yard_add(struct yard *yard, const char *name, struct mesh_slice text);

/*
 * Who compiles, as words: "ns=production sa=api address=127.0.1.1
 * labels=app=web,version=v1 td=example.org locality=a/b/c". labels= alone is
 * the empty set; without it they are not set. Points into the yard's arena.
 */
struct mesh_whoami yard_whoami(struct yard *yard, const char *words);

/* All of a snapshot, or all findings, a line each; out is initialized here. */
void yard_dump(const struct mesh_snapshot *snapshot, struct mesh_buffer *out);
void yard_findings(const struct mesh_diagnostics *diagnostics,
                   struct mesh_buffer *out);

/*
 * A claim about a policy. The lines in lines (each ended by a newline, but the
 * last) stand in the dump; what stands behind a '!' is nowhere in it. With
 * "refused: TEXT" the compilation fails, and the line that says why has TEXT.
 */
struct yard_row {
    const char *claim;
    const char *who;
    const char *yaml;
    const char *lines;
};

/* Each row on top of base; prints the dump under the claim that fails. */
void yard_check(const char *base, const struct yard_row *rows, size_t count);

/* The same for findings: lines of mesh__policy_judge. */
void yard_check_findings(const char *base, const struct yard_row *rows,
                         size_t count);

/* yard_acts.c: what a rule does beside sending; for yard.c. */
void yard_say_acts(const struct mesh_virtual_host *host, size_t index,
                   struct mesh_buffer *out);

/* Does text have this line, blanks in front not counted? */
bool yard_has_line(const char *text, const char *line);

#endif
