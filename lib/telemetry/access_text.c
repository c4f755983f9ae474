/*
 * access_text.c - a line of text by a format of Envoy's operators.
 *
 * Declines to know where lines go and what the facts mean.
 */
#include "telemetry/access.h"

#include "base/text.h"
#include "telemetry/fields.h"

#include <inttypes.h>

static bool stands(unsigned char c, bool blanks)
{
    return c > 0x20 ? c < 0x7f && c != '"' && c != '\\' : c == ' ' && blanks;
}

/* Whoever chose the bytes, the line keeps its shape: "\x22" for a quote. */
static int write_escaped(struct mesh_buffer *out, struct mesh_slice text,
                         bool blanks)
{
    size_t from = 0;
    int rc = 0;

    for (size_t i = 0; i < text.len && rc == 0; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (stands(c, blanks))
            continue;
        rc = mesh__buffer_append(out, text.at + from, i - from);
        if (rc == 0)
            rc = mesh__buffer_format(out, "\\x%02x", (unsigned)c);
        from = i + 1;
    }
    return rc < 0 ? rc
                  : mesh__buffer_append(out, text.at + from, text.len - from);
}

static int write_text(struct mesh_buffer *out,
                      const struct mesh_field_value *value)
{
    if (!value->present)
        return mesh__buffer_append(out, "-", 1);
    if (value->is_number)
        return mesh__buffer_format(out, "%" PRIu64, value->number);
    return write_escaped(out, value->text, value->blanks);
}

/*
 * What begins with '%' at format: an operator, "%%", or something that we do
 * not know and that stands as it was written. *used is its length.
 */
static int write_operator(const struct mesh_facts *facts, const char *format,
                          struct mesh_buffer *out, size_t *used)
{
    const char *end = strchr(format + 1, '%');
    const struct mesh_field *field;
    struct mesh_field_value value;

    *used = end ? (size_t)(end - format) + 1 : 1;
    if (*used <= 2)
        return mesh__buffer_append(out, "%", 1);
    field = mesh__field_find(mesh__slice(format + 1, *used - 2));
    if (!field)
        return mesh__buffer_append(out, format, *used);
    mesh__field_read(facts, field, &value);
    return write_text(out, &value);
}

int mesh__access_text(const struct mesh_facts *facts, const char *format,
                      struct mesh_buffer *out)
{
    int rc = 0;

    while (*format && rc == 0) {
        size_t used = strcspn(format, "%");

        if (used)
            rc = mesh__buffer_append(out, format, used);
        else
            rc = write_operator(facts, format, out, &used);
        format += used;
    }
    return rc;
}
