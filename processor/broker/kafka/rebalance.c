/* rebalance.c: what the group gives and takes. The group knows only the lead topics; the partition of the same number of
 * every other source that has it is added here, on assignment and on revocation alike.
 *
 * Eager protocol: a revocation takes everything, and the commits of the runtime happen inside it, before the group is
 * joined again. Order on assignment: committed offsets, slots with their queues forwarded, assign, stop, announce.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "kafka.h"

enum { COMMITTED_TIMEOUT_MS = 60000, COMMITTED_ATTEMPT_MS = 10000, BEGINNING_TIMEOUT_MS = 1000 };

static rd_kafka_topic_partition_list_t *list_slot(const struct kafka_slot *slot)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, slot->route->topic, slot->partition);
    return list;
}

/* Stopping at librdkafka drops what it has prefetched; it continues behind the last message that was taken. Resuming
 * what was not stopped could go back to an older position (librdkafka #4636), hence the flag. */
void kafka_slot_stop(struct broker_consumer *consumer, struct kafka_slot *slot, bool stop)
{
    if (slot->is_stopped == stop)
        return;
    rd_kafka_topic_partition_list_t *list = list_slot(slot);
    if (stop) {
        rd_kafka_pause_partitions(consumer->client, list);
    } else {
        rd_kafka_resume_partitions(consumer->client, list);
        kafka_waker_call(&consumer->waker);
    }
    rd_kafka_topic_partition_list_destroy(list);
    slot->is_stopped = stop;
}

/* Shares in the order of the leads; the sources of one share stand together. */
static rd_kafka_topic_partition_list_t *add_copartitions(struct broker_consumer *consumer,
                                                         const rd_kafka_topic_partition_list_t *leads)
{
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(leads->cnt * 2);
    for (int i = 0; i < leads->cnt; i++) {
        struct kafka_route *lead = kafka_routes_named(&consumer->routes, leads->elems[i].topic);
        if (!lead || lead->source != 0) /* another member deals: what was not asked for is not taken */
            continue;
        const struct kafka_subscription *subscription = &consumer->subscriptions[lead->group];
        const size_t width = kafka_subscription_width(subscription, leads->elems[i].partition);
        if (width == 0) /* the topic has grown since */
            continue;
        consumer->shares = memory_grow(consumer->shares, &consumer->share_capacity, consumer->share_count + 1,
                                       sizeof *consumer->shares);
        consumer->shares[consumer->share_count++] = (struct kafka_share){lead->group, leads->elems[i].partition};
        for (size_t source = 0; source < width; source++)
            rd_kafka_topic_partition_list_add(all, subscription->routes[source]->topic, leads->elems[i].partition);
    }
    return all;
}

static rd_kafka_resp_err_t first_failure(const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].err)
            return list->elems[i].err;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* A copy of the list with committed offsets and metadata; NULL: not to be had. An offset inside somebody's open
 * transaction is unstable and becomes readable when that ends. */
static rd_kafka_topic_partition_list_t *read_committed(struct broker_consumer *consumer,
                                                       const rd_kafka_topic_partition_list_t *list)
{
    int64_t deadline_us = clock_monotonic_us(&clock_system) + (int64_t)COMMITTED_TIMEOUT_MS * 1000;
    for (;;) {
        rd_kafka_topic_partition_list_t *found = rd_kafka_topic_partition_list_copy(list);
        rd_kafka_resp_err_t code = rd_kafka_committed(consumer->client, found, COMMITTED_ATTEMPT_MS);
        if (!code)
            code = first_failure(found);
        if (!code)
            return found;
        rd_kafka_topic_partition_list_destroy(found);
        if (kafka_code_of(code) != WEIR_RETRY || clock_monotonic_us(&clock_system) >= deadline_us) {
            error_set(&consumer->pending, WEIR_FENCED, "the group's committed offsets cannot be read: %s",
                      rd_kafka_err2str(code));
            return NULL;
        }
        usleep(100 * 1000);
    }
}

/* Before the assignment, so that no message goes to the queue where rebalances are served. */
static void hold_slots(struct broker_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];
        struct kafka_route *route = kafka_routes_named(&consumer->routes, one->topic);
        kafka_route_hold(route, one->partition)->is_paused = true;
        rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(consumer->client, one->topic, one->partition);
        if (!queue)
            continue;
        rd_kafka_queue_forward(queue, route->lane->records);
        rd_kafka_queue_destroy(queue);
    }
}

static struct kafka_slot *slot_of(const struct broker_consumer *consumer, const rd_kafka_topic_partition_t *one)
{
    struct kafka_slot *slot = kafka_route_slot(kafka_routes_named(&consumer->routes, one->topic), one->partition);
    assert(slot);
    return slot;
}

/* librdkafka (2.0.2) throws the answer away that tells where a partition begins when the partition is paused meanwhile, and asks
 * again half a second later: for so long an application that is new read nothing. What cannot be told now it finds out itself. */
static void find_beginnings(struct broker_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].offset == RD_KAFKA_OFFSET_BEGINNING) /* is the timestamp that asks for it, too (KIP-79) */
            rd_kafka_topic_partition_list_add(asked, list->elems[i].topic, list->elems[i].partition)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
    if (asked->cnt > 0)
        (void)rd_kafka_offsets_for_times(consumer->client, asked, BEGINNING_TIMEOUT_MS);
    for (int i = 0; i < asked->cnt; i++) {
        const rd_kafka_topic_partition_t *found = &asked->elems[i];
        if (!found->err && found->offset >= 0)
            rd_kafka_topic_partition_list_set_offset(list, found->topic, found->partition, found->offset);
    }
    rd_kafka_topic_partition_list_destroy(asked);
}

static void assign_stopped(struct broker_consumer *consumer, const rd_kafka_topic_partition_list_t *committed)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(committed->cnt);
    for (int i = 0; i < committed->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &committed->elems[i];
        rd_kafka_topic_partition_list_add(list, one->topic, one->partition)->offset =
            one->offset >= 0 ? one->offset : RD_KAFKA_OFFSET_BEGINNING;
    }
    find_beginnings(consumer, list);
    rd_kafka_resp_err_t code = rd_kafka_assign(consumer->client, list);
    if (code)
        error_set(&consumer->pending, WEIR_FENCED, "taking the assignment: %s", rd_kafka_err2str(code));
    rd_kafka_pause_partitions(consumer->client, list);
    for (int i = 0; i < list->cnt; i++) {
        struct kafka_slot *slot = slot_of(consumer, &list->elems[i]);
        slot->is_stopped = true;
        slot->position = committed->elems[i].offset >= 0 ? committed->elems[i].offset : 0;
        slot->read_to = -1;
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static char *text_of_metadata(const rd_kafka_topic_partition_t *one)
{
    return memory_copy(one->metadata, one->metadata ? one->metadata_size : 0);
}

static void announce(struct broker_consumer *consumer, struct kafka_share share,
                     const rd_kafka_topic_partition_t *found, size_t sources)
{
    struct broker_start *starts = memory_new(sources * sizeof *starts);
    char **texts = memory_new(sources * sizeof(char *));
    for (size_t i = 0; i < sources; i++) {
        texts[i] = text_of_metadata(&found[i]);
        starts[i] = (struct broker_start){found[i].offset >= 0 ? found[i].offset : BROKER_NO_OFFSET, texts[i]};
    }
    consumer->rebalance.assigned(consumer->rebalance.self, share.group, share.partition, starts);
    for (size_t i = 0; i < sources; i++)
        free(texts[i]);
    free(texts);
    free(starts);
}

static void announce_all(struct broker_consumer *consumer, const rd_kafka_topic_partition_list_t *committed)
{
    const rd_kafka_topic_partition_t *next = committed->elems;
    for (size_t i = 0; i < consumer->share_count; i++) {
        const struct kafka_share share = consumer->shares[i];
        size_t sources = kafka_subscription_width(&consumer->subscriptions[share.group], share.partition);
        announce(consumer, share, next, sources);
        next += sources;
    }
}

/* Not NULL: that takes an assignment back, and librdkafka would go on waiting for this one to be taken. */
static void take_nothing(struct broker_consumer *consumer)
{
    rd_kafka_topic_partition_list_t *nothing = rd_kafka_topic_partition_list_new(1);
    rd_kafka_assign(consumer->client, nothing);
    rd_kafka_topic_partition_list_destroy(nothing);
}

static void take_shares(struct broker_consumer *consumer, const rd_kafka_topic_partition_list_t *leads)
{
    assert(consumer->share_count == 0);
    rd_kafka_topic_partition_list_t *all = add_copartitions(consumer, leads);
    rd_kafka_topic_partition_list_t *committed = all->cnt > 0 ? read_committed(consumer, all) : NULL;
    if (committed) {
        hold_slots(consumer, committed);
        assign_stopped(consumer, committed);
        announce_all(consumer, committed);
    } else { /* nothing was given, or it cannot be taken: the pending error makes the caller join anew */
        consumer->share_count = 0;
        take_nothing(consumer);
    }
    if (committed)
        rd_kafka_topic_partition_list_destroy(committed);
    rd_kafka_topic_partition_list_destroy(all);
}

static void drop_share(struct broker_consumer *consumer, struct kafka_share share)
{
    const struct kafka_subscription *subscription = &consumer->subscriptions[share.group];
    for (size_t i = 0; i < kafka_subscription_width(subscription, share.partition); i++) {
        struct kafka_slot *slot = kafka_route_slot(subscription->routes[i], share.partition);
        assert(slot);
        kafka_consumer_clear(consumer, slot);
        kafka_route_drop(subscription->routes[i], share.partition);
    }
}

static void give_shares(struct broker_consumer *consumer, bool is_lost)
{
    consumer->is_lost = is_lost;
    for (size_t i = 0; i < consumer->share_count; i++) {
        struct kafka_share share = consumer->shares[i];
        consumer->rebalance.revoked(consumer->rebalance.self, share.group, share.partition, is_lost);
        drop_share(consumer, share); /* from here on nobody can commit it */
    }
    consumer->share_count = 0;
    consumer->is_lost = false;
    rd_kafka_assign(consumer->client, NULL);
}

/* A client with a fatal error is closed by librdkafka without a last revocation. */
void kafka_rebalance_forfeit(struct broker_consumer *consumer)
{
    if (consumer->share_count == 0)
        return;
    give_shares(consumer, true);
}

void kafka_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *leads, void *opaque)
{
    struct broker_consumer *consumer = opaque;
    consumer->rebalances++;
    if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        give_shares(consumer, rd_kafka_assignment_lost(client) != 0);
    } else if (consumer->is_leaving) {
        take_nothing(consumer);
    } else {
        take_shares(consumer, leads);
        consumer->rebalance.settled(consumer->rebalance.self);
    }
}
