/*
 * inside.h - between the files of yaml/.
 */
#ifndef MESH_YAML_INSIDE_H
#define MESH_YAML_INSIDE_H

#include "yaml/yaml.h"

/* Where it is, and what; text.len and NULL when all is well. */
size_t mesh__yaml_bad_character(struct mesh_slice text, const char **what);

#endif
