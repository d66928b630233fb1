/* consumer.c: a member of a group. `events` carries rebalances and errors and is always served first; the
 * lanes carry messages only, so that no partition can change hands while a batch is being taken.
 *
 * All queues and consumer_wake write one eventfd, on which a poll waits. The wait is cut into slices, because a wake-up
 * of librdkafka's may be swallowed while the queue is being read.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "kafka.h"

enum { SEEK_TIMEOUT_MS = 5000, DESTROY_SECONDS_MAX = 3 };

/* ---- opening and closing -------------------------------------------------------------------------------------- */

static bool count_topics(struct broker *base, const struct broker_subscription *wanted,
                         struct kafka_subscription *subscription, struct weir_error *error)
{
    subscription->partitions = memory_new(wanted->topic_count * sizeof *subscription->partitions);
    for (size_t i = 0; i < wanted->topic_count; i++) {
        int32_t count = kafka_partitions(base, wanted->topics[i], error);
        if (count < 0)
            return false;
        if (count == 0)
            return error_set(error, WEIR_FATAL, "topic %s: there is no such topic", wanted->topics[i]);
        if (!broker_subscription_check(wanted, i, count, i ? subscription->partitions[i - 1] : INT32_MAX, error))
            return false;
        subscription->partitions[i] = count;
    }
    return true;
}

static bool is_internal(const struct broker_subscription *wanted, size_t topic)
{
    return wanted->are_internal && wanted->are_internal[topic];
}

/* librdkafka fetches no partition whose queue is full: in one for all, records that come in would keep those from being fetched
 * that the group has written itself, and whoever waits with some of them, those of others. But a fetch that goes out while one
 * queue is full waits for what the others may be sent, which is nothing where a topic has been read (a join with a table took
 * three times as long): so there are several only where the group writes for itself, and answers come soon. */
static size_t lane_of(const struct broker_consumer *consumer, int32_t group, bool is_internal)
{
    return consumer->lane_count > 1 ? (size_t)group * 2 + is_internal : 0;
}

static bool add_routes(struct broker_consumer *consumer, int32_t group, const struct broker_subscription *wanted,
                       struct weir_error *error)
{
    struct kafka_subscription *subscription = &consumer->subscriptions[group];
    subscription->routes = memory_new(wanted->topic_count * sizeof(struct kafka_route *));
    for (size_t i = 0; i < wanted->topic_count; i++) {
        if (kafka_routes_named(&consumer->routes, wanted->topics[i]))
            return error_set(error, WEIR_INVALID, "topic %s is a source of two sub-topologies", wanted->topics[i]);
        struct kafka_route *route = kafka_routes_add(&consumer->routes, consumer->client, wanted->topics[i]);
        route->group = group;
        route->source = (int32_t)i;
        route->lane = &consumer->lanes[lane_of(consumer, group, is_internal(wanted, i))];
        subscription->routes[subscription->count++] = route;
    }
    return true;
}

static bool subscribe(struct broker_consumer *consumer, struct weir_error *error)
{
    rd_kafka_topic_partition_list_t *leads = rd_kafka_topic_partition_list_new((int)consumer->subscription_count);
    for (size_t i = 0; i < consumer->subscription_count; i++)
        rd_kafka_topic_partition_list_add(leads, consumer->subscriptions[i].routes[0]->topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->client, leads);
    rd_kafka_topic_partition_list_destroy(leads);
    if (code)
        return error_set(error, kafka_reading_code_of(code), "joining the group: %s", rd_kafka_err2str(code));
    return true;
}

/* What this member holds where it is alone; what cannot be told now is for count_topics to tell. */
static int32_t count_partitions(struct broker *base, const struct broker_subscription *wanted, size_t count)
{
    int32_t partitions = 0;
    struct weir_error ignored = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < wanted[i].topic_count; k++) {
            int32_t found = kafka_partitions(base, wanted[i].topics[k], &ignored);
            partitions += found > 0 ? found : 0;
        }
    return partitions;
}

static size_t count_lanes(const struct broker_subscription *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < wanted[i].topic_count; k++)
            if (is_internal(&wanted[i], k))
                return count * 2;
    return 1;
}

static rd_kafka_t *open_client(struct broker_consumer *consumer, const char *group, const char *member,
                               const struct broker_subscription *wanted, size_t count, struct weir_error *error)
{
    struct broker *base = &consumer->broker->base;
    struct kafka_settings settings = {.role = "consumer",
                                      .client = member,
                                      .group = group,
                                      .joins = true,
                                      .partitions = count_partitions(base, wanted, count),
                                      .lanes = consumer->lane_count};
    rd_kafka_conf_t *conf = kafka_settings_build(consumer->broker->config, settings, error);
    if (!conf)
        return NULL;
    rd_kafka_conf_set_opaque(conf, consumer);
    rd_kafka_conf_set_rebalance_cb(conf, kafka_rebalance);
    return kafka_client_new(consumer->broker, conf, "consumer", error);
}

static void wake_by(const struct broker_consumer *consumer, rd_kafka_queue_t *queue)
{
    static const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue, consumer->wake, &one, sizeof one);
}

static void close_queue(rd_kafka_queue_t *queue)
{
    rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
    rd_kafka_queue_destroy(queue);
}

static void open_queues(struct broker_consumer *consumer)
{
    consumer->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(consumer->wake >= 0);
    consumer->events = rd_kafka_queue_get_consumer(consumer->client);
    wake_by(consumer, consumer->events);
    consumer->lanes = memory_new(consumer->lane_count * sizeof *consumer->lanes);
    for (size_t i = 0; i < consumer->lane_count; i++) {
        consumer->lanes[i].records = rd_kafka_queue_new(consumer->client);
        wake_by(consumer, consumer->lanes[i].records);
    }
}

static bool start(struct broker_consumer *consumer, const struct broker_subscription *wanted, struct weir_error *error)
{
    for (size_t i = 0; i < consumer->subscription_count; i++) {
        assert(wanted[i].topic_count > 0);
        if (!count_topics(&consumer->broker->base, &wanted[i], &consumer->subscriptions[i], error) ||
            !add_routes(consumer, (int32_t)i, &wanted[i], error))
            return false;
    }
    return subscribe(consumer, error);
}

struct broker_consumer *kafka_consumer_open(struct broker *base, const char *group, const char *member,
                                            const struct broker_subscription *wanted, size_t count,
                                            struct broker_rebalance rebalance, struct weir_error *error)
{
    struct broker_consumer *consumer = memory_new(sizeof *consumer);
    consumer->broker = kafka_broker_of(base);
    consumer->rebalance = rebalance;
    consumer->lane_count = count_lanes(wanted, count);
    consumer->client = open_client(consumer, group, member, wanted, count, error);
    if (!consumer->client) {
        free(consumer);
        return NULL;
    }
    open_queues(consumer);
    kafka_waker_start(&consumer->waker, consumer->client);
    consumer->subscription_count = count;
    consumer->subscriptions = memory_new(count * sizeof *consumer->subscriptions);
    if (start(consumer, wanted, error))
        return consumer;
    kafka_consumer_close(consumer);
    return NULL;
}

static void *destroy(void *client)
{
    rd_kafka_destroy(client);
    return NULL;
}

/* A partition that was assigned when its topic was deleted stays with the thread of its broker (librdkafka 2.0.2:
 * rd_kafka_topic_partition_cnt_update, rd_kafka_toppar_desired_del), so that to destroy the client waits for ever. Whether there is
 * one may become known only now. It has left the group: whoever closes it goes on. */
static void destroy_client(rd_kafka_t *client)
{
    char *name = memory_text(rd_kafka_name(client));
    pthread_t thread;
    const struct timespec until = {.tv_sec = clock_wall_ms(&clock_system) / 1000 + DESTROY_SECONDS_MAX};
    int failed = pthread_create(&thread, NULL, destroy, client);
    if (!failed && pthread_timedjoin_np(thread, NULL, &until) != 0) {
        pthread_detach(thread);
        failed = 1;
    }
    if (failed)
        log_warning("kafka", "%s: does not end, as when a topic is deleted while it is read; the client is left behind",
                    name);
    memory_free(name);
}

void kafka_consumer_close(struct broker_consumer *consumer)
{
    if (!consumer)
        return;
    kafka_consumer_leave(consumer);
    kafka_waker_stop(&consumer->waker);
    kafka_purge_forget(consumer);
    rd_kafka_consumer_close(consumer->client); /* calls the rebalance callback */
    kafka_rebalance_forfeit(consumer);
    assert(consumer->outstanding == 0); /* messages live in the client that is destroyed now */
    close_queue(consumer->events);
    for (size_t i = 0; i < consumer->lane_count; i++)
        close_queue(consumer->lanes[i].records);
    free(consumer->lanes);
    kafka_routes_done(&consumer->routes);
    kafka_memory_tell(&consumer->broker->fetched_bytes, &consumer->told_bytes, 0);
    destroy_client(consumer->client);
    close(consumer->wake);
    for (size_t i = 0; i < consumer->subscription_count; i++) {
        free(consumer->subscriptions[i].routes);
        free(consumer->subscriptions[i].partitions);
    }
    free(consumer->subscriptions);
    free(consumer->shares);
    free(consumer->batch);
    free(consumer);
}

/* ---- polling -------------------------------------------------------------------------------------------------- */

static void shelve(struct broker_consumer *consumer, struct kafka_slot *slot, rd_kafka_message_t *record)
{
    kafka_shelf_push(&slot->shelf, record);
    consumer->shelved++;
    if (kafka_shelf_is_full(&slot->shelf))
        kafka_slot_stop(consumer, slot, true);
}

static rd_kafka_message_t *take_down(struct broker_consumer *consumer, struct kafka_slot *slot)
{
    consumer->shelved--;
    return kafka_shelf_pop(&slot->shelf);
}

void kafka_consumer_clear(struct broker_consumer *consumer, struct kafka_slot *slot)
{
    assert(consumer->shelved >= slot->shelf.count);
    consumer->shelved -= slot->shelf.count;
    kafka_shelf_done(&slot->shelf);
}

static void deliver(struct broker_consumer *consumer, const struct kafka_slot *slot, rd_kafka_message_t *record,
                    struct broker_message *message)
{
    kafka_message_fill(message, record);
    message->group = slot->group;
    message->source = slot->source;
    consumer->outstanding++;
}

/* The group has gone on, and what it had processed was deleted: somebody else has the partition, which this member has not
 * heard yet. True also where that cannot be told. */
static bool may_be_outdated(const struct broker_consumer *consumer, const char *topic, int32_t partition,
                            int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    const rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, topic, partition);
    rd_kafka_resp_err_t code = rd_kafka_committed(consumer->client, list, KAFKA_ADMIN_TIMEOUT_MS);
    bool is_known = !code && !one->err;
    bool is_outdated = !is_known || one->offset > offset;
    rd_kafka_topic_partition_list_destroy(list);
    return is_outdated;
}

/* An offset that a broker did not know. False: it is gone, and so are records that nobody has processed. */
static bool is_passing(const struct broker_consumer *consumer, const rd_kafka_message_t *record)
{
    const char *topic = rd_kafka_topic_name(record->rkt);
    return kafka_may_hold(consumer->broker, topic, record->partition, record->offset) ||
           may_be_outdated(consumer, topic, record->partition, record->offset);
}

static void note_failure(struct broker_consumer *consumer, const rd_kafka_message_t *record)
{
    char reason[160];
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(consumer->client, reason, sizeof reason);
    if (record->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && record->rkt && is_passing(consumer, record))
        error_set(&consumer->pending, WEIR_FENCED, "topic %s partition %d: offset %lld is not there now",
                  rd_kafka_topic_name(record->rkt), (int)record->partition, (long long)record->offset);
    else if (fatal)
        error_set(&consumer->pending, kafka_reading_code_of(fatal), "group: %s", reason);
    else
        kafka_message_failed(record, &consumer->pending);
}

/* Everything there is to read was taken; how far the partition goes beyond it is remembered, so that consumer_end can
 * tell markers of transactions from records that are still to come. */
static void note_end(struct broker_consumer *consumer, struct kafka_slot *slot, int64_t offset)
{
    int64_t low, high;
    bool is_known =
        !rd_kafka_get_watermark_offsets(consumer->client, slot->route->topic, slot->partition, &low, &high) &&
        high > offset;
    slot->read_to = is_known ? high : offset;
}

/* One message from librdkafka: delivered, put on the shelf, noted as an error, or dropped because its partition went to
 * another member. Returns how many messages were filled in. */
static int accept_message(struct broker_consumer *consumer, rd_kafka_message_t *record, struct broker_message *message)
{
    struct kafka_slot *slot = kafka_routes_slot(&consumer->routes, record);
    if (slot && !record->err)
        slot->position = record->offset + 1;
    if (slot && record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        note_end(consumer, slot, record->offset);
    } else if (record->err) {
        if (slot || !record->rkt || record->partition < 0)
            note_failure(consumer, record);
    } else if (slot && message && !slot->is_paused && slot->shelf.count == 0) {
        deliver(consumer, slot, record, message);
        return 1;
    } else if (slot) {
        shelve(consumer, slot, record);
        return 0;
    }
    rd_kafka_message_destroy(record);
    return 0;
}

void kafka_consumer_serve(struct broker_consumer *consumer)
{
    for (rd_kafka_message_t *record; (record = rd_kafka_consumer_poll(consumer->client, 0));)
        accept_message(consumer, record, NULL);
}

static int take_from_shelf(struct broker_consumer *consumer, struct kafka_slot *slot, struct broker_message *messages,
                           int max)
{
    int taken = 0;
    while (taken < max && !slot->is_paused && slot->shelf.count > 0)
        deliver(consumer, slot, take_down(consumer, slot), &messages[taken++]);
    if (!slot->is_paused && kafka_shelf_is_low(&slot->shelf))
        kafka_slot_stop(consumer, slot, false);
    return taken;
}

static int take_from_share(struct broker_consumer *consumer, struct kafka_share share, struct broker_message *messages,
                           int max)
{
    const struct kafka_subscription *subscription = &consumer->subscriptions[share.group];
    int taken = 0;
    for (size_t i = 0; i < kafka_subscription_width(subscription, share.partition); i++)
        taken += take_from_shelf(consumer, kafka_route_slot(subscription->routes[i], share.partition), messages + taken,
                                 max - taken);
    return taken;
}

/* Each call begins with another share, so that a small max does not starve the last ones. */
static int take_shelved(struct broker_consumer *consumer, struct broker_message *messages, int max)
{
    int taken = 0;
    if (consumer->shelved == 0)
        return 0;
    for (size_t i = 0; i < consumer->share_count && taken < max; i++) {
        struct kafka_share share = consumer->shares[(consumer->turn + i) % consumer->share_count];
        taken += take_from_share(consumer, share, messages + taken, max - taken);
    }
    return taken;
}

static void tell_memory(struct broker_consumer *consumer, size_t queued)
{
    size_t messages = queued + consumer->outstanding + consumer->shelved;
    kafka_memory_tell(&consumer->broker->fetched_bytes, &consumer->told_bytes,
                      kafka_waker_bytes(&consumer->waker, messages));
}

/* False: there is enough of all partitions whose records come by it. They may fill it. What nobody holds any more is to go. */
static bool is_asked_for(const struct broker_consumer *consumer, const struct kafka_lane *lane)
{
    bool is_held = false;
    for (size_t i = 0; i < consumer->routes.count; i++) {
        const struct kafka_route *route = consumer->routes.items[i];
        for (size_t p = 0; route->lane == lane && p < route->capacity; p++) {
            is_held = is_held || route->slots[p];
            if (route->slots[p] && !route->slots[p]->is_paused)
                return true;
        }
    }
    return !is_held;
}

/* What tasks that have enough are sent lies in front of what others wait for, and is put on shelves to come by; but only
 * until something is found for these. */
static int take_queued(struct broker_consumer *consumer, struct kafka_lane *lane, struct broker_message *messages,
                       int max)
{
    size_t found = rd_kafka_queue_length(lane->records);
    struct kafka_taken all = {0};
    ssize_t count = found > 0 ? max : 0;
    int taken = 0;
    while (taken == 0 && count == max) {
        count = rd_kafka_consume_batch_queue(lane->records, 0, consumer->batch, (size_t)max);
        for (ssize_t i = 0; i < count; i++) {
            kafka_taken_add(&all, consumer->batch[i]);
            taken += accept_message(consumer, consumer->batch[i], &messages[taken]);
        }
    }
    kafka_waker_note(&consumer->waker, &lane->was_full, found, rd_kafka_queue_length(lane->records), all);
    return taken;
}

/* Each call begins with another lane, for the same reason. */
static int take_fetched(struct broker_consumer *consumer, struct broker_message *messages, int max)
{
    size_t queued = 0;
    int taken = 0;
    consumer->batch =
        memory_grow(consumer->batch, &consumer->batch_capacity, (size_t)max, sizeof(rd_kafka_message_t *));
    for (size_t i = 0; i < consumer->lane_count; i++) {
        struct kafka_lane *lane = &consumer->lanes[(consumer->turn + i) % consumer->lane_count];
        if (taken < max && is_asked_for(consumer, lane))
            taken += take_queued(consumer, lane, messages + taken, max - taken);
        queued += rd_kafka_queue_length(lane->records);
    }
    tell_memory(consumer, queued);
    return taken;
}

static void wait_for_event(struct broker_consumer *consumer, int64_t left_ms)
{
    struct pollfd ready = {.fd = consumer->wake, .events = POLLIN};
    int slice_ms = left_ms < KAFKA_WAIT_SLICE_MS ? (int)left_ms : KAFKA_WAIT_SLICE_MS;
    uint64_t times;
    if (poll(&ready, 1, slice_ms) > 0 && read(consumer->wake, &times, sizeof times) < 0)
        return;
}

static int poll_until(struct broker_consumer *consumer, struct broker_message *messages, int max, int64_t deadline_us)
{
    uint64_t before = consumer->rebalances;
    for (;;) {
        kafka_consumer_serve(consumer);
        consumer->turn++;
        int taken = take_shelved(consumer, messages, max);
        taken += take_fetched(consumer, messages + taken, max - taken);
        int64_t left_ms = (deadline_us - clock_monotonic_us(&clock_system) + 999) / 1000;
        bool is_woken = atomic_exchange(&consumer->is_woken, false);
        if (taken > 0 || consumer->pending.code || consumer->rebalances != before || is_woken || left_ms <= 0)
            return taken;
        wait_for_event(consumer, left_ms);
    }
}

int kafka_consumer_poll(struct broker_consumer *consumer, struct broker_message *messages, int max, int timeout_ms,
                        struct weir_error *error)
{
    assert(max > 0);
    int64_t deadline_us = clock_monotonic_us(&clock_system) + (int64_t)timeout_ms * 1000;
    int taken = poll_until(consumer, messages, max, deadline_us);
    if (taken > 0 || !consumer->pending.code)
        return taken;
    error_set(error, consumer->pending.code, "%s", consumer->pending.message);
    consumer->pending = (struct weir_error){0};
    return -1;
}

void kafka_consumer_release(struct broker_consumer *consumer, struct broker_message *message)
{
    assert(consumer->outstanding > 0);
    consumer->outstanding--;
    kafka_message_release(message);
}

/* ---- steering ------------------------------------------------------------------------------------------------- */

static struct kafka_slot *find_slot(const struct broker_consumer *consumer, int32_t group, int32_t source,
                                    int32_t partition)
{
    assert(group >= 0 && (size_t)group < consumer->subscription_count);
    assert(source >= 0 && (size_t)source < consumer->subscriptions[group].count);
    return kafka_route_slot(consumer->subscriptions[group].routes[source], partition);
}

void kafka_consumer_pause(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    struct kafka_slot *slot = find_slot(consumer, group, source, partition);
    if (slot)
        slot->is_paused = true;
}

void kafka_consumer_resume(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    struct kafka_slot *slot = find_slot(consumer, group, source, partition);
    if (!slot || !slot->is_paused)
        return;
    slot->is_paused = false;
    if (kafka_shelf_is_low(&slot->shelf))
        kafka_slot_stop(consumer, slot, false);
}

/* librdkafka waits a thousandth of the time it is given (fixed in 2.1) and refuses a partition whose fetch is only being
 * started; nothing was consumed in between, so seeking again is harmless. */
static bool seek(struct broker_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_error_t *failure = rd_kafka_seek_partitions(consumer->client, list, SEEK_TIMEOUT_MS);
    bool ok = failure == NULL;
    for (int i = 0; i < list->cnt; i++)
        ok = ok && list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_error_destroy(failure);
    return ok;
}

static void reset_slot(struct broker_consumer *consumer, rd_kafka_topic_partition_t *one)
{
    struct kafka_route *route = kafka_routes_named(&consumer->routes, one->topic);
    struct kafka_slot *slot = kafka_route_slot(route, one->partition);
    assert(slot);
    kafka_consumer_clear(consumer, slot);
    slot->position = one->offset >= 0 ? one->offset : 0;
    slot->read_to = -1;
    if (one->offset < 0)
        one->offset = RD_KAFKA_OFFSET_BEGINNING;
    if (!slot->is_paused)
        kafka_slot_stop(consumer, slot, false);
}

void kafka_consumer_rewind(struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count)
{
    rd_kafka_topic_partition_list_t *list = kafka_commit_list(consumer->client, offsets, count);
    for (int i = 0; i < list->cnt; i++)
        reset_slot(consumer, &list->elems[i]);
    int64_t deadline_us = clock_monotonic_us(&clock_system) + (int64_t)KAFKA_ADMIN_TIMEOUT_MS * 1000;
    while (list->cnt > 0 && !seek(consumer, list)) {
        if (clock_monotonic_us(&clock_system) >= deadline_us) {
            error_set(&consumer->pending, WEIR_FENCED, "the partitions cannot be read again from an earlier offset");
            break;
        }
        usleep(KAFKA_WAIT_SLICE_MS * 1000);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* What lies on the shelf has been taken from librdkafka, but nobody has read it. */
static bool is_read_to_the_end(const struct kafka_slot *slot, int64_t high)
{
    return slot->shelf.count == 0 && slot->read_to >= 0 && high <= slot->read_to;
}

int64_t kafka_consumer_end(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    struct kafka_slot *slot = find_slot(consumer, group, source, partition);
    int64_t low, high;
    if (!slot || rd_kafka_get_watermark_offsets(consumer->client, slot->route->topic, partition, &low, &high))
        return -1;
    if (is_read_to_the_end(slot, high))
        return slot->position;
    return high >= 0 ? high : -1;
}

bool kafka_consumer_is_behind(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    const struct kafka_slot *slot = find_slot(consumer, group, source, partition);
    int64_t low, high;
    if (!slot)
        return false;
    if (rd_kafka_get_watermark_offsets(consumer->client, slot->route->topic, partition, &low, &high))
        return true;
    return !is_read_to_the_end(slot, high);
}

void kafka_consumer_wake(struct broker_consumer *consumer)
{
    static const uint64_t one = 1;
    atomic_store(&consumer->is_woken, true);
    if (write(consumer->wake, &one, sizeof one) < 0)
        return; /* the counter is full, so the poll wakes up anyway */
}
