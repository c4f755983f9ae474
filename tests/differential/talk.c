/*
 * talk.c - streams, a thread for each: read, tell, wait for an order.
 *
 * Declines to know what the bytes mean.
 */
#include "talk.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTS_MOST 64
#define PIECE      16384

/* How often a waiting thread looks whether it is all over. */
#define LOOK_MS 100

/* An order that does not come in this time is not waited for. */
#define GIVE_UP_MS 30000

enum order { NONE, MORE, GIVE, END };

struct talk {
    struct talk *next;
    struct talks *talks;
    char *id;
    char *to;        /* NULL: it was accepted                */
    char *data;      /* to be written, or NULL               */
    size_t size;     /* of data                              */
    int64_t wait_ms; /* until a byte comes                   */
    mesh_conn *conn;
    enum order order; /* under the lock                       */
};

struct talks {
    mesh_workload *workload;
    const char *name;
    mesh_listener *listeners[PORTS_MOST];
    int ports;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t change;
    struct talk *first;
    unsigned accepted;
    int busy; /* threads */
    int stopping;
};

/* --- threads --- */

static void leave(struct talks *talks)
{
    pthread_mutex_lock(&talks->lock);
    talks->busy--;
    pthread_cond_broadcast(&talks->change);
    pthread_mutex_unlock(&talks->lock);
}

static int start_thread(struct talks *talks, void *(*run)(void *), void *user)
{
    pthread_t thread;

    pthread_mutex_lock(&talks->lock);
    talks->busy++;
    pthread_mutex_unlock(&talks->lock);
    if (!pthread_create(&thread, NULL, run, user)) {
        pthread_detach(thread);
        return 0;
    }
    leave(talks);
    return MESH_ERR_SYSTEM;
}

static int is_stopping(struct talks *talks)
{
    int stopping;

    pthread_mutex_lock(&talks->lock);
    stopping = talks->stopping;
    pthread_mutex_unlock(&talks->lock);
    return stopping;
}

/* --- one stream --- */

static void enlist(struct talk *talk)
{
    struct talks *talks = talk->talks;

    pthread_mutex_lock(&talks->lock);
    talk->next = talks->first;
    talks->first = talk;
    pthread_mutex_unlock(&talks->lock);
}

static void free_talk(struct talk *talk)
{
    struct talks *talks = talk->talks;
    struct talk **at = &talks->first;

    pthread_mutex_lock(&talks->lock);
    while (*at && *at != talk)
        at = &(*at)->next;
    if (*at)
        *at = talk->next;
    pthread_mutex_unlock(&talks->lock);
    mesh_conn_free(talk->conn);
    free(talk->id);
    free(talk->to);
    free(talk->data);
    free(talk);
}

static void tell_over(const struct talk *talk, int code,
                      const mesh_error *error)
{
    struct line line;

    line_begin(&line, "over");
    line_add(&line, "id", talk->id);
    line_add(&line, "code", mesh_error_name(code));
    line_add(&line, "message", mesh_error_message(error));
    line_say(&line);
}

static void tell_bytes(const struct talk *talk, const char *bytes, size_t size)
{
    struct line line;

    line_begin(&line, "bytes");
    line_add(&line, "id", talk->id);
    line_add_n(&line, "data", bytes, size);
    line_say(&line);
}

static enum order await_order(struct talk *talk)
{
    struct talks *talks = talk->talks;
    enum order order;

    pthread_mutex_lock(&talks->lock);
    while (talk->order == NONE && !talks->stopping)
        pthread_cond_wait(&talks->change, &talks->lock);
    order = talks->stopping ? END : talk->order;
    talk->order = NONE;
    pthread_mutex_unlock(&talks->lock);
    return order;
}

static int write_data(struct talk *talk, mesh_error *error)
{
    size_t written;
    int rc = talk->data ? mesh_conn_write(talk->conn, talk->data, talk->size,
                                          talk->wait_ms, &written, error)
                        : 0;

    free(talk->data);
    talk->data = NULL;
    return rc;
}

/* In small waits, so that the end of the program is not one of them. */
static int read_some(struct talk *talk, char *bytes, size_t *got,
                     mesh_error *error)
{
    int rc = MESH_ERR_TIMEOUT;

    for (int64_t waited_ms = 0;
         rc == MESH_ERR_TIMEOUT && waited_ms < talk->wait_ms &&
         !is_stopping(talk->talks);
         waited_ms += LOOK_MS)
        rc = mesh_conn_read(talk->conn, bytes, PIECE, LOOK_MS, got, error);
    return rc;
}

/* Until the other end is silent for ever, or the player has enough. */
static void talk_on(struct talk *talk, mesh_error *error)
{
    char bytes[PIECE];
    enum order order = MORE;

    while (order != END) {
        size_t got = 0;
        int rc = write_data(talk, error);

        if (rc == 0)
            rc = read_some(talk, bytes, &got, error);
        if (rc < 0 || got == 0) {
            tell_over(talk, rc, error);
            return;
        }
        tell_bytes(talk, bytes, got);
        order = await_order(talk);
    }
}

static void *run_talk(void *user)
{
    struct talk *talk = user;
    struct talks *talks = talk->talks;
    mesh_error *error = mesh_error_new();
    int rc = 0;

    if (talk->to)
        rc = mesh_connect(talks->workload, NULL, talk->to, talk->wait_ms,
                          &talk->conn, error);
    if (rc == 0)
        talk_on(talk, error);
    else
        tell_over(talk, rc, error);
    mesh_error_free(error);
    free_talk(talk);
    leave(talks);
    return NULL;
}

static struct talk *new_talk(struct talks *talks, const char *id)
{
    struct talk *talk = calloc(1, sizeof(*talk));

    if (!talk)
        return NULL;
    talk->talks = talks;
    talk->wait_ms = GIVE_UP_MS;
    talk->id = strdup(id);
    enlist(talk);
    return talk;
}

/* --- accepting --- */

struct porch {
    struct talks *talks;
    mesh_listener *listener;
};

static void welcome(struct talks *talks, mesh_conn *conn)
{
    char id[256];
    struct line line;
    struct talk *talk;

    pthread_mutex_lock(&talks->lock);
    (void)snprintf(id, sizeof(id), "%s.%u", talks->name, ++talks->accepted);
    pthread_mutex_unlock(&talks->lock);
    talk = new_talk(talks, id);
    if (!talk) {
        mesh_conn_free(conn);
        return;
    }
    talk->conn = conn;
    line_begin(&line, "open");
    line_add(&line, "id", id);
    line_say(&line);
    if (start_thread(talks, run_talk, talk) < 0)
        free_talk(talk);
}

static void *accept_all(void *user)
{
    struct porch *porch = user;
    struct talks *talks = porch->talks;
    mesh_conn *conn;
    int rc = 0;

    while (!is_stopping(talks) && (rc == 0 || rc == MESH_ERR_TIMEOUT)) {
        rc = mesh_accept(porch->listener, LOOK_MS, &conn, NULL);
        if (rc == 0)
            welcome(talks, conn);
    }
    free(porch);
    leave(talks);
    return NULL;
}

int talks_listen(struct talks *talks, const char *at, mesh_error *error)
{
    struct porch *porch = calloc(1, sizeof(*porch));
    int rc = porch && talks->ports < PORTS_MOST
                 ? mesh_listen(talks->workload, NULL, at, 0,
                               &talks->listeners[talks->ports], error)
                 : MESH_ERR_NOMEM;

    if (rc == 0) {
        *porch = (struct porch){ talks, talks->listeners[talks->ports++] };
        rc = start_thread(talks, accept_all, porch);
    }
    if (rc < 0)
        free(porch);
    return rc;
}

/* --- orders --- */

static void read_pairs(struct talk *talk, char **rest)
{
    struct pair pair;

    while (words_pair(rest, &pair)) {
        if (!strcmp(pair.key, "give_up_ms")) {
            talk->wait_ms = strtoll(pair.value.at, NULL, 10);
        } else if (!strcmp(pair.key, "data")) {
            free(talk->data);
            talk->data = malloc(pair.value.size + 1);
            talk->size = talk->data ? pair.value.size : 0;
            if (talk->data)
                memcpy(talk->data, pair.value.at, pair.value.size);
        }
    }
}

static void begin(struct talks *talks, const char *id, char *rest)
{
    struct talk *talk = new_talk(talks, id);
    struct word to = { 0 };

    if (!talk)
        return;
    (void)words_next(&rest, &to);
    talk->to = strdup(to.at ? to.at : "");
    read_pairs(talk, &rest);
    if (start_thread(talks, run_talk, talk) < 0)
        free_talk(talk);
}

/* A stream that is over takes no orders. */
static void pass_on(struct talks *talks, const char *id, enum order order,
                    char *rest)
{
    struct talk *talk;

    pthread_mutex_lock(&talks->lock);
    talk = talks->first;
    while (talk && (!talk->id || strcmp(talk->id, id) != 0))
        talk = talk->next;
    if (talk) {
        read_pairs(talk, &rest);
        talk->order = order;
        pthread_cond_broadcast(&talks->change);
    }
    pthread_mutex_unlock(&talks->lock);
}

int talks_obey(struct talks *talks, const char *verb, char *line)
{
    static const struct {
        const char *verb;
        enum order order;
    } orders[] = {
        { "stream", NONE }, { "more", MORE }, { "give", GIVE }, { "end", END }
    };
    struct word id;

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (strcmp(orders[i].verb, verb) != 0 || !words_next(&line, &id))
            continue;
        if (orders[i].order == NONE)
            begin(talks, id.at, line);
        else
            pass_on(talks, id.at, orders[i].order, line);
        return 1;
    }
    return 0;
}

/* --- life --- */

struct talks *talks_new(mesh_workload *workload, const char *name)
{
    struct talks *talks = calloc(1, sizeof(*talks));

    if (!talks)
        return NULL;
    talks->workload = workload;
    talks->name = name;
    pthread_mutex_init(&talks->lock, NULL);
    pthread_cond_init(&talks->change, NULL);
    return talks;
}

void talks_free(struct talks *talks)
{
    if (!talks)
        return;
    pthread_mutex_lock(&talks->lock);
    talks->stopping = 1;
    pthread_cond_broadcast(&talks->change);
    while (talks->busy)
        pthread_cond_wait(&talks->change, &talks->lock);
    pthread_mutex_unlock(&talks->lock);
    for (int i = 0; i < talks->ports; i++)
        mesh_listener_free(talks->listeners[i]);
    pthread_cond_destroy(&talks->change);
    pthread_mutex_destroy(&talks->lock);
    free(talks);
}
