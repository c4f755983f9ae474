/*
 * test_list.c - a ring of nodes: order, removal, splicing; and quotas.
 */
#include "base/list.h"
#include "base/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    char name;
    struct mesh_node node;
};

static void expect(struct mesh_node *head, const char *names)
{
    size_t i = 0;

    for (struct mesh_node *at = head->next; at != head; at = at->next, i++) {
        assert_int_equal(MESH__OF(at, struct item, node)->name, names[i]);
        assert_ptr_equal(at->next->prev, at);
    }
    assert_int_equal(names[i], '\0');
}

static void keeps_order(void **state)
{
    struct item items[4] = {
        { .name = 'a' }, { .name = 'b' }, { .name = 'c' }, { .name = 'd' }
    };
    struct mesh_node head;

    (void)state;
    mesh__list_init(&head);
    assert_true(mesh__list_empty(&head));
    assert_null(mesh__list_pop(&head));
    mesh__list_push_back(&head, &items[1].node);
    mesh__list_push_back(&head, &items[3].node);
    mesh__list_push_front(&head, &items[0].node);
    mesh__list_insert_before(&items[3].node, &items[2].node);
    expect(&head, "abcd");
    mesh__list_remove(&items[1].node);
    mesh__list_remove(&items[1].node); /* harmless */
    expect(&head, "acd");
    assert_ptr_equal(mesh__list_pop(&head), &items[0].node);
    expect(&head, "cd");
}

static void splices(void **state)
{
    struct item items[3] = { { .name = 'a' },
                             { .name = 'b' },
                             { .name = 'c' } };
    struct mesh_node into;
    struct mesh_node from;

    (void)state;
    mesh__list_init(&into);
    mesh__list_init(&from);
    mesh__list_splice(&into, &from);
    expect(&into, "");
    mesh__list_push_back(&from, &items[0].node);
    mesh__list_push_back(&from, &items[1].node);
    mesh__list_splice(&into, &from);
    expect(&into, "ab");
    expect(&from, "");
    mesh__list_push_back(&from, &items[2].node);
    mesh__list_splice(&into, &from);
    expect(&into, "abc");
}

static void quotas_count(void **state)
{
    struct mesh_quota quota = { 0 };

    (void)state;
    assert_false(mesh__quota_has_room(&quota, 0));
    assert_true(mesh__quota_has_room(&quota, 1));
    mesh__quota_raise(&quota);
    assert_int_equal(mesh__quota_used(&quota), 1);
    assert_false(mesh__quota_has_room(&quota, 1));
    mesh__quota_lower(&quota);
    assert_int_equal(mesh__quota_used(&quota), 0);
    assert_int_equal(sizeof(quota), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order),
        cmocka_unit_test(splices),
        cmocka_unit_test(quotas_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
