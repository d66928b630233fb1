/* serve.h: an app with its HTTP door, from start to an orderly end. What `weir run` and `weir demo` share. */
#ifndef WEIR_CLI_SERVE_H
#define WEIR_CLI_SERVE_H
#include "weir.h"

struct serving {
    weir_app *app;
    weir_http *http;
    const char *address; /* for people: "127.0.0.1" where it listens on every address */
};

/* Starts both; signals must be held already. any_port: take a free one when the port is taken. EXIT_DONE, or an exit
 * status after its message; then nothing runs. */
int serve_start(struct serving *, weir_topology *, struct weir_config, struct weir_http_options, bool any_port);
/* Waits for a signal, or for the app's failure; false: the latter. */
bool serve_wait(const struct serving *);
/* Drains, commits, leaves; a second signal meanwhile ends the process. Returns the exit status. */
int serve_stop(struct serving *);
#endif
