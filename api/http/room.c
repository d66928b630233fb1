/* room.c: see room.h. libmicrohttpd stops accepting at its own limit, so that a thousand idle connections would keep
 * everybody else out until they time out; it has LIMIT_SPARE_CONNECTIONS more than we keep.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/room.h"

#include <sys/socket.h>

#include "http/limits.h"
#include "http/server.h"

/* A request that has come but is not read yet must not be cut off. */
static bool has_unread(const struct connection *connection)
{
    char byte;
    return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static bool may_give_way(const struct connection *connection)
{
    enum request_phase phase = connection->request.phase;
    return !connection->request.at_admin_door && !connection->gives_way &&
           (phase == REQUEST_IDLE || phase == REQUEST_HEAD || phase == REQUEST_BODY);
}

static size_t count_kept(const struct weir_http *server)
{
    size_t count = 0;
    for (const struct connection *at = server->connections; at; at = at->next)
        count += !at->request.at_admin_door && !at->gives_way;
    return count;
}

void room_make(struct weir_http *server, const struct connection *newest)
{
    struct connection *chosen = NULL;
    if (atomic_load_explicit(&server->meter.connections, memory_order_relaxed) <= LIMIT_CONNECTIONS ||
        count_kept(server) <= LIMIT_CONNECTIONS)
        return;
    for (struct connection *at = server->connections; at; at = at->next)
        if (at != newest && may_give_way(at) && (!chosen || at->since_us < chosen->since_us))
            chosen = at;
    if (!chosen || (chosen->request.phase == REQUEST_IDLE && has_unread(chosen)))
        return; /* the next one that comes looks again */
    chosen->gives_way = true;
    meter_reject(&server->meter, METER_GAVE_WAY);
    shutdown(chosen->fd, SHUT_RDWR);
}
