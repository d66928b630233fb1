/* request.h: one request on its way: head, path, parameters, body, answer.
 *
 * It belongs to its connection and is used again for the next request, so that a point read allocates nothing of ours.
 * The loop's thread owns it, but for the time between suspend and resume, when a worker does. */
#ifndef WEIR_HTTP_REQUEST_H
#define WEIR_HTTP_REQUEST_H
#include <netinet/in.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/trace.h"
#include "guard/guard.h"
#include "http/head.h"
#include "http/query.h"
#include "http/route.h"
#include "http/uri.h"

enum response_cache { RESPONSE_NO_STORE, RESPONSE_NO_CACHE };

struct response_header {
    const char *name, *value; /* static or in the request's arena */
};

struct response {
    unsigned status;   /* 0: nothing was answered yet */
    const char *media; /* Content-Type */
    struct buffer body;
    weir_bytes fixed; /* answered in place of body when its data is not NULL; static */
    enum response_cache cache;
    char etag[64]; /* "" when there is none; with quotes */
    struct response_header headers[LIMIT_RESPONSE_HEADERS];
    size_t header_count;
    bool close;
    struct buffer problem_fields;  /* JSON, members of errors[] */
    struct buffer problem_members; /* JSON, further members of a problem */
};

enum request_phase {
    REQUEST_IDLE, /* between two requests */
    REQUEST_HEAD, /* the request line was read */
    REQUEST_BODY, /* the head was checked and routed */
    REQUEST_WORK, /* a worker has it; libmicrohttpd calls again when the worker has resumed it */
    REQUEST_SENT, /* the answer is with libmicrohttpd */
};

struct stream;

struct request {
    struct weir_http *server;
    enum request_phase phase; /* written and read on the loop's thread only */
    weir_arena arena;
    struct buffer raw_uri, body;
    uintptr_t uri_place; /* of the URI in libmicrohttpd's buffer */
    struct head head;
    struct head_verdict verdict;
    struct uri uri;
    const struct route *route;
    const char *media; /* what the client accepts best of what the route has */
    weir_bytes path_values[ROUTE_VALUES];
    struct query query;
    struct response response;
    char id[64];                    /* X-Request-Id */
    struct pass pass;               /* who asks; of a public route, nobody */
    struct shown *shown;            /* by the connection before */
    const struct in6_addr *address; /* of the client */
    const char *certificate;        /* name in the client's certificate; NULL: none */
    bool at_admin_door;             /* as the whole connection */
    bool
        is_of_peer; /* another instance asks; stays until the next request, so that its connections are told from others */
    bool body_too_large;
    bool wants_forwarder, on_forwarder; /* it must ask other instances; it is where it may (peer.h) */
    int64_t started_us, wait_until_us;
    struct request *next_job;
    void (*launch)(void *launched); /* set by a handler that answers later: the worker's last act for this request */
    void *launched;
    struct stream *stream; /* what the answer comes from, when it has no end (changes.h); NULL once it is sent */
    int64_t *progress_us;  /* of the connection: when its answer last moved on */
    struct send_prepared *prepared; /* what the answer is sent from, if not from the response (send.h) */
    void *connection;               /* struct MHD_Connection, for the resume */
    int fd;                         /* of its socket, to see whether the client is still there */
};

void request_begin(struct request *, weir_bytes raw_uri, uintptr_t uri_place, int64_t now_us);
void request_end(struct request *); /* ready for the next one; memory beyond LIMIT_KEPT_BYTES is given back */
void request_done(struct request *);

/* Checks head, path, method and parameters. False: the response is set. */
bool request_accept(struct request *);
bool request_may_block(const struct request *);
/* On a worker. False: not yet, call again (min_position is being waited for). */
bool request_work(struct request *, bool others_wait);
void request_answer(struct request *); /* on the loop's thread */

weir_bytes request_header(const struct request *, const char *lower_case_name);
struct trace_id request_trace(const struct request *); /* of its header traceparent; "": none */
const struct query_value *request_value(const struct request *, enum query_id);
void request_add_header(struct request *, const char *name, const char *value);

/* Sets ETag; true: the client has it already and 304 is set. */
bool request_not_modified(struct request *, const char *etag);
#endif
