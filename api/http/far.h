/* far.h: rows of views that other instances have, for one query in SQL (struct sql_others): asked by scans (scan.c), all instances at once,
 * a page at a time. On the query's thread only. */
#ifndef WEIR_HTTP_FAR_H
#define WEIR_HTTP_FAR_H
#include "http/peer.h"
#include "sql/sql.h"

struct far_page;
struct far_position;

struct far { /* of one query; starts as {.request = …} */
    struct request *request;
    struct http_streams *streams;
    struct far_page *kept; /* the same question gets the same answer, while they fit into LIMIT_FAR_KEPT_BYTES */
    size_t kept_bytes, questions;
    struct far_position *positions;
};

/* The functions live as long as far. */
struct sql_others far_others(struct far *);
/* Appends the positions of what was read of the view, each behind a comma. */
void far_write_position(const struct far *, const weir_view *, struct buffer *);
void far_done(struct far *);
#endif
