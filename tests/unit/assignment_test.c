/* What a group's leader dealt to a member, as the coordinator hands it on. */
#include <criterion/criterion.h>

#include "base/arena.h"
#include "kafka/kafka.h"

/* Version 1; "a" with partitions 0 and 7, "bc" with 258; no bytes of the assignor. */
static const uint8_t dealt[] = {0, 1, 0, 0, 0,   2,   0, 1, 'a', 0, 0, 0, 2, 0, 0,    0,    0,    0,   0,
                                0, 7, 0, 2, 'b', 'c', 0, 0, 0,   1, 0, 0, 1, 2, 0xff, 0xff, 0xff, 0xff};

Test(assignment, names_every_partition)
{
    weir_arena arena;
    arena_init(&arena);
    struct broker_place *places;
    size_t count;
    cr_assert(kafka_assignment_read((weir_bytes){dealt, sizeof dealt}, &arena, &places, &count));
    cr_assert_eq(count, 3);
    cr_assert_str_eq(places[0].topic, "a");
    cr_assert_eq(places[0].partition, 0);
    cr_assert_eq(places[1].partition, 7);
    cr_assert_str_eq(places[2].topic, "bc");
    cr_assert_eq(places[2].partition, 258);
    arena_done(&arena);
}

Test(assignment, of_a_new_member_is_empty)
{
    weir_arena arena;
    arena_init(&arena);
    struct broker_place *places;
    size_t count = 1;
    cr_assert(kafka_assignment_read((weir_bytes){NULL, 0}, &arena, &places, &count));
    cr_assert_eq(count, 0);
    arena_done(&arena);
}

Test(assignment, that_is_cut_short_is_malformed)
{
    weir_arena arena;
    arena_init(&arena);
    struct broker_place *places;
    size_t count;
    size_t end_of_partitions = sizeof dealt - 4; /* the assignor's bytes are not looked at */
    for (size_t size = 1; size < end_of_partitions; size++)
        cr_expect_not(kafka_assignment_read((weir_bytes){dealt, size}, &arena, &places, &count), "of %zu bytes", size);
    arena_done(&arena);
}

Test(assignment, that_promises_more_than_it_holds_is_malformed)
{
    static const uint8_t boast[] = {0, 1, 0x7f, 0xff, 0xff, 0xff, 0, 1, 'a', 0, 0, 0, 1, 0, 0, 0, 0};
    weir_arena arena;
    arena_init(&arena);
    struct broker_place *places;
    size_t count;
    cr_assert_not(kafka_assignment_read((weir_bytes){boast, sizeof boast}, &arena, &places, &count));
    arena_done(&arena);
}
