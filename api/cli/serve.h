/* serve.h: apps with their HTTP door, from start to an orderly end. What `weir run` and `weir demo` share. */
#ifndef WEIR_CLI_SERVE_H
#define WEIR_CLI_SERVE_H
#include "weir.h"

enum { SERVE_APPS_MAX = 16 };

struct serving {
    weir_app *apps[SERVE_APPS_MAX];
    size_t count;
    weir_http *http;
    const char *address; /* for people: "127.0.0.1" where it listens on every address */
};

struct served {
    weir_topology *topology; /* taken, always */
    struct weir_config config;
};

/* Where the options name no reports, those of the topologies are served. Starts all; signals must be held already. any_port: take a free one when the port is taken. EXIT_DONE, or an exit
 * status after its message; then nothing runs. */
int serve_start(struct serving *, const struct served *, size_t count, struct weir_http_options, bool any_port);
/* Waits for a signal, or for the failure of an app; false: the latter. */
bool serve_wait(const struct serving *);
/* Drains, commits, leaves; a second signal meanwhile ends the process. Returns the exit status. */
int serve_stop(struct serving *);
#endif
