/* avro_scan.h: the pieces of Avro binary (Avro specification 1.11, "Binary Encoding"), for whoever walks it.
 *
 * No byte is trusted: every length is compared with what is left. False: the problem is set. */
#ifndef WEIR_SCHEMAS_AVRO_SCAN_H
#define WEIR_SCHEMAS_AVRO_SCAN_H
#include <string.h>

#include "schemas/avro_number.h"
#include "schemas/reader.h"

bool avro_scan_long_varint(struct reader *, int64_t *out);
bool avro_scan_int(struct reader *, int32_t *out);
bool avro_scan_bool(struct reader *, bool *out);
bool avro_scan_string(struct reader *, weir_bytes *out); /* UTF-8 */
bool avro_scan_json(struct reader *, weir_bytes *out);   /* a string that is a JSON text */
/* The head of a block: how many items, and where they must end (NULL: the writer did not say). 0 and NULL: no more blocks. */
bool avro_scan_block(struct reader *, int64_t *count, const unsigned char **end);
/* A decimal number on bytes, or on a fixed of so many bytes. */
bool avro_scan_decimal(struct reader *, size_t fixed, weir_decimal *out);

/* Reads a value of that type, as avro_read does. */
bool avro_read_into(struct reader *, const struct weir_type *, void *out);

static inline size_t avro_scan_left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

static inline bool avro_scan_cut_off(struct reader *reader)
{
    return problem_set(&reader->problem, "the value is cut off");
}

static inline bool avro_scan_long(struct reader *reader, int64_t *out)
{
    if (reader->at < reader->end && *reader->at < 0x80) {
        *out = avro_from_zigzag(*reader->at++);
        return true;
    }
    return avro_scan_long_varint(reader, out);
}

/* Bytes as they are; floating point is IEEE 754, little-endian, as in memory here. */
static inline bool avro_scan_plain(struct reader *reader, void *out, size_t size)
{
    if (avro_scan_left(reader) < size)
        return avro_scan_cut_off(reader);
    memcpy(out, reader->at, size);
    reader->at += size;
    return true;
}

static inline bool avro_scan_bytes(struct reader *reader, weir_bytes *out)
{
    int64_t size = 0;
    if (!avro_scan_long(reader, &size))
        return false;
    if (size < 0 || (uint64_t)size > avro_scan_left(reader))
        return problem_set(&reader->problem, "a length of %lld, but %zu bytes are left", (long long)size,
                           avro_scan_left(reader));
    *out = (weir_bytes){reader->at, (size_t)size};
    reader->at += size;
    return true;
}
#endif
