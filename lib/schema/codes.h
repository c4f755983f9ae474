/*
 * codes.h - the codes of findings that this floor makes, one line each.
 *
 * Istio's own IST code where the meaning is the same, LM codes otherwise. A
 * number is never used again for something else. Those of policy/ follow in
 * its own header.
 */
#ifndef MESH_SCHEMA_CODES_H
#define MESH_SCHEMA_CODES_H

/* What Istio's schema or webhook rejects as well. */
#define MESH__CODE_INVALID "IST0106"

/* An annotation of Istio's on a kind where it means nothing. */
#define MESH__CODE_MISPLACED_ANNOTATION "IST0107"
/* An annotation in Istio's name that Istio does not know. */
#define MESH__CODE_UNKNOWN_ANNOTATION "IST0108"
/* An annotation that says what it may not. */
#define MESH__CODE_BAD_ANNOTATION "IST0125"
/* An annotation on its way out. */
#define MESH__CODE_OLD_ANNOTATION "IST0135"

/* The text is no YAML, or holds a key twice. */
#define MESH__CODE_SYNTAX "LM0001"
/* A field that the kind does not have. */
#define MESH__CODE_UNKNOWN_FIELD "LM0002"
/* A field, value or resource that has no effect here, and why. */
#define MESH__CODE_NOTED "LM0003"
/* Valid for Istio; leaving it out could let something through: not loaded. */
#define MESH__CODE_REFUSED "LM0004"
/* kind or apiVersion: missing, misspelt, or of a version that never was. */
#define MESH__CODE_UNKNOWN_KIND "LM0005"
/* A bound on bytes, documents, nodes, aliases, depth or list length. */
#define MESH__CODE_LIMIT "LM0006"
/* The same kind, namespace and name again: the later one counts. */
#define MESH__CODE_REPLACED "LM0007"
/* Istio accepts it with a warning. */
#define MESH__CODE_WARNING "LM0008"

#endif
