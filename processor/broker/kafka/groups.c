/* groups.c: offsets of groups that this process need not be a member of, and waiting for admin answers.
 *
 * An observer asks: a consumer of the group that never subscribes, so never joins. The administrative request for offsets would end
 * the process when its connection breaks, as members.c says.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "kafka.h"

struct kafka_observer {
    struct kafka_observer *next;
    char *group;
    rd_kafka_t *client;
};

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

static rd_kafka_t *open_observer(struct kafka_broker *broker, const char *group, struct weir_error *error)
{
    char *client = memory_format("%s-observer", group);
    struct kafka_settings settings = {.role = "consumer", .client = client, .group = group};
    rd_kafka_conf_t *conf = kafka_settings_build(broker->config, settings, error);
    free(client);
    if (!conf)
        return NULL;
    /* Else an answer waits until no transaction holds offsets of the group back. */
    rd_kafka_conf_set(conf, "isolation.level", "read_uncommitted", NULL, 0);
    return kafka_client_new(broker, conf, "consumer", error);
}

static rd_kafka_t *observer_of(struct kafka_broker *broker, const char *group, struct weir_error *error)
{
    pthread_mutex_lock(&broker->observing);
    struct kafka_observer *one = broker->observers;
    while (one && strcmp(one->group, group) != 0)
        one = one->next;
    rd_kafka_t *client = one ? one->client : open_observer(broker, group, error);
    if (!one && client) {
        one = memory_new(sizeof *one);
        *one = (struct kafka_observer){broker->observers, memory_text(group), client};
        broker->observers = one;
    }
    pthread_mutex_unlock(&broker->observing);
    return client;
}

void kafka_observers_close(struct kafka_broker *broker)
{
    while (broker->observers) {
        struct kafka_observer *one = broker->observers;
        broker->observers = one->next;
        rd_kafka_consumer_close(one->client);
        rd_kafka_destroy(one->client);
        free(one->group);
        free(one);
    }
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

static bool read_starts(const rd_kafka_topic_partition_list_t *list, const char *group,
                        const struct broker_place *places, size_t count, weir_arena *arena, struct broker_start *starts,
                        struct weir_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!read_start(rd_kafka_topic_partition_list_find(list, places[i].topic, places[i].partition), group, arena,
                        &starts[i], error))
            return false;
    return true;
}

bool kafka_commits(struct broker *base, const char *group, const struct broker_place *places, size_t count,
                   weir_arena *arena, struct broker_start *starts, struct weir_error *error)
{
    rd_kafka_t *observer = count > 0 ? observer_of(kafka_broker_of(base), group, error) : NULL;
    if (!observer)
        return count == 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, places[i].topic, places[i].partition);
    rd_kafka_resp_err_t code = rd_kafka_committed(observer, list, KAFKA_ADMIN_TIMEOUT_MS);
    bool ok =
        code ? error_set(error, kafka_reading_code_of(code), "group %s: its offsets: %s", group, rd_kafka_err2str(code))
             : read_starts(list, group, places, count, arena, starts, error);
    rd_kafka_topic_partition_list_destroy(list);
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
