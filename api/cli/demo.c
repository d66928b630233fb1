/* demo.c: `weir demo`: the systems, their events and the dashboard, in one process with nothing beside it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"
#include "catalog.h"
#include "commands.h"
#include "demo_services.h"
#include "exit.h"
#include "feeder.h"
#include "serve.h"
#include "settings.h"
#include "signals.h"
#include "systems.h"

enum { BACKLOG_HOURS = 6, BACKLOG_EVENTS = 6000 };

struct demo {
    struct integer_option port, rate, seed;
    const char *directory; /* NULL: a temporary one */
    const struct system *systems[SERVE_APPS_MAX];
    size_t count;
};

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

static void greet(const struct demo *demo, const struct serving *serving)
{
    int port = weir_http_port(serving->http);
    printf("Weir demo: http://127.0.0.1:%d\n\n", port);
    for (size_t i = 0; i < demo->count; i++)
        printf("  %-14s %s\n", demo->systems[i]->topology, demo->systems[i]->about);
    printf("\n  %lld events a second each; for example\n", (long long)demo->rate.value);
    printf("  weir query --url http://127.0.0.1:%d\n", port);
    for (size_t i = 0; i < demo->count; i++)
        printf("  curl http://127.0.0.1:%d/v1/views/%s\n", port, demo->systems[i]->example);
    printf("\nCtrl-C ends it.\n");
    fflush(stdout);
}

/* Another system of this demo causes its events. */
static bool is_fed(const struct demo *demo, const struct system *system)
{
    for (size_t i = 0; i < demo->count; i++)
        if (demo->systems[i]->feeds && strcmp(demo->systems[i]->feeds, system->topology) == 0)
            return true;
    return false;
}

/* A system that acts begins now: a past that is worked off now would have waited for hours. */
static struct feeder *start_feeder(const struct demo *demo, size_t i, weir_app *app)
{
    const struct system *system = demo->systems[i];
    return feeder_start(app, (struct feeder_plan){
                                 .system = system,
                                 .seed = (uint64_t)demo->seed.value,
                                 .events_per_second = is_fed(demo, system) ? 0 : (double)demo->rate.value,
                                 .backlog_ms = system->acts ? 0 : (int64_t)BACKLOG_HOURS * 3600 * 1000,
                                 .backlog_events = BACKLOG_EVENTS,
                             });
}

static int serve_with_events(const struct demo *demo, struct serving *serving)
{
    struct feeder *feeders[SERVE_APPS_MAX];
    for (size_t i = 0; i < demo->count; i++)
        feeders[i] = start_feeder(demo, i, serving->apps[i]);
    greet(demo, serving);
    serve_wait(serving);
    for (size_t i = 0; i < demo->count; i++)
        feeder_stop(feeders[i]);
    return serve_stop(serving);
}

static int serve_systems(const struct demo *demo, const struct settings *settings)
{
    struct serving serving;
    struct served served[SERVE_APPS_MAX];
    int status = EXIT_DONE;
    for (size_t i = 0; i < demo->count; i++) {
        const char *name = demo->systems[i]->topology;
        served[i] = (struct served){catalog_build(name, &status), settings_config(settings, name)};
    }
    struct weir_http_options options = {.port = (uint16_t)demo->port.value, .title = "Weir demo"};
    signals_hold();
    log_set_level(LOG_WARNING);
    struct demo_services *services = demo_services_start();
    status = serve_start(&serving, served, demo->count, options, !demo->port.given);
    if (status == EXIT_DONE)
        status = serve_with_events(demo, &serving);
    demo_services_stop(services);
    return status;
}

/* Those that are named, or all. */
static bool choose_systems(struct demo *demo, const struct operands *operands)
{
    if (operands->count == 0)
        for (const struct system *system = systems_all; system->topology; system++)
            demo->systems[demo->count++] = system;
    for (size_t i = 0; i < operands->count; i++) {
        const struct system *system = systems_find(operands->items[i]);
        if (!system) {
            exit_with(EXIT_MISUSED, "demo: there is no system \"%s\"", operands->items[i]);
            return false;
        }
        demo->systems[demo->count++] = system;
    }
    return true;
}

static int demo_run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {0};
    struct demo demo = {
        .port = {.value = 8080, .least = 0, .most = 65535},
        .rate = {.value = 200, .least = 1, .most = 100000},
        /* Another seed each time, so that what is in a kept folder goes on with new events. */
        .seed = {.value = clock_wall_ms(&clock_system) / 1000, .least = 0, .most = INT64_MAX},
    };
    const struct option options[] = {
        {"--port", "N", "of the dashboard (8080, or a free one when that is taken)", option_integer, &demo.port},
        {"--rate", "N", "events per second of each system (200)", option_integer, &demo.rate},
        {"--dir", "DIR", "keeps log and state there (a temporary one that is removed)", option_text, &demo.directory},
        {"--seed", "N", "the same seed gives the same events (the clock)", option_integer, &demo.seed},
        SETTINGS_OPTIONS(&settings),
    };
    struct operands operands = {.most = SERVE_APPS_MAX};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status == OPTIONS_GO_ON && !choose_systems(&demo, &operands))
        status = EXIT_MISUSED;
    char *temporary = status == OPTIONS_GO_ON && !demo.directory ? make_temporary() : NULL;
    if (status == OPTIONS_GO_ON && (temporary || demo.directory)) {
        set_folders(&settings, temporary ? temporary : demo.directory);
        status = serve_systems(&demo, &settings);
    } else if (status == OPTIONS_GO_ON) {
        status = EXIT_FAILED;
    }
    if (temporary)
        tree_remove(temporary);
    memory_free(temporary);
    settings_done(&settings);
    return status;
}

const struct command demo_command = {
    "demo",
    "[SYSTEM…]",
    "runs the systems with live events and their dashboard",
    "All systems, or those that are named. Nothing else is needed: the events come from generators, the log is\n"
    "the embedded broker. It begins with the last six hours; systems that call services begin now.",
    demo_run,
};
