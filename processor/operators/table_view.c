/* table_view.c: the current value of a table, as a join sees the other side.
 *
 * A table that keeps no store is worked out again from the tables it was made of, down to those that keep one. Callbacks
 * of the tables in between run as if in their own node, with their own .user.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

bool table_view_is_versioned(const struct table_view *view)
{
    if (view->store)
        return view->store->spec.kind == STORE_VERSIONED;
    bool is_step =
        view->find == table_find_filtered || view->find == table_find_mapped || view->find == table_find_transformed;
    return is_step && table_view_is_versioned(view->of[0]);
}

bool table_view_get(weir_context *context, const struct table_view *view, const struct weir_record *at,
                    struct weir_record *row)
{
    return table_view_get_as_of(context, view, at, WEIR_VERSION_OPEN, row);
}

bool table_view_get_as_of(weir_context *context, const struct table_view *view, const struct weir_record *at,
                          int64_t as_of_ms, struct weir_record *row)
{
    *row = (struct weir_record){.key = at->key,
                                .window = {at->window.start_ms, at->window.end_ms},
                                .key_type = view->key_type,
                                .value_type = view->value_type,
                                .headers = at->headers};
    return view->find(context, view, at, as_of_ms, row);
}

static const void *version_in(struct weir_store *store, const struct weir_record *at, int64_t as_of_ms,
                              int64_t *timestamp_ms)
{
    struct weir_version version;
    const void *value = typed_get_as_of(store, at->key, as_of_ms, &version);
    if (value && timestamp_ms)
        *timestamp_ms = version.from_ms;
    return value;
}

static const void *kept_in(struct weir_store *store, const struct weir_record *at, int64_t as_of_ms,
                           int64_t *timestamp_ms)
{
    if (store->spec->kind == STORE_VERSIONED)
        return version_in(store, at, as_of_ms, timestamp_ms);
    if (store->spec->kind == STORE_WINDOW)
        return typed_window_get(store, at->key, at->window.start_ms, timestamp_ms);
    if (store->spec->kind != STORE_SESSION)
        return typed_get(store, at->key, timestamp_ms);
    if (timestamp_ms)
        *timestamp_ms = at->window.end_ms; /* not the row's, which is that of the record that wrote it */
    return typed_session_get(store, at->key, at->window.start_ms, at->window.end_ms, NULL);
}

bool table_find_kept(weir_context *context, const struct table_view *view, const struct weir_record *at,
                     int64_t as_of_ms, struct weir_record *row)
{
    row->value = kept_in(context_store(context, view->store), at, as_of_ms, &row->timestamp_ms);
    return row->value != NULL;
}

bool table_find_global(weir_context *context, const struct table_view *view, const struct weir_record *at,
                       int64_t as_of_ms, struct weir_record *row)
{
    (void)as_of_ms;
    struct weir_store handle = {.store = context->execution->globals[view->store->global],
                                .spec = &view->store->spec,
                                .execution = context->execution};
    row->value = typed_peek(&handle, at->key, &row->timestamp_ms);
    return row->value != NULL;
}

static weir_context as_node(const weir_context *context, const struct table_view *view)
{
    weir_context as = *context;
    as.node = view->node;
    return as;
}

bool table_find_filtered(weir_context *context, const struct table_view *view, const struct weir_record *at,
                         int64_t as_of_ms, struct weir_record *row)
{
    const struct table_step_args *args = view->node->args;
    weir_context as = as_node(context, view);
    if (!table_view_get_as_of(context, view->of[0], at, as_of_ms, row))
        return false;
    return args->step.test(&as, row) != args->negated;
}

bool table_find_mapped(weir_context *context, const struct table_view *view, const struct weir_record *at,
                       int64_t as_of_ms, struct weir_record *row)
{
    const struct table_step_args *args = view->node->args;
    weir_context as = as_node(context, view);
    if (!table_view_get_as_of(context, view->of[0], at, as_of_ms, row))
        return false;
    row->value = args->step.map(&as, row);
    row->value_type = view->value_type;
    return row->value != NULL;
}

bool table_find_transformed(weir_context *context, const struct table_view *view, const struct weir_record *at,
                            int64_t as_of_ms, struct weir_record *row)
{
    const struct weir_transform_args *args = view->node->args;
    weir_context as = as_node(context, view);
    if (!table_view_get_as_of(context, view->of[0], at, as_of_ms, row)) {
        row->value = NULL;
        row->timestamp_ms = -1;
    }
    if (context->execution->error.code != WEIR_OK)
        return false;
    row->value = args->map(&as, row);
    row->value_type = view->value_type;
    return row->value != NULL;
}

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

bool table_find_joined(weir_context *context, const struct table_view *view, const struct weir_record *at,
                       int64_t as_of_ms, struct weir_record *row)
{
    const struct table_join_args *args = view->node->args;
    struct weir_record left, right;
    (void)as_of_ms;
    bool has_left = table_view_get(context, view->of[0], at, &left);
    bool has_right = table_view_get(context, view->of[1], at, &right);
    if (context->execution->error.code != WEIR_OK || !has_result(args->kind, has_left, has_right))
        return false;
    row->timestamp_ms = has_left ? left.timestamp_ms : right.timestamp_ms;
    if (has_right && right.timestamp_ms > row->timestamp_ms)
        row->timestamp_ms = right.timestamp_ms;
    weir_context as = as_node(context, view);
    row->value = args->fn(&as, has_left ? &left : NULL, has_right ? &right : NULL);
    return row->value != NULL;
}

/* ---- a table's own rows ---- */

const void *table_kept(weir_context *context, const struct weir_record *at)
{
    return kept_in(&context->stores[0], at, WEIR_VERSION_OPEN, NULL);
}

static bool keep_version(struct weir_store *store, struct weir_record *change, int64_t timestamp_ms)
{
    int64_t to_ms = typed_put_version(store, change->key, change->value, timestamp_ms);
    change->out_of_order = to_ms != WEIR_VERSION_OPEN;
    return to_ms != WEIR_VERSION_EXPIRED;
}

bool table_keep_at(weir_context *context, struct weir_record *change, int64_t timestamp_ms)
{
    struct weir_store *store = &context->stores[0];
    if (store->spec->kind == STORE_VERSIONED)
        return keep_version(store, change, timestamp_ms);
    change->out_of_order = false;
    if (store->spec->kind != STORE_KEY_VALUE && context->execution->stream_time_ms >= 0)
        store_observe_time(store->store, context->execution->stream_time_ms);
    if (store->spec->kind == STORE_WINDOW)
        typed_window_put(store, change->key, change->window.start_ms, change->value, timestamp_ms);
    else if (store->spec->kind == STORE_SESSION)
        typed_session_put(store, change->key, change->window.start_ms, change->window.end_ms, change->value,
                          timestamp_ms);
    else
        typed_put(store, change->key, change->value, timestamp_ms);
    return true;
}

bool table_keep(weir_context *context, struct weir_record *change)
{
    return table_keep_at(context, change, change->timestamp_ms);
}

bool table_drops_out_of_order(weir_context *context, bool is_versioned, const struct weir_record *change)
{
    bool is_dropped = is_versioned && change->out_of_order;
    if (is_dropped)
        context_drop(context, "out_of_order");
    return is_dropped;
}
