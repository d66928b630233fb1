/* leave.c: leaving a group for good, also as a static member.
 *
 * A member with a group.instance.id sends no LeaveGroup when it is closed: the coordinator keeps its partitions for it until
 * the session times out, so that a restart finds them. That is wanted where the user named the instance. Where the name is
 * our own, it is there for restarts after a crash only, and a clean stop gives up the place. librdkafka (rdkafka_cgrp.c,
 * rd_kafka_cgrp_leave_maybe: 2.0 as well as 2.14) keeps a static member from leaving only while it is closing. One that has
 * unsubscribed leaves like any other: when its partitions are revoked, by its member id, which is forgotten then.
 * SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "kafka.h"

enum { LEAVE_TIMEOUT_MS = 5000, LOOK_EVERY_MS = 2 };

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

/* For the first time: the coordinator has the member already, but as whom, only its answer says. */
static bool is_joining(const struct broker_consumer *consumer)
{
    if (consumer->rebalances > 0 || consumer->pending.code || is_member(consumer))
        return false;
    rd_kafka_topic_partition_list_t *topics = NULL;
    bool found = !rd_kafka_subscription(consumer->client, &topics) && topics->cnt > 0;
    if (topics)
        rd_kafka_topic_partition_list_destroy(topics);
    return found;
}

static void serve_until(struct broker_consumer *consumer, bool (*goes_on)(const struct broker_consumer *),
                        int64_t deadline_us)
{
    kafka_consumer_serve(consumer);
    while (goes_on(consumer) && clock_monotonic_us(&clock_system) < deadline_us) {
        usleep(LOOK_EVERY_MS * 1000);
        kafka_consumer_serve(consumer);
    }
}

void kafka_consumer_leave(struct broker_consumer *consumer)
{
    if (kafka_settings_name_instance(consumer->broker->config) || !is_static(consumer) ||
        rd_kafka_fatal_error(consumer->client, NULL, 0))
        return;
    int64_t deadline_us = clock_monotonic_us(&clock_system) + (int64_t)LEAVE_TIMEOUT_MS * 1000;
    consumer->is_leaving = true;
    serve_until(consumer, is_joining, deadline_us);
    if (is_member(consumer)) {
        rd_kafka_unsubscribe(consumer->client); /* in the middle of a rebalance: when that is over */
        serve_until(consumer, is_member, deadline_us);
    }
    if (is_member(consumer) || is_joining(consumer))
        log_warning("kafka", "not left the group in %d ms; it notices when the session times out", LEAVE_TIMEOUT_MS);
}
