/* gzip.h: answers in fewer bytes for whoever accepts that (RFC 9110, 8.4.1.3 and 12.5.3). */
#ifndef WEIR_HTTP_GZIP_H
#define WEIR_HTTP_GZIP_H
#include "http/request.h"

/* Packs the body of a good answer, if the client accepts gzip, it is text, and it has from LIMIT_GZIP_LEAST_BYTES to `most` bytes; adds
 * Content-Encoding and makes the entity tag that of the packed form. Otherwise the answer stays as it is. About 3 ms per
 * megabyte. On whatever thread has the request. */
void gzip_answer(struct request *, size_t most);
/* The tag of the packed form of what has this one: "x" becomes "x-gzip". out: of 64 bytes. False: the client does not accept gzip. */
bool gzip_tag(const struct request *, const char *etag, char *out);
#endif
