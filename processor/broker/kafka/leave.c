/* leave.c: leaving a group for good, also as a static member.
 *
 * A member with a group.instance.id never sends LeaveGroup: the coordinator keeps its partitions for it until the session
 * times out, so that a restart finds them. That is wanted where the user named the instance. Where the name is our own, it
 * is there for restarts after a crash only, and a clean stop gives the partitions up. librdkafka (2.0.2) has no request for
 * that, but a member may join again with another subscription: to a topic that nobody reads in this group, whose partitions
 * it is dealt and never fetches. Until the session times out it is a member without any of ours. When it starts again before
 * that, the coordinator gives it what it had, for it asks for a new assignment only when the subscription of a member that it
 * knows changes. So whoever is dealt a foreign topic subscribes to that too, which is a change, and gets its part; the
 * partitions of the foreign topic are left alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "kafka.h"

enum { LEAVE_TIMEOUT_MS = 5000, LOOK_EVERY_MS = 10 };

#define TOPIC_OF_EVERY_CLUSTER "__consumer_offsets"

static bool is_static(const struct broker_consumer *consumer)
{
    char id[256];
    size_t size = sizeof id;
    return rd_kafka_conf_get(rd_kafka_conf(consumer->client), "group.instance.id", id, &size) == RD_KAFKA_CONF_OK &&
           id[0];
}

static bool is_member(const struct broker_consumer *consumer)
{
    char *member = rd_kafka_memberid(consumer->client);
    bool found = member && member[0];
    if (member)
        rd_kafka_mem_free(consumer->client, member);
    return found;
}

static bool is_lead(const struct broker_consumer *consumer, const char *topic)
{
    for (size_t i = 0; i < consumer->subscription_count; i++)
        if (strcmp(consumer->subscriptions[i].routes[0]->topic, topic) == 0)
            return true;
    return false;
}

/* One of the application's own, which it may certainly look at: a changelog or a topic of dead letters. */
static const char *choose_topic(const struct broker_consumer *consumer, weir_arena *arena)
{
    const char **topics;
    size_t count;
    struct weir_error ignored = {0};
    const char *group = config_shown(consumer->broker->config, "application.id");
    size_t size = group ? strlen(group) : 0;
    if (!kafka_topics(&consumer->broker->base, arena, &topics, &count, &ignored))
        return TOPIC_OF_EVERY_CLUSTER;
    for (size_t i = 0; size > 0 && i < count; i++)
        if (strncmp(topics[i], group, size) == 0 && topics[i][size] == '-' && !is_lead(consumer, topics[i]))
            return topics[i];
    return TOPIC_OF_EVERY_CLUSTER;
}

static bool subscribe_to(struct broker_consumer *consumer, const char *topic, bool leads)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    for (size_t i = 0; leads && i < consumer->subscription_count; i++)
        rd_kafka_topic_partition_list_add(list, consumer->subscriptions[i].routes[0]->topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool subscribe_elsewhere(struct broker_consumer *consumer)
{
    weir_arena arena;
    arena_init(&arena);
    bool ok = subscribe_to(consumer, choose_topic(consumer, &arena), false);
    arena_done(&arena);
    return ok;
}

void kafka_consumer_come_back(struct broker_consumer *consumer)
{
    if (!consumer->foreign || consumer->has_come_back || consumer->is_leaving)
        return;
    log_info("kafka", "this instance had left the group a moment ago; joining again");
    consumer->has_come_back = true;
    if (!subscribe_to(consumer, consumer->foreign, true))
        log_warning("kafka", "joining again: not possible now; the group will notice at the session timeout");
}

void kafka_consumer_leave(struct broker_consumer *consumer)
{
    if (kafka_settings_name_instance(consumer->broker->config) || !is_static(consumer) || !is_member(consumer) ||
        rd_kafka_fatal_error(consumer->client, NULL, 0))
        return;
    uint64_t assignments = consumer->assignments;
    int64_t deadline_us = clock_monotonic_us(&clock_system) + (int64_t)LEAVE_TIMEOUT_MS * 1000;
    consumer->is_leaving = true;
    if (!subscribe_elsewhere(consumer))
        return;
    while (consumer->assignments == assignments && clock_monotonic_us(&clock_system) < deadline_us) {
        kafka_consumer_serve(consumer);
        usleep(LOOK_EVERY_MS * 1000);
    }
    if (consumer->assignments == assignments)
        log_warning("kafka", "the group has not dealt its partitions anew in %d ms; it will, at the session timeout",
                    LEAVE_TIMEOUT_MS);
}
