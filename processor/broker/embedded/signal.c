/* signal.c: see signal.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/signal.h"

#include "base/clock.h"

void embedded_signal_init(struct embedded_signal *signal)
{
    pthread_mutex_init(&signal->lock, NULL);
    clock_condition_init(&signal->changed);
    atomic_init(&signal->count, 0);
}

void embedded_signal_done(struct embedded_signal *signal)
{
    pthread_cond_destroy(&signal->changed);
    pthread_mutex_destroy(&signal->lock);
}

void embedded_signal_raise(struct embedded_signal *signal)
{
    pthread_mutex_lock(&signal->lock);
    atomic_fetch_add(&signal->count, 1);
    pthread_cond_broadcast(&signal->changed);
    pthread_mutex_unlock(&signal->lock);
}

bool embedded_signal_wait(struct embedded_signal *signal, uint64_t seen, int64_t until_us)
{
    bool changed;
    pthread_mutex_lock(&signal->lock);
    while (!(changed = atomic_load(&signal->count) != seen))
        if (!clock_condition_wait(&signal->changed, &signal->lock, until_us))
            break;
    pthread_mutex_unlock(&signal->lock);
    return changed;
}
