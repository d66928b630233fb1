/* beginning.c: see beginning.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/beginning.h"

#include "base/error.h"

static int64_t time_of(const struct layout_source *source, int64_t now_ms)
{
    if (source->reset == WEIR_RESET_LATEST)
        return INT64_MAX;
    int64_t from_ms = now_ms - source->reset_by_ms;
    return from_ms > 0 ? from_ms : 0;
}

bool beginning_find(struct broker *broker, const struct layout_source *source, int32_t partition, int64_t now_ms,
                    int64_t *offset, struct weir_error *error)
{
    int64_t end;
    if (source->reset == WEIR_RESET_NONE)
        return error_set(error, WEIR_FATAL,
                         "topic %s partition %d: no offset is committed, and the source may not begin without one (%s)",
                         source->topic, partition,
                         source->node->reset == WEIR_RESET_NONE ? source->node->at : "auto.offset.reset is none");
    if (source->reset == WEIR_RESET_EARLIEST)
        return broker->ops->range(broker, source->topic, partition, offset, &end, error);
    return broker->ops->offset_at(broker, source->topic, partition, time_of(source, now_ms), offset, error);
}

static bool begins_elsewhere(const struct task_source *source)
{
    return source->begun == BROKER_NO_OFFSET && source->layout->reset != WEIR_RESET_EARLIEST;
}

void beginning_seek(const struct broker *broker, struct broker_consumer *consumer, const struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++) {
        const struct task_source *source = &task->sources[i];
        const struct broker_offset place = {source->layout->topic, task->partition, source->position, NULL};
        if (begins_elsewhere(source))
            broker->ops->consumer_rewind(consumer, &place, 1);
    }
}
