/* options.h: one way to read a command line, for all commands.
 *
 * Options are long (--port 80 or --port=80) and may stand anywhere; "--" ends them. Every command knows --help. What is
 * unknown is an error that proposes the nearest name. */
#ifndef WEIR_CLI_OPTIONS_H
#define WEIR_CLI_OPTIONS_H
#include "weir.h"

struct command {
    const char *name, *operands;                               /* as shown behind the name; "" when there are none */
    const char *about;                                         /* half a line */
    const char *details;                                       /* shown by --help; may be "" */
    int (*run)(const struct command *, int argc, char **argv); /* argv[0] is the command's name */
};

/* Takes an option's value; false: what is wrong with it. A flag is given NULL. */
typedef bool option_taker(void *target, const char *value, struct weir_error *);

struct option {
    const char *name;  /* with its dashes */
    const char *value; /* placeholder; NULL: a flag */
    const char *about;
    option_taker *take;
    void *target;
};

struct integer_option { /* target of option_integer */
    int64_t value, least, most;
    bool given;
};

option_taker option_flag;    /* target: bool */
option_taker option_text;    /* target: const char * */
option_taker option_integer; /* target: struct integer_option */

struct operands {
    const char *items[16];
    size_t count, least, most;
};

enum { OPTIONS_GO_ON = -1 };
/* OPTIONS_GO_ON, or the exit status: --help was asked for, or something is wrong. */
int options_read(const struct command *, const struct option *, size_t count, struct operands *, int argc, char **argv);
#define OPTION_COUNT(options) (sizeof(options) / sizeof *(options))
#endif
