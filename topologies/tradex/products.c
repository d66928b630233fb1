/* products.c: the catalogue, and the stock of its products.
 *
 * A product's id is its SKU: CREATE_PRODUCT carries no other. Its initial stock is added once, also when stock.updated was
 * there before it; created again it changes the catalogue only. A decrease below zero is not applied: it is counted in
 * the row and told on tradex.stock.refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "catalog_command.h"
#include "pieces.h"
#include "record/record.h"
#include "stock_updated.h"
#include "tradex_parts.h"
#include "tradex_views.h"

/* ---- commands ---- */

/* What is wrong with it; NULL: nothing, or nothing is created. */
static const char *fault_of(const struct catalog_data *data)
{
    if (!data->has_sku || data->sku.size == 0)
        return "data.sku: is missing";
    if (!data->has_name)
        return "data.name: is missing";
    if (!data->has_price)
        return "data.price: is missing";
    return data->has_stock && data->stock < 0 ? "data.stock: is negative" : NULL;
}

/* NULL: the record creates nothing. */
static const struct catalog_data *created_by(const struct weir_record *record)
{
    const struct catalog_command *command = record->value ? catalog_command_value(record) : NULL;
    return command && command->command == CATALOG_COMMAND_KIND_CREATE_PRODUCT ? &command->data : NULL;
}

void catalogue_entry_of(weir_context *context, const struct weir_record *record)
{
    const struct catalog_data *data = created_by(record);
    const char *fault = data ? fault_of(data) : NULL;
    if (!record->value)
        weir_drop(context, "null_value");
    if (fault)
        weir_fail(context, "%s", fault);
    if (!data || fault)
        return;
    struct catalogue_entry *entry = catalogue_entry_new(context);
    entry->name = data->name;
    entry->has_description = data->has_description;
    entry->description = data->description;
    entry->price = data->price;
    entry->category = data->has_category ? data->category : *WEIR_STR("unknown");
    entry->seller = record->key ? *(const weir_bytes *)record->key : *WEIR_STR("unknown");
    record_forward(context, record, data->sku, entry);
}

void initial_stock_of(weir_context *context, const struct weir_record *record)
{
    const struct catalog_data *data = created_by(record);
    if (!data || fault_of(data)) /* catalogue_entry_of tells */
        return;
    struct stock_change *change = stock_change_new(context);
    change->kind = STOCK_CHANGE_KIND_INITIAL;
    change->quantity = data->has_stock ? data->stock : 0;
    change->at = record->timestamp_ms;
    record_forward(context, record, data->sku, change);
}

/* ---- stock.updated ---- */

void stock_change_of(weir_context *context, const struct weir_record *record)
{
    const struct stock_updated *event = record->value ? stock_updated_value(record) : NULL;
    if (!event) {
        weir_drop(context, "null_value");
        return;
    }
    if (event->quantity < 0) {
        weir_fail(context, "quantity: is negative");
        return;
    }
    struct stock_change *change = stock_change_new(context);
    bool is_increase = event->operation == STOCK_OPERATION_increase;
    change->kind = is_increase ? STOCK_CHANGE_KIND_INCREASE : STOCK_CHANGE_KIND_DECREASE;
    change->quantity = event->quantity;
    change->at = event->updated_at;
    record_forward(context, record, event->product_id, change);
}

int64_t stock_updated_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? stock_updated_value(record)->updated_at : record->timestamp_ms;
}

/* ---- once: the events have no id, so product, operation, quantity and time together are it ---- */

struct self {
    weir_store *seen;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->seen = weir_store_named(context, "tradex-stock-seen");
}

static weir_bytes identity_of(weir_context *context, const struct weir_record *record)
{
    const struct stock_change *change = stock_change_value(record);
    const weir_bytes product = *(const weir_bytes *)record->key;
    if (change->kind == STOCK_CHANGE_KIND_INITIAL)
        return record_text(context, "%.*s/initial", RECORD_CHARS(product));
    return record_text(context, "%.*s/%s/%lld/%lld", RECORD_CHARS(product),
                       change->kind == STOCK_CHANGE_KIND_INCREASE ? "increase" : "decrease",
                       (long long)change->quantity, (long long)change->at);
}

static void pass_once(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    weir_bytes identity = identity_of(context, record);
    if (weir_get(self->seen, &identity)) {
        weir_drop(context, "duplicate");
        return;
    }
    weir_put(self->seen, &identity, &record->timestamp_ms);
    weir_forward(context, record);
}

const struct weir_processor stock_once_processor = {
    .self_size = sizeof(struct self), .open = open, .process = pass_once};

/* ---- stock ---- */

static void refuse(struct live_stock *stock, const struct weir_record *record)
{
    const struct stock_change *change = stock_change_value(record);
    stock->refused += 1;
    stock->has_last_refused = true;
    stock->last_refused = (struct refused_decrease){.product_id = *(const weir_bytes *)record->key,
                                                    .requested = change->quantity,
                                                    .available = stock->quantity,
                                                    .updated_at = change->at};
}

void change_stock(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct live_stock *stock = aggregate;
    const struct stock_change *change = stock_change_value(record);
    bool is_decrease = change->kind == STOCK_CHANGE_KIND_DECREASE;
    if (is_decrease && change->quantity > stock->quantity) {
        refuse(stock, record);
        return;
    }
    if (__builtin_add_overflow(stock->quantity, is_decrease ? -change->quantity : change->quantity, &stock->quantity)) {
        weir_fail(context, "the stock is too large");
        return;
    }
    if (change->at > stock->updated_at)
        stock->updated_at = change->at;
}

void refused_decrease_of(weir_context *context, const struct weir_record *record)
{
    const struct live_stock *stock = record->value ? live_stock_value(record) : NULL;
    const struct live_stock *before = record->old_value;
    if (!stock || stock->refused == (before ? before->refused : 0))
        return;
    struct weir_record refusal = *record;
    struct refused_decrease *decrease = refused_decrease_new(context);
    *decrease = stock->last_refused;
    refusal.value = decrease;
    weir_forward(context, &refusal);
}

bool has_refused(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return live_stock_value(record)->refused > 0;
}

const void *product_of_catalogue_and_stock(weir_context *context, const struct weir_record *entry_record,
                                           const struct weir_record *stock_record)
{
    const struct catalogue_entry *entry = catalogue_entry_value(entry_record);
    struct tradex_product *product = tradex_product_new(context);
    product->name = entry->name;
    product->has_description = entry->has_description;
    product->description = entry->description;
    product->price = entry->price;
    product->category = entry->category;
    product->seller = entry->seller;
    product->stock = stock_record ? live_stock_value(stock_record)->quantity : 0;
    return product;
}

bool is_low_stock(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return tradex_product_value(record)->stock < TRADEX_LOW_STOCK;
}
