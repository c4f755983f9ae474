/*
 * test_fields.c - is every field of every kind in the tables, and no other?
 *
 * fields/istio.tsv lists those of Istio's kinds, as its API has them;
 * fields/others.tsv those of Kubernetes and of IstioOperator. A field that is
 * in a table and not in a list is as wrong as one in a list and in no table.
 */
#include "schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LINES_MAX = 4096, PATH_BYTES = 1024, LINE_BYTES = 1024 };

/* "Kind\tpath\ttype\ty", sorted. */
struct lines {
    char *items[LINES_MAX];
    size_t count;
};

static void add_line(struct lines *lines, const char *text)
{
    assert_true(lines->count < LINES_MAX);
    lines->items[lines->count] = strdup(text);
    assert_non_null(lines->items[lines->count]);
    lines->count++;
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->items[i]);
    lines->count = 0;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_list(const char *name, struct lines *out)
{
    const char *top = getenv("top_srcdir");
    char path[PATH_BYTES];
    char line[LINE_BYTES];
    size_t before = out->count;
    FILE *in;

    snprintf(path, sizeof(path), "%s/tests/golden/fields/%s", top ? top : ".",
             name);
    in = fopen(path, "r");
    assert_non_null(in);
    while (fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        if (*line && *line != '#')
            add_line(out, line);
    }
    assert_int_equal(fclose(in), 0);
    assert_true(out->count > before);
}

/* The mesh's config inside an IstioOperator is that of MeshConfig. */
static void add_row(void *user, const struct mesh_field_row *row)
{
    static const char inside[] = "spec.meshConfig.";
    char line[LINE_BYTES];

    if (strchr(row->path, '=')) /* a value of an enum */
        return;
    if (strcmp(row->kind, "IstioOperator") == 0 &&
        strncmp(row->path, inside, sizeof(inside) - 1) == 0)
        return;
    snprintf(line, sizeof(line), "%s\t%s\t%s\t%s", row->kind, row->path,
             row->type, row->required ? "y" : "n");
    add_line(user, line);
}

/* Of two sorted lists, what is in one of them only. */
static size_t tell_differences(const struct lines *tables,
                               const struct lines *list)
{
    size_t wrong = 0;

    for (size_t i = 0, j = 0; i < tables->count || j < list->count;) {
        int order = i == tables->count ? 1
                    : j == list->count
                        ? -1
                        : strcmp(tables->items[i], list->items[j]);

        if (order < 0)
            print_error("in a table only: %s\n", tables->items[i]);
        else if (order > 0)
            print_error("in a list only: %s\n", list->items[j]);
        wrong += order != 0;
        i += order <= 0;
        j += order >= 0;
    }
    return wrong;
}

static void the_tables_have_every_field(void **state)
{
    static struct lines tables;
    static struct lines list;
    size_t wrong;

    (void)state;
    mesh__schema_rows(add_row, &tables);
    read_list("istio.tsv", &list);
    read_list("others.tsv", &list);
    qsort(tables.items, tables.count, sizeof(tables.items[0]), compare_lines);
    qsort(list.items, list.count, sizeof(list.items[0]), compare_lines);
    wrong = tell_differences(&tables, &list);
    free_lines(&tables);
    free_lines(&list);
    assert_int_equal(wrong, 0);
}

/* MeshConfig's rows under another path, for each of them. */
static void add_config_row(void *user, const struct mesh_field_row *row)
{
    static const char inside[] = "spec.meshConfig.";
    struct lines *pair = user; /* MeshConfig's, IstioOperator's */
    char line[LINE_BYTES];

    if (strcmp(row->kind, "MeshConfig") == 0) {
        snprintf(line, sizeof(line), "%s\t%s", row->path, row->type);
        add_line(&pair[0], line);
    } else if (strcmp(row->kind, "IstioOperator") == 0 &&
               strncmp(row->path, inside, sizeof(inside) - 1) == 0) {
        snprintf(line, sizeof(line), "%s\t%s", row->path + sizeof(inside) - 1,
                 row->type);
        add_line(&pair[1], line);
    }
}

static void an_operator_holds_a_whole_mesh_config(void **state)
{
    static struct lines pair[2];
    size_t count;
    size_t wrong;

    (void)state;
    mesh__schema_rows(add_config_row, pair);
    for (size_t i = 0; i < 2; i++)
        qsort(pair[i].items, pair[i].count, sizeof(pair[i].items[0]),
              compare_lines);
    count = pair[0].count;
    wrong = tell_differences(&pair[1], &pair[0]);
    free_lines(&pair[0]);
    free_lines(&pair[1]);
    assert_true(count > 500);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_have_every_field),
        cmocka_unit_test(an_operator_holds_a_whole_mesh_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
