/*
 * date.c - dates as HTTP writes them; no locale, no time zone, no clock.
 */
#include "value/date.h"

#include <stdio.h>

/* Eras of 400 years that begin in March, so that leap days end a year. */
struct mesh_civil mesh__civil_of(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct mesh_civil civil;

    civil.day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
    civil.month = (unsigned)(month < 10 ? month + 3 : month - 9);
    civil.year = (int)(year + era * 400 + (civil.month <= 2 ? 1 : 0));
    return civil;
}

void mesh__date_print(int64_t seconds, char out[MESH__DATE + 1])
{
    static const char *const days[] = { "Thu", "Fri", "Sat", "Sun",
                                        "Mon", "Tue", "Wed" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
                                          "May", "Jun", "Jul", "Aug",
                                          "Sep", "Oct", "Nov", "Dec" };
    int64_t last = INT64_C(253402300799); /* the year has four digits */
    struct mesh_civil civil;
    unsigned rest;

    if (seconds < 0)
        seconds = 0;
    if (seconds > last)
        seconds = last;
    civil = mesh__civil_of(seconds / 86400);
    rest = (unsigned)(seconds % 86400);
    (void)snprintf(out, MESH__DATE + 1, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                   days[seconds / 86400 % 7], civil.day % 100,
                   months[(civil.month - 1) % 12], (unsigned)civil.year % 10000,
                   rest / 3600, rest / 60 % 60, rest % 60);
}
