/* seen.c: what tells an event of commerce from others, for a week. An event without an id cannot be recognised.
 *
 * Each topic has a store of its own, whose time is that of the events in it: inventory.responses carry no time of their own, and their
 * records of today must not let the ids of older events go that are loaded with them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "notification_event.h"
#include "order_event.h"
#include "parts.h"

static weir_bytes order_identity(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return order_event_value(record)->event_id;
}

static weir_bytes notification_identity(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return notification_event_value(record)->event_id;
}

static weir_stream *pass_once(weir_topology *t, weir_stream *events, struct once *once, const char *name)
{
    once->window = weir_days(1);
    weir_add_store(t, once->store, &weir_str_type, &weir_i64_type,
                   .window = {.size = weir_days(1), .retention = weir_days(8)});
    return weir_process(events, &once_processor, .stores = {once->store}, .user = once, .name = name);
}

weir_stream *orders_once(weir_topology *t, weir_stream *events)
{
    static struct once once = {.store = "commerce-seen-orders", .identity = order_identity};
    return pass_once(t, events, &once, "orders-once");
}

weir_stream *notifications_once(weir_topology *t, weir_stream *events)
{
    static struct once once = {.store = "commerce-seen-notifications", .identity = notification_identity};
    return pass_once(t, events, &once, "notifications-once");
}
