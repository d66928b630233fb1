/* waker.c: keeps librdkafka's fetcher from sleeping while its queue runs empty.
 *
 * When the queue holds queued.min.messages the fetcher stops, and before librdkafka 2.2 it looks again only when
 * something else wakes its thread, or after a second. Until now the cure was a queue of more than a second's records:
 * 300,000 of them, 200 MB. A small queue and a wake-up when it is half empty is as fast in a tenth of the memory
 * (measured, 112 bytes a record: 15 to 30 MB instead of 185, and 10 % less CPU because the messages stay in the cache).
 * A partition that is resumed, after a pause or when its task begins, is not noticed sooner either.
 * Any request to the leaders of the partitions does as a wake-up; a question for their ends is the cheapest. It takes an
 * answer's time, so a thread of its own asks.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kafka.h"

enum { ANSWER_TIMEOUT_MS = 1000, QUEUED_KBYTES = 65536 };

static rd_kafka_topic_partition_list_t *assigned_ends(rd_kafka_t *client)
{
    rd_kafka_topic_partition_list_t *partitions = NULL;
    if (rd_kafka_assignment(client, &partitions))
        return NULL;
    for (int i = 0; i < partitions->cnt; i++)
        partitions->elems[i].offset = RD_KAFKA_OFFSET_END; /* the timestamp that asks for the end (KIP-79) */
    return partitions;
}

/* The answer is of no interest, nor is its failure: a fetcher that is not woken wakes by itself. */
static void wake(rd_kafka_t *client)
{
    rd_kafka_topic_partition_list_t *partitions = assigned_ends(client);
    if (!partitions)
        return;
    if (partitions->cnt > 0)
        (void)rd_kafka_offsets_for_times(client, partitions, ANSWER_TIMEOUT_MS);
    rd_kafka_topic_partition_list_destroy(partitions);
}

static void *run(void *self)
{
    struct kafka_waker *waker = self;
    pthread_mutex_lock(&waker->lock);
    while (!waker->is_stopping) {
        if (!waker->is_wanted) {
            pthread_cond_wait(&waker->changed, &waker->lock);
            continue;
        }
        waker->is_wanted = false;
        pthread_mutex_unlock(&waker->lock);
        wake(waker->client);
        pthread_mutex_lock(&waker->lock);
    }
    pthread_mutex_unlock(&waker->lock);
    return NULL;
}

/* What the fetcher goes by, also where the user has set it. */
static size_t setting(rd_kafka_t *client, const char *key, size_t otherwise)
{
    char text[24];
    size_t size = sizeof text;
    if (rd_kafka_conf_get(rd_kafka_conf(client), key, text, &size) != RD_KAFKA_CONF_OK)
        return otherwise;
    return strtoul(text, NULL, 10);
}

void kafka_waker_start(struct kafka_waker *waker, rd_kafka_t *client)
{
    *waker = (struct kafka_waker){
        .client = client,
        .full = setting(client, "queued.min.messages", KAFKA_QUEUED_MESSAGES),
        .full_bytes = setting(client, "queued.max.messages.kbytes", QUEUED_KBYTES) * 1024,
    };
    pthread_mutex_init(&waker->lock, NULL);
    pthread_cond_init(&waker->changed, NULL);
    waker->is_running = pthread_create(&waker->thread, NULL, run, waker) == 0; /* without it: slower, not wrong */
}

void kafka_waker_stop(struct kafka_waker *waker)
{
    if (!waker->client)
        return;
    pthread_mutex_lock(&waker->lock);
    waker->is_stopping = true;
    pthread_cond_signal(&waker->changed);
    pthread_mutex_unlock(&waker->lock);
    if (waker->is_running)
        pthread_join(waker->thread, NULL);
    pthread_cond_destroy(&waker->changed);
    pthread_mutex_destroy(&waker->lock);
    *waker = (struct kafka_waker){0};
}

void kafka_waker_call(struct kafka_waker *waker)
{
    pthread_mutex_lock(&waker->lock);
    waker->is_wanted = true;
    pthread_cond_signal(&waker->changed);
    pthread_mutex_unlock(&waker->lock);
}

static void note_average(struct kafka_waker *waker, struct kafka_taken taken)
{
    if (taken.count == 0)
        return;
    size_t average = taken.bytes / taken.count;
    waker->average = waker->average ? (waker->average * 7 + average) / 8 : average;
}

size_t kafka_waker_bytes(const struct kafka_waker *waker, size_t messages)
{
    return messages * (waker->average + KAFKA_FETCHED_BYTES);
}

static bool reaches(const struct kafka_waker *waker, size_t messages, size_t quarters)
{
    return messages >= waker->full / 4 * quarters || messages * waker->average >= waker->full_bytes / 4 * quarters;
}

/* Once per filling: an idle queue is empty too, and asks nobody. A queue that is nearly full is taken for full: the bytes are
 * an estimate, and more may come while some are taken. What was found counts as well, for that is what the fetcher saw:
 * messages of a partition that was paused since are thrown away unseen when others are taken (a join stood still for a
 * second, which it did in every other run). */
void kafka_waker_note(struct kafka_waker *waker, bool *was_full, size_t found, size_t queued, struct kafka_taken taken)
{
    note_average(waker, taken);
    size_t filled = queued + taken.count;
    if (reaches(waker, found > filled ? found : filled, 3))
        *was_full = true;
    if (!*was_full || reaches(waker, filled, 2))
        return;
    *was_full = false;
    kafka_waker_call(waker);
}
