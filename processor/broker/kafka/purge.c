/* purge.c: deletes records that are processed and committed (KIP-107), as Kafka Streams does with its repartition topics. One
 * request of a consumer is under way at a time; it goes to the leaders of the partitions through the admin handle.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "kafka.h"

static bool read_results(rd_kafka_event_t *event, struct weir_error *error)
{
    const rd_kafka_topic_partition_list_t *list =
        rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].err)
            return error_set(error, kafka_reading_code_of(list->elems[i].err),
                             "topic %s partition %d: deleting processed records: %s", list->elems[i].topic,
                             (int)list->elems[i].partition, rd_kafka_err2str(list->elems[i].err));
    return true;
}

static bool read_answer(rd_kafka_event_t *event, struct weir_error *error)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (code)
        return error_set(error, kafka_reading_code_of(code), "deleting processed records: %s",
                         rd_kafka_event_error_string(event));
    return read_results(event, error);
}

void kafka_purge_forget(struct broker_consumer *consumer)
{
    if (consumer->purging)
        rd_kafka_queue_destroy(consumer->purging);
    consumer->purging = NULL;
}

static enum broker_purge take_answer(struct broker_consumer *consumer, struct weir_error *error)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(consumer->purging, 0);
    if (!event)
        return BROKER_PURGE_WAITING;
    bool ok = read_answer(event, error);
    rd_kafka_event_destroy(event);
    kafka_purge_forget(consumer);
    return ok ? BROKER_PURGE_ASKED : BROKER_PURGE_FAILED;
}

static void ask(struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count)
{
    rd_kafka_t *admin = consumer->broker->admin;
    rd_kafka_topic_partition_list_t *list = kafka_commit_list(admin, offsets, count);
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_AdminOptions_t *options = kafka_admin_options(admin, RD_KAFKA_ADMIN_OP_DELETERECORDS);
    consumer->purging = rd_kafka_queue_new(admin);
    rd_kafka_DeleteRecords(admin, &request, 1, options, consumer->purging);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
}

enum broker_purge kafka_consumer_purge(struct broker_consumer *consumer, const struct broker_offset *offsets,
                                       size_t count, struct weir_error *error)
{
    enum broker_purge before = consumer->purging ? take_answer(consumer, error) : BROKER_PURGE_ASKED;
    if (before != BROKER_PURGE_WAITING && count > 0)
        ask(consumer, offsets, count);
    return before;
}
