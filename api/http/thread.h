/* thread.h: one thread of the server's that goes round after round, rests in between, and stops when it is told to. */
#ifndef WEIR_HTTP_THREAD_H
#define WEIR_HTTP_THREAD_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct thread {
    pthread_mutex_t lock; /* guards is_stopping, and what its user says */
    pthread_cond_t wake;  /* is_stopping was set, or what its user says */
    bool is_stopping;
    bool is_there; /* it was started, and not yet stopped */
    pthread_t id;
};

void thread_init(struct thread *);
void thread_done(struct thread *);
/* False: there can be none. name: as the system shows it, up to 15 bytes. */
bool thread_start(struct thread *, const char *name, void *(*run)(void *self), void *self);
/* Returns when it has ended; nothing happens where there is none. */
void thread_stop(struct thread *);
/* On the thread: until that time, or until it is to stop. False: it is to stop. */
bool thread_rest(struct thread *, int64_t until_us);
#endif
