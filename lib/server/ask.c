/*
 * ask.c - what those who wait ask a server without moving it, and its end in
 * a forked child.
 */
#include "server/inside.h"

bool mesh__exchange_readable(const struct mesh_inbound_exchange *exchange)
{
    const struct mesh_connection *connection = exchange->connection;
    const struct mesh_stream *stream =
        connection ? mesh__serve_stream(connection) : NULL;

    return !stream || exchange->code != 0 || exchange->body_ended ||
           exchange->piece.len || !stream->drained ||
           stream->state != MESH__STREAM_READY;
}

size_t mesh__exchange_room(const struct mesh_inbound_exchange *exchange)
{
    return exchange->connection ? mesh__reply_room(exchange->connection) : 0;
}

size_t mesh__http_server_waiting(const struct mesh_http_server *server)
{
    size_t count = 0;

    for (const struct mesh_node *node = server->queue.next;
         node != &server->queue; node = node->next)
        count++;
    return count;
}

/* The child's copy of a descriptor; the peer sees nothing. */
static void close_copy(struct mesh_server_env *env, int fd)
{
    struct mesh_port *port = mesh__loop_port(env->link->loop);

    if (fd >= 0)
        port->ops->close(port, fd, false);
}

void mesh__http_server_forked(struct mesh_http_server *server)
{
    close_copy(server->env, server->door.fd);
    server->door.fd = -1;
    for (struct mesh_node *node = server->connections.next;
         node != &server->connections; node = node->next) {
        struct mesh_connection *connection =
            MESH__OF(node, struct mesh_connection, node);

        if (mesh__serve_stream(connection))
            close_copy(server->env, mesh__serve_stream(connection)->fd);
    }
}
