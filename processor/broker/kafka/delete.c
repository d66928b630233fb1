/* delete.c: deletes topics, and groups with what they have committed, by administrative requests.
 *
 * Of a command that begins an application anew, not of a running one: librdkafka ends the process when a connection breaks
 * under a request to a coordinator (its issue 3663, open), and the command can be called again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "kafka.h"

static bool check_topics(rd_kafka_event_t *event, struct weir_error *error)
{
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        if (code && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            return error_set(error, kafka_reading_code_of(code), "topic %s: deleting it: %s",
                             rd_kafka_topic_result_name(results[i]), rd_kafka_topic_result_error_string(results[i]));
    }
    return true;
}

static bool delete_topics(rd_kafka_t *admin, rd_kafka_DeleteTopic_t **topics, size_t count, struct weir_error *error)
{
    char reason[100];
    rd_kafka_AdminOptions_t *options = kafka_admin_options(admin, RD_KAFKA_ADMIN_OP_DELETETOPICS);
    rd_kafka_AdminOptions_set_operation_timeout(options, KAFKA_ADMIN_TIMEOUT_MS, reason, sizeof reason);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_DeleteTopics(admin, topics, count, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = kafka_admin_answer(queue, "deleting topics", error);
    if (!event)
        return false;
    bool ok = check_topics(event, error);
    rd_kafka_event_destroy(event);
    return ok;
}

bool kafka_topics_delete(struct broker *base, const char *const *names, size_t count, struct weir_error *error)
{
    if (count == 0)
        return true;
    rd_kafka_DeleteTopic_t **topics = memory_new(count * sizeof(rd_kafka_DeleteTopic_t *));
    for (size_t i = 0; i < count; i++)
        topics[i] = rd_kafka_DeleteTopic_new(names[i]);
    bool ok = delete_topics(kafka_broker_of(base)->admin, topics, count, error);
    rd_kafka_DeleteTopic_destroy_array(topics, count);
    free(topics);
    return ok;
}

static bool check_group(rd_kafka_event_t *event, const char *group, struct weir_error *error)
{
    size_t count;
    const rd_kafka_group_result_t **results =
        rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
    const rd_kafka_error_t *failure = count > 0 ? rd_kafka_group_result_error(results[0]) : NULL;
    rd_kafka_resp_err_t code = failure ? rd_kafka_error_code(failure) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP)
        return error_set(error, WEIR_INVALID,
                         "group %s has members: stop every instance first; one that was killed is a member until "
                         "session.timeout.ms is over",
                         group);
    return !code || code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND ||
           error_set(error, kafka_reading_code_of(code), "group %s: deleting it: %s", group, rd_kafka_err2str(code));
}

bool kafka_group_delete(struct broker *base, const char *group, struct weir_error *error)
{
    rd_kafka_t *admin = kafka_broker_of(base)->admin;
    rd_kafka_DeleteGroup_t *request = rd_kafka_DeleteGroup_new(group);
    rd_kafka_AdminOptions_t *options = kafka_admin_options(admin, RD_KAFKA_ADMIN_OP_DELETEGROUPS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_DeleteGroups(admin, &request, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_DeleteGroup_destroy(request);
    rd_kafka_event_t *event = kafka_admin_answer(queue, "deleting a group", error);
    if (!event)
        return false;
    bool ok = check_group(event, group, error);
    rd_kafka_event_destroy(event);
    return ok;
}
