/*
 * echo.c - what a request looked like to the server, as JSON.
 */
#include "echo.h"

#include <stdlib.h>

/* A peer that sends nothing for so long is given up. */
#define BODY_IDLE_MS 30000

/* The body's first ECHO_BODY_MOST bytes: how many, or -1 when it broke off. */
static int64_t read_body(mesh_exchange *exchange, char *data)
{
    char rest[4096];
    size_t size = 0;
    size_t got;

    do {
        int full = size == ECHO_BODY_MOST;
        int rc = mesh_exchange_read(exchange, full ? rest : data + size,
                                    full ? sizeof(rest) : ECHO_BODY_MOST - size,
                                    BODY_IDLE_MS, &got, NULL);

        if (rc < 0)
            return -1;
        if (!full)
            size += got;
    } while (got);
    return (int64_t)size;
}

static void write_headers(FILE *out, const mesh_exchange *exchange)
{
    size_t count = mesh_exchange_header_count(exchange);

    fputs(", \"headers\": [", out);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ", [" : "[", out);
        lmesh_json_string(out, mesh_exchange_header_name(exchange, i));
        fputs(", ", out);
        lmesh_json_string(out, mesh_exchange_header_value(exchange, i));
        fputc(']', out);
    }
    fputc(']', out);
}

static void write_echo(FILE *out, const mesh_exchange *exchange,
                       const char *workload, const char *body, size_t size)
{
    static const struct {
        const char *name;
        int what;
    } texts[] = {
        { "method", MESH_EXCHANGE_METHOD },
        { "path", MESH_EXCHANGE_PATH },
        { "authority", MESH_EXCHANGE_AUTHORITY },
        { "principal", MESH_EXCHANGE_PRINCIPAL },
        { "trace_id", MESH_EXCHANGE_TRACE_ID },
        { "request_id", MESH_EXCHANGE_REQUEST_ID },
        { "peer", MESH_EXCHANGE_PEER },
        { "protocol", MESH_EXCHANGE_PROTOCOL },
        { "cipher", MESH_EXCHANGE_CIPHER },
        { "sni", MESH_EXCHANGE_SNI },
    };

    fputc('{', out);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        lmesh_json_member(out, texts[i].name,
                          mesh_exchange_text(exchange, texts[i].what), !i);
    lmesh_json_member(out, "workload", workload, 0);
    write_headers(out, exchange);
    fputs(", \"body\": ", out);
    lmesh_json_bytes(out, body, size);
    fputs("}\n", out);
}

void echo_answer(mesh_exchange *exchange, const char *workload, int status)
{
    char *body = malloc(ECHO_BODY_MOST);
    int64_t size = body ? read_body(exchange, body) : -1;
    char *text = NULL;
    size_t length = 0;
    FILE *out = size >= 0 ? open_memstream(&text, &length) : NULL;

    /* unanswered, it becomes the 503 of an application that resets */
    if (out) {
        write_echo(out, exchange, workload, body, (size_t)size);
        if (!fclose(out)) {
            mesh_exchange_add_header(exchange, "content-type",
                                     "application/json", NULL);
            mesh_exchange_respond(exchange, status, text, length, NULL);
        }
    }
    free(text);
    free(body);
}
