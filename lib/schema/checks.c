/*
 * checks.c - grammars that several kinds share: names, labels, hosts, regexes.
 *
 * As Istio's pkg/config/validation and Kubernetes' apimachinery have them.
 * Each knows one value, never what it is for.
 */
#include "base/error.h"
#include "schema/table.h"
#include "value/address.h"
#include "value/host.h"
#include "value/match.h"

#include <mesh/base.h>

enum { LABEL_MAX = 63, PREFIX_MAX = 253, FEW = 1024 };

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

bool mesh__is_ip_block(struct mesh_slice text)
{
    struct mesh_cidr cidr;

    return text.len && memchr(text.at, '/', text.len)
               ? mesh__cidr_parse(text, &cidr)
               : mesh__is_ip(text);
}

/* [A-Za-z0-9] at both ends, those and "-_." between. */
static bool is_label_word(struct mesh_slice text)
{
    if (text.len == 0 || text.len > LABEL_MAX || !is_alnum(text.at[0]) ||
        !is_alnum(text.at[text.len - 1]))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.at[i]) && !strchr("-_.", text.at[i]))
            return false;
    return true;
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
        mesh__reject(reader, spot, node->mark, "%s", mesh__error_line());
        mesh__error_clear();
    }
    mesh__regex_unref(regex);
}

void mesh__check_labels(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node)
{
    for (size_t i = 0; i < node->count && node->pairs; i++) {
        const struct mesh_yaml_pair *pair = &node->pairs[i];
        struct mesh_spot item = { .up = spot, .key = pair->key };

        if (!mesh__is_label_key(pair->key))
            mesh__reject(reader, &item, pair->mark,
                         "\"%.80s\" is no label name", pair->key.at);
        if (pair->value->kind == MESH__YAML_SCALAR &&
            !mesh__is_label_value(pair->value->text))
            mesh__reject(reader, &item, pair->value->mark,
                         "\"%.80s\" is no label value", pair->value->text.at);
    }
}

void mesh__check_scope(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    int scopes = mesh__has(node, "selector") + mesh__has(node, "targetRef") +
                 mesh__has(node, "targetRefs");

    if (scopes > 1)
        mesh__reject(reader, spot, node->mark,
                     "only one of selector, targetRef and targetRefs may be "
                     "given");
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

/* What Go's net/http knows a text for. */
static bool is_status_code(struct mesh_slice text)
{
    static const struct {
        unsigned first, last;
    } known[] = { { 100, 103 }, { 200, 208 }, { 226, 226 }, { 300, 305 },
                  { 307, 308 }, { 400, 418 }, { 421, 426 }, { 428, 429 },
                  { 431, 431 }, { 451, 451 }, { 500, 508 }, { 510, 511 } };
    unsigned long long code;

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

static void check_visibility(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *item, bool nobody,
                             size_t count)
{
    bool all = mesh__slice_is(item->text, "*");
    bool none = mesh__slice_is(item->text, "~");

    if (none && !nobody)
        mesh__reject(reader, spot, item->mark,
                     "\"~\" (nobody) is for ServiceEntries only");
    else if ((all || none) && count > 1)
        mesh__reject(reader, spot, item->mark, "\"%s\" must stand alone",
                     item->text.at);
    else if (!all && !none && !mesh__slice_is(item->text, ".") &&
             !mesh__is_dns_label(item->text))
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

static bool seen_before(const struct mesh_reader *reader,
                        const struct mesh_yaml_node *list, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (list->items[i]->kind == MESH__YAML_SCALAR &&
            mesh__slice_equal(full_name(reader, list->items[i]),
                              full_name(reader, list->items[index])))
            return true;
    return false;
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
        check_visibility(reader, &at, item, nobody, list->count);
        if (seen_before(reader, list, i))
            mesh__reject(reader, &at, item->mark, "\"%.80s\" comes twice",
                         item->text.at);
    }
}

void mesh__reject_both(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *one,
                       const char *other)
{
    const struct mesh_yaml_node *value = mesh__get(node, other);

    if (value && mesh__has(node, one))
        mesh__reject(reader, spot, value->mark, "%s and %s exclude each other",
                     one, other);
}
