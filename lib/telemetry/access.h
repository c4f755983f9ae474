/*
 * access.h - the two ways to write a line; each may leave half of it behind
 * when it fails, which mesh__access_line takes back.
 */
#ifndef MESH_TELEMETRY_ACCESS_H
#define MESH_TELEMETRY_ACCESS_H

#include "telemetry/facts.h"

int mesh__access_text(const struct mesh_facts *facts, const char *format,
                      struct mesh_buffer *out);

/* Istio's keys. */
int mesh__access_json(const struct mesh_facts *facts, struct mesh_buffer *out);

/*
 * A JSON object of one's own: operators in its texts are replaced, a text that
 * is one operator and nothing else becomes that operator's number, text or
 * null. 1 when format is no JSON object.
 */
int mesh__access_json_by(const struct mesh_facts *facts, const char *format,
                         struct mesh_buffer *out);

#endif
