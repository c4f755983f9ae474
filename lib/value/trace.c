/*
 * trace.c - W3C trace context as a value.
 *
 * Reads and prints; declines to know who samples and where spans go.
 */
#include "value/trace.h"

#include "base/text.h"

/* Where the fields of a traceparent stand. */
enum { VERSION_AT = 0, TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, SAMPLED = 1 };

enum {
    STATE_MEMBERS = 32,
    STATE_KEY_MAX = 256,
    STATE_TENANT_MAX = 241,
    STATE_SYSTEM_MAX = 14,
    STATE_VALUE_MAX = 256
};

/* Lower case only, as the standard writes it. */
static bool read_hex(const char *text, uint8_t *out, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        int high = mesh__hex_digit(text[2 * i]);
        int low = mesh__hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0 || mesh__lower(text[2 * i]) != text[2 * i] ||
            mesh__lower(text[2 * i + 1]) != text[2 * i + 1])
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

static const char *refuse(struct mesh_slice text, struct mesh_trace *trace)
{
    uint8_t version;
    uint8_t flags;

    if (text.len < MESH__TRACEPARENT_LEN)
        return "shorter than 55 characters";
    if (text.at[TRACE_AT - 1] != '-' || text.at[SPAN_AT - 1] != '-' ||
        text.at[FLAGS_AT - 1] != '-')
        return "a dash is not where it belongs";
    if (!read_hex(text.at + VERSION_AT, &version, 1) || version == 0xff)
        return "the version is not valid";
    if (version == 0 && text.len != MESH__TRACEPARENT_LEN)
        return "longer than 55 characters in version 00";
    if (text.len > MESH__TRACEPARENT_LEN &&
        text.at[MESH__TRACEPARENT_LEN] != '-')
        return "something other than a dash follows the flags";
    if (!read_hex(text.at + TRACE_AT, trace->trace_id, 16) ||
        !read_hex(text.at + SPAN_AT, trace->span_id, 8) ||
        !read_hex(text.at + FLAGS_AT, &flags, 1))
        return "not lower-case hex";
    if (all_zero(trace->trace_id, 16) || all_zero(trace->span_id, 8))
        return "an id is all zeros";
    trace->sampled = flags & SAMPLED;
    return NULL;
}

enum mesh_trace_decision mesh__trace_parse(struct mesh_slice traceparent,
                                           struct mesh_trace *out,
                                           const char **reason)
{
    struct mesh_trace trace = { 0 };
    const char *why = NULL;

    if (traceparent.len)
        why = refuse(traceparent, &trace);
    if (reason)
        *reason = why;
    *out = why ? (struct mesh_trace){ 0 } : trace;
    if (!traceparent.len)
        return MESH__TRACE_NONE;
    return why ? MESH__TRACE_RESTART : MESH__TRACE_CONTINUE;
}

void mesh__trace_print(const struct mesh_trace *trace,
                       char out[MESH__TRACEPARENT_LEN + 1])
{
    char trace_hex[33];
    char span_hex[17];
    struct mesh_text text;

    mesh__hex(trace->trace_id, sizeof(trace->trace_id), trace_hex);
    mesh__hex(trace->span_id, sizeof(trace->span_id), span_hex);
    mesh__text_init(&text, out, MESH__TRACEPARENT_LEN + 1);
    mesh__text_format(&text, "00-%s-%s-%02x", trace_hex, span_hex,
                      trace->sampled ? 1u : 0u);
}

/* lcalpha / DIGIT first, then those and "_" "-" "*" "/". */
static bool key_part_valid(struct mesh_slice part, size_t max)
{
    if (part.len == 0 || part.len > max)
        return false;
    for (size_t i = 0; i < part.len; i++) {
        char c = part.at[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool mark = c == '_' || c == '-' || c == '*' || c == '/';

        if (!alnum && !(i > 0 && mark))
            return false;
    }
    return true;
}

static bool key_valid(struct mesh_slice key)
{
    const char *at = key.len ? memchr(key.at, '@', key.len) : NULL;
    struct mesh_slice system;
    size_t tenant;

    if (!at)
        return key_part_valid(key, STATE_KEY_MAX);
    tenant = (size_t)(at - key.at);
    system = mesh__slice(at + 1, key.len - tenant - 1);
    return key_part_valid(mesh__slice(key.at, tenant), STATE_TENANT_MAX) &&
           key_part_valid(system, STATE_SYSTEM_MAX);
}

/* Printable ASCII but "," and "="; the last is no blank (it was trimmed). */
static bool value_valid(struct mesh_slice value)
{
    if (value.len == 0 || value.len > STATE_VALUE_MAX)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] < 0x20 || value.at[i] > 0x7e || value.at[i] == '=')
            return false;
    return true;
}

static bool member_valid(struct mesh_slice member)
{
    const char *equals = memchr(member.at, '=', member.len);
    size_t key = equals ? (size_t)(equals - member.at) : 0;

    return equals && key_valid(mesh__slice(member.at, key)) &&
           value_valid(mesh__slice(equals + 1, member.len - key - 1));
}

bool mesh__tracestate_valid(struct mesh_slice tracestate)
{
    size_t members = 0;

    if (tracestate.len > MESH__TRACESTATE_MAX)
        return false;
    while (tracestate.len) {
        const char *comma = memchr(tracestate.at, ',', tracestate.len);
        size_t len = comma ? (size_t)(comma - tracestate.at) : tracestate.len;
        struct mesh_slice member =
            mesh__slice_trim(mesh__slice(tracestate.at, len));

        len += comma != NULL;
        tracestate = mesh__slice(tracestate.at + len, tracestate.len - len);
        if (member.len == 0)
            continue; /* empty members are allowed, section 3.3.1.1 */
        if (++members > STATE_MEMBERS || !member_valid(member))
            return false;
    }
    return true;
}
