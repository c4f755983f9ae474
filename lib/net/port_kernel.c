/*
 * port_kernel.c - the port over Linux: sockets, epoll or poll, clock, dice.
 *
 * Turns each call of port.h into the system's, once. Keeps nothing about a
 * descriptor but whether it is waited for; declines to know loops, timers and
 * what anybody does with the bytes.
 */
#include "net/port_kernel.h"

#include "base/alloc.h"
#include "base/error.h"
#include "net/keepalive.h"
#include "net/names.h"
#include "net/sockaddr.h"
#include "value/duration.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 64,          /* taken from epoll at once                  */
    WATCHES = 1 << 16,    /* of a poll port at most                    */
    KNOWN_BYTES = 1 << 17 /* descriptors remembered: 8 a byte, 1 Mi    */
};

/* One descriptor of a poll port. */
struct entry {
    int fd;
    short events;
    void *tag;
};

struct kernel_port {
    struct mesh_port port;
    int epoll_fd; /* -1 in a poll port, and after fork */
    int wake_fd;  /* an eventfd                         */
    bool forked;
    atomic_bool rung;  /* written to wake_fd and not seen by wait yet */
    char *nameservers; /* NULL: the machine's */

    /* The dice: any thread may draw. */
    atomic_uint_fast64_t drawn;
    uint64_t keys[2];

    /* epoll: a bit for each descriptor probably in it; a hint, no more. */
    uint8_t *known;
    size_t known_bytes;

    /* poll: the table, under lock. */
    pthread_mutex_t lock;
    struct entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    bool waiting; /* a thread is in poll(2) with an older table */

    /* poll: what wait alone uses, copies of the table. */
    struct pollfd *polled;
    size_t polled_capacity;
    void **tags;
    size_t tag_capacity;
    size_t turn; /* where the search for ready ones begins, going round */
};

static struct kernel_port *self_of(struct mesh_port *port)
{
    return (struct kernel_port *)(void *)port;
}

/* --- clock and dice --- */

static uint64_t read_clock(clockid_t id)
{
    struct timespec now = { 0 };

    (void)clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * MESH__S + (uint64_t)now.tv_nsec;
}

uint64_t mesh__kernel_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t mesh__kernel_wall_ns(void)
{
    return (int64_t)read_clock(CLOCK_REALTIME);
}

int mesh__kernel_random(void *out, size_t len)
{
    char *at = out;

    while (len) {
        ssize_t got = getrandom(at, len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return mesh__fail_errno(MESH_ERR_SYSTEM, errno, "getrandom");
        at += got;
        len -= (size_t)got;
    }
    return 0;
}

static uint64_t kernel_now_ns(struct mesh_port *port)
{
    (void)port;
    return mesh__kernel_now_ns();
}

static int64_t kernel_wall_ns(struct mesh_port *port)
{
    (void)port;
    return mesh__kernel_wall_ns();
}

/* David Stafford's mix13, the finalizer of SplitMix64. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* A counter mixed twice under keys: no lock, no state to tear. */
static uint64_t kernel_random(struct mesh_port *port)
{
    struct kernel_port *self = self_of(port);
    uint64_t n =
        atomic_fetch_add_explicit(&self->drawn, 1, memory_order_relaxed);

    return mix(mix(n * 0x9e3779b97f4a7c15u + self->keys[0]) ^ self->keys[1]);
}

/* --- addresses --- */

static int kernel_address(struct mesh_port *port, int fd, bool peer,
                          struct mesh_address *out)
{
    struct sockaddr_storage storage = { 0 };
    socklen_t len = sizeof(storage);
    int rc;

    *out = (struct mesh_address){ 0 };
    if (self_of(port)->forked)
        return -EBADF;
    rc = peer ? getpeername(fd, (struct sockaddr *)(void *)&storage, &len)
              : getsockname(fd, (struct sockaddr *)(void *)&storage, &len);
    if (rc < 0)
        return -errno;
    mesh__sockaddr_read(&storage, out);
    return 0;
}

/* --- sockets --- */

static void set_option(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

static int open_socket(const struct mesh_address *address)
{
    int fd;

    if (address->family != 4 && address->family != 6)
        return -EAFNOSUPPORT;
    fd = socket(address->family == 4 ? AF_INET : AF_INET6,
                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

/* Close fd and give the reason that errno has back. */
static int give_up(int fd)
{
    int reason = errno;

    (void)close(fd);
    return -reason;
}

static int bind_to(int fd, const struct mesh_address *address)
{
    struct sockaddr_storage storage;
    socklen_t len = mesh__sockaddr_of(address, &storage);

    return bind(fd, (struct sockaddr *)(void *)&storage, len);
}

static int kernel_connect(struct mesh_port *port, const struct mesh_address *to,
                          const struct mesh_address *from)
{
    struct sockaddr_storage storage;
    socklen_t len = mesh__sockaddr_of(to, &storage);
    int fd;

    if (self_of(port)->forked)
        return -EBADF;
    fd = open_socket(to);
    if (fd < 0)
        return fd;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (from && from->family) {
        if (!from->port)
            set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        if (bind_to(fd, from) < 0)
            return give_up(fd);
    }
    /* A non-blocking connect that a signal met goes on all the same. */
    if (connect(fd, (struct sockaddr *)(void *)&storage, len) < 0 &&
        errno != EINPROGRESS && errno != EINTR)
        return give_up(fd);
    return fd;
}

static int kernel_keepalive(struct mesh_port *port, int fd,
                            const struct mesh_keepalive *keepalive)
{
    return self_of(port)->forked ? -EBADF : mesh__keepalive_set(fd, keepalive);
}

static int kernel_connected(struct mesh_port *port, int fd)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);
    int reason = 0;
    socklen_t reason_len = sizeof(reason);

    if (self_of(port)->forked)
        return -EBADF;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &reason_len) < 0)
        return -errno;
    if (reason)
        return -reason;
    if (getpeername(fd, (struct sockaddr *)(void *)&storage, &len) == 0)
        return 0;
    return errno == ENOTCONN ? -EINPROGRESS : -errno;
}

static int kernel_listen(struct mesh_port *port, const struct mesh_address *at,
                         int backlog)
{
    int fd;

    if (self_of(port)->forked)
        return -EBADF;
    fd = open_socket(at);
    if (fd < 0)
        return fd;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (at->family == 6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (bind_to(fd, at) < 0 || listen(fd, backlog) < 0)
        return give_up(fd);
    return fd;
}

static int kernel_accept(struct mesh_port *port, int listener,
                         struct mesh_address *peer)
{
    struct sockaddr_storage storage = { 0 };
    socklen_t len = sizeof(storage);
    int fd;

    *peer = (struct mesh_address){ 0 };
    if (self_of(port)->forked)
        return -EBADF;
    do
        fd = accept4(listener, (struct sockaddr *)(void *)&storage, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return -errno;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    mesh__sockaddr_read(&storage, peer);
    return fd;
}

static int64_t kernel_recv(struct mesh_port *port, int fd, void *data,
                           size_t size)
{
    ssize_t got;

    if (self_of(port)->forked)
        return -EBADF;
    do
        got = recv(fd, data, size, 0);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static int kernel_peek(struct mesh_port *port, int fd)
{
    char byte;
    ssize_t got;

    if (self_of(port)->forked)
        return -EBADF;
    do
        got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got >= 0)
        return 1;
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
}

static ssize_t send_parts(int fd, const struct mesh_slice *slices, size_t count)
{
    struct iovec parts[MESH__SEND_SLICES];
    struct msghdr message = { .msg_iov = parts };

    if (count > MESH__SEND_SLICES)
        count = MESH__SEND_SLICES;
    for (size_t i = 0; i < count; i++) {
        parts[i].iov_base = (void *)(uintptr_t)slices[i].at;
        parts[i].iov_len = slices[i].len;
    }
    message.msg_iovlen = count;
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* One slice, as every record is, costs the kernel less than a list of one. */
static int64_t kernel_send(struct mesh_port *port, int fd,
                           const struct mesh_slice *slices, size_t count)
{
    ssize_t sent;

    if (self_of(port)->forked)
        return -EBADF;
    do
        sent = count == 1 ? send(fd, slices->at, slices->len, MSG_NOSIGNAL)
                          : send_parts(fd, slices, count);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

static int kernel_shutdown(struct mesh_port *port, int fd)
{
    if (self_of(port)->forked)
        return -EBADF;
    return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

static void kernel_close(struct mesh_port *port, int fd, bool reset)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    /* The option would stay with the parent's half of a shared socket. */
    if (reset && !self_of(port)->forked)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    (void)close(fd);
}

/* --- waking --- */

static void kernel_wake(struct mesh_port *port)
{
    struct kernel_port *self = self_of(port);
    const uint64_t one = 1;

    if (self->forked || atomic_exchange(&self->rung, true))
        return;
    (void)!write(self->wake_fd, &one, sizeof(one));
}

/* --- waiting with epoll --- */

static bool is_known(const struct kernel_port *self, int fd)
{
    size_t at = (size_t)fd / 8;

    return at < self->known_bytes && (self->known[at] >> (fd % 8) & 1);
}

static void set_known(struct kernel_port *self, int fd, bool known)
{
    size_t at = (size_t)fd / 8;
    uint8_t bit = (uint8_t)(1u << (fd % 8));

    while (at >= self->known_bytes) {
        size_t old = self->known_bytes;

        if (mesh__grow(&self->known, &self->known_bytes, old, KNOWN_BYTES, 1) <
            0) {
            mesh__error_clear(); /* a hint less: epoll_ctl is asked twice */
            return;
        }
        memset(self->known + old, 0, self->known_bytes - old);
    }
    if (known)
        self->known[at] |= bit;
    else
        self->known[at] &= (uint8_t)~bit;
}

static int add_or_change(struct kernel_port *self, int fd,
                         struct epoll_event *event)
{
    bool known = is_known(self, fd);
    int rc = epoll_ctl(self->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                       fd, event);

    if (rc < 0 && errno == (known ? ENOENT : EEXIST))
        rc = epoll_ctl(self->epoll_fd, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
                       fd, event);
    if (rc < 0)
        return -errno;
    if (!known)
        set_known(self, fd, true);
    return 0;
}

static int epoll_watch(struct mesh_port *port, int fd, unsigned events,
                       void *tag)
{
    struct kernel_port *self = self_of(port);
    struct epoll_event event = { .data.ptr = tag };

    if (self->forked || fd < 0)
        return -EBADF;
    if (!events) {
        /* The event is not looked at, but kernels before 2.6.9 want one. */
        (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, fd, &event);
        if (is_known(self, fd))
            set_known(self, fd, false);
        return 0;
    }
    event.events = (events & MESH__READABLE ? (uint32_t)EPOLLIN : 0) |
                   (events & MESH__WRITABLE ? (uint32_t)EPOLLOUT : 0);
    return add_or_change(self, fd, &event);
}

/* Milliseconds rounded up: a wait never ends before its time. */
static int to_ms(uint64_t timeout_ns)
{
    uint64_t ms = timeout_ns / MESH__MS + (timeout_ns % MESH__MS != 0);

    if (timeout_ns == MESH__NEVER)
        return -1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static unsigned from_epoll(uint32_t events)
{
    return (events & EPOLLIN ? MESH__READABLE : 0) |
           (events & EPOLLOUT ? MESH__WRITABLE : 0) |
           (events & (EPOLLHUP | EPOLLERR) ? MESH__HANGUP : 0);
}

static int epoll_port_wait(struct mesh_port *port, uint64_t timeout_ns,
                           struct mesh_ready *ready, int size)
{
    struct kernel_port *self = self_of(port);
    struct epoll_event events[EVENTS];
    int count;
    int kept = 0;

    if (self->forked)
        return -EBADF;
    count = epoll_wait(self->epoll_fd, events, size < EVENTS ? size : EVENTS,
                       to_ms(timeout_ns));
    if (count < 0)
        return -errno;
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == self) {
            atomic_store(&self->rung, false);
            continue;
        }
        ready[kept].tag = events[i].data.ptr;
        ready[kept++].events = from_epoll(events[i].events);
    }
    return kept;
}

static int epoll_port_fd(struct mesh_port *port)
{
    return self_of(port)->epoll_fd;
}

/* --- waiting with poll --- */

static struct entry *find_entry(struct kernel_port *self, int fd)
{
    for (size_t i = 0; i < self->entry_count; i++)
        if (self->entries[i].fd == fd)
            return &self->entries[i];
    return NULL;
}

static int change_table(struct kernel_port *self, int fd, unsigned events,
                        void *tag)
{
    struct entry *entry = find_entry(self, fd);

    if (!events) {
        if (entry)
            *entry = self->entries[--self->entry_count];
        return 0;
    }
    if (!entry) {
        if (mesh__grow(&self->entries, &self->entry_capacity, self->entry_count,
                       WATCHES, sizeof(*entry)) < 0)
            return -ENOMEM;
        entry = &self->entries[self->entry_count++];
    }
    entry->fd = fd;
    entry->tag = tag;
    entry->events = (short)((events & MESH__READABLE ? POLLIN : 0) |
                            (events & MESH__WRITABLE ? POLLOUT : 0));
    return 0;
}

static int poll_watch(struct mesh_port *port, int fd, unsigned events,
                      void *tag)
{
    struct kernel_port *self = self_of(port);
    bool waiting;
    int rc;

    if (self->forked || fd < 0)
        return -EBADF;
    (void)pthread_mutex_lock(&self->lock);
    rc = change_table(self, fd, events, tag);
    waiting = self->waiting;
    (void)pthread_mutex_unlock(&self->lock);
    if (waiting)
        kernel_wake(port);
    return rc;
}

/* Copy the table to where poll(2) may look at it unlocked; how many. */
static int copy_table(struct kernel_port *self)
{
    size_t count = self->entry_count;

    while (self->polled_capacity <= count)
        if (mesh__grow(&self->polled, &self->polled_capacity,
                       self->polled_capacity, WATCHES + 1,
                       sizeof(*self->polled)) < 0)
            return -ENOMEM;
    while (self->tag_capacity < count)
        if (mesh__grow(&self->tags, &self->tag_capacity, self->tag_capacity,
                       WATCHES, sizeof(*self->tags)) < 0)
            return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = &self->entries[i];

        self->polled[i] =
            (struct pollfd){ .fd = entry->fd, .events = entry->events };
        self->tags[i] = entry->tag;
    }
    self->polled[count] =
        (struct pollfd){ .fd = self->wake_fd, .events = POLLIN };
    return (int)count;
}

static unsigned from_poll(short events)
{
    return (events & POLLIN ? MESH__READABLE : 0) |
           (events & POLLOUT ? MESH__WRITABLE : 0) |
           (events & (POLLHUP | POLLERR | POLLNVAL) ? MESH__HANGUP : 0);
}

/* The ready ones, going round so that none is always behind the others. */
static int collect(struct kernel_port *self, int count,
                   struct mesh_ready *ready, int size)
{
    int kept = 0;

    for (int i = 0; i < count && kept < size; i++) {
        size_t at = (self->turn + (size_t)i) % (size_t)count;

        if (!self->polled[at].revents)
            continue;
        ready[kept].tag = self->tags[at];
        ready[kept++].events = from_poll(self->polled[at].revents);
    }
    self->turn++;
    return kept;
}

static int poll_for(struct kernel_port *self, int count, uint64_t timeout_ns)
{
    struct timespec span = { .tv_sec = (time_t)(timeout_ns / MESH__S),
                             .tv_nsec = (long)(timeout_ns % MESH__S) };
    int rc = ppoll(self->polled, (nfds_t)count + 1,
                   timeout_ns == MESH__NEVER ? NULL : &span, NULL);

    return rc < 0 ? -errno : rc;
}

/* Woken, or a watch changed meanwhile? */
static bool swallow_wake(struct kernel_port *self, int count)
{
    uint64_t times;

    if (!self->polled[count].revents)
        return false;
    (void)!read(self->wake_fd, &times, sizeof(times));
    atomic_store(&self->rung, false);
    return true;
}

static int poll_port_wait(struct mesh_port *port, uint64_t timeout_ns,
                          struct mesh_ready *ready, int size)
{
    struct kernel_port *self = self_of(port);
    bool woken;
    int count;
    int rc;

    if (self->forked)
        return -EBADF;
    (void)pthread_mutex_lock(&self->lock);
    count = copy_table(self);
    self->waiting = count >= 0 && timeout_ns > 0;
    (void)pthread_mutex_unlock(&self->lock);
    if (count < 0)
        return count;
    rc = poll_for(self, count, timeout_ns);
    (void)pthread_mutex_lock(&self->lock);
    self->waiting = false;
    (void)pthread_mutex_unlock(&self->lock);
    if (rc <= 0)
        return rc;
    woken = swallow_wake(self, count);
    rc = count ? collect(self, count, ready, size) : 0;
    return rc == 0 && woken ? -EINTR : rc;
}

static int poll_port_fd(struct mesh_port *port)
{
    (void)port;
    return -1;
}

/* --- a life --- */

static void close_own(struct kernel_port *self)
{
    if (self->epoll_fd >= 0)
        (void)close(self->epoll_fd);
    if (self->wake_fd >= 0)
        (void)close(self->wake_fd);
    self->epoll_fd = -1;
    self->wake_fd = -1;
}

static void kernel_free(struct mesh_port *port)
{
    struct kernel_port *self = self_of(port);

    if (!self)
        return;
    close_own(self);
    (void)pthread_mutex_destroy(&self->lock);
    mesh__free(self->known);
    mesh__free(self->entries);
    mesh__free(self->polled);
    mesh__free(self->tags);
    mesh__free(self->nameservers);
    mesh__free(self);
}

/*
 * The epoll instance is shared with the parent: a change here would be one
 * there. Closing our descriptor of it is not.
 */
void mesh__port_kernel_forked(struct mesh_port *port)
{
    struct kernel_port *self = self_of(port);

    self->forked = true;
    (void)pthread_mutex_init(&self->lock, NULL);
    close_own(self);
}

/* --- names --- */

static int kernel_names(struct mesh_port *port, struct mesh_loop *loop,
                        struct mesh_names **out)
{
    return mesh__names_ares_new(loop, self_of(port)->nameservers, out);
}

int mesh__port_kernel_set_nameservers(struct mesh_port *port,
                                      const char *nameservers)
{
    char *copy = nameservers ? mesh__strdup(nameservers) : NULL;

    if (nameservers && !copy)
        return mesh__fail(MESH_ERR_NOMEM, "name servers");
    mesh__free(self_of(port)->nameservers);
    self_of(port)->nameservers = copy;
    return 0;
}

#define COMMON_OPS                                                             \
    .free = kernel_free, .now_ns = kernel_now_ns, .wall_ns = kernel_wall_ns,   \
    .random = kernel_random, .connect = kernel_connect,                        \
    .keepalive = kernel_keepalive, .connected = kernel_connected,              \
    .listen = kernel_listen, .accept = kernel_accept,                          \
    .address = kernel_address, .recv = kernel_recv, .peek = kernel_peek,       \
    .send = kernel_send, .shutdown = kernel_shutdown, .close = kernel_close,   \
    .wake = kernel_wake, .forked = mesh__port_kernel_forked,                   \
    .names = kernel_names

static const struct mesh_port_ops epoll_ops = { COMMON_OPS,
                                                .watch = epoll_watch,
                                                .wait = epoll_port_wait,
                                                .fd = epoll_port_fd };

static const struct mesh_port_ops poll_ops = { COMMON_OPS, .watch = poll_watch,
                                               .wait = poll_port_wait,
                                               .fd = poll_port_fd };

static int fail_open(const char *call)
{
    int code = MESH_ERR_SYSTEM;

    if (errno == EMFILE || errno == ENFILE)
        code = MESH_ERR_FILES;
    else if (errno == ENOMEM)
        code = MESH_ERR_NOMEM;
    return mesh__fail_errno(code, errno, "%s", call);
}

/* Edge-triggered: a wake is one write and never a read. */
static int open_epoll(struct kernel_port *self)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET,
                                 .data.ptr = self };

    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll_fd < 0)
        return fail_open("epoll_create1");
    if (epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->wake_fd, &event) < 0)
        return fail_open("epoll_ctl");
    return 0;
}

static int open_own(struct kernel_port *self)
{
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->wake_fd < 0)
        return fail_open("eventfd");
    return self->port.ops == &epoll_ops ? open_epoll(self) : 0;
}

int mesh__port_kernel_new(int kind, struct mesh_port **out)
{
    struct kernel_port *self;
    int rc;

    *out = NULL;
    self = mesh__calloc(1, sizeof(*self));
    if (!self)
        return mesh__fail(MESH_ERR_NOMEM, "a port");
    self->port.ops = kind == MESH__PORT_EPOLL ? &epoll_ops : &poll_ops;
    self->epoll_fd = -1;
    self->wake_fd = -1;
    (void)pthread_mutex_init(&self->lock, NULL);

    rc = mesh__kernel_random(self->keys, sizeof(self->keys));
    if (rc < 0)
        goto done;
    rc = open_own(self);
    if (rc < 0)
        goto done;

    *out = &self->port;
    self = NULL; /* moved to the caller */
done:
    kernel_free((struct mesh_port *)self);
    return rc;
}
