/*
 * host.c - service names: fully qualified, short, wildcard.
 *
 * Compares names as Istio does, letter by letter; declines to know which
 * services exist. Case is the caller's: an authority is lowered before.
 */
#include "value/host.h"

#include "value/address.h"

enum { LABEL_MAX = 63 };

bool mesh__host_is_wildcard(struct mesh_slice host)
{
    return host.len > 0 && host.at[0] == '*';
}

static bool is_letter_or_digit(char c)
{
    char lower = mesh__lower(c);

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 1123 section 2.1: letters, digits and inner dashes. */
static bool label_valid(struct mesh_slice label)
{
    if (label.len == 0 || label.len > LABEL_MAX)
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (label.at[i] != '-' && !is_letter_or_digit(label.at[i]))
            return false;
    return label.at[0] != '-' && label.at[label.len - 1] != '-';
}

/* "*", "*a" or "*-a": what Istio takes for the first label of a wildcard. */
static bool star_label_valid(struct mesh_slice label)
{
    struct mesh_slice rest = mesh__slice(label.at + 1, label.len - 1);

    if (rest.len > 1 && rest.at[0] == '-')
        rest = mesh__slice(rest.at + 1, rest.len - 1);
    return label.len <= LABEL_MAX && (rest.len == 0 || label_valid(rest));
}

/* What Go's strconv.Atoi takes: a longer row of digits is a name to Istio. */
static bool is_number(struct mesh_slice label)
{
    unsigned long long number;

    return mesh__slice_number(label, INT64_MAX, &number);
}

/* Take the first label off; *more says whether a dot stood behind it. */
static struct mesh_slice take_label(struct mesh_slice *host, bool *more)
{
    const char *dot = host->len ? memchr(host->at, '.', host->len) : NULL;
    struct mesh_slice label = *host;

    *more = dot != NULL;
    if (!dot)
        return label;
    label.len = (size_t)(dot - host->at);
    *host = mesh__slice(dot + 1, host->len - label.len - 1);
    return label;
}

bool mesh__host_valid(struct mesh_slice host, bool wildcard_allowed)
{
    bool first = true;
    bool more = true;

    if (host.len == 0 || host.len > MESH__HOST_MAX)
        return false;
    while (more) {
        struct mesh_slice label = take_label(&host, &more);
        bool star = first && wildcard_allowed && mesh__host_is_wildcard(label);

        if (!more && !first && label.len == 0)
            return true; /* "istio.io." */
        if (star ? !star_label_valid(label) : !label_valid(label))
            return false;
        if (!more && is_number(label) && !(first && wildcard_allowed))
            return false;
        first = false;
    }
    return true;
}

static struct mesh_slice behind_star(struct mesh_slice wildcard)
{
    return mesh__slice(wildcard.at + 1, wildcard.len - 1);
}

bool mesh__host_matches(struct mesh_slice pattern, struct mesh_slice host)
{
    if (!mesh__host_is_wildcard(pattern))
        return mesh__slice_equal(pattern, host);
    if (mesh__host_is_wildcard(host))
        return host.len >= pattern.len &&
               mesh__slice_ends(behind_star(host), behind_star(pattern));
    return mesh__slice_ends(host, behind_star(pattern));
}

bool mesh__host_overlaps(struct mesh_slice a, struct mesh_slice b)
{
    return mesh__host_matches(a, b) || mesh__host_matches(b, a);
}

static int compare_text(struct mesh_slice a, struct mesh_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.at, b.at, len) : 0;

    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

int mesh__host_compare(struct mesh_slice a, struct mesh_slice b)
{
    bool a_wild = mesh__host_is_wildcard(a);
    bool b_wild = mesh__host_is_wildcard(b);

    if (a_wild != b_wild)
        return a_wild ? 1 : -1;
    if (a_wild && a.len != b.len)
        return a.len > b.len ? -1 : 1;
    return compare_text(a, b);
}

const char *mesh__host_resolve(struct mesh_arena *arena, struct mesh_slice host,
                               struct mesh_slice namespace_,
                               struct mesh_slice domain)
{
    struct mesh_address address;

    if (host.len == 0 || mesh__slice_is(host, "*") ||
        memchr(host.at, '.', host.len) ||
        mesh__address_parse_ip(host, &address))
        return mesh__arena_strndup(arena, host.at, host.len);
    return mesh__arena_format(arena, "%.*s%s%.*s%s%.*s", (int)host.len, host.at,
                              namespace_.len ? "." : "", (int)namespace_.len,
                              namespace_.len ? namespace_.at : "",
                              domain.len ? ".svc." : "", (int)domain.len,
                              domain.len ? domain.at : "");
}
