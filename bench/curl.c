/*
 * curl.c - libcurl's multi interface as a client, driven by epoll through
 * curl_multi_socket_action(): its fastest way.
 */
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

enum { EVENTS = 64 };

struct rival {
    CURLM *multi;
    CURL *easy[BENCH_CONNECTIONS];
    int epoll;
    long timeout_ms;
    int flying;
    int64_t done;
};

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user,
                     void *known)
{
    struct rival *rival = user;
    struct epoll_event event = { .data.fd = fd };

    (void)easy;
    if (what == CURL_POLL_REMOVE)
        return epoll_ctl(rival->epoll, EPOLL_CTL_DEL, fd, &event) && 0;
    event.events = ((what & CURL_POLL_IN) ? EPOLLIN : 0) |
                   ((what & CURL_POLL_OUT) ? EPOLLOUT : 0);
    if (epoll_ctl(rival->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
                  &event))
        bench_fail("curl: epoll", strerror(errno));
    curl_multi_assign(rival->multi, fd, rival);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct rival *rival = user;

    (void)multi;
    rival->timeout_ms = timeout_ms;
    return 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)user;
    return size * count;
}

static CURL *easy_new(const struct bench_plan *plan, int port)
{
    CURL *easy = curl_easy_init();
    char url[64];

    if (!easy)
        bench_fail("curl", "no handle");
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/api/v1/charge",
                   port);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, plan->body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)BENCH_BODY);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_SSLCERT,
                     bench_path(plan->client, "cert-chain.pem"));
    curl_easy_setopt(easy, CURLOPT_SSLKEY, bench_path(plan->client, "key.pem"));
    curl_easy_setopt(easy, CURLOPT_CAINFO,
                     bench_path(plan->client, "root-cert.pem"));
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L); /* SPIFFE: no names */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    return easy;
}

static void rival_init(struct rival *rival, const struct bench_plan *plan,
                       int port)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    rival->multi = curl_multi_init();
    rival->epoll = epoll_create1(0);
    rival->timeout_ms = -1;
    if (!rival->multi || rival->epoll < 0)
        bench_fail("curl", "no multi handle");
    curl_multi_setopt(rival->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(rival->multi, CURLMOPT_SOCKETDATA, rival);
    curl_multi_setopt(rival->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(rival->multi, CURLMOPT_TIMERDATA, rival);
    curl_multi_setopt(rival->multi, CURLMOPT_MAXCONNECTS,
                      (long)BENCH_CONNECTIONS * 2);
    for (int i = 0; i < BENCH_CONNECTIONS; i++)
        rival->easy[i] = easy_new(plan, port);
}

/* Finished transfers begin again, while there is time. */
static void collect(struct rival *rival, bool more)
{
    CURLMsg *message;
    long status;
    int left;

    while ((message = curl_multi_info_read(rival->multi, &left))) {
        CURL *easy = message->easy_handle;

        if (message->msg != CURLMSG_DONE)
            continue;
        if (message->data.result != CURLE_OK)
            bench_fail("curl", curl_easy_strerror(message->data.result));
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200)
            bench_fail("curl", "not a 200");
        rival->done++;
        curl_multi_remove_handle(rival->multi, easy);
        if (more)
            curl_multi_add_handle(rival->multi, easy);
        else
            rival->flying--;
    }
}

static void turn(struct rival *rival, const struct bench_orders *orders)
{
    struct epoll_event events[EVENTS];
    int running;
    int n = epoll_wait(rival->epoll, events, EVENTS, (int)rival->timeout_ms);

    if (n == 0 || rival->timeout_ms == 0)
        curl_multi_socket_action(rival->multi, CURL_SOCKET_TIMEOUT, 0,
                                 &running);
    for (int i = 0; i < n; i++)
        curl_multi_socket_action(
            rival->multi, events[i].data.fd,
            ((events[i].events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
                ((events[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0),
            &running);
    collect(rival, bench_goes_on(orders));
}

void bench_curl_client(const struct bench_plan *plan, int port,
                       struct bench_orders *orders)
{
    struct rival rival = { 0 };

    rival_init(&rival, plan, port);
    while (bench_next(orders)) {
        rival.done = 0;
        rival.flying = BENCH_CONNECTIONS;
        for (int i = 0; i < BENCH_CONNECTIONS; i++)
            curl_multi_add_handle(rival.multi, rival.easy[i]);
        while (rival.flying > 0)
            turn(&rival, orders);
        bench_report(orders, rival.done);
    }
    for (int i = 0; i < BENCH_CONNECTIONS; i++)
        curl_easy_cleanup(rival.easy[i]);
    curl_multi_cleanup(rival.multi);
}
