/* lines.c: the items of an order, each joined with its product, and the order with its user.
 * SPDX-License-Identifier: Apache-2.0 */
#include "order_created.h"
#include "pieces.h"
#include "record/record.h"
#include "tradex_views.h"
#include "user_registered.h"

void lines_of(weir_context *context, const struct weir_record *record)
{
    const struct order_created *order = order_created_value(record);
    for (size_t i = 0; i < order->items.count; i++) {
        const struct trade_item *item = order_created_items(order, i);
        struct order_line *line = order_line_new(context);
        line->order_id = order->order_id;
        line->line = (int32_t)i;
        line->product_id = item->product_id;
        line->quantity = item->quantity;
        line->price = item->price;
        record_forward(context, record, record_text(context, "%.*s/%zu", RECORD_CHARS(order->order_id), i), line);
    }
}

const void *product_id_of_line(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &order_line_value(record)->product_id;
}

const void *order_id_of_line(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &order_line_value(record)->order_id;
}

const void *line_with_product(weir_context *context, const struct weir_record *line_record,
                              const struct weir_record *product)
{
    struct order_line *line = order_line_new(context);
    *line = *order_line_value(line_record);
    if (!product)
        return line;
    line->has_name = line->has_category = true;
    line->name = catalogue_entry_value(product)->name;
    line->category = catalogue_entry_value(product)->category;
    return line;
}

/* ---- the lines of an order, by their number ---- */

/* The lines but the one with the number. */
static struct order_line *lines_without(weir_context *context, struct order_lines *lines, int32_t number, size_t *count)
{
    struct order_line *kept = weir_alloc(context, (lines->items.count + 1) * sizeof *kept);
    *count = 0;
    for (size_t i = 0; i < lines->items.count; i++)
        if (order_lines_items(lines, i)->line != number)
            kept[(*count)++] = *order_lines_items(lines, i);
    return kept;
}

void add_line(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct order_lines *lines = aggregate;
    const struct order_line *line = order_line_value(record);
    size_t count;
    struct order_line *items = lines_without(context, lines, line->line, &count);
    size_t at = count;
    for (; at > 0 && items[at - 1].line > line->line; at--)
        items[at] = items[at - 1];
    items[at] = *line;
    lines->items = (weir_array){items, count + 1};
}

void remove_line(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct order_lines *lines = aggregate;
    size_t count;
    struct order_line *items = lines_without(context, lines, order_line_value(record)->line, &count);
    lines->items = (weir_array){items, count};
}

/* ---- the order ---- */

const void *user_id_of_order(weir_context *context, const struct weir_record *record)
{
    const struct order_progress *progress = order_progress_value(record);
    (void)context;
    return progress->has_user_id ? &progress->user_id : NULL;
}

const void *order_with_user(weir_context *context, const struct weir_record *progress_record,
                            const struct weir_record *user)
{
    const struct order_progress *progress = order_progress_value(progress_record);
    struct tradex_order *order = tradex_order_new(context);
    order->has_user_id = progress->has_user_id;
    order->user_id = progress->user_id;
    order->has_total_amount = progress->has_total_amount;
    order->total_amount = progress->total_amount;
    order->has_created_at = progress->has_created_at;
    order->created_at = progress->created_at;
    order->status = progress->status;
    order->updated_at = progress->updated_at;
    if (user) {
        order->has_email = order->has_role = true;
        order->email = user_registered_value(user)->email;
        order->role = user_registered_value(user)->role;
    }
    return order;
}

const void *order_with_lines(weir_context *context, const struct weir_record *order_record,
                             const struct weir_record *lines)
{
    struct tradex_order *order = tradex_order_new(context);
    *order = *tradex_order_value(order_record);
    if (lines)
        order->items = order_lines_value(lines)->items;
    return order;
}
