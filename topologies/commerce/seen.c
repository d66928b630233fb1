/* seen.c: an event counts once per event_id, however often its producer sends it.
 *
 * One store serves all topics of the task. An event without an id cannot be recognised and passes always.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "notification_event.h"
#include "order_event.h"
#include "parts.h"

struct self {
    weir_store *seen;
};

static weir_bytes order_event_id(const struct weir_record *record)
{
    return order_event_value(record)->event_id;
}

static weir_bytes notification_event_id(const struct weir_record *record)
{
    return notification_event_value(record)->event_id;
}

struct identity order_identity = {"order/", order_event_id};
struct identity notification_identity = {"notification/", notification_event_id};

static weir_bytes key_of(weir_context *context, weir_bytes event_id)
{
    const struct identity *identity = weir_user(context);
    size_t prefix = strlen(identity->prefix);
    char *key = weir_alloc(context, prefix + event_id.size);
    memcpy(key, identity->prefix, prefix);
    memcpy(key + prefix, event_id.data, event_id.size);
    return (weir_bytes){key, prefix + event_id.size};
}

/* True once per id. */
static bool is_new(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct identity *identity = weir_user(context);
    weir_bytes event_id = identity->event_id(record);
    if (event_id.size == 0)
        return true;
    weir_bytes key = key_of(context, event_id);
    if (weir_get(self->seen, &key))
        return false;
    weir_put(self->seen, &key, &record->timestamp_ms);
    return true;
}

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->seen = weir_store_named(context, "commerce-seen");
}

static void process(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        weir_drop(context, "null_value");
    else if (is_new(context, record))
        weir_forward(context, record);
    else
        weir_drop(context, "duplicate");
}

const struct weir_processor seen_processor = {.self_size = sizeof(struct self), .open = open, .process = process};
