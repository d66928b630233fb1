/* crew.h: a few threads that wait for the disk side by side.
 *
 * A file system makes files that are synced at the same time durable together: one journal commit, one flush of the device
 * (ext4: jbd2's group commit), where one file after the other costs one each. */
#ifndef WEIR_EMBEDDED_CREW_H
#define WEIR_EMBEDDED_CREW_H
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "embedded/limits.h"

struct embedded_crew {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    void (*run)(void *item);
    void *const *items; /* of the round in hand */
    size_t count, next, finished;
    bool stopping;
    pthread_t threads[EMBEDDED_SYNCS];
    size_t thread_count;
};

void embedded_crew_start(struct embedded_crew *);
void embedded_crew_stop(struct embedded_crew *); /* no round may be under way */
/* Calls run for each item, on the caller's thread and up to EMBEDDED_SYNCS others; returns when all have returned. One
 * caller at a time. */
void embedded_crew_run(struct embedded_crew *, void (*run)(void *item), void *const *items, size_t count);
#endif
