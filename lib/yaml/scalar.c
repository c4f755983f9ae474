/*
 * scalar.c - what a plain scalar means: null, bool, number or text.
 *
 * YAML 1.1 with the limits of the parser behind sigs.k8s.io/yaml, so that
 * "yes" is a bool here because it is one for Istio. Knows nothing of trees.
 */
#include "yaml/yaml.h"

#include <float.h>
#include <math.h>

enum {
    NUMBER_MAX = 400
}; /* bytes of a number, its sign included: one of
      more digits is too large for a double */

struct word {
    const char *text;
    enum mesh_yaml_type type;
    bool truth;
};

static const struct word words[] = {
    { "y", MESH__YAML_BOOL, true },       { "Y", MESH__YAML_BOOL, true },
    { "yes", MESH__YAML_BOOL, true },     { "Yes", MESH__YAML_BOOL, true },
    { "YES", MESH__YAML_BOOL, true },     { "true", MESH__YAML_BOOL, true },
    { "True", MESH__YAML_BOOL, true },    { "TRUE", MESH__YAML_BOOL, true },
    { "on", MESH__YAML_BOOL, true },      { "On", MESH__YAML_BOOL, true },
    { "ON", MESH__YAML_BOOL, true },      { "n", MESH__YAML_BOOL, false },
    { "N", MESH__YAML_BOOL, false },      { "no", MESH__YAML_BOOL, false },
    { "No", MESH__YAML_BOOL, false },     { "NO", MESH__YAML_BOOL, false },
    { "false", MESH__YAML_BOOL, false },  { "False", MESH__YAML_BOOL, false },
    { "FALSE", MESH__YAML_BOOL, false },  { "off", MESH__YAML_BOOL, false },
    { "Off", MESH__YAML_BOOL, false },    { "OFF", MESH__YAML_BOOL, false },
    { "", MESH__YAML_NULL, false },       { "~", MESH__YAML_NULL, false },
    { "null", MESH__YAML_NULL, false },   { "Null", MESH__YAML_NULL, false },
    { "NULL", MESH__YAML_NULL, false },   { ".nan", MESH__YAML_FLOAT, false },
    { ".NaN", MESH__YAML_FLOAT, false },  { ".NAN", MESH__YAML_FLOAT, false },
    { ".inf", MESH__YAML_FLOAT, false },  { ".Inf", MESH__YAML_FLOAT, false },
    { ".INF", MESH__YAML_FLOAT, false },  { "+.inf", MESH__YAML_FLOAT, false },
    { "+.Inf", MESH__YAML_FLOAT, false }, { "+.INF", MESH__YAML_FLOAT, false },
    { "-.inf", MESH__YAML_FLOAT, false }, { "-.Inf", MESH__YAML_FLOAT, false },
    { "-.INF", MESH__YAML_FLOAT, false },
};

static const struct word *find_word(struct mesh_slice text)
{
    if (text.len > 5)
        return NULL;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (mesh__slice_is(text, words[i].text))
            return &words[i];
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* text without its underscores, NUL-terminated; false when it is no number. */
static bool plain_number(struct mesh_slice text, char out[NUMBER_MAX + 1])
{
    size_t len = 0;

    if (text.len == 0 || text.len > NUMBER_MAX ||
        !(is_digit(text.at[0]) || strchr("+-.", text.at[0])))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '_')
            out[len++] = text.at[i];
    out[len] = '\0';
    return len > 0;
}

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c = mesh__lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Go's ParseInt with base 0, and ParseUint beyond it. */
enum integer { NO_INTEGER, FITS, FITS_UNSIGNED, TOO_BIG };

/* *wide is what has no sign and is too big for *out. */
static enum integer read_integer(const char *text, int64_t *out, uint64_t *wide)
{
    bool minus = *text == '-';
    bool plus = *text == '+';
    uint64_t ceiling = minus ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;
    bool big = false;
    int base = 10;

    if (*text == '-' || *text == '+')
        text++;
    if (text[0] == '0' && text[1]) {
        char mark = mesh__lower(text[1]);

        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
        text += mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1;
    }
    if (!*text)
        return NO_INTEGER;
    for (; *text; text++) {
        int digit = digit_value(*text);

        if (digit >= base)
            return NO_INTEGER;
        if (value > (UINT64_MAX - (uint64_t)digit) / (uint64_t)base)
            big = true;
        value = value * (uint64_t)base + (uint64_t)digit;
    }
    if (big || (minus && value > ceiling))
        return TOO_BIG;
    *wide = value;
    if (value > ceiling)
        return plus ? TOO_BIG : FITS_UNSIGNED;
    *out = minus ? (int64_t)(0 - value) : (int64_t)value;
    return FITS;
}

/* [-+]? ( .digits | digits [. digits] ) ( e [-+]? digits )? */
static bool looks_real(const char *text)
{
    size_t before = 0;
    size_t after = 0;

    if (*text == '-' || *text == '+')
        text++;
    for (; is_digit(*text); text++)
        before++;
    if (*text == '.')
        for (text++; is_digit(*text); text++)
            after++;
    if (before + after == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '-' || *text == '+')
            text++;
        if (!is_digit(*text))
            return false;
        while (is_digit(*text))
            text++;
    }
    return *text == '\0';
}

/*
 * The digits are read by hand, because strtod asks the host's locale what a
 * decimal point is. Good to the last bits but two, which is enough for
 * percentages and seconds.
 */
static double read_real(const char *text)
{
    bool minus = *text == '-';
    double value = 0;
    long exponent = 0;
    long shift = 0;
    bool down = false;

    if (*text == '-' || *text == '+')
        text++;
    for (; is_digit(*text); text++)
        value = value * 10 + (*text - '0');
    if (*text == '.')
        for (text++; is_digit(*text); text++, shift--)
            value = value * 10 + (*text - '0');
    if (*text == 'e' || *text == 'E') {
        text++;
        down = *text == '-';
        if (*text == '-' || *text == '+')
            text++;
        for (; is_digit(*text) && exponent < 1000; text++)
            exponent = exponent * 10 + (*text - '0');
    }
    shift += down ? -exponent : exponent;
    for (; shift > 0 && value > 0 && value <= DBL_MAX; shift--)
        value *= 10;
    for (; shift < 0 && value > 0; shift++)
        value /= 10;
    return minus ? -value : value;
}

/* What does not fit a double is text to the parser behind sigs.k8s.io/yaml. */
static bool is_real(const char *text)
{
    double value = looks_real(text) ? read_real(text) : HUGE_VAL;

    return value >= -DBL_MAX && value <= DBL_MAX;
}

enum mesh_yaml_type mesh__yaml_type(const struct mesh_yaml_node *scalar)
{
    char number[NUMBER_MAX + 1];
    const struct word *word;
    enum integer integer;
    uint64_t wide;
    int64_t value;

    if (scalar->kind != MESH__YAML_SCALAR || !scalar->plain)
        return MESH__YAML_STRING;
    word = find_word(scalar->text);
    if (word)
        return word->type;
    if (!plain_number(scalar->text, number))
        return MESH__YAML_STRING;
    integer =
        number[0] == '.' ? NO_INTEGER : read_integer(number, &value, &wide);
    if (integer == FITS || integer == FITS_UNSIGNED)
        return MESH__YAML_INT;
    if (!is_real(number))
        return MESH__YAML_STRING;
    return integer == TOO_BIG ? MESH__YAML_INT : MESH__YAML_FLOAT;
}

bool mesh__yaml_bool(const struct mesh_yaml_node *scalar, bool *out)
{
    if (mesh__yaml_type(scalar) != MESH__YAML_BOOL)
        return false;
    *out = find_word(scalar->text)->truth;
    return true;
}

bool mesh__yaml_int(const struct mesh_yaml_node *scalar, int64_t *out)
{
    char number[NUMBER_MAX + 1];
    uint64_t wide;

    return mesh__yaml_type(scalar) == MESH__YAML_INT &&
           plain_number(scalar->text, number) &&
           read_integer(number, out, &wide) == FITS;
}

static double read_number(const char *text)
{
    uint64_t wide;
    int64_t whole;

    switch (*text == '.' ? NO_INTEGER : read_integer(text, &whole, &wide)) {
    case FITS:
        return (double)whole;
    case FITS_UNSIGNED:
        return (double)wide;
    case NO_INTEGER:
    case TOO_BIG:
        break;
    }
    return read_real(text);
}

bool mesh__yaml_float(const struct mesh_yaml_node *scalar, double *out)
{
    enum mesh_yaml_type type = mesh__yaml_type(scalar);
    char number[NUMBER_MAX + 1];

    if ((type != MESH__YAML_INT && type != MESH__YAML_FLOAT) ||
        find_word(scalar->text) || !plain_number(scalar->text, number))
        return false;
    *out = read_number(number);
    return true;
}
