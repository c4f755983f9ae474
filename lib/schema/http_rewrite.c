/*
 * http_rewrite.c - what a VirtualService changes in a request or a response:
 * headers, path and host.
 */
#include "schema/table.h"

static void check_rewrite(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    mesh__reject_both(reader, spot, node, "uri", "uriRegexRewrite");
    if (mesh__get_text(node, "uri").len == 0 &&
        mesh__get_text(node, "authority").len == 0 &&
        !mesh__has(node, "uriRegexRewrite"))
        mesh__reject(reader, spot, node->mark, "rewrites nothing");
}

static const struct mesh_field request_edits_fields[] = {
    { MESH__ROW("add", STRING, REFUSED), .shape = MESH__MAP,
      .bounds = "no pseudo-headers except :authority/host" },
    { MESH__ROW("remove", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "no pseudo-headers or host" },
    { MESH__ROW("set", STRING, REFUSED), .shape = MESH__MAP,
      .bounds = "no pseudo-headers except :authority/host" },
};

static const struct mesh_message request_edits_message = {
    .name = "request_edits",
    MESH__FIELDS(request_edits_fields),
};

static const struct mesh_field response_edits_fields[] = {
    { MESH__ROW("add", STRING, REFUSED), .shape = MESH__MAP,
      .bounds = "no pseudo-headers or host" },
    { MESH__ROW("remove", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "no pseudo-headers or host" },
    { MESH__ROW("set", STRING, REFUSED), .shape = MESH__MAP,
      .bounds = "no pseudo-headers or host" },
};

static const struct mesh_message response_edits_message = {
    .name = "response_edits",
    MESH__FIELDS(response_edits_fields),
};

static const struct mesh_field header_edits_fields[] = {
    { MESH__ROW("request", MESSAGE, REFUSED),
      .message = &request_edits_message },
    { MESH__ROW("response", MESSAGE, REFUSED),
      .message = &response_edits_message },
};

const struct mesh_message mesh__header_edits_message = {
    .name = "header_edits",
    MESH__FIELDS(header_edits_fields),
};

static const struct mesh_field uri_regex_rewrite_fields[] = {
    { MESH__ROW("match", STRING, REFUSED),
      .bounds = "RE2, at most 1024 chars" },
    { MESH__ROW("rewrite", STRING, REFUSED), .bounds = "may use \\N groups" },
};

static const struct mesh_message uri_regex_rewrite_message = {
    .name = "uri_regex_rewrite",
    MESH__FIELDS(uri_regex_rewrite_fields),
};

static const struct mesh_field rewrite_fields[] = {
    { MESH__ROW("authority", STRING, REFUSED), .default_value = "kept",
      .bounds = "not together with host header set/add" },
    { MESH__ROW("uri", STRING, REFUSED), .bounds = "not with uriRegexRewrite" },
    { MESH__ROW("uriRegexRewrite", MESSAGE, REFUSED),
      .message = &uri_regex_rewrite_message,
      .bounds = "not with uri; both fields needed" },
};

const struct mesh_message mesh__rewrite_message = {
    .name = "rewrite",
    MESH__FIELDS(rewrite_fields),
    .check = check_rewrite,
};
