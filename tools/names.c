/*
 * names.c - `lmesh trace` and `lmesh spiffe`: how the library reads a trace
 * context and an id.
 */
#include "lmesh.h"

static const char trace_usage[] =
    "usage: lmesh trace [-o json] TRACEPARENT [TRACESTATE]\n"
    "\n"
    "Tells how a W3C trace context is read: decision is continue, restart "
    "(the\n"
    "header is malformed, so a new trace begins) or none.\n";

static const char spiffe_usage[] = "usage: lmesh spiffe [-o json] ID\n"
                                   "\n"
                                   "Tells how a SPIFFE id is read, or what is "
                                   "wrong with it. Ends with 1 when\n"
                                   "it is not valid.\n";

static const struct option longs[] = { LMESH_OPTIONS_END };

/* Prints the library's flat object, and gives it back. */
static void show(char *text, int json)
{
    struct lmesh_object object;
    char *at = text;

    if (text && json)
        puts(text);
    else if (text && !lmesh_object_read(&at, &object))
        lmesh_object_print(stdout, &object);
    mesh_text_free(text);
}

/* -o, and between least and most arguments. */
static int parse(struct lmesh_options *options, int least, int most)
{
    int count;

    lmesh_option_next(options);
    if (options->failed)
        return options->failed;
    count = options->argc - optind;
    if (count < least || count > most)
        return lmesh_misuse(options->argv[0], "%d arguments", count);
    return 0;
}

static int run_trace(int argc, char **argv)
{
    struct lmesh_options options = {
        .argc = argc, .argv = argv, .shorts = "o:", .longs = longs
    };
    int status = parse(&options, 1, 2);
    mesh_error *error;
    char *text = NULL;
    int rc;

    if (status)
        return status;
    error = mesh_error_new();
    rc = mesh_trace_json(argv[optind],
                         optind + 1 < argc ? argv[optind + 1] : NULL, &text,
                         error);
    show(text, options.json);
    status = rc < 0 ? lmesh_failed(argv[0], rc, error) : LMESH_FINE;
    mesh_error_free(error);
    return status;
}

static int run_spiffe(int argc, char **argv)
{
    struct lmesh_options options = {
        .argc = argc, .argv = argv, .shorts = "o:", .longs = longs
    };
    int status = parse(&options, 1, 1);
    mesh_error *error;
    char *text = NULL;
    int rc;

    if (status)
        return status;
    error = mesh_error_new();
    rc = mesh_spiffe_json(argv[optind], &text, error);
    show(text, options.json);
    if (rc == MESH_ERR_PEER_IDENTITY)
        status = LMESH_FINDINGS;
    else if (rc < 0)
        status = lmesh_failed(argv[0], rc, error);
    mesh_error_free(error);
    return status;
}

const struct lmesh_verb lmesh_trace = { "trace", "how a trace context is read",
                                        trace_usage, run_trace };

const struct lmesh_verb lmesh_spiffe = { "spiffe", "how a SPIFFE id is read",
                                         spiffe_usage, run_spiffe };
