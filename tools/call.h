/*
 * call.h - what the requests of `lmesh call` came to: counted while they
 * happen, told at the end.
 */
#ifndef LMESH_CALL_H
#define LMESH_CALL_H

#include "lmesh.h"

#include <pthread.h>

/* More statuses and codes, or servers, than one run tells apart. */
#define TALLY_KINDS_MOST  64
#define TALLY_PLACES_MOST 256

/* What a request ended with: a status, or a code where there is none. */
struct tally_kind {
    int status;
    int code;
    int64_t count;
};

/* Where answers came from. The texts are owned. */
struct tally_place {
    char *destination;
    char *subset;
    char *workload;
    char *endpoint;
    char *principal;
    char *protocol;
    char *cipher;
    int64_t count;
    int64_t failed;
};

/* One request of the run, kept for the percentiles. */
struct tally_time {
    int64_t us;
    size_t place;
};

/* Guarded by lock; the threads of a run write into one tally. */
struct tally {
    pthread_mutex_t lock;
    int json;          /* each request is told as it ends           */
    int64_t expected;  /* room in times                             */
    int64_t count;     /* ended                                     */
    int64_t failed;    /* those that ended with a code, or >= 400   */
    int64_t unreached; /* of these, those with a code of a network  */
    int64_t attempts;
    int64_t retried; /* requests with more than one attempt       */
    struct tally_time *times;
    struct tally_kind kinds[TALLY_KINDS_MOST];
    size_t kind_count;
    struct tally_place places[TALLY_PLACES_MOST];
    size_t place_count;
};

/* 0, or -1 when memory is out. */
int tally_init(struct tally *tally, int64_t expected, int json);
void tally_fini(struct tally *tally);

/*
 * One request ended: it began start_us into the run and took us. response may
 * be NULL; error is the call's. Any thread.
 */
void tally_take(struct tally *tally, const mesh_response *response, int code,
                const mesh_error *error, int64_t start_us, int64_t us);

/* The end of the run, on standard output. Alone. */
void tally_tell(struct tally *tally, mesh_workload *workload,
                int64_t elapsed_us);

#endif
