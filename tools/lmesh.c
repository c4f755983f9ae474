/*
 * lmesh.c - the tool: a table of verbs.
 *
 * Knows the names of the verbs and nothing of what they do.
 */
#include "lmesh.h"

#include <string.h>

static const struct lmesh_verb *const verbs[] = {
    &lmesh_analyze, &lmesh_coverage, &lmesh_explain, &lmesh_authz,
    &lmesh_test,    &lmesh_call,     &lmesh_serve,   &lmesh_ca,
    &lmesh_trace,   &lmesh_spiffe,
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static const struct lmesh_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (!strcmp(verbs[i]->name, name))
            return verbs[i];
    return NULL;
}

static void print_overview(FILE *out)
{
    fputs("usage: lmesh VERB [OPTION]... [ARGUMENT]...\n\n", out);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-10s%s\n", verbs[i]->name, verbs[i]->summary);
    fputs("\n`lmesh help VERB` tells more, and so does lmesh(1).\n"
          "Ends with 0 when all is fine, 1 for findings or a refusal, 2 for\n"
          "wrong usage, 3 for what could not be reached or read.\n",
          out);
}

static int help(const char *name)
{
    const struct lmesh_verb *verb;

    if (!name) {
        print_overview(stdout);
        return LMESH_FINE;
    }
    verb = find_verb(name);
    if (!verb) {
        fprintf(stderr, "lmesh: there is no verb \"%s\"\n", name);
        return LMESH_USAGE;
    }
    fputs(verb->usage, stdout);
    return LMESH_FINE;
}

static int run(int argc, char **argv)
{
    const struct lmesh_verb *verb;

    if (argc < 2) {
        print_overview(stderr);
        return LMESH_USAGE;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("lmesh %s (%s)\n", mesh_version(), mesh_engine());
        return LMESH_FINE;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help"))
        return help(argc > 2 ? argv[2] : NULL);
    verb = find_verb(argv[1]);
    if (!verb) {
        fprintf(stderr, "lmesh: there is no verb \"%s\"; see `lmesh help`\n",
                argv[1]);
        return LMESH_USAGE;
    }
    if (argc > 2 && !strcmp(argv[2], "--help"))
        return help(verb->name);
    return verb->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    int status = run(argc, argv);

    /* what was said must have arrived, e.g. on a full disk */
    if (fflush(stdout) && status == LMESH_FINE) {
        perror("lmesh: standard output");
        status = LMESH_UNREACHED;
    }
    return status;
}
