/* lineage.c: repetitions of repartition records are recognised. */
#include <criterion/criterion.h>

#include "runtime/lineage.h"

static struct lineage at(int32_t partition, int64_t offset, int32_t number)
{
    return (struct lineage){
        .topic_hash = 7, .partition = partition, .offset = offset, .number = number, .stream_time_ms = 5};
}

Test(lineage, a_header_round_trips)
{
    unsigned char bytes[LINEAGE_BYTES];
    const struct lineage written = {0xdeadbeef, 3, INT64_MAX - 1, 9, -1, INT64_MIN};
    lineage_write(&written, bytes);
    const struct weir_header header = {LINEAGE_HEADER, {bytes, LINEAGE_BYTES}};
    struct lineage read;
    cr_assert(lineage_read((struct weir_headers){&header, 1}, &read));
    cr_expect_eq(read.topic_hash, written.topic_hash);
    cr_expect_eq(read.partition, written.partition);
    cr_expect_eq(read.offset, written.offset);
    cr_expect_eq(read.number, written.number);
    cr_expect_eq(read.stream_time_ms, written.stream_time_ms);
    cr_expect_eq(read.slowest_ms, written.slowest_ms);
}

Test(lineage, a_header_of_the_first_releases_has_one_time)
{
    unsigned char bytes[LINEAGE_BYTES];
    const struct lineage written = {7, 3, 40, 9, 1000, 10};
    lineage_write(&written, bytes);
    const struct weir_header header = {LINEAGE_HEADER, {bytes, LINEAGE_FIRST_BYTES}};
    struct lineage read;
    cr_assert(lineage_read((struct weir_headers){&header, 1}, &read));
    cr_expect_eq(read.offset, 40);
    cr_expect_eq(read.stream_time_ms, 1000);
    cr_expect_eq(read.slowest_ms, 1000);
}

Test(lineage, a_header_of_another_size_is_none)
{
    const struct weir_header header = {LINEAGE_HEADER, {"short", 5}};
    struct lineage read;
    cr_expect_not(lineage_read((struct weir_headers){&header, 1}, &read));
}

Test(lineage, a_repetition_is_recognised)
{
    struct lineage_seen seen = {0};
    struct lineage first = at(0, 10, 0), second = at(0, 10, 1), later = at(0, 11, 0);
    cr_expect(lineage_advance(&seen, &first));
    cr_expect(lineage_advance(&seen, &second));
    cr_expect_not(lineage_advance(&seen, &first));
    cr_expect_not(lineage_advance(&seen, &second));
    cr_expect(lineage_advance(&seen, &later));
    lineage_seen_done(&seen);
}

Test(lineage, partitions_do_not_mix)
{
    struct lineage_seen seen = {0};
    for (int32_t p = 0; p < 50; p++) {
        struct lineage one = at(p, 100 - p, 0);
        cr_expect(lineage_advance(&seen, &one));
    }
    for (int32_t p = 49; p >= 0; p--) {
        struct lineage again = at(p, 100 - p, 0), next = at(p, 101 - p, 0);
        cr_expect_not(lineage_advance(&seen, &again));
        cr_expect(lineage_advance(&seen, &next));
    }
    lineage_seen_done(&seen);
}

Test(lineage, what_was_seen_survives_in_its_store)
{
    struct weir_error error = {0};
    const struct store_spec spec = {.name = "lineage", .key_type = &weir_bytes_type, .value_type = &weir_bytes_type};
    struct database *database = database_open(NULL, (struct database_limits){.committed_bytes_max = SIZE_MAX}, &error);
    struct store *store = store_open(database, &spec, &error);
    struct lineage_seen seen = {0}, loaded = {0};
    struct lineage one = at(0, 10, 3), two = at(1, 7, 0), two_next = at(1, 7, 1);
    lineage_advance(&seen, &one);
    lineage_advance(&seen, &two);
    lineage_save(&seen, store, 0);
    cr_assert(lineage_load(&loaded, store, &error), "%s", error.message);
    cr_expect_not(lineage_advance(&loaded, &one));
    cr_expect_not(lineage_advance(&loaded, &two));
    cr_expect(lineage_advance(&loaded, &two_next));
    lineage_seen_done(&seen);
    lineage_seen_done(&loaded);
    store_close(store);
    database_close(database, false, &error);
}
