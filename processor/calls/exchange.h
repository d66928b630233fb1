/* exchange.h: one request of a weir_http_transport and what came of it. Private to this folder. */
#ifndef WEIR_CALLS_EXCHANGE_H
#define WEIR_CALLS_EXCHANGE_H
#include <curl/curl.h>

#include "base/buffer.h"

struct connection; /* plain.h */

struct exchange { /* in one list at a time */
    struct exchange *next, *previous;
    uint64_t id;
    CURL *handle; /* while libcurl is at it; belongs to the line */
    int64_t timeout_ms, until_us;
    struct buffer answer;
    char *error;
    long status; /* 0: no answer came, and error says why */
    char curl_error[CURL_ERROR_SIZE];
    /* of a plain one (plain.h): */
    char *origin;                  /* scheme and authority; NULL: it is libcurl's from end to end */
    struct buffer text;            /* head and body */
    struct connection *connection; /* that it was sent on */
    /* of the others: */
    struct curl_slist *headers;
    char *method, *url, *body;
    size_t body_size;
};

/* Copies the request. may_be_plain false: all of it is left to libcurl. */
struct exchange *exchange_new(const struct weir_transport_request *, bool may_be_plain);
void exchange_free(struct exchange *);

/* ---- plain ---- */

/* A new handle that connects to the origin; NULL: libcurl has none. */
CURL *exchange_connect(struct exchange *);
/* Frees the handle; where it could not connect, that is the end. */
void exchange_disconnect(struct exchange *, CURLcode);
/* Takes the body, and leaves its own memory for it. */
void exchange_answered(struct exchange *, int status, struct buffer *body);

/* ---- libcurl's ---- */

/* What all requests of a handle have in common is set once. NULL: libcurl has none. */
CURL *exchange_handle_new(void);
/* The handle makes this request next. */
void exchange_begin(struct exchange *, CURL *);
/* Takes the result from the handle, which is free then. */
void exchange_end(struct exchange *, CURLcode);

/* ---- both ---- */

void exchange_fail(struct exchange *, const char *error);

struct exchanges { /* a list, the oldest first */
    struct exchange *first, *last;
};
void exchanges_append(struct exchanges *, struct exchange *);
void exchanges_remove(struct exchanges *, struct exchange *);
void exchanges_free(struct exchanges *); /* and what is in it */
#endif
