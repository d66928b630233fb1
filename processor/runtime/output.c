/* output.c: see output.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/output.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "runtime/loop_private.h"

enum { LETTERS_TOLD_A_SECOND = 10 };

static bool send(void *self, const struct graph_node *sink, const char *topic, const struct broker_record *record,
                 struct weir_error *error)
{
    struct loop *loop = self;
    const struct task_watch *watch = loop->app->watch;
    (void)sink;
    if (watch)
        watch->sending(watch->self, topic, record);
    return collector_send(&loop->collector, topic, record, error) && failpoint("record.sent", error);
}

static int32_t partitions(void *self, const char *topic, struct weir_error *error)
{
    struct loop *loop = self;
    return collector_partitions(&loop->collector, topic, error);
}

static void release(void *self, struct broker_message *message)
{
    struct loop *loop = self;
    loop->app->broker->ops->consumer_release(loop->consumer, message);
}

static void dropped(void *self, const struct weir_drop *drop)
{
    struct loop *loop = self;
    drops_add(&loop->app->figures.drops, drop);
}

/* Without what was wrong, which may hold values: that is in the letter. A flood of them is told by the figures. */
static void tell_dead_letter(struct loop *loop, const struct weir_dead_letter *letter)
{
    int64_t second = loop_now_us() / 1000000;
    if (second != loop->letters_second)
        loop->letters_told = 0;
    loop->letters_second = second;
    if (++loop->letters_told > LETTERS_TOLD_A_SECOND)
        return;
    log_traced(LOG_INFO, "loop", letter->trace_id, "dead letter to %s: topic %s, partition %d, offset %lld: %s",
               letter->letters, letter->topic, letter->partition, (long long)letter->offset, letter->reason);
}

static void dead(void *self, const struct weir_dead_letter *letter)
{
    struct loop *loop = self;
    figures_dead_letter(&loop->app->figures, letter);
    tell_dead_letter(loop, letter);
}

struct task_output output_of(struct loop *loop)
{
    return (struct task_output){loop, send, partitions, release, dropped, dead};
}
