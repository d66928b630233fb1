/* codec.c: which format a message is in, and the frames around Avro.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/codec.h"

#include <assert.h>

#include "base/bytes.h"
#include "base/error.h"
#include "schemas/known.h"
#include "schemas/scalar.h"

enum { CONFLUENT_MAGIC = 0x00, CONFLUENT_HEAD = 5, OBJECT_MAGIC = 0xC3, OBJECT_VERSION = 0x01, OBJECT_HEAD = 10 };

static weir_bytes without_head(weir_bytes bytes, size_t head)
{
    return (weir_bytes){(const char *)bytes.data + head, bytes.size - head};
}

bool codec_frame_id(const struct weir_type *type, weir_bytes bytes, int32_t *id)
{
    const unsigned char *data = bytes.data;
    if (bytes.size < CONFLUENT_HEAD || data[0] != CONFLUENT_MAGIC || scalar_is(type))
        return false;
    *id = (int32_t)bytes_get_u32(data + 1);
    return true;
}

bool codec_object_fingerprint(weir_bytes bytes, uint64_t *fingerprint)
{
    const unsigned char *data = bytes.data;
    if (bytes.size < OBJECT_HEAD || data[0] != OBJECT_MAGIC || data[1] != OBJECT_VERSION)
        return false;
    memcpy(fingerprint, data + 2, sizeof *fingerprint);
    return true;
}

const void *codec_read_framed(const struct resolution *resolution, weir_bytes bytes, weir_arena *arena,
                              struct weir_error *error)
{
    assert(bytes.size >= CONFLUENT_HEAD);
    return resolution_read(resolution, without_head(bytes, CONFLUENT_HEAD), arena, error);
}

static const void *read_confluent(const struct weir_type *type, weir_bytes bytes, weir_arena *arena,
                                  struct weir_error *error)
{
    if (bytes.size < CONFLUENT_HEAD) {
        error_set(error, WEIR_POISON, "%s: cut off in the 5-byte head of a Confluent frame", type->name);
        return NULL;
    }
    return avro_read(type, without_head(bytes, CONFLUENT_HEAD), arena, error);
}

/* What was written by an earlier schema of the type, or by another one. */
static const void *read_other_object(const struct weir_type *type, uint64_t fingerprint, weir_bytes bytes,
                                     weir_arena *arena, struct weir_error *error)
{
    const struct schema *writer = known_schema(fingerprint);
    if (writer)
        return resolution_read(known_resolution(writer, type), without_head(bytes, OBJECT_HEAD), arena, error);
    error_set(error, WEIR_POISON, "%s: expected schema fingerprint %016llx, found %016llx, which is not known",
              type->name, (unsigned long long)type->fingerprint, (unsigned long long)fingerprint);
    return NULL;
}

static const void *read_object(const struct weir_type *type, weir_bytes bytes, weir_arena *arena,
                               struct weir_error *error)
{
    uint64_t fingerprint;
    if (bytes.size < OBJECT_HEAD) {
        error_set(error, WEIR_POISON, "%s: cut off in the 10-byte head of a single-object encoding", type->name);
        return NULL;
    }
    memcpy(&fingerprint, (const char *)bytes.data + 2, sizeof fingerprint);
    if (fingerprint != type->fingerprint)
        return read_other_object(type, fingerprint, bytes, arena, error);
    return avro_read(type, without_head(bytes, OBJECT_HEAD), arena, error);
}

const void *codec_read(const struct weir_type *type, weir_bytes bytes, weir_arena *arena, struct weir_error *error)
{
    assert(bytes.data);
    const unsigned char *data = bytes.data;
    if (bytes.size > CODEC_VALUE_BYTES_MAX) {
        error_set(error, WEIR_POISON, "%s: %zu bytes are more than %d", type->name, bytes.size, CODEC_VALUE_BYTES_MAX);
        return NULL;
    }
    if (scalar_is(type))
        return scalar_read(type, bytes, arena, error);
    if (bytes.size > 0 && data[0] == CONFLUENT_MAGIC)
        return read_confluent(type, bytes, arena, error);
    if (bytes.size > 1 && data[0] == OBJECT_MAGIC && data[1] == OBJECT_VERSION)
        return read_object(type, bytes, arena, error);
    return json_read(type, bytes, arena, error);
}

static void write_confluent_head(int32_t schema_id, struct buffer *out)
{
    unsigned char head[CONFLUENT_HEAD] = {CONFLUENT_MAGIC};
    bytes_put_u32(head + 1, (uint32_t)schema_id);
    buffer_append(out, head, sizeof head);
}

static void write_object_head(uint64_t fingerprint, struct buffer *out)
{
    unsigned char head[OBJECT_HEAD] = {OBJECT_MAGIC, OBJECT_VERSION};
    memcpy(head + 2, &fingerprint, sizeof fingerprint);
    buffer_append(out, head, sizeof head);
}

static bool write_format(const struct weir_type *type, enum weir_format format, int32_t schema_id, const void *value,
                         struct buffer *out, struct weir_error *error)
{
    if (scalar_is(type))
        return scalar_write(type, value, out, error);
    if (format == WEIR_FORMAT_JSON)
        return json_write(type, value, out, error);
    if (format == WEIR_FORMAT_AVRO)
        write_confluent_head(schema_id, out);
    else
        write_object_head(type->fingerprint, out);
    return avro_write(type, value, out, error);
}

static bool has_room(const struct weir_type *type, size_t size, struct weir_error *error)
{
    return size <= CODEC_VALUE_BYTES_MAX ||
           error_set(error, WEIR_POISON, "%s: %zu bytes are more than %d", type->name, size, CODEC_VALUE_BYTES_MAX);
}

bool codec_bytes(const struct weir_type *type, enum weir_format format, int32_t schema_id, const void *value,
                 struct buffer *room, weir_bytes *out, struct weir_error *error)
{
    assert(value);
    if (scalar_is_bytes(type)) {
        *out = *(const weir_bytes *)value;
        return scalar_check(type, *out, error) && has_room(type, out->size, error);
    }
    buffer_clear(room);
    if (!codec_write(type, format, schema_id, value, room, error))
        return false;
    *out = buffer_bytes(room);
    return true;
}

bool codec_write(const struct weir_type *type, enum weir_format format, int32_t schema_id, const void *value,
                 struct buffer *out, struct weir_error *error)
{
    assert(value);
    size_t before = out->size;
    bool is_written =
        write_format(type, format, schema_id, value, out, error) && has_room(type, out->size - before, error);
    if (!is_written)
        out->size = before;
    return is_written;
}
