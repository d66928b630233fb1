/* members.c: who is in a group and holds what, as its coordinator tells (DescribeGroups). While a group deals its partitions
 * anew, the coordinator names members without partitions; that is no answer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/error.h"
#include "kafka.h"

static rd_kafka_event_t *ask_group(rd_kafka_t *admin, const char *group, struct weir_error *error)
{
    rd_kafka_AdminOptions_t *options = kafka_admin_options(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_DescribeConsumerGroups(admin, &group, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    return kafka_admin_answer(queue, group, error);
}

static void read_member(const rd_kafka_MemberDescription_t *described, weir_arena *arena, struct broker_member *member)
{
    const rd_kafka_MemberAssignment_t *assignment = rd_kafka_MemberDescription_assignment(described);
    const rd_kafka_topic_partition_list_t *held = assignment ? rd_kafka_MemberAssignment_partitions(assignment) : NULL;
    size_t count = held ? (size_t)held->cnt : 0;
    const char *client = rd_kafka_MemberDescription_client_id(described);
    member->client = arena_text(arena, client ? client : "");
    member->places = arena_alloc(arena, (count + 1) * sizeof *member->places);
    member->place_count = count;
    for (size_t i = 0; i < count; i++)
        member->places[i] = (struct broker_place){arena_text(arena, held->elems[i].topic), held->elems[i].partition};
}

static bool read_group(const rd_kafka_ConsumerGroupDescription_t *described, const char *group, weir_arena *arena,
                       struct broker_member **members, size_t *count, struct weir_error *error)
{
    const rd_kafka_error_t *failure = rd_kafka_ConsumerGroupDescription_error(described);
    if (failure && rd_kafka_error_code(failure) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, kafka_reading_code_of(rd_kafka_error_code(failure)), "group %s: %s", group,
                         rd_kafka_error_string(failure));
    if (rd_kafka_ConsumerGroupDescription_state(described) != RD_KAFKA_CONSUMER_GROUP_STATE_STABLE)
        return error_set(error, WEIR_RETRY, "group %s: partitions are changing hands", group);
    *count = rd_kafka_ConsumerGroupDescription_member_count(described);
    *members = arena_alloc(arena, (*count + 1) * sizeof **members);
    for (size_t i = 0; i < *count; i++)
        read_member(rd_kafka_ConsumerGroupDescription_member(described, i), arena, &(*members)[i]);
    return true;
}

bool kafka_members(struct broker *base, const char *group, weir_arena *arena, struct broker_member **members,
                   size_t *count, struct weir_error *error)
{
    rd_kafka_event_t *event = ask_group(kafka_broker_of(base)->admin, group, error);
    if (!event)
        return false;
    size_t groups;
    const rd_kafka_ConsumerGroupDescription_t **described =
        rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event), &groups);
    bool ok = groups == 1 ? read_group(described[0], group, arena, members, count, error)
                          : error_set(error, WEIR_RETRY, "group %s: not described", group);
    rd_kafka_event_destroy(event);
    return ok;
}
