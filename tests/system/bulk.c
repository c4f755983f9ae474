/*
 * bulk.c - one body of any size up (`up`) or down (`down`), and what the
 * process's memory did meanwhile.
 *
 * A small body of the same kind goes first, so that everything that is made
 * once is made. Then the high-water mark of the resident set is set back to
 * what is resident, and read again at the end.
 */
#include "actor.h"

#include <stdlib.h>
#include <string.h>

enum { WARM_BYTES = 4 << 20 };

static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "we");

    if (file) {
        (void)fputs("5", file);
        fclose(file);
    }
}

/* What moved, and what the server said of it. */
struct bulk {
    int64_t bytes;
    uint64_t sum;
    char body[64];
};

static int wait_for(mesh_call *call, int wanted, mesh_error *error)
{
    for (;;) {
        int news = mesh_call_wait(call, PATIENCE_MS, error);

        if (news < 0 || news == wanted || news == MESH_CALL_DONE)
            return news;
    }
}

/* All of the body, as fast as it is taken. */
static int push(mesh_call *call, int64_t bytes, struct bulk *bulk,
                mesh_error *error)
{
    unsigned char data[PIECE];
    int rc = 0;

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 7);
    while (rc >= 0 && bulk->bytes < bytes) {
        size_t written = 0;
        int64_t left = bytes - bulk->bytes;

        rc = mesh_call_write(call, data, left < PIECE ? (size_t)left : PIECE,
                             &written, error);
        for (size_t i = 0; i < written; i++)
            bulk->sum += data[i];
        bulk->bytes += (int64_t)written;
        if (rc == MESH_ERR_WOULD_BLOCK) {
            rc = wait_for(call, MESH_CALL_WRITABLE, error);
            if (rc == MESH_CALL_DONE)
                rc = mesh_call_code(call);
        }
    }
    return rc < 0 ? rc : mesh_call_end(call, error);
}

/* All of the answer; of a short one the text is kept. */
static int pull(mesh_call *call, struct bulk *bulk, int count,
                mesh_error *error)
{
    unsigned char data[PIECE];
    size_t got = 1;
    int rc = wait_for(call, MESH_CALL_BODY, error);

    while (rc >= 0 && got) {
        rc = mesh_call_read(call, data, sizeof(data), &got, error);
        if (rc == MESH_ERR_WOULD_BLOCK) {
            got = 1;
            rc = wait_for(call, MESH_CALL_BODY, error);
            continue;
        }
        if (rc < 0 || !got)
            break;
        if (got < sizeof(bulk->body))
            memcpy(bulk->body, data, got);
        for (size_t i = 0; count && i < got; i++)
            bulk->sum += data[i];
        bulk->bytes += count ? (int64_t)got : 0;
    }
    if (rc >= 0)
        rc = wait_for(call, MESH_CALL_DONE, error);
    return rc < 0 ? rc : mesh_call_code(call);
}

static int move(struct actor *actor, const char *url, int64_t bytes, int up,
                struct bulk *bulk)
{
    mesh_request *request = NULL;
    mesh_call *call = NULL;
    mesh_error *error = actor->error;
    char full[512];
    int rc;

    *bulk = (struct bulk){ 0 };
    (void)snprintf(full, sizeof(full), "%s?%lld", url, (long long)bytes);
    rc = mesh_request_new(up ? "POST" : "GET", full, &request, error);
    if (rc == 0 && up)
        rc = mesh_request_set_streamed(request, bytes, error);
    if (rc == 0)
        rc = mesh_call_new(actor->workload, NULL, request, &call, error);
    if (rc == 0)
        rc = mesh_call_start(call, error);
    if (rc == 0 && up)
        rc = push(call, bytes, bulk, error);
    if (rc >= 0)
        rc = pull(call, bulk, !up, error);
    if (rc < 0)
        fprintf(stderr, "actor: after %lld bytes: %s: %s\n",
                (long long)bulk->bytes, mesh_error_name(rc),
                call ? mesh_call_message(call) : "");
    mesh_call_free(call);
    mesh_request_free(request);
    return rc;
}

static int carry(struct actor *actor, char **argv, int up)
{
    struct bulk bulk;
    int64_t before;

    if (move(actor, argv[0], WARM_BYTES, up, &bulk) < 0)
        return act_failed(actor, "warm-up");
    printf("{\"warm\": %lld}\n", (long long)bulk.bytes);
    fflush(stdout);
    if (getchar() != '\n')
        return 1;
    forget_peak();
    before = act_status("VmRSS:");
    if (move(actor, argv[0], strtoll(argv[1], NULL, 10), up, &bulk) < 0)
        return act_failed(actor, "body");
    bulk.body[strcspn(bulk.body, "\n")] = '\0';
    printf("{\"bytes\": %lld, \"sum\": %llu, \"body\": \"%s\", "
           "\"grown_kib\": %lld}\n",
           (long long)bulk.bytes, (unsigned long long)bulk.sum,
           up ? bulk.body : "", (long long)(act_status("VmHWM:") - before));
    return 0;
}

int act_up(struct actor *actor, char **argv)
{
    return carry(actor, argv, 1);
}

int act_down(struct actor *actor, char **argv)
{
    return carry(actor, argv, 0);
}
