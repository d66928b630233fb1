/* room.h: when all places of the door are taken, the connection that can best be missed gives way to whoever comes. */
#ifndef WEIR_HTTP_ROOM_H
#define WEIR_HTTP_ROOM_H
#include "http/connection.h"

/* Called when a connection has been opened. Where more than LIMIT_CONNECTIONS are open, it ends the one that we have been waiting for
 * longest: for a request, or for the rest of one; never one that is being answered. Loop's thread only. */
void room_make(struct weir_http *, const struct connection *newest);
#endif
