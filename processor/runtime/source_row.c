/* source_row.c: see source_row.h. The same checks as head.c, without its policies: who was left out then is left out now.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source_row.h"

#include "schemas/codec.h"

/* As stores hold it. */
static bool write_part(const struct weir_type *type, const void *value, weir_arena *arena, weir_bytes *out)
{
    struct buffer buffer = {0};
    struct weir_error ignored = {0};
    bool ok = codec_write(type, WEIR_FORMAT_OBJECT, 0, value, &buffer, &ignored);
    if (ok)
        *out = arena_bytes(arena, buffer_bytes(&buffer));
    buffer_done(&buffer);
    return ok;
}

static const void *read_part(const struct weir_type *type, weir_bytes bytes, weir_arena *arena)
{
    struct weir_error ignored = {0};
    return codec_read(type, bytes, arena, &ignored);
}

static bool has_time(const struct layout_source *source, struct weir_record *record, int64_t latest_ms)
{
    weir_timestamp_of *extract = source->timestamp;
    if (extract && extract != weir_wall_clock && record->value)
        record->timestamp_ms = extract(record, -1);
    return record->timestamp_ms >= 0 && record->timestamp_ms <= latest_ms;
}

bool source_row(const struct layout_source *source, const struct broker_message *message, int64_t latest_ms,
                weir_arena *arena, struct store_row *out)
{
    const struct graph_node *node = source->node;
    if (!message->key.data)
        return false;
    struct weir_record record = {.key = read_part(node->key_type, message->key, arena),
                                 .timestamp_ms = message->timestamp_ms,
                                 .key_type = node->key_type,
                                 .value_type = node->value_type,
                                 .headers = message->headers};
    if (message->value.data)
        record.value = read_part(node->value_type, message->value, arena);
    if (!record.key || (message->value.data && !record.value) || !has_time(source, &record, latest_ms))
        return false;
    *out = (struct store_row){.timestamp_ms = record.timestamp_ms};
    return write_part(node->key_type, record.key, arena, &out->key) &&
           (!record.value || write_part(node->value_type, record.value, arena, &out->value));
}
