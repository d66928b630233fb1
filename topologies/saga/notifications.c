/* notifications.c: what the notification service is asked, and what its answer means.
 *
 * POST $COMMERCE_NOTIFICATIONS_URL (http://127.0.0.1:8090/notifications where it is not set) with the request as JSON; the
 * idempotency key is order and outcome, so the service can tell a repetition.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "notification_dead_letter.h"
#include "notification_event.h"
#include "notification_request.h"
#include "pieces.h"
#include "record/record.h"
#include "saga_parts.h"

static const char usual_url[] = "http://127.0.0.1:8090/notifications";

/* The key is the order's id, whatever the value says. */
static weir_bytes identity(weir_context *context, const struct weir_record *record,
                           const struct notification_request *request)
{
    return record_text(context, "%.*s/%s", RECORD_CHARS(*(const weir_bytes *)record->key),
                       notification_kind_type.symbols[request->type]);
}

weir_bytes notification_request_identity(weir_context *context, const struct weir_record *record)
{
    return identity(context, record, notification_request_value(record));
}

weir_bytes notification_outcome_identity(weir_context *context, const struct weir_record *record)
{
    return identity(context, record, &notification_outcome_value(record)->request);
}

bool is_notification_given_up(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return notification_outcome_value(record)->has_error;
}

void notification_call(weir_context *context, const struct weir_record *record, struct weir_request *out)
{
    const char *url = getenv("COMMERCE_NOTIFICATIONS_URL");
    out->url = url && *url ? url : usual_url;
    out->body = weir_json_of(context, &notification_request_type, record->value);
    out->idempotency_key = notification_request_identity(context, record);
}

const void *notification_outcome_of(weir_context *context, const struct weir_record *record,
                                    const struct weir_answer *answer)
{
    struct notification_outcome *outcome = notification_outcome_new(context);
    outcome->request = *notification_request_value(record);
    outcome->attempts = answer->attempts;
    outcome->status = answer->status;
    outcome->has_error = !answer->succeeded;
    if (!answer->succeeded)
        outcome->error = (weir_bytes){answer->error, strlen(answer->error)};
    outcome->at = answer->answered_ms > record->timestamp_ms ? answer->answered_ms : record->timestamp_ms;
    return outcome;
}

/* A client error is final; everything else was tried as often as is allowed. */
static weir_bytes reason_of(const struct notification_outcome *outcome)
{
    bool is_refused = outcome->status >= 400 && outcome->status < 500 && outcome->attempts < NOTIFICATION_ATTEMPTS;
    return is_refused ? *WEIR_STR("REFUSED") : *WEIR_STR("RETRIES_EXHAUSTED");
}

/* An id per notification and outcome: a crash may have it told twice, and a replay may fail again, but each counts once. */
const void *event_of_outcome(weir_context *context, const struct weir_record *record)
{
    const struct notification_outcome *outcome = notification_outcome_value(record);
    struct notification_event *event = notification_event_new(context);
    event->type =
        outcome->has_error ? NOTIFICATION_EVENT_KIND_NOTIFICATION_FAILED : NOTIFICATION_EVENT_KIND_NOTIFICATION_SENT;
    event->order_id = *(const weir_bytes *)record->key;
    weir_bytes id = notification_outcome_identity(context, record);
    event->event_id =
        record_text(context, "%.*s/notification%s", RECORD_CHARS(id), outcome->has_error ? "/failed" : "");
    event->has_channel = event->has_attempts = true;
    event->channel = outcome->request.channel;
    event->attempts = outcome->attempts;
    event->has_reason = outcome->has_error;
    event->reason = reason_of(outcome);
    event->timestamp = outcome->at;
    return event;
}

const void *dead_letter_of_outcome(weir_context *context, const struct weir_record *record)
{
    const struct notification_outcome *outcome = notification_outcome_value(record);
    struct notification_dead_letter *letter = notification_dead_letter_new(context);
    letter->original_notification = weir_json_of(context, &notification_request_type, &outcome->request);
    letter->failure_timestamp = outcome->at;
    letter->retry_count = outcome->attempts - 1;
    letter->reason = reason_of(outcome);
    letter->last_error = outcome->error;
    return letter;
}
