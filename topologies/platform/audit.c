/* audit.c: audit events in the orders in which people search: by time, by actor and time, by resource and time.
 *
 * Events have no id: actor, action, resource and time together are it, so what is delivered twice is one row.
 * SPDX-License-Identifier: Apache-2.0 */
#include "audit_event.h"
#include "pieces.h"
#include "record/key.h"

struct self {
    weir_store *by_time, *by_actor, *by_resource;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->by_time = weir_store_named(context, "platform-audit-by-time");
    self->by_actor = weir_store_named(context, "platform-audit-by-actor");
    self->by_resource = weir_store_named(context, "platform-audit-by-resource");
}

static void process(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct audit_event *event = record->value ? audit_event_value(record) : NULL;
    if (!event) {
        weir_drop(context, "null_value");
        return;
    }
    if (event->timestamp < 0 || event->timestamp > RECORD_TIME_MS_MAX) {
        weir_fail(context, "timestamp: before 1970 or after 9999");
        return;
    }
    const weir_bytes time = record_time(context, event->timestamp);
    weir_bytes by_time = record_key(context, (weir_bytes[]){time, event->actor, event->action, event->resource}, 4);
    weir_bytes by_actor = record_key(context, (weir_bytes[]){event->actor, time, event->action, event->resource}, 4);
    weir_bytes by_resource = record_key(context, (weir_bytes[]){event->resource, time, event->action, event->actor}, 4);
    weir_put(self->by_time, &by_time, event);
    weir_put(self->by_actor, &by_actor, event);
    weir_put(self->by_resource, &by_resource, event);
}

const struct weir_processor audit_processor = {.self_size = sizeof(struct self), .open = open, .process = process};

int64_t audit_event_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? audit_event_value(record)->timestamp : record->timestamp_ms;
}
