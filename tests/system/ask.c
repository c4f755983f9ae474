/*
 * ask.c - the part of a caller that does what it is told: `actor ask`.
 *
 * Commands are lines on standard input, each answered with a line of JSON:
 *
 *     METHOD URL   one request: what came of it, and how long it took
 *     state        policy and events: see act_say_state()
 *
 * Its end is that of standard input.
 */
#include "actor.h"

#include <string.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say(const char *name, const char *text)
{
    printf(", \"%s\": ", name);
    act_say_text(text ? text : "");
}

static void say_answer(int rc, const mesh_response *response, int64_t took_ms,
                       const mesh_error *error)
{
    printf("{\"status\": %d, \"attempts\": %d, \"ms\": %lld",
           mesh_response_status(response), mesh_response_attempts(response),
           (long long)took_ms);
    say("code", mesh_error_name(rc));
    say("message", mesh_error_message(error));
    if (response) {
        say("body", mesh_response_body(response, NULL));
        say("subset", mesh_response_text(response, MESH_RESPONSE_SUBSET));
        say("endpoint", mesh_response_text(response, MESH_RESPONSE_ENDPOINT));
        say("flags", mesh_response_text(response, MESH_RESPONSE_FLAGS));
    }
    printf("}\n");
    fflush(stdout);
}

static void request(struct actor *actor, const char *method, const char *url)
{
    mesh_request *request = NULL;
    mesh_response *response = NULL;
    int64_t began_ms = now_ms();
    int rc = mesh_request_new(method, url, &request, actor->error);

    if (rc == 0)
        rc = mesh_send(actor->workload, request, &response, actor->error);
    say_answer(rc, response, now_ms() - began_ms, actor->error);
    mesh_response_free(response);
    mesh_request_free(request);
}

int act_ask(struct actor *actor, char **argv)
{
    char line[512];
    char method[32];
    char url[400];

    (void)argv;
    printf("{\"ready\": true}\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "%31s %399s", method, url) == 2)
            request(actor, method, url);
        else if (strcmp(line, "state\n") == 0)
            act_say_state(actor->workload);
    }
    return 0;
}
