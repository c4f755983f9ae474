/*
 * test_read.c - a test file to cases.
 *
 * The tables have checked each value by itself; here it is looked at what a
 * case must have together.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define CASES_MOST 10000
#define DRAWS_MOST 1000000

/* The policy beside the file, unless one was given: 0, or -1. */
static int find_policy(struct test_file *file, const struct test_node *root,
                       const char *given)
{
    const struct test_node *said = test_node_find(root, "policy");
    const char *slash = strrchr(file->path, '/');
    int length = slash ? (int)(slash - file->path) + 1 : 0;

    if (given)
        file->policy = test_copy(&file->arena, given, strlen(given));
    else if (said && *said->text)
        file->policy =
            test_format(&file->arena, "%.*s%s", *said->text == '/' ? 0 : length,
                        file->path, said->text);
    else
        test_complain(file, said ? said : root, NULL, NULL,
                      "policy is missing, and --policy was not given");
    if (!file->policy && !file->complaints)
        test_complain(file, NULL, NULL, NULL, "memory is out");
    return file->policy ? 0 : -1;
}

/* Exactly one of the keys that say what is asked; NULL after complaining. */
static const struct test_sort *find_sort(struct test_file *file,
                                         const struct test_node *node,
                                         const struct test_path *path)
{
    const struct test_sort *found = NULL;
    size_t count = 0;

    for (const struct test_sort *sort = test_sorts; sort->name; sort++) {
        if (!test_node_find(node, sort->name))
            continue;
        found = sort;
        count++;
    }
    if (count == 1)
        return found;
    test_complain(file, node, path, NULL,
                  "wants one of request, connect, inbound%s",
                  count ? ", not two" : "");
    return NULL;
}

/* It decides, or the file's default does: 0, or -1 when it has complained. */
static int read_place(struct test_file *file, struct test_case *test,
                      const struct test_node *node,
                      const struct test_node *root, struct test_path *path)
{
    const char *whose = test->sort->whose;
    const struct test_node *own = test_node_find(node, whose);
    const struct test_node *place = own ? own : test_node_find(root, whose);
    size_t before;

    for (const struct test_sort *sort = test_sorts; sort->name; sort++) {
        const struct test_node *idle = test_node_find(node, sort->whose);

        if (!idle || !strcmp(sort->whose, whose))
            continue;
        test_complain(file, idle, path, NULL,
                      "%s decides nothing here, %s does", sort->whose, whose);
        return -1;
    }
    if (!place) {
        test_complain(file, node, path, NULL,
                      "%s is missing, here and at the top of the file", whose);
        return -1;
    }
    before = test_path_add(path, ".%s", whose);
    test->place = test_place_find(file, place, path, test->sort->serves);
    test_path_cut(path, before);
    return test->place ? 0 : -1;
}

static int read_distribution(struct test_file *file, struct test_case *test,
                             const struct test_node *node,
                             struct test_path *path)
{
    const struct test_node *draws = test_node_find(node, "draws");

    test->distribution = node;
    if (!test->sort->draws)
        test_complain(file, node, path, NULL, "%s draws nothing",
                      test->sort->name);
    else if (node->count == 2)
        test_complain(file, node, path, NULL,
                      "says nothing of what is drawn: destinations, subsets, "
                      "endpoints, verdicts, mirrored, delayed");
    else if (test_node_whole(draws) < 1 || test_node_whole(draws) > DRAWS_MOST)
        test_complain(file, draws, path, NULL, "draws is from 1 to %d",
                      DRAWS_MOST);
    else
        return 0;
    return -1;
}

static int read_expect(struct test_file *file, struct test_case *test,
                       const struct test_node *node, struct test_path *path)
{
    size_t before = test_path_add(path, ".expect");
    int rc;

    test->expect = node;
    file->asserting = 1;
    rc = test_check(file, node, test->sort->expect, path);
    file->asserting = 0;
    test_path_cut(path, before);
    return rc;
}

/* Another case's name would say which of two failed to nobody. */
static int check_name(struct test_file *file, const struct test_case *test,
                      const struct test_node *node,
                      const struct test_path *path)
{
    const struct test_node *name = test_node_find(node, "name");

    if (!*test->name)
        test_complain(file, name, path, NULL, "the name is empty");
    for (size_t i = 0; i < file->case_count; i++)
        if (!strcmp(file->cases[i].name, test->name))
            test_complain(file, name, path, NULL,
                          "the case in line %d has this name too",
                          file->cases[i].line);
    return 0;
}

/* Complains, or leaves a whole case in test. */
static void read_case(struct test_file *file, struct test_case *test,
                      const struct test_node *node,
                      const struct test_node *root, struct test_path *path)
{
    const struct test_node *expect = test_node_find(node, "expect");
    const struct test_node *distribution = test_node_find(node, "distribution");
    size_t before;

    test->name = test_node_text(node, "name");
    test->line = node->line;
    test->column = node->column;
    test->seed = test_node_whole(test_node_find(node, "seed"));
    check_name(file, test, node, path);
    if (!expect && !distribution)
        test_complain(file, node, path, NULL,
                      "expects nothing: expect or distribution is missing");
    test->sort = find_sort(file, node, path);
    if (!test->sort)
        return;
    if (test->sort->draws == 0 && test_node_find(node, "seed"))
        test_complain(file, test_node_find(node, "seed"), path, NULL,
                      "%s draws nothing", test->sort->name);
    if (read_place(file, test, node, root, path))
        return;
    before = test_path_add(path, ".%s", test->sort->name);
    test->sort->read(file, test, test_node_find(node, test->sort->name), path);
    test_path_cut(path, before);
    if (expect)
        read_expect(file, test, expect, path);
    before = test_path_add(path, ".distribution");
    if (distribution)
        read_distribution(file, test, distribution, path);
    test_path_cut(path, before);
}

static void read_cases(struct test_file *file, const struct test_node *root)
{
    const struct test_node *cases = test_node_find(root, "cases");
    struct test_path path = { .length = 0 };

    if (cases->count > CASES_MOST) {
        test_complain(file, cases, NULL, NULL, "more than %d cases",
                      CASES_MOST);
        return;
    }
    file->cases =
        test_alloc(&file->arena, (cases->count + 1) * sizeof(*file->cases));
    if (!file->cases) {
        test_complain(file, NULL, NULL, NULL, "memory is out");
        return;
    }
    for (size_t i = 0; i < cases->count; i++) {
        size_t before = test_path_add(&path, "cases[%zu]", i);

        read_case(file, &file->cases[i], cases->items[i], root, &path);
        file->case_count++;
        test_path_cut(&path, before);
    }
}

int test_file_read(struct test_file *file, const char *path, const char *policy)
{
    struct test_path at = { .length = 0 };
    const struct test_node *root;

    memset(file, 0, sizeof(*file));
    file->path = path;
    root = test_yaml(file);
    if (root && test_check(file, root, &test_file_key, &at) == 0 &&
        find_policy(file, root, policy) == 0)
        read_cases(file, root);
    if (file->complaints > TEST_COMPLAINTS_MOST)
        fprintf(stderr, "%s: and %d more errors\n", path,
                file->complaints - TEST_COMPLAINTS_MOST);
    if (file->unreached)
        return LMESH_UNREACHED;
    return file->complaints ? LMESH_USAGE : 0;
}

void test_file_fini(struct test_file *file)
{
    for (size_t i = 0; i < file->case_count; i++) {
        mesh_request_free(file->cases[i].request);
        mesh_attributes_free(file->cases[i].attributes);
    }
    for (size_t i = 0; i < file->place_count; i++) {
        mesh_workload_free(file->places[i]->workload);
        mesh_config_free(file->places[i]->config);
    }
    free(file->places);
    free(file->reaches);
    test_arena_fini(&file->arena);
}
