/* error.h: filling a struct weir_error. The first error wins: it is the cause, later ones are its echoes. */
#ifndef WEIR_BASE_ERROR_H
#define WEIR_BASE_ERROR_H
#include "weir.h"

/* Sets code and message unless an error is set already. Always returns false, so that a step ends with it. error may
 * be NULL (then nothing is kept). A message too long is cut at a character's border. */
__attribute__((format(printf, 3, 4))) bool error_set(struct weir_error *error, enum weir_code code, const char *format,
                                                     ...);
const char *error_code_name(enum weir_code);

/* For errors on the path of a record: zeroing all of one costs as much as looking up a row. */
static inline void error_clear(struct weir_error *error)
{
    error->code = WEIR_OK;
    error->message[0] = 0;
}
#endif
