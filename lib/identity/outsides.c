/*
 * outsides.c - trust and certificates by the files that rules name.
 *
 * Knows what was read last; declines to know how files are read.
 */
#include "identity/outsides.h"

#include "base/alloc.h"
#include "base/error.h"

struct entry {
    struct mesh_node node;
    char *texts[3]; /* roots, chain, key; owned */
    struct mesh_outside_files files;
    struct mesh_outside *outside; /* NULL: could not be read yet */
    uint64_t print;
    int said; /* what the last reading came to */
};

void mesh__outsides_init(struct mesh_outsides *outsides,
                         mesh_outside_read *read, void *user)
{
    (void)pthread_mutex_init(&outsides->lock, NULL);
    mesh__list_init(&outsides->all);
    atomic_init(&outsides->generation, 1);
    outsides->read = read;
    outsides->user = user;
}

static void free_entry(struct entry *entry)
{
    if (!entry)
        return;
    for (size_t i = 0; i < 3; i++)
        mesh__free(entry->texts[i]);
    mesh__outside_unref(entry->outside);
    mesh__free(entry);
}

void mesh__outsides_fini(struct mesh_outsides *outsides)
{
    struct mesh_node *node;

    while ((node = mesh__list_pop(&outsides->all)))
        free_entry(MESH__OF(node, struct entry, node));
    (void)pthread_mutex_destroy(&outsides->lock);
}

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static bool same(const struct mesh_outside_files *a,
                 const struct mesh_outside_files *b)
{
    return a->blind == b->blind && strcmp(a->roots, text_of(b->roots)) == 0 &&
           strcmp(a->chain, text_of(b->chain)) == 0 &&
           strcmp(a->key, text_of(b->key)) == 0;
}

static struct entry *new_entry(const struct mesh_outside_files *files)
{
    const char *const texts[] = { text_of(files->roots), text_of(files->chain),
                                  text_of(files->key) };
    struct entry *entry = mesh__calloc(1, sizeof(*entry));

    for (size_t i = 0; entry && i < 3; i++) {
        entry->texts[i] = mesh__strdup(texts[i]);
        if (!entry->texts[i]) {
            free_entry(entry);
            entry = NULL;
        }
    }
    if (!entry) {
        (void)mesh__fail(MESH_ERR_NOMEM, "files of a rule");
        return NULL;
    }
    entry->files =
        (struct mesh_outside_files){ entry->texts[0], entry->texts[1],
                                     entry->texts[2], files->blind };
    return entry;
}

/* Under the lock. */
static struct entry *find(struct mesh_outsides *outsides,
                          const struct mesh_outside_files *files)
{
    struct entry *entry;

    for (struct mesh_node *node = outsides->all.next; node != &outsides->all;
         node = node->next) {
        entry = MESH__OF(node, struct entry, node);
        if (same(&entry->files, files))
            return entry;
    }
    entry = new_entry(files);
    if (entry)
        mesh__list_push_back(&outsides->all, &entry->node);
    return entry;
}

/* Under the lock. 0 when something changed, 1 when nothing did, or an error. */
static int read_again(struct mesh_outsides *outsides, struct entry *entry)
{
    struct mesh_outside *fresh = NULL;
    int rc =
        outsides->read(outsides->user, &entry->files, &entry->print, &fresh);

    if (rc != 0)
        return rc;
    if (entry->outside && memcmp(entry->outside->digest, fresh->digest,
                                 sizeof(fresh->digest)) == 0) {
        mesh__outside_unref(fresh);
        return 1;
    }
    mesh__outside_unref(entry->outside);
    entry->outside = fresh;
    atomic_fetch_add_explicit(&outsides->generation, 1, memory_order_release);
    return 0;
}

int mesh__outsides_get(struct mesh_outsides *outsides,
                       const struct mesh_outside_files *files,
                       struct mesh_outside **out)
{
    struct entry *entry;
    int rc = 0;

    *out = NULL;
    (void)pthread_mutex_lock(&outsides->lock);
    entry = find(outsides, files);
    if (!entry)
        rc = MESH_ERR_NOMEM;
    else if (!entry->outside) {
        entry->print = 0;
        rc = read_again(outsides, entry);
    }
    if (rc >= 0)
        *out = mesh__outside_ref(entry->outside);
    (void)pthread_mutex_unlock(&outsides->lock);
    return rc < 0 ? rc : 0;
}

void mesh__outsides_refresh(struct mesh_outsides *outsides,
                            void (*told)(void *user, int rc, const char *name))
{
    (void)pthread_mutex_lock(&outsides->lock);
    for (struct mesh_node *node = outsides->all.next; node != &outsides->all;
         node = node->next) {
        struct entry *entry = MESH__OF(node, struct entry, node);
        int rc = read_again(outsides, entry);

        if (told && (rc == 0 || (rc < 0 && rc != entry->said)))
            told(outsides->user, rc,
                 entry->files.chain[0]   ? entry->files.chain
                 : entry->files.roots[0] ? entry->files.roots
                                         : "the system's roots");
        entry->said = rc;
        mesh__error_clear();
    }
    (void)pthread_mutex_unlock(&outsides->lock);
}
