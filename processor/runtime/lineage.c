/* lineage.c: see lineage.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/lineage.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"

enum { KEY_BYTES = 8, VALUE_BYTES = 12 };

struct lineage_seen_row {
    uint32_t topic_hash;
    int32_t partition;
    int64_t offset;
    int32_t number;
    bool changed;
};

void lineage_write(const struct lineage *lineage, unsigned char out[LINEAGE_BYTES])
{
    bytes_put_u32(out, lineage->topic_hash);
    bytes_put_u32(out + 4, (uint32_t)lineage->partition);
    bytes_put_u64(out + 8, (uint64_t)lineage->offset);
    bytes_put_u32(out + 16, (uint32_t)lineage->number);
    bytes_put_u64(out + 20, (uint64_t)lineage->stream_time_ms);
    bytes_put_u64(out + LINEAGE_FIRST_BYTES, (uint64_t)lineage->slowest_ms);
}

static void read_bytes(const unsigned char *in, size_t size, struct lineage *lineage)
{
    lineage->topic_hash = bytes_get_u32(in);
    lineage->partition = (int32_t)bytes_get_u32(in + 4);
    lineage->offset = (int64_t)bytes_get_u64(in + 8);
    lineage->number = (int32_t)bytes_get_u32(in + 16);
    lineage->stream_time_ms = (int64_t)bytes_get_u64(in + 20);
    lineage->slowest_ms =
        size == LINEAGE_BYTES ? (int64_t)bytes_get_u64(in + LINEAGE_FIRST_BYTES) : lineage->stream_time_ms;
}

bool lineage_read(struct weir_headers headers, struct lineage *lineage)
{
    for (size_t i = headers.count; i-- > 0;) {
        const struct weir_header *header = &headers.items[i];
        size_t size = header->value.size;
        if ((size != LINEAGE_BYTES && size != LINEAGE_FIRST_BYTES) || strcmp(header->name, LINEAGE_HEADER) != 0)
            continue;
        read_bytes(header->value.data, size, lineage);
        return true;
    }
    return false;
}

void lineage_seen_done(struct lineage_seen *seen)
{
    memory_free(seen->rows);
    *seen = (struct lineage_seen){0};
}

/* Records of one upstream partition come in runs, so the row in front is nearly always the one. */
static struct lineage_seen_row *find_row(struct lineage_seen *seen, uint32_t topic_hash, int32_t partition)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->rows[i].partition != partition || seen->rows[i].topic_hash != topic_hash)
            continue;
        if (i > 0) {
            struct lineage_seen_row row = seen->rows[i];
            seen->rows[i] = seen->rows[i / 2];
            seen->rows[i / 2] = row;
            return &seen->rows[i / 2];
        }
        return &seen->rows[i];
    }
    return NULL;
}

static struct lineage_seen_row *add_row(struct lineage_seen *seen, uint32_t topic_hash, int32_t partition)
{
    seen->rows = memory_grow(seen->rows, &seen->capacity, seen->count + 1, sizeof *seen->rows);
    struct lineage_seen_row *row = &seen->rows[seen->count++];
    *row = (struct lineage_seen_row){.topic_hash = topic_hash, .partition = partition, .offset = -1};
    return row;
}

bool lineage_advance(struct lineage_seen *seen, const struct lineage *lineage)
{
    struct lineage_seen_row *row = find_row(seen, lineage->topic_hash, lineage->partition);
    if (!row)
        row = add_row(seen, lineage->topic_hash, lineage->partition);
    if (lineage->offset < row->offset || (lineage->offset == row->offset && lineage->number <= row->number))
        return false;
    row->offset = lineage->offset;
    row->number = lineage->number;
    row->changed = true;
    return true;
}

bool lineage_load(struct lineage_seen *seen, struct store *store, struct weir_error *error)
{
    seen->count = 0;
    struct store_cursor *cursor = store_scan(store, (weir_bytes){0}, (weir_bytes){0}, false, error);
    if (!cursor)
        return false;
    struct store_row stored;
    while (store_next(cursor, &stored, error)) {
        if (stored.key.size != KEY_BYTES || stored.value.size != VALUE_BYTES)
            continue;
        const unsigned char *key = stored.key.data, *value = stored.value.data;
        struct lineage_seen_row *row = add_row(seen, bytes_get_u32(key), (int32_t)bytes_get_u32(key + 4));
        row->offset = (int64_t)bytes_get_u64(value);
        row->number = (int32_t)bytes_get_u32(value + 8);
    }
    store_cursor_close(cursor);
    return error->code == WEIR_OK;
}

void lineage_save(struct lineage_seen *seen, struct store *store, int64_t timestamp_ms)
{
    for (size_t i = 0; i < seen->count; i++) {
        struct lineage_seen_row *row = &seen->rows[i];
        if (!row->changed)
            continue;
        row->changed = false;
        unsigned char key[KEY_BYTES], value[VALUE_BYTES];
        bytes_put_u32(key, row->topic_hash);
        bytes_put_u32(key + 4, (uint32_t)row->partition);
        bytes_put_u64(value, (uint64_t)row->offset);
        bytes_put_u32(value + 8, (uint32_t)row->number);
        store_put(store, (weir_bytes){key, KEY_BYTES}, (weir_bytes){value, VALUE_BYTES}, timestamp_ms);
    }
}
