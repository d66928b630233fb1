/* once.c: see once.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "once.h"

struct self {
    weir_store *seen;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    const struct once *once = weir_user(context);
    self->seen = weir_store_named(context, once->store);
}

static bool note(weir_store *seen, const weir_bytes *identity, int64_t time_ms)
{
    if (weir_get(seen, identity))
        return false;
    weir_put(seen, identity, &time_ms);
    return true;
}

/* A repetition may have another time, and so may lie in the window beside. */
static bool note_in_window(weir_store *seen, const weir_bytes *identity, int64_t time_ms, int64_t window_ms)
{
    int64_t start_ms = time_ms - time_ms % window_ms;
    if (weir_window_get(seen, identity, start_ms) || weir_window_get(seen, identity, start_ms + window_ms) ||
        (start_ms > 0 && weir_window_get(seen, identity, start_ms - window_ms)))
        return false;
    weir_window_put(seen, identity, start_ms, &time_ms);
    return true;
}

/* True once per identity. */
static bool is_new(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct once *once = weir_user(context);
    weir_bytes identity = once->identity(context, record);
    if (identity.size == 0)
        return true;
    return once->window.ms > 0 ? note_in_window(self->seen, &identity, record->timestamp_ms, once->window.ms)
                               : note(self->seen, &identity, record->timestamp_ms);
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

const struct weir_processor once_processor = {.self_size = sizeof(struct self), .open = open, .process = process};

static void forget(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct once *once = weir_user(context);
    const weir_bytes identity = once->identity(context, record);
    weir_put(self->seen, &identity, NULL);
    weir_forward(context, record);
}

const struct weir_processor forget_processor = {.self_size = sizeof(struct self), .open = open, .process = forget};
