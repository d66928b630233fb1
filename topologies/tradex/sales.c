/* sales.c: what was sold per product, category and seller.
 *
 * An order is a sale once, when it is known whole and has been heard of as confirmed or further; the sale belongs to the
 * time of that status. Category and seller are those of the catalogue at that moment.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pieces.h"
#include "record/record.h"
#include "trade_item.h"
#include "tradex_parts.h"
#include "tradex_views.h"

static bool is_sale(const struct order_progress *progress)
{
    return progress && progress->has_created_at && progress->has_sold_at;
}

void sales_of(weir_context *context, const struct weir_record *record)
{
    const struct order_progress *progress = record->value ? order_progress_value(record) : NULL;
    if (!is_sale(progress) || is_sale(record->old_value))
        return;
    struct weir_record sold = *record;
    sold.timestamp_ms = progress->sold_at;
    for (size_t i = 0; i < progress->items.count; i++) {
        const struct trade_item *item = order_progress_items(progress, i);
        struct sale *sale = sale_new(context);
        sale->units = item->quantity;
        sale->amount.unscaled = item->quantity * item->price.unscaled; /* is_sound_order: it fits */
        sale->category = sale->seller = *WEIR_STR("");                 /* joined behind */
        record_forward(context, &sold, item->product_id, sale);
    }
}

const void *sale_with_product(weir_context *context, const struct weir_record *record,
                              const struct weir_record *product)
{
    struct sale *sale = sale_new(context);
    *sale = *sale_value(record);
    sale->category = product ? catalogue_entry_value(product)->category : *WEIR_STR("unknown");
    sale->seller = product ? catalogue_entry_value(product)->seller : *WEIR_STR("unknown");
    return sale;
}

const void *category_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &sale_value(record)->category;
}

const void *seller_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &sale_value(record)->seller;
}

void add_sale(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct sales *sales = aggregate;
    const struct sale *sale = sale_value(record);
    if (__builtin_add_overflow(sales->units, sale->units, &sales->units) ||
        __builtin_add_overflow(sales->revenue.unscaled, sale->amount.unscaled, &sales->revenue.unscaled))
        weir_fail(context, "the sum of sales is too large");
}
