/* Over how many partitions data is moved, and to which: a whole app on the embedded log. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/tree.h"
#include "weir.h"

enum { WAIT_MS = 20000 };

static char folder[64], log_directory[96], state_directory[96];

static void remove_folder(void)
{
    tree_remove(folder);
}

static weir_app *start(weir_topology *topology)
{
    struct weir_error error = {0};
    snprintf(folder, sizeof folder, "/tmp/weir-partitions-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(log_directory, sizeof log_directory, "%s/log", folder);
    snprintf(state_directory, sizeof state_directory, "%s/state", folder);
    weir_app *app = weir_start(topology,
                               (struct weir_config){.application = "partitions",
                                                    .set = (const char *const[][2]){{"log.dir", log_directory},
                                                                                    {"state.dir", state_directory},
                                                                                    {"commit.interval.ms", "20"},
                                                                                    {"embedded.partitions", "2"},
                                                                                    {NULL}}},
                               &error);
    cr_assert_not_null(app, "%s", error.message);
    return app;
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
