/*
 * load.c - the text of a document to typed resources and findings.
 *
 * Finds out what each document is, reads its envelope, and hands the rest to
 * the table of its kind. A bad document never stops the next one. It knows
 * nothing of what resources mean together.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "schema/collection.h"
#include "schema/table.h"

#include <mesh/base.h>

enum { HINT_BYTES = 128, NAMES_MAX = 48, LISTS_MAX = 8 };

struct load {
    struct mesh_sheet *sheet;
    const struct mesh_reading *reading;
    int rc;
};

/* One document on its way. */
struct document {
    struct load *load;
    const struct mesh_kind_info *info;
    const struct mesh_yaml_node *node;
    struct mesh_reader reader;
    struct mesh_resource resource;
};

static const struct mesh_yaml_node nothing = { .kind = MESH__YAML_MAPPING };

static struct mesh_reader reader_of(struct load *load, const char *resource)
{
    const struct mesh_reading *reading = load->reading;

    return (struct mesh_reader){ .arena = &load->sheet->arena,
                                 .diagnostics = &load->sheet->diagnostics,
                                 .told = reading->told,
                                 .file = reading->each ? reading->name : "",
                                 .above = reading->above,
                                 .resource = resource,
                                 .each = reading->each,
                                 .user = reading->user };
}

static void tell(struct load *load, struct mesh_mark mark,
                 enum mesh_severity severity, const char *code,
                 const char *hint, const char *message)
{
    struct mesh_reader reader = reader_of(load, "");

    load->sheet->lost += severity <= MESH__REFUSED;
    mesh__report(&reader, NULL, mark, severity, code, hint, "%s", message);
}

/* --- YAML -------------------------------------------------------------------
 */

/* Parse within what the limits have left, and take from them what was used. */
static int parse(struct load *load, struct mesh_slice text,
                 struct mesh_yaml_document **documents, size_t *count,
                 struct mesh_yaml_problem *problem)
{
    struct mesh_policy_limits *limits = load->reading->limits;
    struct mesh_yaml_limits bounds = {
        .bytes = limits->file_bytes,
        .documents = limits->documents,
        .nodes = limits->nodes,
        .aliases = limits->aliases,
        .depth = limits->depth,
    };
    int rc = mesh__yaml_parse(text, 0, &bounds, load->reading->tree, documents,
                              count, problem);

    limits->documents = bounds.documents;
    limits->nodes = bounds.nodes;
    limits->aliases = bounds.aliases;
    load->sheet->limited |= rc < 0 && problem->limit;
    return rc;
}

/* --- which kind -------------------------------------------------------------
 */

struct version {
    struct mesh_slice group;
    struct mesh_slice version;
};

static struct version split_version(struct mesh_slice text)
{
    const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    size_t at = slash ? (size_t)(slash - text.at) : 0;

    if (!slash)
        return (struct version){ MESH__SLICE(""), text };
    return (struct version){ mesh__slice(text.at, at),
                             mesh__slice(slash + 1, text.len - at - 1) };
}

static const struct mesh_kind_info *find_kind(struct mesh_slice name,
                                              const struct mesh_slice *group)
{
    for (const struct mesh_kind_info *i = mesh__kinds; i->name; i++)
        if (mesh__slice_is(name, i->name) &&
            (!group || mesh__slice_is(*group, i->group)))
            return i;
    return NULL;
}

static bool has_version(const struct mesh_kind_info *info,
                        struct mesh_slice version)
{
    for (size_t i = 0; i < 4 && info->versions[i]; i++)
        if (mesh__slice_is(version, info->versions[i]))
            return true;
    return false;
}

/* "wanted networking.istio.io/v1 or ..." */
static void list_versions(const struct mesh_kind_info *info, char *out,
                          size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    for (size_t i = 0; i < 4 && info->versions[i]; i++)
        mesh__text_format(&text, "%s%s%s%s", i ? " or " : "", info->group,
                          *info->group ? "/" : "", info->versions[i]);
}

static void wrong_version(struct load *load, const struct mesh_kind_info *info,
                          const struct mesh_yaml_node *found)
{
    struct mesh_text text;
    char wanted[HINT_BYTES];
    char line[2 * HINT_BYTES];

    list_versions(info, wanted, sizeof(wanted));
    mesh__text_init(&text, line, sizeof(line));
    mesh__text_format(&text, "apiVersion of %s: wanted %s, found \"%.60s\"",
                      info->name, wanted, found->text.at);
    tell(load, found->mark, MESH__ERROR, MESH__CODE_UNKNOWN_KIND, NULL, line);
}

/* Names of the kinds of a group (of all, when NULL). */
static size_t kind_names(const struct mesh_slice *group, const char **names)
{
    size_t count = 0;

    for (const struct mesh_kind_info *i = mesh__kinds; i->name; i++)
        if (count < NAMES_MAX && (!group || mesh__slice_is(*group, i->group)))
            names[count++] = i->name;
    return count;
}

static bool group_known(struct mesh_slice group)
{
    for (const struct mesh_kind_info *i = mesh__kinds; i->name; i++)
        if (mesh__slice_is(group, i->group))
            return true;
    return false;
}

static void spell_group(const struct mesh_reader *reader,
                        struct mesh_slice group, char *hint, size_t size)
{
    const char *names[NAMES_MAX];
    size_t count = 0;

    for (const struct mesh_kind_info *i = mesh__kinds; i->name; i++)
        if (*i->group && count < NAMES_MAX)
            names[count++] = i->group;
    mesh__hint(reader, group, names, count, hint, size);
}

static bool is_istio(struct mesh_slice group)
{
    return mesh__slice_ends(group, MESH__SLICE(".istio.io"));
}

/*
 * Neither kind nor group fit together: somebody else's resource, or a slip
 * of the pen? What is near to one of ours, or says it is Istio's, is a slip.
 */
static void unknown_kind(struct load *load, const struct mesh_yaml_node *kind,
                         struct version version)
{
    const char *names[NAMES_MAX];
    char hint[HINT_BYTES] = "";
    char line[2 * HINT_BYTES];
    bool known = group_known(version.group);
    struct mesh_reader reader = reader_of(load, "");
    struct mesh_text text;

    if (known)
        mesh__hint(&reader, kind->text, names,
                   kind_names(&version.group, names), hint, sizeof(hint));
    else
        spell_group(&reader, version.group, hint, sizeof(hint));
    mesh__text_init(&text, line, sizeof(line));
    if (*hint || is_istio(version.group)) {
        mesh__text_format(&text, "unknown kind \"%.60s\" of \"%.*s\"",
                          kind->text.at, (int)version.group.len,
                          version.group.at);
        tell(load, kind->mark, MESH__ERROR, MESH__CODE_UNKNOWN_KIND, hint,
             line);
        return;
    }
    mesh__text_format(&text, "noted: %.60s is not a mesh policy",
                      kind->text.at);
    tell(load, kind->mark, MESH__INFO, MESH__CODE_NOTED, NULL, line);
}

/* --- the envelope ------------------------------------------------------------
 */

static const char *const envelope[] = { "apiVersion", "kind", "metadata",
                                        "spec", "status" };

static bool in_envelope(const struct mesh_kind_info *info,
                        struct mesh_slice key)
{
    for (size_t i = 0; i < sizeof(envelope) / sizeof(envelope[0]); i++)
        if (mesh__slice_is(key, envelope[i]))
            return i < 3 || info->spec || !info->top;
    return false;
}

static bool in_top(const struct mesh_kind_info *info, struct mesh_slice key)
{
    for (size_t i = 0; info->top && i < info->top->count; i++)
        if (mesh__slice_is(key, info->top->fields[i].name))
            return true;
    return false;
}

static void check_envelope(struct document *d)
{
    const char *names[NAMES_MAX];
    char hint[HINT_BYTES];
    size_t count = 0;

    for (; count < sizeof(envelope) / sizeof(envelope[0]); count++)
        names[count] = envelope[count];
    for (size_t i = 0; d->info->top && i < d->info->top->count; i++)
        if (count < NAMES_MAX)
            names[count++] = d->info->top->fields[i].name;
    for (size_t i = 0; i < d->node->count; i++) {
        const struct mesh_yaml_pair *pair = &d->node->pairs[i];

        if (in_envelope(d->info, pair->key) || in_top(d->info, pair->key))
            continue;
        mesh__hint(&d->reader, pair->key, names, count, hint, sizeof(hint));
        mesh__report(&d->reader, NULL, pair->mark, MESH__ERROR,
                     MESH__CODE_UNKNOWN_FIELD, hint, "unknown field \"%.100s\"",
                     pair->key.at);
    }
}

/* "VirtualService/production/web", before the metadata is judged. */
static const char *resource_name(struct document *d)
{
    const struct mesh_yaml_node *metadata = mesh__get(d->node, "metadata");
    struct mesh_slice name = mesh__get_text(metadata, "name");
    struct mesh_slice space = mesh__get_text(metadata, "namespace");

    if (space.len == 0 && !d->info->cluster_wide)
        space = MESH__SLICE("default"); /* as Istio's file source */
    d->reader.namespace_ = space;
    return mesh__arena_format(
        &d->load->sheet->arena, "%s/%.*s%s%.*s", d->info->name, (int)space.len,
        space.at, d->info->cluster_wide ? "" : "/", (int)name.len, name.at);
}

static void read_metadata(struct document *d)
{
    mesh__read_metadata(&d->reader, d->node, d->info, &d->resource);
    if (d->resource.namespace_.len == 0 && !d->info->cluster_wide)
        d->resource.namespace_ = MESH__SLICE("default");
}

/* Istio's schema has no null for spec and status. */
static void check_no_null(struct document *d, const char *name)
{
    const struct mesh_spot spot = { .name = name };
    const struct mesh_yaml_pair *pair = mesh__yaml_find(d->node, name);

    if (pair && !mesh__get(d->node, name))
        mesh__reject(&d->reader, &spot, pair->mark, "may not be null");
}

static void read_status(struct document *d)
{
    const struct mesh_spot spot = { .name = "status" };
    const struct mesh_yaml_node *status = mesh__get(d->node, "status");

    if (!d->info->spec)
        return;
    check_no_null(d, "status");
    if (!status)
        return;
    if (status->kind != MESH__YAML_MAPPING || status->count)
        mesh__report(&d->reader, &spot, status->mark, MESH__INFO,
                     MESH__CODE_NOTED, NULL,
                     "noted: written by the control plane, not by people");
    mesh__decode(&d->reader, &mesh__status_message, &spot, status, NULL,
                 MESH__FIELD_NOTED, "written by the control plane");
}

/* --- the body
 * ----------------------------------------------------------------- */

static void tell_whole(struct document *d)
{
    const struct mesh_yaml_node *kind = mesh__get(d->node, "kind");

    if (d->info->status == MESH__FIELD_NOTED)
        mesh__report(&d->reader, NULL, kind->mark, MESH__INFO, MESH__CODE_NOTED,
                     NULL, "noted: %s: %s", d->info->name, d->info->reason);
    else if (d->info->status == MESH__FIELD_REFUSED)
        mesh__report(&d->reader, NULL, kind->mark, MESH__REFUSED,
                     MESH__CODE_REFUSED, NULL, "%s: %s", d->info->name,
                     d->info->reason);
}

static void read_spec(struct document *d)
{
    const struct mesh_spot spot = { .name = "spec" };
    const struct mesh_yaml_node *spec = mesh__get(d->node, "spec");
    struct mesh_yaml_node empty = nothing;

    check_no_null(d, "spec");
    empty.mark = d->node->mark;
    mesh__decode(&d->reader, d->info->spec, &spot, spec ? spec : &empty,
                 d->resource.spec, d->info->status, d->info->reason);
}

/* Fields beside kind and metadata: a copy of the node without those. */
static void read_top(struct document *d)
{
    struct mesh_yaml_node rest = *d->node;

    rest.pairs = mesh__arena_array(d->load->reading->tree, d->node->count + 1,
                                   sizeof(*rest.pairs));
    rest.count = 0;
    if (!rest.pairs) {
        d->reader.rc = MESH_ERR_NOMEM;
        return;
    }
    for (size_t i = 0; i < d->node->count; i++)
        if (in_top(d->info, d->node->pairs[i].key))
            rest.pairs[rest.count++] = d->node->pairs[i];
    mesh__decode(&d->reader, d->info->top, NULL, &rest, d->resource.spec,
                 d->info->status, d->info->reason);
}

/* --- mesh config, in three wrappings
 * ------------------------------------------- */

static bool is_mesh_map(const struct document *d)
{
    struct mesh_slice name = d->resource.name;

    return mesh__slice_is(name, "istio") ||
           mesh__slice_starts(name, MESH__SLICE("istio-"));
}

static void inner_problem(struct document *d, const struct mesh_spot *spot,
                          const struct mesh_yaml_problem *problem)
{
    mesh__report(&d->reader, spot, problem->mark, MESH__ERROR,
                 problem->limit ? MESH__CODE_LIMIT : MESH__CODE_SYNTAX, NULL,
                 "%s", problem->text);
}

/* YAML inside a scalar: marks follow the lines of a literal block. */
static void read_mesh_text(struct document *d,
                           const struct mesh_yaml_node *scalar)
{
    const struct mesh_spot data = { .name = "data" };
    const struct mesh_spot spot = { .up = &data, .key = MESH__SLICE("mesh") };
    struct mesh_yaml_document *documents;
    struct mesh_yaml_problem problem;
    size_t count;
    int rc;

    d->reader.inner = true;
    d->reader.inner_fixed = scalar->block_indent == 0;
    d->reader.inner_mark = scalar->mark;
    if (scalar->block_indent)
        d->reader.inner_mark.column = scalar->block_indent & ((1U << 11) - 1);
    d->reader.proto = true;
    rc = parse(d->load, scalar->text, &documents, &count, &problem);
    if (rc == MESH_ERR_NOMEM)
        d->reader.rc = rc;
    else if (rc < 0)
        inner_problem(d, &spot, &problem);
    else if (count && documents[0].root)
        mesh__decode(&d->reader, &mesh__mesh_config_message, &spot,
                     documents[0].root, d->resource.spec, MESH__FIELD_ENFORCED,
                     NULL);
    d->reader.inner = false;
    d->reader.proto = false;
}

static void read_config_map(struct document *d)
{
    const struct mesh_yaml_node *data = mesh__get(d->node, "data");
    const struct mesh_yaml_node *mesh = mesh__get(data, "mesh");

    if (is_mesh_map(d) && mesh && mesh->kind == MESH__YAML_SCALAR) {
        read_mesh_text(d, mesh);
        return;
    }
    mesh__report(&d->reader, NULL, d->node->mark, MESH__INFO, MESH__CODE_NOTED,
                 NULL, "noted: this ConfigMap is not the mesh config");
    d->resource.spec = NULL;
}

/* --- one document
 * --------------------------------------------------------------- */

/* A key anywhere below: as deep as the parser allows. */
static bool mentions(const struct mesh_yaml_node *node, const char *key)
{
    if (!node)
        return false;
    if (mesh__has(node, key))
        return true;
    for (size_t i = 0; i < node->count; i++)
        if (mentions(node->kind == MESH__YAML_MAPPING ? node->pairs[i].value
                                                      : node->items[i],
                     key))
            return true;
    return false;
}

/*
 * Without it, could something be let through that it forbids? What is refused
 * is so because of that; of what is wrong, whatever may say who is let in,
 * where one may go, or whom to believe.
 */
static bool guards(const struct document *d)
{
    if (d->reader.refused)
        return true;
    switch (d->info->kind) {
    case MESH__KIND_VIRTUAL_SERVICE:
    case MESH__KIND_SERVICE_ENTRY:
    case MESH__KIND_WORKLOAD_ENTRY:
    case MESH__KIND_WORKLOAD_GROUP:
    case MESH__KIND_GATEWAY:
    case MESH__KIND_TELEMETRY:
    case MESH__KIND_PROXY_CONFIG:
    case MESH__KIND_SERVICE:
    case MESH__KIND_ENDPOINTS:
    case MESH__KIND_ENDPOINT_SLICE:
    case MESH__KIND_NAMESPACE:
        return false;
    case MESH__KIND_DESTINATION_RULE:
        return mentions(mesh__get(d->node, "spec"), "tls");
    default:
        return true;
    }
}

static void keep(struct document *d)
{
    if (d->load->reading->each)
        return;
    d->resource.bad = d->reader.bad > 0;
    d->resource.guards = d->resource.bad && guards(d);
    if (mesh__sheet_add(d->load->sheet, &d->resource) < 0)
        d->load->rc = MESH_ERR_NOMEM;
}

static int make_spec(struct document *d)
{
    if (d->info->size == 0)
        return 0;
    d->resource.spec = mesh__arena_alloc(&d->load->sheet->arena, d->info->size);
    return d->resource.spec ? 0 : MESH_ERR_NOMEM;
}

static void start_resource(struct document *d, const char *name)
{
    const struct mesh_sheet *sheet = d->load->sheet;

    d->reader.resource = name;
    d->reader.place = sheet->place + (uint32_t)sheet->count;
    d->resource.full_name = name;
    d->resource.kind = d->info->kind;
    d->resource.mark = mesh__mark_here(&d->reader, d->node->mark);
}

/* A slice says by a label whose endpoints it has. */
static void name_service(struct document *d)
{
    struct mesh_endpoint_slice *slice = d->resource.spec;
    const struct mesh_slice *name = mesh__labels_get(
        &d->resource.labels, MESH__SLICE("kubernetes.io/service-name"));

    if (name)
        slice->service = *name;
    else
        mesh__report(&d->reader, NULL, d->node->mark, MESH__INFO,
                     MESH__CODE_NOTED, NULL,
                     "noted: without the label kubernetes.io/service-name it "
                     "belongs to no Service");
}

static void read_body(struct document *d)
{
    d->reader.proto = d->info->kind == MESH__KIND_ISTIO_OPERATOR;
    d->reader.crd =
        !d->reader.proto && is_istio(mesh__slice_of(d->info->group));
    if (d->info->spec)
        read_spec(d);
    else if (d->info->top)
        read_top(d);
    d->reader.proto = false;
    if (d->info->kind == MESH__KIND_CONFIG_MAP)
        read_config_map(d);
    else if (d->info->kind == MESH__KIND_ENDPOINT_SLICE)
        name_service(d);
}

static void read_resource(struct load *load, const struct mesh_kind_info *info,
                          const struct mesh_yaml_node *node)
{
    struct document d = { .load = load, .info = info, .node = node };
    const char *name;

    d.reader = reader_of(load, "");
    name = resource_name(&d);
    if (!name || make_spec(&d) < 0) {
        load->rc = MESH_ERR_NOMEM;
        return;
    }
    start_resource(&d, name);
    check_envelope(&d);
    read_metadata(&d);
    tell_whole(&d);
    read_body(&d);
    read_status(&d);
    if (d.reader.rc < 0)
        load->rc = d.reader.rc;
    else if (info->kind != MESH__KIND_NONE)
        keep(&d);
}

/* A document without kind: all its keys are those of a MeshConfig. */
static bool looks_like_mesh_config(const struct mesh_yaml_node *node)
{
    for (size_t i = 0; i < node->count; i++)
        if (!mesh__find_field(&mesh__mesh_config_message, node->pairs[i].key,
                              true))
            return false;
    return node->count > 0;
}

static void read_bare_config(struct load *load,
                             const struct mesh_yaml_node *node)
{
    static const struct mesh_kind_info info = {
        .kind = MESH__KIND_MESH_CONFIG,
        .name = "MeshConfig",
        .size = sizeof(struct mesh_mesh_config),
        .cluster_wide = true,
    };
    struct document d = { .load = load, .info = &info, .node = node };

    d.reader = reader_of(load, "");
    if (make_spec(&d) < 0) {
        load->rc = MESH_ERR_NOMEM;
        return;
    }
    start_resource(&d, "MeshConfig");
    d.resource.name = MESH__SLICE("");
    d.resource.namespace_ = MESH__SLICE("");
    d.reader.proto = true;
    mesh__decode(&d.reader, &mesh__mesh_config_message, NULL, node,
                 d.resource.spec, MESH__FIELD_ENFORCED, NULL);
    if (d.reader.rc < 0)
        load->rc = d.reader.rc;
    else
        keep(&d);
}

static void read_known(struct load *load, const struct mesh_yaml_node *node,
                       const struct mesh_yaml_node *kind,
                       const struct mesh_yaml_node *api)
{
    struct version version = split_version(api->text);
    const struct mesh_kind_info *info = find_kind(kind->text, &version.group);

    if (!info) {
        info = find_kind(kind->text, NULL);
        if (info && is_istio(version.group))
            wrong_version(load, info, api);
        else
            unknown_kind(load, kind, version);
    } else if (!has_version(info, version.version)) {
        wrong_version(load, info, api);
    } else {
        read_resource(load, info, node);
    }
}

static void read_document(struct load *load, const struct mesh_yaml_node *node,
                          unsigned depth);

static void read_items(struct load *load, const struct mesh_yaml_node *node,
                       unsigned depth)
{
    const struct mesh_yaml_node *items = mesh__get(node, "items");

    if (depth >= LISTS_MAX) {
        tell(load, node->mark, MESH__ERROR, MESH__CODE_LIMIT, NULL,
             "Lists inside Lists, more than 8 deep");
        return;
    }
    if (items && items->kind != MESH__YAML_SEQUENCE) {
        tell(load, items->mark, MESH__ERROR, MESH__CODE_INVALID, NULL,
             "items: wanted a list");
        return;
    }
    for (size_t i = 0; items && i < items->count; i++)
        read_document(load, items->items[i], depth + 1);
}

/* apiVersion or kind: there, and text. */
static const struct mesh_yaml_node *read_word(struct load *load,
                                              const struct mesh_yaml_node *node,
                                              const char *name)
{
    const struct mesh_yaml_node *value = mesh__get(node, name);
    char line[HINT_BYTES];
    struct mesh_text text;

    if (value && mesh__yaml_type(value) == MESH__YAML_STRING &&
        value->kind == MESH__YAML_SCALAR && value->text.len)
        return value;
    mesh__text_init(&text, line, sizeof(line));
    mesh__text_format(&text, "\"%s\" is missing", name);
    tell(load, value ? value->mark : node->mark, MESH__ERROR,
         MESH__CODE_UNKNOWN_KIND, NULL, line);
    return NULL;
}

static void read_document(struct load *load, const struct mesh_yaml_node *node,
                          unsigned depth)
{
    const struct mesh_yaml_node *kind;
    const struct mesh_yaml_node *api;

    load->sheet->diagnostics.documents++;
    if (node->kind != MESH__YAML_MAPPING) {
        tell(load, node->mark, MESH__ERROR, MESH__CODE_UNKNOWN_KIND, NULL,
             "wanted a resource, with apiVersion and kind");
        return;
    }
    if (!mesh__has(node, "kind") && looks_like_mesh_config(node)) {
        read_bare_config(load, node);
        return;
    }
    kind = read_word(load, node, "kind");
    api = read_word(load, node, "apiVersion");
    if (!kind || !api)
        return;
    if (mesh__slice_is(kind->text, "List") && mesh__slice_is(api->text, "v1")) {
        load->sheet->diagnostics.documents--;
        read_items(load, node, depth);
        return;
    }
    read_known(load, node, kind, api);
}

/* --- all of a text ------------------------------------------------------- */

static void read_documents(struct load *load, struct mesh_slice text)
{
    struct mesh_yaml_document *documents;
    struct mesh_yaml_problem problem;
    size_t count;
    int rc = parse(load, text, &documents, &count, &problem);

    if (rc == MESH_ERR_NOMEM) {
        load->rc = rc;
        return;
    }
    if (rc < 0)
        tell(load, problem.mark, MESH__ERROR,
             problem.limit ? MESH__CODE_LIMIT : MESH__CODE_SYNTAX, NULL,
             problem.text);
    for (size_t i = 0; i < count && load->rc == 0; i++)
        if (documents[i].root)
            read_document(load, documents[i].root, 0);
    if (load->rc == 0 && load->reading->each)
        load->rc = rc;
}

int mesh__sheet_read(struct mesh_sheet *sheet,
                     const struct mesh_reading *reading, struct mesh_slice text)
{
    struct load load = { .sheet = sheet, .reading = reading };
    struct mesh_policy_limits before = *reading->limits;

    read_documents(&load, text);
    sheet->documents = before.documents - reading->limits->documents;
    sheet->nodes = before.nodes - reading->limits->nodes;
    sheet->aliases = before.aliases - reading->limits->aliases;
    return load.rc;
}
