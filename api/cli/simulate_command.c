/* simulate_command.c: `weir simulate`: a topology on several machines, by seeds, with everything that goes wrong.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"
#include "catalog.h"
#include "commands.h"
#include "exit.h"
#include "json_text.h"
#include "lines.h"
#include "simulator/simulate.h"
#include "wire.h"

enum { TELL_EVERY = 1000, SEEDS_DEFAULT = 200 };

struct inputs {
    weir_arena *arena;
    struct simulate_input *items;
    size_t count, capacity;
};

/* ---- inputs of a file ---- */

static bool take_line(weir_test *types, struct inputs *inputs, weir_bytes text, struct weir_error *error)
{
    struct line_record line;
    char *kept = weir_arena_alloc(inputs->arena, text.size + 1); /* lines live until the next one */
    memcpy(kept, text.data, text.size);
    if (!lines_read_record(inputs->arena, (weir_bytes){kept, text.size}, &line, error))
        return false;
    if (!line.topic.data)
        return error_set(error, WEIR_INVALID, "no \"topic\"");
    const char *topic = json_text_plain(inputs->arena, line.topic).data;
    const struct weir_type *key_type = weir_test_topic_type(types, topic, true);
    const struct weir_type *value_type = weir_test_topic_type(types, topic, false);
    if (!key_type || !value_type)
        return error_set(error, WEIR_INVALID, "the topology does not read the topic \"%.100s\"", topic);
    struct simulate_input input = {topic, {.timestamp_ms = line.timestamp_ms}};
    if (!wire_write(inputs->arena, key_type, line.key, &input.record.key, error) ||
        !wire_write(inputs->arena, value_type, line.value, &input.record.value, error) ||
        !lines_read_headers(inputs->arena, line.headers, &input.record.headers, error))
        return false;
    inputs->items = memory_grow(inputs->items, &inputs->capacity, inputs->count + 1, sizeof *inputs->items);
    inputs->items[inputs->count++] = input;
    return true;
}

static int read_inputs(const char *path, weir_topology *(*build)(void), struct inputs *inputs)
{
    struct weir_error error = {0};
    struct lines lines = {.file = fopen(path, "r")};
    if (!lines.file)
        return exit_with(EXIT_MISUSED, "cannot open %s", path);
    weir_test *types = weir_test_new(build(), (struct weir_config){.application = "simulated"}, &error);
    weir_bytes text;
    while (types && error.code == WEIR_OK && lines_next(&lines, &text))
        take_line(types, inputs, text, &error);
    if (types)
        weir_test_free(types);
    lines_done(&lines);
    fclose(lines.file);
    if (error.code != WEIR_OK)
        return exit_with(EXIT_FAILED, "%s, line %ld: %s", path, lines.number, error.message);
    return inputs->count > 0 ? EXIT_DONE : exit_with(EXIT_MISUSED, "%s has no records", path);
}

/* ---- seeds ---- */

static bool run_seed(const struct simulate_plan *plan, uint64_t seed, struct simulate_sums *sums)
{
    struct simulate_report report;
    bool ok = plan->verbose ? simulate_seed(plan, seed, &report) : simulate_seed_twice(plan, seed, &report);
    simulate_sums_add(sums, &report);
    if (!ok)
        printf("seed %" PRIu64 " (%s): %s\n", seed, report.exactly_once ? "exactly once" : "at least once",
               report.failure);
    return ok;
}

static int run_seeds(const struct simulate_plan *plan, const char *name, uint64_t from, uint64_t count)
{
    struct simulate_sums sums = {0};
    bool ok = true;
    log_set_level(plan->verbose ? LOG_INFO : LOG_NOTHING);
    for (uint64_t i = 0; i < count && ok; i++) {
        ok = run_seed(plan, from + i, &sums);
        if (!ok)
            printf("replay: weir simulate %s --from %" PRIu64 " --seeds 1 --verbose\n", name, from + i);
        if ((i + 1) % TELL_EVERY == 0 && isatty(STDERR_FILENO))
            fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds", i + 1, count);
    }
    simulate_sums_print(&sums);
    return ok ? exit_after_output() : EXIT_FAILED;
}

static int run_in_directory(struct simulate_plan *plan, const char *name, uint64_t from, uint64_t count)
{
    const char *parent = getenv("TMPDIR");
    char *directory = memory_format("%s/weir-simulate-XXXXXX", parent && *parent ? parent : "/tmp");
    int status = EXIT_FAILED;
    if (mkdtemp(directory)) {
        plan->directory = directory;
        status = run_seeds(plan, name, from, count);
        tree_remove(directory);
    } else {
        exit_with(EXIT_FAILED, "cannot make the directory %s", directory);
    }
    memory_free(directory);
    return status;
}

/* ---- the command ---- */

static bool take_guarantee(void *target, const char *value, struct weir_error *error)
{
    static const char *const names[] = {[SIMULATE_BOTH] = "both",
                                        [SIMULATE_AT_LEAST_ONCE] = "at_least_once",
                                        [SIMULATE_EXACTLY_ONCE] = "exactly_once_v2"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], value) == 0) {
            *(enum simulate_guarantee *)target = (enum simulate_guarantee)i;
            return true;
        }
    return error_set(error, WEIR_INVALID, "\"%.40s\" is none of both, at_least_once and exactly_once_v2", value);
}

static int simulate(const struct command *command, int argc, char **argv)
{
    struct simulate_plan plan = {.restarts_show = true};
    struct integer_option seeds = {.value = SEEDS_DEFAULT, .least = 1, .most = INT64_MAX};
    struct integer_option from = {.value = 1, .least = 0, .most = INT64_MAX};
    const char *path = NULL;
    bool strict = false;
    const struct option options[] = {
        {"--seeds", "N", "how many (200)", option_integer, &seeds},
        {"--from", "SEED", "the first one (1)", option_integer, &from},
        {"--input", "FILE", "JSON lines to process, instead of made-up records", option_text, &path},
        {"--guarantee", "WHICH", "both (by seed), at_least_once or exactly_once_v2", take_guarantee, &plan.guarantee},
        {"--strict", NULL, "restarts must not show in any result", option_flag, &strict},
        {"--verbose", NULL, "tells the story on standard error", option_flag, &plan.verbose},
    };
    struct operands operands = {.least = 1, .most = 1};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    struct weir_error error = {0};
    const struct weir_entry *entry = catalog_find(operands.items[0], &error);
    if (!entry)
        return exit_with(EXIT_MISUSED, "%s", error.message);
    plan.build = entry->build;
    plan.restarts_show = !strict;
    struct inputs inputs = {.arena = weir_arena_new()};
    status = path ? read_inputs(path, entry->build, &inputs) : EXIT_DONE;
    plan.inputs = inputs.items;
    plan.input_count = inputs.count;
    if (status == EXIT_DONE)
        status = run_in_directory(&plan, operands.items[0], (uint64_t)from.value, (uint64_t)seeds.value);
    memory_free(inputs.items);
    weir_arena_free(inputs.arena);
    return status;
}

const struct command simulate_command = {
    "simulate",
    "TOPOLOGY|FILE.so[:NAME]",
    "runs a topology on several machines that fail, by seeds",
    "One to three processes share one to four partitions in virtual time and one thread. They crash between any two\n"
    "requests, stand still beyond their session, lose their network, their disk, requests and answers; then all "
    "faults\n"
    "end, and everything must be consumed. What was committed is repeated without faults and must agree in every\n"
    "record, view, topic and changelog. The first seed that fails ends it, with status 1, and can be replayed.\n"
    "Lines of --input are those of `weir test`. More in docs/simulate.md.",
    simulate,
};
