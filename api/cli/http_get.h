/* http_get.h: one request. The only file that knows libcurl. */
#ifndef WEIR_CLI_HTTP_GET_H
#define WEIR_CLI_HTTP_GET_H
#include "base/buffer.h"

struct http_answer {
    long status;
    bool has_next;      /* a Link header names a next page */
    bool is_incomplete; /* X-Complete: false */
    struct buffer body;
};
/* False: no answer at all; the error says why. */
bool http_get(const char *url, const char *accept, struct http_answer *, struct weir_error *);
/* The same with a JSON body. */
bool http_post(const char *url, const char *accept, weir_bytes body, struct http_answer *, struct weir_error *);
void http_answer_done(struct http_answer *);
/* Appends text so that it stands in a URL as data. */
void http_escape(struct buffer *, const char *text);
#endif
