/*
 * test_reach.c - which rules of a policy no case reaches.
 *
 * The engine's steps say which lines decided; the library's coverage says which
 * routes of VirtualServices and rules of AuthorizationPolicies there are. What
 * is left is a case of its own that fails, so that every form of the results
 * tells it.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

/* One item of a list of rules, from the line behind the one before. */
struct item {
    const char *resource;
    const char *file;
    char path[64]; /* "spec.http[3]" */
    int64_t after; /* the last line that surely is not its own */
    int64_t first;
    int64_t last;
};

/* --- what was reached --- */

static int is_reached(const struct test_file *file, const struct item *item)
{
    for (size_t i = 0; i < file->reach_count; i++) {
        const struct test_reach *reach = &file->reaches[i];
        int64_t least =
            item->after < item->first ? item->after + 1 : item->first;

        if (reach->line >= least && reach->line <= item->last &&
            !strcmp(reach->file, item->file))
            return 1;
    }
    return 0;
}

static int remember(struct test_file *file, const char *name, int64_t line)
{
    struct test_reach *more;

    for (size_t i = 0; i < file->reach_count; i++)
        if (file->reaches[i].line == line &&
            !strcmp(file->reaches[i].file, name))
            return 0;
    more = realloc(file->reaches,
                   (file->reach_count + 1) * sizeof(*file->reaches));
    if (!more)
        return -1;
    file->reaches = more;
    more += file->reach_count;
    more->file = test_copy(&file->arena, name, strlen(name));
    more->line = line;
    file->reach_count += more->file != NULL;
    return more->file ? 0 : -1;
}

int test_reach_take(struct test_file *file, const struct test_node *answer)
{
    const struct test_node *steps = test_node_find(answer, "rules");
    int rc = 0;

    for (size_t i = 0; steps && i < steps->count && rc == 0; i++) {
        const struct test_node *step = steps->items[i];
        const char *what = test_node_text(step, "what");
        const char *name = test_node_text(step, "file");

        if (*name && strcmp(what, "host") != 0 &&
            strcmp(what, "endpoint") != 0 &&
            test_node_true(test_node_find(step, "matched")))
            rc = remember(file, name,
                          test_node_whole(test_node_find(step, "line")));
    }
    return rc;
}

/* --- what there is --- */

struct walk {
    struct test_file *files; /* all of them, of which some have the policy */
    size_t count;
    struct test_file *file; /* the last of those: it has the case          */
    struct test_case *test;
    struct item item;
};

static int has_policy(const struct walk *walk, size_t index)
{
    return !strcmp(walk->files[index].policy, walk->file->policy);
}

/* Ends an item: 0, or -1 when memory is out. */
static int close_item(struct walk *walk)
{
    static const struct test_node top = { .line = 1, .column = 1 };
    struct item *item = &walk->item;
    struct test_arena *arena = &walk->file->arena;
    struct test_path path = { .length = 0 };
    int is_new = *item->path != '\0';

    for (size_t i = 0; i < walk->count && is_new; i++)
        is_new = !has_policy(walk, i) || !is_reached(&walk->files[i], item);
    if (*item->path)
        item->after = item->last;
    if (!is_new)
        return 0;
    test_path_add(&path, "%s %s", item->resource, item->path);
    return test_miss(
        walk->file, walk->test, &top, &path, "a case that reaches it", "none",
        test_format(arena, "%s:%lld", item->file, (long long)item->first));
}

/* The length of "spec.http[3]" at the start of a field's path; 0 for none. */
static size_t item_length(const char *resource, const char *path)
{
    static const struct {
        const char *kind;
        const char *list;
    } lists[] = {
        { "VirtualService/", "spec.http[" },
        { "VirtualService/", "spec.tls[" },
        { "VirtualService/", "spec.tcp[" },
        { "AuthorizationPolicy/", "spec.rules[" },
    };
    const char *end = strchr(path, ']');

    for (size_t i = 0; end && i < sizeof(lists) / sizeof(lists[0]); i++)
        if (!strncmp(resource, lists[i].kind, strlen(lists[i].kind)) &&
            !strncmp(path, lists[i].list, strlen(lists[i].list)))
            return (size_t)(end - path) + 1;
    return 0;
}

/* One field that the policy uses, in the order written. */
static int take_field(struct walk *walk, const struct test_node *field)
{
    struct item *item = &walk->item;
    const char *resource = test_node_text(field, "resource");
    const char *path = test_node_text(field, "path");
    int64_t line = test_node_whole(test_node_find(field, "line"));
    size_t length = item_length(resource, path);
    int rc = 0;

    if (length && length < sizeof(item->path) && item->resource &&
        !strcmp(resource, item->resource) && length == strlen(item->path) &&
        !strncmp(path, item->path, length)) {
        item->last = line > item->last ? line : item->last;
        return 0;
    }
    rc = close_item(walk);
    if (!length || length >= sizeof(item->path)) {
        item->path[0] = '\0';
        item->after = line;
        return rc;
    }
    item->resource = resource;
    item->file = test_node_text(field, "file");
    memcpy(item->path, path, length);
    item->path[length] = '\0';
    item->first = item->last = line;
    return rc;
}

/* A case more in the last file of this policy; its place was kept free. */
static int judge_policy(struct walk *walk, const struct test_node *fields)
{
    int rc = 0;

    walk->test = &walk->file->cases[walk->file->case_count++];
    walk->test->name = "every rule is reached";
    walk->test->line = walk->test->column = 1;
    for (size_t i = 0; fields && i < fields->count && rc == 0; i++)
        rc = take_field(walk, fields->items[i]);
    return rc == 0 ? close_item(walk) : rc;
}

/* 0, or what lmesh ends with (already told). */
static int ask_policy(struct walk *walk)
{
    mesh_error *error = mesh_error_new();
    struct test_arena arena = { NULL };
    const struct test_node *answer;
    char *text = NULL;
    int rc = mesh_coverage_json(walk->file->policy, &text, error);

    if (rc == 0) {
        answer = test_json(&arena, text);
        if (!answer || judge_policy(walk, test_node_find(answer, "fields")) < 0)
            rc = MESH_ERR_NOMEM;
    }
    rc = rc < 0 ? lmesh_failed("test", rc, error) : 0;
    test_arena_fini(&arena);
    mesh_text_free(text);
    mesh_error_free(error);
    return rc;
}

/* What could not even be decided reaches nothing, and that was told. */
static int has_errors(const struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++)
        for (size_t j = 0; has_policy(walk, i) && j < walk->files[i].case_count;
             j++)
            if (walk->files[i].cases[j].status == TEST_ERROR)
                return 1;
    return 0;
}

int test_reach_all(struct test_file *files, size_t count)
{
    int status = 0;

    for (size_t i = 0; i < count && !status; i++) {
        struct walk walk = { .files = files,
                             .count = count,
                             .file = &files[i] };
        size_t last = count - 1;

        while (!has_policy(&walk, last))
            last--;
        if (last == i && !has_errors(&walk))
            status = ask_policy(&walk);
    }
    return status;
}
