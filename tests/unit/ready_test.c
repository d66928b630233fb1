/* ready.c: an empty input holds its task up as long as max.task.idle.ms says. */
#include <criterion/criterion.h>

#include "runtime/ready.h"

enum { IDLE_US = 1000 };

static struct layout_source topic;
static struct task_source sources[2] = {{.layout = &topic}, {.layout = &topic}};
static struct task task = {.sources = sources, .source_count = 2};
static bool behind[2];

static bool is_behind(void *self, const struct task *of, size_t source)
{
    (void)self, (void)of;
    return behind[source];
}

static bool is_ready(int64_t max_idle_us, int64_t now_us)
{
    const struct ready ready = {max_idle_us, is_behind, NULL};
    return ready_to_process(&ready, &task, now_us);
}

static void fill(size_t first, size_t second)
{
    sources[0].queue.count = first;
    sources[1].queue.count = second;
}

Test(ready, a_task_whose_inputs_all_have_records_goes_on)
{
    fill(1, 3);
    cr_expect(is_ready(IDLE_US, 1));
}

Test(ready, an_input_that_is_behind_is_waited_for_whatever_the_idle_time)
{
    fill(1, 0);
    behind[1] = true;
    cr_expect_not(is_ready(0, 1));
    cr_expect_not(is_ready(0, 50 * 1000 * 1000));
    behind[1] = false;
    cr_expect(is_ready(0, 50 * 1000 * 1000 + 1));
}

Test(ready, an_input_that_has_caught_up_is_waited_for_as_long_as_the_idle_time)
{
    fill(1, 0);
    cr_expect_not(is_ready(IDLE_US, 10));
    cr_expect_not(is_ready(IDLE_US, 10 + IDLE_US - 1));
    cr_expect(is_ready(IDLE_US, 10 + IDLE_US));
    cr_expect(is_ready(IDLE_US, 11 + IDLE_US)); /* and is not waited for again, before something came */
}

Test(ready, the_idle_time_begins_anew_when_something_came)
{
    fill(1, 0);
    cr_expect_not(is_ready(IDLE_US, 10));
    fill(1, 1);
    cr_expect(is_ready(IDLE_US, 20));
    fill(1, 0);
    cr_expect_not(is_ready(IDLE_US, 10 + IDLE_US));
    cr_expect(is_ready(IDLE_US, 10 + IDLE_US + IDLE_US));
}

Test(ready, the_idle_time_begins_when_it_has_caught_up)
{
    fill(1, 0);
    behind[1] = true;
    cr_expect_not(is_ready(IDLE_US, 10));
    behind[1] = false;
    cr_expect_not(is_ready(IDLE_US, 10 + IDLE_US));
    cr_expect(is_ready(IDLE_US, 10 + IDLE_US + IDLE_US));
}

Test(ready, a_task_that_never_waits_goes_on)
{
    fill(1, 0);
    behind[1] = true;
    cr_expect(is_ready(READY_NEVER_WAITS, 1));
}

Test(ready, a_task_with_one_input_never_waits)
{
    task.source_count = 1;
    fill(0, 0);
    behind[0] = true;
    cr_expect(is_ready(IDLE_US, 1));
}

Test(ready, the_shares_of_a_pattern_are_not_waited_for)
{
    topic.is_shares = true;
    fill(1, 0);
    behind[1] = true;
    cr_expect(is_ready(IDLE_US, 1));
}
