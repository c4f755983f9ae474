/*
 * tally.c - counting what requests came to.
 *
 * Knows responses, not how they were made.
 */
#include "call.h"

#include <stdlib.h>
#include <string.h>

int tally_init(struct tally *tally, int64_t expected, int json)
{
    memset(tally, 0, sizeof(*tally));
    pthread_mutex_init(&tally->lock, NULL);
    tally->expected = expected;
    tally->json = json;
    tally->times = calloc((size_t)expected, sizeof(*tally->times));
    return tally->times ? 0 : -1;
}

void tally_fini(struct tally *tally)
{
    for (size_t i = 0; i < tally->place_count; i++) {
        struct tally_place *place = &tally->places[i];

        free(place->destination);
        free(place->subset);
        free(place->workload);
        free(place->endpoint);
        free(place->principal);
        free(place->protocol);
        free(place->cipher);
    }
    free(tally->times);
    pthread_mutex_destroy(&tally->lock);
}

static const char *text_of(const mesh_response *response, int what)
{
    const char *text = response ? mesh_response_text(response, what) : NULL;

    return text ? text : "";
}

/* --- counting --- */

static void count_kind(struct tally *tally, int status, int code)
{
    size_t i = 0;

    while (i < tally->kind_count &&
           (tally->kinds[i].status != status || tally->kinds[i].code != code))
        i++;
    if (i == tally->kind_count) {
        if (i == TALLY_KINDS_MOST)
            return; /* the total still counts it */
        tally->kinds[i].status = status;
        tally->kinds[i].code = code;
        tally->kind_count++;
    }
    tally->kinds[i].count++;
}

static int is_place(const struct tally_place *place,
                    const mesh_response *response)
{
    return !strcmp(place->destination,
                   text_of(response, MESH_RESPONSE_DESTINATION)) &&
           !strcmp(place->endpoint,
                   text_of(response, MESH_RESPONSE_ENDPOINT)) &&
           !strcmp(place->principal,
                   text_of(response, MESH_RESPONSE_PRINCIPAL));
}

/* Where it came from; the last place takes all that find no room. */
static size_t find_place(struct tally *tally, const mesh_response *response)
{
    struct tally_place *place;

    for (size_t i = 0; i < tally->place_count; i++)
        if (is_place(&tally->places[i], response))
            return i;
    if (tally->place_count == TALLY_PLACES_MOST)
        return TALLY_PLACES_MOST - 1;
    place = &tally->places[tally->place_count];
    place->destination = strdup(text_of(response, MESH_RESPONSE_DESTINATION));
    place->subset = strdup(text_of(response, MESH_RESPONSE_SUBSET));
    place->workload = strdup(text_of(response, MESH_RESPONSE_WORKLOAD));
    place->endpoint = strdup(text_of(response, MESH_RESPONSE_ENDPOINT));
    place->principal = strdup(text_of(response, MESH_RESPONSE_PRINCIPAL));
    place->protocol = strdup(text_of(response, MESH_RESPONSE_PROTOCOL));
    place->cipher = strdup(text_of(response, MESH_RESPONSE_CIPHER));
    if (!place->destination || !place->subset || !place->workload ||
        !place->endpoint || !place->principal || !place->protocol ||
        !place->cipher) {
        perror("lmesh call");
        exit(LMESH_UNREACHED);
    }
    return tally->place_count++;
}

static void count(struct tally *tally, const mesh_response *response, int code,
                  int64_t us)
{
    int status = mesh_response_status(response);
    int attempts = response ? mesh_response_attempts(response) : 0;
    int failed = code != MESH_OK || status >= 400;
    size_t place = find_place(tally, response);

    count_kind(tally, status, code);
    tally->places[place].count++;
    tally->places[place].failed += failed;
    tally->failed += failed;
    tally->unreached += mesh_error_class(code) == MESH_CLASS_NETWORK ||
                        mesh_error_class(code) == MESH_CLASS_PROCESS;
    tally->attempts += attempts;
    tally->retried += attempts > 1;
    if (tally->count < tally->expected) {
        tally->times[tally->count].us = us;
        tally->times[tally->count].place = place;
    }
    tally->count++;
}

/* --- one request as JSON --- */

static void tell_headers(const mesh_response *response)
{
    size_t count = response ? mesh_response_header_count(response) : 0;

    fputs(", \"headers\": [", stdout);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ", [" : "[", stdout);
        lmesh_json_string(stdout, mesh_response_header_name(response, i));
        fputs(", ", stdout);
        lmesh_json_string(stdout, mesh_response_header_value(response, i));
        fputc(']', stdout);
    }
    fputc(']', stdout);
}

static void tell_request(const mesh_response *response, int code,
                         const mesh_error *error, int64_t start_us, int64_t us)
{
    static const struct {
        const char *name;
        int what;
    } texts[] = {
        { "destination", MESH_RESPONSE_DESTINATION },
        { "subset", MESH_RESPONSE_SUBSET },
        { "workload", MESH_RESPONSE_WORKLOAD },
        { "endpoint", MESH_RESPONSE_ENDPOINT },
        { "route", MESH_RESPONSE_ROUTE },
        { "flags", MESH_RESPONSE_FLAGS },
        { "details", MESH_RESPONSE_DETAILS },
        { "principal", MESH_RESPONSE_PRINCIPAL },
        { "protocol", MESH_RESPONSE_PROTOCOL },
        { "cipher", MESH_RESPONSE_CIPHER },
        { "trace_id", MESH_RESPONSE_TRACE_ID },
    };
    size_t size = 0;
    const char *body = response ? mesh_response_body(response, &size) : "";

    printf("{\"status\": %d, \"attempts\": %d, \"start_ms\": %.3f, "
           "\"ms\": %.3f",
           mesh_response_status(response),
           response ? mesh_response_attempts(response) : 0,
           (double)start_us / 1000.0, (double)us / 1000.0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        lmesh_json_member(stdout, texts[i].name,
                          text_of(response, texts[i].what), 0);
    tell_headers(response);
    fputs(", \"body\": ", stdout);
    lmesh_json_bytes(stdout, body ? body : "", size);
    lmesh_json_member(stdout, "code", mesh_error_name(code), 0);
    lmesh_json_member(stdout, "error",
                      code == MESH_OK ? "" : mesh_error_message(error), 0);
    fputc('}', stdout);
}

void tally_take(struct tally *tally, const mesh_response *response, int code,
                const mesh_error *error, int64_t start_us, int64_t us)
{
    pthread_mutex_lock(&tally->lock);
    if (tally->json) {
        fputs(tally->count ? ",\n  " : "{\"requests\": [\n  ", stdout);
        tell_request(response, code, error, start_us, us);
    }
    count(tally, response, code, us);
    pthread_mutex_unlock(&tally->lock);
}
