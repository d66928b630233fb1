/* workers.h: a few threads for the requests that may block. */
#ifndef WEIR_HTTP_WORKERS_H
#define WEIR_HTTP_WORKERS_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/limits.h"

struct request;

struct workers {
    pthread_t threads[LIMIT_WORKERS];
    size_t thread_count;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct request *first, *last;
    size_t waiting;
    bool stopping;
};

void workers_init(struct workers *);
bool workers_start(struct workers *);
void workers_stop(struct workers *); /* what was submitted is answered and resumed; nothing more is taken */
void workers_done(struct workers *);
/* The request's connection must be suspended. False: too many are waiting; the request is still the caller's. */
bool workers_submit(struct workers *, struct request *);
void workers_refuse(struct request *); /* answers one that was not taken */
#endif
