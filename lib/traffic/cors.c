/*
 * cors.c - what a CORS policy says to a request.
 *
 * Compares origins and writes heads. Declines to know what is behind them.
 */
#include "traffic/cors.h"

#define NAME(text) MESH__SLICE("access-control-" text)

static bool has_origin(const struct mesh_cors *cors, struct mesh_slice origin)
{
    for (size_t i = 0; i < cors->origin_count; i++) {
        const struct mesh_match *match = &cors->origins[i];

        if (match->kind == MESH__MATCH_EXACT &&
            mesh__slice_is(match->text, "*"))
            return true;
        if (mesh__match(match, origin) == MESH__MATCH_YES)
            return true;
    }
    return false;
}

static bool is_preflight(const struct mesh_head *request)
{
    struct mesh_slice method;

    return mesh__slice_is(request->method, "OPTIONS") &&
           mesh__head_get_named(request, NAME("request-method"), &method) &&
           method.len > 0;
}

void mesh__cors_check(const struct mesh_cors *cors,
                      const struct mesh_head *request,
                      struct mesh_cors_verdict *out)
{
    *out = (struct mesh_cors_verdict){ 0 };
    if (!mesh__head_get(request, MESH__H_ORIGIN, &out->origin) ||
        out->origin.len == 0)
        return;
    out->allowed = has_origin(cors, out->origin);
    out->answered =
        is_preflight(request) && (out->allowed || cors->keeps_unmatched);
}

static int set(struct mesh_head *head, struct mesh_arena *arena,
               struct mesh_slice name, struct mesh_slice value)
{
    return mesh__head_edit(head, arena, MESH__EDIT_SET, name, value);
}

/* "*" echoes what was asked for, the empty text where nothing was. */
static int set_echo(struct mesh_head *head, struct mesh_arena *arena,
                    struct mesh_slice name, struct mesh_slice value,
                    const struct mesh_head *request, struct mesh_slice asked)
{
    if (!mesh__slice_is(value, "*"))
        return set(head, arena, name, value);
    value = (struct mesh_slice){ "", 0 };
    (void)mesh__head_get_named(request, asked, &value);
    return mesh__head_add(head, arena, SIZE_MAX, name, value);
}

static int set_common(const struct mesh_cors *cors,
                      const struct mesh_cors_verdict *verdict,
                      struct mesh_arena *arena, struct mesh_head *response)
{
    int rc = 0;

    if (verdict->allowed)
        rc = set(response, arena, NAME("allow-origin"), verdict->origin);
    if (rc == 0 && cors->credentials)
        rc = set(response, arena, NAME("allow-credentials"),
                 MESH__SLICE("true"));
    return rc;
}

int mesh__cors_answer(const struct mesh_cors *cors,
                      const struct mesh_cors_verdict *verdict,
                      const struct mesh_head *request, struct mesh_arena *arena,
                      struct mesh_head *response)
{
    int rc = set_common(cors, verdict, arena, response);

    if (rc == 0)
        rc = set_echo(response, arena, NAME("allow-methods"), cors->methods,
                      request, NAME("request-method"));
    if (rc == 0)
        rc = set_echo(response, arena, NAME("allow-headers"), cors->headers,
                      request, NAME("request-headers"));
    if (rc == 0)
        rc = set(response, arena, NAME("max-age"), cors->max_age);
    if (rc == 0)
        rc = set(response, arena, NAME("expose-headers"), cors->expose);
    return rc;
}

int mesh__cors_mark(const struct mesh_cors *cors,
                    const struct mesh_cors_verdict *verdict,
                    struct mesh_arena *arena, struct mesh_head *response)
{
    int rc = set_common(cors, verdict, arena, response);

    return rc == 0 ? set(response, arena, NAME("expose-headers"), cors->expose)
                   : rc;
}
