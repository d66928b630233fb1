/* table_view.c: the current value of a table, as a join sees the other side.
 *
 * A join that keeps no store is joined again from what its own sides hold; its callback runs with its own .user.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static bool has_result(enum weir_join_kind kind, bool has_left, bool has_right)
{
    switch (kind) {
    case WEIR_INNER:
        return has_left && has_right;
    case WEIR_LEFT:
        return has_left;
    case WEIR_OUTER:
        break;
    }
    return has_left || has_right;
}

static const void *join_again(weir_context *context, const struct table_view *view, const struct weir_record *at,
                              int64_t *timestamp_ms)
{
    struct weir_record left, right;
    bool has_left = table_view_get(context, view->left, at, &left);
    bool has_right = table_view_get(context, view->right, at, &right);
    if (context->execution->error.code != WEIR_OK || !has_result(view->kind, has_left, has_right))
        return NULL;
    *timestamp_ms = has_left ? left.timestamp_ms : right.timestamp_ms;
    if (has_right && right.timestamp_ms > *timestamp_ms)
        *timestamp_ms = right.timestamp_ms;
    weir_context as_join = *context;
    as_join.node = view->join;
    return view->fn(&as_join, has_left ? &left : NULL, has_right ? &right : NULL);
}

static const void *look_up(weir_context *context, const struct table_view *view, const struct weir_record *at,
                           int64_t *timestamp_ms)
{
    if (!view->store)
        return join_again(context, view, at, timestamp_ms);
    struct weir_store *store = context_store(context, view->store);
    return view->window_size_ms > 0 ? typed_window_get(store, at->key, at->window.start_ms, timestamp_ms)
                                    : typed_get(store, at->key, timestamp_ms);
}

bool table_view_get(weir_context *context, const struct table_view *view, const struct weir_record *at,
                    struct weir_record *row)
{
    *row = (struct weir_record){.key = at->key,
                                .window = {at->window.start_ms, at->window.end_ms},
                                .key_type = view->key_type,
                                .value_type = view->value_type,
                                .headers = at->headers};
    row->value = look_up(context, view, at, &row->timestamp_ms);
    return row->value != NULL;
}
