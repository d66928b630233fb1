/* limits.h: every bound of the REST door in one place, with the arithmetic that relates them. */
#ifndef WEIR_HTTP_LIMITS_H
#define WEIR_HTTP_LIMITS_H

enum {
    LIMIT_CONNECTIONS = 1000,
    LIMIT_SPARE_CONNECTIONS = 200, /* that libmicrohttpd takes beyond, until others have given way (room.h) */
    LIMIT_ADMIN_CONNECTIONS = 16,  /* at the admin's door, which these are kept for */
    LIMIT_CONNECTIONS_PER_ADDRESS =
        50, /* the loopback addresses are exempt, for all local clients share one, and so are those of
                                        * instances that have shown their key: they carry the readers of others */
    LIMIT_REQUESTS_PER_CONNECTION = 10000,

    LIMIT_HEAD_BYTES = 16 * 1024, /* request line and headers */
    LIMIT_URI_BYTES = 8 * 1024,
    LIMIT_HEADERS = 100,
    LIMIT_BODY_BYTES = 1024 * 1024,
    LIMIT_SWALLOWED_BYTES = 4 * 1024 * 1024, /* of a chunked body that is too large, before we hang up on it */
    LIMIT_POOL_BYTES =
        25 * 1024, /* libmicrohttpd's per connection; it is zeroed for every request, so no more than needed */

    LIMIT_HEAD_MS = 10 * 1000, /* from the first byte of a head to its last */
    LIMIT_BODY_MS = 30 * 1000, /* the same for a body */
    LIMIT_SEND_MS = 60 * 1000, /* a client that does not read its answer */
    LIMIT_IDLE_MS = 75 * 1000, /* between two requests of a connection */
    LIMIT_SWEEP_MS = 500,      /* how often the deadlines are looked at */
    LIMIT_STOP_MS = 2 * 1000,  /* for answers under way when the server stops */

    LIMIT_SEGMENTS = 8,    /* of a path */
    LIMIT_PARAMETERS = 16, /* of a query */
    LIMIT_ROWS_DEFAULT = 100,
    LIMIT_ROWS = 10000,
    LIMIT_SKIPPED_ROWS = 10000,         /* in front of a page that is asked for by its number */
    LIMIT_SEARCHED_ROWS = 200 * 1000,   /* that a search looks at for one page, conditions beyond its index included */
    LIMIT_PAGE_BYTES = 8 * 1024 * 1024, /* a page ends early here, with a cursor */
    LIMIT_BATCH_KEYS = 1000,
    LIMIT_BATCH_RECORDS = 10000,
    LIMIT_WAIT_MS = 30 * 1000, /* of wait_ms */
    LIMIT_ANSWER_MS = 5000,    /* that a question waits for its answer, once it is written */
    LIMIT_ID_BYTES = 100,      /* of an Idempotency-Key */

    LIMIT_QUERIES = 2, /* of SQL at a time; more are answered 429 */
    LIMIT_QUERY_MS = 5 * 1000,
    LIMIT_QUERY_SCANNED_ROWS = 5 * 1000 * 1000,
    LIMIT_QUERY_MEMORY_BYTES = 64 * 1024 * 1024, /* of SQLite, all queries together, at most (memory.h) */
    LIMIT_QUERY_MEMORY_LEAST_BYTES = 4 * 1024 * 1024,
    LIMIT_FAR_KEPT_BYTES = 32 * 1024 * 1024, /* of what other instances have told a query */
    LIMIT_FAR_QUESTIONS = 5000,              /* that a query asks them */
    LIMIT_QUERY_NICE = 10,                   /* priority of the threads that run them: processing comes first */

    LIMIT_RATE_WINDOW_S = 60,      /* in which a rate limit fills up again */
    LIMIT_WRONG_CREDENTIALS = 300, /* of one address within that window */

    LIMIT_CHECK_EVERY_MS = 500,  /* how often each health check looks */
    LIMIT_CHECK_STALE_MS = 5000, /* one that has not come back for so long is down */

    LIMIT_WORKERS = 4,
    LIMIT_JOBS = 256,                   /* waiting for a worker; more are answered 503 */
    LIMIT_FOLLOWERS = 500,              /* readers of changes, of all connections */
    LIMIT_FOLLOW_MS = 10 * 60 * 1000,   /* so long one stays before it must come again: who asks is looked at once */
    LIMIT_HEARTBEAT_MS = 15 * 1000,     /* of a reader that is told nothing */
    LIMIT_FEED_BYTES = 4 * 1024 * 1024, /* of changes, per partition of a view that is followed */
    LIMIT_FEED_KEPT_MS = 60 * 1000,     /* after the last reader has left */
    LIMIT_LISTED = 256,                 /* views, topics, tasks, nodes, drops of one app that a listing shows at most */
    LIMIT_GZIP_LEAST_BYTES = 1400,      /* what fits into one packet gains nothing */
    LIMIT_GZIP_ON_LOOP_BYTES = 64 * 1024, /* a fifth of a millisecond of packing; more is left as it is there */
    LIMIT_RESPONSE_HEADERS = 16,
    LIMIT_KEPT_BYTES = 64 * 1024, /* what a connection keeps of its buffers between requests */
};

_Static_assert(LIMIT_URI_BYTES < LIMIT_HEAD_BYTES, "a URI is part of the head");
_Static_assert(LIMIT_POOL_BYTES >= LIMIT_HEAD_BYTES + LIMIT_HEADERS * 72 + 1536,
               "the pool holds a head, a record of 72 bytes per field, and the head of our answer");
_Static_assert(LIMIT_HEARTBEAT_MS < LIMIT_SEND_MS && LIMIT_FOLLOWERS < LIMIT_CONNECTIONS,
               "a reader that waits is not taken for one that does not read, and others get in beside them");
_Static_assert(LIMIT_BODY_BYTES < LIMIT_SWALLOWED_BYTES, "a body that is too large is answered before it is cut off");
#endif
