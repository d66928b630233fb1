/* http_stream.h: answers of other instances that have no end of their own, any number of them, read by one thread, which does
 * all of this but http_streams_wake. Instances are reached as by http_call.h. */
#ifndef WEIR_CALLS_HTTP_STREAM_H
#define WEIR_CALLS_HTTP_STREAM_H
#include "calls/http_call.h"

struct http_stream;
struct http_streams;

struct http_stream_call {
    const char *address; /* host:port, [v6]:port */
    weir_bytes target;   /* path and query, encoded */
    const char *headers; /* lines with CR LF at their ends */
    int64_t connect_ms;  /* until there is a connection */
    const struct http_call_tls *tls;
    /* Takes the body of a 200 as it comes, from http_streams_wait or http_stream_go_on. False: not now; the same bytes come again
     * after http_stream_go_on, and the other instance has to wait. */
    bool (*take)(void *self, const void *data, size_t size);
    void *self;
};

struct http_streams *http_streams_new(void);   /* NULL: libcurl gives none */
void http_streams_done(struct http_streams *); /* NULL is fine; every stream is closed */
/* Moves what there is to be moved, and waits up to so long while there is nothing. */
void http_streams_wait(struct http_streams *, int timeout_ms);
void http_streams_wake(struct http_streams *); /* any thread: the wait ends, or the next one does */

/* NULL: WEIR_INVALID or WEIR_RETRY. What the call points to is copied, but for tls and self. */
struct http_stream *http_stream_open(struct http_streams *, const struct http_stream_call *, struct weir_error *);
void http_stream_go_on(struct http_stream *); /* take is called again */
/* Whether nothing more comes; then status (0: no answer) and, unless the other side just ended, why. The text lives as long as
 * the stream. */
bool http_stream_is_over(const struct http_stream *, unsigned *status, const char **why);
void http_stream_close(struct http_stream *); /* NULL is fine; not from take */
#endif
