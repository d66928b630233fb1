/* fiber.c: see fiber.h. Stacks of makecontext(3), kept for the next fiber.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulator/fiber.h"

#include <assert.h>
#include <stddef.h>
#include <ucontext.h>

#include "base/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define START_SWITCH(kept, stack, size) __sanitizer_start_switch_fiber(kept, stack, size)
#define FINISH_SWITCH(kept, stack, size) __sanitizer_finish_switch_fiber(kept, stack, size)
#else
#define START_SWITCH(kept, stack, size) ((void)(kept), (void)(stack), (void)(size))
#define FINISH_SWITCH(kept, stack, size) ((void)(kept), (void)(stack), (void)(size))
#endif

enum { STACK_BYTES = 1 << 20, KEPT_MAX = 16 };

struct fiber {
    ucontext_t context, back;
    void *stack;
    void (*run)(void *self);
    void *self;
    bool has_begun, has_ended;
    void *kept, *kept_back; /* of AddressSanitizer: the fake stacks of both sides */
    const void *back_stack; /* of who resumed it */
    size_t back_size;
};

static struct fiber *inside;
static void *stacks[KEPT_MAX];
static size_t stack_count;

static void enter(void)
{
    struct fiber *fiber = inside;
    FINISH_SWITCH(NULL, &fiber->back_stack, &fiber->back_size);
    fiber->run(fiber->self);
    fiber->has_ended = true;
    inside = NULL;
    START_SWITCH(NULL, fiber->back_stack, fiber->back_size);
    setcontext(&fiber->back);
}

struct fiber *fiber_new(void (*run)(void *self), void *self)
{
    struct fiber *fiber = memory_new(sizeof *fiber);
    fiber->run = run;
    fiber->self = self;
    fiber->stack = stack_count > 0 ? stacks[--stack_count] : memory_new(STACK_BYTES);
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&fiber->context, enter, 0);
    return fiber;
}

void fiber_free(struct fiber *fiber)
{
    if (!fiber)
        return;
    assert(fiber->has_ended || !fiber->has_begun);
    if (stack_count < KEPT_MAX)
        stacks[stack_count++] = fiber->stack;
    else
        memory_free(fiber->stack);
    memory_free(fiber);
}

void fiber_resume(struct fiber *fiber)
{
    assert(!inside && !fiber->has_ended);
    inside = fiber;
    fiber->has_begun = true;
    START_SWITCH(&fiber->kept_back, fiber->stack, STACK_BYTES);
    swapcontext(&fiber->back, &fiber->context);
    FINISH_SWITCH(fiber->kept_back, NULL, NULL);
}

void fiber_yield(void)
{
    struct fiber *fiber = inside;
    assert(fiber);
    inside = NULL;
    START_SWITCH(&fiber->kept, fiber->back_stack, fiber->back_size);
    swapcontext(&fiber->context, &fiber->back);
    FINISH_SWITCH(fiber->kept, &fiber->back_stack, &fiber->back_size);
}

bool fiber_is_inside(void)
{
    return inside != NULL;
}

bool fiber_has_ended(const struct fiber *fiber)
{
    return fiber->has_ended;
}
