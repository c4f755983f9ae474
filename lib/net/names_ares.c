/*
 * names_ares.c - names by c-ares, on a loop: a channel of our own.
 *
 * Lends c-ares the loop's watches and one timer. ares_library_init is left
 * alone: on this system a channel does without, and its setting is the whole
 * process's. Declines to know what the addresses are for.
 */
#include "net/names.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum {
    SOCKETS = 32,         /* of a channel: one or two for each name server */
    FIRST_WAIT_MS = 2000, /* for an answer; c-ares then waits longer    */
    TRIES = 3
};

struct ares_names;

/* A socket of c-ares; fd -1: the place is free. */
struct ares_watch {
    struct mesh_watch watch;
    struct ares_names *names;
};

struct ares_names {
    struct mesh_names base;
    struct mesh_loop *loop;
    char *nameservers; /* NULL: the machine's */
    ares_channel channel;
    bool open;
    bool stale;   /* nobody answered: read the machine's settings again */
    size_t asked; /* questions that c-ares works on                     */
    struct mesh_timer timer; /* its place is kept from birth              */
    struct mesh_task task;
    struct mesh_node done; /* struct mesh_lookup.node */
    struct ares_watch watches[SOCKETS];
};

/* One question under way; outlives its lookup, as c-ares cannot take back. */
struct question {
    struct ares_names *names;
    struct mesh_lookup *lookup; /* NULL: given up */
};

static struct ares_names *self_of(struct mesh_names *names)
{
    return (struct ares_names *)(void *)names;
}

/* --- lending the loop --- */

/* When c-ares wants to be asked again. Cannot fail: the place is kept. */
static void set_timer(struct ares_names *self)
{
    struct timeval tv;
    struct timeval *next = ares_timeout(self->channel, NULL, &tv);
    uint64_t in_ns;

    if (!next) {
        (void)mesh__loop_keep_timer(self->loop, &self->timer);
        return;
    }
    in_ns = (uint64_t)next->tv_sec * MESH__S + (uint64_t)next->tv_usec * 1000;
    (void)mesh__loop_set_timer(
        self->loop, &self->timer,
        mesh__time_add(mesh__loop_now(self->loop), in_ns));
}

static void process(struct ares_names *self, int readable, int writable)
{
    ares_process_fd(self->channel, readable < 0 ? ARES_SOCKET_BAD : readable,
                    writable < 0 ? ARES_SOCKET_BAD : writable);
    set_timer(self);
}

static void on_ready(struct mesh_watch *watch, unsigned events)
{
    struct ares_watch *place = MESH__OF(watch, struct ares_watch, watch);
    bool reads = events & (MESH__READABLE | MESH__HANGUP);
    bool writes = events & MESH__WRITABLE;

    process(place->names, reads ? watch->fd : -1, writes ? watch->fd : -1);
}

static void on_due(struct mesh_timer *timer)
{
    struct ares_names *self = MESH__OF(timer, struct ares_names, timer);

    (void)mesh__loop_keep_timer(self->loop, timer);
    process(self, -1, -1);
}

static struct ares_watch *find_watch(struct ares_names *self, int fd)
{
    for (size_t i = 0; i < SOCKETS; i++)
        if (self->watches[i].watch.fd == fd)
            return &self->watches[i];
    return NULL;
}

/*
 * c-ares opens, waits for or closes a socket. One that cannot be watched is
 * one that never answers: its question times out.
 */
static void on_socket(void *user, ares_socket_t fd, int readable, int writable)
{
    struct ares_names *self = user;
    struct ares_watch *place = find_watch(self, fd);
    unsigned wanted =
        (readable ? MESH__READABLE : 0u) | (writable ? MESH__WRITABLE : 0u);

    if (!place && wanted)
        place = find_watch(self, -1);
    if (!place)
        return;
    if (!wanted) {
        mesh__loop_unwatch(self->loop, &place->watch);
        place->watch.fd = -1;
        return;
    }
    if (place->watch.fd < 0)
        mesh__watch_init(&place->watch, fd, on_ready);
    if (mesh__loop_watch(self->loop, &place->watch, wanted) < 0)
        mesh__error_clear();
}

/* --- the channel --- */

static int fail_ares(int status, const char *what)
{
    return mesh__fail(status == ARES_ENOMEM ? MESH_ERR_NOMEM : MESH_ERR_SYSTEM,
                      "%s: %s", what, ares_strerror(status));
}

static int open_channel(struct ares_names *self)
{
    struct ares_options options = {
        .timeout = FIRST_WAIT_MS,
        .tries = TRIES,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = self,
    };
    int status = ares_init_options(&self->channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                       ARES_OPT_SOCK_STATE_CB);

    if (status != ARES_SUCCESS)
        return fail_ares(status, "c-ares");
    self->open = true;
    self->stale = false;
    if (self->nameservers)
        status = ares_set_servers_ports_csv(self->channel, self->nameservers);
    if (status == ARES_SUCCESS)
        return 0;
    ares_destroy(self->channel);
    self->open = false;
    return fail_ares(status, "the name servers");
}

/* As Envoy does after a server that is not there: resolv.conf may have
 * changed. */
static void renew_channel(struct ares_names *self)
{
    if (!self->stale || self->asked)
        return;
    if (self->open)
        ares_destroy(self->channel);
    self->open = false;
    if (open_channel(self) < 0)
        mesh__error_clear(); /* who asks now hears it; the next tries again */
}

/* --- answers --- */

static void run_done(struct mesh_task *task)
{
    struct ares_names *self = MESH__OF(task, struct ares_names, task);
    struct mesh_node *node;

    while ((node = mesh__list_pop(&self->done))) {
        struct mesh_lookup *lookup = MESH__OF(node, struct mesh_lookup, node);

        lookup->names = NULL;
        lookup->on_answer(lookup);
    }
}

static void finish(struct ares_names *self, struct mesh_lookup *lookup)
{
    lookup->state = NULL;
    mesh__list_push_back(&self->done, &lookup->node);
    mesh__loop_defer(self->loop, &self->task);
}

static int code_of(int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return MESH_OK;
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_ENONAME:
    case ARES_EBADNAME:
        return MESH_ERR_RESOLVE;
    case ARES_ETIMEOUT:
        return MESH_ERR_TIMEOUT;
    case ARES_ENOMEM:
        return MESH_ERR_NOMEM;
    default:
        return MESH_ERR_CONNECT;
    }
}

static void add_node(struct mesh_lookup *lookup,
                     const struct ares_addrinfo_node *node)
{
    struct mesh_address address = { 0 };

    if (node->ai_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, node->ai_addr, sizeof(in));
        address.family = 4;
        memcpy(address.ip, &in.sin_addr, 4);
    } else if (node->ai_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, node->ai_addr, sizeof(in6));
        address.family = 6;
        memcpy(address.ip, &in6.sin6_addr, 16);
    } else {
        return;
    }
    if (node->ai_ttl > 0 &&
        (lookup->ttl_s == 0 || (uint32_t)node->ai_ttl < lookup->ttl_s))
        lookup->ttl_s = (uint32_t)node->ai_ttl;
    mesh__lookup_add(lookup, &address);
}

static void fill(struct mesh_lookup *lookup, int status,
                 const struct ares_addrinfo *found)
{
    lookup->code = code_of(status);
    for (const struct ares_addrinfo_node *node = found ? found->nodes : NULL;
         lookup->code == 0 && node; node = node->ai_next)
        add_node(lookup, node);
    if (lookup->code == 0 && lookup->count == 0) {
        lookup->code = MESH_ERR_RESOLVE;
        status = ARES_ENODATA;
    }
    if (lookup->code < 0)
        (void)snprintf(lookup->line, sizeof(lookup->line), "%s: %s",
                       lookup->name, ares_strerror(status));
}

static void on_found(void *user, int status, int timeouts,
                     struct ares_addrinfo *found)
{
    struct question *question = user;
    struct ares_names *self = question->names;
    struct mesh_lookup *lookup = question->lookup;

    (void)timeouts;
    self->asked--;
    if (status == ARES_ECONNREFUSED || status == ARES_ETIMEOUT)
        self->stale = true;
    if (lookup) {
        fill(lookup, status, found);
        finish(self, lookup);
    }
    ares_freeaddrinfo(found);
    mesh__free(question);
}

static void refuse(struct ares_names *self, struct mesh_lookup *lookup)
{
    lookup->code = MESH_ERR_NOMEM;
    (void)snprintf(lookup->line, sizeof(lookup->line),
                   "%s: out of memory for the question", lookup->name);
    finish(self, lookup);
}

static void ares_ask(struct mesh_names *names, struct mesh_lookup *lookup)
{
    const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
                                               .ai_socktype = SOCK_STREAM,
                                               .ai_flags = ARES_AI_NOSORT };
    struct ares_names *self = self_of(names);
    struct question *question = mesh__calloc(1, sizeof(*question));

    renew_channel(self);
    if (!question || !self->open) {
        mesh__free(question);
        refuse(self, lookup);
        return;
    }
    question->names = self;
    question->lookup = lookup;
    lookup->state = question;
    self->asked++;
    ares_getaddrinfo(self->channel, lookup->name, NULL, &hints, on_found,
                     question);
    set_timer(self);
}

static void ares_cancel_one(struct mesh_names *names,
                            struct mesh_lookup *lookup)
{
    struct question *question = lookup->state;

    (void)names;
    if (question)
        question->lookup = NULL;
    lookup->state = NULL;
}

/* --- life --- */

static void ares_free_names(struct mesh_names *names)
{
    struct ares_names *self = self_of(names);

    if (self->open)
        ares_destroy(self->channel);
    mesh__loop_cancel_timer(self->loop, &self->timer);
    mesh__loop_drop(self->loop, &self->task);
    mesh__free(self->nameservers);
    mesh__free(self);
}

static const struct mesh_names_ops ares_ops = {
    .free = ares_free_names,
    .ask = ares_ask,
    .cancel = ares_cancel_one,
};

int mesh__names_ares_new(struct mesh_loop *loop, const char *nameservers,
                         struct mesh_names **out)
{
    struct ares_names *self = mesh__calloc(1, sizeof(*self));
    int rc = 0;

    *out = NULL;
    if (!self)
        return mesh__fail(MESH_ERR_NOMEM, "a resolver");
    self->base.ops = &ares_ops;
    self->loop = loop;
    mesh__list_init(&self->done);
    mesh__timer_init(&self->timer, on_due);
    mesh__task_init(&self->task, run_done);
    for (size_t i = 0; i < SOCKETS; i++) {
        self->watches[i].names = self;
        mesh__watch_init(&self->watches[i].watch, -1, on_ready);
    }
    if (nameservers) {
        self->nameservers = mesh__strdup(nameservers);
        if (!self->nameservers)
            rc = mesh__fail(MESH_ERR_NOMEM, "a resolver");
    }
    if (rc == 0)
        rc = mesh__loop_keep_timer(loop, &self->timer);
    if (rc == 0)
        rc = open_channel(self);
    if (rc < 0)
        ares_free_names(&self->base);
    else
        *out = &self->base;
    return rc;
}
