/*
 * mark.h - where something was written, in 8 bytes.
 */
#ifndef MESH_BASE_MARK_H
#define MESH_BASE_MARK_H

#include <stdint.h>

/*
 * place is the index of a file (in yaml/) or of a resource in its collection
 * (everywhere else; the resource knows its file). line and column count from
 * 1; 0 is unknown; what does not fit is cut to the largest that does.
 */
struct mesh_mark {
    uint32_t place;
    uint32_t line : 21;
    uint32_t column : 11;
};

#endif
