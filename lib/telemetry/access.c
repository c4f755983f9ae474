/*
 * access.c - one line about one exchange, as Istio's sidecar writes it.
 *
 * A table says which fact stands behind each of Envoy's operators; the text
 * line is a format made of them, the JSON line the rows that have a key.
 * Declines to know where lines go and whether anybody wants them.
 */
#include "telemetry/telemetry.h"

#include "base/error.h"
#include "base/text.h"

#include <inttypes.h>

/* model/telemetry_logging.go: EnvoyTextLogFormat. */
static const char istio_text[] =
    "[%START_TIME%] "
    "\"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
    "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% "
    "%CONNECTION_TERMINATION_DETAILS% "
    "\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" "
    "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
    "\"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" "
    "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" "
    "%UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% "
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% "
    "%REQUESTED_SERVER_NAME% %ROUTE_NAME%";

/* Where a value comes from: a member of the facts by type, or computed. */
enum source {
    SLICE,   /* struct mesh_slice, a peer's; its blanks are escaped    */
    PHRASE,  /* the same, and its blanks stand                         */
    NAME,    /* const char *, ours                                     */
    REASON,  /* const char *, ours; blanks become '_'                  */
    COUNT,   /* uint64_t                                               */
    ADDRESS, /* struct mesh_address                                    */
    CODE,
    DURATION,
    FLAGS,
    SERVICE_TIME,
    START_TIME
};

struct field {
    const char *key; /* in JSON; NULL: only by name */
    const char *name;
    enum source source;
    size_t at; /* in struct mesh_facts */
};

#define AT(member) offsetof(struct mesh_facts, member)

static const struct field fields[] = {
    { "authority", "REQ(:AUTHORITY)", SLICE, AT(authority) },
    { "bytes_received", "BYTES_RECEIVED", COUNT, AT(bytes_received) },
    { "bytes_sent", "BYTES_SENT", COUNT, AT(bytes_sent) },
    { "connection_termination_details", "CONNECTION_TERMINATION_DETAILS",
      REASON, AT(termination) },
    { "downstream_local_address", "DOWNSTREAM_LOCAL_ADDRESS", ADDRESS,
      AT(downstream_local) },
    { "downstream_remote_address", "DOWNSTREAM_REMOTE_ADDRESS", ADDRESS,
      AT(downstream_remote) },
    { "duration", "DURATION", DURATION, 0 },
    { "method", "REQ(:METHOD)", SLICE, AT(method) },
    { "path", "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)", SLICE, AT(path) },
    { "protocol", "PROTOCOL", NAME, AT(protocol) },
    { "request_id", "REQ(X-REQUEST-ID)", SLICE, AT(request_id) },
    { "requested_server_name", "REQUESTED_SERVER_NAME", SLICE, AT(sni) },
    { "response_code", "RESPONSE_CODE", CODE, 0 },
    { "response_code_details", "RESPONSE_CODE_DETAILS", REASON, AT(details) },
    { "response_flags", "RESPONSE_FLAGS", FLAGS, 0 },
    { "route_name", "ROUTE_NAME", NAME, AT(route_name) },
    { "start_time", "START_TIME", START_TIME, 0 },
    { "upstream_cluster", "UPSTREAM_CLUSTER_RAW", NAME, AT(upstream_cluster) },
    { "upstream_host", "UPSTREAM_HOST", NAME, AT(upstream_host) },
    { "upstream_local_address", "UPSTREAM_LOCAL_ADDRESS", ADDRESS,
      AT(upstream_local) },
    { "upstream_service_time", "RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)",
      SERVICE_TIME, 0 },
    { "upstream_transport_failure_reason", "UPSTREAM_TRANSPORT_FAILURE_REASON",
      REASON, AT(transport_failure) },
    { "user_agent", "REQ(USER-AGENT)", PHRASE, AT(user_agent) },
    { "x_forwarded_for", "REQ(X-FORWARDED-FOR)", PHRASE, AT(forwarded_for) },
    { NULL, "REQ(:PATH)", SLICE, AT(path) },
    { NULL, "UPSTREAM_CLUSTER", NAME, AT(upstream_cluster) },
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]), SCRATCH = 256 };

/* --- the value of an operator --------------------------------------------- */

struct value {
    bool present;
    bool is_number;
    bool blanks; /* stand as they are in the text line */
    uint64_t number;
    struct mesh_slice text;
    char scratch[SCRATCH];
};

static void say(struct value *value, struct mesh_slice text)
{
    value->text = text;
    value->present = text.len > 0;
}

static void say_scratch(struct value *value)
{
    say(value, mesh__slice_of(value->scratch));
}

static void say_number(struct value *value, uint64_t number)
{
    value->present = value->is_number = true;
    value->number = number;
}

static void say_reason(struct value *value, const char *reason)
{
    struct mesh_text text;

    mesh__text_init(&text, value->scratch, sizeof(value->scratch));
    mesh__text_puts(&text, reason);
    for (size_t i = 0; i < text.len; i++)
        if (value->scratch[i] == ' ')
            value->scratch[i] = '_';
    say_scratch(value);
}

static void say_address(struct value *value, const struct mesh_address *address)
{
    if (address->family == 0)
        return;
    mesh__address_print(address, value->scratch);
    say_scratch(value);
}

/*
 * "2016-04-15T20:17:00.310Z". Days to a date as in Howard Hinnant's
 * civil_from_days: eras of 400 years, years that begin in March.
 */
static void say_time(struct value *value, int64_t wall_ns)
{
    int64_t ms = wall_ns > 0 ? wall_ns / 1000000 : 0;
    int64_t days = ms / 86400000 + 719468;
    int64_t era = days / 146097;
    int64_t day = days % 146097; /* of the era */
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0: March */
    int64_t of_day = ms % 86400000;
    struct mesh_text text;

    mesh__text_init(&text, value->scratch, sizeof(value->scratch));
    mesh__text_format(&text, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03dZ",
                      year + era * 400 + (month > 9),
                      (int)(month < 10 ? month + 3 : month - 9),
                      (int)(of_year - (153 * month + 2) / 5 + 1),
                      (int)(of_day / 3600000), (int)(of_day / 60000 % 60),
                      (int)(of_day / 1000 % 60), (int)(of_day % 1000));
    say_scratch(value);
}

/* A header's value in Envoy: text, even in JSON. */
static void say_service_time(struct value *value,
                             const struct mesh_facts *facts)
{
    struct mesh_text text;

    if (!facts->has_upstream_ms)
        return;
    mesh__text_init(&text, value->scratch, sizeof(value->scratch));
    mesh__text_format(&text, "%" PRIu64, facts->upstream_ms);
    say_scratch(value);
}

static void read_value(const struct mesh_facts *facts,
                       const struct field *field, struct value *value)
{
    const void *at = (const char *)facts + field->at;

    value->present = value->is_number = value->blanks = false;
    switch (field->source) {
    case PHRASE:
        value->blanks = true;
        say(value, *(const struct mesh_slice *)at);
        break;
    case SLICE:
        say(value, *(const struct mesh_slice *)at);
        break;
    case NAME:
        say(value, mesh__slice_of(*(const char *const *)at));
        break;
    case REASON:
        say_reason(value, *(const char *const *)at);
        break;
    case COUNT:
        say_number(value, *(const uint64_t *)at);
        break;
    case ADDRESS:
        say_address(value, at);
        break;
    case CODE:
        say_number(value, facts->status);
        break;
    case DURATION:
        if (facts->end_ns >= facts->start_ns)
            say_number(value, (facts->end_ns - facts->start_ns) / 1000000);
        break;
    case FLAGS:
        mesh__flags_print(&facts->flags, value->scratch);
        say_scratch(value);
        break;
    case SERVICE_TIME:
        say_service_time(value, facts);
        break;
    case START_TIME:
        say_time(value, facts->start_wall_ns);
        break;
    }
}

/* --- text ----------------------------------------------------------------- */

static bool stands(unsigned char c, bool blanks)
{
    return c > 0x20 ? c < 0x7f && c != '"' && c != '\\' : c == ' ' && blanks;
}

/* Whoever chose the bytes, the line keeps its shape: "\x22" for a quote. */
static int write_escaped(struct mesh_buffer *out, struct mesh_slice text,
                         bool blanks)
{
    size_t from = 0;
    int rc = 0;

    for (size_t i = 0; i < text.len && rc == 0; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (stands(c, blanks))
            continue;
        rc = mesh__buffer_append(out, text.at + from, i - from);
        if (rc == 0)
            rc = mesh__buffer_format(out, "\\x%02x", (unsigned)c);
        from = i + 1;
    }
    return rc < 0 ? rc
                  : mesh__buffer_append(out, text.at + from, text.len - from);
}

static int write_text(struct mesh_buffer *out, const struct value *value)
{
    if (!value->present)
        return mesh__buffer_append(out, "-", 1);
    if (value->is_number)
        return mesh__buffer_format(out, "%" PRIu64, value->number);
    return write_escaped(out, value->text, value->blanks);
}

static const struct field *find(struct mesh_slice name)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (mesh__slice_is(name, fields[i].name))
            return &fields[i];
    return NULL;
}

/*
 * What begins with '%' at format: an operator, "%%", or something that we do
 * not know and that stands as it was written. *used is its length.
 */
static int write_operator(const struct mesh_facts *facts, const char *format,
                          struct mesh_buffer *out, size_t *used)
{
    const char *end = strchr(format + 1, '%');
    const struct field *field;
    struct value value;

    *used = end ? (size_t)(end - format) + 1 : 1;
    if (*used <= 2)
        return mesh__buffer_append(out, "%", 1);
    field = find(mesh__slice(format + 1, *used - 2));
    if (!field)
        return mesh__buffer_append(out, format, *used);
    read_value(facts, field, &value);
    return write_text(out, &value);
}

static int text_line(const struct mesh_facts *facts, const char *format,
                     struct mesh_buffer *out)
{
    int rc = 0;

    while (*format && rc == 0) {
        size_t used = strcspn(format, "%");

        if (used)
            rc = mesh__buffer_append(out, format, used);
        else
            rc = write_operator(facts, format, out, &used);
        format += used;
    }
    return rc;
}

/* --- JSON ----------------------------------------------------------------- */

static int json_line(const struct mesh_facts *facts, struct mesh_buffer *out)
{
    struct mesh_json json;
    struct value value;

    mesh__json_init(&json, out);
    mesh__json_open(&json, NULL, '{');
    for (size_t i = 0; i < FIELDS && fields[i].key; i++) {
        read_value(facts, &fields[i], &value);
        if (!value.present)
            mesh__json_null(&json, fields[i].key);
        else if (value.is_number)
            mesh__json_number(&json, fields[i].key, (int64_t)value.number);
        else
            mesh__json_string(&json, fields[i].key, value.text);
    }
    mesh__json_close(&json, '}');
    return json.rc;
}

int mesh__access_line(const struct mesh_facts *facts,
                      const struct mesh_telemetry_policy *policy,
                      struct mesh_buffer *out)
{
    const char *format = policy->access_log_format;
    size_t before = out->len;
    int rc;

    if (policy->access_log_json)
        rc = json_line(facts, out);
    else
        rc = text_line(facts, format ? format : istio_text, out);
    if (rc == 0 &&
        (out->len == before || mesh__buffer_data(out)[out->len - 1] != '\n'))
        rc = mesh__buffer_append(out, "\n", 1);
    if (rc < 0)
        out->len = before; /* half a line is none */
    return rc;
}
