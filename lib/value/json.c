/*
 * json.c - a JSON text, taken apart piece by piece.
 *
 * One function for each rule of the grammar moves a cursor forward and says
 * whether it could. Declines to know what the text is about.
 */
#include "value/json.h"

struct cursor {
    const char *at;
    const char *end;
};

static bool take_value(struct cursor *c, unsigned depth);

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' ||
                              *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static bool take(struct cursor *c, char letter)
{
    if (c->at == c->end || *c->at != letter)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, struct mesh_slice word)
{
    if (!mesh__slice_starts(mesh__slice(c->at, (size_t)(c->end - c->at)), word))
        return false;
    c->at += word.len;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_digits(struct cursor *c)
{
    const char *start = c->at;

    while (c->at < c->end && is_digit(*c->at))
        c->at++;
    return c->at > start;
}

static bool take_number(struct cursor *c)
{
    take(c, '-');
    if (!take(c, '0') && !take_digits(c))
        return false;
    if (take(c, '.') && !take_digits(c))
        return false;
    if (!take(c, 'e') && !take(c, 'E'))
        return true;
    if (!take(c, '+'))
        take(c, '-');
    return take_digits(c);
}

static int hex_value(char c)
{
    char lower = mesh__lower(c);

    if (is_digit(c))
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* "00e9" behind "\u". */
static bool take_hex(struct cursor *c, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, c->at++) {
        if (c->at == c->end || hex_value(*c->at) < 0)
            return false;
        *code = *code * 16 + (unsigned)hex_value(*c->at);
    }
    return true;
}

static bool take_escape(struct cursor *c)
{
    unsigned code;

    if (take(c, 'u'))
        return take_hex(c, &code);
    if (c->at == c->end || !*c->at || !strchr("\"\\/bfnrt", *c->at))
        return false;
    c->at++;
    return true;
}

static bool take_string(struct cursor *c)
{
    if (!take(c, '"'))
        return false;
    while (c->at < c->end) {
        if (take(c, '"'))
            return true;
        if (take(c, '\\')) {
            if (!take_escape(c))
                return false;
        } else if ((unsigned char)*c->at++ < 0x20) {
            return false;
        }
    }
    return false;
}

/* Members or items up to the closing bracket, commas between. */
static bool take_list(struct cursor *c, char close, unsigned depth)
{
    skip_space(c);
    if (take(c, close))
        return true;
    do {
        skip_space(c);
        if (close == '}') {
            if (!take_string(c))
                return false;
            skip_space(c);
            if (!take(c, ':'))
                return false;
            skip_space(c);
        }
        if (!take_value(c, depth + 1))
            return false;
        skip_space(c);
    } while (take(c, ','));
    return take(c, close);
}

static bool take_value(struct cursor *c, unsigned depth)
{
    if (c->at == c->end || depth > MESH__JSON_DEPTH)
        return false;
    switch (*c->at) {
    case '{':
        c->at++;
        return take_list(c, '}', depth);
    case '[':
        c->at++;
        return take_list(c, ']', depth);
    case '"':
        return take_string(c);
    case 't':
        return take_word(c, MESH__SLICE("true"));
    case 'f':
        return take_word(c, MESH__SLICE("false"));
    case 'n':
        return take_word(c, MESH__SLICE("null"));
    default:
        return take_number(c);
    }
}

/* --- values ----------------------------------------------------------------
 */

static struct cursor cursor_of(struct mesh_slice text)
{
    return (struct cursor){ text.at, text.at + text.len };
}

static bool cut_value(struct cursor *c, struct mesh_slice *value)
{
    const char *start;

    skip_space(c);
    start = c->at;
    if (!take_value(c, 0))
        return false;
    *value = mesh__slice(start, (size_t)(c->at - start));
    return true;
}

bool mesh__json_first(struct mesh_slice text, struct mesh_slice *value)
{
    struct cursor c = cursor_of(text);

    return text.len && cut_value(&c, value);
}

static bool begins(struct mesh_slice value, char letter)
{
    return value.len && value.at[0] == letter;
}

bool mesh__json_is_object(struct mesh_slice value)
{
    return begins(value, '{');
}

bool mesh__json_is_array(struct mesh_slice value)
{
    return begins(value, '[');
}

bool mesh__json_is_string(struct mesh_slice value)
{
    return begins(value, '"');
}

bool mesh__json_is_null(struct mesh_slice value)
{
    return begins(value, 'n');
}

/* Over the bracket that opens, or the comma behind what was taken last. */
static bool begin_next(struct cursor *c)
{
    if (c->at == c->end)
        return false;
    c->at++;
    skip_space(c);
    return c->at < c->end && *c->at != '}' && *c->at != ']';
}

static void end_next(struct cursor *c, struct mesh_slice *rest)
{
    skip_space(c);
    *rest = mesh__slice(c->at, (size_t)(c->end - c->at));
}

bool mesh__json_member(struct mesh_slice *rest, struct mesh_slice *key,
                       struct mesh_slice *value)
{
    struct cursor c = cursor_of(*rest);

    if (!rest->len || !begin_next(&c) || !cut_value(&c, key))
        return false;
    skip_space(&c);
    if (!take(&c, ':') || !cut_value(&c, value))
        return false;
    end_next(&c, rest);
    return true;
}

bool mesh__json_item(struct mesh_slice *rest, struct mesh_slice *value)
{
    struct cursor c = cursor_of(*rest);

    if (!rest->len || !begin_next(&c) || !cut_value(&c, value))
        return false;
    end_next(&c, rest);
    return true;
}

/* --- texts -----------------------------------------------------------------
 */

static char *put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

/* Behind "\u": one character, of one escape or of a pair. */
static unsigned read_code(struct cursor *c)
{
    struct cursor behind;
    unsigned code;
    unsigned low;

    take_hex(c, &code);
    if (code < 0xD800 || code > 0xDFFF)
        return code;
    behind = *c;
    if (code < 0xDC00 && take(&behind, '\\') && take(&behind, 'u') &&
        take_hex(&behind, &low) && low >= 0xDC00 && low <= 0xDFFF) {
        *c = behind;
        return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    return 0xFFFD;
}

static char unescaped(char letter)
{
    static const char letters[] = "bfnrt";
    static const char values[] = "\b\f\n\r\t";
    const char *found = strchr(letters, letter);

    return found ? values[found - letters] : letter;
}

struct mesh_slice mesh__json_unescape(struct mesh_slice string, char *out)
{
    struct cursor c = { string.at + 1, string.at + string.len - 1 };
    char *to = out;

    while (c.at < c.end) {
        if (!take(&c, '\\'))
            *to++ = *c.at++;
        else if (take(&c, 'u'))
            to = put_utf8(to, read_code(&c));
        else
            *to++ = unescaped(*c.at++);
    }
    return mesh__slice(out, (size_t)(to - out));
}
