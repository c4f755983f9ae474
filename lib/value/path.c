/*
 * path.c - one canonical path for policy, routing and handler alike.
 *
 * Folds spellings as Chromium's URL code does, which Envoy uses; declines to
 * know what the path leads to. The result of folding folds to itself: that is
 * what keeps two readers of it from disagreeing (CVE-2021-29492 and kin).
 */
#include "value/path.h"

#include "base/text.h"

/* Where the canonical path grows; room for three bytes per byte read. */
struct writer {
    char *at;
    size_t len;
    size_t bare; /* one more than the place of the last '%' that began no
                    escape in the source; 0 when there is none */
};

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* RFC 3986 section 2.3. */
static bool is_unreserved(unsigned char c)
{
    char lower = mesh__lower((char)c);

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

/* What may not stand bare in a path and gets an escape. */
static bool needs_escape(unsigned char c)
{
    return c <= ' ' || c >= 0x7f || memchr("\"<>`{}|^", c, 8) != NULL;
}

/* The byte that "%hh" at place means; -1 if no escape is there. */
static int escape_at(struct mesh_slice path, size_t place)
{
    int high;
    int low;

    if (path.len - place < 3 || path.at[place] != '%')
        return -1;
    high = mesh__hex_digit(path.at[place + 1]);
    low = mesh__hex_digit(path.at[place + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/*
 * "%" and two digits that decoding pushed together would be an escape that
 * the source never had: then the percent sign itself is escaped.
 */
static void settle_bare(struct writer *out)
{
    size_t place = out->bare - 1;

    if (out->bare == 0 || out->len < place + 3)
        return;
    out->bare = 0;
    if (escape_at(mesh__slice(out->at, out->len), place) < 0)
        return;
    memmove(out->at + place + 3, out->at + place + 1, 2);
    out->at[place + 1] = '2';
    out->at[place + 2] = '5';
    out->len += 2;
}

static void put(struct writer *out, char c)
{
    out->at[out->len++] = c;
    settle_bare(out);
}

static void put_escaped(struct writer *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";

    put(out, '%');
    put(out, digits[c >> 4]);
    put(out, digits[c & 15]);
}

/* Bytes of a dot at place, bare or as %2e; 0 if there is none. */
static size_t dot_at(struct mesh_slice path, size_t place)
{
    if (place < path.len && path.at[place] == '.')
        return 1;
    return escape_at(path, place) == '.' ? 3 : 0;
}

/*
 * The segment at place if it is "." or "..", parameters (";x=1") and the
 * slash behind included: *dots says which, and the bytes are returned. 0 if
 * it is an ordinary one.
 */
static size_t dot_segment(struct mesh_slice path, size_t place, int *dots)
{
    size_t at = place + dot_at(path, place);
    size_t second;

    if (at == place)
        return 0;
    second = dot_at(path, at);
    at += second;
    *dots = second ? 2 : 1;
    if (at < path.len && path.at[at] == ';')
        while (at < path.len && !is_slash(path.at[at]))
            at++;
    if (at < path.len && !is_slash(path.at[at]))
        return 0;
    return at + (at < path.len) - place;
}

/* "/a/b/" becomes "/a/"; "/" stays. */
static void drop_last_segment(struct writer *out)
{
    size_t len = out->len - 1;

    while (len > 0 && out->at[len - 1] != '/')
        len--;
    out->len = len ? len : 1;
    if (out->bare > out->len)
        out->bare = 0;
}

/* One byte or escape at place; the bytes read, or 0 for a NUL. */
static size_t fold_one(struct mesh_slice path, size_t place, struct writer *out)
{
    unsigned char c = (unsigned char)path.at[place];
    int meant = escape_at(path, place);

    if (c == '\0' || meant == 0)
        return 0;
    if (meant > 0 && is_unreserved((unsigned char)meant)) {
        put(out, (char)meant);
        return 3;
    }
    if (meant > 0) {
        for (size_t i = 0; i < 3; i++)
            put(out, path.at[place + i]);
        return 3;
    }
    if (c == '\\')
        put(out, '/');
    else if (needs_escape(c))
        put_escaped(out, c);
    else
        put(out, (char)c);
    if (c == '%')
        out->bare = out->len;
    return 1;
}

static bool fold(struct mesh_slice path, struct writer *out)
{
    size_t place = 0;

    while (place < path.len) {
        bool at_start = out->len && out->at[out->len - 1] == '/';
        int dots = 0;
        size_t len = at_start ? dot_segment(path, place, &dots) : 0;

        if (len) {
            if (dots == 2)
                drop_last_segment(out);
        } else {
            len = fold_one(path, place, out);
            if (len == 0)
                return false;
        }
        place += len;
    }
    return true;
}

/* path with %2F and %5C in either case as what they mean; at NULL: no room. */
static struct mesh_slice unescape_slashes(struct mesh_slice path,
                                          struct mesh_arena *arena)
{
    char *copy = mesh__arena_alloc(arena, path.len);
    size_t kept = 0;

    if (!copy)
        return mesh__slice(NULL, 0);
    for (size_t i = 0; i < path.len; kept++) {
        int meant = escape_at(path, i);
        bool slash = meant == '/' || meant == '\\';

        copy[kept] = slash ? (char)meant : path.at[i];
        i += slash ? 3 : 1;
    }
    return mesh__slice(copy, kept);
}

static size_t merge_slashes(char *at, size_t len)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++)
        if (at[i] != '/' || kept == 0 || at[kept - 1] != '/')
            at[kept++] = at[i];
    return kept;
}

/* Whether every spelling in path is the canonical one already. */
static bool is_plain(struct mesh_slice path, bool merge)
{
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        bool at_start = i && path.at[i - 1] == '/';

        if (c == '%' || c == '\\' || needs_escape(c) ||
            (at_start && (c == '.' || (merge && c == '/'))))
            return false;
    }
    return true;
}

static struct mesh_slice cut_at(struct mesh_slice text, char c)
{
    const char *place = text.len ? memchr(text.at, c, text.len) : NULL;

    return place ? mesh__slice(text.at, (size_t)(place - text.at)) : text;
}

static enum mesh_path_verdict rewrite(enum mesh_path_mode mode,
                                      struct mesh_slice target,
                                      struct mesh_slice path,
                                      struct mesh_arena *arena,
                                      struct mesh_slice *out)
{
    size_t query_bytes = target.len - path.len;
    struct writer writer = { 0 };

    if (mode == MESH__PATH_DECODE_AND_MERGE_SLASHES)
        path = unescape_slashes(path, arena);
    if (path.at)
        writer.at = mesh__arena_alloc(arena, path.len * 3 + query_bytes);
    if (!writer.at)
        return MESH__PATH_NOMEM;
    if (!fold(path, &writer))
        return MESH__PATH_BAD;
    if (mode != MESH__PATH_BASE)
        writer.len = merge_slashes(writer.at, writer.len);
    memcpy(writer.at + writer.len, target.at + target.len - query_bytes,
           query_bytes);
    *out = mesh__slice(writer.at, writer.len + query_bytes);
    if (mesh__slice_equal(*out, target))
        *out = target;
    return MESH__PATH_OK;
}

enum mesh_path_verdict mesh__path_normalize(enum mesh_path_mode mode,
                                            struct mesh_slice raw,
                                            struct mesh_arena *arena,
                                            struct mesh_slice *out)
{
    struct mesh_slice target = cut_at(raw, '#');
    struct mesh_slice path = mesh__path_without_query(target);

    *out = (struct mesh_slice){ 0 };
    if (path.len == 0 || path.at[0] != '/')
        return MESH__PATH_NOT_FOUND;
    if (memchr(target.at, '\0', target.len))
        return MESH__PATH_BAD;
    if (mode == MESH__PATH_NONE || is_plain(path, mode != MESH__PATH_BASE)) {
        *out = target;
        return MESH__PATH_OK;
    }
    return rewrite(mode, target, path, arena, out);
}

struct mesh_slice mesh__path_without_query(struct mesh_slice target)
{
    return cut_at(target, '?');
}

struct mesh_slice mesh__path_query(struct mesh_slice target)
{
    size_t path_bytes = cut_at(target, '?').len;

    if (path_bytes == target.len)
        return mesh__slice(NULL, 0);
    return mesh__slice(target.at + path_bytes + 1, target.len - path_bytes - 1);
}

bool mesh__query_get(struct mesh_slice query, struct mesh_slice name,
                     struct mesh_slice *value)
{
    while (query.len) {
        struct mesh_slice piece = cut_at(query, '&');
        struct mesh_slice key = cut_at(piece, '=');
        size_t used = piece.len + (piece.len < query.len);

        if (piece.len && mesh__slice_equal(key, name)) {
            size_t skipped = key.len + (key.len < piece.len);

            *value = mesh__slice(piece.at + skipped, piece.len - skipped);
            return true;
        }
        query = mesh__slice(query.at + used, query.len - used);
    }
    return false;
}

/* pchar of RFC 3986 section 3.3: what an operator of a template may cover. */
static bool is_pchar(char c)
{
    return is_unreserved((unsigned char)c) ||
           (c != '\0' && memchr("%!$&'()*+,;=:@", c, 14) != NULL);
}

static size_t segment_len(struct mesh_slice path)
{
    size_t len = 0;

    while (len < path.len && is_pchar(path.at[len]))
        len++;
    return len;
}

/* Behind "{**}" there is only a literal: does some rest stand before it? */
static bool rest_matches(struct mesh_slice literal, struct mesh_slice path)
{
    if (!mesh__slice_ends(path, literal))
        return false;
    for (size_t i = 0; i < path.len - literal.len; i++)
        if (path.at[i] != '/' && !is_pchar(path.at[i]))
            return false;
    return true;
}

static void skip(struct mesh_slice *text, size_t len)
{
    *text = mesh__slice(text->at + len, text->len - len);
}

bool mesh__path_template_match(struct mesh_slice template_,
                               struct mesh_slice path)
{
    while (template_.len) {
        size_t len = 1;

        if (mesh__slice_starts(template_, MESH__SLICE("{**}"))) {
            skip(&template_, 4);
            return rest_matches(template_, path);
        }
        if (mesh__slice_starts(template_, MESH__SLICE("{*}"))) {
            skip(&template_, 3);
            len = segment_len(path);
        } else if (path.len && path.at[0] == template_.at[0]) {
            skip(&template_, 1);
        } else {
            return false;
        }
        if (len == 0)
            return false;
        skip(&path, len);
    }
    return path.len == 0;
}

bool mesh__path_is_template(struct mesh_slice text)
{
    for (; text.len; skip(&text, 1))
        if (mesh__slice_starts(text, MESH__SLICE("{*}")) ||
            mesh__slice_starts(text, MESH__SLICE("{**}")))
            return true;
    return false;
}
