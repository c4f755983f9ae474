/*
 * tell.c - the end of a run of `lmesh call`, for people and for programs.
 */
#include "call.h"

#include <stdlib.h>

static const int percents[] = { 50, 90, 99, 100 };

#define PERCENT_COUNT (sizeof(percents) / sizeof(percents[0]))

/* Any place: the percentiles of all. */
#define ALL_PLACES SIZE_MAX

static int by_time(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

/* Nearest rank, in milliseconds; zeros when memory is out or none is there. */
static void percentiles(const struct tally *tally, size_t place, double *out)
{
    int64_t *times = calloc((size_t)tally->count + 1, sizeof(*times));
    size_t count = 0;

    for (int64_t i = 0; times && i < tally->count; i++)
        if (place == ALL_PLACES || tally->times[i].place == place)
            times[count++] = tally->times[i].us;
    if (count)
        qsort(times, count, sizeof(*times), by_time);
    for (size_t i = 0; i < PERCENT_COUNT; i++) {
        size_t rank = (count * (size_t)percents[i] + 99) / 100;

        out[i] = count ? (double)times[rank - 1] / 1000.0 : 0.0;
    }
    free(times);
}

/* --- for people --- */

static void print_times(const struct tally *tally, size_t place)
{
    double ms[PERCENT_COUNT];

    percentiles(tally, place, ms);
    printf("p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, slowest %.1f ms\n", ms[0],
           ms[1], ms[2], ms[3]);
}

static void print_kinds(const struct tally *tally)
{
    for (size_t i = 0; i < tally->kind_count; i++) {
        const struct tally_kind *kind = &tally->kinds[i];

        printf("  %6lld  ", (long long)kind->count);
        if (kind->status)
            printf("status %d", kind->status);
        else
            printf("no answer");
        if (kind->code != MESH_OK)
            printf(" (%s)", mesh_error_name(kind->code));
        fputc('\n', stdout);
    }
}

static void print_place(const struct tally *tally, size_t index)
{
    const struct tally_place *place = &tally->places[index];

    printf("%s\n", *place->destination ? place->destination
                                       : "answered without a destination");
    if (*place->endpoint)
        printf("  %s %s\n", place->endpoint, place->workload);
    if (*place->protocol)
        printf("  %s, %s, %s\n", place->principal, place->protocol,
               place->cipher);
    else if (*place->endpoint)
        printf("  no TLS\n");
    printf("  %lld requests, %lld failed; ", (long long)place->count,
           (long long)place->failed);
    print_times(tally, index);
}

static void tell_text(const struct tally *tally, int64_t elapsed_us)
{
    printf("%lld requests in %.2f s: %lld failed, %lld tried more than once\n",
           (long long)tally->count, (double)elapsed_us / 1e6,
           (long long)tally->failed, (long long)tally->retried);
    print_kinds(tally);
    fputs("  ", stdout);
    print_times(tally, ALL_PLACES);
    for (size_t i = 0; i < tally->place_count; i++)
        print_place(tally, i);
}

/* --- for programs --- */

static void write_times(const struct tally *tally, size_t place)
{
    double ms[PERCENT_COUNT];

    percentiles(tally, place, ms);
    printf(", \"ms\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, "
           "\"max\": %.3f}",
           ms[0], ms[1], ms[2], ms[3]);
}

static void write_kinds(const struct tally *tally)
{
    fputs(", \"outcomes\": [", stdout);
    for (size_t i = 0; i < tally->kind_count; i++)
        printf("%s{\"status\": %d, \"code\": \"%s\", \"requests\": %lld}",
               i ? ", " : "", tally->kinds[i].status,
               mesh_error_name(tally->kinds[i].code),
               (long long)tally->kinds[i].count);
    fputc(']', stdout);
}

static void write_place(const struct tally *tally, size_t index)
{
    const struct tally_place *place = &tally->places[index];

    fputs(index ? ",\n   {" : "\n   {", stdout);
    lmesh_json_member(stdout, "destination", place->destination, 1);
    lmesh_json_member(stdout, "subset", place->subset, 0);
    lmesh_json_member(stdout, "workload", place->workload, 0);
    lmesh_json_member(stdout, "endpoint", place->endpoint, 0);
    lmesh_json_member(stdout, "principal", place->principal, 0);
    lmesh_json_member(stdout, "protocol", place->protocol, 0);
    lmesh_json_member(stdout, "cipher", place->cipher, 0);
    printf(", \"requests\": %lld, \"failed\": %lld", (long long)place->count,
           (long long)place->failed);
    write_times(tally, index);
    fputc('}', stdout);
}

static void write_statistics(mesh_workload *workload)
{
    static const char *const names[] = {
        "attempts",           "retries",
        "connections_opened", "handshakes_full",
        "handshakes_resumed", "handshakes_failed",
        "ejections",          "spans_exported",
        "spans_dropped",
    };

    fputs(", \"statistics\": {", stdout);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int64_t value = 0;

        mesh_workload_statistic(workload, names[i], &value, NULL);
        printf("%s\"%s\": %lld", i ? ", " : "", names[i], (long long)value);
    }
    fputc('}', stdout);
}

static void tell_json(const struct tally *tally, mesh_workload *workload,
                      int64_t elapsed_us)
{
    fputs(tally->count ? "\n ],\n \"summary\": {"
                       : "{\"requests\": [],\n \"summary\": {",
          stdout);
    printf("\"requests\": %lld, \"failed\": %lld, \"unreached\": %lld, "
           "\"attempts\": %lld, \"retried\": %lld, \"elapsed_ms\": %.3f",
           (long long)tally->count, (long long)tally->failed,
           (long long)tally->unreached, (long long)tally->attempts,
           (long long)tally->retried, (double)elapsed_us / 1000.0);
    write_times(tally, ALL_PLACES);
    write_kinds(tally);
    fputs(",\n  \"destinations\": [", stdout);
    for (size_t i = 0; i < tally->place_count; i++)
        write_place(tally, i);
    fputc(']', stdout);
    write_statistics(workload);
    fputs("}}\n", stdout);
}

void tally_tell(struct tally *tally, mesh_workload *workload,
                int64_t elapsed_us)
{
    if (tally->json)
        tell_json(tally, workload, elapsed_us);
    else
        tell_text(tally, elapsed_us);
}
