/*
 * mirror.c - copies of calls, from the loops that make them to the keeper that
 * sends them; a bounded number, of a bounded size.
 *
 * A copy that has no room, or no keeper that runs, is dropped and counted: the
 * call it was made of never waits for it.
 */
#include "workload/workload.h"

#include "base/alloc.h"
#include "base/error.h"

struct mirrored {
    struct mesh_note note;
    struct mesh_workload *workload; /* outlives its keeper */
    struct mesh_client_request *copy;
    size_t bytes;
};

/* Counted in any case: leave() takes it back. */
static bool has_room(struct mesh_workload *workload, size_t bytes)
{
    size_t before = atomic_fetch_add(&workload->mirrors, 1);
    size_t bytes_before = atomic_fetch_add(&workload->mirror_bytes, bytes);

    return before < MESH__MIRRORS && bytes_before + bytes <= MESH__MIRROR_BYTES;
}

static void leave(struct mirrored *mirrored)
{
    struct mesh_workload *workload = mirrored->workload;

    atomic_fetch_sub(&workload->mirrors, 1);
    atomic_fetch_sub(&workload->mirror_bytes, mirrored->bytes);
    mesh__free(mirrored);
}

static void on_end(void *user)
{
    leave(user);
}

static void drop(struct mesh_workload *workload,
                 struct mesh_client_request *copy)
{
    mesh__count(&workload->mirrors_dropped);
    mesh__request_unref(copy);
    mesh__error_clear();
}

/* On the keeper; also when its loop is freed with the note still in it. */
static void on_note(struct mesh_note *note)
{
    struct mirrored *mirrored = MESH__OF(note, struct mirrored, note);
    struct mesh_workload *workload = mirrored->workload;

    if (atomic_load(&workload->mirrors_end)) {
        drop(workload, mirrored->copy);
        leave(mirrored);
    } else if (mesh__copy_start(&workload->keeper->client, mirrored->copy,
                                on_end, mirrored) < 0) {
        mesh__count(&workload->mirrors_dropped);
        mesh__error_clear();
        leave(mirrored);
    }
}

void mesh__workload_mirror(void *user, struct mesh_client_request *copy)
{
    struct mesh_lane *lane = user;
    struct mesh_workload *workload = lane->workload;
    struct mirrored *mirrored = mesh__calloc(1, sizeof(*mirrored));

    if (!mirrored) {
        drop(workload, copy);
        return;
    }
    mirrored->note.run = on_note;
    mirrored->workload = workload;
    mirrored->copy = copy;
    mirrored->bytes = copy->body_bytes + copy->arena.used;
    if (!has_room(workload, mirrored->bytes) ||
        atomic_load(&workload->closing)) {
        drop(workload, copy);
        leave(mirrored);
        return;
    }
    mesh__loop_post(workload->keeper->loop, &mirrored->note);
}

void mesh__mirrors_stop(struct mesh_workload *workload)
{
    atomic_store(&workload->mirrors_end, true);
    mesh__loop_enter(workload->keeper->loop);
    mesh__copies_end(&workload->keeper->client);
    mesh__loop_leave(workload->keeper->loop);
}
