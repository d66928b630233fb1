/* producer.c: records wait for others of their partition until there is no room, or nobody wants to wait any longer (push).
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "bundled.h"

struct outlet { /* an internal topic that was sent to */
    char *name;
    struct bundle *bundles; /* per partition; NULL: it holds none */
    int32_t partitions;
};

struct broker_producer {
    struct bundled *broker;
    struct broker_producer *beneath;
    struct outlet *outlets;
    size_t count, capacity;
};

static const struct broker_ops *ops_of(const struct broker_producer *producer)
{
    return producer->broker->beneath->ops;
}

static struct broker_producer *wrap(struct broker *base, struct broker_producer *beneath)
{
    if (!beneath)
        return NULL;
    struct broker_producer *producer = memory_new(sizeof *producer);
    *producer = (struct broker_producer){.broker = bundled_of(base), .beneath = beneath};
    return producer;
}

struct broker_producer *bundled_producer_open(struct broker *base, const char *client, struct weir_error *error)
{
    struct broker *beneath = bundled_of(base)->beneath;
    return wrap(base, beneath->ops->producer_open(beneath, client, error));
}

struct broker_producer *bundled_transaction_open(struct broker *base, const char *client, const char *id,
                                                 struct weir_error *error)
{
    struct broker *beneath = bundled_of(base)->beneath;
    return wrap(base, beneath->ops->transaction_open(beneath, client, id, error));
}

/* ---- topics ---- */

static struct outlet *open_outlet(struct broker_producer *producer, const char *topic)
{
    struct outlet outlet = {.name = memory_text(topic)};
    outlet.partitions = bundled_partitions(producer->broker, topic);
    if (outlet.partitions > 0)
        outlet.bundles = memory_new((size_t)outlet.partitions * sizeof *outlet.bundles);
    producer->outlets =
        memory_grow(producer->outlets, &producer->capacity, producer->count + 1, sizeof *producer->outlets);
    producer->outlets[producer->count] = outlet;
    return &producer->outlets[producer->count++];
}

static struct outlet *outlet_of(struct broker_producer *producer, const char *topic)
{
    for (size_t i = 0; i < producer->count; i++)
        if (strcmp(producer->outlets[i].name, topic) == 0)
            return &producer->outlets[i];
    return open_outlet(producer, topic);
}

/* As the broker beneath would; -1: any, which is its choice. */
static int32_t partition_of(const struct outlet *outlet, const struct broker_record *record)
{
    if (record->partition >= 0)
        return record->partition < outlet->partitions ? record->partition : -1;
    weir_bytes key = record->partition_key.data ? record->partition_key : record->key;
    return key.data ? hash_partition(key, outlet->partitions) : -1;
}

/* ---- sending ---- */

static bool push(struct broker_producer *producer, struct outlet *outlet, int32_t partition, struct weir_error *error)
{
    struct bundle *bundle = &outlet->bundles[partition];
    if (bundle->count == 0)
        return true;
    const struct broker_record message = bundle_message(bundle, partition);
    if (!ops_of(producer)->producer_send(producer->beneath, outlet->name, &message, error))
        return false;
    bundle_clear(bundle);
    return true;
}

bool bundled_producer_push(struct broker_producer *producer, struct weir_error *error)
{
    for (size_t i = 0; i < producer->count; i++)
        for (int32_t p = 0; p < producer->outlets[i].partitions; p++)
            if (!push(producer, &producer->outlets[i], p, error))
                return false;
    return true;
}

bool bundled_producer_send(struct broker_producer *producer, const char *topic, const struct broker_record *record,
                           struct weir_error *error)
{
    if (!record->is_internal)
        return ops_of(producer)->producer_send(producer->beneath, topic, record, error);
    struct outlet *outlet = outlet_of(producer, topic);
    int32_t partition = outlet->bundles ? partition_of(outlet, record) : -1;
    if (partition < 0)
        return ops_of(producer)->producer_send(producer->beneath, topic, record, error);
    struct bundle *bundle = &outlet->bundles[partition];
    bool goes_along = bundle_takes(record);
    if ((!goes_along || !bundle_has_room(bundle, record)) && !push(producer, outlet, partition, error))
        return false;
    if (!goes_along)
        return ops_of(producer)->producer_send(producer->beneath, topic, record, error);
    bundle_add(bundle, record);
    return true;
}

void bundled_producer_poll(struct broker_producer *producer)
{
    ops_of(producer)->producer_poll(producer->beneath);
}

/* Where the queue beneath is full, what it holds goes first. */
bool bundled_producer_flush(struct broker_producer *producer, int timeout_ms, struct weir_error *error)
{
    struct weir_error cause;
    error_clear(&cause);
    while (!bundled_producer_push(producer, &cause)) {
        if (cause.code != WEIR_RETRY)
            return error_set(error, cause.code, "%s", cause.message);
        error_clear(&cause);
        if (!ops_of(producer)->producer_flush(producer->beneath, timeout_ms, error))
            return false;
    }
    return ops_of(producer)->producer_flush(producer->beneath, timeout_ms, error);
}

static void drop_bundles(struct broker_producer *producer)
{
    for (size_t i = 0; i < producer->count; i++)
        for (int32_t p = 0; p < producer->outlets[i].partitions; p++)
            bundle_clear(&producer->outlets[i].bundles[p]);
}

void bundled_producer_close(struct broker_producer *producer)
{
    ops_of(producer)->producer_close(producer->beneath);
    for (size_t i = 0; i < producer->count; i++) {
        struct outlet *outlet = &producer->outlets[i];
        for (int32_t p = 0; p < outlet->partitions; p++)
            bundle_done(&outlet->bundles[p]);
        memory_free(outlet->bundles);
        memory_free(outlet->name);
    }
    memory_free(producer->outlets);
    memory_free(producer);
}

/* ---- transactions ---- */

bool bundled_transaction_commit(struct broker_producer *producer, struct broker_consumer *consumer,
                                const struct broker_offset *offsets, size_t count, struct weir_error *error)
{
    weir_arena arena;
    arena_init(&arena);
    const struct broker_offset *beneath = bundled_commits(producer->broker, offsets, count, &arena);
    bool ok = ops_of(producer)->transaction_commit(producer->beneath, bundled_consumer_beneath(consumer), beneath,
                                                   count, error);
    arena_done(&arena);
    return ok;
}

bool bundled_transaction_abort(struct broker_producer *producer, struct weir_error *error)
{
    drop_bundles(producer);
    return ops_of(producer)->transaction_abort(producer->beneath, error);
}
