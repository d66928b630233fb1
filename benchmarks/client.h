/* client.h: librdkafka clients for the programs that do without Weir. */
#ifndef WEIR_BENCHMARKS_CLIENT_H
#define WEIR_BENCHMARKS_CLIENT_H
#include <librdkafka/rdkafka.h>
#include <stdint.h>

/* Settings as Weir's own clients have them, so that both sides of a comparison use the same network. */
rd_kafka_conf_t *client_conf(const char *brokers);
void client_set(rd_kafka_conf_t *, const char *key, const char *value);
/* transactional_id NULL: idempotent, without transactions. */
rd_kafka_t *client_producer(const char *brokers, const char *transactional_id, const char *linger_ms,
                            void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *), void *opaque);
/* Of the deliveries of a producer: a failure ends the program. */
void client_check_delivery(rd_kafka_t *, const rd_kafka_message_t *, void *opaque);
rd_kafka_t *client_admin(const char *brokers);
/* Fetches 64 MiB ahead, or what the environment says, CLIENT_AHEAD_KIB (2097151 at most). librdkafka's fetcher sleeps for up to a second
 * whenever that much lies ready, however soon it is taken. */
rd_kafka_t *client_consumer(const char *brokers, const char *group);
/* Copies the record into the producer's queue; waits while the queue is full. */
void client_send(rd_kafka_t *, rd_kafka_topic_t *, int64_t timestamp_ms, const void *key, size_t key_size,
                 const void *value, size_t value_size);
/* Creates the topic unless it exists, and waits until the broker knows it. Records never expire. */
void client_create_topic(const char *brokers, const char *topic, int partitions);
int client_partitions(rd_kafka_t *, const char *topic);
/* Reads all partitions of the topic from there, without joining a group. */
void client_assign(rd_kafka_t *consumer, const char *topic, int64_t offset);
#endif
