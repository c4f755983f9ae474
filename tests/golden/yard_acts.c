/*
 * yard_acts.c - what a rule does beside sending, as lines of text.
 */
#include "yard.h"

#include "base/text.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define SAY(out, ...) assert_int_equal(mesh__buffer_format(out, __VA_ARGS__), 0)

static const char *text_of(struct mesh_slice slice)
{
    return slice.len ? slice.at : "";
}

static void say_edits(const char *rule, const char *whose,
                      const struct mesh_edits *edits, struct mesh_buffer *out)
{
    static const char *const names[] = { [MESH__EDIT_SET] = "set",
                                         [MESH__EDIT_ADD] = "add",
                                         [MESH__EDIT_REMOVE] = "remove" };
    static const char *const kinds[] = {
        [MESH__PIECE_TEXT] = "",
        [MESH__PIECE_REQUEST] = "REQ ",
        [MESH__PIECE_RESPONSE] = "RESP ",
        [MESH__PIECE_PROTOCOL] = "PROTOCOL",
        [MESH__PIECE_REMOTE_IP] = "REMOTE",
        [MESH__PIECE_DIRECT_IP] = "DIRECT",
        [MESH__PIECE_ROUTE_NAME] = "ROUTE",
        [MESH__PIECE_CLUSTER] = "CLUSTER",
    };

    for (size_t i = 0; i < edits->count; i++) {
        const struct mesh_edit *edit = &edits->items[i];

        SAY(out, "  %s %s: %s %s", whose, rule, names[edit->kind],
            edit->name.at);
        for (size_t j = 0; j < edit->piece_count; j++) {
            const struct mesh_piece *piece = &edit->pieces[j];

            SAY(out, " [%s%s%s%s]", kinds[piece->kind], text_of(piece->text),
                piece->other.len ? " or " : "", text_of(piece->other));
        }
        SAY(out, "\n");
    }
}

static void say_head(const char *rule, const struct mesh_head_edits *edits,
                     struct mesh_buffer *out)
{
    say_edits(rule, "request", &edits->request, out);
    say_edits(rule, "response", &edits->response, out);
    if (edits->authority.len)
        SAY(out, "  authority %s: %s\n", rule, edits->authority.at);
}

static void say_rewrite(const char *rule, const struct mesh_rewrite *rewrite,
                        struct mesh_buffer *out)
{
    static const char *const kinds[] = { [MESH__REWRITE_NONE] = "none",
                                         [MESH__REWRITE_PREFIX] = "prefix",
                                         [MESH__REWRITE_WHOLE] = "whole" };

    if (rewrite->kind == MESH__REWRITE_REGEX)
        SAY(out, "  rewrite %s: regex\n", rule);
    else if (rewrite->kind != MESH__REWRITE_NONE)
        SAY(out, "  rewrite %s: %s %zu to %s\n", rule, kinds[rewrite->kind],
            rewrite->cut, text_of(rewrite->to));
}

static void say_answers(const char *rule, const struct mesh_actions *actions,
                        struct mesh_buffer *out)
{
    const struct mesh_redirect *redirect = actions->redirect;

    if (redirect) {
        SAY(out, "  redirect %s: %u scheme=%s authority=%s port=%u path=%s\n",
            rule, redirect->status, text_of(redirect->scheme),
            text_of(redirect->authority), (unsigned)redirect->port,
            text_of(redirect->path));
        say_rewrite(rule, &redirect->rewrite, out);
    }
    if (actions->direct)
        SAY(out, "  direct %s: %u '%.*s'\n", rule, actions->direct->status,
            (int)actions->direct->body.len, actions->direct->body.at);
}

static void say_fault(const char *rule, const struct mesh_fault *fault,
                      struct mesh_buffer *out)
{
    SAY(out, "  fault %s: delay %u of %llums, abort %u of %u grpc=%s\n", rule,
        (unsigned)fault->delay_share,
        (unsigned long long)(fault->delay_ns / 1000000),
        (unsigned)fault->abort_share, fault->abort_status,
        fault->abort_grpc ? fault->abort_grpc : "");
}

static void say_cors(const char *rule, const struct mesh_cors *cors,
                     struct mesh_buffer *out)
{
    char text[256];

    SAY(out, "  cors %s: methods=%s headers=%s expose=%s age=%s%s%s\n", rule,
        text_of(cors->methods), text_of(cors->headers), text_of(cors->expose),
        text_of(cors->max_age), cors->credentials ? " credentials" : "",
        cors->keeps_unmatched ? " ignore" : "");
    for (size_t i = 0; i < cors->origin_count; i++) {
        mesh__match_print(&cors->origins[i], text, sizeof(text));
        SAY(out, "  origin %s: %s\n", rule, text);
    }
}

void yard_say_acts(const struct mesh_virtual_host *host, size_t index,
                   struct mesh_buffer *out)
{
    const struct mesh_route_rule *rule = &host->rules[index];
    const struct mesh_actions *actions = rule->actions;
    char name[256];

    (void)snprintf(name, sizeof(name), "%s %zu", host->name, index);
    for (size_t i = 0; i < rule->arm_count; i++)
        if (rule->arms[i].edits) {
            char arm[300];

            (void)snprintf(arm, sizeof(arm), "%s/%zu", name, i);
            say_head(arm, rule->arms[i].edits, out);
        }
    if (!actions)
        return;
    say_head(name, &actions->edits, out);
    say_rewrite(name, &actions->rewrite, out);
    say_answers(name, actions, out);
    if (actions->fault)
        say_fault(name, actions->fault, out);
    if (actions->cors)
        say_cors(name, actions->cors, out);
    for (size_t i = 0; i < actions->mirror_count; i++)
        SAY(out, "  mirror %s: %u to %s\n", name,
            (unsigned)actions->mirrors[i].share,
            actions->mirrors[i].destination
                ? actions->mirrors[i].destination->name
                : actions->mirrors[i].missing);
}
