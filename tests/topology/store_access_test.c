/* What a processor may do with its stores: ranges in both directions, prefixes, windows, timestamps, tables to read. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "weir.h"

static weir_bytes text(const char *s)
{
    return (weir_bytes){s, strlen(s)};
}

static weir_test *drive(weir_topology *topology)
{
    struct weir_error error = {0};
    weir_test *test = weir_test_new(topology, (struct weir_config){.application = "app"}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

static void send(weir_test *test, const char *topic, const char *key, const char *value, int64_t ts)
{
    weir_test_send_raw(test, topic,
                       (struct weir_raw_record){.key = text(key), .value = text(value), .timestamp_ms = ts});
}

static void expect_failure(weir_test *test, const char *part)
{
    struct weir_error error = {0};
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, part), "%s", error.message);
}

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

/* ---- ranges ---- */

struct seen {
    char text[4096];
    size_t size, rows, enough;
    weir_store *deletes_from;
};

static bool note(void *self, const struct weir_record *row)
{
    struct seen *seen = self;
    const weir_bytes *key = row->key;
    seen->size += (size_t)snprintf(seen->text + seen->size, sizeof seen->text - seen->size, "%.*s ", (int)key->size,
                                   (const char *)key->data);
    if (seen->deletes_from)
        weir_put(seen->deletes_from, row->key, NULL);
    return ++seen->rows != seen->enough;
}

static void expect_range(weir_store *store, struct weir_range range, const char *keys)
{
    struct seen seen = {0};
    weir_range_each(store, range, note, &seen);
    cr_expect_str_eq(seen.text, keys);
}

static void keep(weir_store *store, const char *key)
{
    const weir_bytes bytes = text(key);
    weir_put(store, &bytes, &bytes);
}

static void scan(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "s");
    static const char *const keys[] = {"m", "a", "kk", "k", "z", "l"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        keep(store, keys[i]);
    expect_range(store, (struct weir_range){0}, "a k kk l m z ");
    expect_range(store, (struct weir_range){.descending = true}, "z m l kk k a ");
    expect_range(store, (struct weir_range){.from = WEIR_STR("k"), .to = WEIR_STR("m")}, "k kk l m ");
    expect_range(store, (struct weir_range){.to = WEIR_STR("m"), .descending = true}, "m l kk k a ");
    expect_range(store, (struct weir_range){.from = WEIR_STR("m"), .to = WEIR_STR("c")}, "");
    expect_range(store, (struct weir_range){.prefix = text("k")}, "k kk ");
    expect_range(store, (struct weir_range){.prefix = text("k"), .descending = true}, "kk k ");
    expect_range(store, (struct weir_range){.from = WEIR_STR("kk"), .prefix = text("k")}, "kk ");
    expect_range(store, (struct weir_range){.after = WEIR_STR("l")}, "m z ");
    if (record->timestamp_ms == 1) /* later, rows may count twice */
        cr_expect_eq(weir_rows_approximate(store), 6);
}

static weir_topology *over_store(const struct weir_processor *processor, bool in_memory)
{
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "s", &weir_str_type, &weir_str_type, .in_memory = in_memory, .caching = WEIR_CACHING_DISABLED);
    weir_to(weir_process(texts(t, "in"), processor, .stores = {"s"}), "out");
    return t;
}

Test(store_access, ranges_hold_their_bounds_in_both_directions)
{
    static const struct weir_processor processor = {.process = scan};
    weir_test *test = drive(over_store(&processor, false));
    send(test, "in", "k", "v", 1);
    send(test, "in", "k", "v", 2); /* the first round is committed, the second lies over it */
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_free(test);
}

Test(store_access, a_store_in_memory_is_read_alike)
{
    static const struct weir_processor processor = {.process = scan};
    weir_test *test = drive(over_store(&processor, true));
    send(test, "in", "k", "v", 1);
    send(test, "in", "k", "v", 2);
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_free(test);
}

static void scan_many(weir_context *context, const struct weir_record *record)
{
    (void)record;
    weir_store *store = weir_store_named(context, "s");
    char key[16];
    for (int i = 0; i < 600; i++) {
        snprintf(key, sizeof key, "%04d", i);
        keep(store, key);
    }
    struct seen some = {.enough = 3};
    weir_range_each(store, (struct weir_range){.descending = true}, note, &some);
    cr_expect_str_eq(some.text, "0599 0598 0597 ");
    struct seen all = {.deletes_from = store};
    weir_range_each(store, (struct weir_range){.descending = true}, note, &all);
    cr_expect_eq(all.rows, 600);
    expect_range(store, (struct weir_range){0}, "");
}

Test(store_access, a_walk_ends_when_the_visitor_has_enough_and_may_delete_on_its_way)
{
    static const struct weir_processor processor = {.process = scan_many};
    weir_test *test = drive(over_store(&processor, false));
    send(test, "in", "k", "v", 1);
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_free(test);
}

static bool note_window(void *self, const struct weir_record *row)
{
    struct seen *seen = self;
    seen->size += (size_t)snprintf(seen->text + seen->size, sizeof seen->text - seen->size, "%.*s%" PRId64 " ",
                                   (int)((const weir_bytes *)row->key)->size,
                                   (const char *)((const weir_bytes *)row->key)->data, row->window.start_ms);
    return true;
}

static void scan_windows(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "w");
    struct seen one = {0}, all = {0}, back = {0};
    for (int64_t start = 0; start < 50; start += 10) {
        weir_window_put(store, WEIR_STR("a"), start, record->value);
        weir_window_put(store, WEIR_STR("b"), start, record->value);
    }
    weir_range_each(
        store,
        (struct weir_range){.from = WEIR_STR("a"), .to = WEIR_STR("a"), .window_from_ms = 20, .window_to_ms = 30},
        note_window, &one);
    weir_range_each(store, (struct weir_range){.window_from_ms = 40}, note_window, &all);
    weir_range_each(store, (struct weir_range){.prefix = text("b"), .descending = true}, note_window, &back);
    cr_expect_str_eq(one.text, "a20 a30 ");
    cr_expect_str_eq(all.text, "a40 b40 ");
    cr_expect_str_eq(back.text, "b40 b30 b20 b10 b0 ");
}

Test(store_access, windows_are_read_by_key_and_by_time)
{
    static const struct weir_processor processor = {.process = scan_windows};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "w", &weir_str_type, &weir_str_type,
                   .window = {.size = weir_millis(10), .retention = weir_minutes(1)});
    weir_process(texts(t, "in"), &processor, .stores = {"w"});
    weir_test *test = drive(t);
    send(test, "in", "k", "v", 45);
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_free(test);
}

static void ask_prefix(weir_context *context, const struct weir_record *record)
{
    (void)record;
    struct seen seen = {0};
    weir_range_each(weir_store_named(context, "n"), (struct weir_range){.prefix = text("k")}, note, &seen);
}

Test(store_access, a_prefix_of_numbers_is_refused)
{
    static const struct weir_processor processor = {.process = ask_prefix};
    weir_topology *t = weir_topology_new("t");
    weir_on_error(t, .processing = WEIR_FAIL);
    weir_add_store(t, "n", &weir_i64_type, &weir_i64_type);
    weir_process(texts(t, "in"), &processor, .stores = {"n"});
    weir_test *test = drive(t);
    send(test, "in", "k", "v", 1);
    expect_failure(test, "store 'n' has no text keys, so there are no prefixes");
    weir_test_free(test);
}

/* ---- timestamps ---- */

static void move_time(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    out.timestamp_ms = 77;
    weir_forward(context, &out);
}

static void keep_times(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "s");
    int64_t ms = -1;
    weir_put(store, record->key, record->value);
    cr_expect_not_null(weir_get_timestamped(store, record->key, &ms));
    cr_expect_eq(ms, 77);
    weir_put_timestamped(store, record->key, record->value, 5);
    weir_get_timestamped(store, record->key, &ms);
    cr_expect_eq(ms, 5);
    weir_forward(context, record);
}

Test(store_access, a_row_has_the_time_of_what_was_forwarded_to_the_processor)
{
    static const struct weir_processor move = {.process = move_time}, store = {.process = keep_times};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "s", &weir_str_type, &weir_str_type);
    weir_to(weir_process(weir_process(texts(t, "in"), &move), &store, .stores = {"s"}), "out");
    weir_test *test = drive(t);
    send(test, "in", "k", "v", 5);
    struct weir_record out;
    cr_assert(weir_test_recv(test, "out", &out));
    cr_expect_eq(out.timestamp_ms, 77);
    weir_test_free(test);
}

/* ---- a table's store ---- */

static void look_up(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    out.value = weir_get(weir_store_named(context, "names"), record->value);
    weir_forward(context, &out);
}

static weir_topology *beside_table(const struct weir_processor *processor)
{
    weir_topology *t = weir_topology_new("t");
    weir_table_from(t, "people", "names", &weir_str_type, &weir_str_type);
    weir_to(weir_process(texts(t, "in"), processor, .stores = {"names"}), "out");
    return t;
}

Test(store_access, a_processor_reads_a_tables_store)
{
    static const struct weir_processor processor = {.process = look_up};
    weir_test *test = drive(beside_table(&processor));
    send(test, "people", "1", "Ada", 1);
    send(test, "in", "k", "1", 2);
    struct weir_record out;
    cr_assert(weir_test_recv(test, "out", &out));
    cr_expect_eq(((const weir_bytes *)out.value)->size, 3);
    weir_test_free(test);
}

static void write_table(weir_context *context, const struct weir_record *record)
{
    weir_put(weir_store_named(context, "names"), record->key, record->value);
}

Test(store_access, a_processor_does_not_write_a_tables_store)
{
    static const struct weir_processor processor = {.process = write_table};
    weir_test *test = drive(beside_table(&processor));
    send(test, "in", "k", "1", 2);
    expect_failure(test, "store 'names': it belongs to a table, a processor only reads it");
    weir_test_free(test);
}

/* ---- several processors ---- */

static void count_up(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "n");
    const int64_t *n = weir_get(store, record->key);
    const int64_t next = n ? *n + 1 : 1;
    weir_put(store, record->key, &next);
}

static void tell(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    out.value = weir_get(weir_store_named(context, "n"), record->key);
    weir_forward(context, &out);
}

Test(store_access, processors_share_a_store)
{
    static const struct weir_processor counter = {.process = count_up}, teller = {.process = tell};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "n", &weir_str_type, &weir_i64_type, .no_log = true);
    weir_process(texts(t, "a"), &counter, .stores = {"n"});
    weir_process(texts(t, "b"), &counter, .stores = {"n"});
    weir_to(weir_process(texts(t, "ask"), &teller, .stores = {"n"}, .value = &weir_i64_type), "out");
    weir_test *test = drive(t);
    send(test, "a", "k", "", 1);
    send(test, "b", "k", "", 2);
    send(test, "ask", "k", "", 3);
    struct weir_record out;
    cr_assert(weir_test_recv(test, "out", &out));
    cr_expect_eq(*(const int64_t *)out.value, 2);
    weir_test_free(test);
}
