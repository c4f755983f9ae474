/*
 * actor.c - one part in a test of real processes: see usage.
 */
#include "actor.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int arguments;
    int helper; /* a thread for the keeper: files are watched */
    int (*play)(struct actor *actor, char **argv);
} acts[] = {
    { "serve", 2, 1, act_serve }, { "ask", 0, 1, act_ask },
    { "crowd", 3, 0, act_crowd }, { "loop", 2, 0, act_loop },
    { "up", 2, 0, act_up },       { "down", 2, 0, act_down },
    { "forks", 3, 1, act_forks },
};

static int usage(void)
{
    fprintf(stderr, "usage: actor serve ADDRESS THREADS\n"
                    "       actor ask\n"
                    "       actor crowd URL THREADS CALLS\n"
                    "       actor loop URL CALLS\n"
                    "       actor up URL BYTES\n"
                    "       actor down URL BYTES\n"
                    "       actor forks URL THREADS FORKS\n");
    return 2;
}

int act_failed(struct actor *actor, const char *what)
{
    fprintf(stderr, "actor: %s: %s: %s\n", what,
            mesh_error_name(mesh_error_code(actor->error)),
            mesh_error_message(actor->error));
    return 1;
}

int64_t act_statistic(mesh_workload *workload, const char *name)
{
    int64_t value = -1;

    (void)mesh_workload_statistic(workload, name, &value, NULL);
    return value;
}

int64_t act_status(const char *field)
{
    FILE *file = fopen("/proc/self/status", "re");
    int64_t value = -1;
    char line[256];

    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtoll(line + strlen(field), NULL, 10);
    if (file)
        fclose(file);
    return value;
}

void act_say_text(const char *text)
{
    putchar('"');
    for (; *text; text++)
        putchar(*text == '"' || *text == '\\' || (unsigned char)*text < ' '
                    ? '\''
                    : *text);
    putchar('"');
}

void act_say_state(mesh_workload *workload)
{
    char text[512];
    int first = 1;

    printf("{\"generation\": %lld, \"reloads_refused\": %lld, "
           "\"ejected\": %lld, \"events\": [",
           (long long)mesh_workload_generation(workload),
           (long long)act_statistic(workload, "reloads_refused"),
           (long long)act_statistic(workload, "ejected"));
    for (int event;
         (event = mesh_workload_next_event(workload, text, sizeof(text))) > 0;
         first = 0) {
        printf("%s[%d, ", first ? "" : ", ", event);
        act_say_text(text);
        printf("]");
    }
    printf("]}\n");
    fflush(stdout);
}

/* --- questions and answers --- */

int act_question(const char *url, const char *from, int64_t number,
                 mesh_request **out, mesh_error *error)
{
    char text[32];
    int rc = mesh_request_new("GET", url, out, error);

    (void)snprintf(text, sizeof(text), "%lld", (long long)number);
    if (rc == 0)
        rc = mesh_request_add_header(*out, "x-from", from, error);
    if (rc == 0)
        rc = mesh_request_add_header(*out, "x-number", text, error);
    return rc;
}

int act_answers(const char *body, const char *from, int64_t number)
{
    char expect[128];

    (void)snprintf(expect, sizeof(expect), "%s %lld\n", from,
                   (long long)number);
    return strcmp(body, expect) == 0;
}

int act_get(mesh_workload *workload, const char *url, const char *from,
            int64_t number, mesh_error *error)
{
    mesh_response *response = NULL;
    mesh_request *request = NULL;
    int good = 0;
    int rc = act_question(url, from, number, &request, error);

    if (rc == 0)
        rc = mesh_send(workload, request, &response, error);
    if (rc == 0 && mesh_response_status(response) == 200)
        good = act_answers(mesh_response_body(response, NULL), from, number);
    if (!good)
        fprintf(stderr, "actor: %s %lld: %s %d '%s' %s\n", from,
                (long long)number, mesh_error_name(rc),
                mesh_response_status(response),
                response ? mesh_response_body(response, NULL) : "",
                mesh_error_message(error));
    mesh_response_free(response);
    mesh_request_free(request);
    return good;
}

/* --- the program --- */

static int begin(struct actor *actor, int helper)
{
    mesh_config *config = mesh_config_new();
    int rc = mesh_config_set_helper(config, helper);

    if (rc == 0)
        rc = mesh_workload_new(config, &actor->workload, actor->error);
    mesh_config_free(config);
    return rc < 0 ? act_failed(actor, "workload") : 0;
}

static int play(const char *name, int count, char **argv)
{
    struct actor actor = { .error = mesh_error_new() };
    int rc = -1;

    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (strcmp(name, acts[i].name) != 0 || count != acts[i].arguments)
            continue;
        rc = begin(&actor, acts[i].helper);
        if (rc == 0)
            rc = acts[i].play(&actor, argv);
    }
    mesh_workload_free(actor.workload);
    mesh_error_free(actor.error);
    return rc < 0 ? usage() : rc;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage();
    return play(argv[1], argc - 2, argv + 2);
}
