/* closings.c: what the contracts service is asked, and what its answer means.
 *
 * POST $CONTINENTAL_CONTRACTS_URL/<contractId>/close (http://127.0.0.1:8089/contracts where it is not set), with the
 * eliminationId as idempotency key.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "continental_views.h"
#include "contract.h"
#include "elimination_verified.h"
#include "pieces.h"
#include "record/record.h"

static const char usual_url[] = "http://127.0.0.1:8089/contracts";

weir_bytes continental_identity(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return elimination_verified_value(record)->elimination_id;
}

int64_t continental_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? elimination_verified_value(record)->verified_at : record->timestamp_ms;
}

/* An id in a path: what is not unreserved is escaped (RFC 3986, 2.3). */
static weir_bytes escaped(weir_context *context, weir_bytes id)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = weir_alloc(context, 3 * id.size + 1), *at = out;
    for (size_t i = 0; i < id.size; i++) {
        unsigned char byte = ((const unsigned char *)id.data)[i];
        if (isalnum(byte) || strchr("-._~", byte)) {
            *at++ = (char)byte;
            continue;
        }
        *at++ = '%';
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 15];
    }
    return (weir_bytes){out, (size_t)(at - out)};
}

void closing_request(weir_context *context, const struct weir_record *record, struct weir_request *out)
{
    const struct elimination_verified *event = elimination_verified_value(record);
    const char *base = getenv("CONTINENTAL_CONTRACTS_URL");
    weir_bytes id = escaped(context, event->contract_id);
    out->url = record_text(context, "%s/%.*s/close", base && *base ? base : usual_url, RECORD_CHARS(id)).data;
    out->body = weir_json_of(context, &elimination_verified_type, event);
    out->idempotency_key = event->elimination_id;
}

static struct closing_outcome *outcome_of(weir_context *context, const struct weir_record *record, int32_t state)
{
    const struct elimination_verified *event = elimination_verified_value(record);
    struct closing_outcome *outcome = closing_outcome_new(context);
    outcome->elimination_id = event->elimination_id;
    outcome->contract_id = event->contract_id;
    outcome->assassin_id = event->assassin_id;
    outcome->coins_amount = event->coins_amount;
    outcome->verified_at = event->verified_at;
    outcome->outcome = state;
    outcome->accepted_at = outcome->at = weir_system_time(context);
    return outcome;
}

const void *closing_begun(weir_context *context, const struct weir_record *record)
{
    return outcome_of(context, record, CLOSING_STATE_CLOSING);
}

const void *closing_outcome_of(weir_context *context, const struct weir_record *record,
                               const struct weir_answer *answer)
{
    struct closing_outcome *outcome =
        outcome_of(context, record, answer->succeeded ? CLOSING_STATE_CLOSED : CLOSING_STATE_FAILED);
    outcome->attempts = answer->attempts;
    outcome->accepted_at = answer->accepted_ms;
    outcome->at = answer->answered_ms;
    outcome->has_error = answer->error != NULL;
    if (answer->error)
        outcome->error = (weir_bytes){answer->error, strlen(answer->error)};
    return outcome;
}

const void *contract_with_closing(weir_context *context, const struct weir_record *left,
                                  const struct weir_record *right)
{
    const struct contract *contract = contract_value(left);
    struct contract_state *state = contract_state_new(context);
    state->target = contract->target;
    state->reward = contract->reward;
    state->status = contract->status;
    state->opened_at = contract->opened_at;
    if (!right)
        return state;
    const struct closing_outcome *closing = closing_outcome_value(right);
    state->has_closing = state->has_assassin_id = state->has_attempts = true;
    state->closing = closing->outcome;
    state->assassin_id = closing->assassin_id;
    state->attempts = closing->attempts;
    state->has_closed_at = closing->outcome == CLOSING_STATE_CLOSED;
    state->closed_at = closing->at;
    state->has_error = closing->has_error;
    state->error = closing->error;
    return state;
}

bool is_closed(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return closing_outcome_value(record)->outcome == CLOSING_STATE_CLOSED;
}

bool is_given_up(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return closing_outcome_value(record)->outcome == CLOSING_STATE_FAILED;
}
