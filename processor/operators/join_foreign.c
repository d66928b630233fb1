/* join_foreign.c: a table joined with the row of another that its values name (KTableImpl.doJoinOnForeignKey).
 *
 *   left ---> subscribe ==topic==> receive ---> answer ==topic==> resolve ---> result
 *                                  right  ---> inform ==topic==^
 * A change of the left side subscribes to the row it names, where that row lives. There the subscription is kept and
 * answered with the row; a change of the row is told to all who have subscribed to it. Where the left row lives an answer
 * is joined with it, if it is still the one that asked (the hash tells), else another answer is on its way.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "operators/operators.h"
#include "operators/subscription.h"
#include "operators/typed_store.h"
#include "schemas/codec.h"
#include "state/keys.h"

/* What is sent through the topic of responses: its bytes, and where the left row lives, which chooses the partition. */
struct routed {
    weir_bytes bytes; /* first: the topic's values are weir_bytes */
    int32_t partition;
};

int32_t foreign_response_partition(const struct weir_record *response, int32_t partitions)
{
    const struct routed *routed = response->value;
    (void)partitions;
    return routed->partition;
}

/* The value as stores hold it, in the arena; data NULL: there is none, or it latched. */
static weir_bytes encode(weir_context *context, const struct weir_type *type, const void *value)
{
    struct buffer *buffer = &typed_scratch()->value;
    struct weir_error error;
    error_clear(&error);
    if (!value)
        return (weir_bytes){0};
    if (codec_write(type, WEIR_FORMAT_OBJECT, 0, value, buffer, &error))
        return arena_bytes(context->execution->arena, buffer_bytes(buffer));
    context_fail(context, error.code, "%s", error.message);
    return (weir_bytes){0};
}

static const void *decode(weir_context *context, const struct weir_type *type, weir_bytes bytes)
{
    struct weir_error error;
    error_clear(&error);
    const void *value = codec_read(type, bytes, context->execution->arena, &error);
    if (!value) /* our own bytes, from an internal topic or a store: every record like it would fail */
        context_fail(context, WEIR_FATAL, "%s: %s", context->node->name, error.message);
    return value;
}

static bool goes_on(const weir_context *context)
{
    return context->execution->error.code == WEIR_OK;
}

/* ---- the left side asks ---- */

struct request {
    const struct weir_record *change;
    struct subscription subscription;
};

static void ask(weir_context *context, struct request *request, const void *foreign_key,
                enum subscription_instruction instruction)
{
    struct buffer *buffer = &typed_scratch()->value;
    struct weir_record out = *request->change;
    request->subscription.instruction = instruction;
    subscription_write(&request->subscription, buffer);
    const weir_bytes bytes = arena_bytes(context->execution->arena, buffer_bytes(buffer));
    out.key = foreign_key;
    out.value = &bytes;
    context_forward(context, &out);
}

static const void *extract(weir_context *context, const struct weir_record *change, const void *value)
{
    const struct foreign_join_args *args = context->node->args;
    struct weir_record row = *change;
    row.value = value;
    row.value_type = args->left_type;
    return value && goes_on(context) ? args->extract(context, &row) : NULL;
}

static bool is_same_key(weir_context *context, const void *a, const void *b)
{
    const struct foreign_join_args *args = context->node->args;
    return a && b && codec_equal(args->foreign_key_type, a, b);
}

/* Also for a row that was deleted or names nobody: only an answer makes a left join say so. */
static void ask_left(weir_context *context, struct request *request, const void *old_key, const void *new_key)
{
    if (old_key && !is_same_key(context, old_key, new_key))
        ask(context, request, old_key, SUBSCRIPTION_DELETE_SILENTLY);
    ask(context, request, new_key, SUBSCRIPTION_ANSWER);
}

static void ask_inner(weir_context *context, struct request *request, const void *old_key, const void *new_key)
{
    if (request->change->value && !new_key)
        context_drop(context, "null_foreign_key");
    if (!new_key) {
        if (old_key)
            ask(context, request, old_key, SUBSCRIPTION_DELETE);
        return;
    }
    bool has_moved = old_key && !is_same_key(context, old_key, new_key);
    if (has_moved)
        ask(context, request, old_key, SUBSCRIPTION_DELETE_SILENTLY);
    ask(context, request, new_key, has_moved ? SUBSCRIPTION_ANSWER : SUBSCRIPTION_ANSWER_IF_THERE);
}

static void process_subscribe(weir_context *context, const struct weir_record *change)
{
    const struct foreign_join_args *args = context->node->args;
    struct request request = {.change = change};
    if (table_drops_out_of_order(context, args->left_is_versioned, change))
        return;
    if (!change->value && !change->old_value)
        return;
    const void *old_key = extract(context, change, change->old_value);
    const void *new_key = extract(context, change, change->value);
    weir_bytes value = encode(context, args->left_type, change->value);
    if (value.data)
        request.subscription.hash = subscription_hash_of(value);
    request.subscription.primary_key = encode(context, args->primary_key_type, change->key);
    request.subscription.primary_partition = context->execution->partition;
    if (!goes_on(context))
        return;
    if (args->is_left)
        ask_left(context, &request, old_key, new_key);
    else
        ask_inner(context, &request, old_key, new_key);
}

/* ---- the right side keeps who asked ---- */

static bool read_subscription(weir_context *context, weir_bytes bytes, struct subscription *out)
{
    return subscription_read(bytes, out) ||
           context_fail(context, WEIR_FATAL, "%s: what came is no subscription, or of a later version",
                        context->node->name);
}

static void keep(weir_context *context, const struct weir_record *record, const struct subscription *subscription)
{
    struct weir_store *store = &context->stores[0];
    weir_bytes bytes = *(const weir_bytes *)record->value;
    weir_bytes foreign_key = encode(context, record->key_type, record->key);
    if (!goes_on(context))
        return;
    struct buffer *key = &typed_scratch()->stored;
    subscription_key_write(foreign_key, subscription->primary_key, key);
    bool is_over =
        subscription->instruction == SUBSCRIPTION_DELETE || subscription->instruction == SUBSCRIPTION_DELETE_SILENTLY;
    store_put(store->store, buffer_bytes(key), is_over ? (weir_bytes){0} : bytes, record->timestamp_ms);
}

static void process_receive(weir_context *context, const struct weir_record *record)
{
    struct subscription subscription;
    if (!record->value || !read_subscription(context, *(const weir_bytes *)record->value, &subscription))
        return;
    if (record->key)
        keep(context, record, &subscription);
    else if (subscription.instruction != SUBSCRIPTION_ANSWER) {
        context_drop(context, "null_foreign_key");
        return;
    }
    if (goes_on(context))
        context_forward(context, record);
}

/* ---- the right side answers ---- */

static void answer(weir_context *context, const struct subscription *subscription, weir_bytes value,
                   int64_t timestamp_ms)
{
    const struct foreign_join_args *args = context->node->args;
    const struct subscription_response response = {subscription->hash, value};
    struct buffer *buffer = &typed_scratch()->value;
    subscription_response_write(&response, buffer);
    const struct routed routed = {arena_bytes(context->execution->arena, buffer_bytes(buffer)),
                                  subscription->primary_partition};
    struct weir_record out = {.value = &routed, .timestamp_ms = timestamp_ms};
    out.key = decode(context, args->primary_key_type, subscription->primary_key);
    if (out.key)
        context_forward(context, &out);
}

static void process_answer(weir_context *context, const struct weir_record *record)
{
    const struct foreign_join_args *args = context->node->args;
    struct subscription subscription;
    struct weir_record row = {.timestamp_ms = -1};
    if (!read_subscription(context, *(const weir_bytes *)record->value, &subscription))
        return;
    bool has_row = record->key && table_view_get(context, args->table, record, &row);
    weir_bytes value = has_row ? encode(context, args->right_type, row.value) : (weir_bytes){0};
    int64_t timestamp_ms = has_row && row.timestamp_ms > record->timestamp_ms ? row.timestamp_ms : record->timestamp_ms;
    if (!goes_on(context))
        return;
    switch (subscription.instruction) {
    case SUBSCRIPTION_DELETE_SILENTLY:
        break;
    case SUBSCRIPTION_DELETE:
        answer(context, &subscription, (weir_bytes){0}, timestamp_ms);
        break;
    case SUBSCRIPTION_ANSWER_IF_THERE:
        if (has_row)
            answer(context, &subscription, value, timestamp_ms);
        break;
    case SUBSCRIPTION_ANSWER:
        answer(context, &subscription, value, timestamp_ms);
        break;
    }
}

/* ---- the right side informs ---- */

static void inform_all(weir_context *context, struct store_cursor *cursor, weir_bytes value, int64_t timestamp_ms)
{
    struct weir_error error;
    struct store_row row;
    struct subscription subscription;
    error_clear(&error);
    while (goes_on(context) && store_next(cursor, &row, &error)) {
        weir_bytes kept = arena_bytes(context->execution->arena, row.value);
        if (read_subscription(context, kept, &subscription))
            answer(context, &subscription, value, timestamp_ms);
    }
    if (error.code != WEIR_OK)
        typed_latch(&context->stores[0], error.code, error.message);
}

/* Nothing behind an answer writes to the store of subscriptions: a sink follows. */
static void process_inform(weir_context *context, const struct weir_record *change)
{
    const struct foreign_join_args *args = context->node->args;
    struct weir_error error;
    struct buffer behind = {0};
    error_clear(&error);
    if (table_drops_out_of_order(context, args->right_is_versioned, change))
        return;
    weir_bytes foreign_key = encode(context, args->foreign_key_type, change->key);
    weir_bytes value = encode(context, args->right_type, change->value);
    if (!goes_on(context))
        return;
    struct buffer *prefix = &typed_scratch()->stored;
    subscription_key_prefix(foreign_key, prefix);
    weir_bytes to = keys_after_prefix(buffer_bytes(prefix), &behind) ? buffer_bytes(&behind) : (weir_bytes){0};
    struct store_cursor *cursor = store_scan(context->stores[0].store, buffer_bytes(prefix), to, false, &error);
    buffer_done(&behind);
    if (cursor)
        inform_all(context, cursor, value, change->timestamp_ms);
    else
        typed_latch(&context->stores[0], error.code, error.message);
    store_cursor_close(cursor);
}

/* ---- the left side resolves ---- */

static bool is_still_asked(weir_context *context, const struct weir_record *row, const struct subscription_hash *asked)
{
    const struct foreign_join_args *args = context->node->args;
    weir_bytes value = encode(context, args->left_type, row ? row->value : NULL);
    struct subscription_hash now = {0};
    if (value.data)
        now = subscription_hash_of(value);
    return subscription_hash_equal(&now, asked);
}

static const void *join(weir_context *context, const struct weir_record *left, const struct weir_record *record,
                        weir_bytes value)
{
    const struct foreign_join_args *args = context->node->args;
    if (!value.data && (!args->is_left || !left))
        return NULL;
    const struct weir_record right = {.value = value.data ? decode(context, args->right_type, value) : NULL,
                                      .timestamp_ms = record->timestamp_ms,
                                      .key_type = args->foreign_key_type,
                                      .value_type = args->right_type};
    return goes_on(context) ? args->fn(context, left, right.value ? &right : NULL) : NULL;
}

static void process_resolve(weir_context *context, const struct weir_record *record)
{
    const struct foreign_join_args *args = context->node->args;
    struct subscription_response response;
    struct weir_record left, out = *record;
    if (!record->key || !record->value)
        return;
    if (!subscription_response_read(*(const weir_bytes *)record->value, &response)) {
        context_fail(context, WEIR_FATAL, "%s: what came is no response, or of a later version", context->node->name);
        return;
    }
    bool has_left = table_view_get(context, args->table, record, &left);
    if (!goes_on(context))
        return;
    if (!is_still_asked(context, has_left ? &left : NULL, &response.hash)) {
        context_drop(context, "stale_response");
        return;
    }
    out.value = join(context, has_left ? &left : NULL, record, response.value);
    if (goes_on(context))
        context_forward(context, &out);
}

const struct operator operator_foreign_subscribe = {.kind = "FK-JOIN-SUBSCRIPTION-REGISTRATION",
                                                    .process = process_subscribe};
const struct operator operator_foreign_receive = {.kind = "FK-JOIN-SUBSCRIPTION-PROCESSOR", .process = process_receive};
const struct operator operator_foreign_answer = {.kind = "FK-JOIN-SUBSCRIPTION-PROCESSOR", .process = process_answer};
const struct operator operator_foreign_inform = {.kind = "FK-JOIN-SUBSCRIPTION-PROCESSOR", .process = process_inform};
const struct operator operator_foreign_resolve = {.kind = "FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR",
                                                  .process = process_resolve};
