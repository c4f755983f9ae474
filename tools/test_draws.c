/*
 * test_draws.c - many draws of one request, counted.
 *
 * The dice are arguments: draw n has the seed of the case plus n, so that the
 * same file gives the same shares everywhere, and `lmesh explain --seed` shows
 * any one of them.
 */
#include "test.h"

#include <math.h>
#include <string.h>

/* More names than any share is written for. */
#define NAMES_MOST 64

struct tallied {
    const char *name;
    int64_t count;
};

/* One thing that is counted. */
struct axis {
    const char *key;
    /* Its value in an answer, "" for none; NULL when memory is out. */
    const char *(*name)(struct test_arena *arena,
                        const struct test_node *answer);
};

/* Counts for one axis. */
struct tallies {
    size_t count;
    struct tallied items[NAMES_MOST + 1]; /* the last: all others */
};

static const char *destination(struct test_arena *arena,
                               const struct test_node *answer)
{
    (void)arena;
    return test_node_text(test_node_find(answer, "destination"), "host");
}

static const char *subset(struct test_arena *arena,
                          const struct test_node *answer)
{
    (void)arena;
    return test_node_text(test_node_find(answer, "destination"), "subset");
}

static const char *endpoint(struct test_arena *arena,
                            const struct test_node *answer)
{
    const struct test_node *all = test_node_find(answer, "endpoints");

    for (size_t i = 0; all && i < all->count; i++)
        if (test_node_true(test_node_find(all->items[i], "picked")))
            return test_address(arena, all->items[i]);
    return "";
}

static const char *verdict(struct test_arena *arena,
                           const struct test_node *answer)
{
    (void)arena;
    return test_node_text(answer, "verdict");
}

static const struct axis axes[] = {
    { "destinations", destination },
    { "subsets", subset },
    { "endpoints", endpoint },
    { "verdicts", verdict },
};

#define AXIS_COUNT (sizeof(axes) / sizeof(axes[0]))

struct draws {
    struct test_file *file;
    struct test_case *test;
    int64_t count;
    double within;
    struct tallies tallies[AXIS_COUNT];
    int64_t mirrored;
    int64_t delayed;
    const char *where;
    struct test_path path;
    const char *note;
};

/* 0, or -1 when memory is out. */
static int take(struct draws *draws, struct tallies *tallies, const char *name)
{
    struct tallied *item = tallies->items;
    size_t i = 0;

    if (!name)
        return -1;
    while (i < tallies->count && strcmp(item[i].name, name) != 0)
        i++;
    if (i == tallies->count && i < NAMES_MOST) {
        item[i].name = test_copy(&draws->file->arena, name, strlen(name));
        if (!item[i].name)
            return -1;
        tallies->count++;
    } else if (i == tallies->count) {
        item[i].name = "others";
    }
    item[i].count++;
    return 0;
}

static int is_mirrored(const struct test_node *answer)
{
    const struct test_node *mirrors = test_node_find(answer, "mirror");

    for (size_t i = 0; mirrors && i < mirrors->count; i++)
        if (test_node_true(test_node_find(mirrors->items[i], "drawn")))
            return 1;
    return 0;
}

static int count(struct draws *draws, struct test_arena *arena,
                 const struct test_node *answer)
{
    int rc = 0;

    for (size_t i = 0; i < AXIS_COUNT && rc == 0; i++)
        if (test_node_find(draws->test->distribution, axes[i].key))
            rc = take(draws, &draws->tallies[i], axes[i].name(arena, answer));
    draws->mirrored += is_mirrored(answer);
    draws->delayed += test_node_true(
        test_node_find(test_node_find(answer, "fault"), "delayed"));
    return rc;
}

/* One draw: 0, or -1. */
static int draw(struct draws *draws, int64_t seed, mesh_error *error)
{
    struct test_arena arena = { NULL };
    mesh_decision *decision = NULL;
    const struct test_node *answer;
    int rc = draws->test->sort->decide(draws->test, seed, &decision, error);

    if (rc < 0)
        return test_fault(draws->file, draws->test, rc, error);
    answer = test_json(&arena, mesh_decision_json(decision));
    rc = answer ? count(draws, &arena, answer) : -1;
    if (rc == 0 && !draws->where) {
        draws->where = test_where(draws->file, answer, "route");
        rc = draws->where ? 0 : -1;
    }
    test_arena_fini(&arena);
    mesh_decision_free(decision);
    return rc;
}

/* --- comparing --- */

/* None at all, or within the bound. */
static int is_share(const struct draws *draws, double wanted, int64_t counted)
{
    double found = (double)counted * 100 / (double)draws->count;

    if (wanted <= 0)
        return counted == 0;
    return fabs(found - wanted) <= draws->within + 1e-9;
}

static int compare(struct draws *draws, const struct test_node *at,
                   double wanted, const char *name, int64_t counted)
{
    struct test_arena *arena = &draws->file->arena;
    double found = (double)counted * 100 / (double)draws->count;

    draws->note =
        test_format(arena, "%s%s%s%s%.4g %%", draws->note ? draws->note : "",
                    draws->note ? ", " : "", *name ? name : "none", " ", found);
    if (!draws->note)
        return -1;
    if (is_share(draws, wanted, counted))
        return 0;
    return test_miss(draws->file, draws->test, at, &draws->path,
                     wanted > 0 ? test_format(arena, "%g %%, within %g", wanted,
                                              draws->within)
                                : "nothing",
                     test_format(arena, "%.4g %% (%lld of %lld)", found,
                                 (long long)counted, (long long)draws->count),
                     draws->where ? draws->where : "");
}

/* Each share that is written, and whatever else was drawn. */
static int compare_axis(struct draws *draws, const struct axis *axis,
                        const struct tallies *tallies)
{
    const struct test_node *shares =
        test_node_find(draws->test->distribution, axis->key);
    size_t others = tallies->items[NAMES_MOST].count > 0;
    int rc = 0;

    for (size_t i = 0; shares && i < shares->count && rc == 0; i++) {
        const char *name = shares->keys[i]->text;
        size_t before = test_path_add(&draws->path, ".%s.%s", axis->key, name);
        size_t j = 0;

        while (j < tallies->count && strcmp(tallies->items[j].name, name) != 0)
            j++;
        rc = compare(draws, shares->items[i], test_node_real(shares->items[i]),
                     name, j < tallies->count ? tallies->items[j].count : 0);
        test_path_cut(&draws->path, before);
    }
    for (size_t j = 0; shares && j < tallies->count + others && rc == 0; j++) {
        const struct tallied *item = &tallies->items[j];
        size_t before =
            test_path_add(&draws->path, ".%s.%s", axis->key, item->name);

        if (!test_node_find(shares, item->name))
            rc = compare(draws, shares, 0, item->name, item->count);
        test_path_cut(&draws->path, before);
    }
    return rc;
}

static int compare_one(struct draws *draws, const char *key, int64_t counted)
{
    const struct test_node *share =
        test_node_find(draws->test->distribution, key);
    size_t before;
    int rc;

    if (!share)
        return 0;
    before = test_path_add(&draws->path, ".%s", key);
    rc = compare(draws, share, test_node_real(share), key, counted);
    test_path_cut(&draws->path, before);
    return rc;
}

int test_draw(struct test_file *file, struct test_case *test)
{
    struct draws draws = { .file = file, .test = test };
    mesh_error *error = mesh_error_new();
    int rc = 0;

    draws.count = test_node_whole(test_node_find(test->distribution, "draws"));
    draws.within = test_node_real(test_node_find(test->distribution, "within"));
    for (int64_t i = 0; i < draws.count && rc == 0; i++)
        rc = draw(&draws, (int64_t)((uint64_t)test->seed + (uint64_t)i), error);
    test_path_add(&draws.path, "distribution");
    for (size_t i = 0; i < AXIS_COUNT && rc == 0; i++)
        rc = compare_axis(&draws, &axes[i], &draws.tallies[i]);
    if (rc == 0)
        rc = compare_one(&draws, "mirrored", draws.mirrored);
    if (rc == 0)
        rc = compare_one(&draws, "delayed", draws.delayed);
    test->note = draws.note;
    mesh_error_free(error);
    return rc;
}
