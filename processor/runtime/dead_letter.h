/* dead_letter.h: a record that cannot be read or handled, as it came, with the reason in headers.
 *
 * Header names are Kafka Streams' own where it has them (KIP-1034, "__streams.errors.…"); time, reason, retries and the
 * record's own timestamp (milliseconds) are ours in the same manner. */
#ifndef WEIR_RUNTIME_DEAD_LETTER_H
#define WEIR_RUNTIME_DEAD_LETTER_H
#include "base/arena.h"
#include "broker/broker.h"

struct dead_letter {
    const char *topic; /* where the input record came from; NULL: a punctuator had none */
    int32_t partition; /* -1: none */
    int64_t offset;    /* -1: none */
    int64_t timestamp_ms;
    weir_bytes key, value; /* as they came */
    struct weir_headers headers;
    int32_t retries;       /* of a call */
    const char *exception; /* "weir.reading", "weir.processing", "weir.producing", "weir.calling" */
    const char *reason;    /* a short word: "unreadable", "future", "failed", … */
    const char *detail;    /* the error's message */
    const char *trace;     /* the nodes on the way, innermost first, a line each */
    const char *parked;    /* of a key whose records wait: which of its letters it is (parking.h); NULL: none does */
    const char *withheld;  /* why key or value is not what came, so that it cannot be sent again; NULL: it is */
};

/* Headers live in the arena, texts are copied there, bytes are the input's. */
struct broker_record dead_letter_of(const struct dead_letter *, int64_t wall_ms, weir_arena *);
/* Takes a letter apart: place, time, key and value of the input, its own headers, reason, detail, withheld; texts are in
 * the arena, bytes are the message's. A letter of Kafka Streams, which has no time of its own, has the input's.
 * False: it is not a letter, or none of an input record, and the error says what is missing. */
bool dead_letter_read(const struct broker_message *, weir_arena *, struct dead_letter *, struct weir_error *);
#endif
