/*
 * inside.h - what the files of client/ share, and nobody else sees.
 */
#ifndef MESH_CLIENT_INSIDE_H
#define MESH_CLIENT_INSIDE_H

#include "client/client.h"
#include "traffic/original.h"

enum mesh_answer {
    MESH__NEXT,  /* to the next step                                  */
    MESH__WAIT,  /* something will call mesh__client_run              */
    MESH__JUDGE, /* the attempt ended: client->failure says how      */
    MESH__BACK,  /* to pick; only judge may                           */
    MESH__DONE   /* the outcome is settled: record                    */
};

/* life.c */
void mesh__client_run(struct mesh_client *client);

/* decide.c */
enum mesh_answer mesh__step_route(struct mesh_client *client);
/* Answer a routing outcome that is neither OK nor the rule's own answer. */
enum mesh_answer mesh__client_refuse(struct mesh_client *client);
enum mesh_answer mesh__step_pick(struct mesh_client *client);
enum mesh_answer mesh__step_judge(struct mesh_client *client);

/* act.c */
enum mesh_answer mesh__step_act(struct mesh_client *client);

/* mirror.c: copies, once the request is whole and has found an endpoint. */
void mesh__mirror(struct mesh_client *client);

/* edit.c: the head of this attempt, as an overlay; of the response, in place.
 */
int mesh__edit_request(struct mesh_client *client, struct mesh_head *head);
int mesh__edit_response(struct mesh_client *client, struct mesh_head *head);
struct mesh_address mesh__client_remote(const struct mesh_client *client);
/* Of the request as it is sent: what the policy makes of its host. */
struct mesh_slice mesh__client_authority(const struct mesh_client *client);

/* await.c */
/* Does it wait for the first answer to its destination's names? */
bool mesh__await_names(struct mesh_client *client);
void mesh__await_renewed(struct mesh_task *task);
/* Pick the address that the caller would have dialled. */
enum mesh_answer mesh__pick_original(struct mesh_client *client);

/* move.c */
enum mesh_answer mesh__step_link(struct mesh_client *client);
enum mesh_answer mesh__step_send(struct mesh_client *client);
enum mesh_answer mesh__step_await(struct mesh_client *client);
enum mesh_answer mesh__step_deliver(struct mesh_client *client);
void mesh__client_turn(struct mesh_waiter *waiter, enum mesh_turn turn);
/*
 * Has a byte of the request left? What the socket did not take at once leaves
 * by itself later, so this is asked again before it is relied upon.
 */
void mesh__note_sent(struct mesh_client *client);
/* Drop stream, permits and per-try timer of this attempt. */
void mesh__attempt_end(struct mesh_client *client, bool reusable);
/* Send what of the body may be sent now. 0 or an error of the stream. */
int mesh__pump_body(struct mesh_client *client);
size_t mesh__client_unsent(const struct mesh_client *client);

/* reply.c */
enum mesh_answer mesh__step_record(struct mesh_client *client);
/* Fail this attempt; the line is this thread's. */
enum mesh_answer mesh__attempt_failed(struct mesh_client *client,
                                      enum mesh_failure failure, int code);
/* An answer in the server's place; texts are static or in the arena. */
struct mesh_local {
    int code;
    unsigned status;
    const char *details;
    struct mesh_slice body;
    struct mesh_slice location;   /* "": none                         */
    const char *grpc;             /* grpc-status; NULL: the status's  */
    const struct mesh_cors *cors; /* of a preflight: nothing else counts */
};
void mesh__reply_locally(struct mesh_client *client,
                         const struct mesh_local *local);
/* A date for the response, if it has none, as a sidecar's codec gives it. */
int mesh__reply_date(struct mesh_client *client);
/* The local answer to a failed attempt that is not tried again. */
void mesh__reply_failure(struct mesh_client *client);
/* The outcome has no HTTP to it. */
void mesh__outcome_only(struct mesh_client *client, int code, const char *line);

#endif
