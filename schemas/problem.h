/* problem.h: what is wrong with a value, and where in it: "items[2].quantity: expected an integer (byte 117)".
 *
 * The innermost step says what; each step on the way out puts its name in front of the path, so that a value that is
 * right pays nothing for it. All of them return false. Never holds contents of a value. */
#ifndef WEIR_SCHEMAS_PROBLEM_H
#define WEIR_SCHEMAS_PROBLEM_H
#include "base/error.h"
#include "weir.h"

struct problem {
    size_t path_start; /* in path, which is filled from its end */
    char text[112];
    char path[120];
};

void problem_init(struct problem *);
__attribute__((format(printf, 2, 3))) bool problem_set(struct problem *, const char *format, ...);
bool problem_in_field(struct problem *, const char *name);
bool problem_in_item(struct problem *, size_t index);
/* Sets the error to WEIR_POISON and "path: text (byte N)"; of the whole value there is no path. byte -1: no place. */
bool problem_report(const struct problem *, ptrdiff_t byte, struct weir_error *);
#endif
