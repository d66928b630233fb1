/* serve.c: see serve.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include <string.h>

#include "base/log.h"
#include "exit.h"
#include "signals.h"

enum { LOOK_EVERY_MS = 200, GRACE_S = 30 };

static bool open_door(struct serving *serving, struct weir_http_options options, bool any_port,
                      struct weir_error *error)
{
    struct weir_error taken = {0};
    serving->http = weir_http_start(&serving->app, 1, options, any_port ? &taken : error);
    if (serving->http || !any_port)
        return serving->http != NULL;
    options.port = 0;
    serving->http = weir_http_start(&serving->app, 1, options, error);
    return serving->http != NULL;
}

static const char *shown_address(const char *address)
{
    bool is_any = !address || strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    return is_any ? "127.0.0.1" : address;
}

int serve_start(struct serving *serving, weir_topology *topology, struct weir_config config,
                struct weir_http_options options, bool any_port)
{
    struct weir_error error = {0}, ignored = {0};
    *serving = (struct serving){.address = shown_address(options.address)};
    serving->app = weir_start(topology, config, &error);
    if (!serving->app)
        return exit_with_error(&error);
    if (open_door(serving, options, any_port, &error))
        return EXIT_DONE;
    if (!weir_stop(serving->app, weir_seconds(GRACE_S), &ignored))
        log_warning("command", "%s", ignored.message);
    return exit_with(EXIT_UNAVAILABLE, "%s", error.message);
}

bool serve_wait(const struct serving *serving)
{
    while (!signals_wait(LOOK_EVERY_MS))
        if (weir_app_state(serving->app) == WEIR_ERROR)
            return false;
    return true;
}

int serve_stop(struct serving *serving)
{
    struct weir_error error = {0}, failure = {0};
    bool failed = weir_app_failure(serving->app, &failure);
    signals_end_at_once();
    weir_http_drain(serving->http);
    weir_http_stop(serving->http);
    bool committed = weir_stop(serving->app, weir_seconds(GRACE_S), &error);
    if (failed)
        return exit_with(EXIT_FAILED, "%s", failure.message);
    return committed ? EXIT_DONE : exit_with(EXIT_FAILED, "%s", error.message);
}
