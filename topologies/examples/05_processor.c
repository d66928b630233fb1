/* 05_processor.c: what no verb does: a warning when a sensor has said nothing for a minute.
 *
 * The time of each sensor's last word is in a store; a punctuator of the wall clock looks through it every ten seconds.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

struct self {
    weir_store *last_heard; /* sensor -> wall-clock time, in ms */
    weir_context *context;
    int64_t now_ms;
};

static void warn_if_silent(void *argument, const struct weir_record *row)
{
    struct self *self = argument;
    const int64_t *heard_ms = row->value;
    if (self->now_ms - *heard_ms < 60000)
        return;
    struct weir_record warning = {.key = row->key, .value = WEIR_STR("silent"), .timestamp_ms = self->now_ms};
    weir_forward(self->context, &warning);
    weir_put(self->last_heard, row->key, NULL); /* one warning per silence */
}

static void look_around(weir_context *context, int64_t now_ms)
{
    struct self *self = weir_self(context);
    self->now_ms = now_ms;
    self->context = context;
    weir_each(self->last_heard, warn_if_silent, self);
}

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->last_heard = weir_store_named(context, "last-heard");
    weir_schedule(context, WEIR_WALL_CLOCK, weir_seconds(10), look_around);
}

static void process(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    weir_put(self->last_heard, record->key, &record->timestamp_ms);
}

static const struct weir_processor watch = {.self_size = sizeof(struct self), .open = open, .process = process};

weir_topology *example_processor(void)
{
    weir_topology *t = weir_topology_new("example-processor");
    weir_add_store(t, "last-heard", &weir_str_type, &weir_i64_type);
    weir_stream *readings = weir_from(t, "readings", &weir_str_type, &weir_str_type, .require_key = true);
    weir_stream *warnings = weir_process(readings, &watch, .stores = {"last-heard"});
    weir_to(warnings, "warnings");
    return t;
}
