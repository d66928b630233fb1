/* A copy that follows a changelog shows whole commits. */
#include <criterion/criterion.h>

#include "base/bytes.h"
#include "state/store.h"

static const struct database_limits limits = {.committed_bytes_max = 1 << 20, .apply_interval_ms = 1000};
static const struct store_spec spec = {.name = "rows", .kind = STORE_KEY_VALUE, .in_memory = true};

static struct database *database;
static struct store *store;
static weir_arena arena;

static void open_store(void)
{
    struct weir_error error = {0};
    arena_init(&arena);
    database = database_open(NULL, limits, &error);
    store = store_open(database, &spec, &error);
    cr_assert_not_null(store, "%s", error.message);
}

static void close_store(void)
{
    struct weir_error error = {0};
    store_close(store);
    database_close(database, false, &error);
    arena_done(&arena);
}

TestSuite(follow, .init = open_store, .fini = close_store);

static void take(const char *key, const char *value)
{
    const struct store_row row = {bytes_of_text(key), value ? bytes_of_text(value) : (weir_bytes){0}, 5};
    struct weir_error error = {0};
    cr_assert(store_follow(store, &row, &error), "%s", error.message);
}

static const char *seen(const char *key)
{
    struct store_row row;
    struct weir_error error = {0};
    if (!store_view_get(store, bytes_of_text(key), &arena, &row, &error))
        return "absent";
    return arena_bytes(&arena, row.value).data;
}

Test(follow, rows_are_seen_when_their_commit_is_whole_and_not_before)
{
    take("a", "1");
    take("b", "2");
    cr_expect_str_eq(seen("a"), "absent");
    store_publish(store, 2);
    cr_expect_str_eq(seen("a"), "1");
    cr_expect_str_eq(seen("b"), "2");
    cr_expect_eq(store_position(store), 2);
}

Test(follow, a_row_that_was_deleted_is_gone_with_the_commit)
{
    take("a", "1");
    store_publish(store, 1);
    take("a", NULL);
    cr_expect_str_eq(seen("a"), "1");
    store_publish(store, 2);
    cr_expect_str_eq(seen("a"), "absent");
}

Test(follow, what_belongs_to_an_unfinished_commit_is_forgotten_at_a_takeover)
{
    take("a", "1");
    store_publish(store, 1);
    take("a", "2");
    store_drop(store);
    cr_expect_str_eq(seen("a"), "1");
    cr_expect_eq(store_position(store), 1);
}

static void take_window(struct store *windows, uint64_t start_ms, const char *value)
{
    unsigned char key[11] = {'k'}; /* the key, its end, the window's start (state/keys.h) */
    bytes_put_u64(key + 3, start_ms ^ UINT64_C(1) << 63);
    const struct store_row row = {{key, sizeof key}, value ? bytes_of_text(value) : (weir_bytes){0}, 5};
    struct weir_error error = {0};
    cr_assert(store_follow(windows, &row, &error), "%s", error.message);
}

Test(follow, time_comes_from_what_is_left_of_a_commit_and_not_from_what_was_undone)
{
    static const struct store_spec spec_of_windows = {
        .name = "windows", .kind = STORE_WINDOW, .window_size_ms = 100, .retention_ms = 100, .in_memory = true};
    struct weir_error error = {0};
    struct store *windows = store_open(database, &spec_of_windows, &error);
    store_restore_until(windows, 9000);
    take_window(windows, 1000, "1");
    take_window(windows, 5000, "an unfinished commit's");
    cr_expect_eq(store_observed_time(windows), INT64_MIN);
    take_window(windows, 5000, NULL);
    store_publish_followed(windows, 3);
    cr_expect_eq(store_observed_time(windows), 1000);
    cr_expect_eq(store_written_time(windows), 1000);
    store_close(windows);
}
