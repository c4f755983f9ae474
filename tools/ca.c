/*
 * ca.c - `lmesh ca`: an embedded development CA, so that nothing else is
 * needed to start.
 */
#include "lmesh.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lmesh ca init DIR [--trust-domain TD]\n"
    "       lmesh ca issue DIR --namespace NS --service-account SA\n"
    "                          [--out DIR] [--ttl 24h]\n"
    "\n"
    "init makes root-cert.pem and ca-key.pem in DIR; the trust domain is\n"
    "cluster.local unless given. issue writes cert-chain.pem, key.pem and\n"
    "root-cert.pem for spiffe://TD/ns/NS/sa/SA into --out (DIR/NS.SA unless\n"
    "given): what --identity takes. A ttl is a number with s, m, h or d; a\n"
    "negative one gives a certificate that expired so long ago, within the\n"
    "CA's own life.\n"
    "For development: the CA's key lies in a file.\n";

enum { NAMESPACE = LMESH_OWN, SERVICE_ACCOUNT, TRUST_DOMAIN, OUT, TTL };

static const struct option longs[] = {
    { "namespace", required_argument, NULL, NAMESPACE },
    { "service-account", required_argument, NULL, SERVICE_ACCOUNT },
    { "trust-domain", required_argument, NULL, TRUST_DOMAIN },
    { "out", required_argument, NULL, OUT },
    { "ttl", required_argument, NULL, TTL },
    LMESH_OPTIONS_END,
};

struct order {
    const char *trust_domain;
    const char *namespace_;
    const char *service_account;
    const char *out;
    int64_t ttl_s;
};

/* A hundred years. */
#define TTL_MOST ((int64_t)100 * 365 * 86400)

/* "24h", "-1h": 0, or -1. */
static int parse_ttl(const char *text, int64_t *seconds)
{
    static const char units[] = "smhd";
    static const int64_t factors[] = { 1, 60, 3600, 86400 };
    const char *unit;
    char number[16];
    size_t length = strlen(text);

    if (length < 2 || length > sizeof(number))
        return -1;
    unit = strchr(units, text[length - 1]);
    if (!unit)
        return -1;
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    if (lmesh_number(number, -TTL_MOST, TTL_MOST, seconds))
        return -1;
    *seconds *= factors[unit - units];
    return !*seconds || *seconds > TTL_MOST || *seconds < -TTL_MOST ? -1 : 0;
}

static int parse(struct lmesh_options *options, struct order *order)
{
    int option;

    while ((option = lmesh_option_next(options)) >= 0) {
        if (option == NAMESPACE)
            order->namespace_ = optarg;
        else if (option == SERVICE_ACCOUNT)
            order->service_account = optarg;
        else if (option == TRUST_DOMAIN)
            order->trust_domain = optarg;
        else if (option == OUT)
            order->out = optarg;
        else if (parse_ttl(optarg, &order->ttl_s))
            return lmesh_misuse("ca", "\"%s\" is no time like 24h", optarg);
    }
    return options->failed;
}

static int init(const char *directory, const struct order *order)
{
    mesh_error *error = mesh_error_new();
    int rc = mesh_ca_init(directory, order->trust_domain, error);
    int status = rc < 0 ? lmesh_failed("ca", rc, error) : LMESH_FINE;

    mesh_error_free(error);
    return status;
}

/* DIR/NS.SA; the caller's, for free(). */
static char *default_out(const char *directory, const struct order *order)
{
    size_t size = strlen(directory) + strlen(order->namespace_) +
                  strlen(order->service_account) + sizeof("/.");
    char *out = malloc(size);

    if (out && snprintf(out, size, "%s/%s.%s", directory, order->namespace_,
                        order->service_account) < 0)
        *out = '\0';
    return out;
}

static int issue(const char *directory, const struct order *order)
{
    mesh_error *error;
    char *made = NULL;
    const char *out = order->out;
    int status;
    int rc;

    if (!order->namespace_ || !order->service_account)
        return lmesh_misuse("ca",
                            "--namespace and --service-account are needed");
    if (!out)
        out = made = default_out(directory, order);
    if (!out)
        return LMESH_UNREACHED;
    error = mesh_error_new();
    rc = mesh_ca_issue(directory, order->namespace_, order->service_account,
                       order->ttl_s, out, error);
    status = rc < 0 ? lmesh_failed("ca", rc, error) : LMESH_FINE;
    if (status == LMESH_FINE)
        puts(out);
    mesh_error_free(error);
    free(made);
    return status;
}

static int run(int argc, char **argv)
{
    struct lmesh_options options = {
        .argc = argc, .argv = argv, .shorts = "", .longs = longs
    };
    struct order order = { .trust_domain = "cluster.local", .ttl_s = 86400 };
    int status = parse(&options, &order);

    if (status)
        return status;
    if (argc - optind != 2)
        return lmesh_misuse(argv[0], "init or issue, and a directory");
    if (!strcmp(argv[optind], "init"))
        return init(argv[optind + 1], &order);
    if (!strcmp(argv[optind], "issue"))
        return issue(argv[optind + 1], &order);
    return lmesh_misuse(argv[0], "init or issue, not %s", argv[optind]);
}

const struct lmesh_verb lmesh_ca = { "ca",
                                     "an embedded development CA: init, issue",
                                     usage, run };
