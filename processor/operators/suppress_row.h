/* suppress_row.h: the latest change of a key that a suppressed table holds back, as its store keeps it.
 *
 * The key is the table's, with 8-byte start of a window, or end and start of a session, behind it
 * (TimeWindowedSerializer, SessionWindowedSerializer of Kafka Streams). The value is laid out as the changelog of its
 * suppress buffer, version 3 (BufferValue and ProcessorRecordContext.serialize): time, offset, topic, partition and
 * headers of the record that caused the change, what the table said before it was held back, what the change replaces
 * (length -2: the same), its value, and the time by which it waits. Numbers are big-endian, texts have 4-byte lengths,
 * -1: none. */
#ifndef WEIR_OPERATORS_SUPPRESS_ROW_H
#define WEIR_OPERATORS_SUPPRESS_ROW_H
#include "base/arena.h"
#include "base/buffer.h"
#include "weir.h"

struct suppress_row {
    int64_t timestamp_ms;
    struct weir_metadata metadata;
    struct weir_headers headers;
    weir_bytes prior, old, value; /* data NULL: none */
    int64_t due_ms;               /* a window's end; the time of the change that came first */
};

void suppress_row_write(const struct suppress_row *, struct buffer *);
/* False: these are not the bytes of a row. The bytes must outlive the row; the rest of it lives in the arena. */
bool suppress_row_read(weir_bytes, weir_arena *, struct suppress_row *);
/* What it counts for in .max_bytes (InMemoryTimeOrderedKeyValueChangeBuffer.computeRecordSize). */
int64_t suppress_row_bytes(weir_bytes key, const struct suppress_row *);
#endif
