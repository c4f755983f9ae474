/*
 * test.h - what the files of `lmesh test` share.
 *
 * A test file becomes a tree of nodes (test_yaml.c), which the tables of
 * test_keys.c check (test_check.c) and turn into cases (test_read.c). Each case
 * is asked of the engine (test_run.c), whose answer is a tree too
 * (test_json.c); the same tables compare both (test_judge.c), or many draws are
 * counted (test_draws.c), and what is missed is kept with the reasons
 * (test_why.c). What no case reaches is a miss too (test_reach.c). The rest is
 * telling (test_report.c, test_forms.c).
 */
#ifndef LMESH_TEST_H
#define LMESH_TEST_H

#include "lmesh.h"

/* --- trees: test_tree.c --- */

/* What lives as long as a file or an answer; freed as one. */
struct test_arena {
    struct test_block *blocks;
};

/* Zeroed; NULL when memory is out. */
void *test_alloc(struct test_arena *arena, size_t size);
char *test_copy(struct test_arena *arena, const char *data, size_t size);
char *test_format(struct test_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void test_arena_fini(struct test_arena *arena);

enum test_type {
    TEST_NULL,
    TEST_BOOL,
    TEST_NUMBER,
    TEST_STRING,
    TEST_LIST,
    TEST_MAP
};

struct test_node {
    enum test_type type;
    int line; /* from one; 0 in an answer of the engine */
    int column;
    const char *text; /* a scalar as it is written; "" for others          */
    size_t count;     /* items of a list, pairs of a map                   */
    size_t room;
    size_t whole; /* nodes of the tree, what aliases repeat counted each time */
    struct test_node **items; /* the values of a map                   */
    struct test_node **keys;  /* NULL for a list                       */
};

struct test_node *test_node_new(struct test_arena *arena, enum test_type type);

/* Adds an item, with its key to a map: 0, or -1 when memory is out. */
int test_node_add(struct test_arena *arena, struct test_node *node,
                  struct test_node *key, struct test_node *item);

/* The value of a key; NULL when node is NULL, no map, or without it. */
const struct test_node *test_node_find(const struct test_node *node,
                                       const char *key);

/* The text of a scalar under a key, "" when there is none. */
const char *test_node_text(const struct test_node *node, const char *key);

/* A scalar's number; 0 where it is none. */
int64_t test_node_whole(const struct test_node *node);
double test_node_real(const struct test_node *node);
int test_node_true(const struct test_node *node);

/* "a text", "a list" ... */
const char *test_type_name(enum test_type type);

/* A node in one line, as a person would write it; "none" for NULL. */
char *test_node_print(struct test_arena *arena, const struct test_node *node);

/* "ADDRESS:PORT" of an endpoint; NULL when memory is out. */
const char *test_address(struct test_arena *arena,
                         const struct test_node *endpoint);

/* --- files --- */

/* Where in the file: "cases[2].expect.retries". */
struct test_path {
    char text[256];
    size_t length;
};

/* Adds a piece, and gives what test_path_cut() takes it off with. */
size_t test_path_add(struct test_path *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void test_path_cut(struct test_path *path, size_t length);

/* Who decides: one workload's settings, shared by the cases that name it. */
struct test_place {
    const char *key; /* its settings in words */
    mesh_config *config;
    mesh_workload *workload; /* NULL: not made yet, or freed again */
    int status;              /* what lmesh ends with when it cannot be made */
    const char *message;     /* why */
};

enum test_status { TEST_PASSED, TEST_FAILED, TEST_ERROR };

/* One expectation that does not hold. */
struct test_miss {
    int line; /* of the expectation */
    int column;
    const char *path;
    const char *wanted;
    const char *found;
    const char *where; /* "FILE:LINE" of the policy that decided, or "" */
};

/* One step of the engine's reasons. */
struct test_step {
    int matched;
    const char *text; /* "FILE:LINE: what name: reason" */
};

struct test_case {
    const char *name;
    int line;
    int column;
    const struct test_sort *sort;
    struct test_place *place;
    int64_t seed;
    mesh_request *request;                /* of an outbound one, else NULL */
    mesh_attributes *attributes;          /* of an inbound one, else NULL  */
    const struct test_node *expect;       /* may be NULL          */
    const struct test_node *distribution; /* may be NULL          */
    int skipped;                          /* not selected         */

    /* what became of it */
    enum test_status status;
    int ends;            /* an error: what lmesh ends with for it         */
    const char *message; /* of an error                                   */
    const char *note;    /* shares that were found, or NULL               */
    const char *answer;  /* the explanation for people, or NULL           */
    int64_t us;
    size_t miss_count;
    size_t miss_room;
    struct test_miss *misses;
    size_t step_count;
    struct test_step *steps;
};

/* A line of the policy that decided something. */
struct test_reach {
    const char *file;
    int64_t line;
};

struct test_file {
    const char *path;
    struct test_arena arena;
    const char *policy;
    struct test_place **places;
    size_t place_count;
    struct test_case *cases;
    size_t case_count; /* there is room for one more */
    struct test_reach *reaches;
    size_t reach_count;
    int complaints;
    int unreached; /* it could not even be read                         */
    int asserting; /* what is expected is being checked: {} says nothing */
};

/* As many are told; more only count. */
enum { TEST_COMPLAINTS_MOST = 20 };

/*
 * Says FILE:LINE:COL: error: PATH: ..., and a note when hint is not NULL.
 */
void test_complain(struct test_file *file, const struct test_node *at,
                   const struct test_path *path, const char *hint,
                   const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Reads a YAML file into a tree: NULL when it has complained. */
struct test_node *test_yaml(struct test_file *file);

/* Reads what libmesh wrote; NULL when memory is out. */
struct test_node *test_json(struct test_arena *arena, const char *text);

/*
 * Reads and checks a file; policy, unless NULL, is taken instead of its own.
 * 0, or what lmesh ends with (already told). fini either way.
 */
int test_file_read(struct test_file *file, const char *path,
                   const char *policy);
void test_file_fini(struct test_file *file);

/* --- what may be written: test_keys.c --- */

enum test_kind {
    TEST_ANY,      /* looked at elsewhere                                   */
    TEST_TEXT,     /* a text                                                */
    TEST_MATCH,    /* a text, or one of exact, prefix, suffix, contains     */
    TEST_WORD,     /* one of words, in either case                          */
    TEST_WHOLE,    /* a whole number                                        */
    TEST_PERCENT,  /* a number, with or without %                           */
    TEST_TRUTH,    /* true or false                                         */
    TEST_DURATION, /* "1.5s"; the engine says milliseconds                  */
    TEST_TEXTS,    /* a list of texts, or one with commas; order is nothing */
    TEST_FIELDS,   /* a map of any names to texts, or null for none         */
    TEST_SHARES,   /* a map of any names to percents: 100 together          */
    TEST_EDITS,    /* set, add and remove of headers                        */
    TEST_OBJECT,   /* a map of the keys inside                              */
    TEST_ITEMS     /* a list of such                                        */
};

enum {
    TEST_NEEDED = 1,      /* may not be left out                             */
    TEST_OR_NULL = 2,     /* null says that there is none                    */
    TEST_SHORT = 4,       /* a text alone is the first key inside            */
    TEST_SOME = 8,        /* of a list: others may be there too              */
    TEST_NAMED = 16,      /* the engine says "outbound|PORT|SUBSET|HOST"     */
    TEST_RESOURCE = 32,   /* the engine adds " (FILE:LINE)"                  */
    TEST_ADDRESSED = 64,  /* the engine says address and port                */
    TEST_MANY = 128,      /* of fields: a list of texts is taken too         */
    TEST_NOT_EMPTY = 256, /* of a list: an empty one is no claim            */
    TEST_INDEX = 512      /* of a word: the engine says which, from zero    */
};

struct test_key {
    const char *name; /* NULL ends a table */
    enum test_kind kind;
    unsigned flags;
    const char *member; /* the engine's word for it; NULL: it has none, the
                           keys inside are members of the same object      */
    const struct test_key *inside;
    const char *words;   /* of a TEST_WORD: "allow deny reject"             */
    const char *step;    /* which of the engine's steps says where it is    */
    const char *verdict; /* expected along with it, unless one is written   */
};

extern const struct test_key test_file_key;     /* a whole file      */
extern const struct test_key test_outbound_key; /* expect            */
extern const struct test_key test_inbound_key;

/* The row of a table; NULL when there is none. */
const struct test_key *test_key_find(const struct test_key *keys,
                                     const char *name);

/* Complains of all that does not fit: 0, or -1. */
int test_check(struct test_file *file, const struct test_node *node,
               const struct test_key *key, struct test_path *path);

/* "1m30s", "1.5s" in milliseconds: 0, or -1. */
int test_duration(const char *text, int64_t *out_ms);

/* --- sorts of cases: test_run.c --- */

/* What a case asks; a table of them is test_sorts, ending with a NULL name. */
struct test_sort {
    const char *name;  /* the key that makes a case one                    */
    const char *whose; /* "from" or "to": the workload that decides        */
    int serves;        /* that workload is asked: policies select it       */
    int draws;         /* it has dice: a distribution can be asked for     */
    const struct test_key *expect;
    /* Makes the case ask what node says: 0, or -1 when it has complained. */
    int (*read)(struct test_file *file, struct test_case *test,
                const struct test_node *node, struct test_path *path);
    int (*decide)(const struct test_case *test, int64_t seed,
                  mesh_decision **out, mesh_error *error);
};

extern const struct test_sort test_sorts[];

/* test_ask.c: the readers. */
int test_read_request(struct test_file *file, struct test_case *test,
                      const struct test_node *node, struct test_path *path);
int test_read_inbound(struct test_file *file, struct test_case *test,
                      const struct test_node *node, struct test_path *path);

int test_read_connect(struct test_file *file, struct test_case *test,
                      const struct test_node *node, struct test_path *path);

/* The place of from or to, made once per file: NULL when it has complained. */
struct test_place *test_place_find(struct test_file *file,
                                   const struct test_node *node,
                                   struct test_path *path, int serves);

/* Runs every case that is selected. verbose keeps each explanation. */
void test_file_run(struct test_file *file, int verbose);

/* Compares an answer with what was expected; misses go to test. 0 or -1. */
int test_judge(struct test_file *file, struct test_case *test,
               const struct test_node *answer);

/* "FILE:LINE" of what says where it is written, "" of what does not; NULL when
 * memory is out. */
const char *test_place_of(struct test_file *file, const struct test_node *node);

/* Keeps the steps of an answer in test: 0, or -1 when memory is out. */
int test_keep_steps(struct test_file *file, struct test_case *test,
                    const struct test_node *answer);

/* Where the policy decided this, "FILE:LINE" or "": the last step of its kind
 * that matched, or the last of all. NULL when memory is out. */
const char *test_where(struct test_file *file, const struct test_node *answer,
                       const char *step);

/* Draws and counts: 0, or -1 when memory is out or test became an error. */
int test_draw(struct test_file *file, struct test_case *test);

/* Remembers what an answer reached: 0, or -1 when memory is out. */
int test_reach_take(struct test_file *file, const struct test_node *answer);

/*
 * Adds, for each policy, a case that fails for every rule that no case of any
 * file reached: 0, or what lmesh ends with (already told).
 */
int test_reach_all(struct test_file *files, size_t count);

/* Writes a miss down: 0, or -1 when memory is out. */
int test_miss(struct test_file *file, struct test_case *test,
              const struct test_node *at, const struct test_path *path,
              const char *wanted, const char *found, const char *where);

/* Makes it an error with a message; -1. */
int test_fault(struct test_file *file, struct test_case *test, int code,
               const mesh_error *error);

/* --- telling --- */

struct test_sums {
    size_t passed;
    size_t failed;
    size_t errors;
    int64_t us;
};

/* Everything on standard output: test_report.c and test_forms.c. */
void test_tell_text(const struct test_file *files, size_t count, int verbose);
void test_tell_tap(const struct test_file *files, size_t count, int verbose);
void test_tell_junit(const struct test_file *files, size_t count, int verbose);
void test_tell_json(const struct test_file *files, size_t count, int verbose);

void test_sum(const struct test_file *file, struct test_sums *sums);

#endif
