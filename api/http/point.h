/* point.h: what reading by key has in common. */
#ifndef WEIR_HTTP_POINT_H
#define WEIR_HTTP_POINT_H
#include "http/request.h"
#include "http/server.h"

/* NULL: the problem is set. */
const void *point_read_key(struct request *, const struct weir_view_info *, weir_bytes text);
/* Ends the request with the row as JSON. */
void point_write(struct request *, const struct server_view *, const struct weir_row *);
/* Why a key was not read, as a problem. */
void point_refuse(struct request *, const struct server_view *, const void *key, const struct weir_error *);
#endif
