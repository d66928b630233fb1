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
/* How to be let in. NULL: not needed. The environment says it too: WEIR_API_KEY, and WEIR_CA_FILE. */
struct http_way {
    const char *key_file; /* with a key or a token */
    const char *ca_file;  /* authorities of the server's certificate (PEM); otherwise the system's */
};
/* Of every request from then on; its strings live as long. False: the key cannot be read. */
bool http_way(const struct http_way *, struct weir_error *);

/* False: no answer at all; the error says why. */
bool http_get(const char *url, const char *accept, struct http_answer *, struct weir_error *);
/* The same with a JSON body. */
bool http_post(const char *url, const char *accept, weir_bytes body, struct http_answer *, struct weir_error *);
bool http_put(const char *url, const char *accept, weir_bytes body, struct http_answer *, struct weir_error *);
void http_answer_done(struct http_answer *);
/* Appends text so that it stands in a URL as data. */
void http_escape(struct buffer *, const char *text);
#endif
