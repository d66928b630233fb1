/* dead_letter.c: see dead_letter.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dead_letter.h"

#include <string.h>

#include "base/bytes.h"
#include "runtime/lineage.h"
#include "schemas/codec.h"

enum { OWN_HEADERS = 10 };

struct list {
    struct weir_header *items;
    size_t count;
    weir_arena *arena;
};

/* The lineage stays here: a letter that is replayed is a new record. */
static void add_original(struct list *list, struct weir_headers headers)
{
    list->items = arena_alloc(list->arena, (headers.count + OWN_HEADERS) * sizeof *list->items);
    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, LINEAGE_HEADER) != 0)
            list->items[list->count++] = headers.items[i];
}

static void add(struct list *list, const char *name, const char *text)
{
    weir_bytes value = text ? bytes_of_text(arena_text(list->arena, text)) : (weir_bytes){0};
    list->items[list->count++] = (struct weir_header){name, value};
}

static void add_number(struct list *list, const char *name, int64_t number)
{
    add(list, name, arena_format(list->arena, "%lld", (long long)number));
}

struct broker_record dead_letter_of(const struct dead_letter *letter, int64_t wall_ms, weir_arena *arena)
{
    struct list list = {.arena = arena};
    char now[25];
    time_write(wall_ms, now);
    add_original(&list, letter->headers);
    add(&list, "__streams.errors.exception", letter->exception);
    add(&list, "__streams.errors.message", letter->detail);
    add(&list, "__streams.errors.stacktrace", letter->trace);
    add(&list, "__streams.errors.topic", letter->topic);
    add_number(&list, "__streams.errors.partition", letter->partition);
    add_number(&list, "__streams.errors.offset", letter->offset);
    add(&list, "__streams.errors.reason", letter->reason);
    add(&list, "__streams.errors.timestamp", now);
    add_number(&list, "__streams.errors.record.timestamp", letter->timestamp_ms);
    add_number(&list, "__streams.errors.retries", letter->retries);
    return (struct broker_record){
        .partition = -1,
        .timestamp_ms = wall_ms, /* not the record's: a broker counts the 30 days of retention from here */
        .key = letter->key,
        .value = letter->value,
        .headers = {list.items, list.count},
    };
}
