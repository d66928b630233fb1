/* commit.c: commits offsets for a consumer, and only what it holds; what may be committed, also in a transaction.
 *
 * The coordinator accepts a commit without a member id, or of a partition that went to somebody else a moment ago, from
 * any member of the group that is up to date; so both are refused here, before anything is sent.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "kafka.h"

enum { METADATA_BYTES_MAX = 4000 };

static bool check_held(const struct broker_consumer *consumer, const struct broker_offset *offset,
                       struct weir_error *error)
{
    struct kafka_route *route = kafka_routes_named(&consumer->routes, offset->topic);
    if (consumer->is_lost || !route || !kafka_route_slot(route, offset->partition))
        return error_set(error, WEIR_FENCED,
                         "topic %s partition %d: offset %lld not committed, it is not ours any more", offset->topic,
                         (int)offset->partition, (long long)offset->offset);
    if (offset->metadata && strlen(offset->metadata) > METADATA_BYTES_MAX)
        return error_set(error, WEIR_INVALID, "topic %s partition %d: metadata of %zu bytes, at most %d are kept",
                         offset->topic, (int)offset->partition, strlen(offset->metadata), METADATA_BYTES_MAX);
    return true;
}

static bool check_member(const struct broker_consumer *consumer, struct weir_error *error)
{
    char *member = rd_kafka_memberid(consumer->client);
    bool is_member = member && member[0];
    if (member)
        rd_kafka_mem_free(consumer->client, member);
    return is_member || error_set(error, WEIR_FENCED, "nothing committed: no member of the group any more");
}

bool kafka_commit_check(const struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count,
                        struct weir_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!check_held(consumer, &offsets[i], error))
            return false;
    return check_member(consumer, error);
}

rd_kafka_topic_partition_list_t *kafka_commit_list(rd_kafka_t *client, const struct broker_offset *offsets,
                                                   size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_t *one =
            rd_kafka_topic_partition_list_add(list, offsets[i].topic, offsets[i].partition);
        one->offset = offsets[i].offset;
        if (!offsets[i].metadata || !offsets[i].metadata[0])
            continue;
        one->metadata_size = strlen(offsets[i].metadata);
        one->metadata = rd_kafka_mem_malloc(client, one->metadata_size);
        memcpy(one->metadata, offsets[i].metadata, one->metadata_size);
    }
    return list;
}

static bool check_each(const rd_kafka_topic_partition_list_t *list, struct weir_error *error)
{
    for (int i = 0; list && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];
        if (one->err)
            return error_set(error, kafka_reading_code_of(one->err),
                             "topic %s partition %d: committing offset %lld: %s", one->topic, (int)one->partition,
                             (long long)one->offset, rd_kafka_err2str(one->err));
    }
    return true;
}

/* A client that has failed for good says only that; why, it has kept. */
static rd_kafka_resp_err_t cause_of(rd_kafka_t *client, rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__FATAL ? rd_kafka_fatal_error(client, NULL, 0) : code;
}

static bool check_answer(rd_kafka_t *client, rd_kafka_event_t *event, struct weir_error *error)
{
    rd_kafka_resp_err_t code = cause_of(client, rd_kafka_event_error(event));
    if (!check_each(rd_kafka_event_topic_partition_list(event), error))
        return false;
    if (!code || code == RD_KAFKA_RESP_ERR__NO_OFFSET)
        return true;
    enum weir_code verb = code == RD_KAFKA_RESP_ERR__STATE ? WEIR_FENCED : kafka_reading_code_of(code);
    return error_set(error, verb, "committing offsets: %s", rd_kafka_err2str(code));
}

/* rd_kafka_commit() waits for ever when the coordinator is away; with a queue of our own the wait has an end. */
bool kafka_consumer_commit(struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count,
                           struct weir_error *error)
{
    if (count == 0)
        return true;
    if (!kafka_commit_check(consumer, offsets, count, error))
        return false;
    rd_kafka_topic_partition_list_t *list = kafka_commit_list(consumer->client, offsets, count);
    rd_kafka_queue_t *answers = rd_kafka_queue_new(consumer->client);
    rd_kafka_resp_err_t code =
        cause_of(consumer->client, rd_kafka_commit_queue(consumer->client, list, answers, NULL, NULL));
    rd_kafka_event_t *event = code ? NULL : rd_kafka_queue_poll(answers, KAFKA_COMMIT_TIMEOUT_MS);
    rd_kafka_queue_destroy(answers);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        return error_set(error, kafka_reading_code_of(code), "committing offsets: %s", rd_kafka_err2str(code));
    if (!event)
        return error_set(error, WEIR_RETRY, "committing offsets: no answer in %d ms", KAFKA_COMMIT_TIMEOUT_MS);
    bool ok = check_answer(consumer->client, event, error);
    rd_kafka_event_destroy(event);
    return ok;
}
