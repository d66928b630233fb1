/* exit.c: see exit.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "exit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int exit_with(enum exit_status status, const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fputs("weir: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return (int)status;
}

static enum exit_status status_of(enum weir_code code)
{
    switch (code) {
    case WEIR_OK:
        return EXIT_DONE;
    case WEIR_INVALID:
        return EXIT_CONFIG;
    case WEIR_RETRY:
    case WEIR_FULL:
        return EXIT_UNAVAILABLE;
    case WEIR_ABSENT:
    case WEIR_POISON:
    case WEIR_FENCED:
    case WEIR_CORRUPT:
    case WEIR_FATAL:
        break;
    }
    return EXIT_FAILED;
}

int exit_with_error(const struct weir_error *error)
{
    return exit_with(status_of(error->code), "%s", error->message);
}

int exit_after_output(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return exit_with(EXIT_FAILED, "cannot write to standard output: %s", strerror(errno));
    return EXIT_DONE;
}
