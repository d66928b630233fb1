/* keeper.c: the keeper of the stock: reserves the goods of an order all or none, and takes them back.
 *
 * Of a SKU two numbers are kept: the level as it was set, and what of it is reserved; what is available is the rest. A level below
 * what is reserved leaves nothing available, and nobody's goods are taken away. A request is answered once per order: asked
 * again, the keeper says again what it said. No two events of a SKU have the same time, so that the latest is the latest for
 * everybody who reads them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inventory_event.h"
#include "inventory_request.h"
#include "inventory_response.h"
#include "pieces.h"
#include "record/record.h"
#include "saga_parts.h"
#include "saga_views.h"

struct self {
    weir_store *stock, *reservations;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->stock = weir_store_named(context, "saga-stock");
    self->reservations = weir_store_named(context, "saga-reservations");
}

/* Nothing is older than what it answers. */
static int64_t now_for(weir_context *context, const struct weir_record *record)
{
    int64_t now_ms = weir_system_time(context);
    return now_ms > record->timestamp_ms ? now_ms : record->timestamp_ms;
}

/* ---- stock ---- */

static struct saga_stock *stock_of(weir_context *context, const weir_bytes *sku)
{
    struct self *self = weir_self(context);
    struct saga_stock *stock = saga_stock_new(context);
    const struct saga_stock *stored = weir_get(self->stock, sku);
    if (stored)
        *stock = *stored;
    return stock;
}

struct change {
    int32_t kind; /* enum inventory_event_kind */
    weir_bytes sku, id;
    int64_t quantity, at_ms;
};

static void tell_change(weir_context *context, const struct weir_record *cause, const struct change *change,
                        const struct saga_stock *stock)
{
    struct stock_news *news = stock_news_new(context);
    bool is_set = change->kind == INVENTORY_EVENT_KIND_STOCK_SET;
    news->has_event = true;
    news->event = (struct inventory_event){.type = change->kind,
                                           .event_id = change->id,
                                           .has_order_id = !is_set,
                                           .order_id = *(const weir_bytes *)cause->key,
                                           .sku = change->sku,
                                           .quantity = change->quantity,
                                           .available = stock->available,
                                           .reserved = stock->reserved,
                                           .timestamp = stock->updated};
    struct weir_record record = *cause;
    record.value = news;
    record.timestamp_ms = stock->updated;
    weir_forward(context, &record);
}

static void keep_stock(weir_context *context, const struct weir_record *cause, const struct change *change,
                       struct saga_stock *stock)
{
    struct self *self = weir_self(context);
    stock->available = stock->level > stock->reserved ? stock->level - stock->reserved : 0;
    stock->quantity = stock->available + stock->reserved;
    stock->updated = change->at_ms > stock->updated ? change->at_ms : stock->updated + 1;
    weir_put(self->stock, &change->sku, stock);
    tell_change(context, cause, change, stock);
}

static bool is_behind(const struct saga_stock *stock, const struct stock_level *level)
{
    return level->at < stock->level_at || (level->at == stock->level_at && level->quantity == stock->level);
}

static void set_level(weir_context *context, const struct weir_record *record, const struct stock_level *level)
{
    struct self *self = weir_self(context);
    const weir_bytes *sku = record->key;
    struct saga_stock *stock = stock_of(context, sku);
    if (weir_get(self->stock, sku) && is_behind(stock, level)) {
        weir_drop(context, level->at < stock->level_at ? "stale" : "duplicate");
        return;
    }
    int64_t now_ms = now_for(context, record);
    stock->level = level->quantity;
    stock->level_at = level->at;
    const struct change change = {INVENTORY_EVENT_KIND_STOCK_SET, *sku, level->id, level->quantity,
                                  now_ms > level->at ? now_ms : level->at};
    keep_stock(context, record, &change, stock);
}

/* ---- reservations ---- */

/* One item per SKU. A sum beyond 63 bits is more than there ever is. */
static weir_array gather(weir_context *context, const struct inventory_request *request)
{
    struct inventory_item *items = weir_alloc(context, request->items.count * sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < request->items.count; i++) {
        const struct inventory_item *item = inventory_request_items(request, i);
        size_t at = 0;
        while (at < count && !record_is_same(items[at].sku, item->sku))
            at++;
        if (at == count)
            items[count++].sku = item->sku;
        if (__builtin_add_overflow(items[at].quantity, item->quantity, &items[at].quantity))
            items[at].quantity = INT64_MAX;
    }
    return (weir_array){items, count};
}

/* The first item of which there is too little, as the reservation that is refused for it; else NULL. */
static bool is_refused(weir_context *context, struct saga_reservation *reservation)
{
    for (size_t i = 0; i < reservation->items.count; i++) {
        const struct inventory_item *item = saga_reservation_items(reservation, i);
        const struct saga_stock *stock = stock_of(context, &item->sku);
        if (item->quantity <= stock->available)
            continue;
        reservation->state = SAGA_RESERVATION_STATE_REFUSED;
        reservation->has_sku = reservation->has_available = reservation->has_requested = true;
        reservation->sku = item->sku;
        reservation->available = stock->available;
        reservation->requested = item->quantity;
        return true;
    }
    return false;
}

static void move_goods(weir_context *context, const struct weir_record *record,
                       const struct saga_reservation *reservation, bool take)
{
    const weir_bytes order_id = *(const weir_bytes *)record->key;
    int64_t now_ms = now_for(context, record);
    for (size_t i = 0; i < reservation->items.count; i++) {
        const struct inventory_item *item = saga_reservation_items(reservation, i);
        struct saga_stock *stock = stock_of(context, &item->sku);
        stock->reserved += take ? item->quantity : -item->quantity;
        struct change change = {take ? INVENTORY_EVENT_KIND_INVENTORY_RESERVED
                                     : INVENTORY_EVENT_KIND_INVENTORY_RELEASED,
                                item->sku,
                                {0},
                                item->quantity,
                                now_ms};
        change.id = record_text(context, "%.*s/%.*s/%s", RECORD_CHARS(order_id), RECORD_CHARS(item->sku),
                                take ? "reserved" : "released");
        keep_stock(context, record, &change, stock);
    }
}

static void answer(weir_context *context, const struct weir_record *record, const struct saga_reservation *reservation)
{
    struct stock_news *news = stock_news_new(context);
    bool is_reserved = reservation->state == SAGA_RESERVATION_STATE_RESERVED;
    news->has_response = true;
    news->response = (struct inventory_response){.order_id = *(const weir_bytes *)record->key,
                                                 .status = is_reserved ? INVENTORY_STATUS_RESERVED
                                                                       : INVENTORY_STATUS_INSUFFICIENT_STOCK,
                                                 .has_reason = !is_reserved,
                                                 .reason = *WEIR_STR("not enough stock"),
                                                 .has_sku = reservation->has_sku,
                                                 .sku = reservation->sku,
                                                 .has_available = reservation->has_available,
                                                 .available = reservation->available,
                                                 .has_requested = reservation->has_requested,
                                                 .requested = reservation->requested};
    struct weir_record out = *record;
    out.value = news;
    out.timestamp_ms = now_for(context, record);
    weir_forward(context, &out);
}

static void reserve(weir_context *context, const struct weir_record *record, const struct inventory_request *request)
{
    struct self *self = weir_self(context);
    const struct saga_reservation *known = weir_get(self->reservations, record->key);
    if (known && known->state == SAGA_RESERVATION_STATE_RELEASED) {
        weir_drop(context, "released");
        return;
    }
    if (known) {
        answer(context, record, known);
        return;
    }
    struct saga_reservation *reservation = saga_reservation_new(context);
    reservation->items = gather(context, request);
    if (is_refused(context, reservation))
        reservation->items = (weir_array){0};
    else
        move_goods(context, record, reservation, true);
    weir_put(self->reservations, record->key, reservation);
    answer(context, record, reservation);
}

static void release(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct saga_reservation *known = weir_get(self->reservations, record->key);
    if (!known || known->state != SAGA_RESERVATION_STATE_RESERVED) {
        weir_drop(context, "nothing_reserved");
        return;
    }
    struct saga_reservation *released = saga_reservation_new(context);
    *released = *known;
    released->state = SAGA_RESERVATION_STATE_RELEASED;
    move_goods(context, record, released, false);
    weir_put(self->reservations, record->key, released);
}

static void take_demand(weir_context *context, const struct weir_record *record)
{
    const struct stock_demand *demand = stock_demand_value(record);
    if (demand->has_level)
        set_level(context, record, &demand->level);
    else if (demand->request.action == INVENTORY_ACTION_RESERVE)
        reserve(context, record, &demand->request);
    else
        release(context, record);
}

const struct weir_processor keeper_processor = {.self_size = sizeof(struct self), .open = open, .process = take_demand};

/* ---- news ---- */

void response_of_news(weir_context *context, const struct weir_record *record)
{
    struct weir_record response = *record;
    response.value = &stock_news_value(record)->response;
    if (stock_news_value(record)->has_response)
        weir_forward(context, &response);
}

void event_of_news(weir_context *context, const struct weir_record *record)
{
    struct weir_record event = *record;
    event.value = &stock_news_value(record)->event;
    if (stock_news_value(record)->has_event)
        weir_forward(context, &event);
}
