/*
 * plain.h - the shorter table for a stream of the host's own protocol: route,
 * pick, link; then bytes, and record at its end.
 *
 * Balancing, connection limits and outlier detection of the destination apply;
 * there is no shelf: the stream is the caller's alone.
 */
#ifndef MESH_CLIENT_PLAIN_H
#define MESH_CLIENT_PLAIN_H

#include "client/client.h"
#include "link/bounds.h"

struct mesh_plain {
    struct mesh_node node; /* in env->plains while it waits for names     */
    struct mesh_client_env *env;
    struct mesh_arena arena;   /* what the policy does not hold           */
    struct mesh_slice service; /* in it                                   */
    uint16_t port;
    struct mesh_origin origin;
    struct mesh_timer wait; /* for names, at most                        */
    uint64_t waited_ns;     /* since when; 0: it did not begin           */
    bool awaits_names;      /* of its destination: the keeper's affair   */
    struct mesh_hold *hold;
    const struct mesh_destination *destination;
    struct mesh_pick pick;
    struct mesh_stream *stream; /* NULL until it is opened, or has failed  */
    struct mesh_bounds bounds;  /* from then on                            */
    struct mesh_tls_config *config;
    bool counted; /* in the destination's connections        */
    bool ready;
    bool dialled;          /* it was sent somewhere                   */
    bool tls;              /* its bytes are TLS to the name of the service */
    bool homeless;         /* no service is called so                 */
    int64_t start_wall_ns; /* since 1970                              */
    uint64_t start_ns;
    struct mesh_flags flags;
    int code; /* why it failed; 0: it did not            */
    char line[MESH__STREAM_LINE];
    void (*on_ready)(struct mesh_plain *plain); /* ready, failed, or news    */
    void *owner;
};

/*
 * Begin a stream to service:port (a name as the policy's clients may write
 * it). on_ready comes once it is ready or failed, and then with the stream's
 * news. 0, or the error at once, as mesh_connect; entered.
 */
int mesh__plain_connect(struct mesh_plain *plain, struct mesh_client_env *env,
                        struct mesh_slice service, uint16_t port,
                        void (*on_ready)(struct mesh_plain *), void *owner);

/* Those that wait for names: a newer snapshot may know them. Entered. */
void mesh__plain_renewed(struct mesh_client_env *env);

/* Give up whatever it holds; entered. */
void mesh__plain_close(struct mesh_plain *plain, bool reset);

#endif
