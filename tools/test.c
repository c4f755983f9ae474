/*
 * test.c - `lmesh test`: does a policy do what its author means?
 *
 * Reads every file before any case runs, so that a file that says nothing
 * sensible can hide behind no result.
 */
#include "test.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lmesh test [--policy PATH] [--filter PATTERN] [--list]\n"
    "                  [--reached] [-v] [-o text|tap|junit|json] FILE...\n"
    "\n"
    "Runs the cases of each FILE against a policy, with the engine that\n"
    "production runs. Nothing is sent. A FILE is YAML:\n"
    "\n"
    "  policy: policy            # beside this file\n"
    "  from: {namespace: shop}   # who asks, unless a case says\n"
    "  cases:\n"
    "  - name: the header chooses v2\n"
    "    request: {url: http://pay/, headers: {x-canary: \"true\"}}\n"
    "    expect: {destination: {subset: v2}, timeout: 5s}\n"
    "  - name: nine of ten see v1\n"
    "    request: {url: http://pay/}\n"
    "    distribution: {draws: 10000, within: 1, subsets: {v1: 90, v2: 10}}\n"
    "  - name: plaintext stays outside\n"
    "    to: {namespace: shop, labels: {app: pay}}\n"
    "    inbound: {path: /}\n"
    "    expect: {verdict: reject}\n"
    "\n"
    "  --policy PATH     this policy, not the one that a FILE names\n"
    "  --filter PATTERN  only cases whose name has this in it; * and ? stand\n"
    "                    for anything\n"
    "  --list            name the cases and run none\n"
    "  --reached         fail for each rule of the policy that no case "
    "reaches\n"
    "  -v                with the whole explanation of each\n"
    "  -o FORM           tap (version 14) and junit (XML) are for CI\n"
    "\n"
    "lmesh-test(5) tells all that can be expected. Ends with 1 when a case\n"
    "fails or the policy is refused, with 2 when a FILE is wrong.\n";

enum { FILTER = LMESH_OWN, LIST, REACHED };

static const struct option longs[] = {
    { "policy", required_argument, NULL, LMESH_POLICY },
    { "filter", required_argument, NULL, FILTER },
    { "list", no_argument, NULL, LIST },
    { "reached", no_argument, NULL, REACHED },
    LMESH_OPTIONS_END,
};

struct wish {
    const char *policy;
    const char *filter;
    int list;
    int reached;
    int verbose;
    int json;
    const char *form;
};

static int parse(int argc, char **argv, struct wish *wish)
{
    struct lmesh_options options = { .argc = argc,
                                     .argv = argv,
                                     .shorts = "o:v",
                                     .longs = longs,
                                     .forms = "tap junit" };
    int option;

    while ((option = lmesh_option_next(&options)) >= 0) {
        if (option == LMESH_POLICY)
            wish->policy = optarg;
        else if (option == FILTER)
            wish->filter = optarg;
        else if (option == LIST)
            wish->list = 1;
        else if (option == REACHED)
            wish->reached = 1;
        else
            wish->verbose = 1;
    }
    wish->json = options.json;
    wish->form = options.form;
    if (!options.failed && optind == argc)
        return lmesh_misuse(argv[0], "which FILE?");
    if (!options.failed && wish->reached && wish->filter)
        return lmesh_misuse(argv[0], "--reached wants every case to run");
    return options.failed;
}

/* Leaves out what the filter does not name: how many are left, or -1. */
static int64_t choose(struct test_file *files, size_t count, const char *filter)
{
    size_t size = filter ? strlen(filter) + 3 : 1;
    char *pattern = malloc(size);
    int64_t chosen = 0;

    if (!pattern)
        return -1;
    snprintf(pattern, size, filter ? "*%s*" : "%s", filter ? filter : "");
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < files[i].case_count; j++) {
            struct test_case *test = &files[i].cases[j];

            test->skipped = filter && fnmatch(pattern, test->name, 0) != 0;
            chosen += !test->skipped;
        }
    free(pattern);
    return chosen;
}

static void list(const struct test_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < files[i].case_count; j++)
            if (!files[i].cases[j].skipped)
                printf("%s:%d:%d: %s\n", files[i].path, files[i].cases[j].line,
                       files[i].cases[j].column, files[i].cases[j].name);
}

static void tell(const struct test_file *files, size_t count,
                 const struct wish *wish)
{
    if (wish->json)
        test_tell_json(files, count, wish->verbose);
    else if (!wish->form)
        test_tell_text(files, count, wish->verbose);
    else if (!strcmp(wish->form, "tap"))
        test_tell_tap(files, count, wish->verbose);
    else
        test_tell_junit(files, count, wish->verbose);
}

/* What lmesh ends with for these results: the worst. */
static int judge(const struct test_file *files, size_t count)
{
    int status = LMESH_FINE;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < files[i].case_count; j++) {
            const struct test_case *test = &files[i].cases[j];
            int ends = test->status == TEST_ERROR    ? test->ends
                       : test->status == TEST_FAILED ? LMESH_FINDINGS
                                                     : LMESH_FINE;

            status = ends > status ? ends : status;
        }
    return status;
}

static int test_all(struct test_file *files, size_t count, char **paths,
                    const struct wish *wish)
{
    int status = 0;
    int64_t chosen;

    for (size_t i = 0; i < count; i++) {
        int ends = test_file_read(&files[i], paths[i], wish->policy);

        status = ends > status ? ends : status;
    }
    if (status)
        return status;
    chosen = choose(files, count, wish->filter);
    if (chosen < 0)
        return lmesh_failed("test", MESH_ERR_NOMEM, NULL);
    if (chosen == 0)
        return lmesh_misuse("test", "no case has \"%s\" in its name",
                            wish->filter);
    if (wish->list) {
        list(files, count);
        return LMESH_FINE;
    }
    for (size_t i = 0; i < count; i++)
        test_file_run(&files[i], wish->verbose);
    if (wish->reached)
        status = test_reach_all(files, count);
    if (status)
        return status;
    tell(files, count, wish);
    return judge(files, count);
}

static int run(int argc, char **argv)
{
    struct wish wish = { 0 };
    struct test_file *files;
    size_t count;
    int status = parse(argc, argv, &wish);

    if (status)
        return status;
    count = (size_t)(argc - optind);
    files = calloc(count, sizeof(*files));
    if (!files)
        return lmesh_failed(argv[0], MESH_ERR_NOMEM, NULL);
    status = test_all(files, count, argv + optind, &wish);
    for (size_t i = 0; i < count; i++)
        test_file_fini(&files[i]);
    free(files);
    return status;
}

const struct lmesh_verb lmesh_test = {
    "test", "does a policy do what its author means: cases in YAML", usage, run
};
