/*
 * explain.c - `lmesh explain`: the whole outbound decision, and why.
 */
#include "lmesh.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lmesh explain --policy PATH [--namespace NS] [--labels k=v,...]\n"
    "                     [-X METHOD] [-H 'name: value']... [--seed N]\n"
    "                     [-o json] URL\n"
    "\n"
    "Tells what a workload would do with this request: which rule matches and\n"
    "why the others do not, destination, endpoints, timeout, retries, TLS and\n"
    "the names it expects. Nothing is sent. The same seed settles the dice "
    "the\n"
    "same way.\n"
    "tcp://HOST:PORT is a stream: the tcp and tls routes are told of.\n"
    "Ends with 1 when the request would not be sent to a server.\n";

enum { SEED = LMESH_OWN };

static const struct option longs[] = {
    LMESH_OFFLINE_SETTINGS,
    { "seed", required_argument, NULL, SEED },
    LMESH_OPTIONS_END,
};

/* Whether it says "verdict": "route": the request goes to a server. */
static int is_routed(const char *json)
{
    static const char key[] = "\"verdict\"";
    const char *at = strstr(json, key);

    if (!at)
        return 0;
    at += sizeof(key) - 1;
    at += strspn(at, ": ");
    return !strncmp(at, "\"route\"", 7);
}

/* What is asked about: one of the two. */
struct subject {
    mesh_request *request;
    mesh_attributes *stream;
};

static const char scheme[] = "tcp://";

static int set(mesh_attributes *stream, const char *name, const char *value)
{
    mesh_error *error = mesh_error_new();
    int rc = mesh_attributes_set(stream, name, value, error);
    int status = rc < 0 ? lmesh_failed("explain", rc, error) : 0;

    mesh_error_free(error);
    return status;
}

/* "tcp://HOST:PORT". */
static int read_stream(const char *url, mesh_attributes **out)
{
    char *host = strdup(url + sizeof(scheme) - 1);
    char *colon = host ? strrchr(host, ':') : NULL;
    int status;

    *out = host ? mesh_attributes_new() : NULL;
    if (!*out) {
        status = LMESH_UNREACHED;
    } else if (!colon) {
        status = lmesh_misuse("explain", "%s has no port", url);
    } else {
        *colon = '\0';
        status = set(*out, "destination.host", host);
        if (!status)
            status = set(*out, "destination.port", colon + 1);
    }
    free(host);
    return status;
}

static int read_subject(const struct lmesh_wish *wish, const char *verb,
                        const char *url, struct subject *out)
{
    if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
        return lmesh_wish_request(wish, verb, url, &out->request);
    if (wish->method || wish->header_count)
        return lmesh_misuse(verb, "a stream has neither method nor headers");
    return read_stream(url, &out->stream);
}

static int explain(mesh_workload *workload, const struct subject *subject,
                   int64_t seed, int json)
{
    mesh_error *error = mesh_error_new();
    mesh_decision *decision = NULL;
    int rc =
        subject->stream
            ? mesh_explain_attributes(workload, subject->stream, seed,
                                      &decision, error)
            : mesh_explain(workload, subject->request, seed, &decision, error);
    int status = rc < 0 ? lmesh_failed("explain", rc, error) : 0;

    if (decision) {
        if (!is_routed(mesh_decision_json(decision)))
            status = LMESH_FINDINGS;
        puts(json ? mesh_decision_json(decision)
                  : mesh_decision_text(decision));
    }
    mesh_decision_free(decision);
    mesh_error_free(error);
    return status;
}

static int parse(struct lmesh_options *options, struct lmesh_wish *wish,
                 int64_t *seed)
{
    const char *verb = options->argv[0];
    int option;

    while ((option = lmesh_option_next(options)) >= 0) {
        int taken = lmesh_wish_take(wish, option, optarg);

        if (taken < 0)
            return lmesh_misuse(verb, "too many headers");
        if (!taken && lmesh_number(optarg, INT64_MIN, INT64_MAX, seed))
            return lmesh_misuse(verb, "--seed takes a number");
    }
    if (!options->failed && optind + 1 != options->argc)
        return lmesh_misuse(verb, "one URL is needed");
    return options->failed;
}

static int run(int argc, char **argv)
{
    mesh_config *config = mesh_config_new();
    struct lmesh_options options = { .argc = argc,
                                     .argv = argv,
                                     .shorts = "o:X:H:",
                                     .longs = longs,
                                     .config = config };
    struct lmesh_wish wish = { 0 };
    mesh_workload *workload = NULL;
    struct subject subject = { 0 };
    int64_t seed = 0;
    int status = parse(&options, &wish, &seed);

    if (!status)
        status = read_subject(&wish, argv[0], argv[optind], &subject);
    if (!status)
        status = lmesh_client_labels(&options);
    if (!status)
        status = lmesh_offline(argv[0], config, &workload);
    if (!status)
        status = explain(workload, &subject, seed, options.json);
    mesh_request_free(subject.request);
    mesh_attributes_free(subject.stream);
    mesh_workload_free(workload);
    mesh_config_free(config);
    return status;
}

const struct lmesh_verb lmesh_explain = {
    "explain", "what would happen to an outbound request or stream, and why",
    usage, run
};
