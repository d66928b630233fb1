/* seen.c: what tells an event of commerce from others. One store serves all topics of the task, so ids carry the kind of their
 * event. An event without an id cannot be recognised.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "notification_event.h"
#include "order_event.h"
#include "parts.h"

static weir_bytes identity_of(weir_context *context, const weir_bytes *kind, weir_bytes event_id)
{
    if (event_id.size == 0)
        return event_id;
    char *key = weir_alloc(context, kind->size + event_id.size);
    memcpy(key, kind->data, kind->size);
    memcpy(key + kind->size, event_id.data, event_id.size);
    return (weir_bytes){key, kind->size + event_id.size};
}

static weir_bytes order_identity(weir_context *context, const struct weir_record *record)
{
    return identity_of(context, WEIR_STR("order/"), order_event_value(record)->event_id);
}

static weir_bytes notification_identity(weir_context *context, const struct weir_record *record)
{
    return identity_of(context, WEIR_STR("notification/"), notification_event_value(record)->event_id);
}

struct once order_once = {"commerce-seen", order_identity};
struct once notification_once = {"commerce-seen", notification_identity};
