/*
 * checks.c - grammars that several kinds share: names, labels, hosts, regexes.
 *
 * As Istio's pkg/config/validation and Kubernetes' apimachinery have them.
 * Each knows one value, never what it is for.
 */
#include "base/error.h"
#include "base/text.h"
#include "schema/table.h"
#include "value/address.h"
#include "value/duration.h"
#include "value/host.h"
#include "value/match.h"

#include <mesh/base.h>

enum { LABEL_MAX = 63, PREFIX_MAX = 253, FEW = 1024, LINE_BYTES = 160 };

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') ||
           (mesh__lower(c) >= 'a' && mesh__lower(c) <= 'z');
}

/* --- names ------------------------------------------------------------------
 */

bool mesh__is_dns_label(struct mesh_slice text)
{
    if (text.len == 0 || text.len > LABEL_MAX || text.at[0] == '-' ||
        text.at[text.len - 1] == '-')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!(is_alnum(text.at[i]) && mesh__lower(text.at[i]) == text.at[i]) &&
            text.at[i] != '-')
            return false;
    return true;
}

bool mesh__is_host_label(struct mesh_slice text)
{
    if (text.len == 0 || text.len > LABEL_MAX || text.at[0] == '-' ||
        text.at[text.len - 1] == '-')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.at[i]) && text.at[i] != '-')
            return false;
    return true;
}

bool mesh__is_trust_domain(struct mesh_slice text)
{
    size_t start = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.at[i] != '.')
            continue;
        if (!mesh__is_host_label(mesh__slice(text.at + start, i - start)))
            return false;
        start = i + 1;
    }
    return true;
}

bool mesh__is_ip(struct mesh_slice text)
{
    const char *zone = text.len ? memchr(text.at, '%', text.len) : NULL;
    struct mesh_slice ip = text;
    struct mesh_address address;

    if (zone)
        ip.len = (size_t)(zone - text.at);
    return mesh__address_parse_ip(ip, &address) &&
           (!zone || (address.family == 6 && ip.len + 1 < text.len));
}

/* Go's Atoi: a sign is allowed. */
static bool read_go_int(struct mesh_slice text, int64_t *out)
{
    bool sign = text.len && (text.at[0] == '-' || text.at[0] == '+');
    unsigned long long number;

    if (!mesh__slice_number(mesh__slice(text.at + sign, text.len - sign),
                            INT64_MAX, &number))
        return false;
    *out = sign && text.at[0] == '-' ? -(int64_t)number : (int64_t)number;
    return true;
}

bool mesh__split_address(struct mesh_slice text, struct mesh_slice *host,
                         int64_t *port)
{
    size_t colon = text.len;

    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return false;
    *host = mesh__slice(text.at, colon - 1);
    if (host->len > 1 && host->at[0] == '[' && host->at[host->len - 1] == ']')
        *host = mesh__slice(host->at + 1, host->len - 2);
    else if (host->len && memchr(host->at, ':', host->len))
        return false;
    for (size_t i = 0; i < host->len; i++)
        if (host->at[i] == '[' || host->at[i] == ']')
            return false;
    return read_go_int(mesh__slice(text.at + colon, text.len - colon), port);
}

bool mesh__is_ip_block(struct mesh_slice text)
{
    struct mesh_cidr cidr;

    return text.len && memchr(text.at, '/', text.len)
               ? mesh__cidr_parse(text, &cidr)
               : mesh__is_ip(text);
}

/* [A-Za-z0-9] at both ends, those and "-_." between. */
static bool is_word(struct mesh_slice text)
{
    if (text.len == 0 || !is_alnum(text.at[0]) ||
        !is_alnum(text.at[text.len - 1]))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.at[i]) &&
            (text.at[i] == '\0' || !strchr("-_.", text.at[i])))
            return false;
    return true;
}

static bool is_label_word(struct mesh_slice text)
{
    return text.len <= LABEL_MAX && is_word(text);
}

bool mesh__is_label_value(struct mesh_slice text)
{
    return text.len == 0 || is_label_word(text);
}

bool mesh__is_dns_name(struct mesh_slice text)
{
    size_t start = 0;

    if (text.len == 0 || text.len > PREFIX_MAX)
        return false;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.at[i] != '.')
            continue;
        if (!mesh__is_dns_label(mesh__slice(text.at + start, i - start)))
            return false;
        start = i + 1;
    }
    return true;
}

bool mesh__is_label_key(struct mesh_slice text)
{
    const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    size_t at = slash ? (size_t)(slash - text.at) : 0;

    if (!slash)
        return is_label_word(text);
    return mesh__is_dns_name(mesh__slice(text.at, at)) &&
           is_label_word(mesh__slice(slash + 1, text.len - at - 1));
}

/* As Istio has it: capitals in the prefix, no bound on a label of it. */
static bool is_tag_prefix(struct mesh_slice text)
{
    size_t start = 0;

    if (text.len > PREFIX_MAX)
        return false;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.at[i] != '.') {
            if (!is_alnum(text.at[i]) && text.at[i] != '-')
                return false;
            continue;
        }
        if (i == start || text.at[start] == '-' || text.at[i - 1] == '-')
            return false;
        start = i + 1;
    }
    return true;
}

static bool is_tag_key(struct mesh_slice text)
{
    const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    size_t at = slash ? (size_t)(slash - text.at) : 0;

    if (!slash)
        return is_label_word(text);
    return is_tag_prefix(mesh__slice(text.at, at)) &&
           is_label_word(mesh__slice(slash + 1, text.len - at - 1));
}

/* A label's value without the bound that Kubernetes puts on it. */
static bool is_tag_value(struct mesh_slice text)
{
    return text.len == 0 || is_word(text);
}

bool mesh__is_protocol(struct mesh_slice text)
{
    static const char *const names[] = {
        "tcp",        "udp",   "grpc", "grpc-web", "http",  "http2",
        "http_proxy", "https", "tls",  "mongo",    "redis", "mysql",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (mesh__slice_equal_nocase(text, mesh__slice_of(names[i])))
            return true;
    return false;
}

void mesh__check_dns_label(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node)
{
    if (!mesh__is_dns_label(node->text))
        mesh__reject(reader, spot, node->mark,
                     "wanted a DNS label (a-z, 0-9, \"-\", at most 63), found "
                     "\"%.80s\"",
                     node->text.at);
}

void mesh__check_host_label(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node)
{
    if (!mesh__is_host_label(node->text))
        mesh__reject(reader, spot, node->mark,
                     "wanted letters, digits and \"-\", at most 63, found "
                     "\"%.80s\"",
                     node->text.at);
}

void mesh__check_dns_name(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    if (!mesh__is_dns_name(node->text))
        mesh__reject(reader, spot, node->mark,
                     "wanted DNS labels (a-z, 0-9, \"-\") with dots between, "
                     "found \"%.80s\"",
                     node->text.at);
}

void mesh__check_empty(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    if (node->text.len)
        mesh__reject(reader, spot, node->mark, "must be empty");
}

void mesh__check_host(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node)
{
    if (!mesh__host_valid(node->text, true))
        mesh__reject(reader, spot, node->mark,
                     "wanted a host such as \"web\", \"web.ns.svc."
                     "cluster.local\" or \"*.example.com\", found \"%.80s\"",
                     node->text.at);
}

void mesh__check_ip_block(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    if (!mesh__is_ip_block(node->text))
        mesh__reject(reader, spot, node->mark,
                     "wanted an IP address or a block such as 10.0.0.0/8, "
                     "found \"%.60s\"",
                     node->text.at);
}

/* RFC 7230's token, as Istio spells it. */
bool mesh__is_header_name(struct mesh_slice name)
{
    static const char marks[] = "!#$%&'*+-.^_`|~,"; /* Istio's has a comma */

    for (size_t i = 0; i < name.len; i++)
        if (!is_alnum(name.at[i]) &&
            (name.at[i] == '\0' || !strchr(marks, name.at[i])))
            return false;
    return name.len > 0;
}

bool mesh__is_claim(struct mesh_slice name)
{
    static const char prefix[] = "@request.auth.claims";
    size_t len = sizeof(prefix) - 1;
    struct mesh_slice rest;

    if (name.len < len || !mesh__slice_equal_nocase(mesh__slice(name.at, len),
                                                    mesh__slice(prefix, len)))
        return false;
    rest = mesh__slice(name.at + len, name.len - len);
    return (rest.len > 1 && rest.at[0] == '.') ||
           (rest.len > 2 && rest.at[0] == '[' && rest.at[rest.len - 1] == ']');
}

void mesh__check_least_ms(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    int64_t ns;

    if (mesh__duration_parse(node->text, &ns) && ns < 1000000)
        mesh__reject(reader, spot, node->mark,
                     "wanted a duration of 1ms or more, found \"%.60s\"",
                     node->text.at);
}

/* --- values
 * ------------------------------------------------------------------- */

void mesh__check_regex(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    struct mesh_regex *regex;
    int rc;

    if (node->text.len == 0) {
        mesh__reject(reader, spot, node->mark, "may not be empty");
        return;
    }
    rc = mesh__regex_new(node->text, &regex);
    if (rc == MESH_ERR_NOMEM) {
        reader->rc = rc;
        return;
    }
    if (rc < 0) {
        mesh__report(reader, spot, node->mark,
                     rc == MESH_ERR_POLICY ? MESH__REFUSED : MESH__ERROR,
                     rc == MESH_ERR_POLICY ? MESH__CODE_REFUSED
                                           : MESH__CODE_INVALID,
                     NULL, "%s", mesh__error_line());
        mesh__error_clear();
    }
    mesh__regex_unref(regex);
}

static void check_label_map(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node,
                            bool (*is_key)(struct mesh_slice text),
                            bool (*is_value)(struct mesh_slice text))
{
    for (size_t i = 0; i < node->count && node->pairs; i++) {
        const struct mesh_yaml_pair *pair = &node->pairs[i];
        struct mesh_spot item = { .up = spot, .key = pair->key };

        if (!is_key(pair->key))
            mesh__reject(reader, &item, pair->mark,
                         "\"%.80s\" is no label name", pair->key.at);
        if (pair->value->kind == MESH__YAML_SCALAR &&
            !is_value(pair->value->text))
            mesh__reject(reader, &item, pair->value->mark,
                         "\"%.80s\" is no label value", pair->value->text.at);
    }
}

void mesh__check_labels(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node)
{
    check_label_map(reader, spot, node, mesh__is_label_key,
                    mesh__is_label_value);
}

void mesh__check_tags(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node)
{
    check_label_map(reader, spot, node, is_tag_key, is_tag_value);
}

void mesh__check_whole_labels(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node)
{
    for (size_t i = 0; node->pairs && i < node->count; i++) {
        const struct mesh_yaml_pair *pair = &node->pairs[i];
        struct mesh_spot item = { .up = spot, .key = pair->key };
        struct mesh_slice value = pair->value->text;

        if (pair->key.len == 0 || memchr(pair->key.at, '*', pair->key.len) ||
            (value.len && memchr(value.at, '*', value.len)))
            mesh__reject(reader, &item, pair->mark,
                         "a selector takes whole names and values: no \"*\", "
                         "no empty name");
    }
}

void mesh__check_items(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *name,
                       void (*check)(struct mesh_reader *reader,
                                     const struct mesh_spot *spot,
                                     const struct mesh_yaml_node *node))
{
    const struct mesh_yaml_node *list = mesh__get(node, name);
    struct mesh_spot field = { .up = spot, .name = name };

    for (size_t i = 0; list && list->items && i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        if (list->items[i]->kind == MESH__YAML_SCALAR)
            check(reader, &item, list->items[i]);
    }
}

void mesh__check_scope(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    static const char *const names[] = { "selector", "targetRef",
                                         "targetRefs" };

    for (size_t i = 0; i < 3; i++)
        mesh__reject_both(reader, spot, node, names[i], names[(i + 1) % 3]);
}

bool mesh__few(struct mesh_reader *reader, const struct mesh_spot *spot,
               const struct mesh_yaml_node *list)
{
    if (list->count <= FEW)
        return true;
    mesh__report(reader, spot, list->mark, MESH__REFUSED, MESH__CODE_LIMIT,
                 NULL, "more than %d items", FEW);
    return false;
}

/* --- retryOn
 * -------------------------------------------------------------------- */

/* What Go's net/http knows a text for, as strconv.Atoi reads it. */
static bool is_status_code(struct mesh_slice text)
{
    static const struct {
        unsigned first, last;
    } known[] = { { 100, 103 }, { 200, 208 }, { 226, 226 }, { 300, 305 },
                  { 307, 308 }, { 400, 418 }, { 421, 426 }, { 428, 429 },
                  { 431, 431 }, { 451, 451 }, { 500, 508 }, { 510, 511 } };
    unsigned long long code;

    if (text.len > 1 && text.at[0] == '+')
        text = mesh__slice(text.at + 1, text.len - 1);
    if (!mesh__slice_number(text, 999, &code))
        return false;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (code >= known[i].first && code <= known[i].last)
            return true;
    return false;
}

static const char *const retry_words[] = {
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
};
enum { RETRY_WORDS = sizeof(retry_words) / sizeof(retry_words[0]) };

static void check_retry_word(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             struct mesh_mark mark, struct mesh_slice word)
{
    char hint[96];

    for (size_t i = 0; i < RETRY_WORDS; i++)
        if (mesh__slice_is(word, retry_words[i]))
            return;
    if (is_status_code(word))
        return;
    mesh__hint(reader, mesh__slice_trim(word), retry_words, RETRY_WORDS, hint,
               sizeof(hint));
    mesh__report(reader, spot, mark, MESH__ERROR, MESH__CODE_INVALID, hint,
                 "\"%.*s\" is no condition to retry on, nor an HTTP status",
                 (int)(word.len > 80 ? 80 : word.len), word.at);
}

void mesh__check_retry_on(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    struct mesh_slice text = node->text;
    size_t start = 0;

    for (size_t i = 0; text.len && i <= text.len; i++) {
        if (i < text.len && text.at[i] != ',')
            continue;
        check_retry_word(reader, spot, node->mark,
                         mesh__slice(text.at + start, i - start));
        start = i + 1;
    }
}

/* --- exportTo
 * --------------------------------------------------------------------- */

/* What "." stands for must be a namespace: what is wrong is its name. */
static void check_own_namespace(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *item)
{
    struct mesh_slice name = reader->namespace_;
    bool given = reader->namespace_mark.line > 0;

    if (!mesh__is_host_label(name) && !mesh__slice_is(name, "*") &&
        !mesh__slice_is(name, "."))
        mesh__reject(reader, spot, given ? reader->namespace_mark : item->mark,
                     "\".\" is the namespace \"%.80s\", which is none",
                     name.len ? name.at : "");
}

static void reject_company(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++) {
        struct mesh_spot item = { .up = spot, .index = i };

        mesh__reject(reader, &item, list->items[i]->mark,
                     "\"%s\" must stand alone", word);
    }
}

static void check_visibility(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *list,
                             const struct mesh_yaml_node *item, bool nobody)
{
    bool all = mesh__slice_is(item->text, "*");
    bool none = mesh__slice_is(item->text, "~");

    if (none && !nobody)
        mesh__reject(reader, spot, item->mark,
                     "\"~\" (nobody) is for ServiceEntries only");
    else if ((all || none) && list->count > 1)
        reject_company(reader, spot->up, list, item->text.at);
    else if (mesh__slice_is(item->text, "."))
        check_own_namespace(reader, spot, item);
    else if (!all && !none && !mesh__is_host_label(item->text))
        mesh__reject(reader, spot, item->mark,
                     "wanted \"*\", \".\" or a namespace, found \"%.80s\"",
                     item->text.at);
}

/* "." is the namespace itself. */
static struct mesh_slice full_name(const struct mesh_reader *reader,
                                   const struct mesh_yaml_node *item)
{
    return mesh__slice_is(item->text, ".") ? reader->namespace_ : item->text;
}

/* One namespace twice: a finding at each. */
static void check_seen(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *list, size_t index)
{
    const struct mesh_yaml_node *item = list->items[index];

    for (size_t i = 0; i < index; i++) {
        const struct mesh_yaml_node *other = list->items[i];

        if (other->kind != MESH__YAML_SCALAR ||
            !mesh__slice_equal(full_name(reader, other),
                               full_name(reader, item)))
            continue;
        mesh__reject(reader, &(struct mesh_spot){ .up = spot->up, .index = i },
                     other->mark, "\"%.80s\" comes twice", item->text.at);
        mesh__reject(reader, spot, item->mark, "\"%.80s\" comes twice",
                     item->text.at);
    }
}

void mesh__check_export_to(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, bool nobody)
{
    const struct mesh_yaml_node *list = mesh__get(node, "exportTo");
    struct mesh_spot field = { .up = spot, .name = "exportTo" };

    if (!list || list->kind != MESH__YAML_SEQUENCE ||
        !mesh__few(reader, &field, list))
        return;
    for (size_t i = 0; i < list->count; i++) {
        const struct mesh_yaml_node *item = list->items[i];
        struct mesh_spot at = { .up = &field, .index = i };

        if (item->kind != MESH__YAML_SCALAR)
            continue;
        check_visibility(reader, &at, list, item, nobody);
        check_seen(reader, &at, list, i);
    }
}

void mesh__reject_pair(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *one,
                       const char *other, const char *why)
{
    const char *const names[] = { one, other };

    for (size_t i = 0; i < 2; i++) {
        const struct mesh_yaml_pair *pair = mesh__yaml_find(node, names[i]);
        struct mesh_spot field = { .up = spot, .name = names[i] };

        mesh__reject(reader, pair ? &field : spot,
                     pair ? pair->mark : node->mark, "%s", why);
    }
}

void mesh__reject_both(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *one,
                       const char *other)
{
    struct mesh_text text;
    char why[LINE_BYTES];

    if (!mesh__has(node, one) || !mesh__has(node, other))
        return;
    mesh__text_init(&text, why, sizeof(why));
    mesh__text_format(&text, "\"%s\" and \"%s\" exclude each other", one,
                      other);
    mesh__reject_pair(reader, spot, node, one, other, why);
}

static void reject_twin(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *list, size_t index,
                        const char *name)
{
    const struct mesh_yaml_node *value = mesh__get(list->items[index], name);
    struct mesh_spot item = { .up = spot, .index = index };
    struct mesh_spot field = { .up = &item, .name = name };

    mesh__reject(reader, &field, value->mark, "%s comes twice here: \"%.80s\"",
                 name, value->text.at);
}

static bool same_text(const struct mesh_yaml_node *a,
                      const struct mesh_yaml_node *b)
{
    double one;
    double other;

    if (!a || !b || a->kind != MESH__YAML_SCALAR ||
        b->kind != MESH__YAML_SCALAR)
        return false;
    if (mesh__yaml_float(a, &one) && mesh__yaml_float(b, &other))
        return one == other;
    return mesh__slice_equal(a->text, b->text);
}

void mesh__reject_twins(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *list, const char *name)
{
    if (!list || list->kind != MESH__YAML_SEQUENCE ||
        !mesh__few(reader, spot, list))
        return;
    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < i; j++) {
            if (!same_text(mesh__get(list->items[i], name),
                           mesh__get(list->items[j], name)))
                continue;
            reject_twin(reader, spot, list, j, name);
            reject_twin(reader, spot, list, i, name);
        }
}

void mesh__reject_missing(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node,
                          const char *const *names, size_t count,
                          const char *why)
{
    mesh__reject(reader, spot, node->mark, "%s", why);
    for (size_t i = 0; i < count; i++) {
        const struct mesh_yaml_pair *pair = mesh__yaml_find(node, names[i]);
        struct mesh_spot field = { .up = spot, .name = names[i] };

        if (pair)
            mesh__reject(reader, &field, pair->mark, "%s", why);
    }
}

void mesh__reject_at(struct mesh_reader *reader, const struct mesh_spot *spot,
                     const struct mesh_yaml_node *const *nodes, size_t count,
                     const char *why)
{
    for (size_t i = 0; i < count; i++)
        if (nodes[i])
            mesh__reject(reader, spot, nodes[i]->mark, "%s", why);
}
