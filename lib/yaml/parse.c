/*
 * parse.c - the events of libyaml to a tree of nodes.
 *
 * A stack of open collections, none of them deeper than the limit, takes one
 * event at a time; nothing here recurses. It does not know what any key means.
 */
#include "yaml/inside.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

const struct mesh_yaml_limits mesh__yaml_limits = {
    .bytes = (size_t)16 << 20,
    .documents = 100000,
    .nodes = 4000000,
    .aliases = 1000,
    .depth = 64,
};

enum { FEW_KEYS = 16 }; /* up to here a list is as fast as a map */

/* What an alias brings back. */
struct anchor {
    struct mesh_yaml_node *node; /* NULL while it is still open */
    size_t nodes;
    unsigned height;
};

/* An open sequence or mapping. */
struct level {
    struct mesh_yaml_node *node;
    struct anchor *anchor; /* NULL: not anchored            */
    size_t nodes;          /* in the subtree, itself too    */
    unsigned height;       /* of the highest child          */
    bool has_key;          /* a mapping that awaits a value */
    struct mesh_slice key;
    struct mesh_mark key_mark;
    bool key_typed;
    size_t capacity;
    struct mesh_map keys; /* beyond FEW_KEYS */
};

struct parse {
    yaml_parser_t parser;
    struct mesh_slice text;
    uint32_t file;
    const struct mesh_yaml_limits *limits;
    struct mesh_arena *arena;
    struct mesh_yaml_problem *problem;

    struct level levels[MESH__YAML_DEPTH_MAX];
    unsigned depth;
    size_t nodes;
    size_t aliases;
    struct mesh_map anchors;

    struct mesh_yaml_document *documents; /* grows on the heap */
    size_t count;
    size_t capacity;
    bool open; /* between the start and the end of a document */

    size_t line_at; /* where line_number begins in the text */
    size_t line_number;
};

static struct mesh_mark mark_of(const struct parse *p, yaml_mark_t at)
{
    size_t line = at.line + 1;
    size_t column = at.column + 1;

    return (struct mesh_mark){
        .place = p->file,
        .line = (unsigned)(line < (1U << 21) ? line : (1U << 21) - 1) &
                ((1U << 21) - 1),
        .column = (unsigned)(column < (1U << 11) ? column : (1U << 11) - 1) &
                  ((1U << 11) - 1),
    };
}

__attribute__((format(printf, 3, 4))) static int problem_at(
    struct parse *p, struct mesh_mark mark, const char *format, ...)
{
    struct mesh_text text;
    char line[sizeof(p->problem->text)];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    mesh__text_init(&text, p->problem->text, sizeof(p->problem->text));
    mesh__text_puts(&text, len < 0 ? "unreadable" : line);
    p->problem->mark = mark;
    return mesh__fail(MESH_ERR_POLICY, "%s", p->problem->text);
}

static int limit_at(struct parse *p, struct mesh_mark mark, const char *what,
                    size_t limit)
{
    p->problem->limit = true;
    return problem_at(p, mark, "more than %zu %s", limit, what);
}

/* --- nodes --------------------------------------------------------------- */

static int count_nodes(struct parse *p, struct mesh_mark mark, size_t more)
{
    if (more > p->limits->nodes - p->nodes)
        return limit_at(p, mark, "nodes", p->limits->nodes);
    p->nodes += more;
    return 0;
}

static int new_node(struct parse *p, enum mesh_yaml_kind kind,
                    struct mesh_mark mark, struct mesh_yaml_node **out)
{
    int rc = count_nodes(p, mark, 1);

    if (rc < 0)
        return rc;
    *out = mesh__arena_alloc(p->arena, sizeof(**out));
    if (!*out)
        return MESH_ERR_NOMEM;
    (*out)->kind = kind;
    (*out)->mark = mark;
    return 0;
}

/* Make room in an array that lives in the arena: it doubles and moves. */
static int arena_grow(struct mesh_arena *arena, void *items, size_t count,
                      size_t *capacity, size_t size)
{
    size_t room = *capacity ? *capacity * 2 : 4;
    void *old;
    void *grown;

    if (count < *capacity)
        return 0;
    grown = mesh__arena_array(arena, room, size);
    if (!grown)
        return MESH_ERR_NOMEM;
    memcpy(&old, items, sizeof(old));
    if (count)
        memcpy(grown, old, count * size);
    memcpy(items, &grown, sizeof(grown));
    *capacity = room;
    return 0;
}

static int new_anchor(struct parse *p, const yaml_char_t *name,
                      struct anchor **out)
{
    const char *copy;

    *out = NULL;
    if (!name)
        return 0;
    copy = mesh__arena_strdup(p->arena, (const char *)name);
    *out = copy ? mesh__arena_alloc(p->arena, sizeof(**out)) : NULL;
    if (!*out)
        return MESH_ERR_NOMEM;
    return mesh__map_put(&p->anchors, mesh__slice_of(copy), *out);
}

static void close_anchor(struct anchor *anchor, struct mesh_yaml_node *node,
                         size_t nodes, unsigned height)
{
    if (anchor)
        *anchor = (struct anchor){ node, nodes, height };
}

/* --- keys ---------------------------------------------------------------- */

/*
 * 80 and "80" are two keys of YAML and one of JSON: Istio would take either of
 * their values.
 */
static bool few_keys_have(const struct level *level, struct mesh_slice key,
                          bool typed, bool *same)
{
    for (size_t i = 0; i < level->node->count; i++) {
        const struct mesh_yaml_pair *pair = &level->node->pairs[i];

        if (!mesh__slice_equal(pair->key, key))
            continue;
        *same = pair->typed == typed;
        return true;
    }
    return false;
}

/* The map takes over when the list has become long. */
static int keys_to_map(struct level *level)
{
    for (size_t i = 0; i < level->node->count; i++) {
        int rc =
            mesh__map_put(&level->keys, level->node->pairs[i].key, level->node);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int note_key(struct parse *p, struct level *level, struct mesh_slice key,
                    bool typed, struct mesh_mark mark)
{
    bool same = true;
    bool seen;
    int rc;

    if (level->node->count < FEW_KEYS) {
        seen = few_keys_have(level, key, typed, &same);
    } else {
        rc = level->keys.count ? 0 : keys_to_map(level);
        if (rc < 0)
            return rc;
        seen = mesh__map_find(&level->keys, key) != NULL;
        rc = seen ? 0 : mesh__map_put(&level->keys, key, level->node);
        if (rc < 0)
            return rc;
    }
    if (seen) {
        p->problem->ours = !same;
        return problem_at(p, mark, "key \"%.100s\" is written twice", key.at);
    }
    level->has_key = true;
    level->key = key;
    level->key_typed = typed;
    level->key_mark = mark;
    return 0;
}

/* As sigs.k8s.io/yaml spells it: "true" for yes, "80" for 0x50 and 80.0. */
static bool spell_key(struct parse *p, const struct mesh_yaml_node *node,
                      struct mesh_slice *key)
{
    static const double exact = 1e15; /* spelled without an exponent */
    const char *text;
    int64_t whole;
    double real;
    bool truth;

    *key = node->text;
    if (mesh__yaml_bool(node, &truth)) {
        *key = mesh__slice_of(truth ? "true" : "false");
        return true;
    }
    if (!mesh__yaml_float(node, &real) || real < -exact || real > exact ||
        (double)(int64_t)real != real)
        return true;
    if (!mesh__yaml_int(node, &whole))
        whole = (int64_t)real;
    text = mesh__arena_format(p->arena, "%" PRId64, whole);
    if (text)
        *key = mesh__slice_of(text);
    return text != NULL;
}

static int take_key(struct parse *p, struct level *level,
                    const struct mesh_yaml_node *node)
{
    struct mesh_slice key = node->text;

    if (node->kind != MESH__YAML_SCALAR)
        return problem_at(p, node->mark, "a key must be a plain word");
    if (node->plain && mesh__slice_is(key, "<<")) {
        p->problem->ours = true;
        return problem_at(p, node->mark, "merge keys (\"<<\") are not taken");
    }
    if (mesh__yaml_type(node) == MESH__YAML_NULL)
        return problem_at(p, node->mark, "a key is missing before \":\"");
    if (!spell_key(p, node, &key))
        return MESH_ERR_NOMEM;
    return note_key(p, level, key, mesh__yaml_type(node) != MESH__YAML_STRING,
                    node->mark);
}

/* --- into the open collection -------------------------------------------- */

static int add_pair(struct parse *p, struct level *level,
                    struct mesh_yaml_node *value)
{
    struct mesh_yaml_node *node = level->node;
    int rc = arena_grow(p->arena, &node->pairs, node->count, &level->capacity,
                        sizeof(node->pairs[0]));

    if (rc < 0)
        return rc;
    node->pairs[node->count++] =
        (struct mesh_yaml_pair){ level->key, level->key_mark, value,
                                 level->key_typed };
    level->has_key = false;
    return 0;
}

static int add_item(struct parse *p, struct level *level,
                    struct mesh_yaml_node *value)
{
    struct mesh_yaml_node *node = level->node;
    int rc = arena_grow(p->arena, &node->items, node->count, &level->capacity,
                        sizeof(node->items[0]));

    if (rc == 0)
        node->items[node->count++] = value;
    return rc;
}

/* A finished node finds its place: item, key, value or root. */
static int put(struct parse *p, struct mesh_yaml_node *node, size_t nodes,
               unsigned height)
{
    struct level *level;

    if (p->depth == 0) {
        p->documents[p->count - 1].root = node;
        return 0;
    }
    level = &p->levels[p->depth - 1];
    level->nodes += nodes;
    if (height > level->height)
        level->height = height;
    if (level->node->kind == MESH__YAML_SEQUENCE)
        return add_item(p, level, node);
    return level->has_key ? add_pair(p, level, node) : take_key(p, level, node);
}

/* --- events -------------------------------------------------------------- */

static bool tag_is(const yaml_char_t *tag, const char *name)
{
    return strcmp((const char *)tag, name) == 0;
}

static int check_tag(struct parse *p, const yaml_char_t *tag, const char *fits,
                     struct mesh_mark mark)
{
    if (!tag || tag_is(tag, "!") || tag_is(tag, fits))
        return 0;
    p->problem->ours = true;
    return problem_at(p, mark, "tag \"%.100s\" is not taken",
                      (const char *)tag);
}

/* "!!int 5" and "!!int '5'" are what 5 is; false: the tag says no type. */
static bool tagged_type(const yaml_char_t *tag, enum mesh_yaml_type *out)
{
    static const struct {
        const char *tag;
        enum mesh_yaml_type type;
    } known[] = { { YAML_NULL_TAG, MESH__YAML_NULL },
                  { YAML_BOOL_TAG, MESH__YAML_BOOL },
                  { YAML_INT_TAG, MESH__YAML_INT },
                  { YAML_FLOAT_TAG, MESH__YAML_FLOAT } };

    for (size_t i = 0; tag && i < sizeof(known) / sizeof(known[0]); i++)
        if (tag_is(tag, known[i].tag)) {
            *out = known[i].type;
            return true;
        }
    return false;
}

static int check_tagged(struct parse *p, const struct mesh_yaml_node *node,
                        enum mesh_yaml_type type)
{
    enum mesh_yaml_type found = mesh__yaml_type(node);

    if (found == type || (type == MESH__YAML_FLOAT && found == MESH__YAML_INT))
        return 0;
    return problem_at(p, node->mark, "\"%.60s\" is not what its tag says",
                      node->text.at);
}

/* How far the text of a literal block that starts on this line is indented. */
static unsigned block_indent(struct parse *p, size_t line)
{
    const char *end = p->text.at + p->text.len;
    const char *at;
    unsigned columns = 0;

    while (p->line_number <= line) { /* ends one line below */
        at = p->text.at + p->line_at;
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at)
            return 0;
        p->line_at = (size_t)(at - p->text.at) + 1;
        p->line_number++;
    }
    for (at = p->text.at + p->line_at; at < end; at++) {
        if (*at == ' ')
            columns++;
        else if (*at == '\n' || *at == '\r')
            columns = 0;
        else
            return columns;
    }
    return 0;
}

/* "\0" in quotes: nobody behind this floor has to reckon with it. */
static void hide_nuls(struct parse *p, struct mesh_mark mark, char *text,
                      size_t len)
{
    struct mesh_yaml_document *document = &p->documents[p->count - 1];

    for (size_t i = 0; i < len; i++) {
        if (text[i])
            continue;
        text[i] = '\1';
        if (!document->has_nul)
            document->nul = mark;
        document->has_nul = true;
    }
}

static int on_scalar(struct parse *p, const yaml_event_t *event)
{
    struct mesh_mark mark = mark_of(p, event->start_mark);
    struct mesh_yaml_node *node;
    enum mesh_yaml_type type = MESH__YAML_STRING;
    bool tagged = tagged_type(event->data.scalar.tag, &type);
    struct anchor *anchor;
    char *text;
    int rc = 0;

    if (!tagged)
        rc = check_tag(p, event->data.scalar.tag, YAML_STR_TAG, mark);
    if (rc < 0)
        return rc;
    rc = new_anchor(p, event->data.scalar.anchor, &anchor);
    if (rc < 0)
        return rc;
    rc = new_node(p, MESH__YAML_SCALAR, mark, &node);
    if (rc < 0)
        return rc;
    node->plain =
        tagged || (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                   !event->data.scalar.tag);
    if (event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE)
        node->block_indent = block_indent(p, event->start_mark.line);
    text = mesh__arena_strndup(p->arena, (const char *)event->data.scalar.value,
                               event->data.scalar.length);
    if (!text)
        return MESH_ERR_NOMEM;
    node->text = mesh__slice(text, event->data.scalar.length);
    hide_nuls(p, mark, text, node->text.len);
    rc = tagged ? check_tagged(p, node, type) : 0;
    if (rc < 0)
        return rc;
    close_anchor(anchor, node, 1, 0);
    return put(p, node, 1, 0);
}

static int on_open(struct parse *p, const yaml_event_t *event,
                   enum mesh_yaml_kind kind)
{
    bool list = kind == MESH__YAML_SEQUENCE;
    struct mesh_mark mark = mark_of(p, event->start_mark);
    struct level *level;
    int rc;

    rc = list ? check_tag(p, event->data.sequence_start.tag, YAML_SEQ_TAG, mark)
              : check_tag(p, event->data.mapping_start.tag, YAML_MAP_TAG, mark);
    if (rc < 0)
        return rc;
    if (p->depth >= p->limits->depth || p->depth >= MESH__YAML_DEPTH_MAX)
        return limit_at(p, mark, "levels of nesting", p->limits->depth);
    level = &p->levels[p->depth];
    *level = (struct level){ .nodes = 1 };
    rc = new_anchor(p,
                    list ? event->data.sequence_start.anchor
                         : event->data.mapping_start.anchor,
                    &level->anchor);
    if (rc < 0)
        return rc;
    rc = new_node(p, kind, mark, &level->node);
    if (rc == 0)
        p->depth++;
    return rc;
}

static int on_close(struct parse *p)
{
    struct level *level = &p->levels[--p->depth];

    mesh__map_fini(&level->keys);
    close_anchor(level->anchor, level->node, level->nodes, level->height + 1);
    return put(p, level->node, level->nodes, level->height + 1);
}

static int on_alias(struct parse *p, const yaml_event_t *event)
{
    struct mesh_slice name =
        mesh__slice_of((const char *)event->data.alias.anchor);
    struct mesh_mark mark = mark_of(p, event->start_mark);
    struct anchor *anchor = mesh__map_find(&p->anchors, name);
    int rc;

    if (!anchor)
        return problem_at(p, mark, "alias \"%.100s\" has no anchor", name.at);
    if (!anchor->node)
        return problem_at(p, mark, "alias \"%.100s\" contains itself", name.at);
    if (p->aliases >= p->limits->aliases)
        return limit_at(p, mark, "aliases", p->limits->aliases);
    p->aliases++;
    if (p->depth + anchor->height > p->limits->depth)
        return limit_at(p, mark, "levels of nesting", p->limits->depth);
    rc = count_nodes(p, mark, anchor->nodes);
    if (rc < 0)
        return rc;
    return put(p, anchor->node, anchor->nodes, anchor->height);
}

static int on_document(struct parse *p, const yaml_event_t *event)
{
    struct mesh_mark mark = mark_of(p, event->start_mark);
    int rc;

    if (p->count >= p->limits->documents)
        return limit_at(p, mark, "documents", p->limits->documents);
    rc = mesh__grow(&p->documents, &p->capacity, p->count, p->limits->documents,
                    sizeof(p->documents[0]));
    if (rc < 0)
        return rc;
    p->documents[p->count++] = (struct mesh_yaml_document){ .mark = mark };
    p->open = true;
    return 0;
}

static void on_document_end(struct parse *p)
{
    struct mesh_yaml_document *document = &p->documents[p->count - 1];

    if (document->root && document->root->kind == MESH__YAML_SCALAR &&
        mesh__yaml_type(document->root) == MESH__YAML_NULL)
        document->root = NULL;
    p->open = false;
    mesh__map_fini(&p->anchors);
    p->anchors = (struct mesh_map){ 0 };
}

static int on_event(struct parse *p, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return on_document(p, event);
    case YAML_DOCUMENT_END_EVENT:
        on_document_end(p);
        return 0;
    case YAML_SCALAR_EVENT:
        return on_scalar(p, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(p, event, MESH__YAML_SEQUENCE);
    case YAML_MAPPING_START_EVENT:
        return on_open(p, event, MESH__YAML_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(p);
    case YAML_ALIAS_EVENT:
        return on_alias(p, event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
        return 0;
    }
    return mesh__fail(MESH_ERR_INTERNAL, "an event that libyaml has not");
}

/* At the end of everything nobody looks: what never ends is told where it
 * begins. */
static yaml_mark_t place_of_problem(const yaml_parser_t *parser)
{
    if (parser->context && parser->problem &&
        strcmp(parser->problem, "found unexpected end of stream") == 0)
        return parser->context_mark;
    return parser->problem_mark;
}

/* What libyaml found: memory, encoding, tokens or grammar. */
static int parser_problem(struct parse *p)
{
    const yaml_parser_t *parser = &p->parser;
    const char *what = parser->problem ? parser->problem : "unreadable";
    struct mesh_mark mark = mark_of(p, place_of_problem(parser));

    if (parser->error == YAML_MEMORY_ERROR)
        return mesh__fail(MESH_ERR_NOMEM, "YAML parser");
    if (parser->error == YAML_READER_ERROR)
        return problem_at(p, mark_of(p, parser->mark), "%s", what);
    if (parser->context)
        return problem_at(p, mark, "%s %s", parser->context, what);
    return problem_at(p, mark, "%s", what);
}

static int parse_events(struct parse *p)
{
    bool end = false;

    while (!end) {
        yaml_event_t event;
        int rc;

        if (!yaml_parser_parse(&p->parser, &event))
            return parser_problem(p);
        rc = on_event(p, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* The line a byte is on, for problems found before libyaml looks. */
static struct mesh_mark mark_at_byte(const struct parse *p, size_t byte)
{
    yaml_mark_t at = { 0 };

    for (size_t i = 0; i < byte; i++) {
        at.column++;
        if (p->text.at[i] == '\n') {
            at.line++;
            at.column = 0;
        }
    }
    return mark_of(p, at);
}

static bool begins_with(struct mesh_slice text, const char *bytes)
{
    return mesh__slice_starts(text, mesh__slice_of(bytes));
}

static int look_before(struct parse *p)
{
    struct mesh_mark first = { p->file, 1, 1 };
    const char *what;
    size_t bad;

    if (p->text.len > p->limits->bytes)
        return limit_at(p, first, "bytes", p->limits->bytes);
    if (begins_with(p->text, "\xFF\xFE") || begins_with(p->text, "\xFE\xFF"))
        return problem_at(p, first, "wanted UTF-8, found UTF-16");
    if (begins_with(p->text, "\xEF\xBB\xBF"))
        p->text = mesh__slice(p->text.at + 3, p->text.len - 3);
    bad = mesh__yaml_bad_character(p->text, &what);
    return what ? problem_at(p, mark_at_byte(p, bad), "%s", what) : 0;
}

static int run(struct parse *p)
{
    int rc = look_before(p);

    if (rc < 0 || p->text.len == 0)
        return rc;
    if (!yaml_parser_initialize(&p->parser))
        return mesh__fail(MESH_ERR_NOMEM, "YAML parser");
    yaml_parser_set_encoding(&p->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p->parser, (const unsigned char *)p->text.at,
                                 p->text.len);
    rc = parse_events(p);
    yaml_parser_delete(&p->parser);
    return rc;
}

/* Documents move to the arena; one that was cut short is not handed out. */
static int hand_out(struct parse *p, struct mesh_yaml_document **documents,
                    size_t *count)
{
    size_t whole = p->open ? p->count - 1 : p->count;
    struct mesh_yaml_document *copy;

    if (whole == 0)
        return 0;
    copy = mesh__arena_array(p->arena, whole, sizeof(*copy));
    if (!copy)
        return MESH_ERR_NOMEM;
    memcpy(copy, p->documents, whole * sizeof(*copy));
    *documents = copy;
    *count = whole;
    return 0;
}

int mesh__yaml_parse(struct mesh_slice text, uint32_t file,
                     struct mesh_yaml_limits *limits, struct mesh_arena *arena,
                     struct mesh_yaml_document **documents, size_t *count,
                     struct mesh_yaml_problem *problem)
{
    struct parse *p = mesh__calloc(1, sizeof(*p));
    int rc;

    *documents = NULL;
    *count = 0;
    *problem = (struct mesh_yaml_problem){ .mark = { .place = file } };
    if (!p)
        return mesh__fail(MESH_ERR_NOMEM, "YAML parser");
    p->text = text;
    p->file = file;
    p->limits = limits;
    p->arena = arena;
    p->problem = problem;
    rc = run(p);
    if (rc != MESH_ERR_NOMEM && hand_out(p, documents, count) < 0)
        rc = MESH_ERR_NOMEM;
    for (unsigned i = 0; i < p->depth; i++)
        mesh__map_fini(&p->levels[i].keys);
    mesh__map_fini(&p->anchors);
    limits->documents -= p->count;
    limits->nodes -= p->nodes;
    limits->aliases -= p->aliases;
    mesh__free(p->documents);
    mesh__free(p);
    return rc;
}

const struct mesh_yaml_pair *mesh__yaml_find(const struct mesh_yaml_node *node,
                                             const char *key)
{
    if (!node || node->kind != MESH__YAML_MAPPING)
        return NULL;
    for (size_t i = 0; i < node->count; i++)
        if (mesh__slice_is(node->pairs[i].key, key))
            return &node->pairs[i];
    return NULL;
}
