/*
 * acts.c - what a rule does beside sending, as a decision tells it.
 *
 * Throws the dice that the client's steps would throw, and writes down what
 * they say. Declines to do any of it.
 */
#include "api/acts.h"

#include "base/error.h"
#include "traffic/fault.h"
#include "traffic/rewrite.h"
#include "value/duration.h"

#include <stdio.h>

enum { VALUE = 1024 }; /* bytes of a header's value that are shown */

static const struct mesh_actions *actions_of(const struct mesh_route *route)
{
    return route->rule ? route->rule->actions : NULL;
}

/* --- drawing --- */

int mesh__acts_draw(const struct mesh_route *route,
                    const struct mesh_head *head, struct mesh_arena *arena,
                    uint64_t (*dice)(void *user), void *user,
                    struct mesh_acts *out)
{
    const struct mesh_actions *actions = actions_of(route);

    *out = (struct mesh_acts){ .location = { "", 0 } };
    if (!actions)
        return 0;
    if (actions->fault) {
        out->delayed =
            actions->fault->delay_ns > 0 &&
            mesh__share_drawn(actions->fault->delay_share, dice(user));
        out->aborted =
            mesh__share_drawn(actions->fault->abort_share, dice(user));
    }
    if (actions->cors)
        mesh__cors_check(actions->cors, head, &out->cors);
    if (actions->redirect &&
        !mesh__redirect_uri(actions->redirect, head, route->target, arena,
                            &out->location))
        return MESH_ERR_NOMEM;
    return 0;
}

const char *mesh__acts_verdict(const struct mesh_route *route,
                               const struct mesh_acts *acts)
{
    if (acts->aborted)
        return "fault_abort";
    if (acts->cors.answered)
        return "cors_preflight";
    if (route->outcome == MESH__ROUTE_REDIRECT)
        return "redirect";
    return route->outcome == MESH__ROUTE_DIRECT ? "direct_response" : NULL;
}

/* --- values --- */

static void print_piece(const struct mesh_piece *piece, struct mesh_text *text)
{
    static const char *const names[] = {
        [MESH__PIECE_REQUEST] = "REQ",
        [MESH__PIECE_RESPONSE] = "RESP",
        [MESH__PIECE_PROTOCOL] = "PROTOCOL",
        [MESH__PIECE_REMOTE_IP] = "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
        [MESH__PIECE_DIRECT_IP] =
            "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
        [MESH__PIECE_ROUTE_NAME] = "ROUTE_NAME",
        [MESH__PIECE_CLUSTER] = "UPSTREAM_CLUSTER_RAW",
    };

    if (piece->kind == MESH__PIECE_TEXT) {
        mesh__text_add(text, piece->text);
        return;
    }
    mesh__text_format(text, "%%%s", names[piece->kind]);
    if (piece->text.len)
        mesh__text_format(text, "(%.*s%s%.*s)", (int)piece->text.len,
                          piece->text.at, piece->other.len ? "?" : "",
                          (int)piece->other.len,
                          piece->other.len ? piece->other.at : "");
    mesh__text_puts(text, "%");
}

static void print_value(const struct mesh_edit *edit, char out[VALUE])
{
    struct mesh_text text;

    mesh__text_init(&text, out, VALUE);
    for (size_t i = 0; i < edit->piece_count; i++)
        print_piece(&edit->pieces[i], &text);
}

static const char *const edit_names[] = { [MESH__EDIT_SET] = "set",
                                          [MESH__EDIT_ADD] = "add",
                                          [MESH__EDIT_REMOVE] = "remove" };

/* --- JSON --- */

static void edits_json(const struct mesh_edits *edits, struct mesh_json *json)
{
    char value[VALUE];

    for (size_t i = 0; i < edits->count; i++) {
        const struct mesh_edit *edit = &edits->items[i];

        mesh__json_open(json, NULL, '{');
        mesh__json_text(json, "edit", edit_names[edit->kind]);
        mesh__json_string(json, "name", edit->name);
        if (edit->kind != MESH__EDIT_REMOVE) {
            print_value(edit, value);
            mesh__json_text(json, "value", value);
        }
        mesh__json_close(json, '}');
    }
}

/* A destination's come before the rule's. */
static void headers_json(const struct mesh_route *route, struct mesh_json *json)
{
    const struct mesh_head_edits *own = route->arm ? route->arm->edits : NULL;
    const struct mesh_actions *actions = actions_of(route);

    mesh__json_open(json, "headers", '{');
    mesh__json_open(json, "request", '[');
    if (own)
        edits_json(&own->request, json);
    if (actions)
        edits_json(&actions->edits.request, json);
    mesh__json_close(json, ']');
    mesh__json_open(json, "response", '[');
    if (own)
        edits_json(&own->response, json);
    if (actions)
        edits_json(&actions->edits.response, json);
    mesh__json_close(json, ']');
    mesh__json_close(json, '}');
}

static void rewrite_json(const struct mesh_route *route, struct mesh_json *json)
{
    if (!route->rewritten && route->authority.len == 0) {
        mesh__json_null(json, "rewrite");
        return;
    }
    mesh__json_open(json, "rewrite", '{');
    mesh__json_string(json, "path", route->target);
    if (route->authority.len)
        mesh__json_string(json, "authority", route->authority);
    else
        mesh__json_null(json, "authority");
    mesh__json_close(json, '}');
}

static double percent_of(uint32_t share)
{
    return (double)share * 100 / MESH__SHARE_ALL;
}

static void fault_json(const struct mesh_fault *fault,
                       const struct mesh_acts *acts, struct mesh_json *json)
{
    if (!fault) {
        mesh__json_null(json, "fault");
        return;
    }
    mesh__json_open(json, "fault", '{');
    mesh__json_number(json, "delay_ms", (int64_t)(fault->delay_ns / MESH__MS));
    mesh__json_real(json, "delay_percent", percent_of(fault->delay_share));
    mesh__json_bool(json, "delayed", acts->delayed);
    if (fault->abort_status)
        mesh__json_number(json, "abort_status", fault->abort_status);
    else
        mesh__json_null(json, "abort_status");
    mesh__json_text(json, "abort_grpc_status", fault->abort_grpc);
    mesh__json_real(json, "abort_percent", percent_of(fault->abort_share));
    mesh__json_bool(json, "aborted", acts->aborted);
    mesh__json_close(json, '}');
}

static void cors_json(const struct mesh_cors *cors,
                      const struct mesh_acts *acts, struct mesh_json *json)
{
    if (!cors) {
        mesh__json_null(json, "cors");
        return;
    }
    mesh__json_open(json, "cors", '{');
    mesh__json_bool(json, "origin_allowed", acts->cors.allowed);
    mesh__json_bool(json, "preflight_answered", acts->cors.answered);
    mesh__json_string(json, "allow_methods", cors->methods);
    mesh__json_string(json, "allow_headers", cors->headers);
    mesh__json_string(json, "expose_headers", cors->expose);
    mesh__json_bool(json, "allow_credentials", cors->credentials);
    mesh__json_close(json, '}');
}

static void mirrors_json(const struct mesh_actions *actions, uint64_t draw,
                         struct mesh_json *json)
{
    mesh__json_open(json, "mirror", '[');
    for (size_t i = 0; actions && i < actions->mirror_count; i++) {
        const struct mesh_mirror *mirror = &actions->mirrors[i];

        mesh__json_open(json, NULL, '{');
        mesh__json_text(json, "destination",
                        mirror->destination ? mirror->destination->name : NULL);
        mesh__json_text(json, "missing", mirror->missing);
        mesh__json_real(json, "percent", percent_of(mirror->share));
        mesh__json_bool(json, "drawn", mesh__share_drawn(mirror->share, draw));
        mesh__json_close(json, '}');
    }
    mesh__json_close(json, ']');
}

static void answers_json(const struct mesh_actions *actions,
                         const struct mesh_acts *acts, struct mesh_json *json)
{
    if (actions && actions->redirect) {
        mesh__json_open(json, "redirect", '{');
        mesh__json_number(json, "status", actions->redirect->status);
        mesh__json_string(json, "location", acts->location);
        mesh__json_close(json, '}');
    } else {
        mesh__json_null(json, "redirect");
    }
    if (actions && actions->direct) {
        mesh__json_open(json, "direct_response", '{');
        mesh__json_number(json, "status", actions->direct->status);
        mesh__json_string(json, "body", actions->direct->body);
        mesh__json_close(json, '}');
    } else {
        mesh__json_null(json, "direct_response");
    }
}

void mesh__acts_json(const struct mesh_route *route,
                     const struct mesh_acts *acts, uint64_t draw,
                     struct mesh_json *json)
{
    const struct mesh_actions *actions = actions_of(route);

    headers_json(route, json);
    rewrite_json(route, json);
    fault_json(actions ? actions->fault : NULL, acts, json);
    cors_json(actions ? actions->cors : NULL, acts, json);
    mirrors_json(actions, draw, json);
    answers_json(actions, acts, json);
}

/* --- text --- */

static int edits_text(const struct mesh_edits *edits, const char *whose,
                      struct mesh_buffer *out)
{
    char value[VALUE];
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < edits->count; i++) {
        const struct mesh_edit *edit = &edits->items[i];

        print_value(edit, value);
        rc = mesh__buffer_format(out, "header       %s %s %.*s%s%s\n", whose,
                                 edit_names[edit->kind], (int)edit->name.len,
                                 edit->name.at, value[0] ? ": " : "", value);
    }
    return rc;
}

static int headers_text(const struct mesh_head_edits *edits,
                        struct mesh_buffer *out)
{
    int rc = edits_text(&edits->request, "request ", out);

    return rc == 0 ? edits_text(&edits->response, "response", out) : rc;
}

static int rewrite_text(const struct mesh_route *route, struct mesh_buffer *out)
{
    int rc = 0;

    if (route->rewritten)
        rc = mesh__buffer_format(out, "path         %.*s\n",
                                 (int)route->target.len, route->target.at);
    if (rc == 0 && route->authority.len)
        rc =
            mesh__buffer_format(out, "authority    %.*s\n",
                                (int)route->authority.len, route->authority.at);
    return rc;
}

static int fault_text(const struct mesh_fault *fault,
                      const struct mesh_acts *acts, struct mesh_buffer *out)
{
    int rc = 0;

    if (!fault)
        return 0;
    if (fault->delay_share)
        rc = mesh__buffer_format(
            out, "fault        %g %% wait for %llu ms%s\n",
            percent_of(fault->delay_share),
            (unsigned long long)(fault->delay_ns / MESH__MS),
            acts->delayed ? "  <- drawn" : "");
    if (rc == 0 && fault->abort_share)
        rc = mesh__buffer_format(
            out, "fault        %g %% fail with %s%s%.0u%s\n",
            percent_of(fault->abort_share),
            fault->abort_grpc ? "grpc-status " : "",
            fault->abort_grpc ? fault->abort_grpc : "", fault->abort_status,
            acts->aborted ? "  <- drawn" : "");
    return rc;
}

static int mirrors_text(const struct mesh_actions *actions, uint64_t draw,
                        struct mesh_buffer *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < actions->mirror_count; i++) {
        const struct mesh_mirror *mirror = &actions->mirrors[i];

        rc = mesh__buffer_format(
            out, "mirror       %g %% to %s%s%s\n", percent_of(mirror->share),
            mirror->destination ? mirror->destination->name : mirror->missing,
            mirror->destination ? "" : " (not known)",
            mesh__share_drawn(mirror->share, draw) ? "  <- drawn" : "");
    }
    return rc;
}

static int answers_text(const struct mesh_actions *actions,
                        const struct mesh_acts *acts, struct mesh_buffer *out)
{
    if (acts->cors.answered)
        return mesh__buffer_format(out, "preflight    answered here\n");
    if (actions->redirect)
        return mesh__buffer_format(out, "redirect     %u %.*s\n",
                                   actions->redirect->status,
                                   (int)acts->location.len, acts->location.at);
    if (actions->direct)
        return mesh__buffer_format(out, "answer       %u, %zu bytes\n",
                                   actions->direct->status,
                                   actions->direct->body.len);
    return 0;
}

int mesh__acts_text(const struct mesh_route *route,
                    const struct mesh_acts *acts, uint64_t draw,
                    struct mesh_buffer *out)
{
    const struct mesh_actions *actions = actions_of(route);
    int rc = 0;

    if (route->arm && route->arm->edits)
        rc = headers_text(route->arm->edits, out);
    if (rc < 0 || !actions)
        return rc < 0 ? rc : rewrite_text(route, out);
    rc = headers_text(&actions->edits, out);
    if (rc == 0)
        rc = rewrite_text(route, out);
    if (rc == 0)
        rc = fault_text(actions->fault, acts, out);
    if (rc == 0)
        rc = mirrors_text(actions, draw, out);
    return rc == 0 ? answers_text(actions, acts, out) : rc;
}
