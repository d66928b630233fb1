/* changes.h: GET /v1/views/{view}/changes: any number of readers of the changes of views (follower.h), and one thread that writes
 * what they are told, the pump. It also reads what other instances tell of the partitions that are not here (relay.h).
 *
 * A reader is a connection that libmicrohttpd has suspended while there is nothing to send. Whenever a commit has changed a view
 * that is followed, another instance has told something, or a reader has sent all it had, the pump fills the buffers that are empty and resumes their connections. A
 * reader that does not take what it is sent gets nothing more: it costs two buffers, and its place in the feed is lost in time. */
#ifndef WEIR_HTTP_CHANGES_H
#define WEIR_HTTP_CHANGES_H
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct follow;
struct http_streams;
struct request;
struct stream;
struct weir_http;

struct changes {
    pthread_mutex_t lock; /* guards the next three; nothing else is locked under it */
    bool is_woken, stopping;
    struct stream *arrived;      /* the pump has not taken them yet */
    struct http_streams *others; /* what other instances tell; the pump's, but for waking it */
    struct stream *streams;      /* the pump's */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t follows_lock; /* guards follows and their readers; feeds are opened and closed under it */
    struct follow *follows;
    _Atomic size_t readers, slow; /* open now; ended because they were */
};

void changes_init(struct changes *);
bool changes_start(struct weir_http *);
void changes_stop(struct weir_http *); /* every reader is told the end; their answers still go out through the loop */
void changes_done(struct changes *);   /* no connection is left */

/* The loop's thread: the answer of a request that has a stream; it is the answer's from then on. NULL: none can be made. */
struct MHD_Response *changes_response(struct request *);
void changes_forget(struct request *); /* of a request that was not answered; nothing happens without a stream */
#endif
