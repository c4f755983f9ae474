/*
 * authz.c - `lmesh authz`: may this request come in, and which rule says so.
 */
#include "lmesh.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lmesh authz --policy PATH --namespace NS [--labels k=v,...]\n"
    "                   [--port N] [--principal ID] [--source-ip IP]\n"
    "                   [--claims JSON] [-X METHOD] [-H 'name: value']...\n"
    "                   [-o json] PATH_OR_URL\n"
    "\n"
    "Gives the inbound verdict for a workload of that namespace and labels:\n"
    "PeerAuthentication of the port, then AuthorizationPolicy.\n"
    "\n"
    "  --principal ID   spiffe://TD/ns/NS/sa/SA (the scheme may be left out);\n"
    "                   without it the client comes in plaintext\n"
    "  --source-ip IP   the client's address; without it, unknown\n"
    "  -H 'name: value' a header; 'name:' says that there is none of the name\n"
    "  --claims JSON    not in this version: RequestAuthentication is "
    "refused,\n"
    "                   so no claim can be proven\n"
    "\n"
    "What is unknown counts as matched for DENY and as unmatched for ALLOW.\n"
    "Ends with 1 when the request is denied or rejected.\n";

enum { PORT = LMESH_OWN, PRINCIPAL, SOURCE_IP, CLAIMS };

static const struct option longs[] = {
    LMESH_OFFLINE_SETTINGS,
    { "port", required_argument, NULL, PORT },
    { "principal", required_argument, NULL, PRINCIPAL },
    { "source-ip", required_argument, NULL, SOURCE_IP },
    { "claims", required_argument, NULL, CLAIMS },
    LMESH_OPTIONS_END,
};

/* Who asks, as the options say it. */
struct asker {
    const char *port;
    const char *principal;
    const char *source_ip;
};

static int set(mesh_attributes *attributes, const char *name, const char *value)
{
    mesh_error *error = mesh_error_new();
    int rc = mesh_attributes_set(attributes, name, value, error);
    int status = rc < 0 ? lmesh_failed("authz", rc, error) : 0;

    mesh_error_free(error);
    return status;
}

/* A name built of pieces: "request.headers[" + name + "]", for example. */
static int set_with(mesh_attributes *attributes, const char *name,
                    const char *before, const char *piece, const char *after)
{
    size_t size = strlen(before) + strlen(piece) + strlen(after) + 1;
    char *whole = malloc(size);
    int status = LMESH_UNREACHED;

    if (whole && snprintf(whole, size, "%s%s%s", before, piece, after) > 0)
        status = set(attributes, name, whole);
    free(whole);
    return status;
}

static int set_header(mesh_attributes *attributes, const char *line)
{
    char attribute[512];
    char *name;
    const char *value;
    int length;

    if (lmesh_header_split(line, &name, &value))
        return lmesh_misuse("authz", "-H takes 'name: value', not '%s'", line);
    length =
        snprintf(attribute, sizeof(attribute), "request.headers[%s]", name);
    free(name);
    if (length < 0 || (size_t)length >= sizeof(attribute))
        return lmesh_misuse("authz", "a header name of %d bytes", length);
    return set(attributes, attribute, value);
}

static int set_asker(mesh_attributes *attributes, const struct asker *asker)
{
    static const char scheme[] = "spiffe://";
    const char *id = asker->principal;
    int status;

    if (!id || !*id)
        status = set(attributes, "source.principal", NULL);
    else if (!strncmp(id, scheme, sizeof(scheme) - 1))
        status = set(attributes, "source.principal", id);
    else
        status = set_with(attributes, "source.principal", scheme, id, "");
    if (!status && asker->source_ip)
        status = set(attributes, "source.ip", asker->source_ip);
    if (!status && asker->port)
        status = set(attributes, "destination.port", asker->port);
    return status;
}

/* "/path" or "http://host/path". */
static int set_target(mesh_attributes *attributes, const char *target)
{
    const char *host = strstr(target, "://");
    size_t length;
    char *name;
    int status;

    if (!host)
        return set(attributes, "request.path", target);
    host += 3;
    length = strcspn(host, "/?");
    name = strndup(host, length);
    if (!name)
        return LMESH_UNREACHED;
    status = set(attributes, "request.host", name);
    free(name);
    if (status)
        return status;
    if (host[length] == '?')
        return set_with(attributes, "request.path", "/", host + length, "");
    return set(attributes, "request.path", host[length] ? host + length : "/");
}

static int describe(mesh_attributes *attributes, const struct asker *asker,
                    const struct lmesh_wish *wish, const char *target)
{
    int status = set_asker(attributes, asker);

    if (!status)
        status = set(attributes, "request.method", lmesh_wish_method(wish));
    if (!status)
        status = set_target(attributes, target);
    for (size_t i = 0; !status && i < wish->header_count; i++)
        status = set_header(attributes, wish->headers[i]);
    return status;
}

static int judge(mesh_workload *workload, const mesh_attributes *attributes,
                 int json)
{
    mesh_error *error = mesh_error_new();
    mesh_decision *decision = NULL;
    int rc = mesh_authorize(workload, attributes, &decision, error);
    int status = LMESH_FINE;

    if (rc == MESH_ERR_DENIED)
        status = LMESH_FINDINGS;
    else if (rc < 0)
        status = lmesh_failed("authz", rc, error);
    if (decision) {
        puts(json ? mesh_decision_json(decision)
                  : mesh_decision_text(decision));
    }
    mesh_decision_free(decision);
    mesh_error_free(error);
    return status;
}

static int parse(struct lmesh_options *options, struct lmesh_wish *wish,
                 struct asker *asker)
{
    const char *verb = options->argv[0];
    int option;

    while ((option = lmesh_option_next(options)) >= 0) {
        if (option == PORT)
            asker->port = optarg;
        else if (option == PRINCIPAL)
            asker->principal = optarg;
        else if (option == SOURCE_IP)
            asker->source_ip = optarg;
        else if (option == CLAIMS)
            return lmesh_misuse(verb, "this version reads no tokens, so "
                                      "--claims can prove nothing");
        else if (lmesh_wish_take(wish, option, optarg) < 0)
            return lmesh_misuse(verb, "too many headers");
    }
    if (!options->failed && optind + 1 != options->argc)
        return lmesh_misuse(verb, "one path or URL is needed");
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
    struct asker asker = { 0 };
    mesh_attributes *attributes = mesh_attributes_new();
    mesh_workload *workload = NULL;
    int status = parse(&options, &wish, &asker);

    if (!status)
        status = describe(attributes, &asker, &wish, argv[optind]);
    if (!status)
        status = lmesh_offline(argv[0], config, &workload);
    if (!status)
        status = judge(workload, attributes, options.json);
    mesh_attributes_free(attributes);
    mesh_workload_free(workload);
    mesh_config_free(config);
    return status;
}

const struct lmesh_verb lmesh_authz = {
    "authz", "may this inbound request come in, and why", usage, run
};
