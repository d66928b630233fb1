/* orders.c: an order, and the statuses it goes through.
 *
 * An order is created once: a second order.created of the same orderId changes nothing. A status counts once per order and
 * time; the latest by its own time is the order's.
 * SPDX-License-Identifier: Apache-2.0 */
#include "order_created.h"
#include "order_updated.h"
#include "pieces.h"
#include "record/record.h"
#include "trade_command.h"
#include "tradex_views.h"

/* ---- commands ---- */

static bool add_up(const struct trade_data *data, weir_decimal *total)
{
    for (size_t i = 0; i < data->items.count; i++) {
        const struct trade_item *item = trade_data_items(data, i);
        int64_t amount;
        if (item->quantity <= 0 || __builtin_mul_overflow(item->quantity, item->price.unscaled, &amount) ||
            __builtin_add_overflow(total->unscaled, amount, &total->unscaled))
            return false;
    }
    return true;
}

/* The id is the place of the command: processed again, it is the same order. */
void order_of_command(weir_context *context, const struct weir_record *record)
{
    struct weir_metadata place = weir_record_metadata(context);
    if (!record->value) {
        weir_drop(context, "null_value");
        return;
    }
    const struct trade_data *data = &trade_command_value(record)->data;
    struct order_created *order = order_created_new(context);
    if (data->items.count == 0 || !add_up(data, &order->total_amount)) {
        weir_fail(context, "data.items: there are none, a quantity is not positive, or the total is too large");
        return;
    }
    order->order_id = record_text(context, "order-%d-%lld", (int)place.partition, (long long)place.offset);
    order->user_id = data->user_id;
    order->items = data->items;
    order->status = TRADE_STATUS_pending;
    order->created_at = record->timestamp_ms;
    record_forward(context, record, order->order_id, order);
}

/* ---- events ---- */

bool is_sound_order(weir_context *context, const struct weir_record *record)
{
    const struct order_created *order = record->value ? order_created_value(record) : NULL;
    if (!order)
        weir_drop(context, "null_value");
    for (size_t i = 0; order && i < order->items.count; i++) {
        const struct trade_item *item = order_created_items(order, i);
        int64_t amount;
        if (__builtin_mul_overflow(item->quantity, item->price.unscaled, &amount)) {
            weir_fail(context, "items[%zu]: quantity * price is too large", i);
            return false;
        }
    }
    return order != NULL;
}

bool is_order_update(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        weir_drop(context, "null_value");
    return record->value != NULL;
}

const void *created_order_id_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &order_created_value(record)->order_id;
}

const void *updated_order_id_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &order_updated_value(record)->order_id;
}

int64_t order_created_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? order_created_value(record)->created_at : record->timestamp_ms;
}

int64_t order_updated_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? order_updated_value(record)->updated_at : record->timestamp_ms;
}

/* ---- progress ---- */

static bool is_sold_by(int32_t status)
{
    return status != TRADE_STATUS_pending && status != TRADE_STATUS_cancelled;
}

static bool knows(const struct order_progress *progress, struct status_change change)
{
    for (size_t i = 0; i < progress->history.count; i++) {
        const struct status_change *known = order_progress_history(progress, i);
        if (known->status == change.status && known->at == change.at)
            return true;
    }
    return false;
}

/* In order of time; of one moment in order of arrival. */
static void insert(weir_context *context, struct order_progress *progress, struct status_change change)
{
    size_t count = progress->history.count;
    struct status_change *items = weir_alloc(context, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = *order_progress_history(progress, i);
    size_t at = count;
    for (; at > 0 && items[at - 1].at > change.at; at--)
        items[at] = items[at - 1];
    items[at] = change;
    progress->history = (weir_array){items, count + 1};
    progress->status = items[count].status;
    progress->updated_at = items[count].at;
}

static void note(weir_context *context, struct order_progress *progress, int32_t status, int64_t at)
{
    struct status_change change = {.status = status, .at = at};
    if (knows(progress, change))
        return;
    insert(context, progress, change);
    if (is_sold_by(status) && !progress->has_sold_at) {
        progress->has_sold_at = true;
        progress->sold_at = at;
    }
}

void take_created(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct order_progress *progress = aggregate;
    const struct order_created *order = order_created_value(record);
    if (progress->has_created_at)
        return;
    progress->has_user_id = progress->has_total_amount = progress->has_created_at = true;
    progress->user_id = order->user_id;
    progress->items = order->items;
    progress->total_amount = order->total_amount;
    progress->created_at = order->created_at;
    note(context, progress, order->status, order->created_at);
}

void take_updated(weir_context *context, const struct weir_record *record, void *aggregate)
{
    const struct order_updated *event = order_updated_value(record);
    note(context, aggregate, event->status, event->updated_at);
}

const void *history_of(weir_context *context, const struct weir_record *record)
{
    struct order_history *history = order_history_new(context);
    history->changes = order_progress_value(record)->history;
    return history;
}

/* The first change of an order replaces the initial value of the aggregate, which has no history and no group. */
const void *status_of(weir_context *context, const struct weir_record *record)
{
    if (order_progress_value(record)->history.count == 0)
        return NULL;
    weir_bytes *status = weir_alloc(context, sizeof *status);
    *status = record_text(context, "%s", trade_status_type.symbols[order_progress_value(record)->status]);
    return status;
}
