/* backlog_test.c: what comes in waits for what was written in between, but never for good. */
#include <criterion/criterion.h>

#include "runtime/backlog.h"

enum { LAG_MAX = 100, LOOK_US = 5 * 1000, STILL_US = 100 * 1000, HELD_US = 1000 * 1000 };
enum { FIRST, SECOND, APART, PARTS, INPUT = 0, BETWEEN = 1 };

/* FIRST reads `in` and `answers`, and writes `asked`, which SECOND reads, who writes `answers`. APART reads and writes elsewhere. */
static struct graph_topic user, internal = {.internal = true};
static const struct graph_node from_user = {.topic = &user}, from_internal = {.topic = &internal};
static struct layout_source inputs[PARTS][2] = {
    {{.node = &from_user, .topic = "in"}, {.node = &from_internal, .topic = "answers"}},
    {{.node = &from_internal, .topic = "asked"}},
    {{.node = &from_user, .topic = "else"}, {.node = &from_internal, .topic = "apart"}},
};
static const char *sinks[PARTS][1] = {{"asked"}, {"answers"}, {"apart"}};
static const struct graph_subtopology one_sink = {.nodes = {.count = 1}};
static struct layout_part parts[PARTS];
static struct layout layout = {.parts = parts, .part_count = PARTS};
static struct task_source sources[PARTS][2];
static struct task tasks[PARTS];
static struct task *const all[PARTS] = {&tasks[FIRST], &tasks[SECOND], &tasks[APART]};
static int64_t ends[PARTS][2];
static struct backlog backlog;
static int64_t now_us;

static void set_up(void)
{
    static const size_t counts[PARTS] = {2, 1, 2};
    for (size_t p = 0; p < PARTS; p++) {
        parts[p].subtopology = &one_sink;
        parts[p].sources = inputs[p];
        parts[p].source_count = counts[p];
        parts[p].sink_topics = sinks[p];
        for (size_t s = 0; s < counts[p]; s++)
            sources[p][s].layout = &inputs[p][s];
        tasks[p].part = &parts[p];
        tasks[p].sources = sources[p];
        tasks[p].source_count = counts[p];
    }
    backlog_init(&backlog, &layout, LAG_MAX);
    now_us = STILL_US * 2;
}

static void tear_down(void)
{
    backlog_done(&backlog);
}

TestSuite(backlog, .init = set_up, .fini = tear_down);

static int64_t end_of(void *self, const struct task *task, size_t source)
{
    (void)self;
    return ends[task - tasks][source];
}

static void look(int64_t later_us)
{
    now_us += later_us;
    backlog_look(&backlog, all, PARTS, end_of, NULL, now_us);
}

/* SECOND goes on, and lags by so much. */
static void move(int64_t lag)
{
    sources[SECOND][0].position++;
    ends[SECOND][0] = sources[SECOND][0].position + lag;
}

static void look_at(int64_t lag)
{
    move(lag);
    look(LOOK_US);
}

static bool holds(size_t part)
{
    return backlog_holds(&backlog, &tasks[part], &sources[part][INPUT]);
}

Test(backlog, holds_up_what_leads_to_it_and_nothing_else)
{
    look_at(LAG_MAX);
    cr_expect_not(holds(FIRST));
    look_at(LAG_MAX + 1);
    cr_expect(holds(FIRST));
    cr_expect_not(holds(APART));
    cr_expect_not(backlog_holds(&backlog, &tasks[FIRST], &sources[FIRST][BETWEEN]));
    cr_expect_not(holds(SECOND), "an internal topic");
    look_at(0);
    cr_expect_not(holds(FIRST));
}

Test(backlog, is_that_of_all_topics_behind)
{
    move(LAG_MAX / 2 + 1);
    sources[FIRST][BETWEEN].position = 1;
    ends[FIRST][BETWEEN] = LAG_MAX / 2 + 1 + 1;
    look(LOOK_US);
    cr_expect(holds(FIRST), "its own answers come from it, too");
    cr_expect_not(holds(APART));
}

Test(backlog, is_looked_at_now_and_then)
{
    look(LOOK_US);
    move(LAG_MAX + 1);
    look(LOOK_US - 1);
    cr_expect_not(holds(FIRST));
    look(1);
    cr_expect(holds(FIRST));
}

Test(backlog, that_does_not_move_holds_nobody_up)
{
    look_at(LAG_MAX + 1);
    cr_expect(holds(FIRST));
    look(STILL_US - 1);
    cr_expect(holds(FIRST));
    look(LOOK_US);
    cr_expect_not(holds(FIRST));
    look_at(LAG_MAX + 1);
    cr_expect(holds(FIRST));
}

Test(backlog, of_which_nothing_was_read_holds_nobody_up)
{
    sources[SECOND][0].position = -1;
    ends[SECOND][0] = LAG_MAX * 2;
    look(LOOK_US);
    cr_expect_not(holds(FIRST));
}

Test(backlog, holds_up_for_a_second_at_a_time)
{
    look_at(LAG_MAX + 1);
    for (int64_t held_us = LOOK_US; held_us < HELD_US; held_us += LOOK_US) {
        look_at(LAG_MAX + 1);
        cr_assert(holds(FIRST), "after %lld us", (long long)held_us);
    }
    look_at(LAG_MAX + 1);
    cr_expect_not(holds(FIRST));
    look_at(LAG_MAX + 1);
    cr_expect(holds(FIRST));
}

Test(backlog, lets_pass_what_stands_in_front_of_it)
{
    look_at(LAG_MAX + 1);
    sources[FIRST][BETWEEN].queue.count = 1; /* later than what came in, or it would have been chosen */
    cr_expect_not(holds(FIRST));
}
