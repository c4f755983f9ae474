/*
 * metadata.c - the metadata of a resource: read, and judged.
 *
 * Istio's webhook takes what Go's JSON reader can put into Kubernetes'
 * ObjectMeta, whatever the case of a key and with a number where text is due.
 * An API server asks for more - good names, good labels, no unknown field -
 * before Istio is asked. So what Istio cannot read is an error, and what only
 * Kubernetes would not take is a refusal.
 */
#include "base/text.h"
#include "schema/scalar.h"

enum go_type {
    GO_TEXT, /* a number or bool becomes its text */
    GO_TEXT_MAP,
    GO_TEXT_LIST,
    GO_WHOLE,
    GO_BOOL,
    GO_TIME,
    GO_OWNERS,
    GO_MANAGED,
    GO_ANYTHING
};

struct go_field {
    const char *name;
    enum go_type type;
};

/* A namespace that is no text counts as none. */
static const struct go_field meta_fields[] = {
    { "name", GO_TEXT },
    { "generateName", GO_TEXT },
    { "namespace", GO_ANYTHING },
    { "selfLink", GO_TEXT },
    { "uid", GO_TEXT },
    { "resourceVersion", GO_TEXT },
    { "generation", GO_WHOLE },
    { "creationTimestamp", GO_TIME },
    { "deletionTimestamp", GO_TIME },
    { "deletionGracePeriodSeconds", GO_WHOLE },
    { "labels", GO_TEXT_MAP },
    { "annotations", GO_TEXT_MAP },
    { "ownerReferences", GO_OWNERS },
    { "finalizers", GO_TEXT_LIST },
    { "managedFields", GO_MANAGED },
    { 0 },
};

static const struct go_field owner_fields[] = {
    { "apiVersion", GO_TEXT },
    { "kind", GO_TEXT },
    { "name", GO_TEXT },
    { "uid", GO_TEXT },
    { "controller", GO_BOOL },
    { "blockOwnerDeletion", GO_BOOL },
    { 0 },
};

static const struct go_field managed_fields[] = {
    { "manager", GO_TEXT },
    { "operation", GO_TEXT },
    { "apiVersion", GO_TEXT },
    { "time", GO_TIME },
    { "fieldsType", GO_TEXT },
    { "subresource", GO_TEXT },
    { 0 },
};

static const struct mesh_yaml_node nothing = { .kind = MESH__YAML_MAPPING };

static bool is_null(const struct mesh_yaml_node *node)
{
    return node->kind == MESH__YAML_SCALAR &&
           mesh__yaml_type(node) == MESH__YAML_NULL;
}

/* --- times as Go reads them ----------------------------------------------- */

static bool take_number(struct mesh_slice *text, size_t least, size_t most,
                        unsigned *out)
{
    size_t len = 0;

    *out = 0;
    while (len < text->len && len < most && text->at[len] >= '0' &&
           text->at[len] <= '9')
        *out = *out * 10 + (unsigned)(text->at[len++] - '0');
    *text = mesh__slice(text->at + len, text->len - len);
    return len >= least;
}

static bool take_letter(struct mesh_slice *text, char letter)
{
    if (text->len == 0 || text->at[0] != letter)
        return false;
    *text = mesh__slice(text->at + 1, text->len - 1);
    return true;
}

static bool take_fraction(struct mesh_slice *text)
{
    unsigned digit;

    if (!take_letter(text, '.') && !take_letter(text, ','))
        return true;
    if (!take_number(text, 1, 1, &digit))
        return false;
    while (take_number(text, 1, 1, &digit))
        continue;
    return true;
}

static bool take_zone(struct mesh_slice *text)
{
    unsigned hours;
    unsigned minutes;

    if (take_letter(text, 'Z'))
        return true;
    return (take_letter(text, '+') || take_letter(text, '-')) &&
           take_number(text, 2, 2, &hours) && hours <= 24 &&
           take_letter(text, ':') && take_number(text, 2, 2, &minutes) &&
           minutes <= 60;
}

/* The day is judged by the reader of the CRDs' times. */
static bool is_go_time(struct mesh_slice text)
{
    char day[] = "0000-00-00T00:00:00Z";
    unsigned hour, minute, second;
    int64_t ignored;

    if (text.len < 11 || text.at[10] != 'T')
        return false;
    memcpy(day, text.at, 10);
    text = mesh__slice(text.at + 11, text.len - 11);
    return mesh__read_rfc3339(mesh__slice_of(day), &ignored) &&
           take_number(&text, 1, 2, &hour) && hour <= 23 &&
           take_letter(&text, ':') && take_number(&text, 2, 2, &minute) &&
           minute <= 59 && take_letter(&text, ':') &&
           take_number(&text, 2, 2, &second) && second <= 59 &&
           take_fraction(&text) && take_zone(&text) && text.len == 0;
}

/* --- what Go can read ----------------------------------------------------- */

static void wanted(struct mesh_reader *reader, const struct mesh_spot *spot,
                   const struct mesh_yaml_node *node, const char *what)
{
    char found[96];

    mesh__describe(node, found, sizeof(found));
    mesh__reject(reader, spot, node->mark, "wanted %s, found %s", what, found);
}

static void check_go(struct mesh_reader *reader, const struct mesh_spot *spot,
                     const struct mesh_yaml_node *node, enum go_type type);

static void check_go_fields(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node,
                            const struct go_field *fields)
{
    if (node->kind != MESH__YAML_MAPPING) {
        wanted(reader, spot, node, "a mapping");
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct mesh_yaml_pair *pair = &node->pairs[i];
        struct mesh_spot item = { .up = spot, .name = pair->key.at };

        for (const struct go_field *f = fields; f->name; f++)
            if (mesh__slice_equal_nocase(pair->key, mesh__slice_of(f->name)))
                check_go(reader, &item, pair->value, f->type);
    }
}

static void check_go_list(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, enum go_type type)
{
    if (node->kind != MESH__YAML_SEQUENCE) {
        wanted(reader, spot, node, "a list");
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        struct mesh_spot item = { .up = spot, .index = i };

        if (is_null(node->items[i]))
            continue;
        if (type == GO_TEXT_LIST)
            check_go(reader, &item, node->items[i], GO_TEXT);
        else
            check_go_fields(reader, &item, node->items[i],
                            type == GO_OWNERS ? owner_fields : managed_fields);
    }
}

static void check_go_map(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    if (node->kind != MESH__YAML_MAPPING) {
        wanted(reader, spot, node, "a mapping");
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        struct mesh_spot item = { .up = spot, .key = node->pairs[i].key };

        check_go(reader, &item, node->pairs[i].value, GO_TEXT);
    }
}

static bool is_whole(const struct mesh_yaml_node *node)
{
    double real;

    return mesh__yaml_float(node, &real) && real >= -9223372036854775808.0 &&
           real < 9223372036854775808.0 && (double)(int64_t)real == real;
}

/* Infinities and "not a number" have no place in JSON. */
static bool is_text(const struct mesh_yaml_node *node)
{
    double real;

    return node->kind == MESH__YAML_SCALAR &&
           (!mesh__yaml_float(node, &real) || real - real == 0);
}

static void check_go(struct mesh_reader *reader, const struct mesh_spot *spot,
                     const struct mesh_yaml_node *node, enum go_type type)
{
    bool truth;

    if (is_null(node))
        return;
    if (type == GO_TEXT && !is_text(node))
        wanted(reader, spot, node, "a string");
    else if (type == GO_WHOLE && !is_whole(node))
        wanted(reader, spot, node, "a whole number");
    else if (type == GO_BOOL && !mesh__yaml_bool(node, &truth))
        wanted(reader, spot, node, "true or false");
    else if (type == GO_TIME && (node->kind != MESH__YAML_SCALAR ||
                                 mesh__yaml_type(node) != MESH__YAML_STRING ||
                                 !is_go_time(node->text)))
        wanted(reader, spot, node, "a time such as \"2024-01-31T12:00:00Z\"");
    else if (type == GO_TEXT_MAP)
        check_go_map(reader, spot, node);
    else if (type == GO_TEXT_LIST || type == GO_OWNERS || type == GO_MANAGED)
        check_go_list(reader, spot, node, type);
}

/* --- annotations that Istio judges ---------------------------------------- */

/* As it is in JSON: "true" for yes, "1" for 0x1. */
static bool is_go_bool(const struct mesh_yaml_node *node)
{
    static const char *const words[] = { "1",    "t",     "T",     "TRUE",
                                         "true", "True",  "0",     "f",
                                         "F",    "FALSE", "false", "False" };
    double real;
    bool truth;

    if (mesh__yaml_bool(node, &truth))
        return true;
    if (mesh__yaml_float(node, &real))
        return real == 0 || real == 1;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (mesh__slice_is(node->text, words[i]))
            return true;
    return false;
}

/* "istio.io/dry-run" is for policies that allow or deny, and a bool. */
static void check_dry_run(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *document,
                          const struct mesh_yaml_node *value)
{
    struct mesh_slice kind = mesh__get_text(document, "kind");
    struct mesh_slice action =
        mesh__get_text(mesh__get(document, "spec"), "action");

    if (!mesh__slice_is(kind, "AuthorizationPolicy") ||
        mesh__slice_is(action, "CUSTOM") || mesh__slice_is(action, "AUDIT"))
        mesh__reject(reader, spot, value->mark,
                     "istio.io/dry-run is for ALLOW and DENY policies only");
    else if (value->kind == MESH__YAML_SCALAR && !is_go_bool(value))
        mesh__reject(reader, spot, value->mark,
                     "istio.io/dry-run: wanted true or false, found \"%.40s\"",
                     value->text.at);
}

static void check_annotations(struct mesh_reader *reader,
                              const struct mesh_yaml_node *document)
{
    static const char *const inner[] = {
        "internal.istio.io/webhook-always-reject",
        "internal.istio.io/parents",
        "internal.istio.io/parent-namespace",
    };
    const struct mesh_spot up = { .name = "metadata" };
    const struct mesh_spot field = { .up = &up, .name = "annotations" };
    const struct mesh_yaml_node *node =
        mesh__get(mesh__get(document, "metadata"), "annotations");
    const struct mesh_yaml_pair *pair =
        mesh__yaml_find(node, "istio.io/dry-run");
    struct mesh_spot spot = { .up = &field };

    if (pair) {
        spot.key = pair->key;
        check_dry_run(reader, &spot, document, pair->value);
    }
    for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
        pair = mesh__yaml_find(node, inner[i]);
        if (!pair)
            continue;
        spot.key = pair->key;
        mesh__reject(reader, &spot, pair->mark,
                     "this annotation is the control plane's own");
    }
}

/* --- the whole ------------------------------------------------------------ */

/* The name as Istio reads it; *node is it, or NULL. */
static struct mesh_slice find_name(const struct mesh_yaml_node *metadata,
                                   const struct mesh_yaml_node **node)
{
    *node = mesh__get(metadata, "name");
    for (size_t i = 0;
         metadata && !*node && metadata->pairs && i < metadata->count; i++)
        if (mesh__slice_equal_nocase(metadata->pairs[i].key,
                                     MESH__SLICE("name")))
            *node = metadata->pairs[i].value;
    return *node && (*node)->kind == MESH__YAML_SCALAR ? (*node)->text
                                                       : MESH__SLICE("");
}

/* A Gateway's name is a label of DNS: the only name that Istio judges. */
static void check_gateway_name(struct mesh_reader *reader,
                               const struct mesh_yaml_node *document,
                               const struct mesh_yaml_node *metadata)
{
    const struct mesh_spot up = { .name = "metadata" };
    const struct mesh_spot spot = { .up = &up, .name = "name" };
    const struct mesh_yaml_node *node;
    struct mesh_slice name = find_name(metadata, &node);
    struct mesh_slice semantics =
        mesh__get_text(mesh__get(metadata, "annotations"),
                       "internal.istio.io/gateway-semantics");

    if (!mesh__is_host_label(name) && !mesh__slice_is(semantics, "gateway"))
        mesh__reject(reader, &spot, node ? node->mark : document->mark,
                     "wanted letters, digits and \"-\", at most 63, found "
                     "\"%.80s\"",
                     name.at);
}

static void decode(struct mesh_reader *reader,
                   const struct mesh_yaml_node *document,
                   const struct mesh_yaml_node *metadata, void *into)
{
    const struct mesh_spot spot = { .name = "metadata" };
    struct mesh_yaml_node empty = nothing;

    empty.mark = document->mark;
    mesh__decode(reader, &mesh__metadata_message, &spot,
                 metadata ? metadata : &empty, into, MESH__FIELD_ENFORCED,
                 NULL);
}

void mesh__read_metadata(struct mesh_reader *reader,
                         const struct mesh_yaml_node *document,
                         const struct mesh_kind_info *info, void *into)
{
    const struct mesh_spot spot = { .name = "metadata" };
    const struct mesh_yaml_node *metadata = mesh__get(document, "metadata");
    size_t bad = reader->bad;

    if (!mesh__slice_ends(mesh__slice_of(info->group),
                          MESH__SLICE(".istio.io")) ||
        info->kind == MESH__KIND_ISTIO_OPERATOR) {
        decode(reader, document, metadata, into);
        return;
    }
    if (metadata)
        check_go_fields(reader, &spot, metadata, meta_fields);
    check_annotations(reader, document);
    if (info->kind == MESH__KIND_GATEWAY)
        check_gateway_name(reader, document, metadata);
    if (reader->bad > bad)
        return; /* said already */
    reader->mild = true;
    decode(reader, document, metadata, into);
    reader->mild = false;
}
