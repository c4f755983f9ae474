/*
 * reader.c - where we are in a resource, and what is told about it.
 */
#include "base/text.h"
#include "schema/table.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 512, HINTS_MAX = 1000 };

static void print_one(struct mesh_text *text, const struct mesh_spot *spot)
{
    if (spot->name)
        mesh__text_format(text, "%s%s", text->len ? "." : "", spot->name);
    else if (spot->key.at)
        mesh__text_format(text, "[%.*s]", (int)spot->key.len, spot->key.at);
    else
        mesh__text_format(text, "[%zu]", spot->index);
}

void mesh__spot_print(const struct mesh_spot *spot, char *out, size_t size)
{
    const struct mesh_spot *chain[2 * MESH__YAML_DEPTH_MAX];
    struct mesh_text text;
    size_t count = 0;

    for (; spot && count < sizeof(chain) / sizeof(chain[0]); spot = spot->up)
        chain[count++] = spot;
    mesh__text_init(&text, out, size);
    while (count-- > 0)
        print_one(&text, chain[count]);
}

/* Where a mark of a text inside a scalar lies in the file. */
static struct mesh_mark mark_in_file(const struct mesh_reader *reader,
                                     struct mesh_mark mark)
{
    if (!reader->inner)
        return mark;
    if (reader->inner_fixed || mark.line == 0)
        return reader->inner_mark;
    mark.line = (mark.line + reader->inner_mark.line) & ((1U << 21) - 1);
    mark.column = (mark.column + reader->inner_mark.column) & ((1U << 11) - 1);
    return mark;
}

struct mesh_mark mesh__mark_here(const struct mesh_reader *reader,
                                 struct mesh_mark mark)
{
    mark = mark_in_file(reader, mark);
    mark.place = reader->place;
    return mark;
}

static void tell(struct mesh_reader *reader, const struct mesh_spot *spot,
                 struct mesh_mark mark, const struct mesh_finding *partly)
{
    struct mesh_finding finding = *partly;
    char path[MESH__PATH_MAX];

    mark = mark_in_file(reader, mark);
    mesh__spot_print(spot, path, sizeof(path));
    finding.file = reader->file;
    finding.line = mark.line;
    finding.column = mark.column;
    finding.resource = reader->resource;
    finding.path = path;
    if (reader->mild && finding.severity == MESH__ERROR)
        finding.severity = MESH__REFUSED;
    if (finding.severity <= MESH__REFUSED)
        reader->bad++;
    if (finding.severity == MESH__REFUSED)
        reader->refused++;
    if (!reader->each)
        mesh__diagnostics_add(reader->diagnostics, &finding);
}

static void format_line(char *out, size_t size, const char *format,
                        va_list args)
{
    if (vsnprintf(out, size, format, args) < 0)
        out[0] = '\0';
}

void mesh__report(struct mesh_reader *reader, const struct mesh_spot *spot,
                  struct mesh_mark mark, enum mesh_severity severity,
                  const char *code, const char *hint, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    format_line(line, sizeof(line), format, args);
    va_end(args);
    tell(reader, spot, mark,
         &(struct mesh_finding){ .severity = severity,
                                 .code = code,
                                 .message = line,
                                 .hint = hint ? hint : "" });
}

void mesh__reject(struct mesh_reader *reader, const struct mesh_spot *spot,
                  struct mesh_mark mark, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    format_line(line, sizeof(line), format, args);
    va_end(args);
    tell(reader, spot, mark,
         &(struct mesh_finding){ .severity = MESH__ERROR,
                                 .code = MESH__CODE_INVALID,
                                 .message = line,
                                 .hint = "" });
}

void mesh__hint(const struct mesh_reader *reader, struct mesh_slice text,
                const char *const *names, size_t count, char *out, size_t size)
{
    out[0] = '\0';
    if (reader->told + reader->diagnostics->count < HINTS_MAX)
        mesh__spell(text, names, count, out, size);
}

void mesh__describe(const struct mesh_yaml_node *node, char *out, size_t size)
{
    static const char *const names[] = {
        [MESH__YAML_NULL] = "null",          [MESH__YAML_BOOL] = "the bool ",
        [MESH__YAML_INT] = "the number ",    [MESH__YAML_FLOAT] = "the number ",
        [MESH__YAML_STRING] = "the string ",
    };
    enum mesh_yaml_type type;
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    if (node->kind != MESH__YAML_SCALAR) {
        mesh__text_puts(&text, node->kind == MESH__YAML_SEQUENCE ? "a list"
                                                                 : "a mapping");
        return;
    }
    type = mesh__yaml_type(node);
    mesh__text_puts(&text, names[type]);
    if (type == MESH__YAML_STRING)
        mesh__text_format(&text, "\"%.60s\"", node->text.at);
    else if (type != MESH__YAML_NULL)
        mesh__text_format(&text, "%.60s", node->text.at);
}

const struct mesh_yaml_node *mesh__get(const struct mesh_yaml_node *node,
                                       const char *name)
{
    const struct mesh_yaml_pair *pair = mesh__yaml_find(node, name);

    if (!pair || (pair->value->kind == MESH__YAML_SCALAR &&
                  mesh__yaml_type(pair->value) == MESH__YAML_NULL))
        return NULL;
    return pair->value;
}

bool mesh__has(const struct mesh_yaml_node *node, const char *name)
{
    return mesh__get(node, name) != NULL;
}

struct mesh_slice mesh__get_text(const struct mesh_yaml_node *node,
                                 const char *name)
{
    const struct mesh_yaml_node *value = mesh__get(node, name);

    return value && value->kind == MESH__YAML_SCALAR ? value->text
                                                     : MESH__SLICE("");
}
