/*
 * proto.c - values as protobuf's JSON has them: the mesh's own config.
 *
 * Istio reads it with Go's older jsonpb: names in snake_case too, numbers in
 * quotes, values of enums by number. A number in quotes is one of JSON's.
 */
#include "schema/proto.h"

#include "value/json.h"

#include <math.h>

/* --- names ---------------------------------------------------------------- */

/* "perTryTimeout" is "per_try_timeout" in proto's own spelling. */
bool mesh__snake_equal(struct mesh_slice text, const char *name)
{
    size_t at = 0;

    if (strcmp(name, "meshMTLS") == 0)
        return mesh__slice_is(text, "mesh_mTLS");
    for (; *name; name++) {
        bool upper = *name >= 'A' && *name <= 'Z';
        bool digit = *name >= '0' && *name <= '9';

        if (upper && (at == text.len || text.at[at++] != '_'))
            return false;
        if (digit && at < text.len && text.at[at] == '_')
            at++; /* consecutive_5xx_errors */
        if (at == text.len || text.at[at++] != mesh__lower(*name))
            return false;
    }
    return at == text.len;
}

void mesh__proto_names(const struct mesh_message *message,
                       const struct mesh_yaml_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        struct mesh_yaml_pair *pair = &node->pairs[i];
        const struct mesh_field *field =
            mesh__find_field(message, pair->key, true);

        if (field && !field->camel_only && !mesh__yaml_find(node, field->name))
            pair->key = mesh__slice_of(field->name);
    }
}

/* --- numbers -------------------------------------------------------------- */

struct range {
    bool minus; /* is allowed */
    uint64_t below;
    uint64_t above;
};

static struct range range_of(enum mesh_type type)
{
    switch (type) {
    case MESH__T_INT32:
        return (struct range){ true, (uint64_t)INT32_MAX + 1, INT32_MAX };
    case MESH__T_UINT32:
        return (struct range){ false, 0, UINT32_MAX };
    case MESH__T_UINT64:
        return (struct range){ false, 0, UINT64_MAX };
    default:
        return (struct range){ true, (uint64_t)INT64_MAX + 1, INT64_MAX };
    }
}

static bool in_range(struct range range, bool minus, uint64_t value,
                     int64_t *out)
{
    if (minus && !range.minus)
        return false;
    if (value > (minus ? range.below : range.above))
        return false;
    if (!minus && value > INT64_MAX)
        value = INT64_MAX; /* nobody counts so far */
    *out = minus ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* "-12" or "12": one of JSON's, without a point or an exponent. */
static bool read_digits(struct mesh_slice text, struct range range,
                        int64_t *out)
{
    bool minus = text.len && text.at[0] == '-';
    unsigned long long value;

    if (minus)
        text = mesh__slice(text.at + 1, text.len - 1);
    return mesh__slice_number(text, UINT64_MAX, &value) &&
           in_range(range, minus, value, out);
}

/* What stands in quotes is read as JSON once more, its escapes as they are. */
static bool unquote(struct mesh_slice text, struct mesh_slice *out)
{
    struct mesh_slice rest;

    for (size_t i = 0; i < text.len; i++)
        if (memchr("\t\r\n", text.at[i], 3))
            return false;
    if (!mesh__json_first(text, out) || mesh__json_is_object(*out) ||
        mesh__json_is_array(*out) || mesh__json_is_string(*out))
        return false;
    rest = mesh__slice(out->at + out->len,
                       (size_t)(text.at + text.len - out->at) - out->len);
    for (size_t i = 0; i < rest.len; i++)
        if (rest.at[i] != ' ')
            return false;
    return true;
}

static bool whole_real(double real, struct range range, int64_t *out)
{
    bool minus = signbit(real) != 0;
    double size = minus ? -real : real;

    return size < 18446744073709551616.0 && (double)(uint64_t)size == size &&
           in_range(range, minus, (uint64_t)size, out);
}

bool mesh__proto_whole(const struct mesh_yaml_node *node, enum mesh_type type,
                       int64_t *out)
{
    struct range range = range_of(type);
    struct mesh_slice text;
    int64_t whole;
    double real;

    if (node->kind != MESH__YAML_SCALAR)
        return false;
    if (mesh__yaml_type(node) == MESH__YAML_STRING) {
        *out = 0;
        return unquote(node->text, &text) &&
               (mesh__json_is_null(text) || read_digits(text, range, out));
    }
    if (mesh__yaml_int(node, &whole))
        return in_range(range, whole < 0,
                        whole < 0 ? 0 - (uint64_t)whole : (uint64_t)whole, out);
    if (mesh__yaml_type(node) == MESH__YAML_INT)
        return read_digits(node->text, range, out);
    return mesh__yaml_float(node, &real) && whole_real(real, range, out);
}

bool mesh__proto_double(const struct mesh_yaml_node *node, double *out)
{
    struct mesh_yaml_node bare = { .kind = MESH__YAML_SCALAR, .plain = true };
    enum mesh_yaml_type type;

    if (node->kind != MESH__YAML_SCALAR)
        return false;
    type = mesh__yaml_type(node);
    *out = 0;
    if (mesh__yaml_float(node, out) || type == MESH__YAML_INT)
        return true;
    if (type != MESH__YAML_STRING)
        return false;
    if (mesh__slice_is(node->text, "NaN") ||
        mesh__slice_is(node->text, "Infinity") ||
        mesh__slice_is(node->text, "-Infinity"))
        return true;
    return unquote(node->text, &bare.text) &&
           (mesh__json_is_null(bare.text) || mesh__yaml_float(&bare, out));
}

/* --- enums ---------------------------------------------------------------- */

/* The place in the list, but for two that have another. */
static int64_t number_of(const struct mesh_value *values,
                         const struct mesh_value *value)
{
    if (strcmp(value->name, "ALLOW_ANY_DYNAMIC_DNS") == 0)
        return 3;
    return strcmp(value->name, "INHERIT") == 0 ? 1000 : value - values;
}

const struct mesh_value *mesh__find_value(const struct mesh_value *values,
                                          const struct mesh_yaml_node *node,
                                          bool proto)
{
    int64_t number;

    if (node->kind != MESH__YAML_SCALAR)
        return NULL;
    for (const struct mesh_value *v = values; v->name; v++)
        if (mesh__yaml_type(node) == MESH__YAML_STRING && /* OFF is a bool */
            mesh__slice_is(node->text, v->name))
            return v;
    if (!proto || mesh__yaml_type(node) == MESH__YAML_STRING ||
        !mesh__proto_whole(node, MESH__T_INT32, &number))
        return NULL;
    for (const struct mesh_value *v = values; v->name; v++)
        if (number == number_of(values, v))
            return v;
    return NULL;
}
