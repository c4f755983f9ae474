/*
 * hello.c - is this a ClientHello, and what does it ask for?
 *
 * RFC 8446 section 4.1.2 read from bytes that may be cut in any number of
 * records. Declines to know keys, versions and suites: the engine reads them.
 */
#include "tls/hello.h"

#include "base/text.h"

enum {
    RECORD_HEAD = 5,
    HANDSHAKE_HEAD = 4,
    RECORD_MOST = 16384, /* bytes of a plaintext record */
    EXT_SNI = 0,
    EXT_ALPN = 16
};

/* Where we are in the message, hopping over the heads of records. */
struct walk {
    const unsigned char *at;
    size_t left;      /* bytes at at, to the end of what is there     */
    size_t in_record; /* of them in this record                       */
    size_t in_list;   /* bytes left of the innermost list being read  */
};

/* --- is it all there? -------------------------------------------------------
 */

static size_t number(const unsigned char *at, size_t bytes)
{
    size_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | *at++;
    return value;
}

/* The head of a record: HELLO_TLS for one that can carry a hello. */
static enum mesh_hello_verdict check_head(const unsigned char *at, size_t left,
                                          bool first)
{
    enum mesh_hello_verdict other =
        first ? MESH__HELLO_NOT_TLS : MESH__HELLO_BROKEN;
    size_t len;

    if (left > 0 && at[0] != 22)
        return other;
    if (left > 1 && at[1] != 3)
        return other;
    if (left < RECORD_HEAD)
        return MESH__HELLO_MORE;
    len = number(at + 3, 2);
    return len == 0 || len > RECORD_MOST ? MESH__HELLO_BROKEN : MESH__HELLO_TLS;
}

/* Bytes of the message that the records so far hold, and its first four. */
struct found {
    size_t bytes;
    unsigned char head[HANDSHAKE_HEAD];
};

static void add_found(struct found *found, const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len && found->bytes + i < HANDSHAKE_HEAD; i++)
        found->head[found->bytes + i] = at[i];
    found->bytes += len;
}

/* HELLO_TLS once all records of the message are there. */
static enum mesh_hello_verdict check_message(const struct found *found)
{
    size_t len;

    if (found->bytes > 0 && found->head[0] != 1)
        return MESH__HELLO_BROKEN;
    if (found->bytes < HANDSHAKE_HEAD)
        return MESH__HELLO_MORE;
    len = HANDSHAKE_HEAD + number(found->head + 1, 3);
    if (len > MESH__HELLO_MAX)
        return MESH__HELLO_BROKEN;
    return found->bytes < len ? MESH__HELLO_MORE : MESH__HELLO_TLS;
}

static enum mesh_hello_verdict look(struct mesh_slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    size_t left = bytes.len;
    struct found found = { 0 };
    enum mesh_hello_verdict verdict = MESH__HELLO_MORE;

    while (left > 0 && verdict == MESH__HELLO_MORE) {
        size_t len;

        verdict = check_head(at, left, left == bytes.len);
        if (verdict != MESH__HELLO_TLS)
            return verdict;
        len = number(at + 3, 2);
        at += RECORD_HEAD;
        left -= RECORD_HEAD;
        if (len > left)
            len = left;
        add_found(&found, at, len);
        at += len;
        left -= len;
        verdict = check_message(&found);
    }
    if (verdict == MESH__HELLO_MORE && bytes.len > MESH__HELLO_MAX)
        return MESH__HELLO_BROKEN;
    return verdict;
}

/* --- reading ----------------------------------------------------------------
 */

/* At least one byte of this record ahead. False at the end. */
static bool settle(struct walk *walk)
{
    if (walk->in_record > 0)
        return walk->left > 0;
    if (walk->left < RECORD_HEAD)
        return false;
    walk->in_record = number(walk->at + 3, 2);
    walk->at += RECORD_HEAD;
    walk->left -= RECORD_HEAD;
    return walk->left > 0;
}

/* out may be NULL: passed over. False beyond the list or the message. */
static bool take(struct walk *walk, unsigned char *out, size_t len)
{
    if (len > walk->in_list)
        return false;
    walk->in_list -= len;
    while (len > 0) {
        size_t part;

        if (!settle(walk))
            return false;
        part = len < walk->in_record ? len : walk->in_record;
        if (part > walk->left)
            part = walk->left;
        if (out) {
            memcpy(out, walk->at, part);
            out += part;
        }
        walk->at += part;
        walk->left -= part;
        walk->in_record -= part;
        len -= part;
    }
    return true;
}

static bool take_number(struct walk *walk, size_t bytes, size_t *out)
{
    unsigned char digits[3];

    if (!take(walk, digits, bytes))
        return false;
    *out = number(digits, bytes);
    return true;
}

/*
 * Begin a list whose length stands before it in so many bytes; *outer keeps
 * what is left of the list around it.
 */
static bool enter(struct walk *walk, size_t bytes, size_t *outer)
{
    size_t len;

    if (!take_number(walk, bytes, &len) || len > walk->in_list)
        return false;
    *outer = walk->in_list - len;
    walk->in_list = len;
    return true;
}

static void leave(struct walk *walk, size_t outer)
{
    walk->in_list = outer;
}

static bool skip_list(struct walk *walk, size_t bytes, size_t least)
{
    size_t outer;
    bool fine = enter(walk, bytes, &outer) && walk->in_list >= least &&
                take(walk, NULL, walk->in_list);

    if (fine)
        leave(walk, outer);
    return fine;
}

/* --- what is asked for ------------------------------------------------------
 */

/* What to look for, and what was found. */
struct wish {
    struct mesh_hello *hello;
    const char *const *alpn; /* ours */
    size_t alpn_count;
    bool offers_any; /* an ALPN list was there */
    bool offers_ours;
    bool seen_sni;
};

static const struct {
    const char *name;
    bool http;
} markers[] = {
    { "istio", false },         { "istio-peer-exchange", false },
    { "istio-http/1.0", true }, { "istio-http/1.1", true },
    { "istio-h2", true },
};

static void note_protocol(struct wish *wish, struct mesh_slice name)
{
    for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
        if (!mesh__slice_is(name, markers[i].name))
            continue;
        wish->hello->istio_alpn = true;
        wish->hello->istio_http_alpn |= markers[i].http;
    }
    for (size_t i = 0; i < wish->alpn_count; i++)
        wish->offers_ours |= mesh__slice_is(name, wish->alpn[i]);
}

/* RFC 7301 section 3.1: no empty names, no empty list, nothing behind it. */
static bool read_alpn(struct walk *walk, struct wish *wish)
{
    unsigned char name[255];
    size_t outer;
    size_t len;

    if (wish->offers_any || !enter(walk, 2, &outer) || outer != 0 ||
        walk->in_list == 0)
        return false;
    wish->offers_any = true;
    while (walk->in_list > 0) {
        if (!take_number(walk, 1, &len) || len == 0 || !take(walk, name, len))
            return false;
        note_protocol(wish, mesh__slice((const char *)name, len));
    }
    return true;
}

/* A name within one record is borrowed, a cut one is copied. */
static bool read_host(struct walk *walk, struct mesh_hello *hello, size_t len)
{
    if (len == 0 || len > sizeof(hello->scratch) || len > walk->in_list)
        return false;
    if (!settle(walk))
        return false;
    hello->sni = mesh__slice((const char *)walk->at, len);
    if (len > walk->in_record)
        hello->sni.at = hello->scratch;
    return take(walk, (unsigned char *)hello->scratch, len);
}

/* RFC 6066 section 3: host_name (0) is the only type there is. */
static bool read_sni(struct walk *walk, struct wish *wish)
{
    size_t outer;
    size_t type;
    size_t len;

    if (wish->seen_sni || !enter(walk, 2, &outer) || outer != 0)
        return false;
    wish->seen_sni = true;
    return take_number(walk, 1, &type) && type == 0 &&
           take_number(walk, 2, &len) && len == walk->in_list &&
           read_host(walk, wish->hello, len);
}

static bool read_extension(struct walk *walk, struct wish *wish)
{
    size_t type;
    size_t outer;
    bool fine;

    if (!take_number(walk, 2, &type) || !enter(walk, 2, &outer))
        return false;
    if (type == EXT_SNI)
        fine = read_sni(walk, wish);
    else if (type == EXT_ALPN)
        fine = read_alpn(walk, wish);
    else
        fine = take(walk, NULL, walk->in_list);
    leave(walk, outer);
    return fine;
}

static bool read_extensions(struct walk *walk, struct wish *wish)
{
    size_t outer;

    if (walk->in_list == 0)
        return true; /* a hello may end before them */
    if (!enter(walk, 2, &outer) || outer != 0)
        return false;
    while (walk->in_list > 0)
        if (!read_extension(walk, wish))
            return false;
    return true;
}

/* type, length, version, random, session id, suites, compression, the rest */
static bool read_hello(struct walk *walk, struct wish *wish)
{
    size_t len;

    walk->in_list = HANDSHAKE_HEAD;
    if (!take(walk, NULL, 1) || !take_number(walk, 3, &len))
        return false;
    walk->in_list = len;
    return take(walk, NULL, 2 + 32) && skip_list(walk, 1, 0) &&
           skip_list(walk, 2, 2) && skip_list(walk, 1, 1) &&
           read_extensions(walk, wish);
}

static enum mesh_hello_verdict parse(struct mesh_slice bytes, struct wish *wish)
{
    struct walk walk = { .at = (const unsigned char *)bytes.at,
                         .left = bytes.len };
    enum mesh_hello_verdict verdict = look(bytes);

    wish->hello->sni = mesh__slice(NULL, 0);
    wish->hello->istio_alpn = false;
    wish->hello->istio_http_alpn = false;
    if (verdict == MESH__HELLO_TLS && !read_hello(&walk, wish))
        return MESH__HELLO_BROKEN;
    return verdict;
}

enum mesh_hello_verdict mesh__hello_parse(struct mesh_slice bytes,
                                          struct mesh_hello *out)
{
    struct wish wish = { .hello = out };

    return parse(bytes, &wish);
}

bool mesh__hello_offers(struct mesh_slice bytes, const char *const *alpn,
                        size_t count)
{
    struct mesh_hello hello;
    struct wish wish = { .hello = &hello, .alpn = alpn, .alpn_count = count };

    return parse(bytes, &wish) == MESH__HELLO_TLS && wish.offers_ours;
}
