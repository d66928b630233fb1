/* times.c: event time: the `timestamp` field of the event, else the time of its record.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inventory_event.h"
#include "inventory_stock.h"
#include "notification_event.h"
#include "order_event.h"
#include "parts.h"

int64_t order_event_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? order_event_value(record)->timestamp : record->timestamp_ms;
}

int64_t inventory_event_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? inventory_event_value(record)->timestamp : record->timestamp_ms;
}

int64_t notification_event_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? notification_event_value(record)->timestamp : record->timestamp_ms;
}

int64_t inventory_stock_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    const struct inventory_stock *stock = record->value ? inventory_stock_value(record) : NULL;
    return stock && stock->has_timestamp ? stock->timestamp : record->timestamp_ms;
}
