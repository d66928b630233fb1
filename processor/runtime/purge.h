/* purge.h: deletes what is processed of repartition topics, which have no retention (Kafka Streams: TaskManager and
 * repartition.purge.interval.ms).
 *
 * Only what a finished commit covers: whoever takes a task over begins there. Nothing waits for it, and nothing depends on it:
 * a request that fails is told, and the next one covers it. Of a loop, on its thread. */
#ifndef WEIR_RUNTIME_PURGE_H
#define WEIR_RUNTIME_PURGE_H
#include "runtime/app.h"
#include "runtime/task.h"

struct purge {
    int64_t interval_us, asked_us;
    bool is_wanted; /* something was committed since the last request */
};

void purge_when_due(struct purge *, struct weir_app *, struct broker_consumer *, struct task *const *, size_t count);
#endif
