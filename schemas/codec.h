/* codec.h: values to bytes and back, walking a struct weir_type.
 *
 * A value in memory is what the type's kind says (weir.h): `const int64_t *` for a long, `const weir_bytes *` for a
 * string, `const struct order *` for a record. Decoded strings and bytes point into the input where they can (JSON
 * strings with escapes are unescaped into the arena); the input must live as long as the value.
 * Reading never trusts its input: limits below, UTF-8, enum and boolean checks, no trailing bytes, bounded memory and
 * time whatever the bytes are (reliability: a 5-byte Avro message that claims 500 million items). Thread-safe. */
#ifndef WEIR_SCHEMAS_CODEC_H
#define WEIR_SCHEMAS_CODEC_H
#include "base/arena.h"
#include "base/buffer.h"
#include "weir.h"

enum {
    CODEC_VALUE_BYTES_MAX = 1024 * 1024, /* of one encoded key or value; longer is poison */
    CODEC_DEPTH_MAX = 64,
    CODEC_ITEMS_MAX = 100000, /* of one array or map; also never more than the bytes that are left allow */
};

/* Any format, recognised by the first byte for record types (weir.h, enum weir_format); scalars as Kafka's own
 * serializers. Of a single object the schema is found by its fingerprint (known.h); a Confluent frame is taken to hold our own.
 * Returns the value, in the arena or inside `bytes`. NULL: WEIR_POISON, the message names the field (or
 * byte offset) and what was expected. bytes.data == NULL is a programming error (a tombstone is the caller's). */
const void *codec_read(const struct weir_type *, weir_bytes, weir_arena *, struct weir_error *);

struct resolution; /* resolve.h */
/* Whether it is a Confluent frame, and then of which schema. Only of values that may be framed: records, arrays and maps. */
bool codec_frame_id(const struct weir_type *, weir_bytes, int32_t *id);
/* Whether it is a single object, and then of which schema. */
bool codec_object_fingerprint(weir_bytes, uint64_t *fingerprint);
/* As codec_read, of a Confluent frame whose schema is known. */
const void *codec_read_framed(const struct resolution *, weir_bytes, weir_arena *, struct weir_error *);

/* Appends. Scalars ignore the format. schema_id is used by WEIR_FORMAT_AVRO only. A value that cannot be written
 * (invalid UTF-8 in a string, enum out of range, NULL required item) is WEIR_POISON and the buffer is as before. */
bool codec_write(const struct weir_type *, enum weir_format, int32_t schema_id, const void *value, struct buffer *,
                 struct weir_error *);

/* The same bytes to be read at once, where they stand already: in the value itself, or else in the buffer, which is cleared. */
bool codec_bytes(const struct weir_type *, enum weir_format, int32_t schema_id, const void *value, struct buffer *,
                 weir_bytes *out, struct weir_error *);

const void *json_read(const struct weir_type *, weir_bytes, weir_arena *, struct weir_error *);
bool json_write(const struct weir_type *, const void *value, struct buffer *, struct weir_error *);
/* Appends text as a JSON string with quotes; invalid UTF-8 becomes U+FFFD, so that the output is always valid JSON. */
void json_write_string(weir_bytes, struct buffer *);
/* Checks that the bytes are one valid JSON text within the limits. */
bool json_valid(weir_bytes, struct weir_error *);

const void *avro_read(const struct weir_type *, weir_bytes, weir_arena *,
                      struct weir_error *); /* plain binary, no frame */
bool avro_write(const struct weir_type *, const void *value, struct buffer *, struct weir_error *);

/* Deep copy into another arena. */
const void *codec_copy(const struct weir_type *, const void *value, weir_arena *);
bool codec_equal(const struct weir_type *, const void *a, const void *b);

/* ISO-8601 with milliseconds in UTC, years 0000 to 9999: "2024-12-04T10:30:00.000Z", 24 characters and NUL. */
void time_write(int64_t ms, char out[25]);
/* Reads date-time with 0 to 9 fraction digits and Z or an offset. False: not a time. */
bool time_read(weir_bytes text, int64_t *ms);

/* Exact decimal text of unscaled * 10^-scale; trailing zeros beyond the second fraction digit are left out. */
size_t decimal_write(int64_t unscaled, int32_t scale, char out[32]);
/* Reads a JSON number or decimal text; more digits than the scale are rounded half away from zero. False: not a
 * number, or beyond 18 digits. */
bool decimal_read(weir_bytes text, int32_t scale, int64_t *unscaled);
#endif
