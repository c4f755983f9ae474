/*
 * test_yaml.c - a test file to a tree, every node with line and column.
 *
 * Over libyaml's event parser, as the library reads policies, but linked by
 * lmesh itself: a tree of YAML is no part of the public interface. Bounded in
 * bytes, depth and nodes, what aliases repeat counted each time.
 */
#include "test.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define BYTES_MOST   ((size_t)4 * 1024 * 1024)
#define NODES_MOST   ((size_t)200000)
#define DEPTH_MOST   32
#define PAIRS_MOST   1000
#define ANCHORS_MOST 1000

struct anchor {
    struct anchor *next;
    const char *name;
    struct test_node *node;
};

struct reader {
    struct test_file *file;
    yaml_parser_t parser;
    struct anchor *anchors; /* the latest first */
    size_t anchor_count;
    size_t nodes;
};

void test_complain(struct test_file *file, const struct test_node *at,
                   const struct test_path *path, const char *hint,
                   const char *format, ...)
{
    int has_place = at && at->line;
    va_list args;

    if (++file->complaints > TEST_COMPLAINTS_MOST)
        return;
    fflush(stdout);
    fprintf(stderr, "%s:", file->path);
    if (has_place)
        fprintf(stderr, "%d:%d:", at->line, at->column);
    fputs(" error: ", stderr);
    if (path && path->length)
        fprintf(stderr, "%s: ", path->text);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    if (hint && has_place)
        fprintf(stderr, "%s:%d:%d: note: did you mean \"%s\"?\n", file->path,
                at->line, at->column, hint);
}

static struct test_node place_of(const yaml_mark_t *mark)
{
    return (struct test_node){ .line = (int)mark->line + 1,
                               .column = (int)mark->column + 1 };
}

/* Says what is wrong where an event began; NULL, for its caller to return. */
static struct test_node *refuse(struct reader *reader,
                                const yaml_event_t *event, const char *what)
{
    struct test_node at = place_of(&event->start_mark);

    test_complain(reader->file, &at, NULL, NULL, "%s", what);
    return NULL;
}

/* The next event: 0, or -1 when it has complained. */
static int next(struct reader *reader, yaml_event_t *event)
{
    const yaml_parser_t *parser = &reader->parser;
    struct test_node at;

    if (yaml_parser_parse(&reader->parser, event))
        return 0;
    at = place_of(&parser->problem_mark);
    test_complain(reader->file, &at, NULL, NULL, "%s%s%s",
                  parser->problem ? parser->problem : "memory is out",
                  parser->context ? " " : "",
                  parser->context ? parser->context : "");
    memset(event, 0, sizeof(*event));
    return -1;
}

static int is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (!strcmp(text, *words))
            return 1;
    return 0;
}

/* The core schema of YAML 1.2: what stands in quotes is a text. */
static enum test_type type_of(const char *text)
{
    static const char *const nulls[] = {
        "", "~", "null", "Null", "NULL", NULL
    };
    static const char *const truths[] = { "true",  "True",  "TRUE", "false",
                                          "False", "FALSE", NULL };
    const char *digits = text + (*text == '-' || *text == '+');
    char *end;

    if (is_one_of(text, nulls))
        return TEST_NULL;
    if (is_one_of(text, truths))
        return TEST_BOOL;
    digits += *digits == '.';
    if (*digits < '0' || *digits > '9')
        return TEST_STRING;
    (void)strtod(text, &end);
    return *end ? TEST_STRING : TEST_NUMBER;
}

static struct test_node *read_scalar(struct reader *reader,
                                     const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    int is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct test_node *node;

    if (strlen(text) != event->data.scalar.length)
        return refuse(reader, event, "a text with a NUL in it");
    node = test_node_new(&reader->file->arena,
                         is_plain ? type_of(text) : TEST_STRING);
    if (!node)
        return refuse(reader, event, "memory is out");
    if (node->type == TEST_NULL)
        return node;
    node->text = test_copy(&reader->file->arena, text, strlen(text));
    if (node->text && node->type == TEST_BOOL)
        node->text = text[0] == 't' || text[0] == 'T' ? "true" : "false";
    return node->text ? node : refuse(reader, event, "memory is out");
}

static struct test_node *read_alias(struct reader *reader,
                                    const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;

    for (struct anchor *anchor = reader->anchors; anchor; anchor = anchor->next)
        if (!strcmp(anchor->name, name)) {
            reader->nodes += anchor->node->whole;
            return anchor->node;
        }
    return refuse(reader, event, "an alias of what is not there yet");
}

/* 0, or -1 when memory is out or there are too many. */
static int remember(struct reader *reader, const char *name,
                    struct test_node *node)
{
    struct anchor *anchor;

    if (!name)
        return 0;
    anchor = test_alloc(&reader->file->arena, sizeof(*anchor));
    if (!anchor || ++reader->anchor_count > ANCHORS_MOST)
        return -1;
    anchor->name = test_copy(&reader->file->arena, name, strlen(name));
    anchor->node = node;
    anchor->next = reader->anchors;
    reader->anchors = anchor;
    return anchor->name ? 0 : -1;
}

static struct test_node *read_node(struct reader *reader,
                                   const yaml_event_t *event, unsigned depth);

/* 0, or -1 when it has complained. */
static int check_key(struct reader *reader, const yaml_event_t *event,
                     const struct test_node *map)
{
    const char *text = (const char *)event->data.scalar.value;
    struct test_node at = place_of(&event->start_mark);

    if (event->type != YAML_SCALAR_EVENT || map->count == PAIRS_MOST) {
        refuse(reader, event,
               map->count == PAIRS_MOST ? "more keys than any test needs"
                                        : "a key is a text");
        return -1;
    }
    if (!test_node_find(map, text))
        return 0;
    test_complain(reader->file, &at, NULL, NULL, "\"%s\" is there twice", text);
    return -1;
}

/* Items up to the end of the list or map that event began. */
static struct test_node *read_many(struct reader *reader,
                                   const yaml_event_t *event, unsigned depth)
{
    int is_map = event->type == YAML_MAPPING_START_EVENT;
    struct test_node *node =
        test_node_new(&reader->file->arena, is_map ? TEST_MAP : TEST_LIST);
    struct test_node *key = NULL;
    struct test_node *item = node;
    yaml_event_t inner;

    while (item) {
        if (next(reader, &inner))
            return NULL;
        if (inner.type == YAML_SEQUENCE_END_EVENT ||
            inner.type == YAML_MAPPING_END_EVENT)
            break;
        if (is_map && !key && check_key(reader, &inner, node))
            item = NULL;
        else
            item = read_node(reader, &inner, depth + 1);
        yaml_event_delete(&inner);
        if (item && is_map && !key) {
            key = item;
            continue;
        }
        if (item && test_node_add(&reader->file->arena, node, key, item))
            item = refuse(reader, event, "memory is out");
        key = NULL;
    }
    if (item)
        yaml_event_delete(&inner);
    return item ? node : NULL;
}

static const char *anchor_of(const yaml_event_t *event)
{
    const yaml_char_t *name = event->type == YAML_SCALAR_EVENT
                                  ? event->data.scalar.anchor
                              : event->type == YAML_MAPPING_START_EVENT
                                  ? event->data.mapping_start.anchor
                                  : event->data.sequence_start.anchor;

    return (const char *)name;
}

static struct test_node *read_node(struct reader *reader,
                                   const yaml_event_t *event, unsigned depth)
{
    struct test_node *node;

    if (depth > DEPTH_MOST)
        return refuse(reader, event, "nested too deeply");
    if (event->type == YAML_ALIAS_EVENT)
        node = read_alias(reader, event);
    else if (event->type == YAML_SCALAR_EVENT)
        node = read_scalar(reader, event);
    else
        node = read_many(reader, event, depth);
    if (node && ++reader->nodes > NODES_MOST)
        return refuse(reader, event, "more than any test needs");
    if (!node || event->type == YAML_ALIAS_EVENT)
        return node;
    node->line = (int)event->start_mark.line + 1;
    node->column = (int)event->start_mark.column + 1;
    if (remember(reader, anchor_of(event), node))
        return refuse(reader, event, "more anchors than any test needs");
    return node;
}

/* Stream start, document start, its root, document end, stream end. */
static struct test_node *read_stream(struct reader *reader)
{
    struct test_node *root = NULL;
    int is_over = 0;
    yaml_event_t event;

    while (!is_over) {
        if (next(reader, &event))
            return NULL;
        is_over = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT && root)
            root = refuse(reader, &event, "a second document");
        else if (event.type == YAML_SCALAR_EVENT ||
                 event.type == YAML_ALIAS_EVENT ||
                 event.type == YAML_SEQUENCE_START_EVENT ||
                 event.type == YAML_MAPPING_START_EVENT)
            root = read_node(reader, &event, 0);
        yaml_event_delete(&event);
        is_over = is_over || reader->file->complaints;
    }
    if (!root && !reader->file->complaints)
        test_complain(reader->file, NULL, NULL, NULL, "is empty");
    return root;
}

/* The file's bytes, for free(); NULL after it has complained. */
static char *load(struct test_file *file, size_t *size)
{
    FILE *in = fopen(file->path, "re");
    char *data = malloc(BYTES_MOST + 1);

    *size = in && data ? fread(data, 1, BYTES_MOST + 1, in) : 0;
    if (!in || !data || ferror(in)) {
        test_complain(file, NULL, NULL, NULL, "%s", strerror(errno));
        file->unreached = 1;
        free(data);
        data = NULL;
    } else if (*size > BYTES_MOST) {
        test_complain(file, NULL, NULL, NULL, "is larger than %zu MiB",
                      BYTES_MOST >> 20);
        free(data);
        data = NULL;
    }
    if (in)
        fclose(in);
    return data;
}

struct test_node *test_yaml(struct test_file *file)
{
    struct reader reader = { .file = file };
    struct test_node *root = NULL;
    size_t size;
    char *data = load(file, &size);

    if (!data)
        return NULL;
    if (yaml_parser_initialize(&reader.parser)) {
        yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&reader.parser,
                                     (const unsigned char *)data, size);
        root = read_stream(&reader);
        yaml_parser_delete(&reader.parser);
    } else {
        test_complain(file, NULL, NULL, NULL, "memory is out");
    }
    free(data);
    return root;
}
