/* topologies.c: see topologies.h. A judge computes the result from the inputs in its own words, without the engine.
 * SPDX-License-Identifier: Apache-2.0 */
#include "topologies.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/random.h"
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

static const void *key_itself(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->key;
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

static const char *const matching[] = {"events-a", "events-b", "events-c", NULL};

static weir_topology *by_pattern(void)
{
    weir_topology *t = weir_topology_new("by-pattern");
    weir_stream *events =
        weir_filter(weir_from_pattern(t, "events", "events-.*", &weir_str_type, &weir_str_type), has_value);
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

static const void *latest_value(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    (void)context, (void)aggregate;
    return record->value;
}

/* By their values: a change takes a key out of one group and puts it into another. */
static weir_topology *count_values(weir_topology *t, weir_stream *events)
{
    weir_table *latest = weir_reduce(weir_group(events), "latest", latest_value);
    weir_count(weir_group_by(latest, "by-value", &weir_str_type, value_itself), "counts");
    return t;
}

static weir_topology *regrouped(void)
{
    weir_topology *t = weir_topology_new("regrouped");
    return count_values(t, weir_filter(weir_from(t, "events", &weir_str_type, &weir_str_type), has_value));
}

/* Records of two topics meet in one table, in an order that a crash may change (DECISIONS.md 50). */
static weir_topology *regrouped_merged(void)
{
    weir_topology *t = weir_topology_new("regrouped-merged");
    weir_stream *left = weir_filter(weir_from(t, "left", &weir_str_type, &weir_str_type), has_value);
    weir_stream *right = weir_filter(weir_from(t, "right", &weir_str_type, &weir_str_type), has_value);
    return count_values(t, weir_merge(left, right));
}

/* Topics of unequal width that are only merged: a key lies where either puts it. */
static weir_topology *uneven(void)
{
    weir_topology *t = weir_topology_new("uneven");
    weir_stream *few = weir_filter(weir_from(t, "few", &weir_str_type, &weir_str_type), has_value);
    weir_stream *many = weir_filter(weir_from(t, "many", &weir_str_type, &weir_str_type), has_value);
    weir_stream *merged = weir_merge(weir_repartition(few, "to-few", .partitions = 2),
                                     weir_repartition(many, "to-many", .partitions = 5));
    weir_to(weir_changes(weir_count(weir_group(merged), "counts")), "counted");
    return t;
}

static weir_topology *sum(void)
{
    weir_topology *t = weir_topology_new("sum");
    weir_stream *events = weir_filter(weir_from(t, "amounts", &weir_str_type, &weir_i64_type), has_value);
    weir_to(weir_changes(weir_aggregate(weir_group(events), "sums", add, .value = &weir_i64_type)), "summed");
    return t;
}

static const void *difference(weir_context *context, const struct weir_record *change)
{
    int64_t *out = weir_alloc(context, sizeof *out);
    *out = *(const int64_t *)change->value - (change->old_value ? *(const int64_t *)change->old_value : 0);
    return out;
}

/* What is told at commits, added up again; and a table of the latest of it. */
static weir_topology *per_commit(void)
{
    weir_topology *t = weir_topology_new("per-commit");
    weir_stream *events = weir_filter(weir_from(t, "events", &weir_str_type, &weir_str_type), has_value);
    weir_table *counts = weir_count(weir_group(events), "counts");
    weir_stream *told = weir_changes(counts, .old_values = true, .per_commit = true);
    weir_to(told, "counted");
    weir_to_table(told, "latest");
    weir_aggregate(weir_group(weir_map_values(told, &weir_i64_type, difference)), "sums", add, .value = &weir_i64_type);
    return t;
}

static const void *one(weir_context *context, const struct weir_record *record)
{
    (void)record;
    int64_t *out = weir_alloc(context, sizeof *out);
    *out = 1;
    return out;
}

static const void *sum_of(weir_context *context, const struct weir_record *record, const void *before)
{
    int64_t *out = weir_alloc(context, sizeof *out);
    *out = *(const int64_t *)before + *(const int64_t *)record->value;
    return out;
}

/* Each task adds up by value, then whoever has the value; and by second. What is not combined goes the same way. */
static weir_topology *combined(void)
{
    weir_topology *t = weir_topology_new("combined");
    weir_stream *events = weir_filter(weir_from(t, "events", &weir_str_type, &weir_str_type), has_value);
    weir_stream *by_value = weir_select_key(events, &weir_str_type, value_itself);
    weir_stream *ones = weir_map_values(by_value, &weir_i64_type, one);
    weir_stream *moved =
        weir_rekey(weir_combine(ones, "combined", sum_of, .slice = {500}), "by-value", &weir_str_type, key_itself);
    weir_aggregate(weir_group(moved), "sums", add, .value = &weir_i64_type);
    weir_aggregate(weir_group(moved), "windows", add, .value = &weir_i64_type,
                   .window = {.size = {1000}, .grace = {600000}, .retention = {6000000}});
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

/* One record of a key after the other changes this; what comes twice, or before its turn, leaves another number. */
static int64_t follow(int64_t before, weir_bytes value)
{
    return (int64_t)((uint64_t)before * 31 + hash_crc32c(1, value.data, value.size));
}

enum { AHEAD_MS = 5000 };

/* Windows that are ahead of stream time, so that they are no later than a commit only by what it says of them. */
static void count_ahead(weir_context *context, const struct weir_record *record)
{
    weir_store *ahead = weir_store_named(context, "ahead");
    if (!record->key || !record->value)
        return;
    int64_t start_ms = record->timestamp_ms - record->timestamp_ms % 1000 + AHEAD_MS;
    const int64_t *before = weir_window_get(ahead, record->key, start_ms);
    int64_t count = (before ? *before : 0) + 1;
    weir_window_put(ahead, record->key, start_ms, &count);
}

static weir_topology *windows_ahead(void)
{
    static const struct weir_processor processor = {.process = count_ahead};
    weir_topology *t = weir_topology_new("windows-ahead");
    weir_add_store(t, "ahead", &weir_str_type, &weir_i64_type, .window = {.size = {1000}, .retention = {600000}});
    weir_process(weir_from(t, "events", &weir_str_type, &weir_str_type), &processor, .stores = {"ahead"});
    return t;
}

struct attempts {
    weir_store *tries, *orders;
};

static void open_attempts(weir_context *context)
{
    struct attempts *self = weir_self(context);
    self->tries = weir_store_named(context, "tries");
    self->orders = weir_store_named(context, "orders");
}

static int64_t number_in(weir_store *store, const void *key)
{
    const int64_t *number = weir_get(store, key);
    return number ? *number : 0;
}

/* The third attempt of a key fails, and nobody sends its letter again: what comes behind it waits. */
static void attempt(weir_context *context, const struct weir_record *record)
{
    static const weir_bytes none = {"", 0};
    struct attempts *self = weir_self(context);
    if (!record->key)
        return;
    int64_t tries = number_in(self->tries, record->key) + 1;
    weir_put(self->tries, record->key, &tries);
    if (tries == 3) {
        weir_fail(context, "attempt %lld", (long long)tries);
        return;
    }
    int64_t order =
        follow(number_in(self->orders, record->key), record->value ? *(const weir_bytes *)record->value : none);
    weir_put(self->orders, record->key, &order);
}

static weir_topology *parked(void)
{
    static const struct weir_processor processor = {
        .self_size = sizeof(struct attempts), .open = open_attempts, .process = attempt};
    weir_topology *t = weir_topology_new("parked");
    weir_add_store(t, "tries", &weir_str_type, &weir_i64_type);
    weir_add_store(t, "orders", &weir_str_type, &weir_i64_type);
    weir_process(weir_from(t, "events", &weir_str_type, &weir_str_type, .park = "waiting"), &processor,
                 .stores = {"tries", "orders"});
    return t;
}

/* Few keys, so that many records of one meet; each has a value of its own. */
static const struct simulate_input *parked_inputs(uint64_t seed, size_t *count)
{
    enum { RECORDS = 80, KEYS = 5 };
    static struct simulate_input inputs[RECORDS];
    static char keys[RECORDS][KEY_BYTES], values[RECORDS][KEY_BYTES];
    struct random random = {seed};
    for (int i = 0; i < RECORDS; i++) {
        snprintf(keys[i], KEY_BYTES, "k%d", (int)random_between(&random, 0, KEYS - 1));
        snprintf(values[i], KEY_BYTES, "v%d", i);
        inputs[i] = (struct simulate_input){
            "events", {.key = bytes_of_text(keys[i]), .value = bytes_of_text(values[i]), .timestamp_ms = -1}};
    }
    *count = RECORDS;
    return inputs;
}

/* ---- judges ---- */

struct tally {
    struct simulate_world *world;
    char keys[WINDOWS_MAX][KEY_BYTES];
    int64_t windows[WINDOWS_MAX], wanted[WINDOWS_MAX], found[WINDOWS_MAX], letters[WINDOWS_MAX];
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

static void count_window_ahead(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    (void)topic, (void)partition;
    struct tally *tally = self;
    if (record->value.data)
        tally->wanted[place(tally, record->key, record->timestamp_ms - record->timestamp_ms % 1000 + AHEAD_MS)]++;
}

static void count_value(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    (void)topic, (void)partition;
    struct tally *tally = self;
    if (record->value.data)
        tally->wanted[place(tally, record->value, 0)]++;
}

static void count_value_window(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    (void)topic, (void)partition;
    struct tally *tally = self;
    if (record->value.data)
        tally->wanted[place(tally, record->value, record->timestamp_ms - record->timestamp_ms % 1000)]++;
}

static void add_amount(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    (void)topic, (void)partition;
    struct tally *tally = self;
    if (record->value.data)
        tally->wanted[place(tally, record->key, 0)] += (int64_t)bytes_get_u64(record->value.data);
}

static void follow_value(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    (void)topic, (void)partition;
    struct tally *tally = self;
    size_t at = place(tally, record->key, 0);
    tally->wanted[at] = follow(tally->wanted[at], record->value);
}

/* Letters follow what was processed, each in its turn; at least once some are there twice. */
static void follow_letter(void *self, const struct weir_raw_record *letter)
{
    struct tally *tally = self;
    weir_bytes place_of_letter = weir_header(&(struct weir_record){.headers = letter->headers}, "__weir.parked");
    size_t at = place(tally, letter->key, 0);
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)place_of_letter.size, (const char *)place_of_letter.data);
    const char *number = strrchr(text, ':');
    if (!number || strtoll(number + 1, NULL, 10) > tally->letters[at])
        simulate_fail(tally->world, "a letter came before its turn");
    else if (strtoll(number + 1, NULL, 10) == tally->letters[at]) {
        tally->letters[at]++;
        tally->found[at] = follow(tally->found[at], letter->value);
    }
}

/* A row of an aggregate: 8 bytes of timestamp (a table's row has them in front), then the number; the number is last. */
static void find_row(void *self, const struct store_row *row)
{
    struct tally *tally = self;
    const char *end = (const char *)row->value.data + row->value.size;
    tally->found[place(tally, row->key, 0)] = (int64_t)bytes_get_u64(end - 8);
}

/* One key may have rows in several partitions. */
static void add_row(void *self, const struct store_row *row)
{
    struct tally *tally = self;
    const char *end = (const char *)row->value.data + row->value.size;
    tally->found[place(tally, row->key, 0)] += (int64_t)bytes_get_u64(end - 8);
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

static void judge_windows_ahead(struct simulate_world *world)
{
    judge(world, "ahead", count_window_ahead, find_window);
}

static void judge_repartitioned(struct simulate_world *world)
{
    judge(world, "counts", count_value, find_row);
}

static void count_row(void *self, const struct store_row *row)
{
    struct tally *tally = self;
    tally->wanted[place(tally, row->value, 0)]++;
}

static void judge_regrouped(struct simulate_world *world)
{
    static struct tally tally;
    memset(&tally, 0, sizeof tally);
    tally.world = world;
    simulate_each_row(world, "latest", count_row, &tally);
    simulate_each_row(world, "counts", find_row, &tally);
    compare(&tally);
}

static void judge_uneven(struct simulate_world *world)
{
    judge(world, "counts", count_key, add_row);
}

static void judge_sum(struct simulate_world *world)
{
    judge(world, "sums", add_amount, find_row);
}

static void judge_per_commit(struct simulate_world *world)
{
    judge(world, "sums", count_key, find_row);
    judge(world, "latest", count_key, find_row);
}

static void judge_combined(struct simulate_world *world)
{
    judge(world, "sums", count_value, find_row);
    judge(world, "windows", count_value_window, find_window);
}

static void judge_order(struct simulate_world *world)
{
    static struct tally tally;
    memset(&tally, 0, sizeof tally);
    tally.world = world;
    simulate_each_input(world, follow_value, &tally);
    simulate_each_row(world, "orders", find_row, &tally);
    simulate_each_record(world, "events.dlq", follow_letter, &tally);
    compare(&tally);
}

const struct simulated_topology simulated_topologies[] = {
    {"count", count, false, judge_count, NULL, SIMULATE_BOTH, NULL},
    {"windowed-count", windowed_count, false, judge_windows, NULL, SIMULATE_BOTH, NULL},
    {"late-windows", late_windows, true, NULL, NULL, SIMULATE_BOTH, NULL},
    {"repartitioned-count", repartitioned_count, false, judge_repartitioned, NULL, SIMULATE_BOTH, NULL},
    {"uneven", uneven, false, judge_uneven, NULL, SIMULATE_BOTH, NULL},
    {"sum", sum, false, judge_sum, NULL, SIMULATE_BOTH, NULL},
    {"stream-table", stream_table, false, NULL, NULL, SIMULATE_BOTH, NULL},
    {"versioned", versioned, true, NULL, NULL, SIMULATE_BOTH, NULL},
    {"stream-stream", stream_stream, true, NULL, NULL, SIMULATE_BOTH, NULL},
    {"table-table", table_table, false, NULL, NULL, SIMULATE_BOTH, NULL},
    {"suppress", suppress, true, NULL, NULL, SIMULATE_BOTH, NULL},
    {"sessions", sessions, true, NULL, NULL, SIMULATE_BOTH, NULL},
    {"punctuated", punctuated, true, NULL, NULL, SIMULATE_BOTH, NULL},
    {"parked", parked, true, judge_order, parked_inputs, SIMULATE_BOTH, NULL},
    {"commerce-saga", saga_topology, true, shop_judge, shop_inputs, SIMULATE_BOTH, NULL},
    {NULL, NULL, false, NULL, NULL, SIMULATE_BOTH, NULL},
};

const struct simulated_topology simulated_by_name[] = {
    {"windows-ahead", windows_ahead, false, judge_windows_ahead, NULL, SIMULATE_BOTH, NULL},
    {"regrouped", regrouped, false, judge_regrouped, NULL, SIMULATE_BOTH, NULL},
    {"by-pattern", by_pattern, false, judge_uneven, NULL, SIMULATE_BOTH, matching},
    {"per-commit", per_commit, false, judge_per_commit, NULL, SIMULATE_BOTH, NULL},
    {"combined", combined, false, judge_combined, NULL, SIMULATE_BOTH, NULL},
    {"regrouped-merged", regrouped_merged, false, judge_regrouped, NULL, SIMULATE_EXACTLY_ONCE, NULL},
    {NULL, NULL, false, NULL, NULL, SIMULATE_BOTH, NULL},
};
