/* reset.c: `weir reset`: a stopped application begins anew.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/error.h"
#include "catalog.h"
#include "commands.h"
#include "exit.h"
#include "settings.h"

static void print_remains(void *self, enum weir_remains kind, const char *name)
{
    static const char *const words[] = {[WEIR_REMAINS_GROUP] = "offsets of group",
                                        [WEIR_REMAINS_TOPIC] = "topic",
                                        [WEIR_REMAINS_DIRECTORY] = "directory"};
    (void)self;
    printf("%s %s\n", words[kind], name);
}

static int begin_anew(const struct settings *settings, const char *name, bool is_rehearsal)
{
    int status;
    weir_topology *topology = catalog_build(name, &status);
    if (!topology)
        return status;
    struct weir_error error = {0};
    struct weir_config config = settings_config(settings, weir_topology_name(topology));
    if (!weir_begin_anew(topology, config, is_rehearsal, print_remains, NULL, &error))
        return exit_with_error(&error);
    if (is_rehearsal)
        fputs("weir: nothing was deleted; --yes deletes all of that\n", stderr);
    return exit_after_output();
}

static int reset_run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {0};
    bool is_meant = false;
    const struct option options[] = {
        {"--yes", NULL, "deletes what is shown without it", option_flag, &is_meant},
        SETTINGS_OPTIONS(&settings),
    };
    struct operands operands = {.least = 1, .most = 1};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status == OPTIONS_GO_ON)
        status = begin_anew(&settings, operands.items[0], !is_meant);
    settings_done(&settings);
    return status;
}

const struct command reset_command = {
    "reset",
    "TOPOLOGY|FILE.so[:NAME]",
    "lets a stopped application begin anew",
    "Deletes what the application has committed, its changelogs and repartition topics, and its state directory on\n"
    "this machine. With its next start it reads its sources from where their reset policy says. Sources, sinks and\n"
    "dead letters stay. Stop every instance first; state directories on other machines are found out of date at the\n"
    "next start and made anew.\n\n"
    "exit status: 0 done, 69 no broker, 78 an instance still runs, or configuration",
    reset_run,
};
