/*
 * utf8.c - the first character that YAML has no room for.
 *
 * libyaml would find it too, but from where it has read ahead to; here it is
 * told where it stands.
 */
#include "yaml/inside.h"

/* How long the sequence that a byte begins is; 0: none begins with it. */
static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2)
        return 0;
    if (first < 0xE0)
        return 2;
    if (first < 0xF0)
        return 3;
    return first < 0xF5 ? 4 : 0;
}

/* The shortest form only, no surrogates, nothing beyond U+10FFFF. */
static bool second_fits(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second < 0xA0;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second < 0x90;
    default:
        return true;
    }
}

static bool is_sequence(const unsigned char *at, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xC0) != 0x80)
            return false;
    return len < 2 || second_fits(at[0], at[1]);
}

static bool is_control(unsigned char byte)
{
    return (byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') ||
           byte == 0x7F;
}

static const char *judge(const unsigned char *at, size_t left, size_t *len)
{
    *len = sequence_length(*at);
    if (*at == '\0')
        return "a NUL byte";
    if (is_control(*at))
        return "a control character";
    if (*len == 0 || *len > left || !is_sequence(at, *len))
        return "invalid UTF-8";
    return NULL;
}

size_t mesh__yaml_bad_character(struct mesh_slice text, const char **what)
{
    const unsigned char *bytes = (const unsigned char *)text.at;
    size_t len;

    *what = NULL;
    for (size_t i = 0; i < text.len; i += len) {
        len = 1;
        if (bytes[i] >= ' ' && bytes[i] < 0x7F)
            continue;
        *what = judge(bytes + i, text.len - i, &len);
        if (*what)
            return i;
    }
    return text.len;
}
