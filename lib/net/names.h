/*
 * names.h - from names to addresses, without waiting.
 *
 * A port says how its names are found (port.h, names): the kernel's asks
 * c-ares, one in memory a script. Asked and answered on one loop, entered; no
 * thread. Nothing is remembered here: whoever asks knows for how long.
 */
#ifndef MESH_NET_NAMES_H
#define MESH_NET_NAMES_H

#include "base/list.h"
#include "net/loop.h"
#include "value/address.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MESH__NAME_MAX = 255,      /* bytes of a name                    */
    MESH__NAME_ADDRESSES = 64, /* kept of an answer; others are left */
    MESH__NAME_LINE = 320      /* bytes of a reason                  */
};

struct mesh_names;

/* One question, in its owner's structure. */
struct mesh_lookup {
    /* Once, on the loop, never from inside ask; may ask again. */
    void (*on_answer)(struct mesh_lookup *lookup);
    struct mesh_names *names; /* where it is under way, else NULL */
    struct mesh_node node;    /* the resolver's, as state is      */
    void *state;
    char name[MESH__NAME_MAX + 1];
    /*
     * The answer. 0, or MESH_ERR_RESOLVE (it is known to have no address),
     * MESH_ERR_TIMEOUT or _CONNECT (nobody could say), _NOMEM.
     */
    int code;
    char line[MESH__NAME_LINE];                          /* why not */
    struct mesh_address addresses[MESH__NAME_ADDRESSES]; /* without port */
    size_t count;
    uint32_t ttl_s; /* the shortest; 0: none was given */
};

struct mesh_names_ops {
    /* Nothing may be under way. In a forked child, no byte is sent. */
    void (*free)(struct mesh_names *names);
    void (*ask)(struct mesh_names *names, struct mesh_lookup *lookup);
    void (*cancel)(struct mesh_names *names, struct mesh_lookup *lookup);
};

/* The head of every resolver. */
struct mesh_names {
    const struct mesh_names_ops *ops;
};

void mesh__lookup_init(struct mesh_lookup *lookup,
                       void (*on_answer)(struct mesh_lookup *));

/* NULL is accepted. */
void mesh__names_free(struct mesh_names *names);

/*
 * Ask for the addresses of name; a name too long is told as MESH_ERR_RESOLVE
 * by return value and never answered. The lookup must not be under way.
 */
int mesh__names_ask(struct mesh_names *names, struct mesh_lookup *lookup,
                    struct mesh_slice name);
/* Harmless for one that is not under way. */
void mesh__lookup_cancel(struct mesh_lookup *lookup);

/* --- for resolvers --- */

/* An address more: at its place, IPv4 before IPv6, once. */
void mesh__lookup_add(struct mesh_lookup *lookup,
                      const struct mesh_address *address);

/* c-ares on this loop; nameservers as in mesh_config_set_nameservers, or NULL:
 * the machine's. 0, MESH_ERR_NOMEM, MESH_ERR_INVALID, MESH_ERR_SYSTEM. */
int mesh__names_ares_new(struct mesh_loop *loop, const char *nameservers,
                         struct mesh_names **out);

/* --- names in memory (tests): what a world's ports answer --- */

struct mesh_name_script;

/* What a name is answered with from now on, after delay_ns. */
struct mesh_scripted_name {
    const char *name;
    int code; /* 0, or as in a lookup */
    const struct mesh_address *addresses;
    size_t count;
    uint32_t ttl_s;
    uint64_t delay_ns; /* MESH__NEVER: no answer comes */
};

int mesh__name_script_new(struct mesh_name_script **out);
void mesh__name_script_free(struct mesh_name_script *script);
/* Replaces what was said of the name; 0 or MESH_ERR_NOMEM. */
int mesh__name_script_say(struct mesh_name_script *script,
                          const struct mesh_scripted_name *said);
/* Questions asked of this name so far. */
size_t mesh__name_script_asked(const struct mesh_name_script *script,
                               const char *name);
int mesh__names_memory_new(struct mesh_loop *loop,
                           struct mesh_name_script *script,
                           struct mesh_names **out);

#endif
