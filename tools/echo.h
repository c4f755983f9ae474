/*
 * echo.h - the answer of `lmesh serve`: what it saw.
 */
#ifndef LMESH_ECHO_H
#define LMESH_ECHO_H

#include "lmesh.h"

/* More of a request body is read, but not echoed. */
#define ECHO_BODY_MOST ((size_t)64 * 1024)

/*
 * Reads the request's body, and answers with status and a JSON object:
 * method, path, authority, headers, body, principal, workload, trace_id,
 * peer, protocol, cipher, request_id. workload is our own name.
 */
void echo_answer(mesh_exchange *exchange, const char *workload, int status);

#endif
