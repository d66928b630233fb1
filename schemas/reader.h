/* reader.h: what the JSON and the Avro reader share: the position, the limits, and memory for what is read.
 *
 * Memory is bounded whatever the bytes are: a value may take READER_MEMORY_MAX at most, in all its parts. */
#ifndef WEIR_SCHEMAS_READER_H
#define WEIR_SCHEMAS_READER_H
#include "schemas/codec.h"
#include "schemas/problem.h"

enum { READER_MEMORY_MAX = 64 * 1024 * 1024, READER_STEPS_MAX = 16 * 1024 * 1024 };

struct reader {
    const unsigned char *start, *at, *end;
    weir_arena *arena;
    size_t memory_left;
    size_t steps_left; /* of a walk by a schema from outside (resolve_read.c) */
    int depth;
    struct problem problem;
};

/* Items of an array or entries of a map while they are read. */
struct items {
    char *data;
    size_t count, capacity;
};

/* False, with the error set: the input is larger than CODEC_VALUE_BYTES_MAX. */
bool reader_init(struct reader *, weir_bytes, weir_arena *, struct weir_error *);
/* Moves what the reader found wrong into the error; returns false. */
bool reader_report(const struct reader *, struct weir_error *);
/* Not zeroed. NULL, with the problem set: the value would take too much memory. */
void *reader_alloc(struct reader *, size_t size);
/* Room for `more` items of `stride` bytes behind those that are there. */
bool reader_reserve(struct reader *, struct items *, size_t more, size_t stride);
/* What was read: the last of several entries with one key stays when it is a map. */
weir_array reader_items(const struct weir_type *, struct items *);

static inline bool reader_enter(struct reader *reader)
{
    if (reader->depth >= CODEC_DEPTH_MAX)
        return problem_set(&reader->problem, "nested deeper than %d", CODEC_DEPTH_MAX);
    reader->depth++;
    return true;
}

static inline void reader_leave(struct reader *reader)
{
    reader->depth--;
}
#endif
