/* dead_letter.c: see dead_letter.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dead_letter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "runtime/lineage.h"
#include "runtime/parking.h"
#include "schemas/codec.h"

#define PREFIX "__streams.errors."

enum { OWN_HEADERS = 12 };

struct list {
    struct weir_header *items;
    size_t count;
    weir_arena *arena;
};

/* The lineage stays here: a letter that is replayed is a new record. Of what it waited for, the letter says the latest. */
static void add_original(struct list *list, struct weir_headers headers)
{
    list->items = arena_alloc(list->arena, (headers.count + OWN_HEADERS) * sizeof *list->items);
    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, LINEAGE_HEADER) != 0 && strcmp(headers.items[i].name, PARKED_HEADER) != 0)
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
    if (letter->parked)
        add(&list, PARKED_HEADER, letter->parked);
    add(&list, PREFIX "exception", letter->exception);
    add(&list, PREFIX "message", letter->detail);
    add(&list, PREFIX "stacktrace", letter->trace);
    add(&list, PREFIX "topic", letter->topic);
    add_number(&list, PREFIX "partition", letter->partition);
    add_number(&list, PREFIX "offset", letter->offset);
    add(&list, PREFIX "reason", letter->reason);
    add(&list, PREFIX "timestamp", now);
    add_number(&list, PREFIX "record.timestamp", letter->timestamp_ms);
    add_number(&list, PREFIX "retries", letter->retries);
    if (letter->withheld)
        add(&list, PREFIX "withheld", letter->withheld);
    return (struct broker_record){
        .partition = -1,
        .timestamp_ms = wall_ms, /* not the record's: a broker counts the 30 days of retention from here */
        .key = letter->key,
        .value = letter->value,
        .headers = {list.items, list.count},
    };
}

/* ---- reading ---- */

static const char *text_of(struct weir_headers headers, const char *name, weir_arena *arena)
{
    weir_bytes value = weir_header(&(struct weir_record){.headers = headers}, name);
    return value.data ? arena_bytes(arena, value).data : NULL;
}

static bool number_of(struct weir_headers headers, const char *name, weir_arena *arena, int64_t *out)
{
    const char *text = text_of(headers, name, arena);
    char *end = NULL;
    if (!text || !*text)
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (*end || errno != 0)
        return false;
    *out = number;
    return true;
}

static struct weir_headers without_own(struct weir_headers headers, weir_arena *arena)
{
    struct weir_header *kept = arena_alloc(arena, (headers.count ? headers.count : 1) * sizeof *kept);
    size_t count = 0;
    for (size_t i = 0; i < headers.count; i++)
        if (strncmp(headers.items[i].name, PREFIX, sizeof PREFIX - 1) != 0)
            kept[count++] = headers.items[i];
    return (struct weir_headers){kept, count};
}

bool dead_letter_read(const struct broker_message *message, weir_arena *arena, struct dead_letter *out,
                      struct weir_error *error)
{
    struct weir_headers headers = message->headers;
    int64_t partition;
    *out = (struct dead_letter){
        .topic = text_of(headers, PREFIX "topic", arena),
        .timestamp_ms = message->timestamp_ms,
        .key = message->key,
        .value = message->value,
        .headers = without_own(headers, arena),
        .reason = text_of(headers, PREFIX "reason", arena),
        .detail = text_of(headers, PREFIX "message", arena),
        .withheld = text_of(headers, PREFIX "withheld", arena),
    };
    if (!out->topic || !*out->topic)
        return error_set(error, WEIR_INVALID, "header " PREFIX "topic: missing");
    if (!number_of(headers, PREFIX "partition", arena, &partition) || partition < 0 || partition > INT32_MAX)
        return error_set(error, WEIR_INVALID, "header " PREFIX "partition: not the number of a partition");
    if (!number_of(headers, PREFIX "offset", arena, &out->offset) || out->offset < 0)
        return error_set(error, WEIR_INVALID, "header " PREFIX "offset: not an offset");
    out->partition = (int32_t)partition;
    number_of(headers, PREFIX "record.timestamp", arena, &out->timestamp_ms);
    return true;
}
