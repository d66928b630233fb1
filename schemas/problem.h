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
const char *problem_path(const struct problem *); /* "items[2].quantity", or "value" for the whole value */
#endif
