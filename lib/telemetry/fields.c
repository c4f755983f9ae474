/*
 * fields.c - which fact stands behind each of Envoy's operators.
 *
 * One table and the few values that are computed; declines to know how a line
 * is written.
 */
#include "telemetry/fields.h"

#include "base/text.h"

#include <inttypes.h>

/* Where a value comes from: a member of the facts by type, or computed. */
enum source {
    SLICE,   /* struct mesh_slice, a peer's; its blanks are escaped    */
    PHRASE,  /* the same, and its blanks stand                         */
    NAME,    /* const char *, ours                                     */
    REASON,  /* const char *, ours; blanks become '_'                  */
    COUNT,   /* uint64_t                                               */
    ADDRESS, /* struct mesh_address                                    */
    ATTEMPTS,
    CODE,
    DURATION,
    FLAGS,
    PEER,   /* of the caller's side; ours is no peer to ourselves       */
    SERVER, /* a server name; one that is none is marked             */
    SERVICE_TIME,
    START_TIME,
    TARGET /* the path as it was sent */
};

#define AT(member) offsetof(struct mesh_facts, member)

static const struct mesh_field fields[] = {
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
    { "requested_server_name", "REQUESTED_SERVER_NAME", SERVER, AT(sni) },
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
    { NULL, "DOWNSTREAM_PEER_URI_SAN", PEER, AT(peer) },
    { NULL, "REQ(:PATH)", TARGET, 0 },
    { NULL, "UPSTREAM_CLUSTER", NAME, AT(upstream_cluster) },
    { NULL, "UPSTREAM_REQUEST_ATTEMPT_COUNT", ATTEMPTS, 0 },
};

enum { COUNT_OF_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static void say(struct mesh_field_value *value, struct mesh_slice text)
{
    value->text = text;
    value->present = text.len > 0;
}

static void say_scratch(struct mesh_field_value *value)
{
    say(value, mesh__slice_of(value->scratch));
}

static void say_number(struct mesh_field_value *value, uint64_t number)
{
    value->present = value->is_number = true;
    value->number = number;
}

static void say_reason(struct mesh_field_value *value, const char *reason)
{
    struct mesh_text text;

    mesh__text_init(&text, value->scratch, sizeof(value->scratch));
    mesh__text_puts(&text, reason);
    for (size_t i = 0; i < text.len; i++)
        if (value->scratch[i] == ' ')
            value->scratch[i] = '_';
    say_scratch(value);
}

static bool is_of_host(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* As Envoy writes it: "invalid:" and '_' for what no name has. */
static void say_server(struct mesh_field_value *value, struct mesh_slice name)
{
    struct mesh_text text;
    size_t mark;

    for (mark = 0; mark < name.len && is_of_host(name.at[mark]); mark++)
        continue;
    if (mark == name.len) {
        say(value, name);
        return;
    }
    mesh__text_init(&text, value->scratch, sizeof(value->scratch));
    mesh__text_puts(&text, "invalid:");
    for (size_t i = 0; i < name.len; i++)
        mesh__text_format(&text, "%c",
                          is_of_host(name.at[i]) ? name.at[i] : '_');
    say_scratch(value);
}

static void say_address(struct mesh_field_value *value,
                        const struct mesh_address *address)
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
static void say_time(struct mesh_field_value *value, int64_t wall_ns)
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
static void say_service_time(struct mesh_field_value *value,
                             const struct mesh_facts *facts)
{
    struct mesh_text text;

    if (!facts->has_upstream_ms)
        return;
    mesh__text_init(&text, value->scratch, sizeof(value->scratch));
    mesh__text_format(&text, "%" PRIu64, facts->upstream_ms);
    say_scratch(value);
}

void mesh__field_read(const struct mesh_facts *facts,
                      const struct mesh_field *field,
                      struct mesh_field_value *value)
{
    const void *at = (const char *)facts + field->at;

    value->present = value->is_number = value->blanks = false;
    switch ((enum source)field->source) {
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
    case ATTEMPTS:
        say_number(value, facts->attempts);
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
    case PEER:
        if (facts->inbound)
            say(value, mesh__slice_of(*(const char *const *)at));
        break;
    case SERVER:
        say_server(value, *(const struct mesh_slice *)at);
        break;
    case SERVICE_TIME:
        say_service_time(value, facts);
        break;
    case START_TIME:
        say_time(value, facts->start_wall_ns);
        break;
    case TARGET:
        say(value, facts->target.len ? facts->target : facts->path);
        break;
    }
}

const struct mesh_field *mesh__field_find(struct mesh_slice name)
{
    for (size_t i = 0; i < COUNT_OF_FIELDS; i++)
        if (mesh__slice_is(name, fields[i].name))
            return &fields[i];
    return NULL;
}

const struct mesh_field *mesh__field_of_json(size_t n)
{
    return n < COUNT_OF_FIELDS && fields[n].key ? &fields[n] : NULL;
}
