/* position.h: how far inputs are contained in an answer, as text: "topic:partition:offset,…", inputs below the offset. */
#ifndef WEIR_RUNTIME_POSITION_H
#define WEIR_RUNTIME_POSITION_H
#include "base/buffer.h"
#include "runtime/task.h"

/* Appends the committed inputs of a task, NUL-terminated behind the size; adds a comma when the text is not empty. */
void position_write(const struct task *, struct buffer *);
/* The committed inputs of a task alone, in the arena; "" when there are none. */
const char *position_text(const struct task *, weir_arena *);

struct position {
    const char *topic; /* in the arena */
    int32_t partition;
    int64_t offset;
};
/* Reads a text into positions in the arena. WEIR_INVALID: it is none. */
bool position_read(const char *text, weir_arena *, struct position **out, size_t *count, struct weir_error *);
#endif
