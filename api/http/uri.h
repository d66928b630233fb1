/* uri.h: a request target taken apart and decoded, exactly once. */
#ifndef WEIR_HTTP_URI_H
#define WEIR_HTTP_URI_H
#include "http/limits.h"
#include "weir.h"

struct uri_segment {
    weir_bytes text;        /* decoded */
    bool has_encoded_slash; /* only a key may have one */
};

struct uri_pair {
    weir_bytes name, value; /* decoded */
};

struct uri {
    struct uri_segment segments[LIMIT_SEGMENTS];
    size_t segment_count;
    struct uri_pair pairs[LIMIT_PARAMETERS];
    size_t pair_count;
    bool too_deep; /* more segments than any route has: there is no such path */
};

/* Decoded text lives in the arena or in raw. False: `why` says what is wrong, a sentence. */
bool uri_read(struct uri *, weir_arena *, weir_bytes raw, const char **why);
bool uri_is_utf8(weir_bytes);
void uri_encode(weir_bytes, char *out); /* at most 3 * size + 1 bytes; unreserved characters stay */
#endif
