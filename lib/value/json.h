/*
 * json.h - a JSON text, taken apart piece by piece (RFC 8259).
 *
 * Nothing is built: a value is a slice of the text that holds it, checked when
 * it is taken. Objects keep their members in the order written, repeated ones
 * too. What the members mean is the caller's to know.
 */
#ifndef MESH_VALUE_JSON_H
#define MESH_VALUE_JSON_H

#include "base/slice.h"

#include <stdbool.h>

enum { MESH__JSON_DEPTH = 200 }; /* deeper ones are not taken */

/*
 * The value that the text begins with; what follows it is left alone. False
 * when there is none.
 */
bool mesh__json_first(struct mesh_slice text, struct mesh_slice *value);

/* By the first letter of a value. */
bool mesh__json_is_object(struct mesh_slice value);
bool mesh__json_is_array(struct mesh_slice value);
bool mesh__json_is_string(struct mesh_slice value);
bool mesh__json_is_null(struct mesh_slice value);

/*
 * The next member of an object, or item of an array. *rest begins as the value
 * itself and is moved behind what was taken; false when there is no more. key
 * is a string value with its quotes.
 */
bool mesh__json_member(struct mesh_slice *rest, struct mesh_slice *key,
                       struct mesh_slice *value);
bool mesh__json_item(struct mesh_slice *rest, struct mesh_slice *value);

/*
 * What a string value says, without quotes and escapes, into out, which has
 * room for string.len bytes. Half a surrogate pair becomes U+FFFD.
 */
struct mesh_slice mesh__json_unescape(struct mesh_slice string, char *out);

#endif
