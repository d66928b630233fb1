/* plain.h: requests over HTTP/1.1 in the clear, on connections that are kept. Of one line's thread.
 *
 * libcurl finds the address and connects, and the socket is ours from then on: one send, one receive and no look at the
 * connection before cost a third of what a whole transfer of libcurl does. What is not simple is left to libcurl: TLS, proxies, users
 * and passwords, other methods than the usual ones, a Host of the request's own. */
#ifndef WEIR_CALLS_PLAIN_H
#define WEIR_CALLS_PLAIN_H
#include <curl/curl.h>

#include "calls/exchange.h"

enum { PLAIN_NEVER = -1 };

struct connection;
struct connections { /* a list, the newest first */
    struct connection *first;
};

struct plain {
    CURLM *multi;
    int epoll; /* events carry the socket as data.fd */
    void (*over)(void *self, struct exchange *);
    void *self;
    struct connection **of_socket; /* by its number; NULL: not ours */
    size_t capacity;
    struct connections idle;
    int64_t look_us; /* no request ends before by its timeout, monotonic; PLAIN_NEVER */
};

/* The exchange goes out now, or when libcurl has connected; `over` is told its end, maybe at once. */
void plain_start(struct plain *, struct exchange *);
/* libcurl is done with the handle of an exchange, which is free then. */
void plain_connected(struct plain *, struct exchange *, CURLcode);
bool plain_hears(struct plain *, int socket, uint32_t events); /* false: the socket is not ours */
/* Ends those of the list whose time is up. Cheap where there can be none. */
void plain_expire(struct plain *, const struct exchanges *);
void plain_close(struct plain *); /* all connections; exchanges are the caller's */
#endif
