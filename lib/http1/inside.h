/*
 * inside.h - what the files of http1/ say to each other, and to nobody else.
 */
#ifndef MESH_HTTP1_INSIDE_H
#define MESH_HTTP1_INSIDE_H

#include "http1/http1.h"

/*
 * A verdict is an enum mesh_h1_refusal (MESH__H1_OK lets pass), or this.
 */
enum { MESH__H1_OUT_OF_MEMORY = MESH__H1_REFUSALS };

/* words.c: one of Envoy's fixed list of methods; case counts. */
bool mesh__h1_method_known(struct mesh_slice method);

/* words.c: names that frame a message or belong to one hop. */
bool mesh__h1_is_framing(enum mesh_header_id id);
/* words.c: names that may not stand in trailers: those, and what routes. */
bool mesh__h1_not_in_trailers(enum mesh_header_id id);

/*
 * line.c: is the syntax of one line right? Without its CRLF. Names are made
 * lower case in place. A verdict.
 */
int mesh__h1_check_request_line(struct mesh_slice line);
int mesh__h1_check_status_line(struct mesh_slice line);
int mesh__h1_check_header_line(char *line, size_t len);

struct mesh_h1_request_line {
    struct mesh_slice method;
    struct mesh_slice target;
    struct mesh_slice version;
};

/* line.c: false unless there are two blanks, the first and the last. */
bool mesh__h1_split_request_line(struct mesh_slice line,
                                 struct mesh_h1_request_line *out);
/* line.c: a checked line apart; value trimmed. */
void mesh__h1_split_header_line(struct mesh_slice line, struct mesh_slice *name,
                                struct mesh_slice *value);

/* target.c: authority and path from a request target. A verdict. */
int mesh__h1_read_target(struct mesh_head *head, struct mesh_arena *arena,
                         struct mesh_slice target);

/* message.c: checked lines to parser->head or parser->trailers. A verdict. */
int mesh__h1_read_head(struct mesh_h1_parser *parser);
int mesh__h1_read_trailers(struct mesh_h1_parser *parser);

#endif
