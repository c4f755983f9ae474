/*
 * annotations.h - Istio's annotations on Namespace, Service, Pod, Deployment.
 *
 * Inside lib/schema only.
 */
#ifndef MESH_SCHEMA_ANNOTATIONS_H
#define MESH_SCHEMA_ANNOTATIONS_H

#include "schema/table.h"

/*
 * Tell of those that are unknown, on the wrong kind, on their way out, or say
 * what they may not; of other kinds than these, nothing. metadata may be NULL.
 */
void mesh__judge_annotations(struct mesh_reader *reader,
                             const struct mesh_kind_info *info,
                             const struct mesh_yaml_node *metadata);

#endif
