/* ensure.c: creates the topics that are missing and refuses existing ones that would break what Weir keeps in them: a
 * changelog that is not compacted, or a count of partitions that sends keys elsewhere.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "kafka.h"

static const char *const policies[] = {"delete", "compact", "compact,delete"};

struct creation {
    rd_kafka_NewTopic_t *topic;
    const struct config *config;
    bool is_set_by_user; /* answer of the latest look at `wanted` */
    const char *wanted;
};

static void note_user_key(void *self, const char *key, const char *value)
{
    struct creation *creation = self;
    (void)value;
    creation->is_set_by_user |= strcmp(key, creation->wanted) == 0;
}

static void set_user_key(void *self, const char *key, const char *value)
{
    struct creation *creation = self;
    if (strcmp(key, "cleanup.policy") != 0) /* not a matter of taste: see above */
        rd_kafka_NewTopic_set_config(creation->topic, key, value);
}

/* 0 leaves the broker's default; a "topic." setting of the user wins over ours. */
static void set_number(struct creation *creation, const char *key, int64_t value)
{
    creation->wanted = key;
    creation->is_set_by_user = false;
    config_each_topic(creation->config, note_user_key, creation);
    if (value == 0 || creation->is_set_by_user)
        return;
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    rd_kafka_NewTopic_set_config(creation->topic, key, text);
}

static rd_kafka_NewTopic_t *describe_new(const struct config *config, const struct broker_topic_spec *spec,
                                         struct weir_error *error)
{
    char reason[160];
    const char *replicas = config_shown(config, "replication.factor");
    int factor = replicas && replicas[0] ? (int)config_integer(config, "replication.factor") : -1;
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(spec->name, abs(spec->partitions), factor > 0 ? factor : -1, reason, sizeof reason);
    if (!topic) {
        error_set(error, WEIR_INVALID, "topic %s: %s", spec->name, reason);
        return NULL;
    }
    struct creation creation = {.topic = topic, .config = config};
    config_each_topic(config, set_user_key, &creation);
    rd_kafka_NewTopic_set_config(topic, "cleanup.policy", policies[spec->cleanup]);
    set_number(&creation, "retention.ms", spec->retention_ms);
    set_number(&creation, "segment.bytes", spec->segment_bytes);
    set_number(&creation, "min.compaction.lag.ms", spec->compaction_lag_ms);
    set_number(&creation, "max.message.bytes", spec->message_bytes_max);
    if (spec->append_time) /* not a matter of taste either: retention would go by the time of the events */
        rd_kafka_NewTopic_set_config(topic, "message.timestamp.type", "LogAppendTime");
    return topic;
}

/* Another instance may have been faster: an existing topic is no error, it is looked at afterwards. */
static bool check_created(rd_kafka_event_t *event, struct weir_error *error)
{
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        if (code && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return error_set(error, kafka_reading_code_of(code), "topic %s: creating it: %s",
                             rd_kafka_topic_result_name(results[i]), rd_kafka_topic_result_error_string(results[i]));
    }
    return true;
}

static bool create_all(rd_kafka_t *admin, rd_kafka_NewTopic_t **topics, size_t count, struct weir_error *error)
{
    rd_kafka_AdminOptions_t *options = kafka_admin_options(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    char reason[100];
    rd_kafka_AdminOptions_set_operation_timeout(options, KAFKA_ADMIN_TIMEOUT_MS, reason, sizeof reason);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_CreateTopics(admin, topics, count, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = kafka_admin_answer(queue, "creating topics", error);
    if (!event)
        return false;
    bool ok = check_created(event, error);
    rd_kafka_event_destroy(event);
    return ok;
}

static bool create_missing(struct kafka_broker *broker, const struct broker_topic_spec *specs, const bool *is_missing,
                           size_t count, struct weir_error *error)
{
    rd_kafka_NewTopic_t **topics = memory_new(count * sizeof(rd_kafka_NewTopic_t *));
    size_t made = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        if (is_missing[i]) {
            topics[made] = describe_new(broker->config, &specs[i], error);
            ok = topics[made] != NULL;
            made += ok;
        }
    ok = ok && (made == 0 || create_all(broker->admin, topics, made, error));
    rd_kafka_NewTopic_destroy_array(topics, made);
    free(topics);
    return ok;
}

/* A changelog that Kafka Streams made for windows is "compact,delete": it serves, but the broker may delete rows whose
 * event time is past (DECISIONS.md 10), so it is said. */
static bool is_policy_fit(const char *topic, const char *found, const char *wanted)
{
    bool deletes = strstr(found, "delete"), compacts = strstr(found, "compact");
    if (compacts != (strstr(wanted, "compact") != NULL))
        return false;
    if (!compacts || deletes == (strstr(wanted, "delete") != NULL))
        return true;
    if (deletes)
        log_warning("kafka",
                    "topic %s has cleanup.policy %s: old windows are deleted by the time of their events, which loses "
                    "them to a restore; %s keeps them",
                    topic, found, wanted);
    return deletes;
}

static bool check_policy(const rd_kafka_ConfigResource_t *resource, enum broker_cleanup wanted,
                         struct weir_error *error)
{
    const char *topic = rd_kafka_ConfigResource_name(resource);
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), "cleanup.policy") != 0)
            continue;
        const char *found = rd_kafka_ConfigEntry_value(entries[i]);
        if (!is_policy_fit(topic, found ? found : "", policies[wanted]))
            return error_set(error, WEIR_INVALID, "topic %s exists with cleanup.policy %s, %s is needed", topic,
                             found ? found : "unknown", policies[wanted]);
    }
    return true;
}

/* librdkafka answers one topic per request reliably; several would be one request per topic anyway. */
static rd_kafka_event_t *describe_config(rd_kafka_t *admin, const char *topic, struct weir_error *error)
{
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *options = kafka_admin_options(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_DescribeConfigs(admin, &resource, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(resource);
    return kafka_admin_answer(queue, topic, error);
}

/* Any broker may be the one that answers, also one that has not heard of a new topic yet. */
static rd_kafka_event_t *await_config(rd_kafka_t *admin, const char *topic, const rd_kafka_ConfigResource_t **resource,
                                      struct weir_error *error)
{
    int64_t deadline_us = clock_monotonic_us(&clock_system) + KAFKA_ADMIN_TIMEOUT_MS * 1000;
    for (;;) {
        rd_kafka_event_t *event = describe_config(admin, topic, error);
        if (!event)
            return NULL;
        size_t count;
        const rd_kafka_ConfigResource_t **resources =
            rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
        *resource = count > 0 ? resources[0] : NULL;
        rd_kafka_resp_err_t code = count > 0 ? rd_kafka_ConfigResource_error(resources[0]) : RD_KAFKA_RESP_ERR_NO_ERROR;
        if (!code)
            return event;
        rd_kafka_event_destroy(event);
        if (code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || clock_monotonic_us(&clock_system) >= deadline_us) {
            error_set(error, kafka_reading_code_of(code), "topic %s: reading its configuration: %s", topic,
                      rd_kafka_err2str(code));
            return NULL;
        }
        usleep(20 * 1000);
    }
}

static bool check_existing(rd_kafka_t *admin, const struct broker_topic_spec *spec, int32_t found,
                           struct weir_error *error)
{
    if (spec->partitions > 0 && found != spec->partitions)
        return error_set(error, WEIR_INVALID, "topic %s exists with %d partitions, %d are needed", spec->name,
                         (int)found, (int)spec->partitions);
    const rd_kafka_ConfigResource_t *resource = NULL;
    rd_kafka_event_t *event = await_config(admin, spec->name, &resource, error);
    if (!event)
        return false;
    bool ok = !resource || check_policy(resource, spec->cleanup, error);
    rd_kafka_event_destroy(event);
    return ok;
}

/* Until then the first record, and the first commit, would wait for metadata. */
static int32_t wait_for_leaders(struct kafka_broker *broker, const char *topic, struct weir_error *error)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(broker->admin, topic, NULL);
    int64_t deadline_us = clock_monotonic_us(&clock_system) + 3 * KAFKA_ADMIN_TIMEOUT_MS * 1000;
    int32_t count = 0;
    for (;;) {
        bool all_led = false;
        count = kafka_topic_partitions(broker, broker->admin, handle, &all_led, error);
        if (count < 0 || (count > 0 && all_led))
            break;
        if (clock_monotonic_us(&clock_system) >= deadline_us) {
            error_set(error, WEIR_RETRY, "topic %s: created, but its partitions have no leaders yet", topic);
            count = -1;
            break;
        }
        usleep(20 * 1000);
    }
    rd_kafka_topic_destroy(handle);
    return count;
}

static bool find_missing(struct broker *base, const struct broker_topic_spec *specs, bool *is_missing, size_t count,
                         struct weir_error *error)
{
    for (size_t i = 0; i < count; i++) {
        int32_t found = kafka_partitions(base, specs[i].name, error);
        if (found < 0)
            return false;
        is_missing[i] = found == 0;
    }
    return true;
}

static bool ensure(struct broker *base, const struct broker_topic_spec *specs, size_t count, struct weir_error *error)
{
    struct kafka_broker *broker = kafka_broker_of(base);
    bool *is_missing = memory_new(count * sizeof *is_missing);
    bool ok =
        find_missing(base, specs, is_missing, count, error) && create_missing(broker, specs, is_missing, count, error);
    for (size_t i = 0; ok && i < count; i++) {
        int32_t found = wait_for_leaders(broker, specs[i].name, error);
        ok = found > 0 && check_existing(broker->admin, &specs[i], found, error);
    }
    free(is_missing);
    return ok;
}

/* A connection that breaks, or a broker that restarts, at this moment must not end a start. What waited for its whole time
 * is not tried again. */
bool kafka_ensure(struct broker *base, const struct broker_topic_spec *specs, size_t count, struct weir_error *error)
{
    int64_t deadline_us = clock_monotonic_us(&clock_system) + (int64_t)KAFKA_ADMIN_TIMEOUT_MS * 1000;
    for (;;) {
        struct weir_error failure = {.code = WEIR_OK};
        if (ensure(base, specs, count, &failure))
            return true;
        if (failure.code != WEIR_RETRY || clock_monotonic_us(&clock_system) >= deadline_us)
            return error_set(error, failure.code, "%s", failure.message);
        usleep(100 * 1000);
    }
}
