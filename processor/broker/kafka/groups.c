/* groups.c: offsets of groups that this process need not be a member of, and waiting for admin answers.
 * SPDX-License-Identifier: Apache-2.0 */
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

static rd_kafka_event_t *ask_offset(rd_kafka_t *admin, const char *group, const char *topic, int32_t partition,
                                    struct weir_error *error)
{
    rd_kafka_topic_partition_list_t *wanted = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(wanted, topic, partition);
    rd_kafka_ListConsumerGroupOffsets_t *request = rd_kafka_ListConsumerGroupOffsets_new(group, wanted);
    rd_kafka_topic_partition_list_destroy(wanted);
    rd_kafka_AdminOptions_t *options = kafka_admin_options(admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_ListConsumerGroupOffsets(admin, &request, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
    return kafka_admin_answer(queue, group, error);
}

static bool read_offset(rd_kafka_event_t *event, const char *group, int64_t *offset, struct weir_error *error)
{
    size_t count;
    const rd_kafka_group_result_t **results =
        rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    const rd_kafka_error_t *failure = count > 0 ? rd_kafka_group_result_error(results[0]) : NULL;
    if (failure)
        return error_set(error, kafka_reading_code_of(rd_kafka_error_code(failure)), "group %s: %s", group,
                         rd_kafka_error_string(failure));
    const rd_kafka_topic_partition_list_t *found = count > 0 ? rd_kafka_group_result_partitions(results[0]) : NULL;
    int64_t committed = BROKER_NO_OFFSET;
    if (found && found->cnt > 0) {
        const rd_kafka_topic_partition_t *one = &found->elems[0];
        if (one->err)
            return error_set(error, kafka_reading_code_of(one->err), "group %s topic %s partition %d: %s", group,
                             one->topic, (int)one->partition, rd_kafka_err2str(one->err));
        committed = one->offset >= 0 ? one->offset : BROKER_NO_OFFSET;
    }
    *offset = committed;
    return true;
}

bool kafka_committed(struct broker *base, const char *group, const char *topic, int32_t partition, int64_t *offset,
                     struct weir_error *error)
{
    rd_kafka_event_t *event = ask_offset(kafka_broker_of(base)->admin, group, topic, partition, error);
    if (!event)
        return false;
    bool ok = read_offset(event, group, offset, error);
    rd_kafka_event_destroy(event);
    return ok;
}
