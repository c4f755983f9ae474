/*
 * header_edits.c - which headers a VirtualService may add, set and remove, and
 * what their values may say.
 */
#include "schema/table.h"

static bool is_authority(struct mesh_slice name)
{
    return mesh__slice_equal_nocase(name, MESH__SLICE(":authority")) ||
           mesh__slice_equal_nocase(name, MESH__SLICE("host"));
}

/* What Envoy keeps for itself: pseudo-headers and Host. */
static bool is_internal(struct mesh_slice name)
{
    return mesh__slice_starts(name, MESH__SLICE(":")) || is_authority(name);
}

static void check_name(struct mesh_reader *reader, const struct mesh_spot *spot,
                       struct mesh_mark mark, struct mesh_slice name,
                       bool authority)
{
    if (name.len == 0)
        mesh__reject(reader, spot, mark, "a header without a name");
    else if (is_internal(name) && !(authority && is_authority(name)))
        mesh__reject(reader, spot, mark, "\"%.80s\" may not be changed here",
                     name.at);
}

/* --- values: text with %COMMANDS% ------------------------------------------
 */

enum state {
    TEXT,
    COMMAND,    /* behind "%"                     */
    ARGUMENTS,  /* behind "("                     */
    ITEM,       /* where a quoted item must begin */
    STRING,     /* inside an argument             */
    BEHIND,     /* behind a quoted item           */
    CLOSE_ARGS, /* behind "]"                     */
    CLOSE       /* behind ")"                     */
};

static bool next_in_list(char c, enum state *state)
{
    if (*state == ITEM) {
        if (c == '"')
            *state = STRING;
        return c == '"' || c == ' ';
    }
    if (*state == BEHIND) {
        if (c == ',')
            *state = ITEM;
        else if (c == ']')
            *state = CLOSE_ARGS;
        return c == ',' || c == ']' || c == ' ';
    }
    if (c == ')')
        *state = CLOSE;
    return c == ')' || c == ' ';
}

/* One step of Envoy's header parser; *skip: the next byte belongs to this. */
static bool next_state(char c, char next, enum state *state, bool *skip)
{
    *skip = (*state == TEXT && c == '%' && next == '%') ||
            (*state == STRING && c == '\\');
    switch (*state) {
    case TEXT:
        if (c == '%' && !*skip)
            *state = COMMAND;
        return true;
    case COMMAND:
        if (c == '%')
            *state = TEXT;
        else if (c == '(')
            *state = ARGUMENTS;
        return true;
    case ARGUMENTS:
        if (c != ' ')
            *state = c == '[' ? ITEM : STRING;
        return true;
    case STRING:
        if (c == ')')
            *state = CLOSE;
        else if (c == '"')
            *state = BEHIND;
        return !*skip || next;
    case CLOSE:
        if (c == '%')
            *state = TEXT;
        return c == '%' || c == ' ';
    case ITEM:
    case BEHIND:
    case CLOSE_ARGS:
        return next_in_list(c, state);
    }
    return false;
}

static bool is_value(struct mesh_slice value)
{
    enum state state = TEXT;

    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        bool skip;

        if (!next_state(value.at[i], i + 1 < value.len ? value.at[i + 1] : '\0',
                        &state, &skip))
            return false;
        i += skip;
    }
    return state == TEXT;
}

/* --- the whole -------------------------------------------------------------
 */

static void check_map(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node, const char *name,
                      bool authority)
{
    const struct mesh_yaml_node *map = mesh__get(node, name);
    struct mesh_spot field = { .up = spot, .name = name };

    for (size_t i = 0; map && map->pairs && i < map->count; i++) {
        const struct mesh_yaml_pair *pair = &map->pairs[i];
        struct mesh_spot item = { .up = &field, .key = pair->key };

        check_name(reader, &item, pair->mark, pair->key, authority);
        if (pair->value->kind == MESH__YAML_SCALAR &&
            !is_value(pair->value->text))
            mesh__reject(reader, &item, pair->value->mark,
                         "wanted printable text, each \"%%\" doubled or around "
                         "a command such as %%REQ(x-a)%%, found \"%.80s\"",
                         pair->value->text.at);
    }
}

static void check_removed(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    check_name(reader, spot, node->mark, node->text, false);
}

void mesh__check_request_edits(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    check_map(reader, spot, node, "add", true);
    check_map(reader, spot, node, "set", true);
    mesh__check_items(reader, spot, node, "remove", check_removed);
}

void mesh__check_response_edits(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    check_map(reader, spot, node, "add", false);
    check_map(reader, spot, node, "set", false);
    mesh__check_items(reader, spot, node, "remove", check_removed);
}

void mesh__check_authority(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *route)
{
    static const char *const names[] = { "set", "add" };
    const struct mesh_yaml_node *first =
        mesh__get(mesh__get(route, "rewrite"), "authority");
    const struct mesh_yaml_node *request =
        mesh__get(mesh__get(route, "headers"), "request");

    if (first && first->text.len == 0)
        first = NULL;
    for (size_t i = 0; i < 2; i++) {
        const struct mesh_yaml_node *map = mesh__get(request, names[i]);

        for (size_t j = 0; map && map->pairs && j < map->count; j++) {
            const struct mesh_yaml_node *value = map->pairs[j].value;

            if (!is_authority(map->pairs[j].key))
                continue;
            if (first) {
                mesh__reject(reader, spot, first->mark,
                             "the authority is changed twice");
                mesh__reject(reader, spot, map->pairs[j].mark,
                             "the authority is changed twice");
            } else if (value->text.len) {
                first = value;
            }
        }
    }
}
