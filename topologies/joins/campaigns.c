/* campaigns.c: an elimination promotes the product of its contract's campaign; what was ordered of it within the hour that
 * follows is what the campaign has moved. A line that follows two promotions counts for both.
 * SPDX-License-Identifier: Apache-2.0 */
#include "elimination_verified.h"
#include "joins_views.h"
#include "pieces.h"

bool has_elimination(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        weir_drop(context, "null_value");
    return record->value != NULL;
}

weir_bytes elimination_identity(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return elimination_verified_value(record)->elimination_id;
}

int64_t elimination_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? elimination_verified_value(record)->verified_at : record->timestamp_ms;
}

const void *contract_of_elimination(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &elimination_verified_value(record)->contract_id;
}

const void *elimination_with_campaign(weir_context *context, const struct weir_record *elimination,
                                      const struct weir_record *campaign)
{
    struct promotion *promotion = promotion_new(context);
    promotion->contract_id = elimination_verified_value(elimination)->contract_id;
    promotion->sku = campaign_value(campaign)->sku;
    return promotion;
}

const void *sku_of_promotion(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &promotion_value(record)->sku;
}

const void *promotion_with_line(weir_context *context, const struct weir_record *promotion,
                                const struct weir_record *line)
{
    struct promoted_sale *sale = promoted_sale_new(context);
    sale->contract_id = promotion_value(promotion)->contract_id;
    sale->units = asked_line_value(line)->quantity;
    sale->amount = asked_line_value(line)->amount;
    return sale;
}

const void *contract_of_sale(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &promoted_sale_value(record)->contract_id;
}

void add_promoted_sale(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct campaign_sales *sales = aggregate;
    const struct promoted_sale *sale = promoted_sale_value(record);
    sales->sales += 1;
    sales->units += sale->units;
    if (__builtin_add_overflow(sales->revenue.unscaled, sale->amount.unscaled, &sales->revenue.unscaled))
        weir_fail(context, "the sum of sales is too large");
}
