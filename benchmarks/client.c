/* client.c: see client.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <stdlib.h>
#include <unistd.h>

#include "measure.h"

enum { ANSWER_MS = 20000, AGAIN_MS = 10 };

void client_set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
    char reason[200];
    if (rd_kafka_conf_set(conf, key, value, reason, sizeof reason) != RD_KAFKA_CONF_OK)
        measure_fail("setting %s: %s", key, reason);
}

rd_kafka_conf_t *client_conf(const char *brokers)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    client_set(conf, "bootstrap.servers", brokers);
    client_set(conf, "allow.auto.create.topics", "false");
    client_set(conf, "log.connection.close", "false");
    return conf;
}

static rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char reason[200];
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof reason);
    if (!client)
        measure_fail("librdkafka: %s", reason);
    return client;
}

rd_kafka_t *client_producer(const char *brokers, const char *transactional_id, const char *linger_ms,
                            void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *), void *opaque)
{
    rd_kafka_conf_t *conf = client_conf(brokers);
    client_set(conf, "enable.idempotence", "true");
    client_set(conf, "acks", "all");
    client_set(conf, "partitioner", "murmur2_random");
    client_set(conf, "compression.codec", "lz4");
    client_set(conf, "linger.ms", linger_ms);
    client_set(conf, "queue.buffering.max.messages", "500000");
    client_set(conf, "queue.buffering.max.kbytes", "65536");
    if (transactional_id)
        client_set(conf, "transactional.id", transactional_id);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_opaque(conf, opaque);
    return client_new(RD_KAFKA_PRODUCER, conf);
}

void client_check_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    (void)producer, (void)opaque;
    if (message->err)
        measure_fail("delivery: %s", rd_kafka_err2str(message->err));
}

rd_kafka_t *client_admin(const char *brokers)
{
    return client_new(RD_KAFKA_PRODUCER, client_conf(brokers));
}

rd_kafka_t *client_consumer(const char *brokers, const char *group)
{
    rd_kafka_conf_t *conf = client_conf(brokers);
    client_set(conf, "group.id", group);
    client_set(conf, "enable.auto.commit", "false");
    client_set(conf, "enable.auto.offset.store", "false");
    client_set(conf, "auto.offset.reset", "earliest");
    client_set(conf, "isolation.level", "read_committed");
    client_set(conf, "check.crcs", "true");
    client_set(conf, "fetch.wait.max.ms", "20");
    const char *ahead = getenv("CLIENT_AHEAD_KIB");
    client_set(conf, "queued.min.messages", ahead ? "10000000" : "300000");
    client_set(conf, "queued.max.messages.kbytes", ahead ? ahead : "65536");
    client_set(conf, "enable.partition.eof", "true");
    rd_kafka_t *client = client_new(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(client);
    return client;
}

void client_send(rd_kafka_t *producer, rd_kafka_topic_t *topic, int64_t timestamp_ms, const void *key, size_t key_size,
                 const void *value, size_t value_size)
{
    for (;;) {
        rd_kafka_resp_err_t code =
            rd_kafka_producev(producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_KEY((void *)(uintptr_t)key, key_size),
                              RD_KAFKA_V_VALUE((void *)(uintptr_t)value, value_size), RD_KAFKA_V_END);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return;
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            measure_fail("%s: %s", rd_kafka_topic_name(topic), rd_kafka_err2str(code));
        rd_kafka_poll(producer, 10);
    }
}

/* 0: the broker does not know the topic, or not yet. */
static int partitions_now(rd_kafka_t *client, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(client, 0, handle, &metadata, ANSWER_MS);
    rd_kafka_topic_destroy(handle);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        measure_fail("%s: %s", topic, rd_kafka_err2str(code));
    int partitions = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    return partitions;
}

int client_partitions(rd_kafka_t *client, const char *topic)
{
    int partitions = partitions_now(client, topic);
    if (partitions < 1)
        measure_fail("%s: no such topic", topic);
    return partitions;
}

static void check_created(rd_kafka_event_t *event, const char *topic)
{
    const rd_kafka_CreateTopics_result_t *result = event ? rd_kafka_event_CreateTopics_result(event) : NULL;
    size_t count = 0;
    const rd_kafka_topic_result_t **topics = result ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;
    if (!topics || count != 1)
        measure_fail("%s: the broker does not answer", topic);
    rd_kafka_resp_err_t code = rd_kafka_topic_result_error(topics[0]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        measure_fail("%s: %s", topic, rd_kafka_err2str(code));
}

void client_create_topic(const char *brokers, const char *topic, int partitions)
{
    char reason[200];
    rd_kafka_t *client = client_admin(brokers);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partitions, 1, reason, sizeof reason);
    if (!wanted)
        measure_fail("%s: %s", topic, reason);
    rd_kafka_NewTopic_set_config(wanted, "retention.ms", "-1"); /* event times lie in the past */
    rd_kafka_CreateTopics(client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS);
    check_created(event, topic);
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    for (int tries = 0; partitions_now(client, topic) < 1 && tries < ANSWER_MS / AGAIN_MS; tries++)
        usleep(AGAIN_MS * 1000);
    rd_kafka_destroy(client);
}

void client_assign(rd_kafka_t *consumer, const char *topic, int64_t offset)
{
    int partitions = client_partitions(consumer, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    for (int p = 0; p < partitions; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = offset;
    rd_kafka_resp_err_t code = rd_kafka_assign(consumer, list);
    if (code)
        measure_fail("%s: %s", topic, rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_destroy(list);
}
