/* Windows behind two repartitions: they wait for the slowest task, however many hops away (DECISIONS.md 53). */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "base/bytes.h"
#include "runtime/lineage.h"

enum { FAST, SLOW }; /* partitions of "in": the driver has one, so what its tasks would have sent is given */

static const void *same_key(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->key;
}

static weir_test *drive(void)
{
    static const char *const set[][2] = {{"emit.interval.ms", "0"}, {NULL, NULL}};
    static const struct weir_window window = {.size = {100}, .emit = WEIR_EMIT_ON_CLOSE};
    struct weir_error error = {0};
    weir_topology *t = weir_topology_new("t");
    weir_stream *first =
        weir_rekey(weir_from(t, "in", &weir_str_type, &weir_str_type), "first", &weir_str_type, same_key);
    weir_stream *second = weir_rekey(first, "second", &weir_str_type, same_key);
    weir_to(weir_changes(weir_count(weir_group(second), "counts", .window = window)), "out");
    weir_test *test = weir_test_new(t, (struct weir_config){.application = "t", .set = set}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

/* As the task of that partition of "in" sends a record to the first repartition topic. */
static void send_from(weir_test *test, int32_t partition, int64_t at_ms)
{
    unsigned char bytes[LINEAGE_BYTES];
    const struct lineage lineage = {
        .topic_hash = 1, .partition = partition, .offset = at_ms, .stream_time_ms = at_ms, .slowest_ms = at_ms};
    lineage_write(&lineage, bytes);
    const struct weir_header header = {LINEAGE_HEADER, {bytes, sizeof bytes}};
    struct weir_error error = {0};
    weir_test_send_raw(
        test, "t-first-repartition",
        (struct weir_raw_record){
            .key = bytes_of_text("k"), .value = bytes_of_text("v"), .timestamp_ms = at_ms, .headers = {&header, 1}});
    cr_assert_not(weir_test_failed(test, &error), "%s", error.message);
}

static int64_t next_count(weir_test *test)
{
    struct weir_record out;
    return weir_test_recv(test, "out", &out) ? *(const int64_t *)out.value : 0;
}

Test(hops, a_window_waits_for_a_slow_task_two_hops_upstream)
{
    weir_test *test = drive();
    send_from(test, SLOW, 10);
    send_from(test, FAST, 1000);
    cr_expect_eq(next_count(test), 0);
    send_from(test, SLOW, 20);
    cr_expect_eq(next_count(test), 0);
    send_from(test, SLOW, 1200);
    cr_expect_eq(next_count(test), 2);
    cr_expect_eq(weir_test_dropped(test, NULL), 0);
    weir_test_free(test);
}
