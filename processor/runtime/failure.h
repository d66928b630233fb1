/* failure.h: what becomes of a record that cannot be read, processed or written: the three policies (enum weir_policy),
 * or what the author's handler answers (handler.h).
 *
 * Kafka Streams' handlers of the same stages (KIP-161, KIP-210, KIP-1033, KIP-1034) decide the same at the same place:
 * reading in front of the topology, processing and producing at the node where it happens. */
#ifndef WEIR_RUNTIME_FAILURE_H
#define WEIR_RUNTIME_FAILURE_H
#include "runtime/task.h"

struct failure {
    enum weir_stage stage;
    const char *reason; /* a short word: "unreadable", "future", "failed", … */
    const char *detail; /* the error's message */
    enum weir_policy policy;
    const char *setting;              /* the one that decides the policy */
    weir_error_handler *handler;      /* asked before the policy; NULL: nobody is */
    const struct weir_record *record; /* what the node was given; NULL: nothing */
};

/* The head of the source cannot be read. True: it is taken care of, the caller lets it go. False: task->failure is set. */
bool failure_reading(struct task *, struct task_source *, const struct failure *);
/* The head of the source, in hand, waits as a letter (parking.h), whatever the policies are. False: the execution has latched
 * why it cannot. */
bool failure_to_wait(struct task *, struct task_source *, const char *place, const char *detail);
/* Sets task->failure: the cause, and where the head of the source is. Always false. */
bool failure_at(struct task *, const struct task_source *, const struct weir_error *cause);
/* engine_calls.failed of a task: engine is the struct task. */
void failure_in_node(void *engine, weir_context *);
/* A record that a call gave up (engine_calls.give_up); its value goes as JSON, since what it came as is gone. The topic is that of the
 * task's first source. */
void failure_of_call(void *engine, weir_context *, const struct weir_record *, const struct given_up *);
#endif
