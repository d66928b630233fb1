/* commit_round.h: one commit of all tasks of a loop that have made progress, in the order of commit.h. */
#ifndef WEIR_RUNTIME_COMMIT_ROUND_H
#define WEIR_RUNTIME_COMMIT_ROUND_H
#include <stdbool.h>

struct loop;

/* True: what the tasks have done is committed and shown, or there was nothing. False: it failed; the loop tries again, recovers,
 * joins anew or ends, as is noted in it. */
bool commit_round(struct loop *);
#endif
