/* head.h: the head of a request as libmicrohttpd left it in memory, and whether we believe it.
 *
 * libmicrohttpd 0.9.75 accepts what RFC 9112 forbids (two lengths, bare LF, folded lines, NUL, names with a space).
 * It parses the head in place, so the places of its strings tell what the bytes between them were: see head.c. */
#ifndef WEIR_HTTP_HEAD_H
#define WEIR_HTTP_HEAD_H
#include "http/limits.h"
#include "weir.h"

struct head_field {
    weir_bytes name, value; /* both in the connection's read buffer */
};

struct head {
    weir_bytes method, version; /* in the read buffer */
    weir_bytes uri;             /* as it came: a copy, because the parser cuts the original at the query */
    uintptr_t uri_place;        /* where the original is */
    size_t size;                /* of the head, from the method's first byte to behind the empty line */
    struct head_field fields[LIMIT_HEADERS];
    size_t field_count;
    bool too_many_fields;
};

enum head_body { HEAD_NO_BODY, HEAD_SIZED_BODY, HEAD_CHUNKED_BODY };

/* Status 0: the head is good. Otherwise answer this and close: what follows on the connection cannot be trusted. */
struct head_verdict {
    unsigned status;
    const char *detail;
    enum head_body body;
    uint64_t body_size; /* of a sized body */
};

struct head_verdict head_judge(const struct head *);
/* The only field of that (lower case) name, white space taken off; data NULL: absent or there are several. */
weir_bytes head_field(const struct head *, const char *name);
#endif
