/*
 * date.h - dates as HTTP writes them (RFC 9110 section 5.6.7, IMF-fixdate).
 */
#ifndef MESH_VALUE_DATE_H
#define MESH_VALUE_DATE_H

#include <stdint.h>

enum { MESH__DATE = 29 };

/* "Sun, 06 Nov 1994 08:49:37 GMT" and NUL, for seconds since 1970 (>= 0). */
void mesh__date_print(int64_t seconds, char out[MESH__DATE + 1]);

/* Civil date of a day since 1970-01-01 in the Gregorian calendar. */
struct mesh_civil {
    int year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
};
struct mesh_civil mesh__civil_of(int64_t day);

#endif
