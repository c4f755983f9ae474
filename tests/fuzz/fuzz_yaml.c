/*
 * fuzz_yaml.c - any bytes as YAML.
 *
 * What comes out is within the limits: no tree deeper, no more nodes when it
 * is walked with its aliases unfolded; keys are unique and every mark lies in
 * the text. The limits are small, so that small inputs meet them.
 */
#include "yaml/yaml.h"

#include <mesh/base.h>

#include <stdint.h>

enum { INPUT_MAX = 1 << 16, ARENA = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mesh_yaml_limits few = {
    .bytes = INPUT_MAX,
    .documents = 16,
    .nodes = 2000,
    .aliases = 20,
    .depth = 12,
};

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static size_t lines_of(struct mesh_slice text)
{
    size_t lines = 2; /* libyaml puts a value that never came one below */

    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n' || text.at[i] == '\r' ||
                 (unsigned char)text.at[i] == 0x85 ||
                 (unsigned char)text.at[i] == 0xA8 ||
                 (unsigned char)text.at[i] == 0xA9;
    return lines;
}

struct walk {
    size_t lines;
    size_t nodes;
};

static void check_scalar(const struct mesh_yaml_node *node)
{
    double real;
    int64_t whole;
    bool truth;

    must(node->text.at[node->text.len] == '\0');
    must(strlen(node->text.at) == node->text.len);
    if (mesh__yaml_int(node, &whole))
        must(mesh__yaml_float(node, &real));
    if (mesh__yaml_bool(node, &truth))
        must(mesh__yaml_type(node) == MESH__YAML_BOOL);
}

static void check_node(struct walk *walk, const struct mesh_yaml_node *node,
                       unsigned depth)
{
    must(++walk->nodes <= few.nodes);
    must(node->mark.line >= 1 && node->mark.line <= walk->lines);
    must(node->mark.column >= 1);
    if (node->kind == MESH__YAML_SCALAR) {
        check_scalar(node);
        return;
    }
    must(depth < few.depth);
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == MESH__YAML_SEQUENCE) {
            check_node(walk, node->items[i], depth + 1);
            continue;
        }
        must(mesh__yaml_find(node, node->pairs[i].key.at) == &node->pairs[i]);
        check_node(walk, node->pairs[i].value, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mesh_slice text = mesh__slice((const char *)data, size);
    struct mesh_yaml_limits limits = few;
    struct mesh_yaml_document *documents;
    struct mesh_yaml_problem problem;
    struct mesh_arena arena;
    struct walk walk = { .lines = lines_of(text) };
    size_t count;
    int rc;

    if (size > INPUT_MAX)
        return 0;
    mesh__arena_init(&arena, ARENA);
    rc = mesh__yaml_parse(text, 0, &limits, &arena, &documents, &count,
                          &problem);
    must(rc == 0 || rc == MESH_ERR_POLICY);
    must((rc == 0) == (problem.text[0] == '\0'));
    must(count <= few.documents && limits.documents <= few.documents);
    for (size_t i = 0; i < count; i++)
        if (documents[i].root)
            check_node(&walk, documents[i].root, 0);
    mesh__arena_fini(&arena);
    return 0;
}
