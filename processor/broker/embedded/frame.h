/* frame.h: one record as it lies in a segment.
 *
 *    0  u32  CRC-32C of bytes 4..size, begun with the segment's salt
 *    4  u32  size of the whole frame, these 40 bytes included
 *    8  i64  offset
 *   16  i64  timestamp, milliseconds; -1: none
 *   24  i32  size of the key; -1: there is none
 *   28  i32  size of the value; -1: there is none
 *   32  u32  size of the headers
 *   36  u32  count of the headers; the highest bit: the record belongs to a transaction
 *   40  key, value, headers; a header is u32 name size, i32 value size (-1: none), name, NUL, value
 *       then, of a transaction only, i64 its number (outcomes.h)
 *
 * All numbers little-endian. The salt keeps a record whose value holds a piece of another segment from being taken for
 * a frame when a damaged file is searched. */
#ifndef WEIR_EMBEDDED_FRAME_H
#define WEIR_EMBEDDED_FRAME_H
#include "base/buffer.h"
#include "broker/broker.h"

enum { EMBEDDED_FRAME_HEAD = 40, EMBEDDED_FRAME_TRANSACTION = 8, EMBEDDED_NO_TRANSACTION = 0 };
enum embedded_frame_state {
    EMBEDDED_FRAME_WHOLE,
    EMBEDDED_FRAME_SHORT, /* needs frame.size bytes (at least EMBEDDED_FRAME_HEAD) where fewer are available */
    EMBEDDED_FRAME_BAD,
};

struct embedded_frame {
    int64_t offset, timestamp_ms, transaction;
    weir_bytes key, value, headers; /* point into the frame */
    uint32_t header_count;
    size_t size;
};

size_t embedded_frame_bytes(const struct broker_record *); /* size of its frame, outside a transaction */
/* Without its CRC. */
void embedded_frame_append(struct buffer *, const struct broker_record *, int64_t offset, int64_t transaction);
void embedded_frame_seal(void *frame, uint32_t salt); /* writes the CRC */
uint32_t embedded_frame_size(const void *frame);      /* of one that is known to be whole */
int64_t embedded_frame_offset(const void *frame);
int64_t embedded_frame_timestamp(const void *frame);
enum embedded_frame_state embedded_frame_decode(weir_bytes available, uint32_t salt, struct embedded_frame *);
/* Fills items[header_count]; false: they do not fit the frame. */
bool embedded_frame_headers(const struct embedded_frame *, struct weir_header *items);
#endif
