/* loop.h: one thread: one consumer, one producer, its tasks. */
#ifndef WEIR_RUNTIME_LOOP_H
#define WEIR_RUNTIME_LOOP_H
#include "runtime/app.h"

struct loop;

/* Starts the thread; it joins the group and works until told to stop or failed. */
struct loop *loop_start(struct weir_app *, int32_t number, struct weir_error *);
/* The same without a thread: whoever opens it runs it, and closes it when it has ended or was never run (NULL is fine). */
struct loop *loop_open(struct weir_app *, int32_t number, struct weir_error *);
void loop_run(struct loop *);
void loop_close(struct loop *);
void loop_stop(struct loop *); /* asks; any thread */
/* Waits for the end, at most until deadline_us (monotonic); frees the loop when it has ended. False: it has not. */
bool loop_join(struct loop *, int64_t deadline_us);
bool loop_settled(const struct loop *); /* has an assignment, none of its tasks restores; any thread */
#endif
