/* input.c: what the world outside writes: given, or made up by the types of the topics: few keys, so that records meet;
 * times that go on, and sometimes back.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "simulator/world.h"

enum { ITEMS_MAX = 2, DEPTH_MAX = 4, BACK_MS_MAX = 20000, TOPICS_MAX = 64 };

/* ---- bytes of a type: numbers as Kafka's serializers write them, records as JSON, which every topic reads ---- */

static weir_bytes big_endian(weir_arena *arena, uint64_t value, size_t size)
{
    unsigned char *bytes = arena_alloc(arena, sizeof value);
    if (size == 8)
        bytes_put_u64(bytes, value);
    else
        bytes_put_u32(bytes, (uint32_t)value);
    return (weir_bytes){bytes, size};
}

static void make_json(struct random *random, const struct weir_type *type, int64_t range, int depth,
                      struct buffer *out);

static void make_record(struct random *random, const struct weir_type *type, int64_t range, int depth,
                        struct buffer *out)
{
    const char *comma = "";
    buffer_byte(out, '{');
    for (size_t i = 0; i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        if (field->presence != WEIR_NO_PRESENCE && (depth == 0 || random_below(random, 4) == 0))
            continue;
        buffer_format(out, "%s\"%s\":", comma, field->name);
        make_json(random, field->type, range, depth - 1, out);
        comma = ",";
    }
    buffer_byte(out, '}');
}

static void make_items(struct random *random, const struct weir_type *type, int64_t range, int depth,
                       struct buffer *out)
{
    bool is_map = type->kind == WEIR_KIND_MAP;
    int64_t count = depth <= 0 ? 0 : random_between(random, 0, ITEMS_MAX);
    buffer_byte(out, is_map ? '{' : '[');
    for (int64_t i = 0; i < count; i++) {
        buffer_text(out, i > 0 ? "," : "");
        if (is_map)
            buffer_format(out, "\"m%" PRId64 "\":", i);
        make_json(random, type->item, range, depth - 1, out);
    }
    buffer_byte(out, is_map ? '}' : ']');
}

static void make_json(struct random *random, const struct weir_type *type, int64_t range, int depth, struct buffer *out)
{
    int64_t number = random_between(random, 0, range - 1);
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        buffer_text(out, number % 2 ? "true" : "false");
        break;
    case WEIR_KIND_ENUM:
        buffer_format(out, "\"%s\"", type->symbols[(size_t)number % type->symbol_count]);
        break;
    case WEIR_KIND_TIMESTAMP:
        buffer_format(out, "\"2024-01-01T00:00:%02" PRId64 ".000Z\"", number % 60);
        break;
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
        buffer_format(out, "\"k%" PRId64 "\"", number);
        break;
    case WEIR_KIND_JSON:
        buffer_format(out, "{\"n\":%" PRId64 "}", number);
        break;
    case WEIR_KIND_RECORD:
        make_record(random, type, range, depth, out);
        break;
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        make_items(random, type, range, depth, out);
        break;
    default:
        buffer_format(out, "%" PRId64, number);
    }
}

static weir_bytes make_bytes(struct random *random, weir_arena *arena, const struct weir_type *type, int64_t range)
{
    int64_t number = random_between(random, 0, range - 1);
    double real = (double)number;
    uint64_t bits;
    struct buffer json = {0};
    switch (type->kind) {
    case WEIR_KIND_I64:
        return big_endian(arena, (uint64_t)number, 8);
    case WEIR_KIND_I32:
        return big_endian(arena, (uint64_t)number, 4);
    case WEIR_KIND_DOUBLE:
        memcpy(&bits, &real, sizeof bits);
        return big_endian(arena, bits, 8);
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
        return bytes_of_text(arena_format(arena, "k%" PRId64, number));
    default:
        make_json(random, type, range, DEPTH_MAX, &json);
    }
    weir_bytes made = arena_bytes(arena, buffer_bytes(&json));
    buffer_done(&json);
    return made;
}

/* ---- records ---- */

static size_t find_sources(const struct simulate_world *world, const struct layout_source **out)
{
    size_t count = 0;
    const struct layout *layout = &world->plain->layout;
    for (size_t p = 0; p < layout->part_count; p++)
        for (size_t s = 0; s < layout->parts[p].source_count && count < TOPICS_MAX; s++)
            if (!layout->parts[p].sources[s].node->topic->internal && !layout->parts[p].sources[s].is_shares)
                out[count++] = &layout->parts[p].sources[s];
    return count;
}

static void add_input(struct simulate_world *world, struct input input)
{
    struct broker_record *record = &input.record;
    int32_t partitions = simulated_partitions(world->cluster, input.topic);
    record->partition =
        record->key.data ? hash_partition(record->key, partitions) : (int32_t)(world->input_count % (size_t)partitions);
    world->inputs[world->input_count++] = input;
}

static void make_one(struct simulate_world *world, struct random *random, const struct layout_source *source,
                     int64_t at_us)
{
    const struct swarm *swarm = &world->swarm;
    int64_t values = 5;
    struct input input = {.topic = source->topic};
    input.record.key = make_bytes(random, &world->arena, source->node->key_type, swarm->keys);
    if (!random_chance(random, swarm->tombstone))
        input.record.value = make_bytes(random, &world->arena, source->node->value_type, values);
    input.record.timestamp_ms = at_us / 1000;
    if (random_chance(random, swarm->out_of_order))
        input.record.timestamp_ms -= random_between(random, 0, BACK_MS_MAX);
    add_input(world, input);
}

static void make_up(struct simulate_world *world, struct random *random)
{
    const struct layout_source *sources[TOPICS_MAX];
    size_t source_count = find_sources(world, sources), count = (size_t)world->swarm.records;
    world->inputs = memory_new((count + 1) * sizeof *world->inputs);
    for (size_t i = 0; i < count && source_count > 0; i++)
        make_one(world, random, sources[random_below(random, source_count)],
                 world->now_us + (int64_t)i * world->swarm.input_every_us);
}

static bool take_given(struct simulate_world *world, struct weir_error *error)
{
    const struct simulate_plan *plan = world->plan;
    world->inputs = memory_new((plan->input_count + 1) * sizeof *world->inputs);
    world->swarm.input_every_us = world->swarm.safety_us / (int64_t)(plan->input_count + 1);
    for (size_t i = 0; i < plan->input_count; i++) {
        const struct weir_raw_record *given = &plan->inputs[i].record;
        if (simulated_partitions(world->cluster, plan->inputs[i].topic) == 0)
            return error_set(error, WEIR_INVALID, "the topology does not read the topic '%s'", plan->inputs[i].topic);
        int64_t virtual_ms = (world->now_us + (int64_t)i * world->swarm.input_every_us) / 1000;
        add_input(world, (struct input){plan->inputs[i].topic,
                                        {.timestamp_ms = given->timestamp_ms < 0 ? virtual_ms : given->timestamp_ms,
                                         .key = given->key,
                                         .value = given->value,
                                         .headers = given->headers}});
    }
    return true;
}

bool world_make_inputs(struct simulate_world *world, struct weir_error *error)
{
    struct random random = {random_next(&world->random)};
    if (world->plan->inputs)
        return take_given(world, error);
    make_up(world, &random);
    return true;
}

void world_append_input(struct simulate_world *world)
{
    const struct input *input = &world->inputs[world->input_next++];
    simulated_append(world->cluster, input->topic, &input->record);
    world_trace(world, 6000 + (uint64_t)input->record.partition);
}

void simulate_each_input(struct simulate_world *world,
                         void (*visit)(void *self, const char *topic, int32_t partition,
                                       const struct weir_raw_record *),
                         void *self)
{
    for (size_t i = 0; i < world->input_count; i++) {
        const struct broker_record *record = &world->inputs[i].record;
        const struct weir_raw_record raw = {record->key, record->value, record->timestamp_ms, record->headers};
        visit(self, world->inputs[i].topic, record->partition, &raw);
    }
}
