/*
 * keepalive.h - whether the system asks a silent peer if it is still there,
 * and how: what a policy says and a socket is told.
 */
#ifndef MESH_VALUE_KEEPALIVE_H
#define MESH_VALUE_KEEPALIVE_H

#include <stdbool.h>
#include <stdint.h>

struct mesh_keepalive {
    bool on;
    /* 0: as the system has it. */
    uint32_t idle_s;     /* before the first question */
    uint32_t interval_s; /* between two of them       */
    uint32_t probes;     /* without answer, and the connection is dead */
};

#endif
