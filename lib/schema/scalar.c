/*
 * scalar.c - one value from YAML into a C type, as proto3-JSON and the CRDs
 * have it.
 *
 * Each type has one function: it judges type and bounds, says what was wanted
 * and found, and writes the value if there is a place for it.
 */
#include "schema/scalar.h"

#include "base/text.h"
#include "value/duration.h"

#include <mesh/base.h>

enum { NAME_BYTES = 96 };

static bool wrong_type(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *wanted,
                       const char *hint)
{
    char found[NAME_BYTES];

    mesh__describe(node, found, sizeof(found));
    mesh__report(reader, spot, node->mark, MESH__ERROR, MESH__CODE_INVALID,
                 hint, "wanted %s, found %s", wanted, found);
    return false;
}

/* A scalar that is text; others are told how to become it. unit may be NULL. */
static bool read_text(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node, const char *wanted,
                      const char *unit)
{
    enum mesh_yaml_type type;
    char hint[NAME_BYTES];
    struct mesh_text text;

    if (node->kind != MESH__YAML_SCALAR)
        return wrong_type(reader, spot, node, wanted, NULL);
    type = mesh__yaml_type(node);
    if (type == MESH__YAML_STRING)
        return true;
    mesh__text_init(&text, hint, sizeof(hint));
    if (unit && (type == MESH__YAML_INT || type == MESH__YAML_FLOAT))
        mesh__text_format(&text, "say the unit: \"%.60s%s\"", node->text.at,
                          unit);
    else
        mesh__text_format(&text, "quote it: \"%.60s\"", node->text.at);
    return wrong_type(reader, spot, node, wanted, hint);
}

static bool text_len_fits(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_field *field,
                          const struct mesh_yaml_node *node)
{
    size_t len = 0;

    for (size_t i = 0; i < node->text.len; i++) /* characters, not bytes */
        len += (node->text.at[i] & 0xC0) != 0x80;
    if (len < field->min_len) {
        if (field->min_len == 1)
            mesh__reject(reader, spot, node->mark, "may not be empty");
        else
            mesh__reject(reader, spot, node->mark,
                         "wanted at least %u characters, found %zu",
                         field->min_len, len);
        return false;
    }
    if (field->max_len && len > field->max_len) {
        mesh__reject(reader, spot, node->mark,
                     "wanted at most %u characters, found %zu", field->max_len,
                     len);
        return false;
    }
    return true;
}

static bool read_string(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_field *field,
                        const struct mesh_yaml_node *node,
                        union mesh_scalar *out)
{
    out->text = node->text;
    return read_text(reader, spot, node, "a string", NULL) &&
           text_len_fits(reader, spot, field, node);
}

static bool read_bool(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_field *field,
                      const struct mesh_yaml_node *node, union mesh_scalar *out)
{
    const char *hint = NULL;

    (void)field;
    if (mesh__yaml_bool(node, &out->truth))
        return true;
    if (node->kind == MESH__YAML_SCALAR &&
        (mesh__slice_is(node->text, "true") ||
         mesh__slice_is(node->text, "false")))
        hint = "leave the quotes away";
    return wrong_type(reader, spot, node, "true or false", hint);
}

/* --- numbers -------------------------------------------------------------- */

struct range {
    double min;
    double max;
    const char *wanted;
};

/* What the type itself can hold. */
static struct range type_range(enum mesh_type type)
{
    switch (type) {
    case MESH__T_INT32:
        return (struct range){ INT32_MIN, INT32_MAX, "a whole number" };
    case MESH__T_UINT32:
        return (struct range){ 0, UINT32_MAX, "a whole number" };
    case MESH__T_UINT64:
        return (struct range){ 0, 9223372036854774784.0, "a whole number" };
    default:
        return (struct range){ -9223372036854774784.0, 9223372036854774784.0,
                               "a whole number" };
    }
}

static bool number_fits(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_field *field,
                        const struct mesh_yaml_node *node, double value)
{
    if (!field->bounded ||
        (value >= field->min && (field->max <= 0 || value <= field->max)))
        return true;
    if (field->max > 0)
        mesh__reject(reader, spot, node->mark,
                     "wanted %.15g to %.15g, found %.40s", field->min,
                     field->max, node->text.at);
    else
        mesh__reject(reader, spot, node->mark,
                     "wanted at least %.15g, found %.40s", field->min,
                     node->text.at);
    return false;
}

/* A number in quotes is one for protobuf's JSON. */
static struct mesh_yaml_node unquoted(const struct mesh_reader *reader,
                                      const struct mesh_yaml_node *node)
{
    struct mesh_yaml_node copy = *node;

    if (reader->proto && copy.kind == MESH__YAML_SCALAR)
        copy.plain = true;
    return copy;
}

static bool read_whole(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_field *field,
                       const struct mesh_yaml_node *node,
                       union mesh_scalar *out)
{
    struct mesh_yaml_node bare = unquoted(reader, node);
    struct range range = type_range(field->type);
    double real;

    if (!mesh__yaml_float(&bare, &real) || real != real)
        return wrong_type(reader, spot, node, range.wanted,
                          node->kind == MESH__YAML_SCALAR && !node->plain
                              ? "leave the quotes away"
                              : NULL);
    if (real < range.min || real > range.max) {
        mesh__reject(reader, spot, node->mark, "out of range: %.40s",
                     node->text.at);
        return false;
    }
    if (!mesh__yaml_int(&bare, &out->whole))
        out->whole = (int64_t)real;
    if ((double)out->whole != real)
        return wrong_type(reader, spot, node, range.wanted, NULL);
    return number_fits(reader, spot, field, node, real);
}

static bool read_double(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_field *field,
                        const struct mesh_yaml_node *node,
                        union mesh_scalar *out)
{
    struct mesh_yaml_node bare = unquoted(reader, node);

    if (!mesh__yaml_float(&bare, &out->real))
        return wrong_type(reader, spot, node, "a number", NULL);
    return number_fits(reader, spot, field, node, out->real);
}

/* --- words ---------------------------------------------------------------- */

static bool read_duration(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_field *field,
                          const struct mesh_yaml_node *node,
                          union mesh_scalar *out)
{
    if (!read_text(reader, spot, node, "a duration such as \"5s\"", "s"))
        return false;
    if (!mesh__duration_parse(node->text, &out->whole)) {
        mesh__reject(reader, spot, node->mark,
                     "wanted a duration such as \"5s\" or \"250ms\", found "
                     "\"%.60s\"",
                     node->text.at);
        return false;
    }
    if (!field->bounded)
        return true;
    if ((double)out->whole < field->min ||
        (field->max > 0 && (double)out->whole > field->max)) {
        mesh__reject(reader, spot, node->mark,
                     "wanted a duration of 1ms or more%s, found \"%.60s\"",
                     field->max > 0 ? ", an hour at most" : "", node->text.at);
        return false;
    }
    if (out->whole % 1000000 != 0) {
        mesh__reject(reader, spot, node->mark,
                     "wanted whole milliseconds, found \"%.60s\"",
                     node->text.at);
        return false;
    }
    return true;
}

static void spell_value(const struct mesh_reader *reader,
                        const struct mesh_field *field, struct mesh_slice text,
                        char *out, size_t size)
{
    const char *names[32];
    size_t count = 0;

    for (const struct mesh_value *v = field->values; v->name && count < 32; v++)
        names[count++] = v->name;
    mesh__hint(reader, text, names, count, out, size);
}

static void list_values(const struct mesh_field *field, char *out, size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    for (const struct mesh_value *v = field->values; v->name; v++)
        mesh__text_format(&text, "%s%s", v == field->values ? "" : ", ",
                          v->name);
}

static bool read_enum(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_field *field,
                      const struct mesh_yaml_node *node, union mesh_scalar *out)
{
    char hint[NAME_BYTES];
    char all[256];

    list_values(field, all, sizeof(all));
    out->text = node->text;
    if (!read_text(reader, spot, node, all, NULL))
        return false;
    for (const struct mesh_value *v = field->values; v->name; v++)
        if (mesh__slice_is(node->text, v->name))
            return true;
    spell_value(reader, field, node->text, hint, sizeof(hint));
    mesh__report(reader, spot, node->mark, MESH__ERROR, MESH__CODE_INVALID,
                 hint, "wanted one of %s, found \"%.60s\"", all, node->text.at);
    return false;
}

static bool read_bytes(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_field *field,
                       const struct mesh_yaml_node *node,
                       union mesh_scalar *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/-_";
    size_t len;

    (void)field;
    out->text = node->text;
    if (!read_text(reader, spot, node, "base64", NULL))
        return false;
    len = strspn(node->text.at, alphabet);
    len += strspn(node->text.at + len, "=");
    if (len == node->text.len)
        return true;
    mesh__reject(reader, spot, node->mark, "wanted base64");
    return false;
}

/* --- RFC 3339 ---------------------------------------------------------------
 */

static bool two_digits(const char *at, unsigned max, unsigned *out)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *out = (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
    return *out <= max;
}

/* Days since 1970-01-01 in the civil calendar. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t shifted = year - (month <= 2);
    int64_t era = shifted / 400;
    int64_t of_era = shifted - era * 400;
    int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 +
                      (int64_t)day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30,
                                          31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

/* "+02:00", "Z", in any case. */
static bool read_zone(const char *at, int64_t *out)
{
    unsigned hours;
    unsigned minutes;

    if ((at[0] == 'Z' || at[0] == 'z') && !at[1]) {
        *out = 0;
        return true;
    }
    if ((at[0] != '+' && at[0] != '-') || strlen(at) != 6 || at[3] != ':' ||
        !two_digits(at + 1, 99, &hours) || !two_digits(at + 4, 99, &minutes))
        return false;
    *out = (int64_t)(hours * 3600 + minutes * 60) * (at[0] == '-' ? -1 : 1);
    return true;
}

/* A fraction may stand before the zone, behind any one character. */
static bool read_tail(const char *at, int64_t *out)
{
    size_t digits;

    if (read_zone(at, out))
        return true;
    if (!*at)
        return false;
    for (at++; (*at & 0xC0) == 0x80; at++)
        continue;
    digits = strspn(at, "0123456789");
    return digits && read_zone(at + digits, out);
}

static bool read_day(const char *at, int64_t *out)
{
    unsigned century, year, month, day;

    if (at[4] != '-' || at[7] != '-' || !two_digits(at, 99, &century) ||
        !two_digits(at + 2, 99, &year) || !two_digits(at + 5, 12, &month) ||
        !two_digits(at + 8, 31, &day) || month == 0 || day == 0)
        return false;
    year += century * 100;
    *out = days_of(year, month, day);
    return day <= days_in(year, month);
}

bool mesh__read_rfc3339(struct mesh_slice text, int64_t *out_s)
{
    unsigned hour, minute, second;
    const char *at = text.at;
    int64_t day;
    int64_t zone;

    if (text.len < 20 || strlen(at) != text.len || !read_day(at, &day) ||
        (at[10] != 'T' && at[10] != 't') || at[13] != ':' || at[16] != ':')
        return false;
    if (!two_digits(at + 11, 23, &hour) || !two_digits(at + 14, 59, &minute) ||
        !two_digits(at + 17, 59, &second) || !read_tail(at + 19, &zone))
        return false;
    *out_s = day * 86400 + (int64_t)(hour * 3600 + minute * 60 + second) - zone;
    return true;
}

static bool read_time(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_field *field,
                      const struct mesh_yaml_node *node, union mesh_scalar *out)
{
    (void)field;
    if (!read_text(reader, spot, node, "a time", NULL))
        return false;
    if (mesh__read_rfc3339(node->text, &out->whole))
        return true;
    mesh__reject(reader, spot, node->mark,
                 "wanted a time such as \"2024-01-31T12:00:00Z\", found "
                 "\"%.60s\"",
                 node->text.at);
    return false;
}

/* 1.0 is a whole number, as in JSON. */
static bool whole_of(double real)
{
    return real >= -9223372036854775808.0 && real < 9223372036854775808.0 &&
           (double)(int64_t)real == real;
}

static bool read_int_or_string(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_field *field,
                               const struct mesh_yaml_node *node,
                               union mesh_scalar *out)
{
    double real;

    (void)field;
    out->text = node->text;
    if (mesh__yaml_float(node, &real) && whole_of(real))
        return true;
    return read_text(reader, spot, node, "a number or a name", NULL);
}

bool mesh__read_scalar(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_field *field,
                       const struct mesh_yaml_node *node,
                       union mesh_scalar *out)
{
    switch (field->type) {
    case MESH__T_STRING:
        return read_string(reader, spot, field, node, out);
    case MESH__T_BOOL:
        return read_bool(reader, spot, field, node, out);
    case MESH__T_INT32:
    case MESH__T_INT64:
    case MESH__T_UINT32:
    case MESH__T_UINT64:
        return read_whole(reader, spot, field, node, out);
    case MESH__T_DOUBLE:
        return read_double(reader, spot, field, node, out);
    case MESH__T_DURATION:
        return read_duration(reader, spot, field, node, out);
    case MESH__T_ENUM:
        return read_enum(reader, spot, field, node, out);
    case MESH__T_BYTES:
        return read_bytes(reader, spot, field, node, out);
    case MESH__T_TIME:
        return read_time(reader, spot, field, node, out);
    case MESH__T_INT_OR_STRING:
        return read_int_or_string(reader, spot, field, node, out);
    case MESH__T_ANY:
    case MESH__T_MESSAGE:
        return true;
    }
    return true;
}

static struct mesh_slice copy_text(struct mesh_reader *reader,
                                   struct mesh_slice text)
{
    char *copy = mesh__arena_strndup(reader->arena, text.at, text.len);

    if (!copy)
        reader->rc = MESH_ERR_NOMEM;
    return mesh__slice(copy, copy ? text.len : 0);
}

void mesh__store_scalar(struct mesh_reader *reader,
                        const struct mesh_field *field,
                        const union mesh_scalar *value, void *at)
{
    switch (field->type) {
    case MESH__T_STRING:
    case MESH__T_ENUM:
    case MESH__T_BYTES:
    case MESH__T_INT_OR_STRING:
        *(struct mesh_slice *)at = copy_text(reader, value->text);
        break;
    case MESH__T_BOOL:
        *(bool *)at = value->truth;
        break;
    case MESH__T_INT32:
        *(int32_t *)at = (int32_t)value->whole;
        break;
    case MESH__T_UINT32:
        *(uint32_t *)at = (uint32_t)value->whole;
        break;
    case MESH__T_INT64:
    case MESH__T_UINT64:
    case MESH__T_DURATION:
    case MESH__T_TIME:
        *(int64_t *)at = value->whole;
        break;
    case MESH__T_DOUBLE:
        *(double *)at = value->real;
        break;
    case MESH__T_ANY:
    case MESH__T_MESSAGE:
        break;
    }
}
