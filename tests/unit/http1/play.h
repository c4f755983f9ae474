/*
 * play.h - tell what the parser says about some bytes, in words.
 *
 *   GET /p @host {a=b} length 3 keep   a head (request)
 *   200 {a=b} close last               a head (response); last: not kept
 *   ~100 {}                            an interim head
 *   "abc"                              body bytes, pieces put together
 *   +{a=b}                             trailers
 *   .                                  the end
 *   ?                                  more is needed
 *   !bad_target                        refused
 *   #                                  no memory
 */
#ifndef TEST_HTTP1_PLAY_H
#define TEST_HTTP1_PLAY_H

#include "http1/http1.h"

enum { PLAY_CEILING = 1 << 22 };

struct play {
    enum mesh_h1_role role;
    const char *method;                  /* that responses answer     */
    const struct mesh_h1_limits *limits; /* NULL: the defaults        */
    bool end;                            /* the stream ends behind it */
};

/*
 * Feed input in pieces of size (0: whole), each in a block of its own so that
 * ASan sees who reads beyond. Requests follow each other; of responses there
 * is one. The words go to out as text.
 */
void play(const struct play *play, struct mesh_slice input, size_t size,
          struct mesh_buffer *out);

/* Whole, in sevens and in single bytes: the same words each time. */
void play_expect(const char *claim, const struct play *play,
                 struct mesh_slice input, const char *expected);

#endif
