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
    { MESH__ROW("add", STRING, ENFORCED),
      MESH__PUT(struct mesh_edits_spec, add), .shape = MESH__MAP,
      .bounds = "no pseudo-headers except :authority/host" },
    { MESH__ROW("remove", STRING, ENFORCED),
      MESH__PUT(struct mesh_edits_spec, remove), .shape = MESH__LIST,
      .bounds = "no pseudo-headers or host" },
    { MESH__ROW("set", STRING, ENFORCED),
      MESH__PUT(struct mesh_edits_spec, set), .shape = MESH__MAP,
      .bounds = "no pseudo-headers except :authority/host" },
};

static const struct mesh_message request_edits_message = {
    .name = "request_edits",
    MESH__FIELDS(request_edits_fields),
};

static const struct mesh_field response_edits_fields[] = {
    { MESH__ROW("add", STRING, ENFORCED),
      MESH__PUT(struct mesh_edits_spec, add), .shape = MESH__MAP,
      .bounds = "no pseudo-headers or host" },
    { MESH__ROW("remove", STRING, ENFORCED),
      MESH__PUT(struct mesh_edits_spec, remove), .shape = MESH__LIST,
      .bounds = "no pseudo-headers or host" },
    { MESH__ROW("set", STRING, ENFORCED),
      MESH__PUT(struct mesh_edits_spec, set), .shape = MESH__MAP,
      .bounds = "no pseudo-headers or host" },
};

static const struct mesh_message response_edits_message = {
    .name = "response_edits",
    MESH__FIELDS(response_edits_fields),
};

static const struct mesh_field header_edits_fields[] = {
    { MESH__ROW("request", MESSAGE, ENFORCED),
      MESH__PUT(struct mesh_headers_spec, request),
      .message = &request_edits_message },
    { MESH__ROW("response", MESSAGE, ENFORCED),
      MESH__PUT(struct mesh_headers_spec, response),
      .message = &response_edits_message },
};

const struct mesh_message mesh__header_edits_message = {
    .name = "header_edits",
    MESH__FIELDS(header_edits_fields),
    .set = MESH__AT(struct mesh_headers_spec, set),
    .mark = MESH__AT(struct mesh_headers_spec, mark),
};

static const struct mesh_field uri_regex_rewrite_fields[] = {
    { MESH__ROW("match", STRING, ENFORCED),
      MESH__PUT(struct mesh_regex_rewrite_spec, match),
      .bounds = "RE2, at most 1024 chars" },
    { MESH__ROW("rewrite", STRING, ENFORCED),
      MESH__PUT(struct mesh_regex_rewrite_spec, rewrite),
      .bounds = "may use \\N groups" },
};

static const struct mesh_message uri_regex_rewrite_message = {
    .name = "uri_regex_rewrite",
    MESH__FIELDS(uri_regex_rewrite_fields),
    .set = MESH__AT(struct mesh_regex_rewrite_spec, set),
};

static const struct mesh_field rewrite_fields[] = {
    { MESH__ROW("authority", STRING, ENFORCED),
      MESH__PUT(struct mesh_rewrite_spec, authority), .default_value = "kept",
      .bounds = "not together with host header set/add" },
    { MESH__ROW("uri", STRING, ENFORCED),
      MESH__PUT(struct mesh_rewrite_spec, uri),
      .bounds = "not with uriRegexRewrite" },
    { MESH__ROW("uriRegexRewrite", MESSAGE, ENFORCED),
      MESH__PUT(struct mesh_rewrite_spec, regex),
      .message = &uri_regex_rewrite_message,
      .bounds = "not with uri; both fields needed" },
};

const struct mesh_message mesh__rewrite_message = {
    .name = "rewrite",
    MESH__FIELDS(rewrite_fields),
    .set = MESH__AT(struct mesh_rewrite_spec, set),
    .mark = MESH__AT(struct mesh_rewrite_spec, mark),
    .check = check_rewrite,
};
