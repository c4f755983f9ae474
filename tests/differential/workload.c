/*
 * workload.c - one workload of a case, as a program in the mesh: an
 * application whose answers are scripted, and a caller that does as told.
 *
 *   MESH_POLICY=... MESH_IDENTITY=... ./workload NAME [ADDRESS:PORT]...
 *
 * At "tcp:ADDRESS:PORT" it takes streams instead of requests.
 *
 * Standard input has commands, standard output what happened, in lines of
 * words.h; the end of input ends it in order.
 *
 *   script               forget the script of the answers
 *   step KEY=VALUE...    add a step: status body header times delay_ms, and
 *                        reset, close or cut; the last one repeats
 *   sync                 is answered by "done"
 *   send ID METHOD URL KEY=VALUE...   header body address give_up_ms
 *   stream, more, give, end           talk.h
 *
 *   saw method= path= header=... body=      what the application was asked
 *   answer id= code= status= header=... body= flags= ...
 *   event kind= text=, trouble text=, listening, done
 *
 * What a connection is, and who may ask, is the library's affair: nothing but
 * <mesh/mesh.h> is used.
 */
#include "talk.h"
#include "words.h"

#include <mesh/mesh.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PORTS_MOST 64

/* Of a body, in either direction, this much is told. */
#define BODY_MOST (1024 * 1024)

/* Half an answer gets so long to arrive before it is cut off. */
#define CUT_MS 100

/* How long exchanges may last after the end of input. */
#define DRAIN_MS 2000

/* One step of the script. */
struct step {
    struct step *next;
    char *line; /* that it was read from; texts point into it */
    struct word body;
    char *headers; /* the words behind, NULL: none */
    long status;
    long left;
    long delay_ms;
    int has_body;
    int silent; /* reset or close: no answer */
    int cut;
};

struct program {
    const char *name;
    mesh_workload *workload;
    mesh_server *servers[PORTS_MOST];
    int ports;
    struct talks *talks;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t change;
    struct step *script;
    struct step *old; /* steps that may still be in use */
    int busy;         /* threads of exchanges and calls */
    int stopping;
};

/* What a thread of its own is given. */
struct task {
    struct program *program;
    mesh_exchange *exchange;
    char *line;
};

static void trouble(const char *what, int code, const mesh_error *error)
{
    struct line line;
    char text[512];

    (void)snprintf(text, sizeof(text), "%s: %s: %s", what,
                   mesh_error_name(code), mesh_error_message(error));
    line_begin(&line, "trouble");
    line_add(&line, "text", text);
    line_say(&line);
}

/* --- the script --- */

static const struct step well = { .status = 200 };

/* With the lock: the step that answers the next request. */
static const struct step *next_step(struct program *program)
{
    struct step *step;

    while (program->script && program->script->next &&
           program->script->left == 0) {
        step = program->script;
        program->script = step->next;
        step->next = program->old;
        program->old = step;
    }
    step = program->script;
    if (!step)
        return &well;
    if (step->left > 0)
        step->left--;
    return step;
}

static void free_steps(struct step *step)
{
    while (step) {
        struct step *next = step->next;

        free(step->line);
        free(step->headers);
        free(step);
        step = next;
    }
}

static void forget_script(struct program *program)
{
    pthread_mutex_lock(&program->lock);
    while (program->script) {
        struct step *step = program->script;

        program->script = step->next;
        step->next = program->old;
        program->old = step;
    }
    pthread_mutex_unlock(&program->lock);
}

static void read_step(struct step *step, const struct pair *pair)
{
    const char *value = pair->value.at;

    if (!strcmp(pair->key, "status"))
        step->status = strtol(value, NULL, 10);
    else if (!strcmp(pair->key, "times"))
        step->left = strtol(value, NULL, 10);
    else if (!strcmp(pair->key, "delay_ms"))
        step->delay_ms = strtol(value, NULL, 10);
    else if (!strcmp(pair->key, "cut"))
        step->cut = 1;
    else if (!strcmp(pair->key, "reset") || !strcmp(pair->key, "close"))
        step->silent = 1;
    if (!strcmp(pair->key, "body")) {
        step->body = pair->value;
        step->has_body = 1;
    }
}

static void add_step(struct program *program, const char *words)
{
    struct step *step = calloc(1, sizeof(*step));
    struct step **end = &program->script;
    struct pair pair;
    char *rest;

    if (!step)
        return;
    *step = (struct step){ .status = 200, .left = 1 };
    step->line = strdup(words);
    step->headers = strdup(words);
    rest = step->line;
    while (words_pair(&rest, &pair))
        read_step(step, &pair);
    pthread_mutex_lock(&program->lock);
    while (*end)
        end = &(*end)->next;
    *end = step;
    pthread_mutex_unlock(&program->lock);
}

/* --- threads --- */

static void end_task(struct task *task)
{
    struct program *program = task->program;

    free(task->line);
    free(task);
    pthread_mutex_lock(&program->lock);
    program->busy--;
    pthread_cond_broadcast(&program->change);
    pthread_mutex_unlock(&program->lock);
}

static void start_task(struct program *program, void *(*run)(void *),
                       mesh_exchange *exchange, const char *words)
{
    struct task *task = calloc(1, sizeof(*task));
    pthread_t thread;

    if (task) {
        *task =
            (struct task){ program, exchange, words ? strdup(words) : NULL };
        pthread_mutex_lock(&program->lock);
        program->busy++;
        pthread_mutex_unlock(&program->lock);
        if (!pthread_create(&thread, NULL, run, task)) {
            pthread_detach(thread);
            return;
        }
        end_task(task);
    }
    mesh_exchange_free(exchange);
    trouble("a thread", MESH_ERR_SYSTEM, NULL);
}

/* Until the time is over or the program is to end. */
static void pause_ms(struct program *program, long ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&program->lock);
    while (!program->stopping &&
           pthread_cond_timedwait(&program->change, &program->lock, &until) !=
               ETIMEDOUT)
        continue;
    pthread_mutex_unlock(&program->lock);
}

/* --- the application --- */

/* The whole body; what is above the ceiling is read and not kept. */
static int read_body(mesh_exchange *exchange, char *body, size_t *size)
{
    static const size_t piece = 16384;
    char over[16384];
    size_t got = 0;
    int rc;

    *size = 0;
    do {
        int fits = *size + piece <= BODY_MOST;

        rc = mesh_exchange_read(exchange, fits ? body + *size : over, piece, -1,
                                &got, NULL);
        if (rc == 0 && fits)
            *size += got;
    } while (rc == 0 && got);
    return rc;
}

static void tell_request(const mesh_exchange *exchange, const char *body,
                         size_t size)
{
    struct line line;

    line_begin(&line, "saw");
    line_add(&line, "method",
             mesh_exchange_text(exchange, MESH_EXCHANGE_METHOD));
    line_add(&line, "path", mesh_exchange_text(exchange, MESH_EXCHANGE_PATH));
    line_add(&line, "peer",
             mesh_exchange_text(exchange, MESH_EXCHANGE_PRINCIPAL));
    line_add_header(&line, "host",
                    mesh_exchange_text(exchange, MESH_EXCHANGE_AUTHORITY));
    for (size_t i = 0; i < mesh_exchange_header_count(exchange); i++)
        line_add_header(&line, mesh_exchange_header_name(exchange, i),
                        mesh_exchange_header_value(exchange, i));
    line_add_n(&line, "body", body, size);
    line_say(&line);
}

/* MESH_ERR_STATE: its caller's time was out, and it was answered. */
static void add_header(mesh_exchange *exchange, const char *name,
                       const char *value)
{
    mesh_error *error = mesh_error_new();
    int rc = mesh_exchange_add_header(exchange, name, value, error);

    if (rc < 0 && rc != MESH_ERR_STATE)
        trouble(name, rc, error);
    mesh_error_free(error);
}

static void add_headers(mesh_exchange *exchange, const struct step *step)
{
    char *words = step->headers ? strdup(step->headers) : NULL;
    char *rest = words;
    struct pair pair;

    while (words_pair(&rest, &pair)) {
        char *value =
            strcmp(pair.key, "header") ? NULL : words_cut(&pair.value);

        if (value)
            add_header(exchange, pair.value.at, value);
    }
    free(words);
}

/* The head and half a body, and no more. */
static void cut_off(struct program *program, mesh_exchange *exchange,
                    int status, const char *body, size_t size)
{
    size_t written;

    if (mesh_exchange_start(exchange, status, (int64_t)size, NULL) == 0)
        (void)mesh_exchange_write(exchange, body, size / 2, DRAIN_MS, &written,
                                  NULL);
    pause_ms(program, CUT_MS);
}

static void answer(struct program *program, mesh_exchange *exchange,
                   const struct step *step)
{
    char text[256];
    const char *body = step->body.at;
    size_t size = step->body.size;

    if (!step->has_body) {
        int length = snprintf(text, sizeof(text), "%s\n", program->name);

        body = text;
        size = length > 0 ? (size_t)length : 0;
    }
    if (step->status < 200 || step->status == 204 || step->status == 304)
        size = 0;
    add_headers(exchange, step);
    add_header(exchange, "x-answered-by", program->name);
    if (step->cut)
        cut_off(program, exchange, (int)step->status, body, size);
    else
        (void)mesh_exchange_respond(exchange, (int)step->status, body, size,
                                    NULL);
}

static void *serve_one(void *user)
{
    struct task *task = user;
    struct program *program = task->program;
    mesh_exchange *exchange = task->exchange;
    const struct step *step;
    char *body = malloc(BODY_MOST);
    size_t size;

    if (body && read_body(exchange, body, &size) == 0) {
        tell_request(exchange, body, size);
        pthread_mutex_lock(&program->lock);
        step = next_step(program);
        pthread_mutex_unlock(&program->lock);
        if (step->delay_ms)
            pause_ms(program, step->delay_ms);
        if (!step->silent)
            answer(program, exchange, step);
    }
    mesh_exchange_free(exchange);
    free(body);
    end_task(task);
    return NULL;
}

/* A thread for each exchange: as many at once as the callers send. */
static void *dispatch(void *user)
{
    struct task *task = user;
    mesh_server *server = task->program->servers[strtol(task->line, NULL, 10)];
    mesh_error *error = mesh_error_new();
    mesh_exchange *exchange;
    int rc;

    while ((rc = mesh_server_next(server, -1, &exchange, error)) == 0)
        start_task(task->program, serve_one, exchange, NULL);
    if (rc != MESH_ERR_CLOSED)
        trouble("mesh_server_next", rc, error);
    mesh_error_free(error);
    end_task(task);
    return NULL;
}

/* --- the caller --- */

/* What the words after the URL add; -1 with the error set. */
static int build_request(char **rest, mesh_request *request,
                         int64_t *give_up_ms, mesh_error *error)
{
    struct pair pair;
    int rc = 0;

    while (rc == 0 && words_pair(rest, &pair)) {
        char *value;

        if (!strcmp(pair.key, "give_up_ms"))
            *give_up_ms = strtoll(pair.value.at, NULL, 10);
        else if (!strcmp(pair.key, "address"))
            rc = mesh_request_set_address(request, pair.value.at, error);
        else if (!strcmp(pair.key, "body"))
            rc = mesh_request_set_body(request, pair.value.at, pair.value.size,
                                       error);
        else if ((value = words_cut(&pair.value)))
            rc = mesh_request_add_header(request, pair.value.at, value, error);
    }
    return rc;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What came of a call, beside its response. */
struct outcome {
    char *body;
    size_t size;
    int code;
    int broken;  /* the body ended too early              */
    int gave_up; /* our patience ended before the call did */
};

/* What there is of the body; above the ceiling the newest is kept. */
static void take_body(mesh_call *call, struct outcome *outcome)
{
    size_t got = 0;
    int rc;

    do {
        if (outcome->size == BODY_MOST)
            outcome->size = BODY_MOST / 2;
        rc = mesh_call_read(call, outcome->body + outcome->size,
                            BODY_MOST - outcome->size, &got, NULL);
        if (rc == 0)
            outcome->size += got;
    } while (rc == 0 && got);
    outcome->broken = rc < 0 && rc != MESH_ERR_WOULD_BLOCK;
}

static void follow(mesh_call *call, int64_t give_up_ms, struct outcome *outcome)
{
    int64_t end_ms = now_ms() + give_up_ms;
    int news = MESH_CALL_NOTHING;

    while (news >= 0 && news != MESH_CALL_DONE) {
        int64_t left_ms = end_ms - now_ms();

        news = mesh_call_wait(call, left_ms > 0 ? left_ms : 0, NULL);
        if (news == MESH_CALL_BODY || news == MESH_CALL_DONE)
            take_body(call, outcome);
    }
    outcome->gave_up = news == MESH_ERR_TIMEOUT;
    outcome->code = news < 0 ? news : mesh_call_code(call);
}

static void tell_response(struct line *line, const mesh_response *response)
{
    static const struct {
        const char *key;
        int what;
    } texts[] = {
        { "flags", MESH_RESPONSE_FLAGS },
        { "details", MESH_RESPONSE_DETAILS },
        { "endpoint", MESH_RESPONSE_ENDPOINT },
        { "destination", MESH_RESPONSE_DESTINATION },
        { "route", MESH_RESPONSE_ROUTE },
    };

    line_add_number(line, "status", mesh_response_status(response));
    line_add_number(line, "attempts", mesh_response_attempts(response));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        line_add(line, texts[i].key,
                 mesh_response_text(response, texts[i].what));
    for (size_t i = 0; i < mesh_response_header_count(response); i++)
        line_add_header(line, mesh_response_header_name(response, i),
                        mesh_response_header_value(response, i));
}

static int call(struct program *program, const mesh_request *request,
                int64_t give_up_ms, struct line *line, mesh_error *error)
{
    struct outcome outcome = { .body = malloc(BODY_MOST) };
    const mesh_response *response;
    mesh_call *call = NULL;
    int rc = mesh_call_new(program->workload, NULL, request, &call, error);

    if (rc == 0)
        rc = mesh_call_start(call, error);
    if (rc == 0 && outcome.body) {
        follow(call, give_up_ms, &outcome);
        rc = outcome.code;
        response = mesh_call_response(call);
        if (response)
            tell_response(line, response);
        line_add(line, "why", mesh_call_message(call));
        line_add_n(line, "body", outcome.body, outcome.size);
        line_add_number(line, "broken", outcome.broken);
        line_add_number(line, "gave_up", outcome.gave_up);
    }
    mesh_call_free(call);
    free(outcome.body);
    return rc;
}

static void *send_one(void *user)
{
    struct task *task = user;
    mesh_error *error = mesh_error_new();
    mesh_request *request = NULL;
    struct word id = { 0 };
    struct word method = { 0 };
    struct word url = { 0 };
    char *rest = task->line;
    int64_t give_up_ms = 30000;
    struct line line;
    int rc;

    (void)(words_next(&rest, &id) && words_next(&rest, &method) &&
           words_next(&rest, &url));
    line_begin(&line, "answer");
    line_add(&line, "id", id.at);
    rc = mesh_request_new(method.at, url.at, &request, error);
    if (rc == 0)
        rc = build_request(&rest, request, &give_up_ms, error);
    if (rc == 0)
        rc = call(task->program, request, give_up_ms, &line, error);
    line_add(&line, "code", mesh_error_name(rc));
    line_add(&line, "message", mesh_error_message(error));
    line_say(&line);
    mesh_request_free(request);
    mesh_error_free(error);
    end_task(task);
    return NULL;
}

/* --- commands --- */

static void obey(struct program *program, char *line)
{
    struct line reply;
    struct word verb;

    if (!words_next(&line, &verb))
        return;
    if (!strcmp(verb.at, "script")) {
        forget_script(program);
    } else if (!strcmp(verb.at, "step")) {
        add_step(program, line ? line : "");
    } else if (!strcmp(verb.at, "send")) {
        start_task(program, send_one, NULL, line ? line : "");
    } else if (!strcmp(verb.at, "sync")) {
        line_begin(&reply, "done");
        line_say(&reply);
    } else {
        (void)talks_obey(program->talks, verb.at, line);
    }
}

static void listen_to_player(struct program *program)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;

    while ((length = getline(&line, &room, stdin)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        obey(program, line);
    }
    free(line);
}

/* --- the program's life --- */

static int open_ports(struct program *program, char **at, mesh_error *error)
{
    static const char tcp[] = "tcp:";
    int rc = 0;

    for (; rc == 0 && *at && program->ports < PORTS_MOST; at++) {
        if (!strncmp(*at, tcp, sizeof(tcp) - 1)) {
            rc = talks_listen(program->talks, *at + sizeof(tcp) - 1, error);
            continue;
        }
        rc = mesh_server_new(program->workload, NULL, *at, 0,
                             &program->servers[program->ports], error);
        program->ports += rc == 0;
    }
    return rc;
}

static int start(struct program *program, char **at)
{
    mesh_error *error = mesh_error_new();
    mesh_config *config = mesh_config_new();
    struct line line;
    int rc;

    mesh_config_set_helper(config, 1);
    rc = mesh_workload_new(config, &program->workload, error);
    mesh_config_free(config);
    if (rc == 0) {
        program->talks = talks_new(program->workload, program->name);
        rc = program->talks ? open_ports(program, at, error) : MESH_ERR_NOMEM;
    }
    if (rc < 0) {
        trouble("start", rc, error);
    } else {
        line_begin(&line, "listening");
        line_say(&line);
    }
    mesh_error_free(error);
    return rc;
}

static void tell_events(struct program *program)
{
    char text[1024];
    struct line line;
    int kind;

    while ((kind = mesh_workload_next_event(program->workload, text,
                                            sizeof(text))) > 0) {
        line_begin(&line, "event");
        line_add_number(&line, "kind", kind);
        line_add(&line, "text", text);
        line_say(&line);
    }
}

static void run(struct program *program)
{
    char number[24];

    for (int i = 0; i < program->ports; i++) {
        (void)snprintf(number, sizeof(number), "%d", i);
        start_task(program, dispatch, NULL, number);
    }
    listen_to_player(program);
    pthread_mutex_lock(&program->lock);
    program->stopping = 1;
    pthread_cond_broadcast(&program->change);
    pthread_mutex_unlock(&program->lock);
    for (int i = 0; i < program->ports; i++)
        mesh_server_close(program->servers[i]);
    pthread_mutex_lock(&program->lock);
    while (program->busy)
        pthread_cond_wait(&program->change, &program->lock);
    pthread_mutex_unlock(&program->lock);
    talks_free(program->talks);
    program->talks = NULL;
}

int main(int argc, char **argv)
{
    struct program program = { .name = argc > 1 ? argv[1] : "workload" };
    int rc;

    pthread_mutex_init(&program.lock, NULL);
    pthread_cond_init(&program.change, NULL);
    rc = start(&program, argv + (argc > 1 ? 2 : 1));
    if (rc == 0) {
        run(&program);
        mesh_workload_close(program.workload, DRAIN_MS, NULL);
        tell_events(&program);
    }
    talks_free(program.talks);
    for (int i = 0; i < program.ports; i++)
        mesh_server_free(program.servers[i]);
    mesh_workload_free(program.workload);
    free_steps(program.script);
    free_steps(program.old);
    return rc < 0;
}
