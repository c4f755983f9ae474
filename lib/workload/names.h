/*
 * names.h - the keeper asks for the names that services stand on, again and
 * again, and hands answers to the compiler.
 *
 * All but known and missing: on the keeper's loop, entered.
 */
#ifndef MESH_WORKLOAD_NAMES_H
#define MESH_WORKLOAD_NAMES_H

#include "net/loop.h"
#include "net/names.h"
#include "policy/dns.h"
#include "policy/snapshot.h"

#include <pthread.h>
#include <stdbool.h>

struct mesh_workload;

enum {
    MESH__NAMES_MERGE_MS = 50, /* answers of so long make one compilation */
    MESH__NAMES_LEAST_S = 1    /* no name is asked for sooner again       */
};

/* One name: asked for again when its answer has lived. */
struct mesh_name_watch {
    struct mesh_node node;
    struct mesh_workload *workload;
    struct mesh_lookup lookup;
    struct mesh_timer timer; /* its place is kept: asking again cannot fail */
    char *name;
    bool wanted;
    bool sticky;  /* DNS_ROUND_ROBIN alone stands on it           */
    int said;     /* the code of the last answer                  */
    bool settled; /* answered once, or nobody could say: under the lock, as */
    size_t count; /* these                                        */
    struct mesh_address addresses[MESH__NAME_ADDRESSES];
};

struct mesh_name_table {
    pthread_mutex_t lock;     /* a leaf: over answers and the list */
    struct mesh_node watches; /* struct mesh_name_watch.node       */
    size_t count;
    struct mesh_timer merge; /* answers wait to be compiled       */
    bool started;
    bool behind; /* memory was out: follow again      */
};

void mesh__names_init(struct mesh_name_table *table);
/* Stopped, or in no loop any more. */
void mesh__names_fini(struct mesh_name_table *table);

/* Ask for what the snapshot wants, and no longer for what it does not. */
void mesh__names_follow(struct mesh_workload *workload,
                        const struct mesh_snapshot *snapshot);
void mesh__names_stop(struct mesh_workload *workload);
/* In a forked child, whose keeper is new: answers stay, questions do not. */
void mesh__names_forked(struct mesh_name_table *table);

/* Answers so far, for the compiler; copied into arena. Any thread. */
int mesh__names_known(struct mesh_name_table *table, struct mesh_arena *arena,
                      struct mesh_known_names *out);
/* One that has no answer yet, into name. Any thread. */
bool mesh__names_missing(struct mesh_name_table *table, char *name,
                         size_t size);

#endif
