/*
 * lmesh.h - what the verbs of lmesh share.
 *
 * lmesh includes nothing of libmesh but <mesh/...>: it proves that the public
 * interface is complete.
 */
#ifndef LMESH_H
#define LMESH_H

#include <mesh/mesh.h>

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

/* What lmesh ends with. */
enum {
    LMESH_FINE = 0,
    LMESH_FINDINGS = 1, /* findings, a refusal, an answer of 400 and above */
    LMESH_USAGE = 2,
    LMESH_UNREACHED = 3 /* a file, a peer or this machine did not give it  */
};

/* One verb. argv[0] is its name; the result is what lmesh ends with. */
struct lmesh_verb {
    const char *name;
    const char *summary; /* half a line, for `lmesh help`          */
    const char *usage;   /* the whole page, for `lmesh help VERB`  */
    int (*run)(int argc, char **argv);
};

extern const struct lmesh_verb lmesh_analyze;
extern const struct lmesh_verb lmesh_coverage;
extern const struct lmesh_verb lmesh_explain;
extern const struct lmesh_verb lmesh_authz;
extern const struct lmesh_verb lmesh_test;
extern const struct lmesh_verb lmesh_call;
extern const struct lmesh_verb lmesh_serve;
extern const struct lmesh_verb lmesh_ca;
extern const struct lmesh_verb lmesh_trace;
extern const struct lmesh_verb lmesh_spiffe;

/* --- options: options.c --- */

/* Numbers of long options; those of a verb's own start at LMESH_OWN. */
enum {
    LMESH_POLICY = 256,
    LMESH_IDENTITY,
    LMESH_NAMESPACE,
    LMESH_SERVICE_ACCOUNT,
    LMESH_LABELS,
    LMESH_TRUST_DOMAIN,
    LMESH_ADDRESS,
    LMESH_LOCALITY,
    LMESH_ACCESS_LOG,
    LMESH_OTLP,
    LMESH_OWN
};

/* The settings of an offline workload, as rows of a getopt_long(3) table. */
#define LMESH_OFFLINE_SETTINGS                                                 \
    { "policy", required_argument, NULL, LMESH_POLICY },                       \
        { "namespace", required_argument, NULL, LMESH_NAMESPACE },             \
        { "labels", required_argument, NULL, LMESH_LABELS },                   \
        { "trust-domain", required_argument, NULL, LMESH_TRUST_DOMAIN },       \
        { "address", required_argument, NULL, LMESH_ADDRESS },                 \
        { "locality", required_argument, NULL, LMESH_LOCALITY },               \
    {                                                                          \
        "service-account", required_argument, NULL, LMESH_SERVICE_ACCOUNT      \
    }

/* Those, and the settings of one that talks. */
#define LMESH_SETTINGS                                                         \
    LMESH_OFFLINE_SETTINGS,                                                    \
        { "identity", required_argument, NULL, LMESH_IDENTITY },               \
        { "access-log", required_argument, NULL, LMESH_ACCESS_LOG },           \
    {                                                                          \
        "otlp", required_argument, NULL, LMESH_OTLP                            \
    }

#define LMESH_OPTIONS_END                                                      \
    {                                                                          \
        NULL, 0, NULL, 0                                                       \
    }

/* A walk over the options of a verb. */
struct lmesh_options {
    int argc;
    char **argv;
    const char *shorts;         /* with "o:"; starts with "+" or not          */
    const struct option *longs; /* ends with LMESH_OPTIONS_END                */
    mesh_config *config; /* takes the settings; NULL: the verb has none */
    int placed;          /* out: labels or an address were given */
    const char *forms;   /* what -o takes besides text and json: "sarif" */
    int json;            /* out: -o json was given                     */
    const char *form;    /* out: which of forms was given, or NULL     */
    int failed;          /* out: what lmesh ends with, 0 for none      */
};

/*
 * The next option of the verb's own: its number, or -1 at the end or after a
 * failure (options->failed; already told). Settings and -o are taken on the
 * way. optarg and optind are getopt's.
 */
int lmesh_option_next(struct lmesh_options *options);

/*
 * For verbs that only send: a workload that says nothing of its labels has
 * none. One that serves must say, because policies select by them. 0, or a
 * code.
 */
int lmesh_client_labels(const struct lmesh_options *options);

/* Says "lmesh VERB: ..." and where the usage is; LMESH_USAGE. */
int lmesh_misuse(const char *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether people look at standard output, and want colours. */
int lmesh_has_colours(void);

/* A whole decimal number in [least, most]: 0, or -1. */
int lmesh_number(const char *text, int64_t least, int64_t most, int64_t *out);

/* What lmesh ends with for this code. */
int lmesh_status(int code);

/* Says what failed on standard error; what lmesh ends with for this code. */
int lmesh_failed(const char *verb, int code, const mesh_error *error);

/* --- requests: request.c --- */

/* More header lines than any server of the mesh takes. */
#define LMESH_HEADERS_MOST 100

/* What -X, -H and -d said. The texts are borrowed from argv. */
struct lmesh_wish {
    const char *method; /* NULL: GET, or POST with a body */
    const char *body;   /* NULL: none; "@FILE" is a file  */
    const char *headers[LMESH_HEADERS_MOST];
    size_t header_count;
};

/* Takes option X, H or d: 1, 0 when it is another one, -1 for one too many. */
int lmesh_wish_take(struct lmesh_wish *wish, int option, const char *value);

const char *lmesh_wish_method(const struct lmesh_wish *wish);

/*
 * Splits "name: value". *name is the caller's, for free(); *value points into
 * line and is NULL for "name:" (known to be absent). 0, or -1.
 */
int lmesh_header_split(const char *line, char **name, const char **value);

/* The wish as a request: 0, or what lmesh ends with (already told). */
int lmesh_wish_request(const struct lmesh_wish *wish, const char *verb,
                       const char *url, mesh_request **out);

/* --- JSON: json.c --- */

/* Length of the UTF-8 sequence at the start of data, 0 when it is none. */
size_t lmesh_utf8_length(const unsigned char *data, size_t size);

/* A string literal. Bytes that are no UTF-8 become U+FFFD. */
void lmesh_json_bytes(FILE *out, const char *data, size_t size);
void lmesh_json_string(FILE *out, const char *text);

/* `"name": "text"`, after a comma unless it is the first. */
void lmesh_json_member(FILE *out, const char *name, const char *text,
                       int first);

/* More members than any object that libmesh writes has. */
#define LMESH_MEMBERS_MOST 24

/* A flat JSON object of strings, numbers, booleans and nulls. */
struct lmesh_object {
    size_t count;
    char *names[LMESH_MEMBERS_MOST];
    char *values[LMESH_MEMBERS_MOST]; /* as a person writes them */
};

/*
 * Reads one flat object from *text, which moves behind it, decoding its texts
 * in place: 0, or -1 when there is none. Trusts libmesh to write JSON, not
 * more.
 */
int lmesh_object_read(char **text, struct lmesh_object *out);

/* The value of a member, "" when there is none. */
const char *lmesh_object_get(const struct lmesh_object *object,
                             const char *name);

/* Says "name: value" line by line; empty values are left out. */
void lmesh_object_print(FILE *out, const struct lmesh_object *object);

/* --- workloads: run.c --- */

/* One that only decides: 0, or what lmesh ends with (already told). */
int lmesh_offline(const char *verb, mesh_config *config, mesh_workload **out);

/* Tells on standard error what happened by itself since last time. */
void lmesh_tell_events(mesh_workload *workload);

/* Monotonic, in microseconds. */
int64_t lmesh_now_us(void);

#endif
