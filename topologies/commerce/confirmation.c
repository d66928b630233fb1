/* confirmation.c: how long orders wait, from ORDER_CREATED to ORDER_CONFIRMED.
 *
 * The two events may come in any order; the first of each kind counts. The figure belongs to the time of the
 * confirmation. All orders share one row per hour, under the key "all".
 * SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"
#include "order_event.h"
#include "parts.h"
#include "sketch/sketch.h"
#include "views.h"

struct self {
    weir_store *times;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->times = weir_store_named(context, "commerce-order-times");
}

static void send_wait(weir_context *context, const struct weir_record *cause, const struct order_times *times)
{
    struct fact *fact = fact_new(context);
    int64_t wait_ms = times->confirmed - times->created;
    fact->kind = FACT_KIND_CONFIRMATION;
    fact->quantity = wait_ms > 0 ? wait_ms : 0; /* the clocks of two services may differ */
    struct weir_record record = *cause;
    record.key = WEIR_STR("all");
    record.value = fact;
    record.timestamp_ms = times->confirmed;
    weir_forward(context, &record);
}

/* True when the event is the first of its kind. */
static bool note_time(struct order_times *times, const struct order_event *event)
{
    bool is_created = event->type == ORDER_EVENT_KIND_ORDER_CREATED;
    bool is_confirmed = event->type == ORDER_EVENT_KIND_ORDER_CONFIRMED;
    if (is_created && !times->has_created) {
        times->has_created = true;
        times->created = event->timestamp;
        return true;
    }
    if (is_confirmed && !times->has_confirmed) {
        times->has_confirmed = true;
        times->confirmed = event->timestamp;
        return true;
    }
    return false;
}

static void process(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    struct order_times *times = order_times_new(context);
    const struct order_times *stored = weir_get(self->times, record->key);
    if (stored)
        *times = *stored;
    if (!note_time(times, order_event_value(record)))
        return;
    weir_put(self->times, record->key, times);
    if (times->has_created && times->has_confirmed)
        send_wait(context, record, times);
}

const struct weir_processor confirmation_processor = {
    .self_size = sizeof(struct self), .open = open, .process = process};

static weir_bytes merged(weir_context *context, weir_bytes sketch, const struct fact *fact)
{
    weir_bytes waits = fact->has_waits ? fact->waits : (weir_bytes){NULL, 0};
    unsigned char *room = weir_alloc(context, sketch.size + sketch_room(waits));
    size_t size = fact->has_waits ? sketch_merge(sketch, waits, room) : sketch_add(sketch, fact->quantity, room);
    return (weir_bytes){room, size};
}

static int64_t confirmations_of(const struct fact *fact)
{
    return fact->has_waits ? fact->quantity : 1;
}

void add_waits(weir_context *context, const struct fact *fact, struct fact *sum)
{
    const weir_bytes none = {NULL, 0};
    weir_bytes before = sum->has_waits ? sum->waits : merged(context, none, sum);
    sum->quantity = confirmations_of(sum) + confirmations_of(fact);
    sum->has_waits = true;
    sum->waits = merged(context, before, fact);
}

void add_confirmation(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct confirmation_time *time = aggregate;
    weir_bytes old = time->has_sketch ? time->sketch : (weir_bytes){NULL, 0};
    time->has_sketch = true;
    time->sketch = merged(context, old, fact_value(record));
    time->count += confirmations_of(fact_value(record));
    struct sketch_percentiles percentiles = sketch_percentiles(time->sketch);
    time->p50_ms = percentiles.p50;
    time->p95_ms = percentiles.p95;
    time->p99_ms = percentiles.p99;
}
