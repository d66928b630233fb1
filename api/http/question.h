/* question.h: questions: an ingest endpoint with .answers (weir.h), whose answer is a row of a view.
 *
 * A question is a record. It is written by the instance that has the partition of its key, because its answer will be a row
 * there: whoever else is asked sends it on, once. Then it waits, a suspended connection, until a commit has brought the row
 * that has its id as key. One thread looks after every commit, so that thousands may wait. */
#ifndef WEIR_HTTP_QUESTION_H
#define WEIR_HTTP_QUESTION_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/intake.h"
#include "http/thread.h"

struct question;
struct answering;
struct request;
struct weir_http;

struct questions {
    struct thread thread; /* its lock guards the next two */
    bool is_woken;
    struct question *arrived;    /* the thread has not taken them yet */
    struct question *waiting;    /* the thread's */
    _Atomic int64_t count;       /* of all that wait */
    _Atomic uint64_t unanswered; /* ever */
    struct answering *views;     /* whose commits are told; under views_lock */
    pthread_mutex_t views_lock;
};

void questions_init(struct questions *);
bool questions_start(struct weir_http *);
void questions_stop(
    struct weir_http *); /* nothing is written any more; who waits is told that there is no answer yet */
void questions_done(struct questions *);

/* On a worker or a forwarder: one question that was read and checked. */
void question_begin(struct request *, struct intake *);
#endif
