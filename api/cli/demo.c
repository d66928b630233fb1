/* demo.c: `weir demo`: the shop, its events and its dashboard, in one process with nothing beside it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "catalog.h"
#include "commands.h"
#include "exit.h"
#include "feeder.h"
#include "serve.h"
#include "settings.h"
#include "signals.h"

enum { BACKLOG_HOURS = 6, BACKLOG_EVENTS = 6000 };

struct demo {
    struct integer_option port, rate, seed;
    const char *directory; /* NULL: a temporary one */
};

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

static char *make_temporary(void)
{
    const char *base = getenv("TMPDIR");
    char *path = memory_format("%s/weir-demo-XXXXXX", base && *base ? base : "/tmp");
    if (mkdtemp(path))
        return path;
    exit_with(EXIT_FAILED, "%s: %s", path, strerror(errno));
    memory_free(path);
    return NULL;
}

static void set_folders(struct settings *settings, const char *directory)
{
    char *state = memory_format("%s/state", directory), *log = memory_format("%s/log", directory);
    settings_add(settings, "bootstrap.servers", "");
    settings_add(settings, "state.dir", state);
    settings_add(settings, "log.dir", log);
    memory_free(state);
    memory_free(log);
}

static void greet(const struct serving *serving, const struct demo *demo)
{
    int port = weir_http_port(serving->http);
    printf("Weir demo: http://127.0.0.1:%d\n\n", port);
    printf("  a shop with %lld events a second: orders, stock, notifications\n", (long long)demo->rate.value);
    printf("  weir query --url http://127.0.0.1:%d commerce-metrics\n", port);
    printf("  curl http://127.0.0.1:%d/v1/views/commerce-metrics/keys/revenue.confirmed\n\nCtrl-C ends it.\n", port);
    fflush(stdout);
}

static int serve_shop(const struct demo *demo, const struct settings *settings)
{
    struct serving serving;
    int status = EXIT_FAILED;
    weir_topology *topology = catalog_build("commerce", &status);
    if (!topology)
        return status;
    struct weir_http_options options = {.port = (uint16_t)demo->port.value, .title = "Weir demo"};
    signals_hold();
    log_set_level(LOG_WARNING);
    status = serve_start(&serving, topology, settings_config(settings, "commerce"), options, !demo->port.given);
    if (status != EXIT_DONE)
        return status;
    struct feeder *feeder = feeder_start(serving.app, (struct feeder_plan){
                                                          .seed = (uint64_t)demo->seed.value,
                                                          .events_per_second = (double)demo->rate.value,
                                                          .backlog_ms = (int64_t)BACKLOG_HOURS * 3600 * 1000,
                                                          .backlog_events = BACKLOG_EVENTS,
                                                      });
    greet(&serving, demo);
    serve_wait(&serving);
    feeder_stop(feeder);
    return serve_stop(&serving);
}

static int demo_run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {0};
    struct demo demo = {
        .port = {.value = 8080, .least = 0, .most = 65535},
        .rate = {.value = 200, .least = 1, .most = 100000},
        /* Another seed each time, so that a shop in a kept folder goes on with new orders. */
        .seed = {.value = clock_wall_ms(&clock_system) / 1000, .least = 0, .most = INT64_MAX},
    };
    const struct option options[] = {
        {"--port", "N", "of the dashboard (8080, or a free one when that is taken)", option_integer, &demo.port},
        {"--rate", "N", "events per second (200)", option_integer, &demo.rate},
        {"--dir", "DIR", "keeps log and state there (a temporary one that is removed)", option_text, &demo.directory},
        {"--seed", "N", "the same seed gives the same orders (the clock)", option_integer, &demo.seed},
        SETTINGS_OPTIONS(&settings),
    };
    struct operands operands = {.most = 0};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    char *temporary = status == OPTIONS_GO_ON && !demo.directory ? make_temporary() : NULL;
    if (status == OPTIONS_GO_ON && (temporary || demo.directory)) {
        set_folders(&settings, temporary ? temporary : demo.directory);
        status = serve_shop(&demo, &settings);
    } else if (status == OPTIONS_GO_ON) {
        status = EXIT_FAILED;
    }
    if (temporary)
        nftw(temporary, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    memory_free(temporary);
    settings_done(&settings);
    return status;
}

const struct command demo_command = {
    "demo",
    "",
    "runs a shop with live events and its dashboard",
    "Nothing else is needed: the events come from a generator, the log is the embedded broker. It begins with\n"
    "the last six hours.",
    demo_run,
};
