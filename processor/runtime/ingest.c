/* ingest.c: see ingest.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ingest.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "runtime/app.h"
#include "runtime/collector.h"
#include "runtime/limits.h"

enum { FLUSH_TIMEOUT_MS = 10 * 1000, PARTITIONS_CACHED_MAX = 256, RECORD_OVERHEAD_BYTES = 64 };

struct request {
    struct request *next;
    const char *topic;
    const struct weir_raw_record *records;
    size_t count, bytes;
    struct weir_produced *out;
    struct broker_delivery *deliveries;
    struct weir_error error;
    bool unanswered;
    int64_t arrived_us;
    weir_produced_then *then;
    void *self;
};

struct cached_count {
    char *topic;
    int32_t partitions;
};

struct ingest {
    struct weir_app *app;
    struct collector collector;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct request *first, **last;
    size_t waiting_bytes, waiting_bytes_max, waiting_records;
    int64_t oldest_us; /* of those that are being written now; 0: none are */
    bool stopping, is_failing;
    struct cached_count counts[PARTITIONS_CACHED_MAX]; /* the thread's own */
    size_t count_count;
    uint32_t turn;                       /* partition of the next record without a key */
    struct broker_delivery **unanswered; /* the producer may write to them until it is closed */
    size_t unanswered_count, unanswered_capacity;
};

/* At least 1; otherwise the error is set. */
static int32_t partitions_of(struct ingest *ingest, const char *topic, struct weir_error *error)
{
    for (size_t i = 0; i < ingest->count_count; i++)
        if (strcmp(ingest->counts[i].topic, topic) == 0)
            return ingest->counts[i].partitions;
    int32_t count = ingest->app->broker->ops->partitions(ingest->app->broker, topic, error);
    if (count == 0)
        error_set(error, WEIR_ABSENT, "there is no topic '%s'", topic);
    if (count > 0 && ingest->count_count < PARTITIONS_CACHED_MAX)
        ingest->counts[ingest->count_count++] = (struct cached_count){memory_text(topic), count};
    return count;
}

static void send_request(struct ingest *ingest, struct request *request)
{
    int32_t partitions = partitions_of(ingest, request->topic, &request->error);
    if (partitions < 1)
        return;
    for (size_t i = 0; i < request->count && request->error.code == WEIR_OK; i++) {
        const struct weir_raw_record *raw = &request->records[i];
        int32_t partition =
            raw->key.data ? hash_partition(raw->key, partitions) : (int32_t)(ingest->turn++ % (uint32_t)partitions);
        request->out[i].partition = partition;
        const struct broker_record record = {
            .partition = partition,
            .timestamp_ms = raw->timestamp_ms,
            .key = raw->key,
            .value = raw->value,
            .headers = raw->headers,
            .delivery = &request->deliveries[i],
        };
        collector_send(&ingest->collector, request->topic, &record, &request->error);
    }
}

static void answer(struct request *request, const struct weir_error *flush)
{
    bool passes = flush->code == WEIR_OK || flush->code == WEIR_FENCED; /* what was lost may be sent again */
    for (size_t i = 0; i < request->count; i++) {
        request->out[i].offset = request->deliveries[i].next_offset - 1;
        request->unanswered = request->unanswered || (flush->code != WEIR_OK && request->out[i].offset < 0);
        if (request->error.code == WEIR_OK && request->out[i].offset < 0)
            error_set(&request->error, passes ? WEIR_RETRY : flush->code, "topic %s: %s", request->topic,
                      flush->code == WEIR_OK ? "not acknowledged in time" : flush->message);
    }
}

static struct request *take_all(struct ingest *ingest)
{
    pthread_mutex_lock(&ingest->lock);
    while (!ingest->first && !ingest->stopping)
        pthread_cond_wait(&ingest->arrived, &ingest->lock);
    struct request *all = ingest->first;
    ingest->first = NULL;
    ingest->last = &ingest->first;
    ingest->oldest_us = all ? all->arrived_us : 0;
    pthread_mutex_unlock(&ingest->lock);
    return all;
}

/* Deliveries that an outage left open are kept until the producer has forgotten them. */
static void keep_unanswered(struct ingest *ingest, struct broker_delivery *deliveries)
{
    ingest->unanswered = memory_grow(ingest->unanswered, &ingest->unanswered_capacity, ingest->unanswered_count + 1,
                                     sizeof(struct broker_delivery *));
    ingest->unanswered[ingest->unanswered_count++] = deliveries;
}

/* The buffer has room again before anybody is told. */
static void leave_buffer(struct ingest *ingest, const struct request *all)
{
    pthread_mutex_lock(&ingest->lock);
    for (const struct request *request = all; request; request = request->next) {
        ingest->waiting_bytes -= request->bytes;
        ingest->waiting_records -= request->count;
        ingest->is_failing = request->error.code != WEIR_OK && request->error.code != WEIR_ABSENT;
    }
    ingest->oldest_us = 0;
    pthread_mutex_unlock(&ingest->lock);
}

static void release_all(struct ingest *ingest, struct request *all)
{
    leave_buffer(ingest, all);
    for (struct request *request = all, *next; request; request = next) {
        next = request->next;
        if (request->unanswered)
            keep_unanswered(ingest, request->deliveries);
        else
            memory_free(request->deliveries);
        request->then(request->self, &request->error); /* what the caller gave may be gone from here on */
        memory_free(request);
    }
}

static void *run(void *self)
{
    struct ingest *ingest = self;
    struct request *all;
    while ((all = take_all(ingest))) {
        for (struct request *request = all; request; request = request->next)
            send_request(ingest, request);
        struct weir_error flush = {0};
        collector_flush(&ingest->collector, FLUSH_TIMEOUT_MS, &flush);
        for (struct request *request = all; request; request = request->next)
            answer(request, &flush);
        release_all(ingest, all);
    }
    return NULL;
}

struct ingest *ingest_new(struct weir_app *app, struct weir_error *error)
{
    struct ingest *ingest = memory_new(sizeof *ingest);
    ingest->app = app;
    ingest->last = &ingest->first;
    size_t wanted = (size_t)config_integer(app->config, "ingest.buffer.bytes");
    size_t share = limits_share(app, SHARE_REQUESTS);
    ingest->waiting_bytes_max = wanted < share ? wanted : share;
    pthread_mutex_init(&ingest->lock, NULL);
    pthread_cond_init(&ingest->arrived, NULL);
    char *client = memory_format("%s-ingest", app->layout.application);
    bool ok = collector_open(&ingest->collector, app->broker, client, NULL, error);
    memory_free(client);
    if (ok && pthread_create(&ingest->thread, NULL, run, ingest) == 0)
        return ingest;
    error_set(error, WEIR_FATAL, "cannot start a thread");
    collector_close(&ingest->collector);
    memory_free(ingest);
    return NULL;
}

void ingest_free(struct ingest *ingest)
{
    if (!ingest)
        return;
    pthread_mutex_lock(&ingest->lock);
    ingest->stopping = true;
    pthread_cond_signal(&ingest->arrived);
    pthread_mutex_unlock(&ingest->lock);
    pthread_join(ingest->thread, NULL);
    collector_close(&ingest->collector);
    for (size_t i = 0; i < ingest->unanswered_count; i++)
        memory_free(ingest->unanswered[i]);
    memory_free(ingest->unanswered);
    for (size_t i = 0; i < ingest->count_count; i++)
        memory_free(ingest->counts[i].topic);
    pthread_cond_destroy(&ingest->arrived);
    pthread_mutex_destroy(&ingest->lock);
    memory_free(ingest);
}

/* The bytes that wait are bounded; beyond that the caller is told to come again. One request alone always fits. */
static bool enqueue(struct ingest *ingest, struct request *request)
{
    if (ingest->stopping)
        return error_set(&request->error, WEIR_RETRY, "the application is stopping");
    if (ingest->waiting_bytes > 0 && ingest->waiting_bytes + request->bytes > ingest->waiting_bytes_max)
        return error_set(&request->error, WEIR_FULL, "topic %s: %zu records are waiting to be written already",
                         request->topic, ingest->waiting_records);
    ingest->waiting_bytes += request->bytes;
    ingest->waiting_records += request->count;
    *ingest->last = request;
    ingest->last = &request->next;
    pthread_cond_signal(&ingest->arrived);
    return true;
}

static size_t bytes_of(const struct weir_raw_record *records, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += records[i].key.size + records[i].value.size + RECORD_OVERHEAD_BYTES;
    return bytes;
}

void weir_produce_then(struct weir_app *app, const char *topic, const struct weir_raw_record *records, size_t count,
                       struct weir_produced *out, weir_produced_then *then, void *self)
{
    struct ingest *ingest = app->ingest;
    struct request *request = memory_new(sizeof *request);
    *request = (struct request){
        .topic = topic,
        .records = records,
        .count = count,
        .bytes = bytes_of(records, count),
        .out = out,
        .deliveries = memory_new(count * sizeof *request->deliveries),
        .arrived_us = clock_monotonic_us(&clock_system),
        .then = then,
        .self = self,
    };
    pthread_mutex_lock(&ingest->lock);
    bool taken = enqueue(ingest, request);
    pthread_mutex_unlock(&ingest->lock);
    if (taken)
        return;
    then(self, &request->error);
    memory_free(request->deliveries);
    memory_free(request);
}

/* Who waits for a request of its own. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t told;
    struct weir_error error;
    bool done;
};

static void tell(void *self, const struct weir_error *error)
{
    struct waiter *waiter = self;
    pthread_mutex_lock(&waiter->lock);
    waiter->error = *error;
    waiter->done = true;
    pthread_cond_signal(&waiter->told);
    pthread_mutex_unlock(&waiter->lock);
}

bool weir_produce(struct weir_app *app, const char *topic, const struct weir_raw_record *records, size_t count,
                  struct weir_produced *out, struct weir_error *error)
{
    struct weir_produced *unwanted = out ? NULL : memory_new(count * sizeof *unwanted);
    struct waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER};
    weir_produce_then(app, topic, records, count, out ? out : unwanted, tell, &waiter);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.done)
        pthread_cond_wait(&waiter.told, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_cond_destroy(&waiter.told);
    pthread_mutex_destroy(&waiter.lock);
    memory_free(unwanted);
    return waiter.error.code == WEIR_OK || error_set(error, waiter.error.code, "%s", waiter.error.message);
}

struct weir_buffer_info weir_app_buffer(struct weir_app *app)
{
    struct ingest *ingest = app->ingest;
    pthread_mutex_lock(&ingest->lock);
    int64_t oldest_us = ingest->oldest_us ? ingest->oldest_us : ingest->first ? ingest->first->arrived_us : 0;
    struct weir_buffer_info info = {
        .bytes = (int64_t)ingest->waiting_bytes,
        .bytes_max = (int64_t)ingest->waiting_bytes_max,
        .records = (int64_t)ingest->waiting_records,
        .oldest_ms = oldest_us ? (clock_monotonic_us(&clock_system) - oldest_us) / 1000 : 0,
        .is_failing = ingest->is_failing,
    };
    pthread_mutex_unlock(&ingest->lock);
    return info;
}
