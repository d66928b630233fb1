/* broker.c: opens the adapter and names its functions. Holds one admin handle; consumers, producers and readers have
 * handles of their own and must be closed before the broker.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "kafka.h"

static void close_broker(struct broker *base)
{
    struct kafka_broker *broker = kafka_broker_of(base);
    kafka_observers_close(broker);
    kafka_admin_close(broker);
    pthread_mutex_destroy(&broker->observing);
    pthread_mutex_destroy(&broker->refused.lock);
    pthread_mutex_destroy(&broker->learning);
    free(broker);
}

static const char *name_kind(const struct broker *broker)
{
    (void)broker;
    return "kafka";
}

static const struct broker_ops operations = {
    .close = close_broker,
    .kind = name_kind,
    .memory = kafka_memory,
    .partitions = kafka_partitions,
    .ensure = kafka_ensure,
    .range = kafka_range,
    .offset_at = kafka_offset_at,
    .committed = kafka_committed,
    .topics = kafka_topics,
    .topics_delete = kafka_topics_delete,
    .group_delete = kafka_group_delete,
    .members = kafka_members,
    .commits = kafka_commits,
    .consumer_open = kafka_consumer_open,
    .consumer_poll = kafka_consumer_poll,
    .consumer_release = kafka_consumer_release,
    .consumer_pause = kafka_consumer_pause,
    .consumer_resume = kafka_consumer_resume,
    .consumer_end = kafka_consumer_end,
    .consumer_is_behind = kafka_consumer_is_behind,
    .consumer_commit = kafka_consumer_commit,
    .consumer_rewind = kafka_consumer_rewind,
    .consumer_purge = kafka_consumer_purge,
    .consumer_wake = kafka_consumer_wake,
    .consumer_close = kafka_consumer_close,
    .producer_open = kafka_producer_open,
    .producer_send = kafka_producer_send,
    .producer_poll = kafka_producer_poll,
    .producer_flush = kafka_producer_flush,
    .producer_close = kafka_producer_close,
    .transaction_open = kafka_transaction_open,
    .transaction_commit = kafka_transaction_commit,
    .transaction_abort = kafka_transaction_abort,
    .reader_open = kafka_reader_open,
    .reader_add = kafka_reader_add,
    .reader_remove = kafka_reader_remove,
    .reader_poll = kafka_reader_poll,
    .reader_release = kafka_reader_release,
    .reader_position = kafka_reader_position,
    .reader_close = kafka_reader_close,
};

struct broker *broker_kafka_open(const struct config *config, struct weir_error *error)
{
    if (config_text(config, "bootstrap.servers")[0] == 0) {
        error_set(error, WEIR_INVALID, "bootstrap.servers is not set");
        return NULL;
    }
    struct kafka_broker *broker = memory_new(sizeof *broker);
    broker->base.ops = &operations;
    broker->config = config;
    pthread_mutex_init(&broker->observing, NULL);
    pthread_mutex_init(&broker->refused.lock, NULL);
    pthread_mutex_init(&broker->learning, NULL);
    if (kafka_admin_open(broker, error))
        return &broker->base;
    close_broker(&broker->base);
    return NULL;
}
