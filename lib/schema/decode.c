/*
 * decode.c - a mapping into a structure, by its table.
 *
 * The same walk for every kind: unknown fields, types, bounds, required,
 * oneof, status. It recurses as deep as the YAML does, which yaml/ bounds.
 * What two fields mean together is told by the checks beside the tables.
 */
#include "base/text.h"
#include "schema/scalar.h"

#include <mesh/base.h>

enum { FIELDS_MAX = 96, HINT_BYTES = 96 };

/* What a row says after what is above it was said. */
struct verdict {
    enum mesh_field_status status;
    const char *reason;
};

static bool is_null(const struct mesh_yaml_node *node)
{
    return node->kind == MESH__YAML_SCALAR &&
           mesh__yaml_type(node) == MESH__YAML_NULL;
}

static void *member(void *into, uint16_t at)
{
    return into && at ? (char *)into + at - 1 : NULL;
}

/* --- names ---------------------------------------------------------------- */

/* "perTryTimeout" is "per_try_timeout" in proto's own spelling. */
static bool snake_equal(struct mesh_slice text, const char *name)
{
    size_t at = 0;

    for (; *name; name++) {
        bool upper = *name >= 'A' && *name <= 'Z';

        if (upper && (at == text.len || text.at[at++] != '_'))
            return false;
        if (at == text.len || text.at[at++] != mesh__lower(*name))
            return false;
    }
    return at == text.len;
}

const struct mesh_field *mesh__find_field(const struct mesh_message *message,
                                          struct mesh_slice name, bool proto)
{
    for (size_t i = 0; i < message->count; i++) {
        const struct mesh_field *field = &message->fields[i];

        if (mesh__slice_is(name, field->name) ||
            (proto && snake_equal(name, field->name)))
            return field;
    }
    return NULL;
}

static void unknown_field(struct mesh_reader *reader,
                          const struct mesh_message *message,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_pair *pair)
{
    const char *names[FIELDS_MAX];
    char hint[HINT_BYTES];
    size_t count = 0;

    for (; count < message->count && count < FIELDS_MAX; count++)
        names[count] = message->fields[count].name;
    mesh__hint(reader, pair->key, names, count, hint, sizeof(hint));
    mesh__report(reader, spot, pair->mark, MESH__ERROR,
                 MESH__CODE_UNKNOWN_FIELD, hint, "unknown field \"%.100s\"",
                 pair->key.at);
}

/* --- status ----------------------------------------------------------------
 */

static bool text_is(const struct mesh_yaml_node *node, const char *text)
{
    bool truth;

    if (node->kind == MESH__YAML_SEQUENCE && node->count == 1)
        node = node->items[0];
    if (node->kind != MESH__YAML_SCALAR)
        return false;
    if (mesh__yaml_bool(node, &truth))
        return strcmp(text, truth ? "true" : "false") == 0;
    return mesh__slice_is(node->text, text);
}

/* Nothing is asked for that would not be so anyway. */
static bool asks_nothing(const struct mesh_field *field,
                         const struct mesh_yaml_node *node)
{
    if (field->harmless && text_is(node, field->harmless))
        return true;
    return field->shape != MESH__ONE && node->kind != MESH__YAML_SCALAR &&
           node->count == 0;
}

static void tell_status(struct mesh_reader *reader,
                        const struct mesh_spot *spot, struct mesh_mark mark,
                        struct verdict verdict)
{
    const char *reason = verdict.reason ? verdict.reason : "";

    if (verdict.status == MESH__FIELD_NOTED)
        mesh__report(reader, spot, mark, MESH__INFO, MESH__CODE_NOTED, NULL,
                     "noted: %s", reason);
    else if (verdict.status == MESH__FIELD_REFUSED)
        mesh__report(reader, spot, mark, MESH__REFUSED, MESH__CODE_REFUSED,
                     NULL, "%s", reason);
}

static struct verdict value_verdict(const struct mesh_field *field,
                                    const struct mesh_yaml_node *node,
                                    struct verdict verdict)
{
    if (verdict.status != MESH__FIELD_ENFORCED || field->type != MESH__T_ENUM ||
        field->shape != MESH__ONE || node->kind != MESH__YAML_SCALAR)
        return verdict;
    for (const struct mesh_value *v = field->values; v->name; v++)
        if (v->status != MESH__FIELD_ENFORCED &&
            mesh__slice_is(node->text, v->name))
            return (struct verdict){ v->status, v->reason };
    return verdict;
}

static void tell_use(struct mesh_reader *reader, const struct mesh_spot *spot,
                     struct mesh_mark mark, struct verdict verdict)
{
    char path[MESH__PATH_MAX];

    if (!reader->each)
        return;
    mesh__spot_print(spot, path, sizeof(path));
    reader->each(reader->user,
                 &(struct mesh_field_use){
                     .resource = reader->resource,
                     .path = path,
                     .status = verdict.status,
                     .reason = verdict.reason ? verdict.reason : "",
                     .file = reader->file,
                     .line = reader->above + mesh__mark_here(reader, mark).line,
                 });
}

/* What holds for a field, said once: not again for what is inside it. */
static struct verdict judge_field(struct mesh_reader *reader,
                                  const struct mesh_field *field,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_pair *pair,
                                  struct verdict above)
{
    struct verdict verdict = above;

    if (above.status == MESH__FIELD_ENFORCED) {
        verdict = (struct verdict){ field->status, field->reason };
        verdict = value_verdict(field, pair->value, verdict);
        if (!asks_nothing(field, pair->value))
            tell_status(reader, spot, pair->mark, verdict);
    }
    tell_use(reader, spot, pair->mark, verdict);
    return verdict;
}

/* --- values ----------------------------------------------------------------
 */

static void decode_one(struct mesh_reader *reader,
                       const struct mesh_field *field,
                       const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, void *at,
                       struct verdict verdict)
{
    union mesh_scalar value;

    if (field->type == MESH__T_MESSAGE) {
        mesh__decode(reader, field->message, spot, node, at, verdict.status,
                     verdict.reason);
        return;
    }
    if (!mesh__read_scalar(reader, spot, field, node, &value))
        return;
    if (field->check)
        field->check(reader, spot, node);
    if (at)
        mesh__store_scalar(reader, field, &value, at);
}

/* How large one item is where it goes. */
static size_t item_size(const struct mesh_field *field)
{
    return field->element ? field->element : sizeof(struct mesh_slice);
}

/* An array for count items, hung into the structure; NULL when not wanted. */
static char *make_array(struct mesh_reader *reader,
                        const struct mesh_field *field, size_t count,
                        void *into)
{
    uint16_t count_at = field->count;
    void *array;

    if (!into || !field->at || count == 0)
        return NULL;
    array = mesh__arena_array(reader->arena, count, item_size(field));
    if (!array) {
        reader->rc = MESH_ERR_NOMEM;
        return NULL;
    }
    if (!count_at) /* a struct mesh_texts */
        count_at = (uint16_t)(field->at + offsetof(struct mesh_texts, count));
    *(void **)member(into, field->at) = array;
    *(size_t *)member(into, count_at) = count;
    return array;
}

static void *item_at(const struct mesh_field *field, char *array, size_t index)
{
    return array ? array + index * item_size(field) + field->inside : NULL;
}

static bool count_fits(struct mesh_reader *reader,
                       const struct mesh_field *field,
                       const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *what)
{
    if (node->count < field->min_items) {
        mesh__reject(reader, spot, node->mark, "wanted at least %u %s",
                     field->min_items, what);
        return false;
    }
    if (field->max_items && node->count > field->max_items) {
        mesh__reject(reader, spot, node->mark,
                     "wanted at most %u %s, found %zu", field->max_items, what,
                     node->count);
        return false;
    }
    return true;
}

static bool wanted_kind(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node,
                        enum mesh_yaml_kind kind, const char *wanted)
{
    char found[HINT_BYTES];

    if (node->kind == kind)
        return true;
    mesh__describe(node, found, sizeof(found));
    mesh__reject(reader, spot, node->mark, "wanted %s, found %s", wanted,
                 found);
    return false;
}

static bool no_null(struct mesh_reader *reader, const struct mesh_spot *spot,
                    const struct mesh_yaml_node *node, struct mesh_mark mark)
{
    if (!is_null(node))
        return true;
    mesh__reject(reader, spot, mark, "may not be null");
    return false;
}

static void decode_list(struct mesh_reader *reader,
                        const struct mesh_field *field,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, void *into,
                        struct verdict verdict)
{
    char *array;

    if (!wanted_kind(reader, spot, node, MESH__YAML_SEQUENCE, "a list") ||
        !count_fits(reader, field, spot, node, "items"))
        return;
    array = make_array(reader, field, node->count, into);
    for (size_t i = 0; i < node->count; i++) {
        struct mesh_spot item = { .up = spot, .index = i };

        if (no_null(reader, &item, node->items[i], node->items[i]->mark))
            decode_one(reader, field, &item, node->items[i],
                       item_at(field, array, i), verdict);
    }
}

/* map<string>: the only one whose keys and values are both text. */
static void add_label(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_pair *pair,
                      struct mesh_labels *labels)
{
    int rc =
        mesh__labels_add(labels, reader->arena, pair->key, pair->value->text);

    if (rc == MESH_ERR_TOO_LARGE)
        mesh__report(reader, spot, pair->mark, MESH__REFUSED, MESH__CODE_LIMIT,
                     NULL, "more than %d entries", MESH__LABELS_MAX);
    else if (rc < 0)
        reader->rc = rc;
}

static void decode_text_map(struct mesh_reader *reader,
                            const struct mesh_field *field,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node,
                            struct mesh_labels *labels)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct mesh_yaml_pair *pair = &node->pairs[i];
        struct mesh_spot item = { .up = spot, .key = pair->key };
        union mesh_scalar value;

        if (!no_null(reader, &item, pair->value, pair->mark) ||
            !mesh__read_scalar(reader, &item, field, pair->value, &value))
            continue;
        if (labels)
            add_label(reader, &item, pair, labels);
    }
}

static void store_key(struct mesh_reader *reader,
                      const struct mesh_field *field,
                      const struct mesh_spot *spot,
                      const struct mesh_yaml_pair *pair, void *entry)
{
    union mesh_scalar key = { .text = pair->key };
    unsigned long long number = 0;

    if (field->key_is_number) {
        if (!mesh__slice_number(pair->key, 65535, &number) || number == 0)
            mesh__reject(reader, spot, pair->mark,
                         "wanted a port from 1 to 65535, found \"%.40s\"",
                         pair->key.at);
        else if (entry)
            *(uint32_t *)entry = (uint32_t)number;
    } else if (entry) {
        mesh__store_scalar(reader,
                           &(struct mesh_field){ .type = MESH__T_STRING }, &key,
                           entry);
    }
}

static void decode_map(struct mesh_reader *reader,
                       const struct mesh_field *field,
                       const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, void *into,
                       struct verdict verdict)
{
    char *array;

    if (!wanted_kind(reader, spot, node, MESH__YAML_MAPPING, "a mapping") ||
        !count_fits(reader, field, spot, node, "entries"))
        return;
    if (field->type == MESH__T_STRING && !field->element) {
        decode_text_map(reader, field, spot, node, member(into, field->at));
        return;
    }
    array = make_array(reader, field, node->count, into);
    for (size_t i = 0; i < node->count; i++) {
        const struct mesh_yaml_pair *pair = &node->pairs[i];
        struct mesh_spot item = { .up = spot, .key = pair->key };
        char *entry = array ? array + i * field->element : NULL;

        if (!no_null(reader, &item, pair->value, pair->mark))
            continue;
        store_key(reader, field, &item, pair, member(entry, field->key));
        decode_one(reader, field, &item, pair->value, item_at(field, array, i),
                   verdict);
    }
}

static void decode_field(struct mesh_reader *reader,
                         const struct mesh_field *field,
                         const struct mesh_spot *up,
                         const struct mesh_yaml_pair *pair, void *into,
                         struct verdict above)
{
    struct mesh_spot spot = { .up = up, .name = field->name };
    struct verdict verdict = judge_field(reader, field, &spot, pair, above);
    const struct mesh_yaml_node *node = pair->value;

    /* A value that is noted is kept: its reader knows it for what it is. */
    if (above.status != MESH__FIELD_ENFORCED ||
        field->status != MESH__FIELD_ENFORCED)
        into = NULL;
    if (into && field->has)
        *(bool *)member(into, field->has) = true;
    if (into && field->mark)
        *(struct mesh_mark *)member(into, field->mark) =
            mesh__mark_here(reader, node->mark);
    if (field->shape == MESH__LIST)
        decode_list(reader, field, &spot, node, into, verdict);
    else if (field->shape == MESH__MAP)
        decode_map(reader, field, &spot, node, into, verdict);
    else
        decode_one(reader, field, &spot, node, member(into, field->at),
                   verdict);
    if (field->check && field->shape == MESH__MAP)
        field->check(reader, &spot, node);
}

/* --- messages ---------------------------------------------------------------
 */

static void check_required(struct mesh_reader *reader,
                           const struct mesh_message *message,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, const bool *given)
{
    for (size_t i = 0; i < message->count; i++)
        if (message->fields[i].required && !given[i])
            mesh__reject(reader, spot, node->mark, "\"%s\" is required",
                         message->fields[i].name);
}

static void check_oneof(struct mesh_reader *reader,
                        const struct mesh_message *message,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, const bool *given)
{
    for (size_t i = 0; i < message->count; i++) {
        const char *oneof = message->fields[i].oneof;

        for (size_t j = 0; oneof && given[i] && j < i; j++)
            if (given[j] && message->fields[j].oneof &&
                strcmp(message->fields[j].oneof, oneof) == 0)
                mesh__reject(reader, spot, node->mark,
                             "only one of \"%s\" and \"%s\" may be given",
                             message->fields[j].name, message->fields[i].name);
    }
}

/* Istio's schema knows a null from a field that is not there. */
static void null_field(struct mesh_reader *reader,
                       const struct mesh_field *field,
                       const struct mesh_spot *up,
                       const struct mesh_yaml_pair *pair)
{
    struct mesh_spot spot = { .up = up, .name = field->name };

    mesh__report(reader, &spot, pair->mark, MESH__ERROR, MESH__CODE_INVALID,
                 "leave the field away", "may not be null");
}

static void decode_pairs(struct mesh_reader *reader,
                         const struct mesh_message *message,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into,
                         struct verdict verdict, bool *given)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct mesh_yaml_pair *pair = &node->pairs[i];
        const struct mesh_field *field =
            mesh__find_field(message, pair->key, reader->proto);

        if (!field) {
            if (!message->open)
                unknown_field(reader, message, spot, pair);
        } else if (!is_null(pair->value)) {
            given[field - message->fields] = true;
            decode_field(reader, field, spot, pair, into, verdict);
        } else if (reader->crd && !field->nullable) {
            null_field(reader, field, spot, pair);
        }
    }
}

void mesh__decode(struct mesh_reader *reader,
                  const struct mesh_message *message,
                  const struct mesh_spot *spot,
                  const struct mesh_yaml_node *node, void *into,
                  enum mesh_field_status status, const char *reason)
{
    bool given[FIELDS_MAX] = { false };

    if (!wanted_kind(reader, spot, node, MESH__YAML_MAPPING, "a mapping"))
        return;
    if (into && message->set)
        *(bool *)member(into, message->set) = true;
    if (into && message->mark)
        *(struct mesh_mark *)member(into, message->mark) =
            mesh__mark_here(reader, node->mark);
    decode_pairs(reader, message, spot, node, into,
                 (struct verdict){ status, reason }, given);
    check_required(reader, message, spot, node, given);
    check_oneof(reader, message, spot, node, given);
    if (message->check)
        message->check(reader, spot, node, into);
}
