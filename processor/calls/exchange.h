/* exchange.h: one request of a weir_http_transport and what came of it. Private to this folder. */
#ifndef WEIR_CALLS_EXCHANGE_H
#define WEIR_CALLS_EXCHANGE_H
#include <curl/curl.h>

#include "weir.h"

struct exchange { /* in one list at a time */
    struct exchange *next, *previous;
    uint64_t id;
    CURL *handle; /* while it is under way; belongs to the line */
    struct curl_slist *headers;
    char *method, *url, *body, *answer, *error;
    size_t body_size, answer_size, answer_capacity;
    int64_t timeout_ms;
    char curl_error[CURL_ERROR_SIZE];
    long status; /* 0: no answer came, and error says why */
};

/* Copies the request. */
struct exchange *exchange_new(const struct weir_transport_request *);
void exchange_free(struct exchange *);

/* What all requests of a handle have in common is set once. NULL: libcurl has none. */
CURL *exchange_handle_new(void);
/* The handle makes this request next. */
void exchange_begin(struct exchange *, CURL *);
/* Takes the result from the handle, which is free then. */
void exchange_end(struct exchange *, CURLcode);
void exchange_fail(struct exchange *, const char *error);

struct exchanges { /* a list, the oldest first */
    struct exchange *first, *last;
};
void exchanges_append(struct exchanges *, struct exchange *);
void exchanges_remove(struct exchanges *, struct exchange *);
void exchanges_free(struct exchanges *); /* and what is in it */
#endif
