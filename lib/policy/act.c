/*
 * act.c - what a route of a VirtualService does beside sending.
 *
 * Each block as istiod translates it for Envoy (core/route/route.go). Declines
 * to know hosts: where copies go is the routes' affair.
 */
#include "policy/act.h"

#include "base/error.h"
#include "policy/edits.h"
#include "policy/parts.h"
#include "value/address.h"
#include "value/duration.h"
#include "value/grpc.h"

struct acting {
    struct mesh_arena *arena;
    struct mesh_regex_keep **keeps;
    const struct mesh_http_route *route;
    const struct mesh_http_match *match; /* or NULL */
    uint16_t port;
};

static int copy(struct mesh_arena *arena, struct mesh_slice from,
                struct mesh_slice *out)
{
    out->at = mesh__arena_strndup(arena, from.len ? from.at : "", from.len);
    out->len = from.len;
    return out->at ? 0 : MESH_ERR_NOMEM;
}

/* A text that becomes part of a line of the message. */
static int copy_line(struct mesh_arena *arena, const char *what,
                     struct mesh_slice from, struct mesh_slice *out)
{
    if (!mesh__is_field_value(from))
        return mesh__fail(MESH_ERR_INVALID,
                          "%s has characters that cannot be sent", what);
    return copy(arena, from, out);
}

static int copy_authority(struct mesh_arena *arena, struct mesh_slice from,
                          struct mesh_slice *out)
{
    struct mesh_slice host;
    uint16_t port;

    if (from.len && (!mesh__is_authority(from) ||
                     !mesh__authority_split(from, &host, &port)))
        return mesh__fail(MESH_ERR_INVALID, "\"%.*s\" cannot be a host",
                          (int)(from.len > 80 ? 80 : from.len), from.at);
    return copy(arena, from, out);
}

/* --- header edits --- */

static int fill_edits(const struct acting *acting, struct mesh_head_edits *out)
{
    const struct mesh_http_route *route = acting->route;
    const struct mesh_edits_spec *request[2] = { &route->headers.request };
    const struct mesh_edits_spec *response[2] = { &route->headers.response };
    struct mesh_slice authority = route->rewrite.authority;
    size_t count = 1;
    int rc;

    if (route->route_count == 1) { /* its edits are the route's */
        request[1] = &route->route[0].headers.request;
        response[1] = &route->route[0].headers.response;
        count = 2;
    }
    for (size_t i = 0; i < count && authority.len == 0; i++)
        authority = mesh__edits_authority(request[i]);
    rc = mesh__edits_compile(acting->arena, request, count, &out->request);
    if (rc == 0)
        rc =
            mesh__edits_compile(acting->arena, response, count, &out->response);
    return rc == 0 ? copy_authority(acting->arena, authority, &out->authority)
                   : rc;
}

int mesh__arm_edits_compile(struct mesh_arena *arena,
                            const struct mesh_headers_spec *spec,
                            const struct mesh_head_edits **out)
{
    const struct mesh_edits_spec *request = &spec->request;
    const struct mesh_edits_spec *response = &spec->response;
    struct mesh_head_edits *edits;
    int rc;

    *out = NULL;
    if (!spec->set)
        return 0;
    edits = mesh__arena_alloc(arena, sizeof(*edits));
    if (!edits)
        return MESH_ERR_NOMEM;
    rc = mesh__edits_compile(arena, &request, 1, &edits->request);
    if (rc == 0)
        rc = mesh__edits_compile(arena, &response, 1, &edits->response);
    if (rc == 0)
        rc = copy_authority(arena, mesh__edits_authority(request),
                            &edits->authority);
    if (rc == 0)
        *out = edits;
    return rc;
}

/* --- paths --- */

/* What the match took is replaced; without one that is the first slash. */
static int fill_prefix(const struct acting *acting, struct mesh_slice to,
                       struct mesh_rewrite *out)
{
    const struct mesh_string_match *uri =
        acting->match ? &acting->match->uri : NULL;

    out->kind = MESH__REWRITE_PREFIX;
    out->cut = 1;
    if (uri && uri->which == 'p')
        out->cut = uri->text.len;
    else if (uri && uri->which)
        out->kind = MESH__REWRITE_WHOLE;
    return copy(acting->arena, to, &out->to);
}

static int fill_rewrite(const struct acting *acting, struct mesh_rewrite *out)
{
    const struct mesh_rewrite_spec *spec = &acting->route->rewrite;

    if (spec->regex.set) {
        out->kind = MESH__REWRITE_REGEX;
        return mesh__replace_keep(acting->keeps, acting->arena,
                                  spec->regex.match, spec->regex.rewrite,
                                  &out->replace);
    }
    return spec->uri.len ? fill_prefix(acting, spec->uri, out) : 0;
}

/* --- redirect --- */

static unsigned redirect_port(const struct acting *acting)
{
    const struct mesh_redirect_spec *spec = &acting->route->redirect;
    bool https = mesh__slice_is(spec->scheme, "https");
    unsigned port = spec->port;

    if (mesh__slice_is(spec->derive_port, "FROM_REQUEST_PORT"))
        port = acting->port;
    return port == (https ? 443 : 80) ? 0 : port; /* the scheme's own */
}

static int redirect_status(uint32_t code, unsigned *out)
{
    static const unsigned known[] = { 301, 302, 303, 307, 308 };

    *out = code ? code : 301;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (*out == known[i])
            return 0;
    return mesh__fail(MESH_ERR_INVALID,
                      "redirectCode %u: only 301, 302, 303, 307 and 308 can be "
                      "had",
                      (unsigned)code);
}

static int fill_redirect(const struct acting *acting,
                         const struct mesh_redirect **out)
{
    const struct mesh_redirect_spec *spec = &acting->route->redirect;
    struct mesh_arena *arena = acting->arena;
    struct mesh_redirect *redirect =
        mesh__arena_alloc(arena, sizeof(*redirect));
    int rc;

    if (!redirect)
        return MESH_ERR_NOMEM;
    rc = redirect_status(spec->code, &redirect->status);
    if (rc == 0)
        rc = copy(arena, spec->scheme, &redirect->scheme);
    if (rc == 0)
        rc = copy_line(arena, "redirect.authority", spec->authority,
                       &redirect->authority);
    if (rc == 0)
        rc = copy_line(arena, "redirect.uri", spec->uri, &redirect->path);
    if (rc == 0 && !mesh__is_field_value(spec->prefix_rewrite))
        rc = mesh__fail(MESH_ERR_INVALID,
                        "redirect.prefixRewrite has characters that cannot be "
                        "sent");
    if (rc == 0 && spec->prefix_rewrite.len)
        rc = fill_prefix(acting, spec->prefix_rewrite, &redirect->rewrite);
    redirect->port = (uint16_t)redirect_port(acting);
    *out = redirect;
    return rc;
}

/* 600 passes admission, and no Envoy takes the route. */
static int check_status(const char *what, unsigned status)
{
    if (status < 600)
        return 0;
    return mesh__fail(MESH_ERR_INVALID, "%s %u: no status from 200 to 599",
                      what, status);
}

/* --- direct response --- */

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static int decode(struct mesh_arena *arena, struct mesh_slice text,
                  struct mesh_slice *out)
{
    char *bytes = mesh__arena_alloc(arena, text.len / 4 * 3 + 4);
    uint32_t bits = 0;
    unsigned held = 0;

    if (!bytes)
        return MESH_ERR_NOMEM;
    *out = mesh__slice(bytes, 0);
    for (size_t i = 0; i < text.len && text.at[i] != '='; i++) {
        int digit = base64_digit(text.at[i]);

        if (digit < 0)
            return mesh__fail(MESH_ERR_INVALID, "body.bytes is no base64");
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[out->len++] = (char)(bits >> held & 0xff);
        }
    }
    return 0;
}

static int fill_direct(const struct acting *acting,
                       const struct mesh_direct **out)
{
    const struct mesh_direct_spec *spec = &acting->route->direct;
    struct mesh_direct *direct =
        mesh__arena_alloc(acting->arena, sizeof(*direct));
    int rc;

    if (!direct)
        return MESH_ERR_NOMEM;
    direct->status = spec->status;
    rc = check_status("directResponse.status", spec->status);
    if (rc == 0)
        rc = spec->base64.len
                 ? decode(acting->arena, spec->base64, &direct->body)
                 : copy(acting->arena, spec->text, &direct->body);
    if (rc == 0 && direct->body.len > MESH__DIRECT_BODY)
        rc = mesh__fail(MESH_ERR_INVALID, "a body of %zu bytes, at most %d",
                        direct->body.len, MESH__DIRECT_BODY);
    *out = direct;
    return rc;
}

/* --- shares and faults --- */

static uint32_t share_of(const struct mesh_percent_spec *percent)
{
    double share = percent->value * (MESH__SHARE_ALL / 100);

    if (!(share > 0))
        return 0;
    return share >= MESH__SHARE_ALL ? MESH__SHARE_ALL : (uint32_t)share;
}

static uint32_t share_of_hundred(int64_t percent)
{
    if (percent <= 0)
        return 0;
    return (uint32_t)(percent >= 100 ? 100 : percent) * (MESH__SHARE_ALL / 100);
}

uint32_t mesh__mirror_share(const struct mesh_percent_spec *percentage,
                            bool has_percent, uint32_t percent)
{
    if (percentage->set)
        return share_of(percentage);
    return has_percent ? share_of_hundred(percent) : MESH__SHARE_ALL;
}

static int fill_abort(const struct mesh_abort_spec *spec,
                      struct mesh_fault *out)
{
    if (!spec->set || (spec->http_status == 0 && spec->grpc_status.len == 0))
        return 0; /* without a kind it is no abort */
    out->abort_share = share_of(&spec->percentage);
    if (spec->http_status > 0) {
        out->abort_status = (unsigned)spec->http_status;
        return check_status("fault.abort.httpStatus", out->abort_status);
    }
    out->abort_grpc = mesh__grpc_number(spec->grpc_status);
    if (!out->abort_grpc)
        return mesh__fail(
            MESH_ERR_INVALID, "\"%.*s\" is no gRPC status",
            (int)(spec->grpc_status.len > 80 ? 80 : spec->grpc_status.len),
            spec->grpc_status.at);
    return 0;
}

static int fill_fault(const struct acting *acting,
                      const struct mesh_fault **out)
{
    const struct mesh_fault_spec *spec = &acting->route->fault;
    const struct mesh_delay_spec *delay = &spec->delay;
    struct mesh_fault *fault = mesh__arena_alloc(acting->arena, sizeof(*fault));

    if (!fault)
        return MESH_ERR_NOMEM;
    fault->mark = spec->mark;
    if (delay->set && delay->fixed_ns > 0) {
        /* Envoy counts whole milliseconds. */
        fault->delay_ns = (uint64_t)delay->fixed_ns / MESH__MS * MESH__MS;
        fault->delay_share = delay->percentage.set
                                 ? share_of(&delay->percentage)
                                 : share_of_hundred(delay->percent);
    }
    *out = fault;
    return fill_abort(&spec->abort, fault);
}

/* --- CORS --- */

static int fill_origin(const struct acting *acting,
                       const struct mesh_string_match *given,
                       struct mesh_match *out)
{
    int rc = copy(acting->arena, given->text, &out->text);

    out->kind = given->which == 'p' ? MESH__MATCH_PREFIX : MESH__MATCH_EXACT;
    if (rc == 0 && given->which == 'r') {
        out->kind = MESH__MATCH_REGEX;
        rc = mesh__regex_keep(acting->keeps, acting->arena, out->text,
                              &out->regex);
    }
    return rc;
}

/* allowOrigin is the older spelling, and counts only alone. */
static int fill_origins(const struct acting *acting, struct mesh_cors *out)
{
    const struct mesh_cors_spec *spec = &acting->route->cors;
    size_t count = spec->origin_count + spec->old_origins.count;
    int rc = 0;

    out->origins =
        mesh__arena_array(acting->arena, count + 1, sizeof(*out->origins));
    if (!out->origins)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < spec->origin_count; i++)
        rc = fill_origin(acting, &spec->origins[i],
                         &out->origins[out->origin_count++]);
    for (size_t i = 0;
         rc == 0 && spec->origin_count == 0 && i < spec->old_origins.count;
         i++) {
        const struct mesh_string_match exact = {
            .set = true, .which = 'e', .text = spec->old_origins.items[i]
        };

        rc = fill_origin(acting, &exact, &out->origins[out->origin_count++]);
    }
    return rc;
}

/* "a,b" */
static int join(struct mesh_arena *arena, const char *what,
                const struct mesh_texts *texts, struct mesh_slice *out)
{
    size_t len = 0;
    char *to;

    for (size_t i = 0; i < texts->count; i++)
        len += texts->items[i].len + 1;
    to = mesh__arena_alloc(arena, len + 1);
    if (!to)
        return MESH_ERR_NOMEM;
    *out = mesh__slice(to, len ? len - 1 : 0);
    for (size_t i = 0; i < texts->count; i++) {
        if (i)
            *to++ = ',';
        if (texts->items[i].len)
            memcpy(to, texts->items[i].at, texts->items[i].len);
        to += texts->items[i].len;
    }
    if (!mesh__is_field_value(*out))
        return mesh__fail(MESH_ERR_INVALID,
                          "corsPolicy.%s has characters that cannot be sent",
                          what);
    return 0;
}

static int fill_cors(const struct acting *acting, const struct mesh_cors **out)
{
    const struct mesh_cors_spec *spec = &acting->route->cors;
    struct mesh_arena *arena = acting->arena;
    struct mesh_cors *cors = mesh__arena_alloc(arena, sizeof(*cors));
    int rc;

    if (!cors)
        return MESH_ERR_NOMEM;
    rc = fill_origins(acting, cors);
    if (rc == 0)
        rc = join(arena, "allowMethods", &spec->methods, &cors->methods);
    if (rc == 0)
        rc = join(arena, "allowHeaders", &spec->headers, &cors->headers);
    if (rc == 0)
        rc = join(arena, "exposeHeaders", &spec->expose, &cors->expose);
    if (rc == 0 && spec->has_max_age) {
        cors->max_age = mesh__slice_of(
            mesh__arena_number(arena, (uint64_t)spec->max_age_ns / MESH__S));
        rc = cors->max_age.at ? 0 : MESH_ERR_NOMEM;
    }
    cors->credentials = spec->credentials;
    cors->keeps_unmatched = mesh__slice_is(spec->unmatched, "IGNORE");
    *out = cors;
    return rc;
}

/* --- all of it --- */

static bool acts(const struct mesh_http_route *route)
{
    return route->headers.set || route->rewrite.set || route->redirect.set ||
           route->direct.set || route->fault.set || route->cors.set ||
           route->has_mirror || route->mirror_count ||
           (route->route_count == 1 && route->route[0].headers.set);
}

int mesh__actions_compile(struct mesh_arena *arena,
                          struct mesh_regex_keep **keeps,
                          const struct mesh_http_route *route,
                          const struct mesh_http_match *match, uint16_t port,
                          struct mesh_actions **out)
{
    const struct acting acting = { arena, keeps, route, match, port };
    struct mesh_actions *actions;
    int rc;

    *out = NULL;
    if (!acts(route))
        return 0;
    actions = mesh__arena_alloc(arena, sizeof(*actions));
    if (!actions)
        return MESH_ERR_NOMEM;
    rc = fill_edits(&acting, &actions->edits);
    if (rc == 0 && route->redirect.set)
        rc = fill_redirect(&acting, &actions->redirect);
    else if (rc == 0 && route->direct.set)
        rc = fill_direct(&acting, &actions->direct);
    else if (rc == 0)
        rc = fill_rewrite(&acting, &actions->rewrite);
    if (rc == 0 && route->fault.set)
        rc = fill_fault(&acting, &actions->fault);
    /* Where no server is asked, Envoy has no CORS. */
    if (rc == 0 && route->cors.set && !actions->redirect && !actions->direct)
        rc = fill_cors(&acting, &actions->cors);
    if (rc == 0)
        *out = actions;
    return rc;
}
