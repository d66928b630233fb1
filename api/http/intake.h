/* intake.h: from the body of a request to the records of an ingest endpoint: reading, checking, completing. */
#ifndef WEIR_HTTP_INTAKE_H
#define WEIR_HTTP_INTAKE_H
#include "base/arena.h"
#include "base/buffer.h"
#include "http/endpoint.h"
#include "weir.h"

struct intake {
    const struct endpoint *endpoint;
    weir_arena *arena;
    bool is_list;
    const char *values; /* one after the other, each of the endpoint's type */
    size_t count;
    weir_bytes id; /* that the one value gets; absent: each gets a new one */
};

typedef void intake_refuse(void *self, const char *field, const char *message);

/* Reads one value, or an array of them. False: the message names the field, if it is one ("[3].service: is missing"). */
bool intake_read(struct intake *, weir_bytes body, struct weir_error *);
/* Looks at the rules; tells the first broken ones, each with its field. False: there are some. */
bool intake_check(const struct intake *, intake_refuse *, void *self);
/* Looks at the times; tells those that lie too far ahead of the clock. False: there are some. */
bool intake_check_future(const struct intake *, int64_t now_ms, intake_refuse *, void *self);
/* The i-th value as a record, with its id and time of arrival; these are written to `told` as members of a JSON object. */
struct weir_raw_record intake_record(const struct intake *, size_t i, int64_t now_ms, struct buffer *told);
#endif
