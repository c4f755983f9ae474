/*
 * access_json.c - a line of JSON: Istio's keys, or an object of one's own.
 *
 * Such an object is copied token by token and read strictly on the way (RFC
 * 8259). Declines to know what the facts mean.
 */
#include "telemetry/access.h"

#include "base/text.h"
#include "telemetry/fields.h"

#include <inttypes.h>

enum { NO_JSON = 1, DEPTH_MAX = 8 };

int mesh__access_json(const struct mesh_facts *facts, struct mesh_buffer *out)
{
    const struct mesh_field *field;
    struct mesh_field_value value;
    struct mesh_json json;

    mesh__json_init(&json, out);
    mesh__json_open(&json, NULL, '{');
    for (size_t i = 0; (field = mesh__field_of_json(i)) != NULL; i++) {
        mesh__field_read(facts, field, &value);
        if (!value.present)
            mesh__json_null(&json, field->key);
        else if (value.is_number)
            mesh__json_number(&json, field->key, (int64_t)value.number);
        else
            mesh__json_string(&json, field->key, value.text);
    }
    mesh__json_close(&json, '}');
    return json.rc;
}

/* --- an object of one's own ----------------------------------------------- */

struct copier {
    const struct mesh_facts *facts;
    const char *at; /* in the format */
    struct mesh_buffer *out;
};

static int copy(struct copier *copier, size_t len)
{
    int rc = mesh__buffer_append(copier->out, copier->at, len);

    copier->at += len;
    return rc;
}

static void skip_blanks(struct copier *copier)
{
    copier->at += strspn(copier->at, " \t\r\n");
}

/* Bytes of the string at its opening quote, both quotes included; 0: none. */
static size_t string_len(const char *at)
{
    size_t i = 1;

    if (at[0] != '"')
        return 0;
    for (; at[i] != '"'; i++) {
        if ((unsigned char)at[i] < 0x20)
            return 0;
        if (at[i] != '\\')
            continue;
        if (!at[++i] || !strchr("\"\\/bfnrtu", at[i]))
            return 0;
        if (at[i] == 'u' && strspn(at + i + 1, "0123456789abcdefABCDEF") < 4)
            return 0;
    }
    return i + 1;
}

/* A whole value: number, text or null. */
static int write_alone(struct copier *copier, const struct mesh_field *field)
{
    struct mesh_field_value value;
    struct mesh_json json;

    mesh__field_read(copier->facts, field, &value);
    mesh__json_init(&json, copier->out);
    if (!value.present)
        mesh__json_null(&json, NULL);
    else if (value.is_number)
        mesh__json_number(&json, NULL, (int64_t)value.number);
    else
        mesh__json_string(&json, NULL, value.text);
    return json.rc;
}

/* The same as a part of a text: without quotes, a dash for nothing. */
static int write_within(struct copier *copier, const struct mesh_field *field)
{
    size_t before = copier->out->len;
    struct mesh_field_value value;
    struct mesh_json json;
    char *at;

    mesh__field_read(copier->facts, field, &value);
    if (!value.present)
        return mesh__buffer_append(copier->out, "-", 1);
    if (value.is_number)
        return mesh__buffer_format(copier->out, "%" PRIu64, value.number);
    mesh__json_init(&json, copier->out);
    mesh__json_string(&json, NULL, value.text);
    if (json.rc < 0)
        return json.rc;
    at = mesh__buffer_data(copier->out) + before;
    copier->out->len -= 2; /* the quotes */
    memmove(at, at + 1, copier->out->len - before);
    return 0;
}

/* What stands at a percent sign; *used is how much of text it takes. */
static int write_percent(struct copier *copier, struct mesh_slice text,
                         size_t *used)
{
    const char *end = memchr(text.at + 1, '%', text.len - 1);
    const struct mesh_field *field;

    *used = end ? (size_t)(end - text.at) + 1 : 1;
    if (*used <= 2)
        return mesh__buffer_append(copier->out, "%", 1);
    field = mesh__field_find(mesh__slice(text.at + 1, *used - 2));
    return field ? write_within(copier, field)
                 : mesh__buffer_append(copier->out, text.at, *used);
}

static int write_parts(struct copier *copier, struct mesh_slice text)
{
    int rc = mesh__buffer_append(copier->out, "\"", 1);

    while (text.len && rc == 0) {
        const char *percent = memchr(text.at, '%', text.len);
        size_t used = percent ? (size_t)(percent - text.at) : text.len;

        if (used)
            rc = mesh__buffer_append(copier->out, text.at, used);
        else
            rc = write_percent(copier, text, &used);
        text = mesh__slice(text.at + used, text.len - used);
    }
    return rc < 0 ? rc : mesh__buffer_append(copier->out, "\"", 1);
}

static int copy_text(struct copier *copier)
{
    size_t len = string_len(copier->at);
    struct mesh_slice text = mesh__slice(copier->at + 1, len ? len - 2 : 0);
    const struct mesh_field *field = NULL;

    if (len == 0)
        return NO_JSON;
    copier->at += len;
    if (text.len > 2 && text.at[0] == '%' && text.at[text.len - 1] == '%')
        field = mesh__field_find(mesh__slice(text.at + 1, text.len - 2));
    return field ? write_alone(copier, field) : write_parts(copier, text);
}

static bool is_number(struct mesh_slice text)
{
    static const char digits[] = "0123456789";
    const char *at = text.at;
    size_t len;

    at += *at == '-';
    len = strspn(at, digits);
    if (len == 0 || (len > 1 && *at == '0'))
        return false;
    at += len;
    if (*at == '.') {
        len = strspn(++at, digits);
        if (len == 0)
            return false;
        at += len;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        len = strspn(at, digits);
        if (len == 0)
            return false;
        at += len;
    }
    return at == text.at + text.len;
}

static int copy_word(struct copier *copier)
{
    size_t len = strcspn(copier->at, " \t\r\n,]}");
    struct mesh_slice word = mesh__slice(copier->at, len);

    if (!mesh__slice_is(word, "true") && !mesh__slice_is(word, "false") &&
        !mesh__slice_is(word, "null") && !is_number(word))
        return NO_JSON;
    return copy(copier, len);
}

static int copy_value(struct copier *copier, int depth);

static int copy_key(struct copier *copier)
{
    size_t len = string_len(copier->at);
    int rc = len ? copy(copier, len) : NO_JSON;

    if (rc != 0)
        return rc;
    skip_blanks(copier);
    if (*copier->at != ':')
        return NO_JSON;
    copier->at++;
    return mesh__buffer_append(copier->out, ": ", 2);
}

/* An object or an array, down to DEPTH_MAX of them. */
static int copy_group(struct copier *copier, char end, int depth)
{
    int rc = depth < DEPTH_MAX ? copy(copier, 1) : NO_JSON;
    bool empty = true;

    for (; rc == 0; empty = false) {
        skip_blanks(copier);
        if (*copier->at == end && empty)
            return copy(copier, 1);
        if (end == '}')
            rc = copy_key(copier);
        if (rc == 0)
            rc = copy_value(copier, depth + 1);
        if (rc != 0)
            return rc;
        skip_blanks(copier);
        if (*copier->at == end)
            return copy(copier, 1);
        if (*copier->at != ',')
            return NO_JSON;
        copier->at++;
        rc = mesh__buffer_append(copier->out, ", ", 2);
    }
    return rc;
}

static int copy_value(struct copier *copier, int depth)
{
    skip_blanks(copier);
    switch (*copier->at) {
    case '{':
        return copy_group(copier, '}', depth);
    case '[':
        return copy_group(copier, ']', depth);
    case '"':
        return copy_text(copier);
    default:
        return copy_word(copier);
    }
}

int mesh__access_json_by(const struct mesh_facts *facts, const char *format,
                         struct mesh_buffer *out)
{
    struct copier copier = { .facts = facts, .at = format, .out = out };
    int rc;

    skip_blanks(&copier);
    rc = *copier.at == '{' ? copy_value(&copier, 0) : NO_JSON;
    if (rc != 0)
        return rc;
    skip_blanks(&copier);
    return *copier.at ? NO_JSON : 0;
}
