/* directory.h: where tasks keep their stores: <state.dir>/<application>/<sub-topology>_<partition>. */
#ifndef WEIR_RUNTIME_DIRECTORY_H
#define WEIR_RUNTIME_DIRECTORY_H
#include "base/config.h"

/* Makes the directory (mode 0700) and those above it; a new string, or NULL with an error that names the path. */
char *directory_of_task(const struct config *, const char *application, int32_t part, int32_t partition,
                        struct weir_error *);
/* <state.dir>/<application>, made in the same way. */
char *directory_of_application(const struct config *, const char *application, struct weir_error *);
/* Of a global table: <state.dir>/<application>/global/<store>. */
char *directory_of_global(const struct config *, const char *application, const char *store, struct weir_error *);
/* <state.dir>/<application>/copies, of copies on their way to other instances or from them. */
char *directory_of_copies(const struct config *, const char *application, struct weir_error *);
/* Puts a directory in the place of another one; what was there is in `directory` afterwards. */
bool directory_put(const char *directory, const char *place, struct weir_error *);
/* Renames a directory whose content is unusable to "<directory>.damaged", replacing an earlier one. */
bool directory_set_aside(const char *directory, struct weir_error *);
#endif
