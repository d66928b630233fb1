/* thread.c: see thread.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/thread.h"

#include "base/clock.h"

void thread_init(struct thread *thread)
{
    pthread_mutex_init(&thread->lock, NULL);
    clock_condition_init(&thread->wake);
}

void thread_done(struct thread *thread)
{
    pthread_cond_destroy(&thread->wake);
    pthread_mutex_destroy(&thread->lock);
}

bool thread_start(struct thread *thread, const char *name, void *(*run)(void *self), void *self)
{
    thread->is_there = pthread_create(&thread->id, NULL, run, self) == 0;
    if (thread->is_there)
        pthread_setname_np(thread->id, name);
    return thread->is_there;
}

void thread_stop(struct thread *thread)
{
    if (!thread->is_there)
        return;
    pthread_mutex_lock(&thread->lock);
    thread->is_stopping = true;
    pthread_cond_signal(&thread->wake);
    pthread_mutex_unlock(&thread->lock);
    pthread_join(thread->id, NULL);
    thread->is_there = false;
}

bool thread_rest(struct thread *thread, int64_t until_us)
{
    bool is_time = false;
    pthread_mutex_lock(&thread->lock);
    while (!thread->is_stopping && !is_time)
        is_time = !clock_condition_wait(&thread->wake, &thread->lock, until_us);
    bool goes_on = !thread->is_stopping;
    pthread_mutex_unlock(&thread->lock);
    return goes_on;
}
