/* held.c: see held.h. A row is a head, then old value, value and headers; in order of insertion, as nothing is ever removed but
 * all of it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/held.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "schemas/codec.h"
#include "state/table.h"

enum { NONE = -1 }; /* as a size */

struct held {
    struct execution *execution;
    size_t counted; /* bytes, as the execution knows them */
    struct table table;
    struct buffer row; /* scratch */
};

struct head {
    int64_t upstream_time_ms, slowest_time_ms;
    int32_t old_size, value_size;
    size_t headers;
};

struct header_head { /* behind it: the name with its NUL, the value */
    int32_t name_size, value_size;
};

struct held *held_new(struct execution *execution)
{
    struct held *held = memory_new(sizeof *held);
    held->execution = execution;
    table_init(&held->table);
    return held;
}

static void count_bytes(struct held *held, size_t bytes)
{
    held->execution->held_bytes += bytes - held->counted;
    held->counted = bytes;
}

void held_free(struct held *held)
{
    if (!held)
        return;
    count_bytes(held, 0);
    table_done(&held->table);
    buffer_done(&held->row);
    memory_free(held);
}

size_t held_count(const struct held *held)
{
    return held->table.count;
}

void held_clear(struct held *held)
{
    table_clear(&held->table);
    count_bytes(held, 0);
}

/* ---- writing ---- */

static int32_t size_of(weir_bytes bytes)
{
    return bytes.data ? (int32_t)bytes.size : NONE;
}

static void append_header(const struct weir_header *header, struct buffer *out)
{
    const struct header_head head = {(int32_t)strlen(header->name) + 1, size_of(header->value)};
    buffer_append(out, &head, sizeof head);
    buffer_append(out, header->name, (size_t)head.name_size);
    buffer_append(out, header->value.data, header->value.size);
}

static void write_row(const struct held_change *change, weir_bytes old, struct buffer *out)
{
    const struct head head = {.upstream_time_ms = change->upstream_time_ms,
                              .slowest_time_ms = change->slowest_time_ms,
                              .old_size = size_of(old),
                              .value_size = size_of(change->value),
                              .headers = change->headers.count};
    buffer_clear(out);
    buffer_append(out, &head, sizeof head);
    buffer_append(out, old.data, old.size);
    buffer_append(out, change->value.data, change->value.size);
    for (size_t i = 0; i < change->headers.count; i++)
        append_header(&change->headers.items[i], out);
}

/* ---- reading ---- */

/* Takes so many bytes off the front. */
static weir_bytes take(weir_bytes *rest, int32_t size)
{
    weir_bytes taken = size == NONE ? (weir_bytes){0} : (weir_bytes){rest->data, (size_t)size};
    rest->data = (const char *)rest->data + taken.size;
    rest->size -= taken.size;
    return taken;
}

static struct head take_head(weir_bytes *rest)
{
    struct head head;
    memcpy(&head, take(rest, sizeof head).data, sizeof head);
    return head;
}

static weir_bytes old_of(const struct table_row *row)
{
    weir_bytes rest = {row->last.value, row->last.size};
    struct head head = take_head(&rest);
    return take(&rest, head.old_size);
}

static struct weir_headers take_headers(weir_bytes *rest, size_t count, weir_arena *arena)
{
    if (count == 0)
        return (struct weir_headers){0};
    struct weir_header *items = arena_alloc_raw(arena, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct header_head head;
        memcpy(&head, take(rest, sizeof head).data, sizeof head);
        items[i].name = take(rest, head.name_size).data;
        items[i].value = take(rest, head.value_size);
    }
    return (struct weir_headers){items, count};
}

/* ---- all together ---- */

void held_put(struct held *held, weir_bytes key, const struct held_change *change)
{
    uint64_t hash = hash_table(key);
    struct table_row *row = table_find(&held->table, key, hash);
    write_row(change, row ? old_of(row) : change->old, &held->row);
    if (!row)
        row = table_insert(&held->table, key, hash, held->row.size);
    table_write(&held->table, row, buffer_bytes(&held->row), change->timestamp_ms);
    count_bytes(held, held->table.slab.used);
}

/* Returns what is left: the headers, of which there are so many. */
static weir_bytes read_row(const struct table_row *row, struct held_change *change, size_t *headers)
{
    weir_bytes rest = {row->last.value, row->last.size};
    struct head head = take_head(&rest);
    *change = (struct held_change){.timestamp_ms = row->last.timestamp_ms,
                                   .upstream_time_ms = head.upstream_time_ms,
                                   .slowest_time_ms = head.slowest_time_ms};
    change->old = take(&rest, head.old_size);
    change->value = take(&rest, head.value_size);
    *headers = head.headers;
    return rest;
}

bool held_find(struct held *held, weir_bytes key, struct held_change *change)
{
    const struct table_row *row = table_find(&held->table, key, hash_table(key));
    size_t headers;
    if (row)
        read_row(row, change, &headers);
    return row != NULL;
}

weir_bytes held_at(const struct held *held, size_t i, weir_arena *arena, struct held_change *change)
{
    const struct table_row *row = held->table.rows[i];
    size_t headers;
    weir_bytes rest = read_row(row, change, &headers);
    change->headers = take_headers(&rest, headers, arena);
    return table_key(row);
}

void held_forward(struct held *held, weir_context *context,
                  void (*one)(weir_context *, weir_bytes key, const struct held_change *))
{
    const struct execution *execution = context->execution;
    for (size_t i = 0; i < held_count(held) && execution->error.code == WEIR_OK; i++) {
        struct held_change change;
        weir_bytes key = held_at(held, i, execution->arena, &change);
        one(context, key, &change);
        arena_clear(execution->arena);
    }
    if (execution->error.code == WEIR_OK)
        held_clear(held);
}

/* ---- values ---- */

bool held_write(weir_context *context, const struct weir_type *type, const void *value, struct buffer *scratch,
                weir_bytes *out)
{
    struct weir_error error = {0};
    buffer_clear(scratch);
    *out = (weir_bytes){0};
    if (!value)
        return true;
    if (!codec_write(type, WEIR_FORMAT_OBJECT, 0, value, scratch, &error))
        return context_fail(context, error.code, "it cannot be held until the commit: %s", error.message);
    *out = buffer_bytes(scratch);
    return true;
}

bool held_read(weir_context *context, const struct weir_type *type, weir_bytes bytes, const void **value)
{
    struct weir_error error = {0};
    *value = NULL;
    if (!bytes.data)
        return true;
    *value = codec_read(type, bytes, context->execution->arena, &error);
    return *value ||
           context_fail(context, WEIR_FATAL, "what was held until the commit cannot be read: %s", error.message);
}
