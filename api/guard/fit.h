/* fit.h: whether an access file fits the views that are there.
 *
 * A misspelt field in hide= would hide nothing, and nobody would notice. So what names a field that a view of that very name does not
 * have is refused. A name of a view alone may be another application's, as applications share access files, and a pattern is meant for
 * views to come: when nothing here fits either, that is logged. */
#ifndef WEIR_GUARD_FIT_H
#define WEIR_GUARD_FIT_H
#include "guard/access.h"

struct fit_view {
    const char *name;
    const struct weir_type *value;
};

/* path: of the file, for messages. False: WEIR_INVALID, the message names the line. */
bool fit_check(const struct access *, const char *path, const struct fit_view *, size_t count, struct weir_error *);
#endif
