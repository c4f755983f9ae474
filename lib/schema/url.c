/*
 * url.c - URLs as Go's net/url reads them, twice: an API server while it asks
 * for the scheme, and istiod.
 *
 * Only http and https are of interest. Declines to know what is behind them.
 */
#include "schema/table.h"

struct url {
    struct mesh_slice authority;
    struct mesh_slice path;
};

static struct mesh_slice from(struct mesh_slice text, size_t start)
{
    return mesh__slice(text.at + start, text.len - start);
}

/* Where letter is; text.len when it is nowhere. */
static size_t find(struct mesh_slice text, char letter)
{
    const char *found = text.len ? memchr(text.at, letter, text.len) : NULL;

    return found ? (size_t)(found - text.at) : text.len;
}

static size_t find_last(struct mesh_slice text, char letter)
{
    size_t at = text.len;

    while (at > 0 && text.at[at - 1] != letter)
        at--;
    return at > 0 ? at - 1 : text.len;
}

static int hex(char c)
{
    char lower = mesh__lower(c);

    if (c >= '0' && c <= '9')
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Each "%" begins two hexadecimal digits. */
static bool escapes_fit(struct mesh_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '%')
            continue;
        if (text.len - i < 3 || hex(text.at[i + 1]) < 0 ||
            hex(text.at[i + 2]) < 0)
            return false;
        i += 2;
    }
    return true;
}

static bool is_alnum(char c)
{
    char lower = mesh__lower(c);

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

/* Of a host: what is no ASCII may be escaped, the rest stands as it is. */
static bool host_fits(struct mesh_slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];

        if (c == '%') {
            if (hex(host.at[i + 1]) < 8 &&
                !mesh__slice_starts(from(host, i), MESH__SLICE("%25")))
                return false;
            i += 2;
        } else if ((unsigned char)c < 0x80 && !is_alnum(c) &&
                   !strchr("-_.~!$&'()*+,;=:[]<>\"", c)) {
            return false;
        }
    }
    return true;
}

/* "", ":" or ":80"; as a number it fits Go's int. */
static bool port_fits(struct mesh_slice text)
{
    unsigned long long port;

    if (text.len < 2)
        return text.len == 0 || text.at[0] == ':';
    return text.at[0] == ':' &&
           mesh__slice_number(from(text, 1), INT64_MAX, &port);
}

/* "[::1]:80" */
static bool literal_fits(struct mesh_slice host)
{
    size_t end = find_last(host, ']');
    struct mesh_slice address;
    size_t zone;

    if (end == host.len || find_last(host, '[') != 0)
        return false;
    address = mesh__slice(host.at + 1, end - 1);
    zone = find(address, '%');
    if (zone < address.len &&
        !mesh__slice_starts(from(address, zone), MESH__SLICE("%25")))
        return false;
    if (zone < address.len && zone + 3 >= address.len)
        return false; /* an empty zone */
    address.len = zone;
    return memchr(host.at, ':', end) && mesh__is_ip(address) &&
           port_fits(from(host, end + 1));
}

static bool userinfo_fits(struct mesh_slice user)
{
    for (size_t i = 0; i < user.len; i++)
        if (!is_alnum(user.at[i]) &&
            (!user.at[i] || !strchr("-._:~!$&'()*+,;=%@", user.at[i])))
            return false;
    return true;
}

static bool authority_fits(struct mesh_slice authority)
{
    size_t at = find_last(authority, '@');
    struct mesh_slice host = authority;
    size_t colon;

    if (!escapes_fit(authority))
        return false;
    if (at < authority.len) {
        if (!userinfo_fits(mesh__slice(authority.at, at)))
            return false;
        host = from(authority, at + 1);
    }
    if (host.len && host.at[0] == '[')
        return literal_fits(host);
    if (find(host, '[') < host.len)
        return false;
    colon = find(host, ':');
    return port_fits(from(host, colon)) && host_fits(host);
}

/* Behind "http:"; false when a path without "/" makes it opaque. */
static bool split(struct mesh_slice rest, struct url *url)
{
    size_t end = find(rest, '/');

    if (end != 0)
        return false;
    if (mesh__slice_starts(rest, MESH__SLICE("//"))) {
        rest = from(rest, 2);
        end = find(rest, '/');
        url->authority = mesh__slice(rest.at, end);
        rest = from(rest, end);
    }
    url->path = rest;
    return true;
}

static bool has_control(struct mesh_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
            return true;
    return false;
}

/* Either way of reading it: with the fragment cut off, or as a part of it. */
static bool rest_fits(struct mesh_slice rest)
{
    struct url url = { 0 };

    rest.len = find(rest, '?');
    return !split(rest, &url) ||
           (authority_fits(url.authority) && escapes_fit(url.path));
}

bool mesh__is_http_url(struct mesh_slice text)
{
    static const char *const schemes[] = { "http:", "https:" };
    size_t fragment = find(text, '#');

    if (has_control(text))
        return false;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_slice scheme = mesh__slice_of(schemes[i]);
        struct mesh_slice whole;

        if (text.len < scheme.len ||
            !mesh__slice_equal_nocase(mesh__slice(text.at, scheme.len), scheme))
            continue;
        whole = from(text, scheme.len);
        return rest_fits(whole) &&
               (fragment == text.len ||
                (rest_fits(mesh__slice(whole.at, fragment - scheme.len)) &&
                 escapes_fit(from(text, fragment + 1))));
    }
    return false;
}
