/*
 * resp_server.c - a few commands of Redis's protocol (RESP), for the examples
 * that have no HTTP to speak. It knows nothing of libmesh.
 *
 *   ./resp_server NAME [FOLLOWER...]
 *
 * Takes a free port of 127.0.0.1. PING NAME, SET KEY VALUE and GET KEY, as a
 * line of words each. What is set is sent to the followers too, each
 * "ADDRESS:PORT". One thread, one poll(2), and everything has a ceiling.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MOST 64
#define LINE_MOST    512
#define KEYS_MOST    1024
#define WORD_MOST    64

struct client {
    int fd;
    size_t got;
    char line[LINE_MOST];
};

static struct client clients[CLIENTS_MOST];
static size_t client_count;

static struct {
    char key[WORD_MOST];
    char value[WORD_MOST];
} store[KEYS_MOST];
static size_t key_count;

static const char *name;
static char **followers; /* ends with NULL */

/* --- commands --- */

static char *find(const char *key)
{
    for (size_t i = 0; i < key_count; i++)
        if (!strcmp(store[i].key, key))
            return store[i].value;
    return NULL;
}

static int keep(const char *key, const char *value)
{
    char *place = find(key);

    if (!place) {
        if (key_count == KEYS_MOST)
            return -1;
        snprintf(store[key_count].key, WORD_MOST, "%s", key);
        place = store[key_count++].value;
    }
    snprintf(place, WORD_MOST, "%s", value);
    return 0;
}

static void send_text(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left) {
        ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);

        if (sent <= 0)
            return; /* its next read tells */
        text += sent;
        left -= (size_t)sent;
    }
}

/* A follower that is gone misses what is set meanwhile. */
static void tell(const char *follower, const char *key, const char *value)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    const char *colon = strrchr(follower, ':');
    char host[INET_ADDRSTRLEN] = "";
    char text[LINE_MOST];
    char answer[16];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (colon && (size_t)(colon - follower) < sizeof(host))
        memcpy(host, follower, (size_t)(colon - follower));
    to.sin_port = htons((uint16_t)(colon ? strtoul(colon + 1, NULL, 10) : 0));
    if (fd >= 0 && inet_pton(AF_INET, host, &to.sin_addr) == 1 &&
        connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
        snprintf(text, sizeof(text), "SET %s %s\r\n", key, value);
        send_text(fd, text);
        (void)!read(fd, answer, sizeof(answer)); /* it is done */
    }
    if (fd >= 0)
        close(fd);
}

static void set(int fd, const char *key, const char *value)
{
    if (keep(key, value) < 0) {
        send_text(fd, "-OOM no more keys\r\n");
        return;
    }
    for (char **one = followers; *one; one++)
        tell(*one, key, value);
    send_text(fd, "+OK\r\n");
}

static void obey(int fd, const char *line)
{
    char verb[WORD_MOST] = "";
    char key[WORD_MOST] = "";
    char value[WORD_MOST] = "";
    char answer[LINE_MOST];
    int words = sscanf(line, "%63s %63s %63s", verb, key, value);
    const char *found;

    if (words == 1 && !strcmp(verb, "PING")) {
        snprintf(answer, sizeof(answer), "+PONG %s\r\n", name);
        send_text(fd, answer);
    } else if (words == 3 && !strcmp(verb, "SET")) {
        set(fd, key, value);
    } else if (words == 2 && !strcmp(verb, "GET")) {
        found = find(key);
        if (found)
            snprintf(answer, sizeof(answer), "$%zu\r\n%.*s\r\n", strlen(found),
                     WORD_MOST - 1, found);
        send_text(fd, found ? answer : "$-1\r\n");
    } else {
        send_text(fd, "-ERR unknown command\r\n");
    }
}

/* --- clients --- */

/* Whole lines are obeyed, the rest waits; -1 when the client is done. */
static int hear(struct client *client)
{
    ssize_t got = read(client->fd, client->line + client->got,
                       sizeof(client->line) - client->got - 1);
    char *end;

    if (got <= 0)
        return -1;
    client->got += (size_t)got;
    client->line[client->got] = '\0';
    while ((end = strchr(client->line, '\n'))) {
        *end = '\0';
        obey(client->fd, client->line);
        client->got -= (size_t)(end + 1 - client->line);
        memmove(client->line, end + 1, client->got + 1);
    }
    return client->got + 1 < sizeof(client->line) ? 0 : -1;
}

static void meet(int listener)
{
    int fd = accept(listener, NULL, NULL);

    if (fd < 0)
        return;
    if (client_count == CLIENTS_MOST) {
        close(fd);
        return;
    }
    clients[client_count++] = (struct client){ .fd = fd };
}

static void turn(int listener)
{
    struct pollfd fds[CLIENTS_MOST + 1];
    size_t count = client_count;

    for (size_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
    fds[count] = (struct pollfd){ .fd = listener, .events = POLLIN };
    if (poll(fds, count + 1, -1) < 0)
        return;
    for (size_t i = count; i-- > 0;)
        if (fds[i].revents && hear(&clients[i]) < 0) {
            close(clients[i].fd);
            clients[i] = clients[--client_count];
        }
    if (fds[count].revents)
        meet(listener);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (argc < 2) {
        fprintf(stderr, "usage: resp_server NAME [FOLLOWER...]\n");
        return 2;
    }
    name = argv[1];
    followers = argv + 2;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, size) < 0 ||
        listen(listener, CLIENTS_MOST) < 0 ||
        getsockname(listener, (struct sockaddr *)&at, &size) < 0) {
        perror("resp_server");
        return 1;
    }
    printf("listening on 127.0.0.1:%u\n", (unsigned)ntohs(at.sin_port));
    fflush(stdout);
    for (;;)
        turn(listener);
}
