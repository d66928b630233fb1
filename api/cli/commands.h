/* commands.h: the subcommands, in the order in which `weir help` shows them. */
#ifndef WEIR_CLI_COMMANDS_H
#define WEIR_CLI_COMMANDS_H
#include "options.h"

extern const struct command demo_command, run_command, list_command, describe_command, test_command, simulate_command,
    produce_command, consume_command, query_command, sql_command, report_command, dlq_command, reset_command,
    pause_command, resume_command, log_level_command, shutdown_command, generate_command, config_command, key_command,
    version_command, help_command;

extern const struct command *const commands[]; /* ends with NULL */
/* The command of that name; NULL, after a message with a proposal: there is none. */
const struct command *commands_find(const char *name);
#endif
