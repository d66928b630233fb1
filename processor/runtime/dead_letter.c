/* dead_letter.c: see dead_letter.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dead_letter.h"

#include <string.h>

#include "base/bytes.h"
#include "schemas/codec.h"

enum { OWN_HEADERS = 9 };

static void add(struct weir_headers *headers, struct weir_header *items, const char *name, const char *value)
{
    items[headers->count++] = (struct weir_header){name, bytes_of_text(value)};
}

struct broker_record dead_letter_of(const struct broker_message *message, const char *topic, const char *reason,
                                    const char *detail, int64_t wall_ms, weir_arena *arena)
{
    struct weir_header *items = arena_alloc(arena, (message->headers.count + OWN_HEADERS) * sizeof *items);
    struct weir_headers headers = {.items = items};
    for (size_t i = 0; i < message->headers.count; i++)
        items[headers.count++] = message->headers.items[i];
    char now[25];
    time_write(wall_ms, now);
    add(&headers, items, "__streams.errors.exception", "weir.poison");
    add(&headers, items, "__streams.errors.message", arena_text(arena, detail));
    add(&headers, items, "__streams.errors.topic", topic);
    add(&headers, items, "__streams.errors.partition", arena_format(arena, "%d", message->partition));
    add(&headers, items, "__streams.errors.offset", arena_format(arena, "%lld", (long long)message->offset));
    add(&headers, items, "__streams.errors.reason", reason);
    add(&headers, items, "__streams.errors.timestamp", arena_text(arena, now));
    add(&headers, items, "__streams.errors.retries", "0");
    return (struct broker_record){
        .partition = -1,
        .timestamp_ms = message->timestamp_ms,
        .key = message->key,
        .value = message->value,
        .headers = headers,
    };
}
