/* handle.h: what libcurl is told about every request to another instance. */
#ifndef WEIR_CALLS_HANDLE_H
#define WEIR_CALLS_HANDLE_H
#include <curl/curl.h>
#include <stdbool.h>

#include "calls/http_call.h"

enum { HANDLE_ADDRESS_BYTES = 280 }; /* with the NUL at its end */

/* HTTP/1.1 or HTTPS, straight to the address. NULL: libcurl gives none. Any thread. */
CURL *handle_new(void);
bool handle_is_address(const char *); /* host:port, [v6]:port, shorter than HANDLE_ADDRESS_BYTES */
/* Lines with CR LF at their ends, or NULL. The caller frees the list when the transfer is over. */
struct curl_slist *handle_headers(const char *lines);
/* libcurl checks the certificate and the name in it. NULL: in the clear. */
void handle_set_tls(CURL *, const struct http_call_tls *);
/* A new string. */
char *handle_url(const char *address, weir_bytes target, const struct http_call_tls *);
#endif
