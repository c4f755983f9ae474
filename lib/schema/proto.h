/*
 * proto.h - values as protobuf's JSON has them: the mesh's own config.
 *
 * Inside lib/schema only.
 */
#ifndef MESH_SCHEMA_PROTO_H
#define MESH_SCHEMA_PROTO_H

#include "schema/table.h"

/* Is text the snake_case spelling of a field's name? */
bool mesh__snake_equal(struct mesh_slice text, const char *name);

/*
 * Give the fields of a mapping their names in camelCase, so that whoever looks
 * for one finds it. One that has both spellings keeps both.
 */
void mesh__proto_names(const struct mesh_message *message,
                       const struct mesh_yaml_node *node);

/*
 * A number, in quotes or not; false when it is none or does not fit the type.
 * An unsigned one that is beyond int64_t reads as INT64_MAX.
 */
bool mesh__proto_whole(const struct mesh_yaml_node *node, enum mesh_type type,
                       int64_t *out);
/* "NaN" and the infinities read as 0. */
bool mesh__proto_double(const struct mesh_yaml_node *node, double *out);

/* By name, and in proto by number as well; NULL when there is none such. */
const struct mesh_value *mesh__find_value(const struct mesh_value *values,
                                          const struct mesh_yaml_node *node,
                                          bool proto);

/* Of a mesh config: of one value, and of the fields of a message. */
void mesh__check_address(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node);
void mesh__check_some_address(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node);
void mesh__check_whole_ms(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node);
void mesh__check_whole_seconds(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node);
void mesh__check_not_negative(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node);
void mesh__check_key_provider(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node, void *into);
void mesh__check_tracing(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into);
void mesh__check_default_config(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into);

#endif
