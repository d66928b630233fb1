/* fiber.h: functions that can stand still in the middle while others go on, all on one thread: a process in a simulation
 * waits for its network here. */
#ifndef WEIR_SIMULATOR_FIBER_H
#define WEIR_SIMULATOR_FIBER_H
#include <stdbool.h>

struct fiber;

struct fiber *fiber_new(void (*run)(void *self), void *self);
void fiber_free(struct fiber *); /* which has ended or was never resumed; NULL is fine */
/* Goes on with the fiber until it yields or ends; not from inside a fiber. */
void fiber_resume(struct fiber *);
void fiber_yield(void); /* from inside: back to who resumed it */
bool fiber_is_inside(void);
bool fiber_has_ended(const struct fiber *);
#endif
