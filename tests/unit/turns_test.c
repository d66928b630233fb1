/* Whose record is next in a test: by time, and among equals as java.util.PriorityQueue gives them. */
#include "runtime/turns.h"

#include <criterion/criterion.h>

static void expect_order(const int64_t *times, size_t count, const size_t *order)
{
    struct task_source sources[8] = {0};
    struct turns turns = {0};
    struct turn turn;
    for (size_t i = 0; i < count; i++) {
        sources[i].head.timestamp_ms = times[i];
        turns_add(&turns, (struct turn){NULL, &sources[i]});
    }
    for (size_t i = 0; i < count; i++) {
        cr_assert(turns_take(&turns, &turn));
        cr_expect_eq(turn.source - sources, (ptrdiff_t)order[i], "turn %zu is of source %td", i, turn.source - sources);
    }
    cr_expect_not(turns_take(&turns, &turn));
    turns_done(&turns);
}

Test(turns, the_smallest_time_goes_first)
{
    expect_order((const int64_t[]){30, 10, 50, 20, 40}, 5, (const size_t[]){1, 3, 0, 4, 2});
}

Test(turns, equal_times_go_in_the_order_of_the_heap)
{
    expect_order((const int64_t[]){7, 7, 7, 7}, 4, (const size_t[]){0, 3, 2, 1});
}
