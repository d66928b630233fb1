/* main.c: finds the subcommand.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "commands.h"
#include "exit.h"

enum { NAMES_MAX = 32 };

const struct command *const commands[] = {
    &demo_command,
    &run_command,
    &list_command,
    &describe_command,
    &test_command,
    &simulate_command,
    &produce_command,
    &consume_command,
    &query_command,
    &sql_command,
    &report_command,
    &dlq_command,
    &reset_command,
    &pause_command,
    &resume_command,
    &log_level_command,
    &shutdown_command,
    &generate_command,
    &config_command,
    &key_command,
    &version_command,
    &help_command,
    NULL,
};

const struct command *commands_find(const char *name)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (; commands[count]; count++) {
        if (strcmp(commands[count]->name, name) == 0)
            return commands[count];
        names[count] = commands[count]->name;
    }
    const char *nearest = nearest_name(name, names, count);
    if (nearest)
        exit_with(EXIT_MISUSED, "unknown command \"%.60s\"; did you mean %s?", name, nearest);
    else
        exit_with(EXIT_MISUSED, "unknown command \"%.60s\"; see weir help", name);
    return NULL;
}

static void print_overview(FILE *out)
{
    fputs("usage: weir COMMAND [options]\n\nStream processing with views that anyone can ask.\n\ncommands:\n", out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-10s%s\n", commands[i]->name, commands[i]->about);
    fputs("\n`weir COMMAND --help` says more; `weir demo` shows it working.\n", out);
}

static int help(const struct command *command, int argc, char **argv)
{
    struct operands operands = {.most = 1};
    int status = options_read(command, NULL, 0, &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    if (operands.count == 0) {
        print_overview(stdout);
        return exit_after_output();
    }
    const struct command *found = commands_find(operands.items[0]);
    char name[64], ask[] = "--help";
    snprintf(name, sizeof name, "%s", operands.items[0]);
    return found ? found->run(found, 2, (char *[]){name, ask, NULL}) : EXIT_MISUSED;
}

const struct command help_command = {"help", "[COMMAND]", "explains a command", "", help};

static int version(const struct command *command, int argc, char **argv)
{
    struct operands operands = {.most = 0};
    int status = options_read(command, NULL, 0, &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    puts("weir " WEIR_VERSION);
    return exit_after_output();
}

const struct command version_command = {"version", "", "prints the version", "", version};

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_MISUSED;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    const struct command *command = commands_find(name);
    return command ? command->run(command, argc - 1, argv + 1) : EXIT_MISUSED;
}
