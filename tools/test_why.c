/*
 * test_why.c - what was missed, where the policy decided it, and why.
 *
 * Reads the steps that the engine wrote down; everything is copied out of its
 * answer.
 */
#include "test.h"

#include <string.h>

/* As many steps as a person reads. */
#define STEPS_MOST 32

int test_miss(struct test_file *file, struct test_case *test,
              const struct test_node *at, const struct test_path *path,
              const char *wanted, const char *found, const char *where)
{
    struct test_miss *miss;

    if (test->miss_count == test->miss_room) {
        size_t room = test->miss_room ? test->miss_room * 2 : 4;
        struct test_miss *more = test_alloc(&file->arena, room * sizeof(*more));

        if (!more)
            return -1;
        if (test->miss_count)
            memcpy(more, test->misses, test->miss_count * sizeof(*more));
        test->misses = more;
        test->miss_room = room;
    }
    miss = &test->misses[test->miss_count];
    miss->line = at->line;
    miss->column = at->column;
    miss->path = test_copy(&file->arena, path->text, path->length);
    miss->wanted = wanted;
    miss->found = found;
    miss->where = where;
    if (!miss->path || !wanted || !found || !where)
        return -1;
    test->miss_count++;
    test->status = TEST_FAILED;
    return 0;
}

/* The steps of an answer; NULL when it has none. */
static const struct test_node *steps_of(const struct test_node *answer)
{
    const struct test_node *steps = test_node_find(answer, "rules");

    return steps && steps->count ? steps : NULL;
}

const char *test_place_of(struct test_file *file, const struct test_node *node)
{
    const char *name = test_node_text(node, "file");

    return *name ? test_format(&file->arena, "%s:%s", name,
                               test_node_text(node, "line"))
                 : "";
}

/* "... (FILE:LINE)": the last of these in a verdict's reason; "" for none. */
static const char *place_in(struct test_file *file, const char *reason)
{
    const char *start = strrchr(reason, '(');
    const char *end = start ? strchr(start, ')') : NULL;
    const char *line = end;

    while (line && line[-1] >= '0' && line[-1] <= '9')
        line--;
    if (!end || line == end || line[-1] != ':')
        return "";
    return test_copy(&file->arena, start + 1, (size_t)(end - start - 1));
}

const char *test_where(struct test_file *file, const struct test_node *answer,
                       const char *step)
{
    const struct test_node *steps = steps_of(answer);
    const struct test_node *best = NULL;
    const char *place = place_in(file, test_node_text(answer, "reason"));

    if (!place || *place)
        return place;
    for (size_t i = 0; steps && i < steps->count; i++) {
        const struct test_node *item = steps->items[i];

        if (!strcmp(test_node_text(item, "what"), step ? step : "rule") &&
            (test_node_true(test_node_find(item, "matched")) || !best))
            best = item;
    }
    if (!best && steps)
        best = steps->items[steps->count - 1];
    return test_place_of(file, best);
}

/* Everything but endpoints: there may be many, and they were reached. */
int test_keep_steps(struct test_file *file, struct test_case *test,
                    const struct test_node *answer)
{
    const struct test_node *steps = steps_of(answer);
    size_t count = steps ? steps->count : 0;

    test->steps = test_alloc(&file->arena, (count + 1) * sizeof(*test->steps));
    if (!test->steps)
        return -1;
    for (size_t i = 0; i < count && test->step_count < STEPS_MOST; i++) {
        const struct test_node *step = steps->items[i];
        const char *what = test_node_text(step, "what");
        const char *name = test_node_text(step, "name");
        const char *where = test_place_of(file, step);
        struct test_step *out = &test->steps[test->step_count];

        if (!strcmp(what, "endpoint"))
            continue;
        out->matched = test_node_true(test_node_find(step, "matched"));
        out->text =
            where ? test_format(&file->arena, "%s%s%s%s%s: %s", where,
                                *where ? ": " : "", what, *name ? " " : "",
                                name, test_node_text(step, "reason"))
                  : NULL;
        if (!out->text)
            return -1;
        test->step_count++;
    }
    return 0;
}
