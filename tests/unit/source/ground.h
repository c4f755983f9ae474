/*
 * ground.h - a directory of a test's own, and what lies in it: policy files
 * and identities.
 */
#ifndef MESH_TEST_GROUND_H
#define MESH_TEST_GROUND_H

#include <mesh/mesh.h>

#include <stddef.h>

enum { GROUND_PATH = 512 };

/* Set-up and tear-down of a cmocka test or group: one directory at a time. */
int ground_open(void **state);
int ground_close(void **state);

/* NAME in it, in a buffer of the caller's. */
const char *ground_path(char out[GROUND_PATH], const char *name);

/* These fail the running test when they cannot. */
void ground_directory(const char *name);
void ground_write(const char *name, const char *text);
void ground_link(const char *target, const char *name);
/* rename(2) within the directory. */
void ground_move(const char *from, const char *to);
void ground_remove(const char *name);
/* Permissions of a file, without its type. */
unsigned ground_mode(const char *name);
/* How many entries a directory has, "." and ".." left out. */
size_t ground_entries(const char *name);

/*
 * Directory OUT with a certificate of ACCOUNT in namespace "demo", of the CA
 * in "ca", which is made if it is missing.
 */
void ground_issue(const char *account, const char *out);

/*
 * Settings that hear of no environment: policy and identity are names in the
 * directory; NULL leaves one unset, identity NULL means offline.
 */
mesh_config *ground_config(const char *policy, const char *identity);

#endif
