/*
 * jwks.c - a JSON Web Key Set written into a policy (RFC 7517).
 *
 * Judged as the reader that Istio uses for it does: which members a key of a
 * type must have and what they hold. Whether a key is any good is for those to
 * say who use it.
 */
#include "schema/table.h"
#include "value/json.h"

#include <mesh/base.h>

/* A text being judged, and what is wrong with it. */
struct jwks {
    struct mesh_reader *reader;
    const struct mesh_spot *spot;
    struct mesh_mark mark;
    size_t key; /* in "keys"; SIZE_MAX: the text is one key itself */
};

enum member_type {
    M_TEXT,
    M_BYTES, /* base64, of either alphabet   */
    M_TEXTS, /* a list of strings            */
    M_CHAIN  /* a list of certificates, DER  */
};

struct member {
    const char *name;
    enum member_type type;
    bool required;
};

static const struct member common_members[] = {
    { "alg", M_TEXT, false },
    { "kid", M_TEXT, false },
    { "use", M_TEXT, false },
    { "key_ops", M_TEXTS, false },
    { "x5c", M_CHAIN, false },
    { "x5t", M_TEXT, false },
    { "x5t#S256", M_TEXT, false },
    { "x5u", M_TEXT, false },
    { 0 },
};

static const struct member rsa_members[] = {
    { "e", M_BYTES, true },
    { "n", M_BYTES, true },
    { 0 },
};

static const struct member rsa_private_members[] = {
    { "d", M_BYTES, true },
    { "e", M_BYTES, true },
    { "n", M_BYTES, true },
    { "p", M_BYTES, false },
    { "q", M_BYTES, false },
    { "dp", M_BYTES, false },
    { "dq", M_BYTES, false },
    { "qi", M_BYTES, false },
    { 0 },
};

static const struct member ec_members[] = {
    { "crv", M_TEXT, true },
    { "x", M_BYTES, true },
    { "y", M_BYTES, true },
    { 0 },
};

static const struct member ec_private_members[] = {
    { "crv", M_TEXT, true },
    { "d", M_BYTES, true },
    { "x", M_BYTES, true },
    { "y", M_BYTES, true },
    { 0 },
};

static const struct member oct_members[] = {
    { "k", M_BYTES, true },
    { 0 },
};

static const struct member okp_members[] = {
    { "crv", M_TEXT, true },
    { "x", M_BYTES, true },
    { 0 },
};

static const struct member okp_private_members[] = {
    { "crv", M_TEXT, true },
    { "d", M_BYTES, true },
    { "x", M_BYTES, true },
    { 0 },
};

static const struct {
    const char *name;
    const struct member *public_;
    const struct member *private_;
} key_types[] = {
    { "RSA", rsa_members, rsa_private_members },
    { "EC", ec_members, ec_private_members },
    { "oct", oct_members, oct_members },
    { "OKP", okp_members, okp_private_members },
};
enum { KEY_TYPES = sizeof(key_types) / sizeof(key_types[0]) };

static bool wrong(const struct jwks *jwks, const char *name, const char *why)
{
    if (jwks->key == SIZE_MAX)
        mesh__reject(jwks->reader, jwks->spot, jwks->mark, "%s%s%s", name,
                     *name ? ": " : "", why);
    else
        mesh__reject(jwks->reader, jwks->spot, jwks->mark, "keys[%zu]%s%s: %s",
                     jwks->key, *name ? "." : "", name, why);
    return false;
}

/* What a string says; an empty slice for null and when memory is out. */
static struct mesh_slice text_of(const struct jwks *jwks,
                                 struct mesh_slice value)
{
    char *copy;

    if (!mesh__json_is_string(value))
        return MESH__SLICE("");
    copy = mesh__arena_alloc(jwks->reader->arena, value.len);
    if (copy)
        return mesh__json_unescape(value, copy);
    jwks->reader->rc = MESH_ERR_NOMEM;
    return MESH__SLICE("");
}

static bool is_text(struct mesh_slice value)
{
    return mesh__json_is_string(value) || mesh__json_is_null(value);
}

/* --- base64, as Go reads it ------------------------------------------------
 */

static int digit_of(char c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    return c == (url ? '_' : '/') ? 63 : -1;
}

/*
 * Over text in place; false when it is no base64. A text that ends in "=" is
 * padded, one with "+" or "/" has the older alphabet; ends of lines are not
 * there at all.
 */
static bool read_base64(struct mesh_slice *text, char *out)
{
    bool padded = text->len && text->at[text->len - 1] == '=';
    bool url = !text->len || (!memchr(text->at, '+', text->len) &&
                              !memchr(text->at, '/', text->len));
    unsigned long bits = 0;
    size_t digits = 0;
    size_t pads = 0;
    size_t len = 0;

    for (size_t i = 0; i < text->len; i++) {
        char c = text->at[i];

        if (c == '\n' || c == '\r')
            continue;
        if (c == '=' && padded && (digits + pads) % 4 >= 2) {
            pads++;
            continue;
        }
        if (pads || digit_of(c, url) < 0)
            return false;
        bits = (bits << 6 | (unsigned)digit_of(c, url)) & 0xFFFFFF;
        digits++;
        if (digits % 4 == 1)
            continue;
        out[len++] = (char)(bits >> (digits % 4 == 2   ? 4
                                     : digits % 4 == 3 ? 2
                                                       : 0));
    }
    *text = mesh__slice(out, len);
    return padded ? (digits + pads) % 4 == 0 : digits % 4 != 1;
}

static bool is_base64(const struct jwks *jwks, struct mesh_slice value,
                      struct mesh_slice *bytes)
{
    char *out;

    *bytes = text_of(jwks, value);
    if (bytes->len == 0)
        return true;
    out = mesh__arena_alloc(jwks->reader->arena, bytes->len);
    if (out)
        return read_base64(bytes, out);
    jwks->reader->rc = MESH_ERR_NOMEM;
    return true;
}

/* --- certificates ----------------------------------------------------------
 */

/* One element of DER off the front; its contents in *inside. */
static bool take_der(struct mesh_slice *der, unsigned tag,
                     struct mesh_slice *inside)
{
    const unsigned char *at = (const unsigned char *)der->at;
    size_t head = 2;
    size_t len;

    if (der->len < 2 || at[0] != tag)
        return false;
    len = at[1];
    if (len > 0x80) {
        size_t bytes = len & 0x7F;

        head += bytes;
        if (bytes > 3 || der->len < head)
            return false;
        len = 0;
        for (size_t i = 2; i < head; i++)
            len = len << 8 | at[i];
    }
    if (len == 0x80 || der->len - head < len)
        return false;
    *inside = mesh__slice(der->at + head, len);
    *der = mesh__slice(der->at + head + len, der->len - head - len);
    return true;
}

/* A certificate by its outer form: what is signed, how, and the signature. */
static bool is_certificate(struct mesh_slice der)
{
    enum { SEQUENCE = 0x30, BIT_STRING = 0x03 };
    struct mesh_slice parts;
    struct mesh_slice part;

    return take_der(&der, SEQUENCE, &parts) && der.len == 0 &&
           take_der(&parts, SEQUENCE, &part) &&
           take_der(&parts, SEQUENCE, &part) &&
           take_der(&parts, BIT_STRING, &part) && parts.len == 0;
}

static bool check_list(const struct jwks *jwks, const struct member *member,
                       struct mesh_slice value)
{
    struct mesh_slice bytes;
    struct mesh_slice item;

    if (mesh__json_is_null(value))
        return true;
    if (!mesh__json_is_array(value))
        return wrong(jwks, member->name, "wanted a list of strings");
    while (mesh__json_item(&value, &item)) {
        if (!is_text(item))
            return wrong(jwks, member->name, "wanted a list of strings");
        if (member->type == M_CHAIN &&
            (!is_base64(jwks, item, &bytes) || !is_certificate(bytes)))
            return wrong(jwks, member->name, "wanted certificates in base64");
    }
    return true;
}

/* --- one key ---------------------------------------------------------------
 */

static bool check_member(const struct jwks *jwks, const struct member *member,
                         struct mesh_slice value)
{
    struct mesh_slice bytes;

    if (member->type == M_TEXTS || member->type == M_CHAIN)
        return check_list(jwks, member, value);
    if (!is_text(value))
        return wrong(jwks, member->name, "wanted a string");
    if (member->type == M_BYTES && !is_base64(jwks, value, &bytes))
        return wrong(jwks, member->name, "wanted base64");
    return true;
}

static const struct member *find_member(const struct member *members,
                                        struct mesh_slice name)
{
    for (const struct member *m = members; m->name; m++)
        if (mesh__slice_is(name, m->name))
            return m;
    for (const struct member *m = common_members; m->name; m++)
        if (mesh__slice_is(name, m->name))
            return m;
    return NULL;
}

static bool check_members(const struct jwks *jwks, struct mesh_slice key,
                          size_t type, const struct member *members)
{
    struct mesh_slice rest = key;
    struct mesh_slice name, value;
    unsigned given = 0;

    while (mesh__json_member(&rest, &name, &value)) {
        struct mesh_slice text = text_of(jwks, name);
        const struct member *member = find_member(members, text);

        if (mesh__slice_is(text, "kty") &&
            !mesh__slice_is(text_of(jwks, value), key_types[type].name))
            return wrong(jwks, "kty", "another type than before");
        if (!member)
            continue;
        if (!check_member(jwks, member, value))
            return false;
        if (member >= members && member < members + 32 && member->required)
            given |= 1U << (member - members);
    }
    for (const struct member *m = members; m->name; m++)
        if (m->required && !(given & 1U << (m - members)))
            return wrong(jwks, m->name, "is missing");
    return true;
}

/* kty, and whether there is a private part; names in any case. */
static bool read_type(const struct jwks *jwks, struct mesh_slice key,
                      struct mesh_slice *kty, bool *private_)
{
    struct mesh_slice rest = key;
    struct mesh_slice name, value;

    *kty = MESH__SLICE("");
    *private_ = false;
    while (mesh__json_member(&rest, &name, &value)) {
        struct mesh_slice text = text_of(jwks, name);

        if (mesh__slice_equal_nocase(text, MESH__SLICE("kty"))) {
            if (!is_text(value))
                return wrong(jwks, "kty", "wanted a string");
            if (mesh__json_is_string(value))
                *kty = text_of(jwks, value);
        } else if (mesh__slice_equal_nocase(text, MESH__SLICE("d"))) {
            *private_ = true;
        }
    }
    return true;
}

static bool check_key(const struct jwks *jwks, struct mesh_slice key)
{
    struct mesh_slice kty;
    bool private_;

    if (!mesh__json_is_object(key))
        return wrong(jwks, "", "wanted a key, an object");
    if (!read_type(jwks, key, &kty, &private_))
        return false;
    for (size_t i = 0; i < KEY_TYPES; i++)
        if (mesh__slice_is(kty, key_types[i].name))
            return check_members(jwks, key, i,
                                 private_ ? key_types[i].private_
                                          : key_types[i].public_);
    return wrong(jwks, "kty", "wanted RSA, EC, OKP or oct");
}

/* --- the set ---------------------------------------------------------------
 */

static bool check_keys(const struct jwks *jwks, struct mesh_slice keys)
{
    struct jwks each = *jwks;
    struct mesh_slice key;

    if (mesh__json_is_null(keys))
        return true;
    if (!mesh__json_is_array(keys))
        return wrong(jwks, "keys", "wanted a list");
    for (each.key = 0; mesh__json_item(&keys, &key); each.key++)
        if (!check_key(&each, key))
            return false;
    return true;
}

void mesh__check_jwks(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node)
{
    struct jwks jwks = { reader, spot, node->mark, SIZE_MAX };
    struct mesh_slice set, rest, name, value;
    bool keys = false;

    if (node->text.len == 0)
        return;
    if (!mesh__json_first(node->text, &set) || !mesh__json_is_object(set)) {
        wrong(&jwks, "",
              "wanted a JSON Web Key Set, such as {\"keys\": [...]}");
        return;
    }
    rest = set;
    while (mesh__json_member(&rest, &name, &value)) {
        if (!mesh__slice_is(text_of(&jwks, name), "keys"))
            continue;
        keys = true;
        if (!check_keys(&jwks, value))
            return;
    }
    if (!keys)
        check_key(&jwks, set);
}
