/*
 * actions.h - what a rule does with a request beside sending it somewhere;
 * a piece of the snapshot, in the arena of its part.
 *
 * A rule without any of it has none of these structures. What is drawn has its
 * share in millionths, as Envoy counts a percentage.
 */
#ifndef MESH_POLICY_ACTIONS_H
#define MESH_POLICY_ACTIONS_H

#include "base/mark.h"
#include "base/slice.h"
#include "value/head.h"
#include "value/match.h"
#include "value/replace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mesh_destination;

enum {
    MESH__SHARE_ALL = 1000000,
    MESH__DIRECT_BODY = 1024 * 1024 /* of a directResponse (Istio's bound) */
};

/* --- header edits --- */

/* Envoy's operators that a header's value may have; the rest is refused. */
enum mesh_piece_kind {
    MESH__PIECE_TEXT,
    MESH__PIECE_REQUEST,  /* REQ(name?other)                          */
    MESH__PIECE_RESPONSE, /* RESP(name?other)                         */
    MESH__PIECE_PROTOCOL,
    MESH__PIECE_REMOTE_IP, /* the last of x-forwarded-for, else ...    */
    MESH__PIECE_DIRECT_IP, /* the caller's: our own                    */
    MESH__PIECE_ROUTE_NAME,
    MESH__PIECE_CLUSTER
};

struct mesh_piece {
    enum mesh_piece_kind kind;
    struct mesh_slice text;  /* itself, or a header's name, lower case    */
    struct mesh_slice other; /* the name where the first is absent; ""    */
};

struct mesh_edit {
    enum mesh_edit_kind kind;
    struct mesh_slice name; /* lower case */
    struct mesh_piece *pieces;
    size_t piece_count;
};

/* In the order in which they are made: removals, sets, adds. */
struct mesh_edits {
    struct mesh_edit *items;
    size_t count;
};

/* Of the rule, or of one of several destinations. */
struct mesh_head_edits {
    struct mesh_edits request;
    struct mesh_edits response;
    struct mesh_slice authority; /* instead of the request's; "": kept */
};

/* --- paths --- */

enum mesh_rewrite_kind {
    MESH__REWRITE_NONE,
    MESH__REWRITE_PREFIX, /* the first cut bytes      */
    MESH__REWRITE_WHOLE,  /* all but the query        */
    MESH__REWRITE_REGEX   /* wherever it fits, but in the query */
};

struct mesh_rewrite {
    enum mesh_rewrite_kind kind;
    size_t cut;
    struct mesh_slice to; /* of the first two */
    const struct mesh_replace *replace;
};

/* --- answers that no server gives --- */

struct mesh_redirect {
    unsigned status;
    struct mesh_slice scheme;    /* "": the request's                  */
    struct mesh_slice authority; /* "": the request's                  */
    uint16_t port;               /* 0: as the authority has it         */
    struct mesh_slice path;      /* "": the request's                  */
    struct mesh_rewrite rewrite; /* of the request's path              */
};

struct mesh_direct {
    unsigned status;
    struct mesh_slice body;
};

struct mesh_fault {
    uint32_t delay_share;
    uint64_t delay_ns;
    uint32_t abort_share;
    unsigned abort_status;  /* 0: by grpc-status                 */
    const char *abort_grpc; /* "14", or NULL                     */
    struct mesh_mark mark;
};

struct mesh_cors {
    struct mesh_match *origins;
    size_t origin_count;
    struct mesh_slice methods; /* header values; "": not said       */
    struct mesh_slice headers;
    struct mesh_slice expose;
    struct mesh_slice max_age;
    bool credentials;
    bool keeps_unmatched; /* preflights of others are answered here */
};

/* --- copies --- */

struct mesh_mirror {
    const struct mesh_destination *destination; /* NULL: not known */
    const char *missing;                        /* then: what was asked for */
    uint32_t share;
    struct mesh_mark mark;
};

/* --- all of it --- */

struct mesh_actions {
    struct mesh_head_edits edits;
    struct mesh_rewrite rewrite;
    const struct mesh_redirect *redirect; /* or NULL, as the next three */
    const struct mesh_direct *direct;
    const struct mesh_fault *fault;
    const struct mesh_cors *cors;
    struct mesh_mirror *mirrors;
    size_t mirror_count;
};

#endif
