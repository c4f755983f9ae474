/*
 * key.c - header, cookie, parameter or address, hashed.
 *
 * Knows requests. Knows nothing of endpoints, nor of who owns a hash.
 */
#include "traffic/key.h"

#include "traffic/entry.h"
#include "value/path.h"
#include "value/xxhash64.h"

#include <string.h>

enum {
    VALUES = 32
}; /* of one header that are sorted; more are taken as sent */

/* --- headers --- */

static bool is_named(const struct mesh_header *header,
                     const struct mesh_hash_policy *policy)
{
    if (policy->id != MESH__H_OTHER)
        return header->id == policy->id;
    return header->id == MESH__H_OTHER &&
           mesh__slice_is(header->name, policy->name);
}

static int compare(struct mesh_slice a, struct mesh_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.at, b.at, len) : 0;

    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

static void insert(struct mesh_slice *values, size_t count,
                   struct mesh_slice value)
{
    for (; count > 0 && compare(values[count - 1], value) > 0; count--)
        values[count] = values[count - 1];
    values[count] = value;
}

static bool pseudo(const struct mesh_head *head, const char *name,
                   struct mesh_slice *value)
{
    struct mesh_subject subject;

    if (strcmp(name, ":authority") == 0 || strcmp(name, "host") == 0) {
        *value = head->authority;
    } else if (strcmp(name, ":path") == 0) {
        *value = head->path;
    } else if (strcmp(name, ":method") == 0) {
        *value = head->method;
    } else if (strcmp(name, ":scheme") == 0) {
        mesh__subject_init(&subject, head, head->path);
        *value = subject.scheme;
    } else {
        return false;
    }
    return true;
}

/* Sorted, so that their order does not matter; each with the hash before. */
static bool hash_header(const struct mesh_hash_policy *policy,
                        const struct mesh_head *head, uint64_t *hash)
{
    struct mesh_slice values[VALUES];
    bool known = pseudo(head, policy->name, &values[0]);
    size_t count = known && values[0].len; /* a bag may lack one */

    for (size_t i = 0; !known && i < head->count && count < VALUES; i++)
        if (is_named(&head->headers[i], policy))
            insert(values, count++, head->headers[i].value);
    if (count == 0 && policy->id == MESH__H_X_FORWARDED_PROTO)
        values[count++] = head->scheme; /* a line that a sidecar adds */
    *hash = 0;
    for (size_t i = 0; i < count; i++)
        *hash = mesh__xxhash64(values[i], *hash);
    return count > 0;
}

/* --- cookies --- */

/* One "name=value" of a line; false when it is another, or none. */
static bool read_cookie(struct mesh_slice pair, struct mesh_slice name,
                        struct mesh_slice *value)
{
    size_t equals = 0;

    while (pair.len && pair.at[0] == ' ')
        pair = mesh__slice(pair.at + 1, pair.len - 1);
    while (equals < pair.len && pair.at[equals] != '=')
        equals++;
    if (equals == pair.len ||
        !mesh__slice_equal(mesh__slice(pair.at, equals), name))
        return false;
    *value = mesh__slice(pair.at + equals + 1, pair.len - equals - 1);
    if (value->len >= 2 && value->at[0] == '"' &&
        value->at[value->len - 1] == '"')
        *value = mesh__slice(value->at + 1, value->len - 2);
    return true;
}

static bool read_line(struct mesh_slice line, struct mesh_slice name,
                      struct mesh_slice *value)
{
    while (line.len) {
        const char *end = memchr(line.at, ';', line.len);
        size_t len = end ? (size_t)(end - line.at) : line.len;

        if (read_cookie(mesh__slice(line.at, len), name, value))
            return true;
        len += end != NULL;
        line = mesh__slice(line.at + len, line.len - len);
    }
    return false;
}

/* The first cookie of the name, in any of the lines; an empty one is none. */
static bool find_cookie(const struct mesh_head *head, struct mesh_slice name,
                        struct mesh_slice *value)
{
    for (size_t i = 0; i < head->count; i++)
        if (head->headers[i].id == MESH__H_COOKIE &&
            read_line(head->headers[i].value, name, value))
            return value->len > 0;
    return false;
}

/* One value for all cookies and attempts of the exchange, as in Envoy. */
static void draw_value(const struct mesh_draws *draws, struct mesh_key *key)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t draw;

    if (key->value[0])
        return;
    draw = draws->next(draws->user);
    for (size_t i = 0; i < MESH__COOKIE_VALUE; i++)
        key->value[i] = digits[draw >> (60 - 4 * i) & 15];
    key->value[MESH__COOKIE_VALUE] = '\0';
}

static bool hash_cookie(const struct mesh_hash_policy *policy, size_t index,
                        const struct mesh_head *head,
                        const struct mesh_draws *draws, struct mesh_key *key,
                        uint64_t *hash)
{
    struct mesh_slice value;

    if (!find_cookie(head, mesh__slice_of(policy->name), &value)) {
        if (!policy->tail || index >= MESH__COOKIES)
            return false;
        draw_value(draws, key);
        key->made |= UINT64_C(1) << index;
        value = mesh__slice(key->value, MESH__COOKIE_VALUE);
    }
    *hash = mesh__xxhash64(value, 0);
    return true;
}

/* --- the rest --- */

/* The one address of this workload: what its sidecar would see. */
static bool own_address(const struct mesh_self *self,
                        struct mesh_address *source)
{
    return mesh__address_parse_ip(mesh__slice_of(self->address), source);
}

/* Whom Envoy takes for the caller: the last of x-forwarded-for, if it says. */
static bool forwarded_address(const struct mesh_head *head,
                              struct mesh_address *source)
{
    return mesh__address_parse_ip(
        mesh__head_last(head, MESH__H_X_FORWARDED_FOR), source);
}

static uint64_t hash_address(const struct mesh_address *source)
{
    char text[MESH__ADDRESS_TEXT];

    mesh__address_print_ip(source, text);
    return mesh__xxhash64(mesh__slice_of(text), 0);
}

static bool hash_source(const struct mesh_head *head,
                        const struct mesh_self *self, uint64_t *hash)
{
    struct mesh_address source;

    if (!forwarded_address(head, &source) && !own_address(self, &source))
        return false;
    *hash = hash_address(&source);
    return true;
}

static bool hash_query(const struct mesh_hash_policy *policy,
                       const struct mesh_head *head, uint64_t *hash)
{
    struct mesh_slice value;

    if (!mesh__query_get(mesh__path_query(head->path),
                         mesh__slice_of(policy->name), &value))
        return false;
    *hash = mesh__xxhash64(value, 0);
    return true;
}

static void explain(const struct mesh_hash_policy *policy, bool found,
                    struct mesh__why *why)
{
    static const char *const words[] = {
        [MESH__HASH_NOTHING] = "nothing",
        [MESH__HASH_HEADER] = "header",
        [MESH__HASH_COOKIE] = "cookie",
        [MESH__HASH_SOURCE_IP] = "source address",
        [MESH__HASH_QUERY] = "query parameter",
    };

    mesh__why_add(
        why, "hash", policy->name, found, policy->mark, "%s%s%s %s",
        words[policy->source], policy->name[0] ? " " : "", policy->name,
        found ? "decides the endpoint" : "is not there: the dice decide");
}

void mesh__key_find(const struct mesh_hash_policy *const *hashes, size_t count,
                    const struct mesh_head *head, const struct mesh_self *self,
                    const struct mesh_draws *draws, struct mesh_key *key,
                    struct mesh__why *why)
{
    key->known = false;
    key->hash = 0;
    for (size_t i = 0; i < count; i++) {
        const struct mesh_hash_policy *policy = hashes[i];
        uint64_t hash = 0;
        bool found = false;

        switch (policy->source) {
        case MESH__HASH_NOTHING:
            break;
        case MESH__HASH_HEADER:
            found = hash_header(policy, head, &hash);
            break;
        case MESH__HASH_COOKIE:
            found = hash_cookie(policy, i, head, draws, key, &hash);
            break;
        case MESH__HASH_SOURCE_IP:
            found = hash_source(head, self, &hash);
            break;
        case MESH__HASH_QUERY:
            found = hash_query(policy, head, &hash);
            break;
        }
        if (why)
            explain(policy, found, why);
        if (!found)
            continue;
        /* Turned, so that two of the same do not cancel each other out. */
        key->hash = (key->hash << 1 | key->hash >> 63) ^ hash;
        key->known = true;
    }
}

void mesh__key_find_plain(const struct mesh_destination *destination,
                          const struct mesh_self *self, struct mesh_key *key,
                          struct mesh__why *why)
{
    const struct mesh_hash_policy *policy = destination->hash[1];
    struct mesh_address source;

    key->known = policy && policy->source == MESH__HASH_SOURCE_IP &&
                 own_address(self, &source);
    if (key->known)
        key->hash = hash_address(&source);
    if (why && policy)
        explain(policy, key->known, why);
}

bool mesh__key_made(const struct mesh_key *key, size_t index)
{
    return index < MESH__COOKIES && (key->made >> index & 1);
}

const char *mesh__key_cookie(const struct mesh_key *key,
                             const struct mesh_hash_policy *policy,
                             struct mesh_arena *arena)
{
    return mesh__arena_format(arena, "%s=\"%s\"%s", policy->name, key->value,
                              policy->tail);
}
