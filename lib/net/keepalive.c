/*
 * keepalive.c - keep-alive of a kernel socket: what the policy names is set,
 * the rest stays as the system has it.
 */
#include "net/keepalive.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

static int set(int fd, int level, int name, uint32_t value)
{
    int given = value > INT_MAX ? INT_MAX : (int)value;

    return setsockopt(fd, level, name, &given, sizeof(given)) < 0 ? -errno : 0;
}

int mesh__keepalive_set(int fd, const struct mesh_keepalive *keepalive)
{
    const struct {
        int name;
        uint32_t value;
    } options[] = {
        { TCP_KEEPIDLE, keepalive->idle_s },
        { TCP_KEEPINTVL, keepalive->interval_s },
        { TCP_KEEPCNT, keepalive->probes },
    };
    int rc;

    if (!keepalive->on)
        return 0;
    rc = set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    for (size_t i = 0; rc == 0 && i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].value)
            rc = set(fd, IPPROTO_TCP, options[i].name, options[i].value);
    return rc;
}
