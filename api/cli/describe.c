/* describe.c: `weir list` and `weir describe`.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "catalog.h"
#include "commands.h"
#include "exit.h"
#include "topologies.h"

static int list(const struct command *command, int argc, char **argv)
{
    struct operands operands = {.most = 0};
    int status = options_read(command, NULL, 0, &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    for (const struct weir_entry *entry = topologies_builtin; entry->name; entry++)
        printf("%-20s %s\n", entry->name, entry->about);
    return exit_after_output();
}

const struct command list_command = {"list", "", "lists the topologies that are compiled in", "", list};

static bool take_format(void *target, const char *value, struct weir_error *error)
{
    static const char *const names[] = {"text", "json", "dot", "mermaid"};
    static const enum weir_describe_format formats[] = {WEIR_DESCRIBE_TEXT, WEIR_DESCRIBE_JSON, WEIR_DESCRIBE_DOT,
                                                        WEIR_DESCRIBE_MERMAID};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], value) == 0) {
            *(enum weir_describe_format *)target = formats[i];
            return true;
        }
    return error_set(error, WEIR_INVALID, "\"%.60s\" is not one of text, json, dot, mermaid", value);
}

static int describe(const struct command *command, int argc, char **argv)
{
    enum weir_describe_format format = WEIR_DESCRIBE_TEXT;
    const struct option options[] = {
        {"--format", "FORMAT", "text (as Kafka Streams prints it), json, dot or mermaid", take_format, &format},
    };
    struct operands operands = {.least = 1, .most = 1};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    weir_topology *topology = catalog_build(operands.items[0], &status);
    if (!topology)
        return status;
    struct weir_error error = {0};
    status = weir_topology_describe(topology, format, stdout, &error) ? exit_after_output()
                                                                      : exit_with(EXIT_FAILED, "%s", error.message);
    weir_topology_free(topology);
    return status;
}

const struct command describe_command = {
    "describe", "TOPOLOGY|FILE.so[:NAME]", "checks a topology and draws it", "", describe,
};
