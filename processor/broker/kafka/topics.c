/* topics.c: what the brokers say about topics. Every call asks; nothing is remembered here.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "kafka.h"

static bool have_leaders(const struct rd_kafka_metadata_topic *topic)
{
    for (int i = 0; i < topic->partition_cnt; i++)
        if (topic->partitions[i].leader < 0)
            return false;
    return true;
}

static int32_t read_count(const struct rd_kafka_metadata_topic *topic, bool *all_led, struct weir_error *error)
{
    if (all_led)
        *all_led = have_leaders(topic);
    if (topic->err == RD_KAFKA_RESP_ERR_NO_ERROR || topic->partition_cnt > 0)
        return topic->partition_cnt;
    if (topic->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return 0;
    error_set(error, kafka_reading_code_of(topic->err), "topic %s: %s", topic->topic, rd_kafka_err2str(topic->err));
    return -1;
}

/* Again while nobody was reached yet, looking now and then whether anybody will let us in. */
static rd_kafka_resp_err_t read_metadata(struct kafka_broker *broker, rd_kafka_t *client, rd_kafka_topic_t *topic,
                                         const struct rd_kafka_metadata **out, struct weir_error *error)
{
    int64_t deadline_us = clock_monotonic_us(&clock_system) + KAFKA_ADMIN_TIMEOUT_MS * 1000;
    for (;;) {
        rd_kafka_resp_err_t code = rd_kafka_metadata(client, !topic, topic, out, kafka_admin_timeout_ms(broker));
        int64_t now_us = clock_monotonic_us(&clock_system);
        if (!code || kafka_code_of(code) != WEIR_RETRY || now_us >= deadline_us ||
            kafka_admin_is_refused(broker, now_us, error))
            return code;
        usleep(50 * 1000);
    }
}

/* Of one topic, or, where it is NULL, of all. */
static const struct rd_kafka_metadata *ask(struct kafka_broker *broker, rd_kafka_t *client, rd_kafka_topic_t *topic,
                                           struct weir_error *error)
{
    char reason[KAFKA_REFUSAL_SIZE];
    const struct rd_kafka_metadata *metadata;
    struct weir_error refused = {0};
    rd_kafka_resp_err_t code = read_metadata(broker, client, topic, &metadata, &refused);
    if (!code) {
        kafka_admin_learn(broker, metadata);
        return metadata;
    }
    if (refused.code != WEIR_OK)
        error_set(error, refused.code, "%s", refused.message);
    else
        error_set(error, kafka_reading_code_of(code), "%s%s: reading metadata: %s", topic ? "topic " : "all topics",
                  topic ? rd_kafka_topic_name(topic) : "", kafka_admin_reason(broker, code, reason, sizeof reason));
    return NULL;
}

static int32_t ask_count(struct kafka_broker *broker, rd_kafka_t *client, rd_kafka_topic_t *topic, bool *all_led,
                         struct weir_error *error)
{
    const struct rd_kafka_metadata *metadata = ask(broker, client, topic, error);
    if (!metadata)
        return -1;
    int32_t count = metadata->topic_cnt > 0 ? read_count(&metadata->topics[0], all_led, error) : 0;
    rd_kafka_metadata_destroy(metadata);
    return count;
}

/* A topic that is just being created has no leaders for a moment, which the broker reports as an error. */
int32_t kafka_topic_partitions(struct kafka_broker *broker, rd_kafka_t *client, rd_kafka_topic_t *topic, bool *all_led,
                               struct weir_error *error)
{
    int64_t deadline_us = clock_monotonic_us(&clock_system) + KAFKA_ADMIN_TIMEOUT_MS * 1000;
    for (;;) {
        struct weir_error attempt = {0};
        int32_t count = ask_count(broker, client, topic, all_led, &attempt);
        if (count >= 0)
            return count;
        if (attempt.code != WEIR_RETRY || clock_monotonic_us(&clock_system) >= deadline_us) {
            error_set(error, attempt.code, "%s", attempt.message);
            return -1;
        }
        usleep(50 * 1000);
    }
}

int32_t kafka_partitions(struct broker *base, const char *topic, struct weir_error *error)
{
    struct kafka_broker *broker = kafka_broker_of(base);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(broker->admin, topic, NULL);
    if (!handle) {
        error_set(error, WEIR_INVALID, "topic %s: no valid name", topic);
        return -1;
    }
    int32_t count = kafka_topic_partitions(broker, broker->admin, handle, NULL, error);
    rd_kafka_topic_destroy(handle);
    return count;
}

static bool check_partition(struct broker *base, const char *topic, int32_t partition, struct weir_error *error)
{
    int32_t count = kafka_partitions(base, topic, error);
    if (count < 0)
        return false;
    if (partition >= 0 && partition < count)
        return true;
    if (count == 0)
        return error_set(error, WEIR_ABSENT, "topic %s: there is no such topic", topic);
    return error_set(error, WEIR_ABSENT, "topic %s has %d partitions, there is no %d", topic, (int)count,
                     (int)partition);
}

/* A partition that was just created, or whose leader moves, is refused for a moment although its metadata is there. */
static rd_kafka_resp_err_t query_range(rd_kafka_t *client, const char *topic, int32_t partition, int64_t *begin,
                                       int64_t *end)
{
    int64_t deadline_us = clock_monotonic_us(&clock_system) + KAFKA_ADMIN_TIMEOUT_MS * 1000;
    for (;;) {
        rd_kafka_resp_err_t code =
            rd_kafka_query_watermark_offsets(client, topic, partition, begin, end, KAFKA_ADMIN_TIMEOUT_MS);
        if (!code || kafka_reading_code_of(code) != WEIR_RETRY || clock_monotonic_us(&clock_system) >= deadline_us)
            return code;
        usleep(50 * 1000);
    }
}

bool kafka_range(struct broker *base, const char *topic, int32_t partition, int64_t *begin, int64_t *end,
                 struct weir_error *error)
{
    if (!check_partition(base, topic, partition, error)) /* librdkafka would wait for it to appear */
        return false;
    int64_t low, high;
    rd_kafka_resp_err_t code = query_range(kafka_broker_of(base)->admin, topic, partition, &low, &high);
    if (code)
        return error_set(error, kafka_reading_code_of(code), "topic %s partition %d: reading its offsets: %s", topic,
                         (int)partition, rd_kafka_err2str(code));
    *begin = low;
    *end = high;
    return true;
}

static rd_kafka_resp_err_t query_offset(rd_kafka_t *client, const char *topic, int32_t partition, int64_t timestamp_ms,
                                        int64_t *offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, topic, partition);
    one->offset = timestamp_ms;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(client, list, KAFKA_ADMIN_TIMEOUT_MS);
    if (!code)
        code = one->err;
    *offset = one->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

bool kafka_offset_at(struct broker *base, const char *topic, int32_t partition, int64_t timestamp_ms, int64_t *offset,
                     struct weir_error *error)
{
    int64_t begin = 0, end = 0;
    if (!kafka_range(base, topic, partition, &begin, &end, error))
        return false;
    *offset = end;
    if (timestamp_ms == INT64_MAX)
        return true;
    rd_kafka_resp_err_t code = query_offset(kafka_broker_of(base)->admin, topic, partition, timestamp_ms, offset);
    if (code)
        return error_set(error, kafka_reading_code_of(code), "topic %s partition %d: looking for a time: %s", topic,
                         (int)partition, rd_kafka_err2str(code));
    if (*offset < 0 || *offset > end) /* RD_KAFKA_OFFSET_END, or in a transaction that is still open */
        *offset = end;
    return true;
}

bool kafka_may_hold(struct kafka_broker *broker, const char *topic, int32_t partition, int64_t offset)
{
    int64_t begin = 0, end = 0;
    struct weir_error none = {0};
    return !kafka_range(&broker->base, topic, partition, &begin, &end, &none) || (offset >= begin && offset <= end);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool kafka_topics(struct broker *base, weir_arena *arena, const char ***names, size_t *count, struct weir_error *error)
{
    const struct rd_kafka_metadata *metadata = ask(kafka_broker_of(base), kafka_broker_of(base)->admin, NULL, error);
    if (!metadata)
        return false;
    size_t found = (size_t)metadata->topic_cnt;
    const char **list = arena_alloc(arena, (found + 1) * sizeof *list);
    for (size_t i = 0; i < found; i++)
        list[i] = arena_text(arena, metadata->topics[i].topic);
    rd_kafka_metadata_destroy(metadata);
    qsort(list, found, sizeof *list, compare_names);
    *names = list;
    *count = found;
    return true;
}
