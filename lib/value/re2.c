/*
 * re2.c - which regular expressions RE2 would take.
 *
 * One pass over the bytes that knows what PCRE2 has and RE2 has not; declines
 * to compile anything.
 */
#include "value/re2.h"

#include "base/text.h"

#include <stdint.h>

enum { RE2_HEIGHT = 1000 };

/* An expression being read. */
struct reader {
    struct mesh_slice text;
    size_t at;
    const char *why;  /* the refusal that ended it                  */
    const char *ours; /* the first that RE2 would not make          */
    size_t ours_at;
    bool repeatable; /* something stands before that may repeat    */
    bool repeated;   /* ... and a repetition has been put behind it */
    bool odd;        /* ... that PCRE2 lets nobody repeat           */
    unsigned item;   /* highest product of counts inside that item */
    size_t depth;    /* open groups                                */
    size_t over;     /* ... and those too deep to be told apart    */
    unsigned inner[MESH__RE2_DEPTH + 1]; /* the same, per open group       */
};

/* The byte at distance ahead; NUL behind the end (and for a NUL, refused). */
static char peek(const struct reader *in, size_t ahead)
{
    return in->text.len - in->at > ahead ? in->text.at[in->at + ahead] : '\0';
}

static bool looking_at(const struct reader *in, const char *text)
{
    return mesh__slice_starts(
        mesh__slice(in->text.at + in->at, in->text.len - in->at),
        mesh__slice_of(text));
}

static bool refuse(struct reader *in, const char *why)
{
    if (!in->why)
        in->why = why;
    return false;
}

/* RE2 takes it, but PCRE2 would read something else: noted, and read on. */
static void refuse_too(struct reader *in, const char *why)
{
    if (in->ours)
        return;
    in->ours = why;
    in->ours_at = in->at;
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return mesh__lower(c) >= 'a' && mesh__lower(c) <= 'z';
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

static bool one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* What stands now is an item with counts up to product inside. */
static void item(struct reader *in, unsigned product)
{
    in->repeatable = true;
    in->repeated = false;
    in->odd = false;
    in->item = product;
    if (in->inner[in->depth] < product)
        in->inner[in->depth] = product;
}

/* "^", "$", "\b": RE2 repeats them. */
static void assertion(struct reader *in)
{
    item(in, 1);
    in->odd = true;
}

/* \pN, \p{Greek}, \P{^Lu}; what PCRE2 adds has other letters in it. */
static bool read_property(struct reader *in)
{
    static const char *const foreign[] = { "Xan}", "Xps}", "Xsp}", "Xuc}",
                                           "Xwd}" };

    in->at += 2;
    if (is_letter(peek(in, 0))) {
        in->at++;
        return true;
    }
    if (peek(in, 0) != '{')
        return refuse(in, "\\p needs a letter or {Name}");
    in->at += peek(in, 1) == '^' ? 2 : 1;
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        if (looking_at(in, foreign[i]))
            return refuse(in, "RE2 has no such \\p property");
    if (peek(in, 0) >= 'a' && peek(in, 0) <= 'z')
        refuse_too(in, "a \\p property: write it with capitals");
    else if (peek(in, 0) < 'A' || peek(in, 0) > 'Z')
        return refuse(in, "RE2 has no such \\p property");
    while (is_letter(peek(in, 0)) || peek(in, 0) == '_')
        in->at++;
    if (peek(in, 0) != '}')
        return refuse(in, "RE2 has no such \\p property");
    in->at++;
    return true;
}

/* \xhh with both digits, or \x{h...}. */
static bool read_hex(struct reader *in)
{
    size_t digits = 0;

    in->at += 2;
    if (peek(in, 0) != '{') {
        if (mesh__hex_digit(peek(in, 0)) < 0 ||
            mesh__hex_digit(peek(in, 1)) < 0)
            return refuse(in, "\\x needs two digits or {...}");
        in->at += 2;
        return true;
    }
    in->at++;
    while (mesh__hex_digit(peek(in, digits)) >= 0)
        digits++;
    if (digits == 0 || digits > 6 || peek(in, digits) != '}')
        return refuse(in, "\\x{...} needs one to six digits");
    in->at += digits + 1;
    return true;
}

/* \Q...\E: everything between is literal. */
static bool read_quoted(struct reader *in)
{
    bool any;

    in->at += 2;
    any = in->at < in->text.len && !looking_at(in, "\\E");
    while (in->at < in->text.len && !looking_at(in, "\\E"))
        in->at++;
    if (in->at < in->text.len)
        in->at += 2;
    if (any)
        item(in, 1);
    return true;
}

/* \12 and \123 */
static bool read_octal(struct reader *in)
{
    refuse_too(in, "an octal escape: write \\x");
    in->at += 3;
    in->at += is_octal(peek(in, 0));
    return true;
}

/* The escapes that mean one character or one class, in and out of [...]. */
static bool read_common_escape(struct reader *in)
{
    unsigned char c = (unsigned char)peek(in, 1);

    if (c == 'p' || c == 'P')
        return read_property(in);
    if (c == 'x')
        return read_hex(in);
    if (is_octal((char)c) && c != '0' && is_octal(peek(in, 2)))
        return read_octal(in);
    if (one_of((char)c, "123456789"))
        return refuse(in, "back-references are not in RE2");
    if (c >= 0x80 || c == '\0')
        return refuse(in, "this character takes no backslash");
    if (is_letter((char)c) && !one_of((char)c, "dDsSwWaftnrv"))
        return refuse(in, "RE2 has no such escape");
    in->at += 2;
    return true;
}

static bool read_escape(struct reader *in)
{
    char c = peek(in, 1);

    if (in->text.len - in->at < 2)
        return refuse(in, "a backslash at the end");
    if (c == 'Q')
        return read_quoted(in);
    if (one_of(c, "AbBz")) {
        in->at += 2;
        assertion(in);
        return true;
    }
    if (c == 'E') { /* a stray one ends nothing */
        return refuse(in, "\\E without \\Q");
    } else if (!read_common_escape(in)) {
        return false;
    }
    item(in, 1);
    return true;
}

/* Is there a mark and a "]" behind it, further on? */
static bool has_pair(struct mesh_slice text, char mark)
{
    for (size_t i = 2; i + 1 < text.len; i++)
        if (text.at[i] == mark && text.at[i + 1] == ']')
            return true;
    return false;
}

/* [:alpha:] and [:^alpha:]; others PCRE2 refuses too. */
static bool read_posix_class(struct reader *in)
{
    struct mesh_slice rest =
        mesh__slice(in->text.at + in->at, in->text.len - in->at);
    size_t len = 2;

    if (!has_pair(rest, ':')) {
        refuse_too(in, "[: in a class begins no class name: write \\[");
        in->at++;
        return true;
    }
    len += peek(in, len) == '^';
    while (is_letter(peek(in, len)))
        len++;
    if (peek(in, len) != ':' || peek(in, len + 1) != ']')
        return refuse(in, "[: inside a class begins no class name");
    in->at += len + 2;
    return true;
}

static bool read_class_member(struct reader *in)
{
    if (looking_at(in, "[:"))
        return read_posix_class(in);
    if (looking_at(in, "[.") || looking_at(in, "[="))
        refuse_too(in, "[. and [= in a class: write \\[");
    if (peek(in, 0) == '\\')
        return read_common_escape(in);
    in->at++;
    return true;
}

/* "[:a:]" is a class of ":" and "a" to RE2, and a slip to PCRE2. */
static bool looks_posix(const struct reader *in)
{
    char mark = peek(in, 1);
    size_t len = 2;

    if (!one_of(mark, ":.="))
        return false;
    while (peek(in, len) && peek(in, len) != ']')
        len++;
    return len > 2 && peek(in, len) == ']' && peek(in, len - 1) == mark;
}

/* "[" ... "]"; a "]" right behind the start is a member. */
static bool read_class(struct reader *in)
{
    bool first = true;

    if (looks_posix(in))
        refuse_too(in, "a class that looks like a named one");
    in->at += peek(in, 1) == '^' ? 2 : 1;
    while (in->at < in->text.len && (first || peek(in, 0) != ']')) {
        if (!read_class_member(in))
            return false;
        first = false;
    }
    if (in->at >= in->text.len)
        return refuse(in, "a class without its ]");
    in->at++;
    item(in, 1);
    return true;
}

/* (?flags) or (?flags:, flags of "imsU" with one minus sign. */
static bool read_flags(struct reader *in)
{
    bool minus = false;
    size_t flags = 0;

    for (in->at += 2;; in->at++) {
        char c = peek(in, 0);

        if (one_of(c, "imsU")) {
            flags++;
        } else if (c == '-' && !minus) {
            minus = true;
            flags = 0;
        } else {
            break;
        }
    }
    if (flags == 0 && !minus && peek(in, 0) == ')')
        refuse_too(in, "(?) says nothing: leave it away");
    else if (flags == 0 || !one_of(peek(in, 0), ":)"))
        return refuse(in, "not a group of RE2 (look-around, conditions, "
                          "atomic groups and recursion are not in RE2)");
    return true;
}

/* Behind "(?P<" or "(?<": a name and its ">". */
static bool read_name(struct reader *in, size_t lead)
{
    size_t len = 0;

    in->at += lead;
    while (is_word(peek(in, len)))
        len++;
    if (len == 0 || peek(in, len) != '>')
        return refuse(in, "a group's name is made of letters, digits and _");
    in->at += len;
    return true;
}

static bool open_group(struct reader *in)
{
    in->repeatable = false;
    if (in->depth == MESH__RE2_DEPTH) {
        refuse_too(in, "more than 100 groups inside groups");
        return ++in->over <= RE2_HEIGHT - MESH__RE2_DEPTH ||
               refuse(in, "more than 1000 groups inside groups");
    }
    in->inner[++in->depth] = 1;
    return true;
}

/* Leaves the reader behind what opens the group. */
static bool read_group(struct reader *in)
{
    if (peek(in, 1) == '*')
        return refuse(in, "verbs are not in RE2");
    if (peek(in, 1) != '?') {
        in->at++;
        return open_group(in);
    }
    if (looking_at(in, "(?P<")) {
        if (!read_name(in, 4))
            return false;
    } else if (looking_at(in, "(?<") && !one_of(peek(in, 3), "=!")) {
        if (!read_name(in, 3))
            return false;
    } else if (looking_at(in, "(?:")) {
        in->at += 2;
    } else if (!read_flags(in)) {
        return false;
    } else if (peek(in, 0) == ')') { /* flags alone open nothing */
        in->at++;
        in->repeated = false;
        in->odd = in->repeatable; /* what stands before them may repeat */
        return true;
    }
    in->at++;
    return open_group(in);
}

static bool close_group(struct reader *in)
{
    unsigned inner = in->inner[in->depth];

    if (in->depth == 0)
        return refuse(in, "a ) without its (");
    if (in->over) {
        in->over--;
    } else {
        in->depth--;
    }
    in->at++;
    item(in, inner);
    return true;
}

/* The number at distance *ahead, moved behind it; beyond the bound: 1001. */
static unsigned read_count(const struct reader *in, size_t *ahead)
{
    unsigned count = 0;

    for (; is_digit(peek(in, *ahead)); (*ahead)++)
        if (count <= MESH__RE2_REPEATS)
            count = count * 10 + (unsigned)(peek(in, *ahead) - '0');
    return count > MESH__RE2_REPEATS ? MESH__RE2_REPEATS + 1 : count;
}

/* Bytes of "{n}", "{n,}" or "{n,m}" here, 0 if none; *most is the count. */
static size_t repetition_len(const struct reader *in, unsigned *most)
{
    size_t ahead = 1;

    if (!is_digit(peek(in, 1)))
        return 0;
    *most = read_count(in, &ahead);
    if (peek(in, ahead) == ',') {
        ahead++;
        if (is_digit(peek(in, ahead))) {
            unsigned high = read_count(in, &ahead);

            *most = high > *most ? high : *most;
        }
    }
    return peek(in, ahead) == '}' ? ahead + 1 : 0;
}

/* *, +, ?, {n,m}, each once and perhaps with "?" behind it. */
static bool read_repetition(struct reader *in, size_t len, unsigned most)
{
    if (!in->repeatable)
        return refuse(in, "nothing stands before the repetition");
    if (in->odd)
        refuse_too(in, "a repetition of what has no width, or of flags");
    if (in->repeated)
        return refuse(in, "a repetition of a repetition (possessive ones are "
                          "not in RE2)");
    if (most > MESH__RE2_REPEATS ||
        (most > 1 && most * in->item > MESH__RE2_REPEATS))
        return refuse(in, "more than 1000 repetitions");
    in->at += len;
    in->at += peek(in, 0) == '?';
    item(in, most > 1 ? most * in->item : in->item);
    in->repeated = true;
    return true;
}

static bool read_brace(struct reader *in)
{
    unsigned most = 0;
    size_t len = repetition_len(in, &most);

    if (len)
        return read_repetition(in, len, most);
    if (is_digit(peek(in, 1)) || one_of(peek(in, 1), ", \t"))
        refuse_too(in, "a { that looks like a repetition: write \\{");
    in->at++;
    item(in, 1);
    return true;
}

static bool read_one(struct reader *in)
{
    switch (peek(in, 0)) {
    case '\\':
        return read_escape(in);
    case '[':
        return read_class(in);
    case '(':
        return read_group(in);
    case ')':
        return close_group(in);
    case '*':
    case '+':
    case '?':
        return read_repetition(in, 1, 1);
    case '{':
        return read_brace(in);
    case '|':
        in->repeatable = false;
        break;
    case '^':
    case '$':
        assertion(in);
        break;
    case '\0':
        return refuse(in, "a NUL");
    default:
        item(in, 1);
        break;
    }
    in->at++;
    return true;
}

const char *mesh__re2_check(struct mesh_slice expression, size_t *at,
                            bool *ours)
{
    struct reader in = { .text = expression, .inner = { 1 } };

    while (in.at < in.text.len && read_one(&in))
        ;
    if (!in.why && in.depth)
        (void)refuse(&in, "a ( without its )");
    *ours = !in.why && in.ours;
    *at = *ours ? in.ours_at : in.at;
    return *ours ? in.ours : in.why;
}
