/*
 * duration.c - spans of time as policies write them.
 *
 * Text to nanoseconds and back; declines to know what time it is.
 */
#include "value/duration.h"

#include "base/text.h"

#include <inttypes.h>

static const struct {
    const char *name;
    uint64_t ns;
} units[] = {
    { "ns", 1 },
    { "us", 1000 },
    { "\xc2\xb5s", 1000 }, /* U+00B5, the micro sign  */
    { "\xce\xbcs", 1000 }, /* U+03BC, the letter mu   */
    { "ms", 1000 * 1000 },
    { "s", 1000 * 1000 * 1000 },
    { "m", UINT64_C(60) * 1000 * 1000 * 1000 },
    { "h", UINT64_C(3600) * 1000 * 1000 * 1000 },
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip(struct mesh_slice *text, size_t len)
{
    text->at += len;
    text->len -= len;
}

static struct mesh_slice take_digits(struct mesh_slice *text)
{
    struct mesh_slice digits = mesh__slice(text->at, 0);

    while (digits.len < text->len && is_digit(text->at[digits.len]))
        digits.len++;
    skip(text, digits.len);
    return digits;
}

/* Everything up to the next digit or point is the unit; 0 if it is none. */
static uint64_t take_unit(struct mesh_slice *text)
{
    struct mesh_slice name = mesh__slice(text->at, 0);

    while (name.len < text->len && text->at[name.len] != '.' &&
           !is_digit(text->at[name.len]))
        name.len++;
    skip(text, name.len);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (mesh__slice_is(name, units[i].name))
            return units[i].ns;
    return 0;
}

/*
 * 0.digits of a unit, rounded down. From the last digit to the first, so that
 * nothing but the sum is ever cut (floors nest).
 */
static uint64_t fraction_ns(struct mesh_slice digits, uint64_t unit_ns)
{
    uint64_t ns = 0;

    for (size_t i = digits.len; i-- > 0;)
        ns = (ns + (uint64_t)(digits.at[i] - '0') * unit_ns) / 10;
    return ns;
}

/* One "12.5ms" added to *ns, which stays within ceiling. */
static bool take_piece(struct mesh_slice *text, uint64_t ceiling, uint64_t *ns)
{
    struct mesh_slice whole = take_digits(text);
    struct mesh_slice fraction = { 0 };
    unsigned long long number = 0;
    uint64_t unit_ns;
    uint64_t part_ns;

    if (text->len && text->at[0] == '.') {
        skip(text, 1);
        fraction = take_digits(text);
    }
    if (whole.len + fraction.len == 0)
        return false;
    unit_ns = take_unit(text);
    if (unit_ns == 0)
        return false;
    if (whole.len && !mesh__slice_number(whole, ceiling / unit_ns, &number))
        return false;
    part_ns = number * unit_ns + fraction_ns(fraction, unit_ns);
    if (part_ns > ceiling - *ns)
        return false;
    *ns += part_ns;
    return true;
}

bool mesh__duration_parse(struct mesh_slice text, int64_t *out_ns)
{
    bool negative = text.len && text.at[0] == '-';
    uint64_t ns = 0;

    if (negative || (text.len && text.at[0] == '+'))
        skip(&text, 1);
    if (text.len == 0)
        return false;
    if (mesh__slice_is(text, "0"))
        text.len = 0; /* the one number that needs no unit */
    while (text.len)
        if (!take_piece(&text, INT64_MAX, &ns))
            return false;
    *out_ns = negative ? -(int64_t)ns : (int64_t)ns;
    return true;
}

void mesh__duration_print(int64_t ns, char out[32])
{
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    struct mesh_text text;

    mesh__text_init(&text, out, 32);
    mesh__text_format(&text, "%s%" PRIu64 ".%03" PRIu64 "s", ns < 0 ? "-" : "",
                      size / MESH__S, size % MESH__S / MESH__MS);
}
