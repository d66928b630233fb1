/* groups.c: offsets of groups that this process need not be a member of, and waiting for admin answers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/error.h"
#include "kafka.h"

rd_kafka_AdminOptions_t *kafka_admin_options(rd_kafka_t *client, rd_kafka_admin_op_t operation)
{
    char reason[100];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, operation);
    rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_ADMIN_TIMEOUT_MS, reason, sizeof reason);
    return options;
}

rd_kafka_event_t *kafka_admin_answer(rd_kafka_queue_t *queue, const char *what, struct weir_error *error)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * KAFKA_ADMIN_TIMEOUT_MS);
    rd_kafka_queue_destroy(queue);
    if (!event) {
        error_set(error, WEIR_RETRY, "%s: no answer", what);
        return NULL;
    }
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (!code)
        return event;
    error_set(error, kafka_reading_code_of(code), "%s: %s", what, rd_kafka_event_error_string(event));
    rd_kafka_event_destroy(event);
    return NULL;
}

static rd_kafka_event_t *ask_offsets(rd_kafka_t *admin, const char *group, const struct broker_place *places,
                                     size_t count, struct weir_error *error)
{
    rd_kafka_topic_partition_list_t *wanted = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(wanted, places[i].topic, places[i].partition);
    rd_kafka_ListConsumerGroupOffsets_t *request = rd_kafka_ListConsumerGroupOffsets_new(group, wanted);
    rd_kafka_topic_partition_list_destroy(wanted);
    rd_kafka_AdminOptions_t *options = kafka_admin_options(admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_ListConsumerGroupOffsets(admin, &request, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
    return kafka_admin_answer(queue, group, error);
}

static bool read_start(const rd_kafka_topic_partition_t *found, const char *group, weir_arena *arena,
                       struct broker_start *start, struct weir_error *error)
{
    if (found->err)
        return error_set(error, kafka_reading_code_of(found->err), "group %s topic %s partition %d: %s", group,
                         found->topic, (int)found->partition, rd_kafka_err2str(found->err));
    weir_bytes metadata = {found->metadata, found->metadata ? found->metadata_size : 0};
    start->offset = found->offset >= 0 ? found->offset : BROKER_NO_OFFSET;
    start->metadata = arena_bytes(arena, metadata).data;
    return true;
}

/* In the order of the places: the answer has one of its own. */
static bool read_starts(const rd_kafka_topic_partition_list_t *found, const char *group,
                        const struct broker_place *places, size_t count, weir_arena *arena, struct broker_start *starts,
                        struct weir_error *error)
{
    for (size_t i = 0; i < count; i++) {
        starts[i] = (struct broker_start){BROKER_NO_OFFSET, ""};
        const rd_kafka_topic_partition_t *one =
            found ? rd_kafka_topic_partition_list_find(found, places[i].topic, places[i].partition) : NULL;
        if (one && !read_start(one, group, arena, &starts[i], error))
            return false;
    }
    return true;
}

static bool read_answer(rd_kafka_event_t *event, const char *group, const struct broker_place *places, size_t count,
                        weir_arena *arena, struct broker_start *starts, struct weir_error *error)
{
    size_t groups;
    const rd_kafka_group_result_t **results =
        rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(event), &groups);
    const rd_kafka_error_t *failure = groups > 0 ? rd_kafka_group_result_error(results[0]) : NULL;
    if (failure)
        return error_set(error, kafka_reading_code_of(rd_kafka_error_code(failure)), "group %s: %s", group,
                         rd_kafka_error_string(failure));
    return read_starts(groups > 0 ? rd_kafka_group_result_partitions(results[0]) : NULL, group, places, count, arena,
                       starts, error);
}

bool kafka_commits(struct broker *base, const char *group, const struct broker_place *places, size_t count,
                   weir_arena *arena, struct broker_start *starts, struct weir_error *error)
{
    if (count == 0)
        return true;
    rd_kafka_event_t *event = ask_offsets(kafka_broker_of(base)->admin, group, places, count, error);
    if (!event)
        return false;
    bool ok = read_answer(event, group, places, count, arena, starts, error);
    rd_kafka_event_destroy(event);
    return ok;
}

bool kafka_committed(struct broker *base, const char *group, const char *topic, int32_t partition, int64_t *offset,
                     struct weir_error *error)
{
    const struct broker_place place = {topic, partition};
    struct broker_start start = {BROKER_NO_OFFSET, ""};
    weir_arena arena;
    arena_init(&arena);
    bool ok = kafka_commits(base, group, &place, 1, &arena, &start, error);
    if (ok)
        *offset = start.offset;
    arena_done(&arena);
    return ok;
}
