/* http_call.h: one request to another instance over HTTP/1.1, with a deadline. Any thread.
 *
 * libcurl's handles, each with its connection, are kept and used again: at most HTTP_CALL_KEPT are idle, each for less time
 * than a server keeps its end. Instances are reached directly: proxies named by the environment are not used. */
#ifndef WEIR_CALLS_HTTP_CALL_H
#define WEIR_CALLS_HTTP_CALL_H
#include "base/buffer.h"

enum { HTTP_CALL_KEPT = 32, HTTP_CALL_HEAD_BYTES_MAX = 16 * 1024 };

struct http_call_tls {                       /* PEM files; "" or NULL: not set */
    const char *ca_file;                     /* that signs the other's certificate; otherwise the system's */
    const char *certificate_file, *key_file; /* shown to the other one */
};

struct http_call {
    const char *address; /* host:port, [v6]:port */
    const char *method;  /* GET or POST */
    weir_bytes target;   /* path and query, encoded */
    const char *headers; /* lines with CR LF at their ends; NULL: none but libcurl's own */
    weir_bytes body;
    int64_t deadline_us; /* monotonic; also of the last byte of the answer */
    size_t bytes_max;    /* of the answer's body */
    /* Takes the body of a 200 as it comes, in place of reply.body; false ends the call with WEIR_FATAL. NULL: not wanted. */
    bool (*take)(void *self, const void *data, size_t size);
    void *self;
    const struct http_call_tls *tls; /* NULL: in the clear. The same for all calls to an address */
};

struct http_reply {
    unsigned status;
    struct buffer head; /* status line and fields, with their line ends */
    struct buffer body;
};

/* False: WEIR_RETRY (no connection, no answer in time), WEIR_INVALID (the address or the answer is malformed or too large). */
bool http_call(const struct http_call *, struct http_reply *, struct weir_error *);
void http_reply_done(struct http_reply *);
/* Value of the first field of that name, whatever its case; data NULL: there is none. Lives as long as the head. */
weir_bytes http_reply_field(const struct http_reply *, const char *name);
void http_call_forget(void); /* closes idle connections; for tests that look for leaks */
#endif
