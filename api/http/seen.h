/* seen.h: views and types as the one who asks may see them. Handlers look views up here and nowhere else. */
#ifndef WEIR_HTTP_SEEN_H
#define WEIR_HTTP_SEEN_H
#include "http/request.h"
#include "http/server.h"

/* NULL: the request is answered, with 403 or 404 or why the view cannot be opened. Its types lack what is hidden. Any thread
 * that has the request; lives as long as the request. */
const struct server_view *seen_find(struct request *, weir_bytes name);
bool seen_may(const struct request *, const char *view);
/* The type of a view's values without what is hidden, in the request's arena. */
const struct weir_type *seen_type(struct request *, const char *view, const struct weir_type *);
#endif
