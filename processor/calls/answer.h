/* answer.h: the answer to a request over HTTP/1.1, read as it comes (RFC 9112). Whoever asked knows that it was no HEAD and no CONNECT. */
#ifndef WEIR_CALLS_ANSWER_H
#define WEIR_CALLS_ANSWER_H
#include "base/buffer.h"

enum { ANSWER_BODY_BYTES_MAX = 1024 * 1024, ANSWER_HEAD_BYTES_MAX = 64 * 1024 };

enum answer_part {
    ANSWER_STATUS,
    ANSWER_FIELDS,
    ANSWER_BODY,
    ANSWER_BODY_TO_THE_END, /* of the connection */
    ANSWER_CHUNK_SIZE,
    ANSWER_CHUNK,
    ANSWER_CHUNK_END,
    ANSWER_TRAILERS,
    ANSWER_COMPLETE,
    ANSWER_BROKEN,
};

struct answer {
    enum answer_part part; /* what comes next */
    int status;
    bool is_last; /* the connection is of no use for another request */
    bool has_begun, is_chunked, is_sized;
    uint64_t left;            /* bytes of the body, or of the chunk */
    size_t text_bytes;        /* of lines since the last of the body */
    const char *problem;      /* ANSWER_BROKEN; a text that stays */
    struct buffer line, body; /* line: what there is of one */
};

void answer_done(struct answer *);
void answer_clear(struct answer *); /* ready for the next one; keeps its memory */
/* Takes bytes as they came. Returns how many belong to the answer; fewer than all only when it is complete or broken. */
size_t answer_take(struct answer *, const void *data, size_t size);
/* The connection has ended. True: the answer is complete. */
bool answer_end(struct answer *);
#endif
