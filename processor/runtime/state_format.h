/* state_format.h: which form the state of an application has on disk, so that what a later weir wrote is left as it is.
 *
 * File <state.dir>/<application>/format: the line "weir-state 1". Where there is none, the state is of a weir that did not write
 * one yet, which is form 1, too. */
#ifndef WEIR_RUNTIME_STATE_FORMAT_H
#define WEIR_RUNTIME_STATE_FORMAT_H
#include "base/config.h"

/* Call before anything else of the state is opened. False: WEIR_INVALID, with the file and what it says. */
bool state_format_check(const struct config *, const char *application, struct weir_error *);
#endif
