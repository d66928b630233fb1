/* outbox.c: see outbox.h. Records of a topic are linked, so that taking one does not walk over those of the others.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/outbox.h"

#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

#define OUTBOX_NONE SIZE_MAX

void outbox_init(struct outbox *outbox, weir_arena *arena)
{
    *outbox = (struct outbox){.arena = arena};
}

void outbox_done(struct outbox *outbox)
{
    memory_free(outbox->records);
    memory_free(outbox->topics);
}

struct weir_headers outbox_keep_headers(weir_arena *arena, struct weir_headers headers)
{
    struct weir_header *items = arena_alloc(arena, (headers.count ? headers.count : 1) * sizeof *items);
    for (size_t i = 0; i < headers.count; i++)
        items[i] = (struct weir_header){arena_text(arena, headers.items[i].name),
                                        outbox_keep_bytes(arena, headers.items[i].value)};
    return (struct weir_headers){items, headers.count};
}

weir_bytes outbox_keep_bytes(weir_arena *arena, weir_bytes bytes)
{
    return bytes.data ? arena_bytes(arena, bytes) : bytes;
}

static struct outbox_topic *find_topic(struct outbox *outbox, const char *name)
{
    for (size_t i = 0; i < outbox->topic_count; i++)
        if (strcmp(outbox->topics[i].name, name) == 0)
            return &outbox->topics[i];
    return NULL;
}

static struct outbox_topic *add_topic(struct outbox *outbox, const char *name)
{
    outbox->topics =
        memory_grow(outbox->topics, &outbox->topic_capacity, outbox->topic_count + 1, sizeof *outbox->topics);
    struct outbox_topic *topic = &outbox->topics[outbox->topic_count++];
    *topic = (struct outbox_topic){arena_text(outbox->arena, name), OUTBOX_NONE, OUTBOX_NONE};
    return topic;
}

static void append(struct outbox *outbox, struct outbox_topic *topic, size_t record)
{
    if (topic->first == OUTBOX_NONE)
        topic->first = record;
    else
        outbox->records[topic->last].next = record;
    topic->last = record;
}

void outbox_add(struct outbox *outbox, const char *name, const struct graph_node *sink,
                const struct broker_record *record, bool internal)
{
    weir_arena *arena = outbox->arena;
    struct outbox_topic *topic = find_topic(outbox, name);
    if (!topic)
        topic = add_topic(outbox, name);
    outbox->records = memory_grow(outbox->records, &outbox->capacity, outbox->count + 1, sizeof *outbox->records);
    outbox->records[outbox->count] = (struct outbox_record){
        .topic = topic->name,
        .sink = sink,
        .record = {outbox_keep_bytes(arena, record->key), outbox_keep_bytes(arena, record->value), record->timestamp_ms,
                   outbox_keep_headers(arena, record->headers)},
        .internal = internal,
        .next = OUTBOX_NONE,
    };
    append(outbox, topic, outbox->count++);
}

const struct outbox_record *outbox_take(struct outbox *outbox, const char *name)
{
    struct outbox_topic *topic = find_topic(outbox, name);
    if (!topic || topic->first == OUTBOX_NONE)
        return NULL;
    const struct outbox_record *taken = &outbox->records[topic->first];
    topic->first = taken->next;
    return taken;
}

const struct outbox_record *outbox_next(struct outbox *outbox)
{
    while (outbox->shown < outbox->count) {
        const struct outbox_record *record = &outbox->records[outbox->shown++];
        if (!record->internal)
            return record;
    }
    return NULL;
}
