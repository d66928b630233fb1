/* suppress_row.c: see suppress_row.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/suppress_row.h"

#include "base/bytes.h"

enum { NONE = -1, SAME_AS_PRIOR = -2, U32_BYTES = 4, U64_BYTES = 8 };

/* ---- writing ---- */

static void write_u64(struct buffer *out, uint64_t number)
{
    char bytes[U64_BYTES];
    bytes_put_u64(bytes, number);
    buffer_append(out, bytes, sizeof bytes);
}

static void write_i32(struct buffer *out, int32_t number)
{
    char bytes[U32_BYTES];
    bytes_put_u32(bytes, (uint32_t)number);
    buffer_append(out, bytes, sizeof bytes);
}

static void write_sized(struct buffer *out, weir_bytes bytes)
{
    if (!bytes.data) {
        write_i32(out, NONE);
        return;
    }
    write_i32(out, (int32_t)bytes.size);
    buffer_append(out, bytes.data, bytes.size);
}

static void write_headers(struct buffer *out, struct weir_headers headers)
{
    write_i32(out, (int32_t)headers.count);
    for (size_t i = 0; i < headers.count; i++) {
        write_sized(out, bytes_of_text(headers.items[i].name));
        write_sized(out, headers.items[i].value);
    }
}

static bool is_old_prior(const struct suppress_row *row)
{
    return row->old.data && row->prior.data && bytes_equal(row->old, row->prior);
}

void suppress_row_write(const struct suppress_row *row, struct buffer *out)
{
    const char *topic = row->metadata.topic ? row->metadata.topic : "";
    write_u64(out, (uint64_t)row->timestamp_ms);
    write_u64(out, (uint64_t)row->metadata.offset);
    write_sized(out, bytes_of_text(topic));
    write_i32(out, row->metadata.partition);
    write_headers(out, row->headers);
    write_sized(out, row->prior);
    if (is_old_prior(row))
        write_i32(out, SAME_AS_PRIOR);
    else
        write_sized(out, row->old);
    write_sized(out, row->value);
    write_u64(out, (uint64_t)row->due_ms);
}

/* ---- reading: what is left of the bytes, `is_bad` once they end too early ---- */

struct reader {
    const char *next;
    size_t left;
    bool is_bad;
};

static const char *take(struct reader *reader, size_t size)
{
    if (reader->is_bad || reader->left < size) {
        reader->is_bad = true;
        return NULL;
    }
    const char *taken = reader->next;
    reader->next += size;
    reader->left -= size;
    return taken;
}

static int64_t read_i64(struct reader *reader)
{
    const char *bytes = take(reader, U64_BYTES);
    return bytes ? (int64_t)bytes_get_u64(bytes) : 0;
}

static int32_t read_i32(struct reader *reader)
{
    const char *bytes = take(reader, U32_BYTES);
    return bytes ? (int32_t)bytes_get_u32(bytes) : 0;
}

static weir_bytes read_bytes(struct reader *reader, int32_t size)
{
    if (size == NONE)
        return (weir_bytes){0};
    reader->is_bad = reader->is_bad || size < 0;
    const char *bytes = take(reader, size < 0 ? 0 : (size_t)size);
    return bytes ? (weir_bytes){bytes, (size_t)size} : (weir_bytes){0};
}

static weir_bytes read_sized(struct reader *reader)
{
    return read_bytes(reader, read_i32(reader));
}

static const char *read_text(struct reader *reader, weir_arena *arena)
{
    weir_bytes text = read_sized(reader);
    return text.data ? arena_bytes(arena, text).data : "";
}

static struct weir_headers read_headers(struct reader *reader, weir_arena *arena)
{
    int32_t count = read_i32(reader);
    if (count <= 0)
        return (struct weir_headers){0};
    if ((size_t)count > reader->left / (2 * (size_t)U32_BYTES)) { /* each has two lengths */
        reader->is_bad = true;
        return (struct weir_headers){0};
    }
    struct weir_header *items = arena_alloc(arena, (size_t)count * sizeof *items);
    for (int32_t i = 0; i < count; i++) {
        items[i].name = read_text(reader, arena);
        items[i].value = read_sized(reader);
    }
    return (struct weir_headers){items, (size_t)count};
}

bool suppress_row_read(weir_bytes bytes, weir_arena *arena, struct suppress_row *row)
{
    struct reader reader = {bytes.data, bytes.size, false};
    row->timestamp_ms = read_i64(&reader);
    row->metadata.offset = read_i64(&reader);
    const char *topic = read_text(&reader, arena);
    row->metadata.topic = topic[0] ? topic : NULL;
    row->metadata.partition = read_i32(&reader);
    row->headers = read_headers(&reader, arena);
    row->prior = read_sized(&reader);
    int32_t old_size = read_i32(&reader);
    row->old = old_size == SAME_AS_PRIOR ? row->prior : read_bytes(&reader, old_size);
    row->value = read_sized(&reader);
    row->due_ms = read_i64(&reader);
    return !reader.is_bad && reader.left == 0;
}

int64_t suppress_row_bytes(weir_bytes key, const struct suppress_row *row)
{
    size_t bytes = U64_BYTES + key.size + 2 * (size_t)U64_BYTES + U32_BYTES; /* due; time and offset; partition */
    bytes += row->prior.size + row->value.size + (is_old_prior(row) ? 0 : row->old.size);
    bytes += row->metadata.topic ? strlen(row->metadata.topic) : 0;
    for (size_t i = 0; i < row->headers.count; i++)
        bytes += strlen(row->headers.items[i].name) + row->headers.items[i].value.size;
    return (int64_t)bytes;
}
