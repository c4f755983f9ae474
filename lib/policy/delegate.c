/*
 * delegate.c - a root's route and its delegate's routes become one list.
 *
 * Every entry of a delegate's route meets every entry of the root's; pairs that
 * exclude each other drop, and a route of which nothing is left. Declines to
 * know what the routes do.
 */
#include "policy/delegate.h"

#include "base/error.h"

/* --- who they are --- */

static const char *key_of(struct mesh_arena *arena, struct mesh_slice space,
                          struct mesh_slice name)
{
    return mesh__arena_format(arena, "%.*s/%.*s", (int)space.len, space.at,
                              (int)name.len, name.len ? name.at : "");
}

int mesh__delegates_init(struct mesh__compiler *compiler)
{
    const struct mesh__list *all =
        &compiler->world.kinds[MESH__KIND_VIRTUAL_SERVICE];
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < all->count; i++) {
        const struct mesh_resource *one = all->items[i];
        const struct mesh_virtual_service *spec = one->spec;
        const char *key;

        if (spec->hosts.count)
            continue;
        key = key_of(&compiler->arena, mesh__namespace_of(one), one->name);
        if (!key)
            return MESH_ERR_NOMEM;
        rc = mesh__map_put(&compiler->delegates, mesh__slice_of(key),
                           (void *)(uintptr_t)one);
    }
    return rc;
}

/* *out is NULL where there is none, or none that the root may see. */
static int find(struct mesh__compiler *compiler,
                const struct mesh_resource *root,
                const struct mesh_delegate *wanted,
                const struct mesh_resource **out)
{
    struct mesh_slice owner = mesh__namespace_of(root);
    struct mesh_slice space =
        wanted->namespace_.len ? wanted->namespace_ : owner;
    const char *key = key_of(&compiler->arena, space, wanted->name);
    const struct mesh_resource *found;

    *out = NULL;
    if (!key)
        return MESH_ERR_NOMEM;
    found = mesh__map_find(&compiler->delegates, mesh__slice_of(key));
    if (found &&
        mesh__visible(mesh__virtual_export(&compiler->world, found->spec),
                      mesh__namespace_of(found), owner))
        *out = found;
    return 0;
}

/* --- do two entries exclude each other? --- */

static struct mesh_slice text_if(const struct mesh_string_match *match,
                                 uint8_t which)
{
    return match->which == which ? match->text : MESH__SLICE("");
}

static bool texts_clash(const struct mesh_string_match *root,
                        const struct mesh_string_match *leaf)
{
    struct mesh_slice exact = text_if(root, 'e');
    struct mesh_slice prefix = text_if(root, 'p');

    if (!root->set || !leaf->set)
        return false;
    if (text_if(root, 'r').len && leaf->text.len)
        return true;
    if (text_if(leaf, 'r').len && root->text.len)
        return true;
    if (exact.len)
        return leaf->which != 'e' || !mesh__slice_equal(leaf->text, exact);
    if (prefix.len && leaf->text.len)
        return !mesh__slice_starts(leaf->text, prefix);
    return true;
}

static const struct mesh_named_match *named(const struct mesh_named_match *all,
                                            size_t count,
                                            struct mesh_slice name)
{
    for (size_t i = 0; i < count; i++)
        if (mesh__slice_equal(all[i].name, name))
            return &all[i];
    return NULL;
}

static bool maps_clash(const struct mesh_named_match *root, size_t root_count,
                       const struct mesh_named_match *leaf, size_t leaf_count)
{
    for (size_t i = 0; i < leaf_count; i++) {
        const struct mesh_named_match *other =
            named(root, root_count, leaf[i].name);

        if (other && texts_clash(&other->match, &leaf[i].match))
            return true;
    }
    return false;
}

static bool labels_clash(const struct mesh_labels *root,
                         const struct mesh_labels *leaf)
{
    for (size_t i = 0; i < leaf->count; i++) {
        const struct mesh_slice *value =
            mesh__labels_get(root, leaf->items[i].key);

        if (value && !mesh__slice_equal(*value, leaf->items[i].value))
            return true;
    }
    return false;
}

static bool lists(const struct mesh_texts *list, struct mesh_slice text)
{
    for (size_t i = 0; i < list->count; i++)
        if (mesh__slice_equal(list->items[i], text))
            return true;
    return false;
}

/* Only what the root lists may be listed. */
static bool gateways_clash(const struct mesh_texts *root,
                           const struct mesh_texts *leaf)
{
    if (root->count == 0 || leaf->count == 0)
        return false;
    for (size_t i = 0; i < leaf->count; i++)
        if (!lists(root, leaf->items[i]))
            return true;
    return root->count < leaf->count;
}

static bool entries_clash(const struct mesh_http_match *root,
                          const struct mesh_http_match *leaf)
{
    return texts_clash(&root->uri, &leaf->uri) ||
           texts_clash(&root->scheme, &leaf->scheme) ||
           texts_clash(&root->method, &leaf->method) ||
           texts_clash(&root->authority, &leaf->authority) ||
           maps_clash(root->headers, root->header_count, leaf->headers,
                      leaf->header_count) ||
           maps_clash(root->without_headers, root->without_header_count,
                      leaf->without_headers, leaf->without_header_count) ||
           maps_clash(root->query_params, root->query_param_count,
                      leaf->query_params, leaf->query_param_count) ||
           root->ignore_uri_case != leaf->ignore_uri_case ||
           (root->port && leaf->port && root->port != leaf->port) ||
           (root->source_namespace.len &&
            !mesh__slice_equal(root->source_namespace,
                               leaf->source_namespace)) ||
           labels_clash(&root->source_labels, &leaf->source_labels) ||
           gateways_clash(&root->gateways, &leaf->gateways);
}

/* --- two entries as one --- */

/* "root-leaf", or the one there is. */
static int join_names(struct mesh_arena *arena, struct mesh_slice root,
                      struct mesh_slice *leaf)
{
    const char *both;

    if (leaf->len == 0 || root.len == 0) {
        if (leaf->len == 0)
            *leaf = root;
        return 0;
    }
    both = mesh__arena_format(arena, "%.*s-%.*s", (int)root.len, root.at,
                              (int)leaf->len, leaf->at);
    if (!both)
        return MESH_ERR_NOMEM;
    *leaf = mesh__slice_of(both);
    return 0;
}

static int unite_maps(struct mesh_arena *arena,
                      const struct mesh_named_match *root, size_t root_count,
                      struct mesh_named_match **leaf, size_t *leaf_count)
{
    struct mesh_named_match *both;
    size_t count = *leaf_count;

    if (root_count == 0)
        return 0;
    both = mesh__arena_array(arena, root_count + count, sizeof(*both));
    if (!both)
        return MESH_ERR_NOMEM;
    if (count)
        memcpy(both, *leaf, count * sizeof(*both));
    for (size_t i = 0; i < root_count; i++)
        if (!named(*leaf, *leaf_count, root[i].name))
            both[count++] = root[i];
    *leaf = both;
    *leaf_count = count;
    return 0;
}

static int unite_labels(struct mesh_arena *arena,
                        const struct mesh_labels *root,
                        struct mesh_labels *leaf)
{
    struct mesh_labels both = { 0 };
    int rc = 0;

    if (root->count == 0)
        return 0;
    for (size_t i = 0; rc == 0 && i < root->count; i++)
        rc = mesh__labels_add(&both, arena, root->items[i].key,
                              root->items[i].value);
    for (size_t i = 0; rc == 0 && i < leaf->count; i++)
        rc = mesh__labels_add(&both, arena, leaf->items[i].key,
                              leaf->items[i].value);
    *leaf = both;
    return rc == MESH_ERR_TOO_LARGE
               ? mesh__fail(MESH_ERR_POLICY,
                            "a route and its delegate's ask for more than %d "
                            "source labels together",
                            MESH__LABELS_MAX)
               : rc;
}

static void fill(struct mesh_string_match *leaf,
                 const struct mesh_string_match *root)
{
    if (!leaf->set)
        *leaf = *root;
}

/* What the leaf does not say, the root says. */
static int unite_entries(struct mesh_arena *arena,
                         const struct mesh_http_match *root,
                         struct mesh_http_match *leaf)
{
    int rc = join_names(arena, root->name, &leaf->name);

    fill(&leaf->uri, &root->uri);
    fill(&leaf->scheme, &root->scheme);
    fill(&leaf->method, &root->method);
    fill(&leaf->authority, &root->authority);
    if (leaf->port == 0)
        leaf->port = root->port;
    if (leaf->source_namespace.len == 0)
        leaf->source_namespace = root->source_namespace;
    if (leaf->gateways.count == 0)
        leaf->gateways = root->gateways;
    if (rc == 0)
        rc = unite_maps(arena, root->headers, root->header_count,
                        &leaf->headers, &leaf->header_count);
    if (rc == 0)
        rc =
            unite_maps(arena, root->without_headers, root->without_header_count,
                       &leaf->without_headers, &leaf->without_header_count);
    if (rc == 0)
        rc = unite_maps(arena, root->query_params, root->query_param_count,
                        &leaf->query_params, &leaf->query_param_count);
    if (rc == 0)
        rc = unite_labels(arena, &root->source_labels, &leaf->source_labels);
    return rc;
}

/* --- two routes as one --- */

/*
 * *any: something is left of the route. An entry of the leaf that fits no entry
 * of the root takes the whole route with it, as istiod has it.
 */
static int unite_matches(struct mesh_arena *arena,
                         const struct mesh_http_route *root,
                         struct mesh_http_route *leaf, bool *any)
{
    struct mesh_http_match *both;
    size_t count = 0;
    int rc = 0;

    *any = true;
    if (root->match_count == 0)
        return 0;
    if (leaf->match_count == 0) {
        leaf->match = root->match;
        leaf->match_count = root->match_count;
        return 0;
    }
    both = mesh__arena_array(arena, root->match_count * leaf->match_count,
                             sizeof(*both));
    if (!both)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < leaf->match_count; i++) {
        size_t before = count;

        for (size_t j = 0; rc == 0 && j < root->match_count; j++) {
            if (entries_clash(&root->match[j], &leaf->match[i]))
                continue;
            both[count] = leaf->match[i];
            rc = unite_entries(arena, &root->match[j], &both[count++]);
        }
        if (count == before)
            *any = false;
    }
    leaf->match = both;
    leaf->match_count = count;
    return rc;
}

/* Mirrors and their shares, each for itself, as istiod has it. */
static void fill_mirrors(struct mesh_http_route *leaf,
                         const struct mesh_http_route *root)
{
    if (!leaf->has_mirror) {
        leaf->has_mirror = root->has_mirror;
        leaf->mirror = root->mirror;
    }
    if (!leaf->has_mirror_percent) {
        leaf->has_mirror_percent = root->has_mirror_percent;
        leaf->mirror_percent = root->mirror_percent;
    }
    if (!leaf->mirror_percentage.set)
        leaf->mirror_percentage = root->mirror_percentage;
    if (leaf->mirror_count == 0) {
        leaf->mirrors = root->mirrors;
        leaf->mirror_count = root->mirror_count;
    }
}

/* What the delegate's route leaves open, the root's settles. */
static void fill_unset(struct mesh_http_route *leaf,
                       const struct mesh_http_route *root)
{
    if (!leaf->rewrite.set)
        leaf->rewrite = root->rewrite;
    if (!leaf->direct.set)
        leaf->direct = root->direct;
    if (!leaf->fault.set)
        leaf->fault = root->fault;
    if (!leaf->cors.set)
        leaf->cors = root->cors;
    if (!leaf->headers.set)
        leaf->headers = root->headers;
    fill_mirrors(leaf, root);
    if (!leaf->has_timeout) {
        leaf->has_timeout = root->has_timeout;
        leaf->timeout_ns = root->timeout_ns;
    }
    if (!leaf->retries.set)
        leaf->retries = root->retries;
}

/* Append a delegate's routes as the root's route lets them through. */
static int add_leaves(struct mesh_arena *arena,
                      const struct mesh_http_route *root,
                      const struct mesh_virtual_service *delegate,
                      struct mesh_virtual_service *out)
{
    for (size_t i = 0; i < delegate->http_count; i++) {
        struct mesh_http_route *leaf = &out->http[out->http_count];
        bool any;
        int rc;

        if (delegate->http[i].delegate.set)
            continue; /* one level only */
        *leaf = delegate->http[i];
        rc = unite_matches(arena, root, leaf, &any);
        if (rc == 0 && any)
            rc = join_names(arena, root->name, &leaf->name);
        if (rc < 0)
            return rc;
        if (!any)
            continue;
        fill_unset(leaf, root);
        out->http_count++;
    }
    return 0;
}

/* --- a VirtualService --- */

static size_t count_delegates(const struct mesh_virtual_service *spec)
{
    size_t count = 0;

    for (size_t i = 0; i < spec->http_count; i++)
        count += spec->http[i].delegate.set;
    return count;
}

static int find_all(struct mesh__compiler *compiler,
                    const struct mesh_resource *resource, struct mesh__vs *out,
                    size_t *routes)
{
    const struct mesh_virtual_service *spec = resource->spec;

    *routes = 0;
    for (size_t i = 0; i < spec->http_count; i++) {
        const struct mesh_resource **found =
            &out->delegates[out->delegate_count];
        const struct mesh_virtual_service *delegate;

        if (!spec->http[i].delegate.set) {
            (*routes)++;
            continue;
        }
        if (find(compiler, resource, &spec->http[i].delegate, found) < 0)
            return MESH_ERR_NOMEM;
        out->delegate_count++;
        delegate = *found ? (*found)->spec : NULL;
        *routes += delegate ? delegate->http_count : 0;
    }
    return 0;
}

int mesh__delegates_lay(struct mesh__compiler *compiler,
                        const struct mesh_resource *resource,
                        struct mesh__vs *out)
{
    const struct mesh_virtual_service *spec = resource->spec;
    struct mesh_arena *arena = &compiler->arena;
    size_t count = count_delegates(spec);
    struct mesh_virtual_service *whole;
    size_t next = 0;
    size_t routes;
    int rc = 0;

    out->spec = spec;
    if (count == 0)
        return 0;
    out->delegates = mesh__arena_array(arena, count, sizeof(*out->delegates));
    whole = mesh__arena_alloc(arena, sizeof(*whole));
    if (!out->delegates || !whole ||
        find_all(compiler, resource, out, &routes) < 0)
        return MESH_ERR_NOMEM;
    *whole = *spec;
    whole->http = mesh__arena_array(arena, routes, sizeof(*whole->http));
    if (!whole->http)
        return MESH_ERR_NOMEM;
    whole->http_count = 0;
    for (size_t i = 0; rc == 0 && i < spec->http_count; i++) {
        const struct mesh_resource *delegate;

        if (!spec->http[i].delegate.set) {
            whole->http[whole->http_count++] = spec->http[i];
            continue;
        }
        delegate = out->delegates[next++];
        if (delegate)
            rc = add_leaves(arena, &spec->http[i], delegate->spec, whole);
    }
    out->spec = whole;
    return rc;
}
