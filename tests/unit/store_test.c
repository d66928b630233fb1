/* store_test.c: what store.h promises, one promise per test. Random histories are in store_model_test.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "state/keys.h"
#include "state/rocks.h"
#include "state/store.h"

static char directory[64];
static weir_arena arena;
static struct database *database;
static struct store *store;
static struct weir_error error;
static const struct database_limits limits = {1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 19, 10000};
static const struct store_spec plain = {.name = "plain"}, memory = {.name = "memory", .in_memory = true},
                               ttl = {.name = "ttl", .ttl_ms = 100},
                               window = {
                                   .name = "window", .kind = STORE_WINDOW, .window_size_ms = 10, .retention_ms = 100};

static void open_store(const struct store_spec *spec)
{
    database = database_open(directory, limits, &error);
    cr_assert(database, "%s", error.message);
    store = store_open(database, spec, &error);
    cr_assert(store, "%s", error.message);
}

static void close_store(bool flush)
{
    store_close(store);
    cr_assert(database_close(database, flush, &error), "%s", error.message);
}

static void set_up(void)
{
    strcpy(directory, "/tmp/weir-store-XXXXXX");
    cr_assert(mkdtemp(directory));
}

static void tear_down(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
    arena_done(&arena);
}

TestSuite(store, .init = set_up, .fini = tear_down, .timeout = 60);

/* value NULL: deletes. */
static void put(const char *key, const char *value, int64_t timestamp_ms)
{
    store_put(store, bytes_of_text(key), value ? bytes_of_text(value) : (weir_bytes){0}, timestamp_ms);
}

static const char *get_as(bool view, weir_bytes key)
{
    struct store_row row;
    bool found = view ? store_view_get(store, key, &arena, &row, &error) : store_get(store, key, &arena, &row, &error);
    cr_assert_eq(error.code, WEIR_OK, "%s", error.message);
    return found ? arena_bytes(&arena, row.value).data : "absent";
}

static const char *get(const char *key)
{
    return get_as(false, bytes_of_text(key));
}

static const char *view(const char *key)
{
    return get_as(true, bytes_of_text(key));
}

static const char *walk(struct store_cursor *cursor)
{
    struct buffer text = {0};
    struct store_row row;
    while (store_next(cursor, &row, &error))
        buffer_format(&text, "%.*s=%.*s ", (int)row.key.size, (const char *)row.key.data, (int)row.value.size,
                      (const char *)row.value.data);
    cr_assert_eq(error.code, WEIR_OK, "%s", error.message);
    store_cursor_close(cursor);
    const char *copy = arena_bytes(&arena, buffer_bytes(&text)).data;
    buffer_done(&text);
    return copy;
}

static weir_bytes window_key(const char *key, int64_t start_ms)
{
    struct buffer buffer = {0};
    keys_window_write(bytes_of_text(key), start_ms, &buffer);
    weir_bytes copy = arena_bytes(&arena, buffer_bytes(&buffer));
    buffer_done(&buffer);
    return copy;
}

Test(store, the_task_sees_its_uncommitted_writes_and_views_do_not)
{
    open_store(&plain);
    put("a", "1", 0);
    cr_assert_str_eq(get("a"), "1");
    cr_assert_str_eq(view("a"), "absent");
    store_publish(store, 1);
    cr_assert_str_eq(view("a"), "1");
    close_store(false);
}

Test(store, a_dropped_overlay_leaves_no_trace)
{
    open_store(&plain);
    put("a", "1", 0);
    store_publish(store, 1);
    put("a", "2", 0);
    put("b", "2", 0);
    store_drop(store);
    cr_assert_str_eq(get("a"), "1");
    cr_assert_str_eq(get("b"), "absent");
    cr_assert_eq(store_overlay_rows(store), 0);
    close_store(false);
}

struct log {
    char text[200];
};

static void append(void *self, const struct store_row *row)
{
    struct log *log = self;
    strncat(log->text, row->key.data, row->key.size);
    strcat(log->text, row->value.data ? "+" : "-");
}

Test(store, the_overlay_is_visited_once_per_key_in_order_of_first_write)
{
    struct log log = {0};
    open_store(&plain);
    put("c", "1", 0);
    put("a", "1", 0);
    put("c", "2", 0);
    put("b", "1", 0);
    store_put(store, bytes_of_text("a"), (weir_bytes){0}, 0);
    store_overlay_each(store, append, &log);
    cr_assert_str_eq(log.text, "c+a-b+");
    close_store(false);
}

static void put_new(const char *key)
{
    store_put_new(store, bytes_of_text(key), bytes_of_text("1"), 0);
}

static void remove_row(const char *key)
{
    store_put(store, bytes_of_text(key), (weir_bytes){0}, 0);
}

Test(store, a_new_row_that_is_deleted_before_it_is_logged_leaves_no_trace)
{
    struct log log = {0};
    open_store(&plain);
    put_new("a");
    put_new("b");
    put_new("c");
    remove_row("b");
    cr_expect_str_eq(get("b"), "absent");
    cr_expect_eq(store_overlay_rows(store), 2);
    store_overlay_each(store, append, &log);
    cr_expect_str_eq(log.text, "a+c+");
    close_store(false);
}

Test(store, a_new_row_that_was_logged_is_deleted_in_the_log_too)
{
    struct log log = {0};
    open_store(&plain);
    put_new("a");
    store_overlay_each(store, append, &log); /* of a commit that failed, say */
    remove_row("a");
    put_new("b");
    store_publish(store, 1);
    remove_row("b");
    store_overlay_each(store, append, &log);
    cr_expect_str_eq(log.text, "a+b-");
    cr_expect_str_eq(get("b"), "absent");
    close_store(false);
}

Test(store, a_row_that_is_said_to_be_absent_stays_so_when_its_key_is_used_and_deleted)
{
    struct log log = {0};
    open_store(&plain);
    store_put_absent(store, bytes_of_text("a"));
    put_new("a");
    remove_row("a");
    store_overlay_each(store, append, &log);
    cr_expect_str_eq(log.text, "a-");
    close_store(false);
}

Test(store, an_empty_value_is_not_a_deleted_one)
{
    open_store(&plain);
    put("a", "", 0);
    cr_assert_str_eq(get("a"), "");
    store_publish(store, 1);
    cr_assert(store_apply(store, 0, &error));
    close_store(true);
    open_store(&plain);
    cr_assert_str_eq(get("a"), "");
    close_store(false);
}

Test(store, the_position_is_that_of_the_applied_rows)
{
    open_store(&plain);
    cr_assert_eq(store_position(store), -1);
    put("a", "1", 0);
    store_publish(store, 7);
    cr_assert_eq(store_position(store), -1);
    cr_assert(store_apply(store, 0, &error));
    cr_assert_eq(store_position(store), 7);
    close_store(true);
    open_store(&plain);
    cr_assert_eq(store_position(store), 7);
    cr_assert_str_eq(view("a"), "1");
    close_store(false);
}

Test(store, an_in_memory_store_starts_empty_each_time)
{
    open_store(&memory);
    put("a", "1", 0);
    store_publish(store, 7);
    cr_assert_eq(store_position(store), 7);
    cr_assert(store_apply(store, 0, &error));
    close_store(true);
    open_store(&memory);
    cr_assert_eq(store_position(store), -1);
    cr_assert_str_eq(get("a"), "absent");
    close_store(false);
}

Test(store, scans_merge_all_levels_in_both_directions)
{
    open_store(&plain);
    put("a", "old", 0);
    put("b", "rocks", 0);
    put("d", "gone", 0);
    store_publish(store, 1);
    cr_assert(store_apply(store, 0, &error));
    close_store(true);
    open_store(&plain);
    put("c", "committed", 0);
    store_put(store, bytes_of_text("d"), (weir_bytes){0}, 0);
    store_publish(store, 2);
    put("a", "overlay", 0);
    weir_bytes none = {0};
    cr_assert_str_eq(walk(store_scan(store, none, none, false, &error)), "a=overlay b=rocks c=committed ");
    cr_assert_str_eq(walk(store_scan(store, none, none, true, &error)), "c=committed b=rocks a=overlay ");
    cr_assert_str_eq(walk(store_scan(store, bytes_of_text("b"), bytes_of_text("c"), true, &error)), "b=rocks ");
    cr_assert_str_eq(walk(store_view_scan(store, none, none, false, &error)), "a=old b=rocks c=committed ");
    close_store(false);
}

Test(store, a_view_walk_shows_the_commit_it_was_opened_at)
{
    weir_bytes none = {0};
    open_store(&plain);
    put("a", "1", 0);
    put("b", "1", 0);
    store_publish(store, 1);
    struct store_cursor *cursor = store_view_scan(store, none, none, false, &error);
    put("b", "2", 0);
    put("c", "2", 0);
    store_put(store, bytes_of_text("a"), none, 0);
    store_publish(store, 2);
    cr_assert(store_apply(store, 0, &error));
    cr_assert_str_eq(walk(cursor), "a=1 b=1 ");
    cr_assert_str_eq(walk(store_view_scan(store, none, none, false, &error)), "b=2 c=2 ");
    close_store(false);
}

Test(store, a_view_walk_outlives_the_eviction_of_its_rows)
{
    struct store_row row;
    char key[16], value[1000];
    memset(value, 'v', sizeof value);
    open_store(&plain);
    for (int i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "%06d", i);
        store_put(store, bytes_of_text(key), (weir_bytes){value, sizeof value}, i);
    }
    store_publish(store, 1);
    struct store_cursor *cursor = store_view_scan(store, (weir_bytes){0}, (weir_bytes){0}, false, &error);
    cr_assert(store_apply_due(store, 0));
    cr_assert(store_apply(store, 0, &error));
    cr_assert_lt(store_bytes(store), 400000); /* of three million */
    for (int i = 0; i < 3000; i++) {
        cr_assert(store_next(cursor, &row, &error));
        cr_assert_eq(row.timestamp_ms, i);
    }
    cr_assert_not(store_next(cursor, &row, &error));
    store_cursor_close(cursor);
    cr_assert_str_eq(get("000001") + 999, "v");
    close_store(false);
}

Test(store, expired_windows_are_seen_by_nobody)
{
    open_store(&window);
    store_put(store, window_key("k", 0), bytes_of_text("old"), 0);
    store_put(store, window_key("k", 50), bytes_of_text("young"), 50);
    store_publish(store, 1);
    store_observe_time(store, 100);
    cr_assert_str_eq(get_as(false, window_key("k", 0)), "absent");
    cr_assert_str_eq(get_as(false, window_key("k", 50)), "young");
    cr_assert_str_eq(get_as(true, window_key("k", 0)), "old"); /* until the commit */
    store_publish(store, 2);
    cr_assert_str_eq(get_as(true, window_key("k", 0)), "absent");
    close_store(false);
}

static int seeks;

static void counting_seek(struct rocks_walk *walk, weir_bytes from, weir_bytes to, bool descending)
{
    seeks++;
    rocks_disk.walk_seek(walk, from, to, descending);
}

/* The value of the window of key at 10, looked for from start_ms on. */
static const char *look(const char *key, int64_t start_ms)
{
    struct buffer bounds = {0};
    keys_window_write(bytes_of_text(key), start_ms, &bounds);
    size_t size = bounds.size;
    keys_window_write(bytes_of_text(key), 30, &bounds);
    struct store_row row;
    struct store_cursor *cursor = store_scan(store, (weir_bytes){bounds.data, size},
                                             (weir_bytes){bounds.data + size, bounds.size - size}, false, &error);
    const char *found = store_next(cursor, &row, &error) ? arena_bytes(&arena, row.value).data : "absent";
    store_cursor_close(cursor);
    buffer_done(&bounds);
    cr_assert_eq(error.code, WEIR_OK, "%s", error.message);
    return found;
}

Test(store, windows_of_a_key_that_never_left_memory_are_not_looked_for_in_rocksdb)
{
    struct rocks_ops counting = rocks_disk;
    counting.walk_seek = counting_seek;
    rocks_level = &counting;
    open_store(&window);
    seeks = 0;
    struct buffer key = {0};
    keys_window_write(bytes_of_text("a"), 10, &key);
    store_put(store, buffer_bytes(&key), bytes_of_text("left"), 10);
    store_publish(store, 1);
    cr_assert(store_evict(store, 0, &error));
    cr_expect_str_eq(look("a", 0), "left");
    cr_expect_eq(seeks, 1);
    cr_expect_str_eq(look("a", 11), "absent");
    cr_expect_str_eq(look("b", 0), "absent");
    cr_expect_eq(seeks, 1);
    close_store(true);
    open_store(&window); /* what left before is unknown */
    seeks = 0;
    cr_expect_str_eq(look("a", 0), "left");
    cr_expect_str_eq(look("b", 0), "absent");
    cr_expect_eq(seeks, 2);
    buffer_done(&key);
    close_store(false);
    rocks_level = &rocks_disk;
}

Test(store, stream_time_survives_a_reopen)
{
    open_store(&window);
    store_put(store, window_key("k", 0), bytes_of_text("old"), 0);
    store_publish(store, 1);
    cr_assert(store_apply(store, 0, &error));
    store_observe_time(store, 500);
    store_publish(store, 2);
    cr_assert(store_apply(store, 0, &error));
    close_store(true);
    open_store(&window);
    cr_assert_str_eq(get_as(true, window_key("k", 0)), "absent");
    close_store(false);
}

Test(store, a_row_that_is_said_to_be_absent_tells_no_time_and_is_logged)
{
    open_store(&window);
    store_put(store, window_key("k", 1000), bytes_of_text("1"), 1000);
    store_put_absent(store, window_key("k", 5000));
    cr_expect_eq(store_written_time(store), 1000);
    cr_expect_eq(store_overlay_rows(store), 2, "the changelog is told");
    cr_expect_str_eq(get_as(false, window_key("k", 5000)), "absent");
    store_put(store, window_key("k", 5000), (weir_bytes){0}, 5000);
    cr_expect_eq(store_written_time(store), 5000, "a deletion tells its time, as in Kafka Streams");
    close_store(false);
}

Test(store, stream_time_never_goes_back)
{
    open_store(&ttl);
    put("a", "1", 0);
    store_observe_time(store, 100);
    store_observe_time(store, 5);
    cr_assert_str_eq(get("a"), "absent");
    close_store(false);
}

Test(store, a_row_past_its_time_to_live_hides_older_versions_of_it)
{
    open_store(&ttl);
    put("a", "newer timestamp", 90);
    store_publish(store, 1);
    cr_assert(store_apply(store, 0, &error));
    put("a", "older timestamp", 10);
    store_publish(store, 2);
    store_observe_time(store, 120);
    store_publish(store, 3);
    cr_assert_str_eq(get("a"), "absent");
    cr_assert(store_apply(store, 0, &error));
    close_store(true);
    open_store(&ttl);
    cr_assert_str_eq(get("a"), "absent");
    close_store(false);
}

Test(store, expired_rows_of_an_in_memory_store_give_their_memory_back)
{
    struct store_spec spec = window;
    spec.in_memory = true;
    open_store(&spec);
    for (int64_t start_ms = 0; start_ms < 20000; start_ms++) {
        store_put(store, window_key("k", start_ms), bytes_of_text("v"), start_ms);
        store_observe_time(store, start_ms);
        store_publish(store, start_ms);
        arena_clear(&arena);
    }
    cr_assert_lt(store_rows_approximate(store), 300);
    cr_assert_lt(store_bytes(store), 200000);
    close_store(false);
}

Test(store, a_restore_takes_the_last_row_of_a_key)
{
    open_store(&plain);
    struct store_row rows[] = {{bytes_of_text("b"), bytes_of_text("1"), 1},
                               {bytes_of_text("a"), bytes_of_text("1"), 2},
                               {bytes_of_text("b"), bytes_of_text("2"), 3},
                               {bytes_of_text("a"), {0}, 4}};
    cr_assert(store_restore(store, rows, 4, 44, &error));
    cr_assert_eq(store_position(store), -1);
    cr_assert(store_restored(store, &error));
    cr_assert_eq(store_position(store), 44);
    cr_assert_str_eq(view("a"), "absent");
    cr_assert_str_eq(view("b"), "2");
    close_store(false);
}

static void restore_window(int64_t start_ms, const char *value, int64_t next)
{
    const struct store_row row = {window_key("k", start_ms), bytes_of_text(value), start_ms};
    cr_assert(store_restore(store, &row, 1, next, &error), "%s", error.message);
}

Test(store, a_window_ahead_of_stream_time_is_restored_for_task_and_views_alike)
{
    open_store(&window);
    store_restore_until(store, 500); /* stream time was 120: a processor wrote ahead of it */
    restore_window(100, "past", 1);
    restore_window(500, "ahead", 2);
    cr_assert(store_restored(store, &error), "%s", error.message);
    cr_expect_str_eq(get_as(false, window_key("k", 500)), "ahead");
    cr_expect_str_eq(get_as(true, window_key("k", 500)), "ahead");
    cr_expect_str_eq(get_as(false, window_key("k", 100)), "absent"); /* retention is 100 */
    cr_expect_eq(store_written_time(store), 500);
    close_store(true);
}

static void restore_numbered(int64_t from, int64_t to, int keys, const char *value)
{
    char key[16];
    for (int64_t i = from; i < to; i++) {
        snprintf(key, sizeof key, "%06d", (int)(i * 7919 % keys));
        weir_bytes written = i % 10 == 0 ? (weir_bytes){0} : bytes_of_text(value);
        cr_assert(store_restore(store, &(struct store_row){bytes_of_text(key), written, i}, 1, i + 1, &error), "%s",
                  error.message);
    }
}

static int count_rows(const char *value)
{
    struct store_row row;
    int count = 0;
    struct store_cursor *cursor = store_view_scan(store, (weir_bytes){0}, (weir_bytes){0}, false, &error);
    while (store_next(cursor, &row, &error))
        count += bytes_equal(row.value, bytes_of_text(value));
    store_cursor_close(cursor);
    cr_assert_eq(error.code, WEIR_OK, "%s", error.message);
    return count;
}

/* Every tenth row deletes: 7919 has no factor in common with the number of keys, so each key is met once a round. */
Test(store, a_long_restore_deletes_and_replaces_what_an_earlier_run_wrote)
{
    enum { ROWS = 30000 };
    open_store(&plain);
    restore_numbered(0, ROWS, ROWS, "old");
    cr_assert(store_restored(store, &error), "%s", error.message);
    cr_assert_eq(count_rows("old"), ROWS - ROWS / 10);
    restore_numbered(ROWS + 1, ROWS + 1 + ROWS / 2, ROWS, "new");
    cr_assert(store_restored(store, &error), "%s", error.message);
    cr_assert_eq(count_rows("new"), ROWS / 2 - ROWS / 20);
    cr_assert_leq(count_rows("old"), ROWS / 2);
    close_store(false);
}

/* As a crash leaves it between the two steps in which RocksDB takes a file in. */
static void name_a_table_like_a_file_to_come(void)
{
    char command[256];
    snprintf(command, sizeof command, "ln $(ls %s/*.sst | head -1) %s/bulk-%s.sst", directory, directory, plain.name);
    cr_assert_eq(system(command), 0);
}

Test(store, a_file_that_a_crash_left_with_two_names_is_not_written_over)
{
    enum { ROWS = 30000 };
    open_store(&plain);
    restore_numbered(0, ROWS, ROWS, "old");
    cr_assert(store_restored(store, &error), "%s", error.message);
    close_store(true);
    name_a_table_like_a_file_to_come();
    open_store(&plain);
    restore_numbered(ROWS + 1, ROWS + 1 + ROWS / 2, ROWS, "new");
    cr_assert(store_restored(store, &error), "%s", error.message);
    close_store(true);
    open_store(&plain);
    cr_assert_eq(count_rows("new"), ROWS / 2 - ROWS / 20);
    cr_assert_geq(count_rows("old"), ROWS / 3);
    close_store(false);
}

Test(store, a_restore_that_is_cut_short_goes_on_behind_the_last_run)
{
    enum { ROWS = 60000 };
    open_store(&plain);
    restore_numbered(0, ROWS, ROWS, "value");
    close_store(false);
    open_store(&plain);
    int64_t position = store_position(store);
    cr_assert_gt(position, 0);
    cr_assert_lt(position, ROWS);
    restore_numbered(position, ROWS, ROWS, "value");
    cr_assert(store_restored(store, &error), "%s", error.message);
    cr_assert_eq(store_position(store), ROWS);
    cr_assert_eq(count_rows("value"), ROWS - ROWS / 10);
    close_store(false);
}

Test(store, an_apply_is_due_by_age_only_while_something_waits)
{
    open_store(&plain);
    cr_assert_not(store_apply_due(store, 20000000));
    put("a", "1", 0);
    store_publish(store, 1);
    cr_assert(store_apply_due(store, 20000000));
    cr_assert(store_apply(store, 20000000, &error));
    cr_assert_not(store_apply_due(store, 40000000));
    put("a", "2", 0);
    store_publish(store, 2);
    cr_assert_not(store_apply_due(store, 29000000));
    cr_assert(store_apply_due(store, 30000000));
    close_store(false);
}

Test(store, a_damaged_block_is_reported_by_task_and_views)
{
    char key[16], command[160], value[200];
    struct store_row row;
    open_store(&plain);
    for (int i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "%06d", i);
        for (size_t k = 0; k < sizeof value; k++)
            value[k] = (char)(((size_t)i * 131 + k * 17) * 7919 >> 3);
        store_put(store, bytes_of_text(key), (weir_bytes){value, sizeof value}, 0);
    }
    store_publish(store, 1);
    cr_assert(store_apply(store, 0, &error));
    close_store(true);
    snprintf(command, sizeof command,
             "for f in %s/*.sst; do printf '\\377\\0' | dd of=$f bs=1 seek=100000 conv=notrunc 2>/dev/null; done",
             directory);
    cr_assert_eq(system(command), 0);
    open_store(&plain);
    for (int is_view = 0; is_view < 2; is_view++) {
        struct weir_error failure = {0};
        weir_bytes none = {0};
        struct store_cursor *cursor = is_view ? store_view_scan(store, none, none, false, &failure)
                                              : store_scan(store, none, none, false, &failure);
        while (store_next(cursor, &row, &failure))
            ;
        cr_assert_eq(failure.code, WEIR_CORRUPT, "%s", failure.message);
        store_cursor_close(cursor);
    }
    close_store(false);
}

Test(store, a_failed_apply_leaves_the_store_readable)
{
    static int64_t large[2000];
    /* A small disk of this process' own; it goes with the process. */
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", directory, "tmpfs", 0, "size=3m") != 0)
        cr_skip_test("a small disk cannot be mounted: needs CAP_SYS_ADMIN");
    open_store(&plain);
    bool is_full = false;
    for (int64_t i = 0; i < 2000 && !is_full; i++) {
        for (size_t k = 0; k < 2000; k++)
            large[k] = (int64_t)((uint64_t)(i * 2000 + (int64_t)k) * 0x9e3779b97f4a7c15u);
        store_put(store, (weir_bytes){&i, sizeof i}, (weir_bytes){large, sizeof large}, i);
        store_publish(store, i);
        is_full = !store_apply(store, 0, &error);
    }
    cr_assert(is_full);
    cr_assert_eq(error.code, WEIR_RETRY, "%s", error.message);
    error = (struct weir_error){0};
    int64_t first = 0;
    struct store_row row;
    cr_assert(store_view_get(store, (weir_bytes){&first, sizeof first}, &arena, &row, &error), "%s", error.message);
    cr_assert_eq(row.value.size, sizeof large);
    close_store(false);
    cr_assert_eq(umount(directory), 0);
}

enum { LARGE_ROWS = 400, LARGE_BYTES = 1600 }; /* together a file of their own, and not too many */

static void put_large(int count, char letter, int64_t position)
{
    char key[16], value[LARGE_BYTES];
    memset(value, letter, sizeof value);
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%d", i);
        store_put(store, bytes_of_text(key), (weir_bytes){value, sizeof value}, position);
    }
    store_publish(store, position);
}

static char letter_of(const char *key)
{
    return get(key)[0];
}

/* Whether it went well. */
static bool wait_for_rows_on_their_way(void)
{
    bool ok = true;
    int64_t before = store_position(store);
    for (int tries = 0; tries < 10000 && ok && store_position(store) == before; tries++) {
        usleep(1000);
        ok = store_apply_go_on(store, &error);
    }
    return ok && store_position(store) > before;
}

Test(store, what_is_put_while_rows_are_written_beside_the_task_is_written_later)
{
    open_store(&plain);
    put_large(LARGE_ROWS, 'a', 2);
    cr_assert(store_apply_aside(store, 0, &error), "%s", error.message);
    cr_assert_not(store_apply_due(store, INT64_MAX));
    cr_assert_eq(store_position(store), -1);
    cr_assert_eq(store_rows_approximate(store), LARGE_ROWS);
    put_large(10, 'b', 3);
    cr_assert(wait_for_rows_on_their_way(), "%s", error.message);
    cr_assert_eq(store_position(store), 2);
    cr_assert(store_apply_due(store, INT64_MAX));
    close_store(true); /* as after a crash: what was put later is lost */
    open_store(&plain);
    cr_assert_eq(letter_of("3"), 'a');
    put_large(LARGE_ROWS, 'c', 4);
    cr_assert(store_apply_aside(store, 0, &error), "%s", error.message);
    put_large(10, 'd', 5);
    cr_assert(store_evict(store, 0, &error), "%s", error.message);
    cr_assert_eq(store_position(store), 5);
    cr_assert_eq(letter_of("3"), 'd');
    cr_assert_eq(letter_of("30"), 'c');
    close_store(false);
}

Test(store, what_is_put_while_rows_leave_memory_stays)
{
    open_store(&plain);
    put_large(LARGE_ROWS, 'a', 2);
    cr_assert(store_evict_aside(store, 0, &error), "%s", error.message);
    put_large(10, 'b', 3);
    put("5", NULL, 4);
    store_publish(store, 4);
    size_t before = store_evictable_bytes(store);
    cr_assert(wait_for_rows_on_their_way(), "%s", error.message);
    cr_assert_lt(store_evictable_bytes(store), before / 4);
    cr_assert_gt(store_evictable_bytes(store), 0);
    cr_assert_eq(store_position(store), 2);
    cr_assert_eq(letter_of("3"), 'b');
    cr_assert_str_eq(get("5"), "absent");
    cr_assert_eq(letter_of("30"), 'a');
    cr_assert_eq(view("30")[0], 'a');
    cr_assert(llabs(store_rows_approximate(store) - LARGE_ROWS) <= 10);
    close_store(true); /* as after a crash */
    open_store(&plain);
    cr_assert_eq(letter_of("3"), 'a');
    cr_assert_eq(letter_of("5"), 'a');
    close_store(false);
}

Test(store, rows_that_leave_already_are_waited_for_and_what_was_put_meanwhile_stays)
{
    open_store(&plain);
    put_large(LARGE_ROWS, 'a', 2);
    cr_assert(store_evict_aside(store, 0, &error), "%s", error.message);
    put_large(10, 'b', 3);
    size_t before = store_evictable_bytes(store);
    cr_assert(store_evict(store, 0, &error), "%s", error.message);
    cr_assert_eq(store_position(store), 2);
    cr_assert_gt(store_evictable_bytes(store), 0);
    cr_assert_lt(store_evictable_bytes(store), before / 4);
    cr_assert_eq(letter_of("3"), 'b');
    cr_assert_eq(letter_of("30"), 'a');
    cr_assert(store_evict(store, 0, &error), "%s", error.message);
    cr_assert_eq(store_position(store), 3);
    cr_assert_eq(store_evictable_bytes(store), 0);
    cr_assert_eq(letter_of("3"), 'b');
    close_store(false);
}

Test(store, rows_that_could_not_be_written_beside_the_task_are_written_again)
{
    char command[200];
    open_store(&plain);
    put_large(LARGE_ROWS, 'a', 2);
    snprintf(command, sizeof command, "mkdir -p %s/bulk-plain.sst/taken", directory);
    cr_assert_eq(system(command), 0);
    cr_assert(store_apply_aside(store, 0, &error), "%s", error.message);
    cr_assert_not(wait_for_rows_on_their_way());
    error = (struct weir_error){0};
    cr_assert_eq(store_position(store), -1);
    cr_assert_eq(letter_of("3"), 'a');
    cr_assert(store_apply_due(store, INT64_MAX));
    snprintf(command, sizeof command, "rm -r %s/bulk-plain.sst", directory);
    cr_assert_eq(system(command), 0);
    cr_assert(store_apply(store, 0, &error), "%s", error.message);
    cr_assert_eq(store_position(store), 2);
    close_store(true);
    open_store(&plain);
    cr_assert_eq(letter_of("3"), 'a');
    cr_assert_eq(letter_of("399"), 'a');
    close_store(false);
}

Test(store, the_number_of_rows_is_about_right)
{
    char key[16];
    open_store(&plain);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++) {
            snprintf(key, sizeof key, "%d", i);
            get(key);
            put(key, "v", 0);
        }
        store_publish(store, round);
        cr_assert_eq(store_rows_approximate(store), 1000);
    }
    cr_assert(store_apply(store, 0, &error));
    cr_assert(llabs(store_rows_approximate(store) - 1000) <= 2);
    close_store(false);
}

Test(store, rows_that_are_written_again_and_again_count_once)
{
    char key[16];
    open_store(&plain);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 7; i++) {
            snprintf(key, sizeof key, "%d", i);
            get(key);
            put(key, "v", round);
        }
        store_publish(store, round);
        cr_assert(store_apply(store, 0, &error));
    }
    cr_assert_eq(store_rows_approximate(store), 7);
    close_store(false);
}

Test(store, without_a_directory_everything_stays_in_memory)
{
    database = database_open(NULL, limits, &error);
    store = store_open(database, &plain, &error);
    put("a", "1", 0);
    store_publish(store, 3);
    cr_assert_str_eq(view("a"), "1");
    cr_assert_eq(store_position(store), 3);
    cr_assert_not(store_apply_due(store, INT64_MAX));
    close_store(true);
}

static void note_put(void *self, const struct store_row *row)
{
    buffer_format(self, "%.*s=%.*s ", (int)row->key.size, (const char *)row->key.data, (int)row->value.size,
                  row->value.data ? (const char *)row->value.data : "");
}

Test(store, whoever_watches_hears_of_what_is_put_and_not_of_what_is_written_again)
{
    struct buffer heard = {0};
    open_store(&plain);
    store_watch_puts(store, note_put, &heard);
    put("a", "1", 1);
    store_put(store, bytes_of_text("a"), (weir_bytes){0}, 2);
    store_put_again(store, &(struct store_row){bytes_of_text("b"), bytes_of_text("2"), 3});
    store_put_absent(store, bytes_of_text("c"));
    store_watch_puts(store, NULL, NULL);
    put("d", "4", 4);
    buffer_byte(&heard, 0);
    cr_expect_str_eq(heard.data, "a=1 a= ");
    cr_expect_str_eq(get("b"), "2");
    buffer_done(&heard);
    close_store(false);
}

/* A get of a greater key than any in RocksDB does not look there. */
Test(store, finds_what_left_memory_whatever_order_keys_came_in)
{
    open_store(&plain);
    put("m", "1", 1);
    store_publish(store, 1);
    cr_assert(store_evict(store, 1, &error));
    cr_expect_str_eq(get("m"), "1");
    cr_expect_str_eq(get("z"), "absent");
    put("z", "2", 2);
    put("a", "3", 2);
    store_publish(store, 2);
    cr_assert(store_evict(store, 2, &error));
    cr_expect_str_eq(get("a"), "3");
    cr_expect_str_eq(get("z"), "2");
    cr_expect_str_eq(get("zz"), "absent");
    close_store(true);
    open_store(&plain);
    cr_expect_str_eq(get("z"), "2");
    cr_expect_str_eq(get("a"), "3");
    cr_expect_str_eq(get("zz"), "absent");
    close_store(false);
}

Test(store, finds_what_was_restored_behind_all_that_was_there)
{
    open_store(&plain);
    put("m", "1", 1);
    store_publish(store, 1);
    cr_assert(store_evict(store, 1, &error));
    const struct store_row row = {bytes_of_text("z"), bytes_of_text("2"), 2};
    cr_assert(store_restore(store, &row, 1, 2, &error));
    cr_assert(store_restored(store, &error));
    cr_expect_str_eq(get("z"), "2");
    close_store(false);
}
