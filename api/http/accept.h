/* accept.h: choosing a media type (RFC 9110, 12.5.1). */
#ifndef WEIR_HTTP_ACCEPT_H
#define WEIR_HTTP_ACCEPT_H
#include "weir.h"

/* The best of `offered` (comma-separated, in our order of preference) for an Accept header, as a static string; NULL:
 * none is acceptable. An absent header accepts all. */
const char *accept_choose(const char *offered, weir_bytes accept);
/* Whether an Accept-Encoding header takes gzip. An absent one does not. */
bool accept_has_gzip(weir_bytes accept_encoding);
#endif
