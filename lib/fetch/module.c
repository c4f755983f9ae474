/*
 * module.c - libmesh-fetch.so: one HTTP call after the other by libcurl.
 *
 * The only file that knows libcurl. Declines to know libmesh: it has the
 * table it was handed and the codes of <mesh/base.h>, and no symbol of
 * libmesh.so.
 *
 * curl_global_init counts its callers (and so does the host's own, if it uses
 * libcurl as well); since 7.84 it may be called from any thread.
 */
#include "fetch/fetch.h"

#include <mesh/base.h>

#include <curl/curl.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { SOCKETS_MAX = 16, FIRST_BODY = 1024 };

struct session {
    const struct mesh_fetch_host *host;
    CURL *curl;
    bool busy; /* in perform: what fork copied then may be half done */
    int sockets[SOCKETS_MAX]; /* open ones, for the child of a fork   */
    size_t socket_count;
};

/* One response on its way in. */
struct intake {
    const struct mesh_fetch_host *host;
    struct mesh_fetch_response *response;
    size_t capacity;
    int rc; /* why it stopped */
};

/* --- sockets, remembered -------------------------------------------------- */

static curl_socket_t open_socket(void *user, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct session *session = user;
    int fd;

    (void)purpose;
    if (session->socket_count == SOCKETS_MAX)
        return CURL_SOCKET_BAD;
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    session->sockets[session->socket_count++] = fd;
    return fd;
}

static int close_socket(void *user, curl_socket_t fd)
{
    struct session *session = user;

    for (size_t i = 0; i < session->socket_count; i++)
        if (session->sockets[i] == fd) {
            session->sockets[i] = session->sockets[--session->socket_count];
            break;
        }
    return close(fd);
}

/*
 * What libcurl would still say on the parent's connections goes nowhere. A
 * descriptor that cannot be led there is closed.
 */
static void silence_sockets(struct session *session)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (size_t i = 0; i < session->socket_count; i++)
        if (nowhere < 0 || dup3(nowhere, session->sockets[i], O_CLOEXEC) < 0)
            (void)close(session->sockets[i]);
    if (nowhere >= 0)
        (void)close(nowhere);
}

/* --- a session ------------------------------------------------------------ */

static int session_open(const struct mesh_fetch_host *host, void **out)
{
    struct session *session = host->alloc(sizeof(*session));

    *out = NULL;
    if (!session)
        return MESH_ERR_NOMEM;
    *session = (struct session){ .host = host };
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        host->release(session);
        return MESH_ERR_NOMEM;
    }
    session->curl = curl_easy_init();
    if (!session->curl) {
        curl_global_cleanup();
        host->release(session);
        return MESH_ERR_NOMEM;
    }
    *out = session;
    return 0;
}

static void session_close(void *handle)
{
    struct session *session = handle;

    curl_easy_cleanup(session->curl);
    curl_global_cleanup();
    session->host->release(session);
}

/*
 * A handle that was at work when the process forked cannot be trusted, not
 * even to clean up: it is left behind.
 */
static int session_forked(void *handle)
{
    struct session *session = handle;

    silence_sockets(session);
    if (!session->busy)
        curl_easy_cleanup(session->curl);
    session->busy = false;
    session->socket_count = 0;
    session->curl = curl_easy_init();
    return session->curl ? 0 : MESH_ERR_NOMEM;
}

/* --- one call ------------------------------------------------------------- */

static void reason(struct mesh_fetch_response *response, const char *text)
{
    (void)snprintf(response->reason, sizeof(response->reason), "%.*s",
                   (int)sizeof(response->reason) - 1, text);
}

static int grow(struct intake *intake, size_t need)
{
    size_t capacity = intake->capacity ? intake->capacity : FIRST_BODY;
    char *body;

    if (need <= intake->capacity)
        return 0;
    while (capacity < need)
        capacity *= 2;
    body = intake->host->resize(intake->response->body, capacity);
    if (!body)
        return MESH_ERR_NOMEM;
    intake->response->body = body;
    intake->capacity = capacity;
    return 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct intake *intake = user;
    struct mesh_fetch_response *response = intake->response;
    size_t len = size * count;

    if (len > MESH__FETCH_BODY - response->body_bytes)
        intake->rc = MESH_ERR_TOO_LARGE;
    else
        intake->rc = grow(intake, response->body_bytes + len + 1);
    if (intake->rc < 0)
        return CURL_WRITEFUNC_ERROR;
    memcpy(response->body + response->body_bytes, data, len);
    response->body_bytes += len;
    response->body[response->body_bytes] = '\0';
    return len;
}

static int code_of(CURLcode code, const struct intake *intake, long sent_bytes)
{
    static const struct {
        CURLcode curl;
        int mesh;
    } rows[] = {
        { CURLE_OUT_OF_MEMORY, MESH_ERR_NOMEM },
        { CURLE_OPERATION_TIMEDOUT, MESH_ERR_TIMEOUT },
        { CURLE_COULDNT_RESOLVE_HOST, MESH_ERR_RESOLVE },
        { CURLE_COULDNT_CONNECT, MESH_ERR_CONNECT },
        { CURLE_SSL_CONNECT_ERROR, MESH_ERR_TLS },
        { CURLE_PEER_FAILED_VERIFICATION, MESH_ERR_TLS },
        { CURLE_SSL_CACERT_BADFILE, MESH_ERR_TLS },
        { CURLE_SSL_CERTPROBLEM, MESH_ERR_TLS },
        { CURLE_SSL_CIPHER, MESH_ERR_TLS },
        { CURLE_GOT_NOTHING, MESH_ERR_RESET },
        { CURLE_PARTIAL_FILE, MESH_ERR_RESET },
        { CURLE_SEND_ERROR, MESH_ERR_RESET },
        { CURLE_RECV_ERROR, MESH_ERR_RESET },
        { CURLE_UNSUPPORTED_PROTOCOL, MESH_ERR_INVALID },
        { CURLE_URL_MALFORMAT, MESH_ERR_INVALID },
    };

    if (intake->rc < 0)
        return intake->rc;
    if (code == CURLE_UNSUPPORTED_PROTOCOL && sent_bytes > 0)
        return MESH_ERR_PROTOCOL; /* an answer that is not HTTP/1 */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].curl == code)
            return rows[i].mesh;
    return MESH_ERR_PROTOCOL;
}

/* The list grows by a line, or is gone. */
static bool add_line(struct curl_slist **lines, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*lines, line);

    if (!longer) {
        curl_slist_free_all(*lines);
        *lines = NULL;
        return false;
    }
    *lines = longer;
    return true;
}

static bool add_lines(struct curl_slist **lines,
                      const struct mesh_fetch_request *request)
{
    for (size_t i = 0; request->headers && request->headers[i]; i++)
        if (!add_line(lines, request->headers[i]))
            return false;
    return add_line(lines, "Expect:"); /* no 100-continue, no pause */
}

/* 0, or the first refusal among the options' results. */
static CURLcode first(const CURLcode *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (results[i] != CURLE_OK)
            return results[i];
    return CURLE_OK;
}

static CURLcode set_session(struct session *session)
{
    CURL *curl = session->curl;
    const CURLcode results[] = {
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L),
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https"),
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L),
        curl_easy_setopt(curl, CURLOPT_PROXY,
                         ""), /* none, not even $http_proxy */
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "libmesh"),
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket),
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, session),
        curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket),
        curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, session),
    };

    return first(results, sizeof(results) / sizeof(results[0]));
}

static CURLcode set_body(CURL *curl, const struct mesh_fetch_request *request)
{
    const CURLcode results[] = {
        curl_easy_setopt(curl, CURLOPT_POST, 1L),
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)request->body_bytes),
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                         request->body ? request->body : ""),
    };

    return first(results, sizeof(results) / sizeof(results[0]));
}

static CURLcode set_request(CURL *curl,
                            const struct mesh_fetch_request *request,
                            struct curl_slist *lines, struct intake *intake,
                            char *trouble)
{
    const CURLcode results[] = {
        curl_easy_setopt(curl, CURLOPT_URL, request->url),
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines),
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms),
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                         (long)request->timeout_ms),
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body),
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, intake),
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, trouble),
    };
    CURLcode code = first(results, sizeof(results) / sizeof(results[0]));

    if (code != CURLE_OK || strcmp(request->method, "GET") == 0)
        return code; /* GET is what a reset handle does */
    return set_body(curl, request);
}

static int perform(struct session *session,
                   const struct mesh_fetch_request *request,
                   struct curl_slist *lines,
                   struct mesh_fetch_response *response)
{
    struct intake intake = { .host = session->host, .response = response };
    char trouble[CURL_ERROR_SIZE] = "";
    CURLcode code = set_session(session);
    long sent_bytes = 0;

    if (code == CURLE_OK)
        code = set_request(session->curl, request, lines, &intake, trouble);
    if (code == CURLE_OK) {
        session->busy = true;
        code = curl_easy_perform(session->curl);
        session->busy = false;
    }
    if (code == CURLE_OK)
        code = curl_easy_getinfo(session->curl, CURLINFO_RESPONSE_CODE,
                                 &response->status);
    (void)curl_easy_getinfo(session->curl, CURLINFO_REQUEST_SIZE, &sent_bytes);
    curl_easy_reset(session->curl); /* connections stay */
    if (code == CURLE_OK)
        return 0;
    if (intake.rc == MESH_ERR_TOO_LARGE)
        reason(response, "the response is larger than 1 MiB");
    else
        reason(response, trouble[0] ? trouble : curl_easy_strerror(code));
    return code_of(code, &intake, sent_bytes);
}

static int session_perform(void *handle,
                           const struct mesh_fetch_request *request,
                           struct mesh_fetch_response *response)
{
    struct session *session = handle;
    struct curl_slist *lines = NULL;
    int rc;

    if (!session->curl)
        return MESH_ERR_NOMEM; /* lost in session_forked */
    if (request->timeout_ms == 0 || (strcmp(request->method, "GET") != 0 &&
                                     strcmp(request->method, "POST") != 0)) {
        reason(response, "GET or POST with a timeout is wanted");
        return MESH_ERR_INVALID;
    }
    if (!add_lines(&lines, request)) {
        reason(response, "header lines");
        return MESH_ERR_NOMEM;
    }
    rc = perform(session, request, lines, response);
    curl_slist_free_all(lines);
    return rc;
}

const struct mesh_fetch_module *mesh_fetch_module_1(
    const struct mesh_fetch_host *host)
{
    static const struct mesh_fetch_module module = {
        .abi = MESH__FETCH_ABI,
        .version = "libcurl/" LIBCURL_VERSION,
        .open = session_open,
        .perform = session_perform,
        .close = session_close,
        .forked = session_forked
    };

    return host->abi == MESH__FETCH_ABI ? &module : NULL;
}
