/* signals.h: SIGTERM, SIGINT and SIGHUP end the process in order; a second one ends it at once. */
#ifndef WEIR_CLI_SIGNALS_H
#define WEIR_CLI_SIGNALS_H
#include <stdbool.h>

/* Call before any thread is started: they inherit that the signals are blocked. Also ignores SIGPIPE. */
void signals_hold(void);
/* Waits up to timeout_ms for one. */
bool signals_wait(int timeout_ms);
/* From now on a signal ends the process with 128 + its number. */
void signals_end_at_once(void);
#endif
