/* watch.c: when has a consumer group committed all of its inputs?
 *
 *   watch BROKERS GROUP TOPIC…      the topics must not grow any more
 *
 * The group is also through with its repartition topics (GROUP-…-repartition, and GROUP-…-topic of foreign-key joins) when
 * twice in a row all that they hold is committed.
 * Prints {"records":…,"done_s":…}; done_s is the time of CLOCK_MONOTONIC. Runs until then: end it when the group is gone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "measure.h"

enum { EVERY_US = 20000, ANSWER_MS = 20000 };

static void must(rd_kafka_resp_err_t code, const char *what)
{
    if (code)
        measure_fail("%s: %s", what, rd_kafka_err2str(code));
}

/* Adds the partitions of a topic to the list, with their end in the opaque pointer; how many records they hold. */
static int64_t add_topic(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list, const char *topic)
{
    int64_t records = 0;
    int partitions = client_partitions(client, topic);
    for (int32_t p = 0; p < partitions; p++) {
        int64_t low, high;
        must(rd_kafka_query_watermark_offsets(client, topic, p, &low, &high, ANSWER_MS), topic);
        rd_kafka_topic_partition_list_add(list, topic, p)->opaque = (void *)(intptr_t)high;
        records += high - low;
    }
    return records;
}

static bool all_committed(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = RD_KAFKA_OFFSET_INVALID;
    if (rd_kafka_committed(client, list, ANSWER_MS))
        return false; /* the coordinator is busy: ask again */
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].offset < (intptr_t)list->elems[i].opaque && list->elems[i].opaque)
            return false;
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), more = strlen(end);
    return size > more && strcmp(text + size - more, end) == 0;
}

static bool is_repartition(const char *topic, const char *group)
{
    size_t size = strlen(group);
    return strncmp(topic, group, size) == 0 && topic[size] == '-' &&
           (ends_with(topic, "-repartition") || ends_with(topic, "-topic"));
}

/* How many records the repartition topics of the group hold; -1: not all of them are committed. */
static int64_t committed_between(rd_kafka_t *client, const char *group)
{
    const struct rd_kafka_metadata *metadata;
    int64_t records = 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    must(rd_kafka_metadata(client, 1, NULL, &metadata, ANSWER_MS), "topics");
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (is_repartition(metadata->topics[i].topic, group))
            records += add_topic(client, list, metadata->topics[i].topic);
    bool done = list->cnt == 0 || all_committed(client, list);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_partition_list_destroy(list);
    return done ? records : -1;
}

static void wait_between(rd_kafka_t *client, const char *group)
{
    for (int64_t before = -1, now = committed_between(client, group); now != 0 && (now < 0 || now != before);) {
        usleep(EVERY_US);
        before = now;
        now = committed_between(client, group);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4)
        measure_fail("usage: watch BROKERS GROUP TOPIC…");
    rd_kafka_t *client = client_consumer(argv[1], argv[2]);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(argc);
    int64_t records = 0;
    for (int i = 3; i < argc; i++)
        records += add_topic(client, list, argv[i]);
    while (!all_committed(client, list))
        usleep(EVERY_US);
    wait_between(client, argv[2]);
    printf("{\"records\":%" PRId64 ",\"done_s\":%.4f}\n", records, measure_seconds());
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
    return 0;
}
