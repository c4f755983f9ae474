/*
 * actor.h - what the acts of the actor share: a program that plays one part
 * in a test of real processes, and says on standard output what it saw.
 *
 * Settings come from the environment, as those of any service.
 */
#ifndef MESH_TESTS_ACTOR_H
#define MESH_TESTS_ACTOR_H

#include <mesh/mesh.h>

#include <stdint.h>
#include <stdio.h>

/* Longer than a loaded machine takes for anything. */
#define PATIENCE_MS 60000

/* Pieces of streamed bodies. */
#define PIECE (64 * 1024)

struct actor {
    mesh_workload *workload;
    mesh_error *error; /* the main thread's */
};

/* Each act: its arguments, how it ended. */
int act_serve(struct actor *actor, char **argv); /* ADDRESS THREADS     */
int act_crowd(struct actor *actor, char **argv); /* URL THREADS CALLS   */
int act_loop(struct actor *actor, char **argv);  /* URL CALLS           */
int act_up(struct actor *actor, char **argv);    /* URL BYTES           */
int act_down(struct actor *actor, char **argv);  /* URL BYTES           */
int act_forks(struct actor *actor, char **argv); /* URL THREADS FORKS   */
int act_ask(struct actor *actor, char **argv);   /* none                */

/* Complain about what just failed; 1. */
int act_failed(struct actor *actor, const char *what);

int64_t act_statistic(mesh_workload *workload, const char *name);

/*
 * What happened by itself, as a line of JSON: the policy's generation, how
 * many were refused, how many endpoints are ejected, and the events since the
 * last time.
 */
void act_say_state(mesh_workload *workload);

/* text between quotes, with what JSON would trip over made harmless. */
void act_say_text(const char *text);

/* One field of a line in /proc/self/status: "VmRSS:" and the like. */
int64_t act_status(const char *field);

/*
 * One GET by from with this number; 1 when the answer is 200 and the one to
 * this very question, else 0 with a line on standard error.
 */
int act_get(mesh_workload *workload, const char *url, const char *from,
            int64_t number, mesh_error *error);

/* The request of act_get(), and whether this body answers it. */
int act_question(const char *url, const char *from, int64_t number,
                 mesh_request **out, mesh_error *error);
int act_answers(const char *body, const char *from, int64_t number);

#endif
