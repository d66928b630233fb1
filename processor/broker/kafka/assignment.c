/* assignment.c: reads what a group's leader dealt to a member: ConsumerProtocolAssignment, versions 0 to 3 (Apache Kafka,
 * ConsumerProtocolAssignment.json): version, topics with their partitions, bytes of the assignor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/bytes.h"
#include "kafka.h"

struct assignment {
    const uint8_t *at;
    size_t left;
    bool is_whole;
};

static const uint8_t *take(struct assignment *assignment, size_t size)
{
    static const uint8_t nothing[4];
    if (!assignment->is_whole || assignment->left < size) {
        assignment->is_whole = false;
        return nothing;
    }
    const uint8_t *at = assignment->at;
    assignment->at += size;
    assignment->left -= size;
    return at;
}

static size_t take_count(struct assignment *assignment)
{
    uint32_t count = bytes_get_u32(take(assignment, 4));
    if (count > assignment->left) /* whatever is counted takes a byte at least */
        assignment->is_whole = false;
    return assignment->is_whole ? count : 0;
}

static weir_bytes take_name(struct assignment *assignment)
{
    const uint8_t *length = take(assignment, 2);
    size_t size = (size_t)length[0] << 8 | length[1];
    const uint8_t *name = take(assignment, size);
    return assignment->is_whole ? (weir_bytes){name, size} : (weir_bytes){NULL, 0};
}

static void read_topic(struct assignment *assignment, weir_arena *arena, struct broker_place *places, size_t *count)
{
    weir_bytes name = take_name(assignment);
    size_t partitions = take_count(assignment);
    if (!assignment->is_whole)
        return;
    char *topic = arena_alloc(arena, name.size + 1);
    memcpy(topic, name.data, name.size);
    for (size_t i = 0; i < partitions && assignment->is_whole; i++)
        places[(*count)++] = (struct broker_place){topic, (int32_t)bytes_get_u32(take(assignment, 4))};
}

bool kafka_assignment_read(weir_bytes bytes, weir_arena *arena, struct broker_place **places, size_t *count)
{
    struct assignment assignment = {bytes.data, bytes.size, true};
    *places = arena_alloc(arena, (bytes.size / 4 + 1) * sizeof **places);
    *count = 0;
    if (bytes.size == 0) /* of a member that nothing was dealt to yet */
        return true;
    take(&assignment, 2);
    size_t topics = take_count(&assignment);
    for (size_t i = 0; i < topics && assignment.is_whole; i++)
        read_topic(&assignment, arena, *places, count);
    return assignment.is_whole;
}
