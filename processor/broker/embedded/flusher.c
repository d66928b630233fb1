/* flusher.c: see flusher.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/flusher.h"

#include <assert.h>

#include "base/clock.h"
#include "embedded/limits.h"
#include "embedded/signal.h"

static bool is_due(const struct embedded_flusher *flusher)
{
    if (!flusher->first)
        return false;
    return flusher->waiting || flusher->stopping ||
           clock_monotonic_us(&clock_system) - flusher->first_us >= EMBEDDED_TICK_MS * 1000;
}

/* Waits until a round is due; false: the flusher stops and nothing is left. */
static bool wait_until_due(struct embedded_flusher *flusher)
{
    while (!is_due(flusher)) {
        if (flusher->first)
            clock_condition_wait(&flusher->work, &flusher->lock, flusher->first_us + EMBEDDED_TICK_MS * 1000);
        else if (flusher->stopping)
            return false;
        else
            pthread_cond_wait(&flusher->work, &flusher->lock);
    }
    return true;
}

static void finish(void *item)
{
    struct embedded_flush *flush = item;
    flush->finish(flush);
}

/* An item may be enqueued again as soon as queued is false, which changes its next: hence the copies. */
static void run_round(struct embedded_flusher *flusher, struct embedded_flush *first)
{
    enum { ITEMS_MAX = 64 };
    void *items[ITEMS_MAX];
    while (first) {
        size_t count = 0;
        for (; first && count < ITEMS_MAX; count++) {
            struct embedded_flush *item = items[count] = first;
            first = first->next;
            atomic_store(&item->queued, false);
            item->begin(item);
        }
        embedded_crew_run(&flusher->crew, finish, items, count);
    }
    flusher->published(flusher->self);
}

static void *flush_for_ever(void *self)
{
    struct embedded_flusher *flusher = self;
    pthread_mutex_lock(&flusher->lock);
    while (wait_until_due(flusher)) {
        struct embedded_flush *first = flusher->first;
        flusher->first = flusher->last = NULL;
        pthread_mutex_unlock(&flusher->lock);
        run_round(flusher, first);
        pthread_mutex_lock(&flusher->lock);
        flusher->rounds++;
        pthread_cond_broadcast(&flusher->done);
    }
    pthread_mutex_unlock(&flusher->lock);
    return NULL;
}

void embedded_flusher_start(struct embedded_flusher *flusher, void (*published)(void *self), void *self)
{
    pthread_mutex_init(&flusher->lock, NULL);
    clock_condition_init(&flusher->work);
    clock_condition_init(&flusher->done);
    flusher->published = published;
    flusher->self = self;
    embedded_crew_start(&flusher->crew);
    int failed = pthread_create(&flusher->thread, NULL, flush_for_ever, flusher);
    assert(failed == 0);
    flusher->started = true;
}

void embedded_flusher_stop(struct embedded_flusher *flusher)
{
    if (!flusher->started)
        return;
    pthread_mutex_lock(&flusher->lock);
    flusher->stopping = true;
    pthread_cond_signal(&flusher->work);
    pthread_mutex_unlock(&flusher->lock);
    pthread_join(flusher->thread, NULL);
    embedded_crew_stop(&flusher->crew);
    pthread_cond_destroy(&flusher->work);
    pthread_cond_destroy(&flusher->done);
    pthread_mutex_destroy(&flusher->lock);
    flusher->started = false;
}

void embedded_flusher_enqueue(struct embedded_flusher *flusher, struct embedded_flush *item)
{
    if (atomic_exchange(&item->queued, true))
        return;
    pthread_mutex_lock(&flusher->lock);
    item->next = NULL;
    if (flusher->last)
        flusher->last->next = item;
    else
        flusher->first = item;
    if (flusher->first == item)
        flusher->first_us = clock_monotonic_us(&clock_system);
    flusher->last = item;
    pthread_cond_signal(&flusher->work);
    pthread_mutex_unlock(&flusher->lock);
}

bool embedded_flusher_wait(struct embedded_flusher *flusher, bool (*is_ready)(void *self), void *self,
                           int64_t timeout_ms)
{
    int64_t until_us = clock_monotonic_us(&clock_system) + timeout_ms * 1000;
    bool ready;
    pthread_mutex_lock(&flusher->lock);
    flusher->waiting++;
    pthread_cond_signal(&flusher->work);
    while (!(ready = is_ready(self)))
        if (!clock_condition_wait(&flusher->done, &flusher->lock, until_us) && !(ready = is_ready(self)))
            break;
    flusher->waiting--;
    pthread_mutex_unlock(&flusher->lock);
    return ready;
}
