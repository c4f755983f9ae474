/*
 * explain.c - `lmesh explain`: the whole outbound decision, and why.
 */
#include "lmesh.h"

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

static int explain(mesh_workload *workload, const mesh_request *request,
                   int64_t seed, int json)
{
    mesh_error *error = mesh_error_new();
    mesh_decision *decision = NULL;
    int rc = mesh_explain(workload, request, seed, &decision, error);
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
    mesh_request *request = NULL;
    int64_t seed = 0;
    int status = parse(&options, &wish, &seed);

    if (!status)
        status = lmesh_wish_request(&wish, argv[0], argv[optind], &request);
    if (!status)
        status = lmesh_client_labels(&options);
    if (!status)
        status = lmesh_offline(argv[0], config, &workload);
    if (!status)
        status = explain(workload, request, seed, options.json);
    mesh_request_free(request);
    mesh_workload_free(workload);
    mesh_config_free(config);
    return status;
}

const struct lmesh_verb lmesh_explain = {
    "explain", "what would happen to an outbound request, and why", usage, run
};
