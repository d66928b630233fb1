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

/* True once per identity. */
static bool is_new(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct once *once = weir_user(context);
    weir_bytes identity = once->identity(context, record);
    if (identity.size == 0)
        return true;
    if (weir_get(self->seen, &identity))
        return false;
    weir_put(self->seen, &identity, &record->timestamp_ms);
    return true;
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
