/* exit.h: what the command's exit status says; sysexits.h where it has a number. */
#ifndef WEIR_CLI_EXIT_H
#define WEIR_CLI_EXIT_H
#include "weir.h"

enum exit_status {
    EXIT_DONE = 0,         /* also after SIGTERM */
    EXIT_FAILED = 1,       /* processing went wrong */
    EXIT_MISUSED = 2,      /* the command line is wrong */
    EXIT_UNAVAILABLE = 69, /* no broker, no server, port taken */
    EXIT_LATER = 75,       /* the same thing later */
    EXIT_CONFIG = 78,      /* a setting is wrong */
};

/* Prints "weir: message" to standard error; returns the status. */
__attribute__((format(printf, 2, 3))) int exit_with(enum exit_status, const char *format, ...);
/* The same for an error, with the status that goes with its code. */
int exit_with_error(const struct weir_error *);
/* EXIT_DONE when everything written to standard output has arrived. */
int exit_after_output(void);
#endif
