/* upstream.c: see upstream.h. The slowest is looked for again only when it has moved on or gone silent.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/upstream.h"

#include "base/memory.h"

enum {
    LATELY_RECORDS = 8192,  /* batches of one producer are shorter than that */
    PARTITIONS_MAX = 65536, /* of one topic; a number beyond comes from no task of ours */
};

struct upstream_task {
    int64_t time_ms;
    uint64_t heard; /* number of the last record; 0: none yet */
};

void upstream_init(struct upstream *upstream, int32_t expected)
{
    *upstream = (struct upstream){.expected = expected > 0 ? (size_t)expected : 0};
}

void upstream_done(struct upstream *upstream)
{
    memory_free(upstream->tasks);
    *upstream = (struct upstream){0};
}

static bool is_heard_lately(const struct upstream *upstream, const struct upstream_task *task)
{
    return task->heard > 0 && upstream->records - task->heard < LATELY_RECORDS;
}

static void find_slowest(struct upstream *upstream, size_t latest)
{
    upstream->slowest = latest;
    for (size_t i = 0; i < upstream->count; i++)
        if (is_heard_lately(upstream, &upstream->tasks[i]) &&
            upstream->tasks[i].time_ms < upstream->tasks[upstream->slowest].time_ms)
            upstream->slowest = i;
}

static struct upstream_task *task_of(struct upstream *upstream, size_t partition)
{
    if (partition >= upstream->count) {
        upstream->tasks = memory_grow(upstream->tasks, &upstream->capacity, partition + 1, sizeof *upstream->tasks);
        while (upstream->count <= partition)
            upstream->tasks[upstream->count++] = (struct upstream_task){0};
    }
    return &upstream->tasks[partition];
}

void upstream_hear(struct upstream *upstream, int32_t partition, int64_t stream_time_ms)
{
    if (partition < 0 || partition >= PARTITIONS_MAX)
        return;
    size_t latest = (size_t)partition;
    struct upstream_task *task = task_of(upstream, latest);
    bool is_first = upstream->records++ == 0;
    bool is_new = task->heard == 0;
    task->heard = upstream->records;
    if (is_new || stream_time_ms > task->time_ms)
        task->time_ms = stream_time_ms;
    upstream->heard += is_new;
    const struct upstream_task *slowest = &upstream->tasks[upstream->slowest];
    if (is_first || latest == upstream->slowest || !is_heard_lately(upstream, slowest) ||
        task->time_ms < slowest->time_ms)
        find_slowest(upstream, latest);
}

int64_t upstream_slowest(const struct upstream *upstream)
{
    if (upstream->records == 0)
        return INT64_MAX;
    if (upstream->heard < upstream->expected && upstream->records < LATELY_RECORDS)
        return INT64_MIN;
    return upstream->tasks[upstream->slowest].time_ms;
}
