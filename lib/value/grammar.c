/*
 * grammar.c - which bytes HTTP allows where.
 *
 * One table of character classes; declines to know which message the bytes
 * are in. Bytes of 0x80 and above belong to field values only (obs-text).
 */
#include "value/head.h"

enum {
    TOKEN = 1, /* tchar, RFC 9110 section 5.6.2                      */
    AUTH = 2,  /* Envoy's authority: RFC 3986 without the user's '@' */
    VISIBLE = 4
};

#define T  (TOKEN | VISIBLE)
#define A  (AUTH | VISIBLE)
#define TA (TOKEN | AUTH | VISIBLE)
#define V  VISIBLE

/* clang-format off */
static const unsigned char classes[256] = {
    ['!'] = TA, ['"'] = V,  ['#'] = T,  ['$'] = TA, ['%'] = TA, ['&'] = TA,
    ['\''] = TA, ['('] = A, [')'] = A,  ['*'] = TA, ['+'] = TA, [','] = A,
    ['-'] = TA, ['.'] = TA, ['/'] = V,
    ['0'] = TA, ['1'] = TA, ['2'] = TA, ['3'] = TA, ['4'] = TA, ['5'] = TA,
    ['6'] = TA, ['7'] = TA, ['8'] = TA, ['9'] = TA,
    [':'] = A,  [';'] = A,  ['<'] = V,  ['='] = A,  ['>'] = V,  ['?'] = V,
    ['@'] = V,
    ['A'] = TA, ['B'] = TA, ['C'] = TA, ['D'] = TA, ['E'] = TA, ['F'] = TA,
    ['G'] = TA, ['H'] = TA, ['I'] = TA, ['J'] = TA, ['K'] = TA, ['L'] = TA,
    ['M'] = TA, ['N'] = TA, ['O'] = TA, ['P'] = TA, ['Q'] = TA, ['R'] = TA,
    ['S'] = TA, ['T'] = TA, ['U'] = TA, ['V'] = TA, ['W'] = TA, ['X'] = TA,
    ['Y'] = TA, ['Z'] = TA,
    ['['] = A,  ['\\'] = V, [']'] = A,  ['^'] = T,  ['_'] = TA, ['`'] = T,
    ['a'] = TA, ['b'] = TA, ['c'] = TA, ['d'] = TA, ['e'] = TA, ['f'] = TA,
    ['g'] = TA, ['h'] = TA, ['i'] = TA, ['j'] = TA, ['k'] = TA, ['l'] = TA,
    ['m'] = TA, ['n'] = TA, ['o'] = TA, ['p'] = TA, ['q'] = TA, ['r'] = TA,
    ['s'] = TA, ['t'] = TA, ['u'] = TA, ['v'] = TA, ['w'] = TA, ['x'] = TA,
    ['y'] = TA, ['z'] = TA,
    ['{'] = V,  ['|'] = T,  ['}'] = V,  ['~'] = TA,
};
/* clang-format on */

static bool all_of(struct mesh_slice text, unsigned char wanted)
{
    for (size_t i = 0; i < text.len; i++)
        if (!(classes[(unsigned char)text.at[i]] & wanted))
            return false;
    return true;
}

bool mesh__is_token(struct mesh_slice text)
{
    return text.len > 0 && all_of(text, TOKEN);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool mesh__is_field_value(struct mesh_slice text)
{
    if (text.len && (is_blank(text.at[0]) || is_blank(text.at[text.len - 1])))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c < 0x80 && !(classes[c] & VISIBLE) && !is_blank((char)c))
            return false;
    }
    return true;
}

bool mesh__is_path(struct mesh_slice text)
{
    if (text.len == 0 || !all_of(text, VISIBLE))
        return false;
    return text.at[0] == '/' || mesh__slice_is(text, "*");
}

bool mesh__is_authority(struct mesh_slice text)
{
    return all_of(text, AUTH);
}
