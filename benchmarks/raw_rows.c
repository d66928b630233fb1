/* raw_rows.c: see raw_rows.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "raw_rows.h"

#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "raw.h"

enum { FIRST_CAPACITY = 1 << 11 };

/* Where the row is noted, or would be. */
static struct raw_slot *slot_of(const struct raw_rows *rows, const char *key, size_t size, uint32_t hash)
{
    size_t at = hash & (rows->capacity - 1);
    for (; rows->slots[at].number; at = (at + 1) & (rows->capacity - 1)) {
        const struct raw_row *row = &rows->rows[rows->slots[at].number];
        if (rows->slots[at].hash == hash && row->key_size == size && memcmp(row->key, key, size) == 0)
            break;
    }
    return &rows->slots[at];
}

static void *resized(void *memory, size_t count, size_t size)
{
    void *more = reallocarray(memory, count, size);
    if (!more)
        measure_fail("no memory for %zu rows", count);
    return more;
}

static void grow(struct raw_rows *rows)
{
    struct raw_slot *old = rows->slots;
    size_t count = rows->capacity;
    rows->capacity = count ? count * 2 : FIRST_CAPACITY;
    rows->rows = resized(rows->rows, rows->capacity / 2 + 1, sizeof *rows->rows);
    rows->unsent = resized(rows->unsent, rows->capacity / 2, sizeof *rows->unsent);
    rows->slots = resized(NULL, rows->capacity, sizeof *rows->slots);
    memset(rows->slots, 0, rows->capacity * sizeof *rows->slots);
    for (size_t i = 0; i < count; i++)
        if (old[i].number)
            *slot_of(rows, "", 0, old[i].hash) = old[i]; /* no key is empty, so this is the next empty place */
    free(old);
}

const struct raw_row *raw_rows_find(const struct raw_rows *rows, const char *key, size_t size)
{
    if (!rows->capacity)
        return NULL;
    uint32_t number = slot_of(rows, key, size, (uint32_t)raw_hash(key, size))->number;
    return number ? &rows->rows[number] : NULL;
}

struct raw_row *raw_rows_at(struct raw_rows *rows, const char *key, size_t size)
{
    if (size < 1 || size > RAW_KEY_MAX)
        measure_fail("a key of %zu bytes does not fit", size);
    if (rows->used * 2 >= rows->capacity)
        grow(rows);
    uint32_t hash = (uint32_t)raw_hash(key, size);
    struct raw_slot *slot = slot_of(rows, key, size, hash);
    if (slot->number)
        return &rows->rows[slot->number];
    *slot = (struct raw_slot){(uint32_t)++rows->used, hash};
    struct raw_row *row = &rows->rows[slot->number];
    *row = (struct raw_row){.key_size = (uint8_t)size};
    memcpy(row->key, key, size);
    return row;
}

void raw_rows_set(struct raw_rows *rows, struct raw_row *row, int64_t timestamp_ms, const void *value, size_t size)
{
    if (size < 1 || size > RAW_VALUE_MAX)
        measure_fail("a value of %zu bytes does not fit", size);
    if (rows->has_changelog && !row->unsent) {
        rows->unsent[rows->unsent_count++] = (uint32_t)(row - rows->rows);
        row->unsent = true;
    }
    row->unwritten = true;
    row->timestamp_ms = timestamp_ms;
    row->size = (uint8_t)size;
    memcpy(row->value, value, size);
}

struct raw_row *raw_rows_keep(struct raw_rows *rows, const rd_kafka_message_t *message)
{
    struct raw_row *row = raw_rows_at(rows, message->key, message->key_len);
    raw_rows_set(rows, row, rd_kafka_message_timestamp(message, NULL), message->payload, message->len);
    return row;
}

void raw_rows_send(struct raw_rows *rows, rd_kafka_t *producer, rd_kafka_topic_t *changelog)
{
    for (size_t i = 0; i < rows->unsent_count; i++) {
        struct raw_row *row = &rows->rows[rows->unsent[i]];
        row->unsent = false;
        client_send(producer, changelog, row->timestamp_ms, row->key, row->key_size, row->value, row->size);
    }
    rows->unsent_count = 0;
}

void raw_rows_done(struct raw_rows *rows)
{
    free(rows->rows);
    free(rows->slots);
    free(rows->unsent);
    *rows = (struct raw_rows){0};
}
