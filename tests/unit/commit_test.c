/* commit.c: the metadata that travels with the offsets. */
#include <criterion/criterion.h>

#include "runtime/commit.h"

Test(commit, metadata_of_another_program_is_not_ours)
{
    cr_expect_not(commit_metadata_read("").ours);
    cr_expect_not(commit_metadata_read(NULL).ours);
    cr_expect_not(commit_metadata_read("AgAAAZ").ours);
    cr_expect_not(commit_metadata_read("weir2 t=1").ours);
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
