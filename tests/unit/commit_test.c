/* commit.c: the metadata that travels with the offsets. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/commit.h"

Test(commit, metadata_of_another_program_is_not_ours)
{
    cr_expect_not(commit_metadata_read("").ours);
    cr_expect_not(commit_metadata_read(NULL).ours);
    cr_expect_not(commit_metadata_read("AgAAAZ").ours);
    cr_expect_not(commit_metadata_read("weir2 t=1").ours);
}

Test(commit, times_of_emitted_windows_stand_behind_the_positions)
{
    const struct layout_store store = {.name_hash = 0xb, .spec = {.name = "b"}};
    const struct layout_store other = {.name_hash = 0xc, .spec = {.name = "c"}};
    struct commit_metadata m = commit_metadata_read("weir1 t=1ff p=1fe 0000000a=10 @0000000b=ffffffffffffffff");
    cr_expect_eq(commit_metadata_position(&m, 0xa), 0x10);
    cr_expect_eq(commit_metadata_position(&m, 0xb), -1);
    cr_expect_eq(commit_metadata_emitted(&m, &store), -1);
    cr_expect_eq(commit_metadata_emitted(&m, &other), INT64_MIN);
}

Test(commit, times_ahead_of_stream_time_stand_behind_those_of_emitted_windows)
{
    const struct layout_store a = {.name_hash = 0xa, .spec = {.name = "a"}},
                              b = {.name_hash = 0xb, .spec = {.name = "b"}};
    struct commit_metadata m = commit_metadata_read("weir1 t=1ff p=1fe 0000000a=10 @0000000b=9 >0000000a=7d0");
    cr_expect_eq(commit_metadata_position(&m, 0xa), 0x10);
    cr_expect_eq(commit_metadata_emitted(&m, &a), INT64_MIN);
    cr_expect_eq(commit_metadata_emitted(&m, &b), 9);
    cr_expect_eq(commit_metadata_written(&m, &a), 2000);
    cr_expect_eq(commit_metadata_written(&m, &b), INT64_MIN);
}

/* Version 2, partition time 1234, {"counts": 777, "b": 10}, as TopicPartitionMetadata.encode writes it. */
static const char streams_text[] = "AgAAAAAAAATSAAAAAgAAAAZjb3VudHMAAAAAAAADCQAAAAFiAAAAAAAAAAo=";

Test(commit, kafka_streams_own_metadata_tells_times)
{
    const struct layout_store counts = {.spec = {.name = "counts"}}, b = {.spec = {.name = "b"}},
                              other = {.spec = {.name = "count"}};
    struct commit_metadata m = commit_metadata_read(streams_text);
    cr_assert_not(m.ours);
    cr_expect_eq(m.partition_time_ms, 1234);
    cr_expect_eq(m.stream_time_ms, 1234);
    cr_expect_eq(commit_metadata_emitted(&m, &counts), 777);
    cr_expect_eq(commit_metadata_emitted(&m, &b), 10);
    cr_expect_eq(commit_metadata_emitted(&m, &other), INT64_MIN);
}

Test(commit, kafka_streams_metadata_that_is_damaged_tells_nothing)
{
    const struct layout_store b = {.spec = {.name = "b"}};
    char text[sizeof streams_text];
    for (size_t size = 0; size < sizeof streams_text - 1; size += 4) { /* whole groups, so that it is base64 */
        memcpy(text, streams_text, size);
        text[size] = 0;
        struct commit_metadata m = commit_metadata_read(text);
        cr_expect_eq(commit_metadata_emitted(&m, &b), INT64_MIN, "%s", text);
    }
    cr_expect_eq(commit_metadata_read("AwAAAAAAAATS").partition_time_ms, -1); /* a version to come */
}

Test(commit, positions_are_found_by_the_name_of_their_store)
{
    struct commit_metadata m = commit_metadata_read("weir1 t=1ff 0000000a=10 deadbeef=7fffffff");
    cr_assert(m.ours);
    cr_expect_eq(m.stream_time_ms, 0x1ff);
    cr_expect_eq(commit_metadata_position(&m, 0xa), 0x10);
    cr_expect_eq(commit_metadata_position(&m, 0xdeadbeef), 0x7fffffff);
    cr_expect_eq(commit_metadata_position(&m, 1), -1);
}

Test(commit, no_stream_time_yet_round_trips)
{
    struct commit_metadata m = commit_metadata_read("weir1 t=ffffffffffffffff");
    cr_expect_eq(m.stream_time_ms, -1);
}

Test(commit, the_time_of_the_partition_stands_between)
{
    struct commit_metadata m = commit_metadata_read("weir1 t=1ff p=1fe 0000000a=10");
    cr_expect_eq(m.partition_time_ms, 0x1fe);
    cr_expect_eq(commit_metadata_position(&m, 0xa), 0x10);
    cr_expect_eq(commit_metadata_read("weir1 t=1ff 0000000a=10").partition_time_ms, -1);
}

Test(commit, damaged_positions_are_unknown_not_wrong)
{
    struct commit_metadata m = commit_metadata_read("weir1 t=0 0000000a 0000000b=1");
    cr_expect_eq(commit_metadata_position(&m, 0xb), -1);
}
