/* upstream_test.c: how far the tasks upstream are. */
#include <criterion/criterion.h>

#include "runtime/upstream.h"

Test(upstream, nobody_holds_up_what_comes_from_nowhere)
{
    struct upstream upstream;
    upstream_init(&upstream, 0);
    cr_expect_eq(upstream_slowest(&upstream), INT64_MAX);
}

Test(upstream, a_single_task_is_the_slowest_at_once)
{
    struct upstream upstream;
    upstream_init(&upstream, 1);
    upstream_hear(&upstream, 0, 5);
    cr_expect_eq(upstream_slowest(&upstream), 5);
    upstream_hear(&upstream, 0, 9);
    cr_expect_eq(upstream_slowest(&upstream), 9);
    upstream_done(&upstream);
}

Test(upstream, time_of_a_task_does_not_go_back)
{
    struct upstream upstream;
    upstream_init(&upstream, 1);
    upstream_hear(&upstream, 0, 9);
    upstream_hear(&upstream, 0, 5); /* of another of its inputs */
    cr_expect_eq(upstream_slowest(&upstream), 9);
    upstream_done(&upstream);
}

Test(upstream, nothing_is_known_before_all_tasks_were_heard_of)
{
    struct upstream upstream;
    upstream_init(&upstream, 2);
    upstream_hear(&upstream, 1, 100);
    cr_expect_eq(upstream_slowest(&upstream), INT64_MIN);
    upstream_hear(&upstream, 0, 3);
    cr_expect_eq(upstream_slowest(&upstream), 3);
    upstream_done(&upstream);
}

Test(upstream, the_slowest_holds_up_until_it_moves_on)
{
    struct upstream upstream;
    upstream_init(&upstream, 3);
    upstream_hear(&upstream, 0, 10);
    upstream_hear(&upstream, 1, 20);
    upstream_hear(&upstream, 2, 30);
    upstream_hear(&upstream, 2, 300);
    cr_expect_eq(upstream_slowest(&upstream), 10);
    upstream_hear(&upstream, 0, 25);
    cr_expect_eq(upstream_slowest(&upstream), 20);
    upstream_done(&upstream);
}

Test(upstream, a_task_that_has_gone_silent_holds_nobody_up)
{
    struct upstream upstream;
    upstream_init(&upstream, 2);
    upstream_hear(&upstream, 0, 10);
    for (int i = 0; i < 8191; i++)
        upstream_hear(&upstream, 1, 100 + i);
    cr_expect_eq(upstream_slowest(&upstream), 10);
    upstream_hear(&upstream, 1, 9000);
    cr_expect_eq(upstream_slowest(&upstream), 9000);
    upstream_hear(&upstream, 0, 11); /* back again */
    cr_expect_eq(upstream_slowest(&upstream), 11);
    upstream_done(&upstream);
}

Test(upstream, a_task_that_never_spoke_is_waited_for_so_long_and_no_longer)
{
    struct upstream upstream;
    upstream_init(&upstream, 2);
    for (int i = 0; i < 8191; i++)
        upstream_hear(&upstream, 1, i);
    cr_expect_eq(upstream_slowest(&upstream), INT64_MIN);
    upstream_hear(&upstream, 1, 9000);
    cr_expect_eq(upstream_slowest(&upstream), 9000);
    upstream_done(&upstream);
}

Test(upstream, a_partition_that_no_topic_has_is_ignored)
{
    struct upstream upstream;
    upstream_init(&upstream, 1);
    upstream_hear(&upstream, -1, 5);
    upstream_hear(&upstream, INT32_MAX, 5);
    cr_expect_eq(upstream_slowest(&upstream), INT64_MAX);
    upstream_done(&upstream);
}
