/*
 * fuzz_path.c - request targets in every normalization mode.
 *
 * What comes out is canonical: it begins with a slash, has no fragment, no
 * NUL and no dot segment, and folding it again changes nothing. The first
 * byte chooses the mode; a template and a query are tried on the same bytes.
 */
#include "value/path.h"

#include <stdint.h>

enum { CEILING = 1 << 20, MODES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static bool has_dot_segment(struct mesh_slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        struct mesh_slice rest = mesh__slice(path.at + i, path.len - i);

        if (mesh__slice_starts(rest, MESH__SLICE("/./")) ||
            mesh__slice_starts(rest, MESH__SLICE("/../")) ||
            mesh__slice_is(rest, "/.") || mesh__slice_is(rest, "/.."))
            return true;
    }
    return false;
}

static void check_canonical(enum mesh_path_mode mode, struct mesh_slice raw,
                            struct mesh_slice out, struct mesh_arena *arena)
{
    struct mesh_slice path = mesh__path_without_query(out);
    struct mesh_slice again;

    must(path.len > 0 && path.at[0] == '/');
    must(!memchr(out.at, '#', out.len) && !memchr(out.at, '\0', out.len));
    must(out.len <= 3 * raw.len);
    must(mesh__path_normalize(mode, out, arena, &again) == MESH__PATH_OK);
    must(again.at == out.at && again.len == out.len);
    if (mode == MESH__PATH_NONE)
        return;
    must(!memchr(path.at, '\\', path.len) && !has_dot_segment(path));
    for (size_t i = 1; mode != MESH__PATH_BASE && i < path.len; i++)
        must(path.at[i] != '/' || path.at[i - 1] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mesh_arena arena;
    struct mesh_slice raw;
    struct mesh_slice out;
    struct mesh_slice value;
    enum mesh_path_mode mode;

    if (size < 1 || size > 16384)
        return 0;
    mode = (enum mesh_path_mode)(data[0] % MODES);
    raw = mesh__slice((const char *)data + 1, size - 1);
    mesh__arena_init(&arena, CEILING);
    if (mesh__path_normalize(mode, raw, &arena, &out) == MESH__PATH_OK)
        check_canonical(mode, raw, out, &arena);
    else
        must(out.len == 0);
    if (mesh__query_get(mesh__path_query(raw), MESH__SLICE("a"), &value))
        must(value.len < raw.len);
    must(!mesh__path_template_match(MESH__SLICE("/{*}/b/{**}"), raw) ||
         mesh__slice_starts(raw, MESH__SLICE("/")));
    (void)mesh__path_template_match(raw, MESH__SLICE("/a/b/c"));
    (void)mesh__path_is_template(raw);
    mesh__arena_fini(&arena);
    return 0;
}
