/* log.c: see log.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"

static _Atomic int level_now = LOG_INFO;
static const char *const level_names[] = {"error", "warning", "info", "debug"};
static bool as_json;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose_format(void)
{
    const char *format = getenv("WEIR_LOG_FORMAT");
    as_json = format ? strcmp(format, "json") == 0 : !isatty(STDERR_FILENO);
}

void log_set_level(enum log_level level)
{
    atomic_store(&level_now, (int)level);
}

enum log_level log_level(void)
{
    return (enum log_level)atomic_load(&level_now);
}

const char *log_level_name(enum log_level level)
{
    return level_names[level < LOG_ERROR ? LOG_ERROR : level];
}

bool log_level_of_name(weir_bytes name, enum log_level *out)
{
    for (enum log_level level = LOG_ERROR; level <= LOG_DEBUG; level++) {
        if (bytes_equal(name, bytes_of_text(level_names[level]))) {
            *out = level;
            return true;
        }
    }
    return false;
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load(&level_now);
}

static void append_time(struct buffer *line)
{
    int64_t ms = clock_wall_ms(&clock_system);
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[40];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    buffer_format(line, "%s.%03dZ", text, (int)(ms % 1000));
}

/* One line stays one line, whatever the message holds. */
static void append_escaped(struct buffer *line, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7f)
            buffer_format(line, "\\u%04x", *c);
        else if (as_json && (*c == '"' || *c == '\\'))
            buffer_format(line, "\\%c", *c);
        else
            buffer_byte(line, *c);
    }
}

__attribute__((format(printf, 4, 0))) static void write_line(enum log_level level, const char *logger,
                                                             const char *trace_id, const char *format, va_list args)
{
    struct buffer message = {0}, line = {0};
    char text[1024];
    pthread_once(&once, choose_format);
    vsnprintf(text, sizeof text, format, args);
    append_escaped(&message, text);
    buffer_byte(&message, 0);
    buffer_text(&line, as_json ? "{\"ts\":\"" : "");
    append_time(&line);
    if (as_json)
        buffer_format(&line, "\",\"level\":\"%s\",\"logger\":\"%s\",\"msg\":\"%s\"", level_names[level], logger,
                      message.data);
    else
        buffer_format(&line, " %-7s %s: %s", level_names[level], logger, message.data);
    if (*trace_id && as_json)
        buffer_format(&line, ",\"trace_id\":\"%s\"", trace_id);
    else if (*trace_id)
        buffer_format(&line, " (trace %s)", trace_id);
    buffer_text(&line, as_json ? "}\n" : "\n");
    ssize_t written = write(STDERR_FILENO, line.data, line.size); /* one call, so that threads do not interleave */
    (void)written;
    buffer_done(&message);
    buffer_done(&line);
}

void log_line(enum log_level level, const char *logger, const char *format, ...)
{
    va_list args;
    if (!log_enabled(level))
        return;
    va_start(args, format);
    write_line(level, logger, "", format, args);
    va_end(args);
}

void log_traced(enum log_level level, const char *logger, const char *trace_id, const char *format, ...)
{
    va_list args;
    if (!log_enabled(level))
        return;
    va_start(args, format);
    write_line(level, logger, trace_id, format, args);
    va_end(args);
}
