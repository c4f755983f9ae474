/*
 * outsides.h - the trust and the certificates that DestinationRules name by
 * files, and their generation: as store.h for the mesh's own.
 *
 * Any thread. Files are read by whoever was handed in, when somebody asks for
 * the first time and when the keeper looks again.
 */
#ifndef MESH_IDENTITY_OUTSIDES_H
#define MESH_IDENTITY_OUTSIDES_H

#include "base/list.h"
#include "identity/outside.h"

#include <pthread.h>

/* As a rule names them; "" and NULL: none. */
struct mesh_outside_files {
    const char *roots; /* none: the system's */
    const char *chain;
    const char *key;
    bool blind;
};

/*
 * Read them. *print says what they were; 1 when it has not changed, 0 with
 * *out, or what failed with a line.
 */
typedef int mesh_outside_read(void *user,
                              const struct mesh_outside_files *files,
                              uint64_t *print, struct mesh_outside **out);

struct mesh_outsides {
    pthread_mutex_t lock; /* held while files are read: nobody is to be served
                             half of a rotation */
    struct mesh_node all; /* struct entry.node */
    atomic_uint_fast64_t generation;
    mesh_outside_read *read;
    void *user;
};

void mesh__outsides_init(struct mesh_outsides *outsides,
                         mesh_outside_read *read, void *user);
void mesh__outsides_fini(struct mesh_outsides *outsides);

/*
 * What these files hold, with a reference for the caller. 0, or what reading
 * them failed with: nobody is trusted then.
 */
int mesh__outsides_get(struct mesh_outsides *outsides,
                       const struct mesh_outside_files *files,
                       struct mesh_outside **out);

/*
 * Look at all files again. What cannot be read stays as it was, if it was; told
 * (may be NULL) hears of that once, with this thread's line, and of changes.
 */
void mesh__outsides_refresh(struct mesh_outsides *outsides,
                            void (*told)(void *user, int rc, const char *name));

static inline uint64_t mesh__outsides_generation(
    const struct mesh_outsides *outsides)
{
    return atomic_load_explicit(&outsides->generation, memory_order_acquire);
}

#endif
