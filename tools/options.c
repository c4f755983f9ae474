/*
 * options.c - options that several verbs have: settings of a workload, -o.
 *
 * Knows which option is which setter. What a setting means is the library's.
 */
#include "lmesh.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    int option;
    int (*set)(mesh_config *config, const char *value);
} setters[] = {
    { LMESH_POLICY, mesh_config_set_policy },
    { LMESH_IDENTITY, mesh_config_set_identity },
    { LMESH_NAMESPACE, mesh_config_set_namespace },
    { LMESH_SERVICE_ACCOUNT, mesh_config_set_service_account },
    { LMESH_LABELS, mesh_config_set_labels },
    { LMESH_TRUST_DOMAIN, mesh_config_set_trust_domain },
    { LMESH_ADDRESS, mesh_config_set_address },
    { LMESH_LOCALITY, mesh_config_set_locality },
    { LMESH_ACCESS_LOG, mesh_config_set_access_log },
    { LMESH_OTLP, mesh_config_set_otlp_endpoint },
};

int lmesh_misuse(const char *verb, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "lmesh %s: ", verb);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; see `lmesh help %s`\n", verb);
    return LMESH_USAGE;
}

int lmesh_number(const char *text, int64_t least, int64_t most, int64_t *out)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most)
        return -1;
    *out = value;
    return 0;
}

int lmesh_failed(const char *verb, int code, const mesh_error *error)
{
    const char *message = mesh_error_message(error);

    if (!*message)
        message = mesh_strerror(code);
    fprintf(stderr, "lmesh %s: %s [%s]\n", verb, message,
            mesh_error_name(code));
    return lmesh_status(code);
}

int lmesh_status(int code)
{
    switch (mesh_error_class(code)) {
    case MESH_CLASS_CALLER:
        return LMESH_USAGE;
    case MESH_CLASS_POLICY:
    case MESH_CLASS_IDENTITY:
        return LMESH_FINDINGS;
    default:
        return LMESH_UNREACHED;
    }
}

/* Whether text is one of words, which have blanks between them. */
static int is_form(const char *words, const char *text)
{
    size_t length = strlen(text);

    while (words && *words) {
        size_t size = strcspn(words, " ");

        if (size == length && !strncmp(words, text, size))
            return 1;
        words += size + (words[size] == ' ');
    }
    return 0;
}

static int take_output(struct lmesh_options *options)
{
    if (!strcmp(optarg, "json"))
        options->json = 1;
    else if (is_form(options->forms, optarg))
        options->form = optarg;
    else if (strcmp(optarg, "text"))
        return lmesh_misuse(options->argv[0], "-o takes text, json%s%s, not %s",
                            options->forms ? " or " : "",
                            options->forms ? options->forms : "", optarg);
    return 0;
}

int lmesh_has_colours(void)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && !(no && *no) && term &&
           strcmp(term, "dumb") != 0;
}

/* 1 when the option was a setting. */
static int take_setting(struct lmesh_options *options, int option)
{
    for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        if (setters[i].option != option)
            continue;
        int rc = setters[i].set(options->config, optarg);

        if (rc < 0)
            options->failed =
                lmesh_misuse(options->argv[0], "\"%s\" cannot be a setting: %s",
                             optarg, mesh_strerror(rc));
        return 1;
    }
    return 0;
}

int lmesh_option_next(struct lmesh_options *options)
{
    while (!options->failed) {
        int option = getopt_long(options->argc, options->argv, options->shorts,
                                 options->longs, NULL);

        if (option == '?')
            options->failed = lmesh_misuse(options->argv[0], "wrong option");
        else if (option == 'o')
            options->failed = take_output(options);
        else if (option < 0 || !options->config ||
                 !take_setting(options, option))
            return option;
    }
    return -1;
}

int lmesh_client_labels(const struct lmesh_options *options)
{
    if (options->placed || getenv("MESH_LABELS") || getenv("MESH_ADDRESS"))
        return 0;
    return mesh_config_set_labels(options->config, "");
}
