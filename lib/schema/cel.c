/*
 * cel.c - is a text an expression of CEL's grammar?
 *
 * As google/cel-go reads it, macros with it, optional syntax not. Types and
 * names are nobody's business here: nothing is evaluated.
 */
#include "schema/table.h"

#include <stdlib.h>

/* Expressions inside expressions; deeper ones are taken unread. */
enum { DEPTH_MAX = 40 };

enum token {
    T_END,
    T_BAD,
    T_NAME,
    T_QUOTED_NAME, /* `a-b`, behind a dot only                          */
    T_LITERAL,     /* text, bytes, an unsigned number, true, false, null */
    T_NUMBER,      /* what a minus may stand before                     */
    T_IN,
    T_COMPARE, /* == != < <= > >=                                       */
    T_OR,
    T_AND,
    T_OTHER /* one character                                          */
};

/* What an expression is, as far as macros ask. */
enum shape { NO_EXPRESSION, NAME, FIELD, ANOTHER };

struct cel {
    const char *at; /* behind the token                */
    const char *start;
    size_t len;
    enum token token;
    unsigned depth;
    bool deep; /* DEPTH_MAX was met */
    bool big;  /* the number fits only behind a minus */
};

static enum shape expression(struct cel *cel);

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    c = mesh__lower(c);
    return (c >= 'a' && c <= 'z') || c == '_';
}

static size_t digits(const char *at)
{
    return strspn(at, "0123456789");
}

static size_t hex_digits(const char *at)
{
    return strspn(at, "0123456789abcdefABCDEF");
}

/* --- texts -----------------------------------------------------------------
 */

/* Of the digits behind \x, \u and \U. */
static size_t coded_escape(const char *at, size_t count, bool bytes)
{
    char copy[9] = { 0 };
    unsigned long code;

    if (hex_digits(at) < count || (bytes && count > 2))
        return 0;
    memcpy(copy, at, count);
    code = strtoul(copy, NULL, 16);
    return (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF ? 0
                                                                 : count + 2;
}

/* Bytes of the escape that begins here, 0 when it is none. */
static size_t escape(const char *at, bool bytes)
{
    char c = at[1];

    if (c && strchr("abfnrtv\"'\\?`", c))
        return 2;
    if (mesh__lower(c) == 'x')
        return coded_escape(at + 2, 2, bytes);
    if (c == 'u' || c == 'U')
        return coded_escape(at + 2, c == 'u' ? 4 : 8, bytes);
    return c >= '0' && c <= '3' && strspn(at + 2, "01234567") >= 2 ? 4 : 0;
}

/* Bytes of the text that begins with these marks, 0 when it has no end. */
static size_t quoted(const char *at, size_t marks, bool raw, bool bytes)
{
    size_t len = marks;

    while (at[len] && strncmp(at + len, at, marks) != 0) {
        size_t step = 1;

        if (marks == 1 && (at[len] == '\n' || at[len] == '\r'))
            return 0;
        if (at[len] == '\\' && !raw)
            step = escape(at + len, bytes);
        if (step == 0)
            return 0;
        len += step;
    }
    return at[len] ? len + marks : 0;
}

/* b'', r"", br""", and without letters. */
static size_t text_len(const char *at)
{
    bool bytes = mesh__lower(*at) == 'b';
    size_t lead = bytes;
    bool raw = mesh__lower(at[lead]) == 'r';
    char mark = at[lead + raw];
    size_t len = 0;

    lead += raw;
    if (mark != '"' && mark != '\'')
        return 0;
    if (at[lead + 1] == mark && at[lead + 2] == mark)
        len = quoted(at + lead, 3, raw, bytes);
    if (len == 0)
        len = quoted(at + lead, 1, raw, bytes);
    return len ? lead + len : 0;
}

/* --- numbers ----------------------------------------------------------------
 */

static size_t exponent(const char *at)
{
    size_t sign = 1;

    if (mesh__lower(*at) != 'e')
        return 0;
    sign += at[1] == '+' || at[1] == '-';
    return digits(at + sign) ? sign + digits(at + sign) : 0;
}

/* Does the value of so many digits fit a type that holds so much? */
static bool fits(const char *at, size_t len, unsigned base, uint64_t most)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++) {
        char c = mesh__lower(at[i]);
        unsigned digit = (unsigned)(is_digit(c) ? c - '0' : c - 'a' + 10);

        if (value > (most - digit) / base)
            return false;
        value = value * base + digit;
    }
    return true;
}

static enum token whole_number(struct cel *cel, size_t lead, unsigned base,
                               size_t *len)
{
    const char *at = cel->start + lead;
    size_t count = base == 16 ? hex_digits(at) : digits(at);

    *len = lead + count;
    if (mesh__lower(at[count]) == 'u') {
        ++*len;
        return fits(at, count, base, UINT64_MAX) ? T_LITERAL : T_BAD;
    }
    if (!fits(at, count, base, (uint64_t)INT64_MAX + 1))
        return T_BAD;
    cel->big = !fits(at, count, base, INT64_MAX);
    return T_NUMBER;
}

static enum token number(struct cel *cel, size_t *len)
{
    const char *at = cel->start;
    size_t count = digits(at);
    size_t whole = count;
    double value;

    cel->big = false;
    if (at[count] == '.' && digits(at + count + 1))
        count += 1 + digits(at + count + 1);
    count += exponent(at + count);
    *len = count;
    if (count > whole) {
        struct mesh_yaml_node node = { .kind = MESH__YAML_SCALAR,
                                       .plain = true,
                                       .text = mesh__slice(at, count) };

        return count > 100 || mesh__yaml_float(&node, &value) ? T_NUMBER
                                                              : T_BAD;
    }
    if (at[0] == '0' && at[1] == 'x' && hex_digits(at + 2))
        return whole_number(cel, 2, 16, len);
    return whole_number(cel, 0, 10, len);
}

/* --- tokens -----------------------------------------------------------------
 */

static void skip_blanks(struct cel *cel)
{
    for (;;) {
        cel->at += strspn(cel->at, " \t\r\n\f");
        if (cel->at[0] != '/' || cel->at[1] != '/')
            return;
        cel->at += strcspn(cel->at, "\n");
    }
}

static enum token word(struct cel *cel, size_t *len)
{
    static const char *const literals[] = { "true", "false", "null" };
    struct mesh_slice text;

    for (*len = 0; is_letter(cel->start[*len]) || is_digit(cel->start[*len]);)
        ++*len;
    text = mesh__slice(cel->start, *len);
    for (size_t i = 0; i < 3; i++)
        if (mesh__slice_is(text, literals[i]))
            return T_LITERAL;
    return mesh__slice_is(text, "in") ? T_IN : T_NAME;
}

static enum token mark(const char *at, size_t *len)
{
    static const struct {
        const char *text;
        enum token token;
    } marks[] = { { "==", T_COMPARE }, { "!=", T_COMPARE }, { "<=", T_COMPARE },
                  { ">=", T_COMPARE }, { "<", T_COMPARE },  { ">", T_COMPARE },
                  { "||", T_OR },      { "&&", T_AND } };

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (strncmp(at, marks[i].text, strlen(marks[i].text)) == 0) {
            *len = strlen(marks[i].text);
            return marks[i].token;
        }
    *len = 1;
    return strchr("()[]{}.,:?!+-*/%", *at) ? T_OTHER : T_BAD;
}

static enum token quoted_name(const char *at, size_t *len)
{
    size_t inner = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/ ");

    *len = inner + 2;
    return inner && at[inner + 1] == '`' ? T_QUOTED_NAME : T_BAD;
}

static void next(struct cel *cel)
{
    const char *at;

    skip_blanks(cel);
    at = cel->start = cel->at;
    cel->len = text_len(at);
    if (!*at)
        cel->token = T_END;
    else if (cel->len)
        cel->token = T_LITERAL;
    else if (is_letter(*at))
        cel->token = word(cel, &cel->len);
    else if (is_digit(*at) || (*at == '.' && is_digit(at[1])))
        cel->token = number(cel, &cel->len);
    else if (*at == '`')
        cel->token = quoted_name(at, &cel->len);
    else
        cel->token = mark(at, &cel->len);
    if (cel->token != T_BAD)
        cel->at += cel->len;
}

static bool sees(const struct cel *cel, char c)
{
    return cel->token == T_OTHER && *cel->start == c;
}

static bool take(struct cel *cel, char c)
{
    if (!sees(cel, c))
        return false;
    next(cel);
    return true;
}

static struct mesh_slice text_of(const struct cel *cel)
{
    return mesh__slice(cel->start, cel->len);
}

/* --- calls ------------------------------------------------------------------
 */

/* "(" is taken; the shape of the first argument, and how many there are. */
static bool arguments(struct cel *cel, enum shape *first, size_t *count)
{
    *count = 0;
    *first = ANOTHER;
    if (take(cel, ')'))
        return true;
    do {
        enum shape shape = expression(cel);

        if (shape == NO_EXPRESSION)
            return false;
        if ((*count)++ == 0)
            *first = shape;
    } while (take(cel, ','));
    return take(cel, ')');
}

/* Is it a macro that cannot be unfolded? */
static bool spoils_macro(struct mesh_slice name, bool member, enum shape first,
                         size_t count)
{
    static const char *const pairs[] = { "all",       "exists", "exists_one",
                                         "existsOne", "map",    "filter" };

    if (!member)
        return mesh__slice_is(name, "has") && count == 1 && first != FIELD;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (mesh__slice_is(name, pairs[i]))
            return first != NAME &&
                   (count == 2 || (count == 3 && mesh__slice_is(name, "map")));
    return false;
}

static enum shape call(struct cel *cel, struct mesh_slice name, bool member)
{
    enum shape first;
    size_t count;

    if (!arguments(cel, &first, &count) ||
        spoils_macro(name, member, first, count))
        return NO_EXPRESSION;
    return ANOTHER;
}

/* --- what stands alone ------------------------------------------------------
 */

/* Key, ":" and value, with commas between; named: the keys are fields. */
static bool entries(struct cel *cel, bool named)
{
    while (!sees(cel, '}') && !sees(cel, ',')) {
        if (named) {
            if (cel->token != T_NAME && cel->token != T_QUOTED_NAME)
                return false;
            next(cel);
        } else if (expression(cel) == NO_EXPRESSION) {
            return false;
        }
        if (!take(cel, ':') || expression(cel) == NO_EXPRESSION)
            return false;
        if (!take(cel, ','))
            return take(cel, '}');
    }
    (void)take(cel, ',');
    return take(cel, '}');
}

static bool items(struct cel *cel)
{
    while (!sees(cel, ']') && !sees(cel, ',')) {
        if (expression(cel) == NO_EXPRESSION)
            return false;
        if (!take(cel, ','))
            return take(cel, ']');
    }
    (void)take(cel, ',');
    return take(cel, ']');
}

static bool is_reserved(struct mesh_slice name)
{
    static const char *const names[] = {
        "as",   "break", "const",  "continue", "else",      "for",
        "if",   "let",   "import", "function", "namespace", "loop",
        "void", "while", "return", "package",  "var"
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (mesh__slice_is(name, names[i]))
            return true;
    return false;
}

/* "a.b.C{": the type of a message, its brace taken. */
static bool message_begins(struct cel *cel)
{
    struct cel ahead = *cel;

    do {
        if (ahead.token != T_NAME)
            return false;
        next(&ahead);
    } while (take(&ahead, '.'));
    if (!take(&ahead, '{'))
        return false;
    *cel = ahead;
    return true;
}

static enum shape named(struct cel *cel, bool dot)
{
    struct mesh_slice name = text_of(cel);

    if (message_begins(cel))
        return entries(cel, true) ? ANOTHER : NO_EXPRESSION;
    if (is_reserved(name))
        return NO_EXPRESSION;
    next(cel);
    return take(cel, '(') ? call(cel, dot ? MESH__SLICE("") : name, false)
                          : NAME;
}

static enum shape literal(struct cel *cel, bool minus)
{
    if (cel->token == T_NUMBER ? cel->big && !minus : minus)
        return NO_EXPRESSION;
    next(cel);
    return ANOTHER;
}

static enum shape primary(struct cel *cel)
{
    enum shape shape;
    bool dot = take(cel, '.');

    if (cel->token == T_NAME)
        return named(cel, dot);
    if (dot)
        return NO_EXPRESSION;
    if (cel->token == T_LITERAL || cel->token == T_NUMBER)
        return literal(cel, false);
    if (take(cel, '-'))
        return literal(cel, true);
    if (take(cel, '(')) {
        shape = expression(cel);
        return take(cel, ')') ? shape : NO_EXPRESSION;
    }
    if (take(cel, '['))
        return items(cel) ? ANOTHER : NO_EXPRESSION;
    if (take(cel, '{'))
        return entries(cel, false) ? ANOTHER : NO_EXPRESSION;
    return NO_EXPRESSION;
}

/* --- what is made of it -----------------------------------------------------
 */

/* Behind the dot. */
static enum shape field(struct cel *cel)
{
    struct mesh_slice name = text_of(cel);
    bool plain = cel->token == T_NAME;

    if (!plain && cel->token != T_QUOTED_NAME)
        return NO_EXPRESSION;
    next(cel);
    return plain && take(cel, '(') ? call(cel, name, true) : FIELD;
}

static enum shape member(struct cel *cel)
{
    enum shape shape = primary(cel);

    while (shape != NO_EXPRESSION) {
        if (take(cel, '.')) {
            shape = field(cel);
        } else if (take(cel, '[')) {
            shape = expression(cel) != NO_EXPRESSION && take(cel, ']')
                        ? ANOTHER
                        : NO_EXPRESSION;
        } else {
            break;
        }
    }
    return shape;
}

/* "!" and "-" as often as one likes, but not both. */
static enum shape unary(struct cel *cel)
{
    char sign = sees(cel, '!') ? '!' : '-';
    struct cel before;
    bool any = false;

    for (before = *cel; sees(cel, sign); any = true) {
        before = *cel;
        next(cel);
    }
    if (any && sign == '-' && cel->token == T_NUMBER)
        *cel = before; /* the last one belongs to the number */
    return member(cel) == NO_EXPRESSION ? NO_EXPRESSION : ANOTHER;
}

static bool takes_operator(struct cel *cel)
{
    if (cel->token == T_OTHER ? !strchr("*/%+-", *cel->start)
                              : cel->token != T_COMPARE && cel->token != T_IN &&
                                    cel->token != T_OR && cel->token != T_AND)
        return false;
    next(cel);
    return true;
}

/* Which operator binds closer does not matter to who only asks for grammar. */
static enum shape operands(struct cel *cel)
{
    bool sign = sees(cel, '!') || sees(cel, '-');
    enum shape shape = sign ? unary(cel) : member(cel);

    while (shape != NO_EXPRESSION && takes_operator(cel))
        shape = unary(cel); /* that is ANOTHER at most */
    return shape;
}

static enum shape expression(struct cel *cel)
{
    enum shape shape = NO_EXPRESSION;

    if (cel->depth == DEPTH_MAX) {
        cel->deep = true;
        return NO_EXPRESSION;
    }
    cel->depth++;
    shape = operands(cel);
    if (shape != NO_EXPRESSION && take(cel, '?')) {
        shape = operands(cel) != NO_EXPRESSION && take(cel, ':') &&
                        expression(cel) != NO_EXPRESSION
                    ? ANOTHER
                    : NO_EXPRESSION;
    }
    cel->depth--;
    return shape;
}

bool mesh__is_cel(struct mesh_slice text)
{
    struct cel cel = { .at = text.at ? text.at : "" };
    bool whole;

    next(&cel);
    whole = expression(&cel) != NO_EXPRESSION && cel.token == T_END &&
            cel.at == text.at + text.len;
    return whole || cel.deep;
}
