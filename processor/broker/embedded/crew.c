/* crew.c: see crew.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/crew.h"

#include <assert.h>

/* Runs items as long as there are some that nobody has taken. Lock held, but for the runs themselves. */
static void take_part(struct embedded_crew *crew)
{
    while (crew->next < crew->count) {
        void *item = crew->items[crew->next++];
        pthread_mutex_unlock(&crew->lock);
        crew->run(item);
        pthread_mutex_lock(&crew->lock);
        if (++crew->finished == crew->count)
            pthread_cond_signal(&crew->done);
    }
}

static void *help(void *self)
{
    struct embedded_crew *crew = self;
    pthread_mutex_lock(&crew->lock);
    while (!crew->stopping) {
        take_part(crew);
        pthread_cond_wait(&crew->work, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

void embedded_crew_start(struct embedded_crew *crew)
{
    *crew = (struct embedded_crew){.thread_count = 0};
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->work, NULL);
    pthread_cond_init(&crew->done, NULL);
    for (; crew->thread_count < EMBEDDED_SYNCS; crew->thread_count++) {
        int failed = pthread_create(&crew->threads[crew->thread_count], NULL, help, crew);
        assert(failed == 0);
    }
}

void embedded_crew_stop(struct embedded_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    assert(crew->finished == crew->count);
    crew->stopping = true;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->lock);
    for (size_t i = 0; i < crew->thread_count; i++)
        pthread_join(crew->threads[i], NULL);
    pthread_cond_destroy(&crew->work);
    pthread_cond_destroy(&crew->done);
    pthread_mutex_destroy(&crew->lock);
}

void embedded_crew_run(struct embedded_crew *crew, void (*run)(void *item), void *const *items, size_t count)
{
    pthread_mutex_lock(&crew->lock);
    assert(crew->finished == crew->count);
    crew->run = run;
    crew->items = items;
    crew->count = count;
    crew->next = crew->finished = 0;
    for (size_t i = 1; i < count && i <= EMBEDDED_SYNCS; i++)
        pthread_cond_signal(&crew->work);
    take_part(crew);
    while (crew->finished < crew->count)
        pthread_cond_wait(&crew->done, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
}
