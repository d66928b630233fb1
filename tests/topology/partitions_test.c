/* Over how many partitions data is moved, and to which: a whole app on the embedded log. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/tree.h"
#include "broker/broker.h"

enum { WAIT_MS = 20000 };

static char folder[64], log_directory[96], state_directory[96];

static void remove_folder(void)
{
    tree_remove(folder);
}

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/weir-partitions-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(log_directory, sizeof log_directory, "%s/log", folder);
    snprintf(state_directory, sizeof state_directory, "%s/state", folder);
}

static weir_app *try_to_start(weir_topology *topology, const char *optimization, struct weir_error *error)
{
    return weir_start(topology,
                      (struct weir_config){.application = "partitions",
                                           .set = (const char *const[][2]){{"log.dir", log_directory},
                                                                           {"state.dir", state_directory},
                                                                           {"commit.interval.ms", "20"},
                                                                           {"embedded.partitions", "2"},
                                                                           {"topology.optimization", optimization},
                                                                           {NULL}}},
                      error);
}

static weir_app *start_here(weir_topology *topology)
{
    struct weir_error error = {0};
    weir_app *app = try_to_start(topology, "none", &error);
    cr_assert_not_null(app, "%s", error.message);
    return app;
}

static weir_app *start(weir_topology *topology)
{
    make_folder();
    return start_here(topology);
}

static void stop(weir_app *app)
{
    struct weir_error error = {0};
    cr_expect(weir_stop(app, weir_seconds(30), &error), "%s", error.message);
    remove_folder();
}

static void produce(weir_app *app, const char *topic, const char *key, const char *value)
{
    struct weir_error error = {0};
    const struct weir_raw_record record = {.key = {key, key ? strlen(key) : 0}, .value = {value, strlen(value)}};
    cr_assert(weir_produce(app, topic, &record, 1, NULL, &error), "%s", error.message);
}

/* Waits for the row; -1: it did not come. */
static int32_t partition_of_row(weir_app *app, const char *store, const char *key)
{
    struct weir_error error = {0};
    weir_arena *arena = weir_arena_new();
    weir_view *view = weir_view_open(app, store, &error);
    cr_assert_not_null(view, "%s", error.message);
    const weir_bytes bytes = {key, strlen(key)};
    struct weir_row row = {.partition = -1};
    bool found = false;
    for (int waited_ms = 0; !found && waited_ms < WAIT_MS; waited_ms += 20) {
        found = weir_view_get(view, arena, &bytes, &row, &error);
        error = (struct weir_error){0};
        if (!found)
            usleep(20 * 1000);
    }
    int32_t partition = found ? row.partition : -1;
    weir_view_close(view);
    weir_arena_free(arena);
    return partition;
}

static int32_t by_first_letter(const struct weir_record *record, int32_t partitions)
{
    const weir_bytes *key = record->key;
    return (*(const char *)key->data - 'a') % partitions;
}

static weir_stream *texts(weir_topology *t)
{
    return weir_from(t, "in", &weir_str_type, &weir_str_type);
}

Test(partitions, a_repartition_has_as_many_as_the_author_says_and_spreads_as_told)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *moved = weir_repartition(texts(t), "moved", .partitions = 5, .partition_of = by_first_letter);
    weir_count(weir_group(moved), "counts");
    weir_app *app = start(t);
    produce(app, "in", "apple", "1");
    produce(app, "in", "eel", "1");
    cr_expect_eq(partition_of_row(app, "counts", "apple"), 0);
    cr_expect_eq(partition_of_row(app, "counts", "eel"), 4);
    weir_view *view = weir_view_open(app, "counts", NULL);
    cr_expect_eq(weir_view_describe(view).partitions, 5);
    weir_view_close(view);
    stop(app);
}

Test(partitions, a_topic_is_written_where_the_author_says)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(texts(t), "spread", .partition_of = by_first_letter);
    weir_table_from(t, "spread", "spread", &weir_str_type, &weir_str_type);
    weir_app *app = start(t);
    produce(app, "in", "apple", "1");
    produce(app, "in", "bee", "1");
    cr_expect_eq(partition_of_row(app, "spread", "apple"), 0);
    cr_expect_eq(partition_of_row(app, "spread", "bee"), 1);
    stop(app);
}

static const void *named(weir_context *context, const struct weir_record *left)
{
    (void)context;
    return left->value;
}

static const void *both(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context, (void)left;
    return right->value;
}

static bool never(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    return false;
}

static weir_table *spread_table(weir_topology *t, const char *in, const char *topic)
{
    weir_to(weir_from(t, in, &weir_str_type, &weir_str_type), topic, .partition_of = by_first_letter);
    return weir_table_from(t, topic, topic, &weir_str_type, &weir_str_type);
}

Test(partitions, a_foreign_key_join_finds_rows_where_the_author_says)
{
    static const char *const keys[] = {"apple", "bee", "cat", "dog", "eel", "fox"};
    weir_topology *t = weir_topology_new("t");
    weir_table *left = spread_table(t, "left-in", "lefts"), *right = spread_table(t, "right-in", "rights");
    weir_join_foreign(left, right, "fk", named, both, .value = &weir_str_type, .store = "joined",
                      .partition_of = by_first_letter, .other_partition_of = by_first_letter);
    weir_app *app = start(t);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        produce(app, "right-in", keys[i], "row");
        produce(app, "left-in", keys[i], keys[sizeof keys / sizeof *keys - 1 - i]);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        cr_expect_eq(partition_of_row(app, "joined", keys[i]), (int32_t)i % 2, "%s", keys[i]);
    stop(app);
}

static int32_t beyond(const struct weir_record *record, int32_t partitions)
{
    (void)record;
    return partitions;
}

Test(partitions, a_partition_that_is_not_there_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(texts(t), "out", .partition_of = beyond);
    struct weir_error error = {0};
    weir_test *test = weir_test_new(t, (struct weir_config){.application = "t"}, &error);
    cr_assert_not_null(test, "%s", error.message);
    weir_test_send_raw(test, "in", (struct weir_raw_record){.key = {"a", 1}, .value = {"b", 1}, .timestamp_ms = 1});
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    bool says_so = false;
    for (size_t i = 0; i < letter.headers.count; i++)
        says_so |= memmem(letter.headers.items[i].value.data, letter.headers.items[i].value.size,
                          "chose partition 1 of 1", 22) != NULL;
    cr_expect(says_so);
    weir_test_free(test);
}

/* ---- topics of unequal width ---- */

static struct broker *open_log(void)
{
    struct weir_error error = {0};
    struct broker *log = broker_embedded_open(log_directory, NULL, &error);
    cr_assert_not_null(log, "%s", error.message);
    return log;
}

static void make_uneven_topics(void)
{
    struct weir_error error = {0};
    make_folder();
    struct broker *log = open_log();
    const struct broker_topic_spec specs[] = {{.name = "narrow", .partitions = 1}, {.name = "wide", .partitions = 3}};
    cr_assert(log->ops->ensure(log, specs, 2, &error), "%s", error.message);
    log->ops->close(log);
}

static int32_t count_of(const char *topic)
{
    struct weir_error error = {0};
    struct broker *log = open_log();
    int32_t count = log->ops->partitions(log, topic, &error);
    log->ops->close(log);
    return count;
}

static weir_stream *from(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static int64_t sum_of(weir_app *app, const char *store)
{
    struct weir_error error = {0};
    weir_arena *arena = weir_arena_new();
    weir_view *view = weir_view_open(app, store, &error);
    weir_cursor *cursor = weir_view_scan(view, arena, (struct weir_range){0}, &error);
    struct weir_row row;
    int64_t sum = 0;
    while (cursor && weir_next(cursor, &row, &error))
        sum += *(const int64_t *)row.value;
    weir_cursor_close(cursor);
    weir_view_close(view);
    weir_arena_free(arena);
    return sum;
}

static void expect_sum(weir_app *app, const char *store, int64_t expected)
{
    for (int waited_ms = 0; sum_of(app, store) != expected && waited_ms < WAIT_MS; waited_ms += 20)
        usleep(20 * 1000);
    cr_expect_eq(sum_of(app, store), expected);
}

static int32_t partitions_of_view(weir_app *app, const char *store)
{
    weir_view *view = weir_view_open(app, store, NULL);
    int32_t partitions = weir_view_describe(view).partitions;
    weir_view_close(view);
    return partitions;
}

Test(partitions, merged_topics_are_read_by_as_many_tasks_as_the_widest_has_partitions)
{
    static const char *const keys[] = {"apple", "bee", "cat", "dog", "eel", "fox"};
    weir_topology *t = weir_topology_new("t");
    make_uneven_topics();
    weir_count(weir_group(weir_merge(from(t, "narrow"), from(t, "wide"))), "counts");
    weir_app *app = start_here(t);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        produce(app, "narrow", keys[i], "1");
        produce(app, "wide", keys[i], "1");
    }
    cr_expect_eq(partitions_of_view(app, "counts"), 3);
    expect_sum(app, "counts", 12);
    cr_expect_eq(count_of("partitions-counts-changelog"), 3);
    stop(app);
}

Test(partitions, what_merged_topics_of_unequal_width_made_is_there_after_a_restart)
{
    struct weir_error error = {0};
    make_uneven_topics();
    for (int round = 1; round <= 2; round++) {
        weir_topology *t = weir_topology_new("t");
        weir_count(weir_group(weir_merge(from(t, "narrow"), from(t, "wide"))), "counts");
        weir_app *app = start_here(t);
        produce(app, "narrow", "apple", "1");
        produce(app, "wide", "apple", "1");
        expect_sum(app, "counts", 2 * round);
        cr_assert(weir_stop(app, weir_seconds(30), &error), "%s", error.message);
        tree_remove(state_directory);
    }
    remove_folder();
}

Test(partitions, a_repartition_has_as_many_as_the_widest_topic_that_its_writers_read)
{
    weir_topology *t = weir_topology_new("t");
    make_uneven_topics();
    weir_repartition(weir_merge(from(t, "narrow"), from(t, "wide")), "moved");
    weir_app *app = start_here(t);
    cr_expect_eq(count_of("partitions-moved-repartition"), 3);
    stop(app);
}

Test(partitions, a_repartition_that_is_merged_with_a_topic_keeps_its_own_width)
{
    weir_topology *t = weir_topology_new("t");
    make_uneven_topics();
    weir_stream *moved = weir_repartition(from(t, "wide"), "moved");
    weir_count(weir_group(weir_merge(moved, from(t, "narrow"))), "counts");
    weir_app *app = start_here(t);
    produce(app, "narrow", "apple", "1");
    produce(app, "wide", "apple", "1");
    produce(app, "wide", "eel", "1");
    expect_sum(app, "counts", 3);
    cr_expect_eq(count_of("partitions-moved-repartition"), 3);
    stop(app);
}

Test(partitions, a_repartition_that_is_joined_with_a_topic_has_as_many_as_that)
{
    weir_topology *t = weir_topology_new("t");
    make_uneven_topics();
    weir_stream *moved = weir_repartition(from(t, "wide"), "moved");
    weir_table *table = weir_table_from(t, "narrow", "rows", &weir_str_type, &weir_str_type);
    weir_to(weir_join_table(moved, table, both, .value = &weir_str_type), "out");
    weir_app *app = start_here(t);
    cr_expect_eq(count_of("partitions-moved-repartition"), 1);
    stop(app);
}

static void expect_refused(weir_topology *t, const char *optimization, const char *why)
{
    struct weir_error error = {0};
    cr_expect_null(try_to_start(t, optimization, &error));
    cr_expect_not_null(strstr(error.message, why), "%s", error.message);
    remove_folder();
}

Test(partitions, joined_topics_of_unequal_width_are_refused_also_through_a_merge)
{
    weir_topology *t = weir_topology_new("t");
    make_uneven_topics();
    weir_table *table = weir_table_from(t, "narrow", "rows", &weir_str_type, &weir_str_type);
    weir_stream *merged = weir_merge(from(t, "beside"), weir_filter_not(from(t, "wide"), never));
    weir_to(weir_join_table(merged, table, both, .value = &weir_str_type), "out");
    expect_refused(t, "none", "need the same number of partitions");
}

Test(partitions, a_table_whose_topic_is_its_changelog_is_not_narrower_than_what_it_is_merged_with)
{
    weir_topology *t = weir_topology_new("t");
    make_uneven_topics();
    weir_table *table = weir_table_from(t, "narrow", "rows", &weir_str_type, &weir_str_type);
    weir_to(weir_merge(weir_changes(table), from(t, "wide")), "out");
    expect_refused(t, "all", "topic 'narrow' is the changelog of store 'rows'");
}
