/* bundle.h: records that share one message of a topic whose only reader is the application that writes it.
 *
 * The message has no key and no headers. Its value is the bytes "weir" and 1, then for each record: time (8 bytes, big-endian),
 * key, value, number of headers (1 byte), and name (with a zero at its end) and value of each header. A field is its size (4
 * bytes, big-endian; 0xffffffff: there is none) and its bytes. */
#ifndef WEIR_BROKER_BUNDLE_H
#define WEIR_BROKER_BUNDLE_H
#include "base/buffer.h"
#include "broker/broker.h"

enum { BUNDLE_RECORDS_MAX = BROKER_INTERNAL_STEP, BUNDLE_BYTES_MAX = 16 * 1024 };

struct bundle {
    struct buffer bytes;
    size_t count;
};

/* Whether the record may go with others: it is small, has a time, and nobody waits for its delivery. */
bool bundle_takes(const struct broker_record *);
bool bundle_has_room(const struct bundle *, const struct broker_record *); /* an empty one has, for what it takes */
void bundle_add(struct bundle *, const struct broker_record *);
void bundle_clear(struct bundle *);
void bundle_done(struct bundle *);
/* The message; it points into the bundle. Its time is that of the broker, since nobody reads it. */
struct broker_record bundle_message(const struct bundle *, int32_t partition);

struct bundle_rest { /* of a message that is read */
    weir_bytes bytes;
    size_t records, headers; /* that are left */
};
/* Whether the message is a bundle, whole, of no more records than have an offset. */
bool bundle_read(const struct broker_message *, struct bundle_rest *);
/* The next record, of which there must be one: its time, key, value and headers, which point into the message. headers has room for
 * those that are left; the caller takes as many of it as the record has. */
void bundle_next(struct bundle_rest *, struct weir_header *headers, struct broker_message *record);
#endif
