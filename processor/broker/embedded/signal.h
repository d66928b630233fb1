/* signal.h: "something changed", from any thread to every thread that waits for it. */
#ifndef WEIR_EMBEDDED_SIGNAL_H
#define WEIR_EMBEDDED_SIGNAL_H
#include <pthread.h>
#include <stdatomic.h>

#include "weir.h"

struct embedded_signal {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    _Atomic uint64_t count;
};

void embedded_signal_init(struct embedded_signal *);
void embedded_signal_done(struct embedded_signal *);
void embedded_signal_raise(struct embedded_signal *);
/* Read the count, look at what may have changed, then wait for another count. False: the time has passed. */
bool embedded_signal_wait(struct embedded_signal *, uint64_t seen, int64_t until_us);
#endif
