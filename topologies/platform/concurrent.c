/* concurrent.c: sessions that ended, as events; and how many users and sessions there are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pieces.h"
#include "platform_parts.h"
#include "platform_views.h"
#include "record/record.h"

void ended_session_of(weir_context *context, const struct weir_record *record)
{
    const struct session_change *change = session_change_value(record);
    if (!change->has_ended)
        return;
    struct ended_session *ended = ended_session_new(context);
    *ended = change->ended;
    record_forward(context, record, ended->user_id, ended);
}

void concurrency_change_of(weir_context *context, const struct weir_record *record)
{
    const struct session_change *change = session_change_value(record);
    struct concurrency *concurrency = concurrency_new(context);
    concurrency->users = change->users;
    concurrency->sessions = change->sessions;
    record_forward(context, record, *WEIR_STR("all"), concurrency);
}

void add_concurrency(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct concurrency *total = aggregate;
    (void)context;
    total->users += concurrency_value(record)->users;
    total->sessions += concurrency_value(record)->sessions;
}
