/* Verbs in random order, with random arguments, right and wrong: they must latch, never crash, and a topology that plans
 * can be described in every form and built. Each byte of the input chooses something. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"
#include "operators/build.h"

enum { HANDLES_MAX = 16, VERBS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    const uint8_t *data;
    size_t size;
    weir_topology *topology, *other;
    weir_stream *streams[HANDLES_MAX];
    weir_table *tables[HANDLES_MAX];
    weir_grouped *groups[HANDLES_MAX];
    weir_grouped_table *regroups[HANDLES_MAX];
    weir_branches *branches[HANDLES_MAX];
};

static uint8_t next(struct world *world)
{
    if (world->size == 0)
        return 0;
    world->size--;
    return *world->data++;
}

static const char *name(struct world *world)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "a.dlq", "a-repartition", "bad name", "", ".", NULL};
    return names[next(world) % (sizeof names / sizeof *names)];
}

static const char *optional_name(struct world *world)
{
    return next(world) % 8 ? NULL : name(world);
}

static const struct weir_type *type(struct world *world)
{
    static const struct weir_type *const types[] = {&weir_str_type, &weir_str_type, &weir_str_type, &weir_str_type,
                                                    &weir_str_type, &weir_str_type, &weir_i64_type, NULL};
    return types[next(world) % (sizeof types / sizeof *types)];
}

static struct weir_window window(struct world *world)
{
    static const int64_t sizes[] = {0, 0, 0, 1, 1000, -1, INT64_MAX};
    struct weir_window window = {0};
    window.size.ms = sizes[next(world) % 7];
    if (next(world) % 4 == 0) {
        window.grace.ms = sizes[next(world) % 7];
        window.retention.ms = sizes[next(world) % 7];
    }
    return window;
}

static bool test(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value != NULL;
}

static void map_pair(weir_context *context, const struct weir_record *record, struct weir_record *out)
{
    (void)context, (void)record, (void)out;
}

static const void *map(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static void visit(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

static void aggregate(weir_context *context, const struct weir_record *record, void *value)
{
    (void)context, (void)record, (void)value;
}

static const void *reduce(weir_context *context, const struct weir_record *record, const void *value)
{
    (void)context, (void)record;
    return value;
}

static const void *join(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context, (void)right;
    return left;
}

static const struct weir_processor processor = {.self_size = 8, .process = visit};

static weir_stream *one_stream(struct world *world)
{
    return world->streams[next(world) % HANDLES_MAX];
}

static weir_table *one_table(struct world *world)
{
    return world->tables[next(world) % HANDLES_MAX];
}

static weir_grouped *one_group(struct world *world)
{
    return world->groups[next(world) % HANDLES_MAX];
}

static weir_grouped_table *one_regroup(struct world *world)
{
    return world->regroups[next(world) % HANDLES_MAX];
}

static bool is_given(struct world *world)
{
    return next(world) % 32 != 0;
}

static struct weir_step_args mapping(struct world *world)
{
    return (struct weir_step_args){.at = "fuzz:1",
                                   .map = is_given(world) ? map : NULL,
                                   .store = optional_name(world),
                                   .name = optional_name(world)};
}

static struct weir_group_args grouping(struct world *world)
{
    return (struct weir_group_args){.at = "fuzz:5",
                                    .map = is_given(world) ? map : NULL,
                                    .value = next(world) % 2 ? type(world) : NULL,
                                    .map_value = next(world) % 2 ? map : NULL,
                                    .name = optional_name(world)};
}

static struct weir_step_args pairing(struct world *world)
{
    return (struct weir_step_args){
        .at = "fuzz:6", .map_pair = is_given(world) ? map_pair : NULL, .name = optional_name(world)};
}

static struct weir_step_args testing(struct world *world)
{
    return (struct weir_step_args){.at = "fuzz:3",
                                   .test = is_given(world) ? test : NULL,
                                   .store = optional_name(world),
                                   .name = optional_name(world)};
}

static struct weir_join_args joining(struct world *world)
{
    return (struct weir_join_args){.at = "fuzz:2",
                                   .fn = is_given(world) ? join : NULL,
                                   .value = type(world),
                                   .kind = next(world) % 3,
                                   .store = optional_name(world),
                                   .name = optional_name(world)};
}

static const char *topic_of(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    return NULL;
}

static weir_stream *process(struct world *world)
{
    weir_stream *stream = one_stream(world);
    struct weir_process_args args = {.at = NULL, .processor = is_given(world) ? &processor : NULL};
    for (size_t i = next(world) % 3; i > 0; i--)
        args.stores[next(world) % WEIR_STORES_MAX] = name(world);
    args.key = next(world) % 4 ? NULL : type(world);
    return weir_process_with(stream, args);
}

static weir_stream *call_stream_verb(struct world *world)
{
    weir_topology *topology = next(world) % 32 ? world->topology : world->other;
    const struct weir_step_args visiting = {.at = "fuzz:4", .visit = is_given(world) ? visit : NULL};
    switch (next(world) % 23) {
    case 0:
    case 1:
        return weir_from(topology, name(world), type(world), type(world), .dead_letters = optional_name(world));
    case 2:
        return weir_filter_with(one_stream(world), testing(world));
    case 3:
        return weir_map_values_with(one_stream(world), type(world), mapping(world));
    case 4:
        return weir_flat_map_with(one_stream(world), next(world) % 2 ? NULL : type(world), type(world), visiting);
    case 5:
        return weir_peek_with(one_stream(world), visiting);
    case 6:
        return weir_branch_with(world->branches[next(world) % HANDLES_MAX], testing(world));
    case 7:
        return weir_branch_rest(world->branches[next(world) % HANDLES_MAX], .name = optional_name(world));
    case 8:
        return weir_merge(one_stream(world), one_stream(world), one_stream(world), .name = optional_name(world));
    case 9:
        return weir_rekey(one_stream(world), name(world), type(world), is_given(world) ? map : NULL,
                          .partitions = (int32_t)(next(world) % 4) - 1, .name = optional_name(world));
    case 10:
        return weir_join_table_with(one_stream(world), one_table(world), joining(world));
    case 11:
        return weir_changes(one_table(world), .old_values = next(world) % 2 == 0, .per_commit = next(world) % 4 == 0);
    case 12:
        return process(world);
    case 13:
        return weir_map_with(one_stream(world), type(world), type(world), pairing(world));
    case 14:
        return weir_select_key_with(one_stream(world), type(world), mapping(world));
    case 15:
        return weir_flat_map_values_with(one_stream(world), type(world), visiting);
    case 16:
        return weir_repartition(one_stream(world), name(world), .partitions = (int32_t)(next(world) % 4) - 1);
    case 18:
        return weir_drops(topology, name(world));
    case 19:
        return weir_late(one_table(world));
    case 20:
        weir_to_computed(one_stream(world), is_given(world) ? topic_of : NULL, .name = optional_name(world));
        return NULL;
    case 21:
        return weir_combine(one_stream(world), name(world), is_given(world) ? reduce : NULL,
                            .slice = {(int64_t)(next(world) % 4) - 1});
    case 17:
        weir_foreach_with(one_stream(world), visiting);
        weir_print(one_stream(world), is_given(world) ? stderr : NULL, .name = optional_name(world));
        return NULL;
    default:
        weir_to(one_stream(world), name(world), .format = next(world) % 3, .name = optional_name(world));
        return NULL;
    }
}

static weir_table *call_table_verb(struct world *world)
{
    switch (next(world) % 14) {
    case 12:
        return weir_transform_values(one_table(world), type(world), is_given(world) ? map : NULL,
                                     .stores = {optional_name(world)}, .store = optional_name(world));
    case 11:
        return weir_to_table(one_stream(world), name(world), .name = optional_name(world));
    case 0:
    case 1:
        return weir_table_from(world->topology, name(world), optional_name(world), type(world), type(world));
    case 8:
        return weir_count(one_regroup(world), name(world), .name = optional_name(world));
    case 9:
        return weir_reduce(one_regroup(world), name(world), is_given(world) ? reduce : NULL,
                           .subtract = is_given(world) ? reduce : NULL);
    case 10:
        return weir_aggregate(one_regroup(world), name(world), is_given(world) ? aggregate : NULL,
                              .subtract = is_given(world) ? aggregate : NULL, .value = type(world));
    case 5:
        return weir_filter_table_with(one_table(world), testing(world));
    case 6:
        return weir_filter_not_table_with(one_table(world), testing(world));
    case 7:
        return weir_map_values_table_with(one_table(world), type(world), mapping(world));
    case 2:
        return weir_count(one_group(world), name(world), .window = window(world));
    case 3:
        return weir_reduce(one_group(world), name(world), is_given(world) ? reduce : NULL, .window = window(world));
    case 4:
        return weir_aggregate(one_group(world), name(world), is_given(world) ? aggregate : NULL, .value = type(world),
                              .window = window(world));
    default:
        return weir_join_tables_with(one_table(world), one_table(world), joining(world));
    }
}

static void call_verb(struct world *world)
{
    size_t at = next(world) % HANDLES_MAX;
    switch (next(world) % 9) {
    case 0:
        world->branches[at] = weir_split(one_stream(world), .name = optional_name(world));
        break;
    case 1:
        world->groups[at] = weir_group(one_stream(world));
        break;
    case 2:
        world->groups[at] = weir_group_by_with(one_stream(world), name(world), type(world), grouping(world));
        break;
    case 8:
        world->regroups[at] = weir_group_by_table_with(one_table(world), name(world), type(world), grouping(world));
        break;
    case 3:
        weir_add_store(world->topology, name(world), type(world), type(world), .window = window(world));
        break;
    case 4:
    case 5:
        world->tables[at] = call_table_verb(world);
        break;
    default:
        world->streams[at] = call_stream_verb(world);
        break;
    }
}

static void describe(weir_topology *topology, FILE *out)
{
    struct weir_error error = {0};
    for (int format = WEIR_DESCRIBE_TEXT; format <= WEIR_DESCRIBE_MERMAID; format++) {
        bool is_described = weir_topology_describe(topology, (enum weir_describe_format)format, out, &error);
        assert(is_described);
        (void)is_described;
    }
}

static void build(const weir_topology *topology)
{
    struct execution execution = {0};
    struct store *none[HANDLES_MAX * 8] = {0};
    for (size_t i = 0; i < topology->subtopology_count; i++) {
        assert(topology->subtopologies[i].sources.count > 0);
        context_free(context_build(&topology->subtopologies[i], &execution, none));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_error error = {0};
    struct world world = {.data = data, .size = size};
    char *text = NULL;
    size_t text_size = 0;
    world.topology = weir_topology_new("fuzz");
    world.other = weir_topology_new("other");
    for (int i = 0; i < VERBS_MAX && world.size > 0; i++)
        call_verb(&world);
    FILE *out = open_memstream(&text, &text_size);
    if (graph_plan(world.topology, &error)) {
        describe(world.topology, out);
        build(world.topology);
    } else {
        assert(error.code == WEIR_INVALID && error.message[0]);
    }
    fclose(out);
    free(text);
    weir_topology_free(world.topology);
    weir_topology_free(world.other);
    return 0;
}
