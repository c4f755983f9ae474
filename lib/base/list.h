/*
 * list.h - a doubly linked ring threaded through its members.
 *
 * The head is a node too. A node not in any list points at itself (init) so
 * that removing it is harmless.
 */
#ifndef MESH_BASE_LIST_H
#define MESH_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct mesh_node {
    struct mesh_node *next;
    struct mesh_node *prev;
};

/* The structure of which node is the member. */
#define MESH__OF(node, type, member)                                           \
    ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void mesh__list_init(struct mesh_node *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool mesh__list_empty(const struct mesh_node *head)
{
    return head->next == head;
}

static inline void mesh__list_insert_before(struct mesh_node *place,
                                            struct mesh_node *node)
{
    node->prev = place->prev;
    node->next = place;
    place->prev->next = node;
    place->prev = node;
}

static inline void mesh__list_push_back(struct mesh_node *head,
                                        struct mesh_node *node)
{
    mesh__list_insert_before(head, node);
}

static inline void mesh__list_push_front(struct mesh_node *head,
                                         struct mesh_node *node)
{
    mesh__list_insert_before(head->next, node);
}

/* Out of whatever list it is in; it then points at itself. */
static inline void mesh__list_remove(struct mesh_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    mesh__list_init(node);
}

/* The first node, taken out; NULL when there is none. */
static inline struct mesh_node *mesh__list_pop(struct mesh_node *head)
{
    struct mesh_node *node = head->next;

    if (node == head)
        return NULL;
    mesh__list_remove(node);
    return node;
}

/* Everything in from goes to the end of into, in order; from is empty then. */
static inline void mesh__list_splice(struct mesh_node *into,
                                     struct mesh_node *from)
{
    if (mesh__list_empty(from))
        return;
    from->next->prev = into->prev;
    into->prev->next = from->next;
    from->prev->next = into;
    into->prev = from->prev;
    mesh__list_init(from);
}

#endif
