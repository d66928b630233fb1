/* relay.h: what one other instance tells one reader of changes, of the partitions that it holds: its answer to the reader's own
 * request, asked for as peer.h says, event by event. On the pump's thread (changes.h) only. */
#ifndef WEIR_HTTP_RELAY_H
#define WEIR_HTTP_RELAY_H
#include "calls/http_stream.h"
#include "http/events.h"
#include "http/peer.h"

struct relay_request { /* lives as long as its relays */
    struct weir_http *server;
    struct http_streams *streams;
    weir_bytes target;     /* path and query, as the client wrote them */
    const char *id;        /* X-Request-Id */
    const char *principal; /* on whose behalf it is asked; NULL: nobody asks */
};

struct relay {
    struct relay *next;
    struct http_stream *stream;
    char *address;
    struct peer_partitions partitions; /* in the same memory as the relay */
    struct buffer text;                /* told, and not yet told on */
    size_t taken;                      /* of it */
    int64_t opened_us, heard_us;       /* 0: not yet */
    bool is_paused, is_too_large;
    bool is_found; /* the reader knows that somebody tells these partitions */
    bool has_told_rows;
    bool *has_news; /* of the reader: set when something comes */
};

/* last_id: where the reader is in these partitions; "": nowhere. NULL: it cannot be asked. */
struct relay *relay_open(const struct relay_request *, const char *address, struct peer_partitions, const char *last_id,
                         bool *has_news);
/* The next event; it lives until the next call. False: none for now. */
bool relay_next(struct relay *, struct event *);
/* Whether nothing more comes, or nothing has come for too long; what it has told is to be taken first. */
bool relay_is_over(const struct relay *, int64_t now_us);
void relay_close(struct relay *);
#endif
