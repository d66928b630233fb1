/* handler.h: the author's say in what becomes of a record that failed (weir_error_handler of weir.h).
 *
 * What a handler is told is what Kafka Streams' ErrorHandlerContext tells (KIP-1033), and the record beside it. */
#ifndef WEIR_RUNTIME_HANDLER_H
#define WEIR_RUNTIME_HANDLER_H
#include "runtime/dead_letter.h"
#include "runtime/failure.h"

struct verdict {
    enum weir_policy policy; /* never the default */
    const char *because;     /* who says so, for the message of a task that stops; in the arena */
};

/* The handler's answer where there is one, else the policy. The letter is the one that would be written. */
struct verdict handler_decide(const struct task *, const struct graph_node *, const struct failure *,
                              const struct dead_letter *, weir_arena *);
#endif
