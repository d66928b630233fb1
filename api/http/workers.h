/* workers.h: a few threads for the requests that may block: for scans and writes with a queue, for SQL without one. */
#ifndef WEIR_HTTP_WORKERS_H
#define WEIR_HTTP_WORKERS_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/limits.h"

struct request;

struct workers_spec {
    const char *name;   /* of the threads */
    size_t threads;     /* up to LIMIT_WORKERS */
    size_t waiting_max; /* requests that may wait while all threads are busy */
    int nice;           /* added to the priority of the process; 0: as it is */
};

struct workers {
    struct workers_spec spec;
    pthread_t threads[LIMIT_WORKERS];
    size_t thread_count, busy;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct request *first, *last;
    size_t waiting;
    bool stopping;
};

void workers_init(struct workers *, struct workers_spec);
bool workers_start(struct workers *);
void workers_stop(struct workers *); /* what was submitted is answered and resumed; nothing more is taken */
void workers_done(struct workers *);
/* The request's connection must be suspended. False: too many are waiting; the request is still the caller's. */
bool workers_submit(struct workers *, struct request *);
void workers_refuse(struct request *); /* answers one that was not taken */
#endif
