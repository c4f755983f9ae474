/*
 * slots.c - numbers for watches, reused only when nobody can mean the old one.
 */
#include "net/slots.h"

#include "base/alloc.h"

void mesh__slots_fini(struct mesh_slots *slots)
{
    mesh__free(slots->items);
    *slots = (struct mesh_slots){ 0 };
}

int mesh__slots_take(struct mesh_slots *slots, struct mesh_watch *watch)
{
    struct mesh_slot *slot;

    if (!slots->free) {
        int rc = mesh__grow(&slots->items, &slots->capacity, slots->count,
                            MESH__LOOP_WATCHES, sizeof(*slots->items));

        if (rc < 0)
            return rc;
        slots->items[slots->count] = (struct mesh_slot){ 0 };
        slots->free = ++slots->count;
    }
    watch->slot = slots->free;
    slot = &slots->items[watch->slot - 1];
    slots->free = slot->next;
    *slot = (struct mesh_slot){ .watch = watch };
    return 0;
}

void mesh__slots_give(struct mesh_slots *slots, struct mesh_watch *watch)
{
    slots->items[watch->slot - 1] =
        (struct mesh_slot){ .next = slots->resting };
    slots->resting = watch->slot;
    watch->slot = 0;
}

void mesh__slots_wake(struct mesh_slots *slots)
{
    while (slots->resting) {
        size_t place = slots->resting;
        struct mesh_slot *slot = &slots->items[place - 1];

        slots->resting = slot->next;
        slot->next = slots->free;
        slots->free = place;
    }
}
