/* log.h: one line per event on standard error, JSON when it is not a terminal (or WEIR_LOG_FORMAT says so).
 *
 * Rooms do not log; the loop, the doors and the command do. Never values, never secrets. Thread-safe. */
#ifndef WEIR_BASE_LOG_H
#define WEIR_BASE_LOG_H
#include "weir.h"

enum log_level { LOG_NOTHING = -1, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level);
enum log_level log_level(void);
const char *log_level_name(enum log_level); /* as in the setting log.level */
bool log_level_of_name(weir_bytes name, enum log_level *);
bool log_enabled(enum log_level);
__attribute__((format(printf, 3, 4))) void log_line(enum log_level, const char *logger, const char *format, ...);
/* The same, with the id of the trace that what is told belongs to (base/trace.h); "" is as log_line. */
__attribute__((format(printf, 4, 5))) void log_traced(enum log_level, const char *logger, const char *trace_id,
                                                      const char *format, ...);
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#endif
