/*
 * sockaddr.c - addresses as the kernel takes and gives them.
 */
#include "net/sockaddr.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

socklen_t mesh__sockaddr_of(const struct mesh_address *address,
                            struct sockaddr_storage *out)
{
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;

    memset(out, 0, sizeof(*out));
    if (address->family == 4) {
        four->sin_family = AF_INET;
        four->sin_port = htons(address->port);
        memcpy(&four->sin_addr, address->ip, 4);
        return sizeof(*four);
    }
    if (address->family == 6) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(address->port);
        memcpy(&six->sin6_addr, address->ip, 16);
        return sizeof(*six);
    }
    return 0;
}

void mesh__sockaddr_read(const struct sockaddr_storage *in,
                         struct mesh_address *out)
{
    const struct sockaddr_in *four = (const void *)in;
    const struct sockaddr_in6 *six = (const void *)in;

    *out = (struct mesh_address){ 0 };
    if (in->ss_family == AF_INET) {
        out->family = 4;
        out->port = ntohs(four->sin_port);
        memcpy(out->ip, &four->sin_addr, 4);
    } else if (in->ss_family == AF_INET6) {
        bool mapped = IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);

        out->family = mapped ? 4 : 6;
        out->port = ntohs(six->sin6_port);
        if (mapped)
            memcpy(out->ip, &six->sin6_addr.s6_addr[12], 4);
        else
            memcpy(out->ip, &six->sin6_addr, 16);
    }
}
