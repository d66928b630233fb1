/* cleaner.h: retention and compaction, in the background at low priority.
 *
 * Only closed segments are touched. Retention and purging drop whole segments from the front; compaction writes a new file beside,
 * syncs it and renames it over the first of the segments it replaces. Readers keep what they hold. */
#ifndef WEIR_EMBEDDED_CLEANER_H
#define WEIR_EMBEDDED_CLEANER_H
#include <pthread.h>

#include "weir.h"

struct embedded;
struct embedded_partition;

struct embedded_cleaner {
    pthread_t thread;
    pthread_mutex_t lock; /* one round at a time, and of the fields below */
    pthread_cond_t wake;
    bool started, stopping;
};

void embedded_cleaner_start(struct embedded *);
void embedded_cleaner_stop(struct embedded *);
/* One round over all topics, as of now_ms; eager: compacts also what hardly pays. */
void embedded_clean(struct embedded *, int64_t now_ms, bool eager);

bool embedded_expire(struct embedded_partition *, int64_t now_ms, struct weir_error *);
/* Drops closed segments that lie before what is needed. */
bool embedded_purge(struct embedded_partition *, struct weir_error *);
bool embedded_compact(struct embedded_partition *, int64_t now_ms, bool eager, struct weir_error *);
#endif
