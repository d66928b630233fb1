/* watch.c: when has a consumer group committed all of its inputs?
 *
 *   watch BROKERS GROUP TOPIC…      the topics must not grow any more
 *
 * The group is also through with its repartition topics (GROUP-…-repartition, and GROUP-…-topic of foreign-key joins) when
 * twice in a row the same is committed, and behind it are no records (markers of transactions may be).
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

struct look {
    double at_s;
    int64_t records, committed; /* of the repartition topics: what they hold, and the sum of what is committed */
    bool is_through;            /* nothing that was not committed */
};

/* What of the list is not committed to its end. */
static rd_kafka_topic_partition_list_t *rest_of(const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *rest = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];
        if (one->offset < (intptr_t)one->opaque)
            rd_kafka_topic_partition_list_add(rest, one->topic, one->partition)->offset =
                one->offset < 0 ? RD_KAFKA_OFFSET_BEGINNING : one->offset;
    }
    return rest;
}

static bool is_end(const rd_kafka_message_t *message)
{
    return message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
}

/* Reads each partition of the list from its offset on. */
static bool has_records(rd_kafka_t *client, const rd_kafka_topic_partition_list_t *list)
{
    bool found = false;
    must(rd_kafka_assign(client, list), "reading what is not committed");
    for (int ends = 0; ends < list->cnt && !found;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client, ANSWER_MS);
        if (!message)
            measure_fail("what is not committed: no answer");
        ends += is_end(message);
        found = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
        rd_kafka_message_destroy(message);
    }
    must(rd_kafka_assign(client, NULL), "reading what is not committed");
    return found;
}

static bool has_nothing_left(rd_kafka_t *client, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *rest = rest_of(list);
    bool nothing = rest->cnt == 0 || !has_records(client, rest);
    rd_kafka_topic_partition_list_destroy(rest);
    return nothing;
}

static rd_kafka_topic_partition_list_t *repartition_topics(rd_kafka_t *client, const char *group, int64_t *records)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    must(rd_kafka_metadata(client, 1, NULL, &metadata, ANSWER_MS), "topics");
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (is_repartition(metadata->topics[i].topic, group))
            *records += add_topic(client, list, metadata->topics[i].topic);
    rd_kafka_metadata_destroy(metadata);
    return list;
}

static bool is_same(const struct look *one, const struct look *other)
{
    return one->records == other->records && one->committed == other->committed;
}

/* Looks closely, into the topics, when nothing has moved since the look before. */
static struct look look_between(rd_kafka_t *client, const char *group, const struct look *before)
{
    struct look look = {.at_s = measure_seconds()};
    rd_kafka_topic_partition_list_t *list = repartition_topics(client, group, &look.records);
    bool are_all = list->cnt == 0 || all_committed(client, list);
    for (int i = 0; i < list->cnt; i++)
        look.committed += list->elems[i].offset;
    look.is_through = list->cnt == 0 || (is_same(&look, before) && (are_all || has_nothing_left(client, list)));
    rd_kafka_topic_partition_list_destroy(list);
    return look;
}

/* The moment from which nothing has moved. */
static double wait_between(rd_kafka_t *client, const char *group)
{
    struct look before = {.records = -1}, now = look_between(client, group, &before);
    double since_s = now.at_s;
    while (!now.is_through) {
        usleep(EVERY_US);
        before = now;
        now = look_between(client, group, &before);
        if (!is_same(&now, &before))
            since_s = now.at_s;
    }
    return since_s;
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
    printf("{\"records\":%" PRId64 ",\"done_s\":%.4f}\n", records, wait_between(client, argv[2]));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
    return 0;
}
