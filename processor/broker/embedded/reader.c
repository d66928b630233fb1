/* reader.c: reading partitions without a group. Works beside another process that writes, by looking at its files.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "embedded/cursor.h"
#include "embedded/embedded.h"
#include "embedded/limits.h"

struct broker_reader {
    struct embedded *broker;
    struct embedded_cursor *cursors; /* group is the token */
    size_t count, capacity, turn;
};

struct broker_reader *embedded_reader_open(struct broker *base, struct weir_error *error)
{
    (void)error;
    struct broker_reader *reader = memory_new(sizeof *reader);
    reader->broker = (struct embedded *)base;
    return reader;
}

bool embedded_reader_add(struct broker_reader *reader, const char *topic, int32_t partition, int64_t from,
                         int32_t token, struct weir_error *error)
{
    struct embedded_partition *found = embedded_partition_find(reader->broker, topic, partition, error);
    if (!found || (reader->broker->reader_only && !embedded_partition_follow(found, error)))
        return false;
    reader->cursors = memory_grow(reader->cursors, &reader->capacity, reader->count + 1, sizeof *reader->cursors);
    embedded_cursor_init(&reader->cursors[reader->count], found, from);
    reader->cursors[reader->count++].group = token;
    return true;
}

void embedded_reader_remove(struct broker_reader *reader, int32_t token)
{
    for (size_t i = 0; i < reader->count; i++)
        if (reader->cursors[i].group == token) {
            embedded_cursor_done(&reader->cursors[i]);
            reader->cursors[i] = reader->cursors[--reader->count];
            return;
        }
}

static bool follow(struct broker_reader *reader, struct weir_error *error)
{
    for (size_t i = 0; reader->broker->reader_only && i < reader->count; i++)
        if (!embedded_cursor_has_more(&reader->cursors[i]) &&
            !embedded_partition_follow(reader->cursors[i].partition, error))
            return false;
    return true;
}

/* Up to max messages, a fair part from each partition that has some; -1: error. */
static int collect(struct broker_reader *reader, struct broker_message *messages, int max, struct weir_error *error)
{
    int taken = 0;
    for (size_t i = 0; i < reader->count && taken < max; i++) {
        struct embedded_cursor *cursor = &reader->cursors[reader->turn++ % reader->count];
        int part = (max - taken) / (int)(reader->count - i);
        int got = embedded_cursor_take(cursor, messages + taken, part > 0 ? part : 1, taken ? NULL : error);
        if (got < 0)
            return taken ? taken : -1;
        taken += got;
    }
    return taken;
}

int embedded_reader_poll(struct broker_reader *reader, struct broker_message *messages, int max, int timeout_ms,
                         struct weir_error *error)
{
    struct embedded *broker = reader->broker;
    int64_t until_us = clock_monotonic_us(&clock_system) + (int64_t)timeout_ms * 1000;
    for (;;) {
        uint64_t seen = atomic_load(&broker->changed.count);
        int taken = follow(reader, error) ? collect(reader, messages, max, error) : -1;
        int64_t now_us = clock_monotonic_us(&clock_system), wake_us = until_us;
        if (taken != 0 || now_us >= until_us)
            return taken;
        if (broker->reader_only && now_us + EMBEDDED_FOLLOW_MS * 1000 < until_us)
            wake_us = now_us + EMBEDDED_FOLLOW_MS * 1000;
        embedded_signal_wait(&broker->changed, seen, wake_us);
    }
}

void embedded_reader_release(struct broker_reader *reader, struct broker_message *message)
{
    (void)reader;
    embedded_message_release(message);
}

int64_t embedded_reader_position(struct broker_reader *reader, int32_t token)
{
    for (size_t i = 0; i < reader->count; i++)
        if (reader->cursors[i].group == token)
            return reader->cursors[i].position;
    return -1;
}

void embedded_reader_close(struct broker_reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->count; i++)
        embedded_cursor_done(&reader->cursors[i]);
    free(reader->cursors);
    free(reader);
}

/* -- where a time is -- */

/* One walk over the partition: it is asked for once, by who begins there. */
static bool find_time(struct embedded_partition *partition, int64_t timestamp_ms, int64_t *offset,
                      struct weir_error *error)
{
    struct embedded_cursor cursor;
    struct broker_message message;
    embedded_cursor_init(&cursor, partition, timestamp_ms == INT64_MAX ? INT64_MAX : 0);
    int taken;
    bool found = false;
    while (!found && (taken = embedded_cursor_take(&cursor, &message, 1, error)) > 0) {
        found = message.timestamp_ms >= timestamp_ms;
        *offset = found ? message.offset : cursor.position;
        embedded_message_release(&message);
    }
    if (!found)
        *offset = cursor.position;
    embedded_cursor_done(&cursor);
    return found || taken == 0;
}

bool embedded_offset_at(struct broker *base, const char *topic, int32_t number, int64_t timestamp_ms, int64_t *offset,
                        struct weir_error *error)
{
    struct embedded *broker = (struct embedded *)base;
    struct embedded_partition *partition = embedded_partition_find(broker, topic, number, error);
    if (!partition || (broker->reader_only && !embedded_partition_follow(partition, error)))
        return false;
    return find_time(partition, timestamp_ms, offset, error);
}
