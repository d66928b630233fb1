/* evolution.c: see evolution.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/evolution.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "runtime/collector.h"
#include "schemas/known.h"
#include "schemas/scalar.h"

enum {
    MESSAGES = 64,
    POLL_MS = 100,
    TRY_US = 30 * 1000 * 1000,
    READ_US = 60 * 1000 * 1000,
    FLUSH_MS = 30 * 1000,
    KEY_WORDS = 4
};

struct place { /* where values of a type are kept */
    const char *what, *name, *part;
    const struct weir_type *type;
    const char *schema;
    bool is_recorded; /* that it is written by this schema */
};

struct evolution {
    const struct layout *layout;
    struct broker *broker;
    const char *topic;
    weir_arena arena;
    struct place *places;
    size_t count, capacity;
};

/* ---- what is kept where ---- */

static bool is_listed(const struct evolution *evolution, const char *what, const char *name, const char *part)
{
    for (size_t i = 0; i < evolution->count; i++) {
        const struct place *place = &evolution->places[i];
        if (strcmp(place->what, what) == 0 && strcmp(place->name, name) == 0 && strcmp(place->part, part) == 0)
            return true;
    }
    return false;
}

static void add(struct evolution *evolution, const char *what, const char *name, const char *part,
                const struct weir_type *type)
{
    struct buffer schema = {0};
    if (!type || is_listed(evolution, what, name, part))
        return;
    schema_of_type(type, &schema);
    evolution->places =
        memory_grow(evolution->places, &evolution->capacity, evolution->count + 1, sizeof *evolution->places);
    evolution->places[evolution->count++] =
        (struct place){.what = what,
                       .name = name,
                       .part = part,
                       .type = type,
                       .schema = arena_bytes(&evolution->arena, buffer_bytes(&schema)).data};
    buffer_done(&schema);
}

/* Inside rows of joins and the like stand values of the streams around them, which no store says. */
static void add_type(struct evolution *evolution, const struct weir_type *type)
{
    if (type && !scalar_is(type))
        add(evolution, "type", type->name, "value", type);
}

static void add_node(struct evolution *evolution, const struct graph_node *node)
{
    add_type(evolution, node->key_type);
    add_type(evolution, node->value_type);
    if (node->kind != GRAPH_SOURCE || !node->topic->internal)
        return;
    add(evolution, "topic", node->topic->name, "key", node->key_type);
    add(evolution, "topic", node->topic->name, "value", node->value_type);
}

static void add_part(struct evolution *evolution, const struct layout_part *part)
{
    for (size_t i = 0; i < part->store_count; i++)
        if (!part->stores[i].hidden) {
            add(evolution, "store", part->stores[i].spec.name, "key", part->stores[i].spec.key_type);
            add(evolution, "store", part->stores[i].spec.name, "value", part->stores[i].spec.value_type);
            add_type(evolution, part->stores[i].spec.value_type);
        }
    for (size_t i = 0; i < part->subtopology->nodes.count; i++)
        add_node(evolution, part->subtopology->nodes.items[i]);
}

static bool has_records(const struct evolution *evolution)
{
    for (size_t i = 0; i < evolution->count; i++)
        if (!scalar_is(evolution->places[i].type))
            return true;
    return false;
}

/* ---- what was recorded ---- */

struct recorded {
    const char *what, *name, *part, *schema;
    uint64_t fingerprint;
};

/* False: not a record of ours. */
static bool read_recorded(struct evolution *evolution, const struct broker_message *message, struct recorded *out)
{
    char *words[KEY_WORDS], *end;
    size_t count = 0;
    if (!message->key.data || !message->value.data)
        return false;
    char *rest = arena_format(&evolution->arena, "%.*s", (int)message->key.size, (const char *)message->key.data);
    while (count < KEY_WORDS && (words[count] = strsep(&rest, " ")))
        count++;
    if (count < KEY_WORDS || rest)
        return false;
    *out = (struct recorded){.what = words[0],
                             .name = words[1],
                             .part = words[2],
                             .schema = arena_bytes(&evolution->arena, message->value).data,
                             .fingerprint = strtoull(words[3], &end, 16)};
    return *words[3] && !*end;
}

/* Keys are found by their bytes, and scalars do not say what they are: both have to stay. */
static bool must_stay(const struct place *place, const struct schema *schema)
{
    bool was_scalar = schema->kind != SCHEMA_RECORD && schema->kind != SCHEMA_ARRAY && schema->kind != SCHEMA_MAP;
    return strcmp(place->part, "key") == 0 || was_scalar || scalar_is(place->type);
}

static bool refuse(const struct place *place, const char *why, struct weir_error *error)
{
    return error_set(error, WEIR_INVALID,
                     "%s '%s': a %s was written by another schema, and '%s' cannot read it: %s (docs/schemas.md)",
                     place->what, place->name, place->part, place->type->name, why);
}

static bool check_place(const struct place *place, const struct recorded *recorded, const struct schema *schema,
                        weir_arena *arena, struct weir_error *error)
{
    struct weir_error cause = {0};
    if (strcmp(place->schema, recorded->schema) == 0 || strcmp(place->what, "type") == 0)
        return true;
    if (must_stay(place, schema))
        return recorded->fingerprint == place->type->fingerprint ||
               refuse(place, "the type of keys, and a type that is no record, must stay as it was", error);
    return resolution_is_total(resolution_new(schema, place->type, arena), &cause) ||
           refuse(place, cause.message, error);
}

static bool check_places(struct evolution *evolution, const struct recorded *recorded, const struct schema *schema,
                         struct weir_error *error)
{
    for (size_t i = 0; i < evolution->count; i++) {
        struct place *place = &evolution->places[i];
        if (strcmp(place->what, recorded->what) != 0 || strcmp(place->name, recorded->name) != 0 ||
            strcmp(place->part, recorded->part) != 0)
            continue;
        if (!check_place(place, recorded, schema, &evolution->arena, error))
            return false;
        place->is_recorded = place->is_recorded || recorded->fingerprint == place->type->fingerprint;
    }
    return true;
}

static bool take(struct evolution *evolution, const struct broker_message *message, struct weir_error *error)
{
    struct recorded recorded;
    struct weir_error cause = {0};
    if (!read_recorded(evolution, message, &recorded))
        return true;
    const weir_bytes text = {recorded.schema, strlen(recorded.schema)};
    const struct schema *schema = schema_read(text, &evolution->arena, &cause);
    if (!schema || !known_add(recorded.fingerprint, text, &cause))
        return error_set(error, WEIR_CORRUPT, "topic %s offset %lld: %s", evolution->topic, (long long)message->offset,
                         cause.message);
    return check_places(evolution, &recorded, schema, error);
}

static bool take_all(struct evolution *evolution, struct broker_reader *reader, const struct broker_message *messages,
                     int count, struct weir_error *error)
{
    bool ok = true;
    for (int i = 0; i < count; i++) {
        struct broker_message message = messages[i];
        ok = ok && take(evolution, &message, error);
        evolution->broker->ops->reader_release(reader, &message);
    }
    return ok;
}

static bool read_to(struct evolution *evolution, struct broker_reader *reader, int64_t end, struct weir_error *error)
{
    struct broker_message messages[MESSAGES];
    int64_t until_us = clock_monotonic_us(&clock_system) + READ_US;
    while (evolution->broker->ops->reader_position(reader, 0) < end) {
        struct weir_error cause = {0};
        int count = evolution->broker->ops->reader_poll(reader, messages, MESSAGES, POLL_MS, &cause);
        if (!take_all(evolution, reader, messages, count, error))
            return false;
        if (count < 0 && cause.code != WEIR_RETRY)
            return error_set(error, cause.code, "%s", cause.message);
        if (count <= 0 && clock_monotonic_us(&clock_system) > until_us)
            return error_set(error, WEIR_RETRY, "topic %s cannot be read", evolution->topic);
    }
    return true;
}

static bool read_recorded_all(struct evolution *evolution, struct weir_error *error)
{
    const struct broker_ops *ops = evolution->broker->ops;
    int64_t begin = 0, end = 0;
    if (!ops->range(evolution->broker, evolution->topic, 0, &begin, &end, error))
        return false;
    if (begin >= end)
        return true;
    struct broker_reader *reader = ops->reader_open(evolution->broker, error);
    if (!reader)
        return false;
    bool ok = ops->reader_add(reader, evolution->topic, 0, begin, 0, error) && read_to(evolution, reader, end, error);
    ops->reader_close(reader);
    return ok;
}

/* ---- what is recorded now ---- */

static bool send_place(struct evolution *evolution, struct collector *out, const struct place *place,
                       struct weir_error *error)
{
    const char *key = arena_format(&evolution->arena, "%s %s %s %016" PRIx64, place->what, place->name, place->part,
                                   place->type->fingerprint);
    const struct broker_record record = {
        .timestamp_ms = -1, .key = {key, strlen(key)}, .value = {place->schema, strlen(place->schema)}};
    return collector_send(out, evolution->topic, &record, error);
}

static bool record_new(struct evolution *evolution, struct weir_error *error)
{
    struct collector out = {0};
    bool is_needed = false, ok = true;
    for (size_t i = 0; i < evolution->count; i++)
        is_needed = is_needed || !evolution->places[i].is_recorded;
    if (!is_needed)
        return true;
    char *client = memory_format("%s-schemas-producer", evolution->layout->application);
    if (collector_open(&out, evolution->broker, client, NULL, error)) {
        for (size_t i = 0; ok && i < evolution->count; i++)
            ok = evolution->places[i].is_recorded || send_place(evolution, &out, &evolution->places[i], error);
        ok = ok && collector_flush(&out, FLUSH_MS, error);
        collector_close(&out);
    } else {
        ok = false;
    }
    memory_free(client);
    return ok;
}

static bool settle(struct evolution *evolution, struct weir_error *error)
{
    const struct broker_topic_spec spec = {
        .name = evolution->topic, .partitions = 1, .cleanup = BROKER_COMPACT, .retention_ms = -1};
    return evolution->broker->ops->ensure(evolution->broker, &spec, 1, error) && read_recorded_all(evolution, error) &&
           record_new(evolution, error);
}

/* A broker that has just started, or just made the topic, may need a moment. */
static bool settle_at_last(struct evolution *evolution, struct weir_error *error)
{
    int64_t until_us = clock_monotonic_us(&clock_system) + TRY_US;
    for (;;) {
        struct weir_error cause = {0};
        if (settle(evolution, &cause))
            return true;
        if (cause.code != WEIR_RETRY || clock_monotonic_us(&clock_system) > until_us)
            return error_set(error, cause.code, "%s", cause.message);
        clock_pause_ms(POLL_MS);
    }
}

const char *evolution_topic(const struct layout *layout, weir_arena *arena)
{
    return arena_format(arena, "%s-schemas", layout->application);
}

bool evolution_settle(const struct layout *layout, struct broker *broker, struct weir_error *error)
{
    struct evolution evolution = {.layout = layout, .broker = broker};
    arena_init(&evolution.arena);
    evolution.topic = evolution_topic(layout, &evolution.arena);
    for (size_t i = 0; i < layout->part_count + layout->global_count; i++)
        add_part(&evolution, &layout->parts[i]);
    bool ok = !has_records(&evolution) || settle_at_last(&evolution, error);
    memory_free(evolution.places);
    arena_done(&evolution.arena);
    return ok;
}
