/* topologies.c: see topologies.h. A judge computes the result from the inputs in its own words, without the engine.
 * SPDX-License-Identifier: Apache-2.0 */
#include "topologies.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "saga/saga.h"
#include "shop.h"
#include "state/keys.h"
#include "state/store.h"

enum { KEYS_MAX = 64, KEY_BYTES = 16, WINDOWS_MAX = 4096 };

/* ---- callbacks ---- */

static bool has_value(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value != NULL;
}

static const void *value_itself(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static void add(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context;
    *(int64_t *)aggregate += *(const int64_t *)record->value;
}

static const void *pair(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    const weir_bytes *l = left ? left->value : NULL, *r = right ? right->value : NULL, none = {"-", 1};
    l = l ? l : &none;
    r = r ? r : &none;
    char *bytes = weir_alloc(context, l->size + r->size + 1);
    weir_bytes *joined = weir_alloc(context, sizeof *joined);
    memcpy(bytes, l->data, l->size);
    bytes[l->size] = '+';
    memcpy(bytes + l->size + 1, r->data, r->size);
    *joined = (weir_bytes){bytes, l->size + r->size + 1};
    return joined;
}

/* ---- topologies ---- */

static weir_topology *count(void)
{
    weir_topology *t = weir_topology_new("count");
    weir_stream *events = weir_filter(weir_from(t, "events", &weir_str_type, &weir_str_type), has_value);
    weir_to(weir_changes(weir_count(weir_group(events), "counts")), "counted");
    return t;
}

static weir_topology *windowed_count(void)
{
    weir_topology *t = weir_topology_new("windowed-count");
    weir_stream *events = weir_filter(weir_from(t, "events", &weir_str_type, &weir_str_type), has_value);
    weir_table *counts =
        weir_count(weir_group(events), "windows", .window = {.size = {1000}, .grace = {60000}, .retention = {600000}});
    weir_to(weir_changes(counts), "counted");
    return t;
}

static weir_topology *late_windows(void)
{
    weir_topology *t = weir_topology_new("late-windows");
    weir_stream *events = weir_filter(weir_from(t, "events", &weir_str_type, &weir_str_type), has_value);
    weir_table *counts =
        weir_count(weir_group(events), "windows", .window = {.size = {2000}, .advance = {500}, .grace = {300}});
    weir_to(weir_changes(counts), "counted");
    return t;
}

/* By value: another key, so through a repartition topic. */
static weir_topology *repartitioned_count(void)
{
    weir_topology *t = weir_topology_new("repartitioned-count");
    weir_stream *events = weir_filter(weir_from(t, "events", &weir_str_type, &weir_str_type), has_value);
    weir_table *counts = weir_count(weir_group_by(events, "by-value", &weir_str_type, value_itself), "counts");
    weir_to(weir_changes(counts), "counted");
    return t;
}

static weir_topology *sum(void)
{
    weir_topology *t = weir_topology_new("sum");
    weir_stream *events = weir_filter(weir_from(t, "amounts", &weir_str_type, &weir_i64_type), has_value);
    weir_to(weir_changes(weir_aggregate(weir_group(events), "sums", add, .value = &weir_i64_type)), "summed");
    return t;
}

static weir_topology *stream_table(void)
{
    weir_topology *t = weir_topology_new("stream-table");
    weir_stream *orders = weir_filter(weir_from(t, "orders", &weir_str_type, &weir_str_type), has_value);
    weir_table *names = weir_table_from(t, "names", "names", &weir_str_type, &weir_str_type);
    weir_to(weir_join_table(orders, names, pair, .value = &weir_str_type, .kind = WEIR_LEFT), "named");
    return t;
}

static weir_topology *versioned(void)
{
    weir_topology *t = weir_topology_new("versioned");
    weir_table *prices = weir_table_from(t, "prices", "prices", &weir_str_type, &weir_str_type, .history = {5000});
    weir_to(weir_changes(prices), "priced");
    return t;
}

static weir_topology *stream_stream(void)
{
    weir_topology *t = weir_topology_new("stream-stream");
    weir_stream *left = weir_filter(weir_from(t, "left", &weir_str_type, &weir_str_type), has_value);
    weir_stream *right = weir_filter(weir_from(t, "right", &weir_str_type, &weir_str_type), has_value);
    weir_to(weir_join(left, right, "pairs", pair, .value = &weir_str_type, .kind = WEIR_OUTER, .within = {2000},
                      .grace = {500}),
            "paired");
    return t;
}

static weir_topology *table_table(void)
{
    weir_topology *t = weir_topology_new("table-table");
    weir_table *left = weir_table_from(t, "left", "left", &weir_str_type, &weir_str_type);
    weir_table *right = weir_table_from(t, "right", "right", &weir_str_type, &weir_str_type);
    weir_table *both =
        weir_join_tables(left, right, pair, .value = &weir_str_type, .kind = WEIR_OUTER, .store = "both");
    weir_to(weir_changes(both), "joined");
    return t;
}

static weir_topology *suppress(void)
{
    weir_topology *t = weir_topology_new("suppress");
    weir_stream *events = weir_filter(weir_from(t, "events", &weir_str_type, &weir_str_type), has_value);
    weir_table *counts = weir_count(weir_group(events), "windows", .window = {.size = {1000}, .grace = {500}});
    weir_to(weir_changes(weir_suppress(counts, "final", .until_window_closes = true)), "closed");
    return t;
}

static weir_topology *sessions(void)
{
    weir_topology *t = weir_topology_new("sessions");
    weir_stream *events = weir_filter(weir_from(t, "events", &weir_str_type, &weir_str_type), has_value);
    weir_table *counts = weir_count(weir_group(events), "sessions", .window = {.gap = {400}, .grace = {300}});
    weir_to(weir_changes(counts), "counted");
    return t;
}

struct self {
    weir_store *heard;
    weir_context *context;
};

static void tell(void *argument, const struct weir_record *row)
{
    const struct self *self = argument;
    const struct weir_record told = {
        .key = row->key, .value = WEIR_STR("silent"), .timestamp_ms = *(const int64_t *)row->value};
    weir_forward(self->context, &told);
    weir_put(self->heard, row->key, NULL);
}

static void look_around(weir_context *context, int64_t now_ms)
{
    (void)now_ms;
    struct self *self = weir_self(context);
    self->context = context;
    weir_each(self->heard, tell, self);
}

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->heard = weir_store_named(context, "heard");
    weir_schedule(context, WEIR_WALL_CLOCK, weir_millis(700), look_around);
    weir_schedule(context, WEIR_STREAM_TIME, weir_millis(2500), look_around);
}

static void hear(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    weir_put(self->heard, record->key, &record->timestamp_ms);
}

static weir_topology *punctuated(void)
{
    static const struct weir_processor processor = {.self_size = sizeof(struct self), .open = open, .process = hear};
    weir_topology *t = weir_topology_new("punctuated");
    weir_add_store(t, "heard", &weir_str_type, &weir_i64_type);
    weir_stream *events = weir_from(t, "events", &weir_str_type, &weir_str_type);
    weir_to(weir_process(events, &processor, .stores = {"heard"}), "told");
    return t;
}

/* ---- judges ---- */

struct tally {
    struct simulate_world *world;
    char keys[WINDOWS_MAX][KEY_BYTES];
    int64_t windows[WINDOWS_MAX], wanted[WINDOWS_MAX], found[WINDOWS_MAX];
    size_t count;
};

static size_t place(struct tally *tally, weir_bytes key, int64_t window)
{
    char text[KEY_BYTES] = "";
    memcpy(text, key.data, key.size < KEY_BYTES - 1 ? key.size : KEY_BYTES - 1);
    for (size_t i = 0; i < tally->count; i++)
        if (tally->windows[i] == window && strcmp(tally->keys[i], text) == 0)
            return i;
    strcpy(tally->keys[tally->count], text);
    tally->windows[tally->count] = window;
    return tally->count++;
}

static void count_key(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    (void)topic, (void)partition;
    struct tally *tally = self;
    if (record->value.data)
        tally->wanted[place(tally, record->key, 0)]++;
}

static void count_window(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    (void)topic, (void)partition;
    struct tally *tally = self;
    if (record->value.data)
        tally->wanted[place(tally, record->key, record->timestamp_ms - record->timestamp_ms % 1000)]++;
}

static void count_value(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    (void)topic, (void)partition;
    struct tally *tally = self;
    if (record->value.data)
        tally->wanted[place(tally, record->value, 0)]++;
}

static void add_amount(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    (void)topic, (void)partition;
    struct tally *tally = self;
    if (record->value.data)
        tally->wanted[place(tally, record->key, 0)] += (int64_t)bytes_get_u64(record->value.data);
}

/* A row of an aggregate: 8 bytes of timestamp (a table's row has them in front), then the number; the number is last. */
static void find_row(void *self, const struct store_row *row)
{
    struct tally *tally = self;
    const char *end = (const char *)row->value.data + row->value.size;
    tally->found[place(tally, row->key, 0)] = (int64_t)bytes_get_u64(end - 8);
}

static void find_window(void *self, const struct store_row *row)
{
    struct tally *tally = self;
    const char *end = (const char *)row->value.data + row->value.size;
    weir_bytes key;
    int64_t start_ms;
    weir_arena *arena = weir_arena_new();
    if (keys_window_read(row->key, arena, &key, &start_ms))
        tally->found[place(tally, key, start_ms)] = (int64_t)bytes_get_u64(end - 8);
    weir_arena_free(arena);
}

static void compare(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        if (tally->wanted[i] == tally->found[i])
            continue;
        char what[128];
        snprintf(what, sizeof what, "'%s' at %" PRId64 " should be %" PRId64 ", but is %" PRId64, tally->keys[i],
                 tally->windows[i], tally->wanted[i], tally->found[i]);
        simulate_fail(tally->world, what);
    }
}

static void judge(struct simulate_world *world, const char *store,
                  void (*want)(void *, const char *, int32_t, const struct weir_raw_record *),
                  void (*find)(void *, const struct store_row *))
{
    static struct tally tally;
    memset(&tally, 0, sizeof tally);
    tally.world = world;
    simulate_each_input(world, want, &tally);
    simulate_each_row(world, store, find, &tally);
    compare(&tally);
}

static void judge_count(struct simulate_world *world)
{
    judge(world, "counts", count_key, find_row);
}

static void judge_windows(struct simulate_world *world)
{
    judge(world, "windows", count_window, find_window);
}

static void judge_repartitioned(struct simulate_world *world)
{
    judge(world, "counts", count_value, find_row);
}

static void judge_sum(struct simulate_world *world)
{
    judge(world, "sums", add_amount, find_row);
}

const struct simulated_topology simulated_topologies[] = {
    {"count", count, false, judge_count, NULL},
    {"windowed-count", windowed_count, false, judge_windows, NULL},
    {"late-windows", late_windows, true, NULL, NULL},
    {"repartitioned-count", repartitioned_count, false, judge_repartitioned, NULL},
    {"sum", sum, false, judge_sum, NULL},
    {"stream-table", stream_table, false, NULL, NULL},
    {"versioned", versioned, true, NULL, NULL},
    {"stream-stream", stream_stream, true, NULL, NULL},
    {"table-table", table_table, false, NULL, NULL},
    {"suppress", suppress, true, NULL, NULL},
    {"sessions", sessions, true, NULL, NULL},
    {"punctuated", punctuated, true, NULL, NULL},
    {"commerce-saga", saga_topology, true, shop_judge, shop_inputs},
    {NULL, NULL, false, NULL, NULL},
};
