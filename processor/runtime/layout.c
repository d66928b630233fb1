/* layout.c: see layout.h. Names of internal topics are Kafka Streams' own (docs: "Manage internal topics").
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/layout.h"

#include <string.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "operators/operators.h"

static uint32_t hash_name(const char *name)
{
    return hash_crc32c(0, name, strlen(name));
}

static const char *full_name(struct layout *layout, const struct graph_topic *topic)
{
    return topic->internal ? arena_format(&layout->arena, "%s-%s", layout->application, topic->name) : topic->name;
}

static void lay_store(struct layout *layout, struct layout_store *store, const struct store_spec *spec, bool hidden)
{
    store->spec = *spec;
    store->hidden = hidden;
    store->name_hash = hash_name(spec->name);
    store->source = store->writers = -1;
    if (!spec->no_log)
        store->changelog = arena_format(&layout->arena, "%s-%s-changelog", layout->application, spec->name);
}

/* What a repartition topic's reader has seen of each upstream partition, so that a record sent twice because of a crash
 * is applied once (lineage.h). */
static void lay_lineage_store(struct layout *layout, struct layout_part *part, struct layout_source *source)
{
    const struct store_spec spec = {
        .name = arena_format(&layout->arena, "%s-lineage", source->node->topic->name),
        .kind = STORE_KEY_VALUE,
        .key_type = &weir_bytes_type,
        .value_type = &weir_bytes_type,
    };
    source->lineage_store = (int32_t)part->store_count;
    lay_store(layout, &part->stores[part->store_count++], &spec, true);
}

/* Who wrote the rows of a store, under its keys and for as long as it keeps them (writers.h). Versions are written in any order
 * of their times, so that there is no last one. */
static void lay_writers_store(struct layout *layout, struct layout_part *part, struct layout_store *store)
{
    struct store_spec spec = store->spec;
    if (spec.kind == STORE_VERSIONED || store->hidden)
        return;
    spec.name = arena_format(&layout->arena, "%s-writers", store->spec.name);
    spec.value_type = &weir_bytes_type;
    store->writers = (int32_t)part->store_count;
    lay_store(layout, &part->stores[part->store_count++], &spec, true);
}

static enum weir_policy choose_policy(enum weir_policy given, const struct config *config, const char *key)
{
    const char *text = config_text(config, key);
    if (given != WEIR_POLICY_DEFAULT)
        return given;
    if (strcmp(text, "skip") == 0)
        return WEIR_SKIP;
    return strcmp(text, "fail") == 0 ? WEIR_FAIL : WEIR_DEAD_LETTER;
}

/* Kafka Streams writes a dead letter whatever the handler answers, once there is a topic for them. */
static void lay_policies(struct layout *layout, const struct config *config)
{
    const struct weir_on_error_args *said = &layout->topology->on_error;
    layout->processing = choose_policy(said->processing, config, "processing.exception.handler");
    layout->producing = choose_policy(said->producing, config, "production.exception.handler");
    layout->letters_on_fail = *config_text(config, "errors.dead.letter.queue.topic.name") || said->dead_letters;
}

static enum weir_untimed choose_untimed(enum weir_untimed given, const char *extractor)
{
    static const struct {
        const char *name;
        enum weir_untimed untimed;
    } names[] = {
        {"skip", WEIR_UNTIMED_SKIP}, {"fail", WEIR_UNTIMED_FAIL}, {"partition_time", WEIR_UNTIMED_PARTITION_TIME}};
    if (given != WEIR_UNTIMED_DEFAULT)
        return given;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, extractor) == 0)
            return names[i].untimed;
    return WEIR_UNTIMED_DEAD_LETTER;
}

/* What we wrote to our own topics has a time, and keeps it. */
static void lay_time(struct layout_source *source, const struct config *config)
{
    const char *extractor = config_text(config, "default.timestamp.extractor");
    source->timestamp = source->node->timestamp;
    source->untimed = choose_untimed(source->node->untimed, extractor);
    if (!source->timestamp && !source->node->topic->internal && strcmp(extractor, "wall_clock") == 0)
        source->timestamp = weir_wall_clock;
}

static void take_reset(struct layout_source *source, const char *setting)
{
    const char *duration = strchr(setting, ':');
    if (duration && duration_read(duration + 1, &source->reset_by_ms))
        source->reset = WEIR_RESET_BY_DURATION;
    else if (strcmp(setting, "latest") == 0)
        source->reset = WEIR_RESET_LATEST;
    else
        source->reset = strcmp(setting, "none") == 0 ? WEIR_RESET_NONE : WEIR_RESET_EARLIEST;
}

/* What we wrote to our own topics is always read from its beginning. */
static void lay_reset(struct layout_source *source, const struct config *config)
{
    const struct graph_node *node = source->node;
    bool is_given = node->reset != WEIR_RESET_DEFAULT;
    source->reset = is_given ? node->reset : WEIR_RESET_EARLIEST;
    source->reset_by_ms = node->reset_by_ms;
    if (node->topic->internal || node->is_global)
        source->reset = WEIR_RESET_EARLIEST;
    else if (!is_given)
        take_reset(source, config_text(config, "auto.offset.reset"));
}

/* A handler may answer with one. */
static bool writes_letters(const struct layout *layout, const struct layout_source *source)
{
    const struct weir_on_error_args *said = &layout->topology->on_error;
    return source->node->parked || source->reading_handler || said->processing_handler || said->producing_handler ||
           source->reading == WEIR_DEAD_LETTER || source->untimed == WEIR_UNTIMED_DEAD_LETTER ||
           layout->processing == WEIR_DEAD_LETTER || layout->producing == WEIR_DEAD_LETTER || layout->letters_on_fail;
}

static void lay_errors(struct layout *layout, struct layout_source *source, const struct config *config)
{
    const struct graph_node *node = source->node;
    const char *configured = config_text(config, "errors.dead.letter.queue.topic.name");
    enum weir_policy said = node->reading != WEIR_POLICY_DEFAULT ? node->reading : layout->topology->on_error.reading;
    source->reading = choose_policy(said, config, "deserialization.exception.handler");
    if (node->reading == WEIR_POLICY_DEFAULT && !node->topic->internal)
        source->reading_handler = layout->topology->on_error.reading_handler;
    if (writes_letters(layout, source))
        source->dead_letters = graph_dead_letters(layout->topology, node, configured, source->topic);
}

static void lay_source(struct layout *layout, struct layout_part *part, const struct graph_node *node,
                       const struct graph_topic *topic, const struct config *config)
{
    struct layout_source *source = &part->sources[part->source_count++];
    source->node = node;
    source->topic = full_name(layout, topic);
    lay_time(source, config);
    lay_reset(source, config);
    lay_errors(layout, source, config);
    source->topic_hash = hash_name(source->topic);
    source->lineage_store = -1;
    if (topic->internal && !topic->is_ticks)
        lay_lineage_store(layout, part, source);
}

void layout_match(struct layout *layout, struct layout_source *source, const struct graph_node *node, const char *topic,
                  const struct config *config)
{
    *source = (struct layout_source){.node = node, .topic = topic, .lineage_store = -1};
    lay_time(source, config);
    lay_reset(source, config);
    lay_errors(layout, source, config);
    source->topic_hash = hash_name(topic);
    source->is_match = true;
}

/* Where a timer fails, or a call is given up, its letter goes to the dead letters of the lead topic. */
static void lay_shares(struct layout *layout, struct layout_part *part, const struct graph_node *node,
                       const struct config *config)
{
    struct layout_source *source = &part->sources[part->source_count++];
    const char *topic = arena_format(&layout->arena, "%s-%s", layout->application, node->shares);
    layout->pattern_count++;
    layout_match(layout, source, node, topic, config);
    source->is_match = false;
    source->is_shares = true;
    source->reset = WEIR_RESET_EARLIEST;
}

/* One per topic, in the order of the nodes. Which topics match a pattern is found out later (patterns.h). */
static void lay_sources(struct layout *layout, struct layout_part *part, const struct config *config)
{
    const struct graph_nodes *sources = &part->subtopology->sources;
    size_t count = 0;
    for (size_t i = 0; i < sources->count; i++)
        count += 1 + sources->items[i]->more_count;
    part->sources = arena_alloc(&layout->arena, count * sizeof *part->sources);
    const struct graph_topic *topic;
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->items[i]->shares)
            lay_shares(layout, part, sources->items[i], config);
        for (size_t t = 0; !sources->items[i]->shares && (topic = graph_source_topic(sources->items[i], t)); t++) {
            part->reads_drops = part->reads_drops || topic->is_drops;
            lay_source(layout, part, sources->items[i], topic, config);
        }
    }
}

/* ---- tables whose topic is their changelog (KIP-295) ---- */

static bool is_table_source(const struct graph_node *node)
{
    return operator_is(node, &operator_table_source) && node->store_count > 0 && node->parents.count == 1 &&
           node->parents.items[0]->kind == GRAPH_SOURCE && !node->parents.items[0]->parked;
}

static int32_t source_of(const struct layout_part *part, const struct graph_node *node)
{
    size_t i = 0;
    while (part->sources[i].node != node)
        i++;
    return (int32_t)i;
}

/* An author's .no_log stands: what is not to be restored is not. */
static void lay_table(struct layout *layout, struct layout_part *part, const struct graph_node *node, bool reuses)
{
    struct layout_store *store = &part->stores[node->stores[0]->index];
    int32_t source = source_of(part, node->parents.items[0]);
    if (!store->changelog)
        return;
    const char *both = arena_format(&layout->arena, "%s < %s", store->spec.name, part->sources[source].topic);
    store->else_hash = hash_name(both);
    if (!reuses)
        return;
    store->else_hash = store->name_hash;
    store->name_hash = hash_name(both);
    store->source = source;
    store->changelog = NULL;
}

static void lay_tables(struct layout *layout, struct layout_part *part, const struct config *config)
{
    bool reuses = config_has_word(config, "topology.optimization", "all") ||
                  config_has_word(config, "topology.optimization", "reuse.ktable.source.topics");
    for (size_t i = 0; i < part->subtopology->nodes.count; i++)
        if (is_table_source(part->subtopology->nodes.items[i]))
            lay_table(layout, part, part->subtopology->nodes.items[i], reuses);
}

/* No two rows of a join have one key, so nothing is lost to compaction. */
static void lay_packed(struct layout_part *part, const struct config *config)
{
    for (size_t i = 0; i < part->store_count; i++)
        part->stores[i].is_packed =
            part->stores[i].spec.kind == STORE_JOIN && config_flag(config, "join.changelog.packed");
}

static bool connects(const struct graph_node *node, const struct store_spec *spec)
{
    for (size_t i = 0; i < node->store_count; i++)
        if (strcmp(node->stores[i]->spec.name, spec->name) == 0)
            return true;
    return false;
}

/* In the stores it is connected to. */
static bool chooses_keys(const struct graph_node *node)
{
    return operator_is_processor(node) || operator_is(node, &operator_transform_table);
}

/* Records of a user topic may have been spread in any way, and a processor may use any key; behind our own repartition
 * everything else keeps the key it came with. */
static bool is_hashed(const struct graph_subtopology *subtopology, const struct store_spec *spec)
{
    for (size_t i = 0; i < subtopology->sources.count; i++) {
        const struct graph_topic *topic = subtopology->sources.items[i]->topic;
        if (!topic->internal || topic->is_spread)
            return false;
    }
    for (size_t i = 0; i < subtopology->nodes.count; i++)
        if (chooses_keys(subtopology->nodes.items[i]) && connects(subtopology->nodes.items[i], spec))
            return false;
    return true;
}

/* How far each partition of a global table's topic was read (globals.h). */
static void lay_position_store(struct layout *layout, struct layout_part *part)
{
    const struct store_spec spec = {
        .name = arena_format(&layout->arena, "%s-position", part->stores[0].spec.name),
        .kind = STORE_KEY_VALUE,
        .in_memory = part->stores[0].spec.in_memory,
        .no_log = true,
        .key_type = &weir_bytes_type,
        .value_type = &weir_bytes_type,
    };
    lay_store(layout, &part->stores[part->store_count++], &spec, true);
}

void layout_spread(struct layout *layout, struct layout_part *global, int32_t partitions)
{
    const struct layout_source one = global->sources[0];
    global->partitions = 1; /* of the view: it has all rows */
    global->source_count = (size_t)partitions;
    global->sources = arena_alloc(&layout->arena, global->source_count * sizeof *global->sources);
    for (int32_t i = 0; i < partitions; i++) {
        global->sources[i] = one;
        global->sources[i].partitions = partitions;
        global->sources[i].has_partition = true;
        global->sources[i].partition = i;
    }
    layout_publish(&layout->arena, global, global->sources, global->source_count);
}

size_t layout_sources_of(const struct layout_inputs *inputs, int32_t partition)
{
    size_t count = 0;
    while (count < inputs->count && (inputs->items[count].has_partition || inputs->items[count].partitions > partition))
        count++;
    return count;
}

/* A table's topic that is its changelog moves with its source; a narrow topic's keys do not lie where those of the
 * widest do. */
static void follow_sources(struct layout_part *part, const char *const *before)
{
    bool are_equal = true;
    for (size_t i = 0; i < part->source_count; i++)
        are_equal = are_equal && part->sources[i].partitions == part->partitions;
    for (size_t i = 0; i < part->store_count; i++) {
        struct layout_store *store = &part->stores[i];
        store->is_hashed = store->is_hashed && are_equal;
        for (int32_t s = 0; store->source >= 0 && (size_t)s < part->source_count; s++)
            if (part->sources[s].topic == before[store->source]) {
                store->source = s;
                break;
            }
    }
}

static int rank(const struct layout_source *source)
{
    return source->is_shares ? 0 : source->is_match ? 2 : 1;
}

static bool goes_before(const struct layout_source *a, const struct layout_source *b)
{
    return a->partitions != b->partitions ? a->partitions > b->partitions : rank(a) < rank(b);
}

void layout_sort(struct layout_source *sources, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct layout_source source = sources[i];
        size_t at = i;
        for (; at > 0 && goes_before(&source, &sources[at - 1]); at--)
            sources[at] = sources[at - 1];
        sources[at] = source;
    }
}

void layout_publish(weir_arena *arena, struct layout_part *part, struct layout_source *items, size_t count)
{
    struct layout_inputs *inputs = arena_alloc(arena, sizeof *inputs);
    *inputs = (struct layout_inputs){items, count};
    atomic_store(&part->inputs, inputs);
}

void layout_sort_sources(struct layout *layout, struct layout_part *part)
{
    const char **before = memory_new((part->source_count + 1) * sizeof *before);
    for (size_t i = 0; i < part->source_count; i++)
        before[i] = part->sources[i].topic;
    layout_sort(part->sources, part->source_count);
    part->partitions = part->source_count > 0 ? part->sources[0].partitions : 0;
    follow_sources(part, before);
    layout_publish(&layout->arena, part, part->sources, part->source_count);
    memory_free(before);
}

struct broker_subscription layout_subscription(const struct layout_inputs *inputs, weir_arena *arena)
{
    const char **topics = arena_alloc(arena, inputs->count * sizeof *topics);
    int32_t *partitions = arena_alloc(arena, inputs->count * sizeof *partitions);
    bool *are_internal = arena_alloc(arena, inputs->count * sizeof *are_internal);
    for (size_t i = 0; i < inputs->count; i++) {
        topics[i] = inputs->items[i].topic;
        partitions[i] = inputs->items[i].partitions;
        are_internal[i] = inputs->items[i].node->topic->internal;
    }
    return (struct broker_subscription){topics, inputs->count, partitions, are_internal};
}

static void lay_passing(struct layout_part *part, const struct config *config)
{
    for (size_t i = 0; i < part->source_count; i++)
        part->sources[i].is_passing = part->sources[i].node->topic->internal;
    for (size_t i = 0; i < part->store_count; i++)
        if (part->stores[i].source >= 0)
            part->sources[part->stores[i].source].is_passing = false;
    for (size_t i = 0; i < part->source_count; i++)
        part->sources[i].is_bundled = part->sources[i].is_passing && config_flag(config, "repartition.bundles");
}

static void lay_part(struct layout *layout, struct layout_part *part, const struct graph_subtopology *subtopology,
                     const struct config *config)
{
    part->subtopology = subtopology;
    /* at most a hidden one per source, and one beside each that is seen */
    size_t most = 2 * subtopology->store_count + subtopology->sources.count;
    part->stores = arena_alloc(&layout->arena, (most ? most : 1) * sizeof *part->stores);
    for (size_t i = 0; i < subtopology->store_count; i++) {
        struct layout_store *store = &part->stores[part->store_count++];
        lay_store(layout, store, &subtopology->stores[i]->spec, subtopology->stores[i]->spec.hidden);
        store->is_hashed = is_hashed(subtopology, &store->spec);
    }
    lay_sources(layout, part, config);
    if (!subtopology->is_global)
        lay_tables(layout, part, config);
    if (!subtopology->is_global && config_flag(config, "explain.last.writer"))
        for (size_t i = 0; i < subtopology->store_count; i++)
            lay_writers_store(layout, part, &part->stores[i]);
    if (subtopology->is_global)
        lay_position_store(layout, part);
    lay_passing(part, config);
    lay_packed(part, config);
    part->sink_topics = arena_alloc(&layout->arena, (subtopology->nodes.count + 1) * sizeof *part->sink_topics);
    part->sink_schemas = arena_alloc(&layout->arena, (subtopology->nodes.count + 1) * sizeof *part->sink_schemas);
    part->sink_partitions = arena_alloc(&layout->arena, (subtopology->nodes.count + 1) * sizeof *part->sink_partitions);
    for (size_t i = 0; i < subtopology->nodes.count; i++) {
        const struct graph_node *node = subtopology->nodes.items[i];
        if (node->kind == GRAPH_SINK && !node->topic_of)
            part->sink_topics[node->index] = full_name(layout, node->topic);
    }
}

static size_t lay_parts(struct layout *layout, size_t behind, bool global, const struct config *config)
{
    const weir_topology *topology = layout->topology;
    size_t count = 0;
    for (size_t i = 0; i < topology->subtopology_count; i++)
        if (topology->subtopologies[i].is_global == global)
            lay_part(layout, &layout->parts[behind + count++], &topology->subtopologies[i], config);
    return count;
}

static bool check_dead_letters(const struct layout *layout, const struct config *config, struct weir_error *error)
{
    const char *topic = config_text(config, "errors.dead.letter.queue.topic.name");
    return !graph_find_topic(layout->topology, topic) ||
           error_set(error, WEIR_INVALID,
                     "errors.dead.letter.queue.topic.name: the topology reads or writes '%s' itself", topic);
}

/* Beside the stores of the author's, that of the writers has a name of the engine's. */
static bool check_writers(const struct layout *layout, struct weir_error *error)
{
    const struct layout_part *owner;
    size_t index;
    for (size_t p = 0; p < layout->part_count; p++) {
        const struct layout_part *part = &layout->parts[p];
        for (size_t s = 0; s < part->store_count; s++) {
            int32_t writers = part->stores[s].writers;
            if (writers >= 0 && layout_find_store(layout, part->stores[writers].spec.name, &owner, &index))
                return error_set(error, WEIR_INVALID,
                                 "explain.last.writer: the topology has a store '%s' itself, beside '%s'",
                                 part->stores[writers].spec.name, part->stores[s].spec.name);
        }
    }
    return true;
}

bool layout_init(struct layout *layout, weir_topology *topology, const char *application, const struct config *config,
                 struct weir_error *error)
{
    *layout = (struct layout){.topology = topology};
    arena_init(&layout->arena);
    if (!topology)
        return error_set(error, WEIR_INVALID, "there is no topology to run");
    if (!graph_plan(topology, error) || !check_dead_letters(layout, config, error))
        return false;
    lay_policies(layout, config);
    layout->application = arena_text(&layout->arena, application);
    if (topology->drops)
        layout->drops = full_name(layout, topology->drops);
    layout->parts = arena_alloc(&layout->arena, topology->subtopology_count * sizeof *layout->parts);
    layout->part_count = lay_parts(layout, 0, false, config);
    layout->global_count = lay_parts(layout, layout->part_count, true, config);
    return check_writers(layout, error);
}

void layout_done(struct layout *layout)
{
    arena_done(&layout->arena);
    weir_topology_free(layout->topology);
    *layout = (struct layout){0};
}

const struct layout_store *layout_find_store(const struct layout *layout, const char *name,
                                             const struct layout_part **part, size_t *index)
{
    for (size_t p = 0; p < layout->part_count + layout->global_count; p++) {
        for (size_t s = 0; s < layout->parts[p].store_count; s++) {
            const struct layout_store *store = &layout->parts[p].stores[s];
            if (store->hidden || strcmp(store->spec.name, name) != 0)
                continue;
            *part = &layout->parts[p];
            *index = s;
            return store;
        }
    }
    return NULL;
}

bool layout_writes(const struct layout_part *part, const char *topic)
{
    for (size_t i = 0; i < part->subtopology->nodes.count; i++)
        if (part->sink_topics[i] && strcmp(part->sink_topics[i], topic) == 0)
            return true;
    return false;
}

const struct layout_part *layout_reader(const struct layout *layout, const char *topic)
{
    for (size_t p = 0; p < layout->part_count; p++)
        for (size_t s = 0; s < layout->parts[p].source_count; s++) {
            const struct layout_source *source = &layout->parts[p].sources[s];
            if (source->node->topic->internal && strcmp(source->topic, topic) == 0)
                return &layout->parts[p];
        }
    return NULL;
}

/* seen: by part, those that were looked at, for a foreign-key join goes round. */
static bool leads_to(const struct layout *layout, const struct layout_part *from, const struct layout_part *to,
                     bool *seen)
{
    if (from == to || seen[from - layout->parts])
        return from == to;
    seen[from - layout->parts] = true;
    for (size_t i = 0; i < from->subtopology->nodes.count; i++) {
        const struct layout_part *reader = from->sink_topics[i] ? layout_reader(layout, from->sink_topics[i]) : NULL;
        if (reader && leads_to(layout, reader, to, seen))
            return true;
    }
    return false;
}

bool layout_leads_to(const struct layout *layout, const struct layout_part *from, const struct layout_part *to)
{
    bool *seen = memory_new((layout->part_count + layout->global_count) * sizeof *seen);
    bool found = leads_to(layout, from, to, seen);
    memory_free(seen);
    return found;
}

int32_t layout_upstream_partitions(const struct layout *layout, const char *topic)
{
    int32_t most = 0;
    for (size_t p = 0; p < layout->part_count; p++)
        if (layout_writes(&layout->parts[p], topic) && layout->parts[p].partitions > most)
            most = layout->parts[p].partitions;
    return most;
}
