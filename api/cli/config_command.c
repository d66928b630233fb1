/* config_command.c: `weir config`: what can be set, and what is set.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "commands.h"
#include "exit.h"
#include "settings.h"

static int print_effective(const struct settings *settings)
{
    struct config *config = settings_fill(settings, NULL);
    if (!config)
        return EXIT_CONFIG;
    config_print(config, stdout);
    config_free(config);
    return exit_after_output();
}

static int config_run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {0};
    bool reference = false, print = false;
    const struct option options[] = {
        {"--reference", NULL, "prints docs/configuration.md", option_flag, &reference},
        {"--print", NULL, "prints the effective settings as a properties file; secrets as ****", option_flag, &print},
        SETTINGS_OPTIONS(&settings),
    };
    struct operands operands = {.most = 0};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status == OPTIONS_GO_ON && print) {
        status = print_effective(&settings);
    } else if (status == OPTIONS_GO_ON) {
        (reference ? config_print_reference : config_print_help)(stdout);
        status = exit_after_output();
    }
    settings_done(&settings);
    return status;
}

const struct command config_command = {"config", "", "explains the settings, or prints the effective ones", "",
                                       config_run};
