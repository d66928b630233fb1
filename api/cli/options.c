/* options.c: see options.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "exit.h"

enum { OPTIONS_MAX = 32, COLUMN = 26 };

bool option_flag(void *target, const char *value, struct weir_error *error)
{
    (void)value, (void)error;
    *(bool *)target = true;
    return true;
}

bool option_text(void *target, const char *value, struct weir_error *error)
{
    (void)error;
    *(const char **)target = value;
    return true;
}

bool option_integer(void *target, const char *value, struct weir_error *error)
{
    struct integer_option *integer = target;
    char *end = NULL;
    errno = 0;
    integer->given = true;
    integer->value = strtoll(value, &end, 10);
    if (errno || end == value || *end)
        return error_set(error, WEIR_INVALID, "\"%.60s\" is not a whole number", value);
    if (integer->value < integer->least || integer->value > integer->most)
        return error_set(error, WEIR_INVALID, "%s is not between %lld and %lld", value, (long long)integer->least,
                         (long long)integer->most);
    return true;
}

/* ---- help ---- */

static void print_option(const char *name, const char *value, const char *about)
{
    int width = printf("  %s%s%s", name, value ? " " : "", value ? value : "");
    printf("%*s%s\n", width < COLUMN ? COLUMN - width : 1, "", about);
}

static int print_help(const struct command *command, const struct option *options, size_t count)
{
    printf("usage: weir %s%s%s%s\n\n%s.\n", command->name, command->operands[0] ? " " : "", command->operands,
           count ? " [options]" : "", command->about);
    if (command->details[0])
        printf("\n%s\n", command->details);
    printf("\noptions:\n");
    for (size_t i = 0; i < count; i++)
        print_option(options[i].name, options[i].value, options[i].about);
    print_option("--help", NULL, "shows this text");
    return exit_after_output();
}

/* ---- reading ---- */

static const struct option *find(const struct option *options, size_t count, const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(options[i].name) == size && strncmp(options[i].name, name, size) == 0)
            return &options[i];
    return NULL;
}

static int refuse(const struct command *command, const struct option *options, size_t count, const char *given)
{
    const char *names[OPTIONS_MAX + 1];
    char name[80];
    assert(count <= OPTIONS_MAX);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(given, "="), given);
    for (size_t i = 0; i < count; i++)
        names[i] = options[i].name;
    names[count] = "--help";
    const char *nearest = nearest_name(name, names, count + 1);
    if (nearest)
        return exit_with(EXIT_MISUSED, "%s: unknown option %s; did you mean %s?", command->name, name, nearest);
    return exit_with(EXIT_MISUSED, "%s: unknown option %s; see weir %s --help", command->name, name, command->name);
}

/* Reads argv[*at], and the value behind it. */
static int read_option(const struct command *command, const struct option *option, int *at, int argc, char **argv)
{
    const char *equals = strchr(argv[*at], '=');
    const char *value = equals ? equals + 1 : NULL;
    struct weir_error error = {0};
    if (!option->value && value)
        return exit_with(EXIT_MISUSED, "%s: %s takes no value", command->name, option->name);
    if (option->value && !value && ++*at == argc)
        return exit_with(EXIT_MISUSED, "%s: %s needs %s", command->name, option->name, option->value);
    if (option->value && !value)
        value = argv[*at];
    if (!option->take(option->target, value, &error))
        return exit_with(EXIT_MISUSED, "%s: %s: %s", command->name, option->name, error.message);
    return OPTIONS_GO_ON;
}

static int take_operand(const struct command *command, struct operands *operands, const char *operand)
{
    if (operands->count == operands->most)
        return exit_with(EXIT_MISUSED, "%s: unexpected argument \"%s\"; see weir %s --help", command->name, operand,
                         command->name);
    operands->items[operands->count++] = operand;
    return OPTIONS_GO_ON;
}

int options_read(const struct command *command, const struct option *options, size_t count, struct operands *operands,
                 int argc, char **argv)
{
    bool only_operands = false;
    int status = OPTIONS_GO_ON;
    for (int i = 1; i < argc && status == OPTIONS_GO_ON; i++) {
        if (only_operands || argv[i][0] != '-' || !argv[i][1]) {
            status = take_operand(command, operands, argv[i]);
            continue;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return print_help(command, options, count);
        only_operands = strcmp(argv[i], "--") == 0;
        if (only_operands)
            continue;
        const struct option *option = find(options, count, argv[i], strcspn(argv[i], "="));
        status = option ? read_option(command, option, &i, argc, argv) : refuse(command, options, count, argv[i]);
    }
    if (status == OPTIONS_GO_ON && operands->count < operands->least)
        return exit_with(EXIT_MISUSED, "usage: weir %s %s; see weir %s --help", command->name, command->operands,
                         command->name);
    return status;
}
