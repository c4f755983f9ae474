/*
 * talk.h - streams of bytes, for ports on which no HTTP is spoken.
 *
 * What is written on them is the player's affair: it is told what came, and
 * says what happens next.
 *
 *   stream ID TO data= give_up_ms=   connect to TO and write
 *   more ID                          read on
 *   give ID data=                    write, and read on
 *   end ID                           close
 *
 *   open id=                  a stream was accepted
 *   bytes id= data=           came on it: an order is due
 *   over id= code= message=   it ended, or was never one
 */
#ifndef TESTS_DIFFERENTIAL_TALK_H
#define TESTS_DIFFERENTIAL_TALK_H

#include "words.h"

#include <mesh/mesh.h>

struct talks;

/* NULL without memory. name begins the ids of accepted streams. */
struct talks *talks_new(mesh_workload *workload, const char *name);

/* Accept streams at "ADDRESS:PORT"; 0 or the error. */
int talks_listen(struct talks *talks, const char *at, mesh_error *error);

/* Is verb one of the above? Then it is done; line has the words behind. */
int talks_obey(struct talks *talks, const char *verb, char *line);

/* All streams end; returns when they have. */
void talks_free(struct talks *talks);

#endif
