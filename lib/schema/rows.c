/*
 * rows.c - the tables as a list: for the manual and for `lmesh coverage`.
 *
 * Walks the same tables as the decoder, each message under every field that
 * has it. A field below a noted or refused one is so as well.
 */
#include "base/text.h"
#include "schema/table.h"

enum { PATH_BYTES = 256, TYPE_BYTES = 512 };

struct rows {
    const char *kind;
    void (*each)(void *user, const struct mesh_field_row *row);
    void *user;
};

/* What is above a field. */
struct above {
    const char *path;
    enum mesh_field_status status;
    const char *reason;
};

const char *mesh__field_status_name(enum mesh_field_status status)
{
    switch (status) {
    case MESH__FIELD_ENFORCED:
        return "enforced";
    case MESH__FIELD_NOTED:
        return "noted";
    case MESH__FIELD_REFUSED:
        return "refused";
    }
    return "unknown";
}

static const char *type_name(enum mesh_type type)
{
    static const char *const names[] = {
        [MESH__T_STRING] = "string",
        [MESH__T_BOOL] = "bool",
        [MESH__T_INT32] = "int32",
        [MESH__T_INT64] = "int64",
        [MESH__T_UINT32] = "uint32",
        [MESH__T_UINT64] = "uint64",
        [MESH__T_DOUBLE] = "double",
        [MESH__T_DURATION] = "duration",
        [MESH__T_ENUM] = "enum",
        [MESH__T_BYTES] = "bytes(base64)",
        [MESH__T_TIME] = "string(date-time)",
        [MESH__T_INT_OR_STRING] = "int-or-string",
        [MESH__T_ANY] = "any",
        [MESH__T_MESSAGE] = "object",
    };

    return names[type];
}

/* "list<enum{A|B}>" */
static void print_type(const struct mesh_field *field, char *out, size_t size)
{
    static const char *const open[] = { "", "list<", "map<" };
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    mesh__text_format(&text, "%s%s", open[field->shape],
                      type_name(field->type));
    for (const struct mesh_value *v = field->values; v && v->name; v++)
        mesh__text_format(&text, "%s%s", v == field->values ? "{" : "|",
                          v->name);
    mesh__text_puts(&text, field->values ? "}" : "");
    mesh__text_puts(&text, field->shape == MESH__ONE ? "" : ">");
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void tell(struct rows *rows, const struct mesh_field *field,
                 const struct above *at)
{
    char type[TYPE_BYTES];

    print_type(field, type, sizeof(type));
    rows->each(rows->user, &(struct mesh_field_row){
                               .kind = rows->kind,
                               .path = at->path,
                               .type = type,
                               .required = field->required,
                               .default_value = or_empty(field->default_value),
                               .bounds = or_empty(field->bounds),
                               .status = at->status,
                               .reason = or_empty(at->reason),
                           });
}

/* Values that are not treated as their field is. */
static void tell_values(struct rows *rows, const struct mesh_field *field,
                        const struct above *at)
{
    for (const struct mesh_value *v = field->values;
         v && v->name && at->status == MESH__FIELD_ENFORCED; v++) {
        char path[PATH_BYTES];
        struct mesh_text text;

        if (v->status == MESH__FIELD_ENFORCED)
            continue;
        mesh__text_init(&text, path, sizeof(path));
        mesh__text_format(&text, "%s=%s", at->path, v->name);
        rows->each(rows->user, &(struct mesh_field_row){
                                   .kind = rows->kind,
                                   .path = path,
                                   .type = "value",
                                   .default_value = "",
                                   .bounds = "",
                                   .status = v->status,
                                   .reason = or_empty(v->reason),
                               });
    }
}

/* As deep as the tables nest, and no table contains itself. */
static void walk(struct rows *rows, const struct mesh_message *message,
                 const struct above *above)
{
    static const char *const marks[] = { "", "[]", "{}" };

    for (size_t i = 0; i < message->count; i++) {
        const struct mesh_field *field = &message->fields[i];
        struct above at = *above;
        char path[PATH_BYTES];
        struct mesh_text text;

        mesh__text_init(&text, path, sizeof(path));
        mesh__text_format(&text, "%s%s%s", above->path, *above->path ? "." : "",
                          field->name);
        at.path = path;
        if (above->status == MESH__FIELD_ENFORCED) {
            at.status = field->status;
            at.reason = field->reason;
        }
        tell(rows, field, &at);
        tell_values(rows, field, &at);
        if (field->type != MESH__T_MESSAGE)
            continue;
        mesh__text_puts(&text, marks[field->shape]);
        walk(rows, field->message, &at);
    }
}

static void walk_kind(struct rows *rows, const struct mesh_kind_info *info)
{
    struct above above = { "", info->status, info->reason };

    rows->kind = info->name;
    if (info->spec) {
        const struct mesh_field spec = { MESH__ROW("spec", MESSAGE, ENFORCED),
                                         .message = info->spec,
                                         .required = info->spec_required,
                                         .default_value = info->spec_default,
                                         .bounds = info->spec_bounds };
        const struct mesh_field status = {
            MESH__ROW("status", MESSAGE, NOTED),
            .message = &mesh__status_message,
            .bounds = "unknown keys allowed",
            .reason = "written by the control plane",
        };
        const struct mesh_field both[] = { spec, status };
        const struct mesh_message whole = { .name = info->name,
                                            MESH__FIELDS(both) };

        walk(rows, &whole, &above);
    } else if (info->top) {
        walk(rows, info->top, &above);
    } else {
        rows->each(rows->user, &(struct mesh_field_row){
                                   .kind = info->name,
                                   .path = "",
                                   .type = "object",
                                   .default_value = "",
                                   .bounds = "",
                                   .status = info->status,
                                   .reason = or_empty(info->reason),
                               });
    }
}

void mesh__schema_rows(void (*each)(void *user,
                                    const struct mesh_field_row *row),
                       void *user)
{
    struct rows rows = { .each = each, .user = user };

    for (const struct mesh_kind_info *i = mesh__kinds; i->name; i++)
        walk_kind(&rows, i);
    rows.kind = "MeshConfig";
    walk(&rows, &mesh__mesh_config_message,
         &(struct above){ "", MESH__FIELD_ENFORCED, NULL });
}
