/*
 * inside.h - what stands behind the public handles.
 */
#ifndef MESH_API_INSIDE_H
#define MESH_API_INSIDE_H

#include "base/error.h"
#include "base/text.h"
#include "workload/workload.h"

#include <mesh/mesh.h>

/* A header line with NULs behind both texts. */
struct mesh_line {
    const char *name;
    const char *value;
};

enum { MESH__RESPONSE_ARENA = 2 * 1024 * 1024 };

/* What is seen of an outcome. */
struct mesh_response {
    struct mesh_arena *arena; /* of what is made here: own, or the exchange's */
    struct mesh_arena own;    /* of a copy that outlives its exchange         */
    int code;
    int status;
    int attempts;
    struct mesh_line *headers;
    size_t header_count;
    const char *texts[MESH_RESPONSE_ROUTE + 1]; /* by MESH_RESPONSE value */
    struct mesh_buffer body;                    /* NUL behind its bytes   */
};

/*
 * Fill from an outcome; the body stays empty. arena is the exchange's, whose
 * texts are referred to; NULL: everything is copied. response must not move.
 */
int mesh__response_fill(struct mesh_response *response,
                        const struct mesh_client_outcome *outcome,
                        struct mesh_arena *arena);
void mesh__response_fini(struct mesh_response *response);

struct mesh_request {
    struct mesh_client_request *request;
};

/* Lies in its client's arena: born and gone with it. */
struct mesh_call {
    struct mesh_node news;  /* in the lane's list, entered       */
    struct mesh_lane *lane; /* counted, or borrowed for our life */
    bool own_lane;
    struct mesh_client *client;
    bool started;
    bool head_told;
    struct mesh_response response;
    bool has_response;
    int64_t tag;
};

/*
 * Texts of an inbound exchange, made when asked for. Lies in the exchange's
 * arena; the texts do not, for its loop may be using that.
 */
struct mesh_exchange {
    struct mesh_server *server; /* counted */
    struct mesh_inbound_exchange *inner;
    struct mesh_arena arena;
    struct mesh_line *headers; /* made at the first look */
    const char *texts[MESH_EXCHANGE_SNI + 1];
};

struct mesh_server {
    atomic_int refs;
    struct mesh_lane *lane;
    struct mesh_seat seat;
    struct mesh_http_server *http;
    char address[MESH__ADDRESS_TEXT];
};

/* Made by mesh_route; what mesh_pick and mesh_report go on with. */
struct mesh_routing {
    struct mesh_workload *workload;      /* counted */
    struct mesh_client_request *request; /* counted */
    struct mesh_snapshot *snapshot;      /* counted */
    struct mesh_arena arena;
    struct mesh_head head; /* as a hop routes it */
    struct mesh_route route;
    struct mesh_pick pick;
    struct mesh_key key;
    struct mesh_retry retry;
    size_t tried[MESH__TRIED_MAX];
    size_t tried_count;
    bool picked; /* and not reported: it counts as under way */
};

/* Texts of explain and authorize, or a routing. */
struct mesh_decision {
    struct mesh_buffer json;
    struct mesh_buffer text;
    struct mesh_routing *routing; /* owned, NULL */
};

struct mesh_decision *mesh__decision_new(void);
void mesh__routing_free(struct mesh_routing *routing);

/* A server's environment on a lane, entered. */
void mesh__seat_init(struct mesh_seat *seat, struct mesh_lane *lane);

/*
 * Names that somebody waits for are the keeper's: it is driven along where
 * nobody else does. Not entered; how long the lane may sleep now.
 */
uint64_t mesh__help_keeper(struct mesh_lane *lane, uint64_t left_ns);

/* The time of waiting of a handle's loop, in one place. */
int64_t mesh__deadline_of(int64_t timeout_ms);
uint64_t mesh__left_ns(int64_t deadline_ns);

/* rules.c: what a code means, and where Istio tells of it; "": not known. */
enum { MESH__SOURCE_BYTES = 96 };
const char *mesh__rule_text(const char *code);
const char *mesh__rule_source(const char *code, char out[MESH__SOURCE_BYTES]);

/* A buffer's text, taken out, for mesh_text_free; buffer is finished. */
int mesh__text_out(struct mesh_buffer *buffer, char **out);

#endif
