/* topics.c: the topics a layout needs: how many partitions, with which configuration, created or checked.
 *
 * Configuration of internal topics is Kafka Streams' own (InternalTopicConfig and its subclasses). Changelogs also get a
 * compaction lag: a restore may have to undo writes behind the last commit (restore.c) and needs the values below it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/patterns.h"

struct specs {
    struct broker_topic_spec *items;
    size_t count, capacity;
};

enum {
    REPARTITION_SEGMENT_BYTES = 50 * 1024 * 1024,
    DEAD_LETTER_MESSAGE_BYTES_MAX = 16 * 1024 * 1024,
    CHANGELOG_MESSAGE_BYTES_MAX = 8 * 1024 * 1024,
};
static const int64_t dead_letter_retention_ms = (int64_t)30 * 24 * 3600 * 1000; /* domain: kept 30 days */
static const int64_t join_changelog_additional_ms = (int64_t)24 * 60 * 60 * 1000;
/* Of each key compaction leaves the latest put, wherever its time is: not before the history is over, and a day, as in Kafka
 * Streams (VersionedChangelogTopicConfig). */
static const int64_t versioned_changelog_additional_ms = (int64_t)24 * 60 * 60 * 1000;
static const int64_t changelog_compaction_lag_ms = (int64_t)60 * 60 * 1000;

/* Of a start: a broker that restarts, or a bad network, must not end it. */
static const int64_t patience_us = (int64_t)60 * 1000 * 1000;
enum { PAUSE_MS = 200 };

static bool asks_again(int64_t began_us, struct weir_error *error)
{
    if (error->code != WEIR_RETRY || clock_monotonic_us(&clock_system) - began_us >= patience_us)
        return false;
    log_warning("app", "%s; trying again", error->message);
    error_clear(error);
    clock_pause_ms(PAUSE_MS);
    return true;
}

int32_t layout_ask_count(struct broker *broker, const char *topic, struct weir_error *error)
{
    int64_t began_us = clock_monotonic_us(&clock_system);
    int32_t count;
    do
        count = broker->ops->partitions(broker, topic, error);
    while (count < 0 && asks_again(began_us, error));
    return count;
}

bool layout_ask_topics(struct broker *broker, weir_arena *arena, const char ***names, size_t *count,
                       struct weir_error *error)
{
    int64_t began_us = clock_monotonic_us(&clock_system);
    bool ok;
    do
        ok = broker->ops->topics(broker, arena, names, count, error);
    while (!ok && asks_again(began_us, error));
    return ok;
}

static void add_spec(struct specs *specs, struct broker_topic_spec spec)
{
    for (size_t i = 0; i < specs->count; i++)
        if (strcmp(specs->items[i].name, spec.name) == 0)
            return;
    specs->items = memory_grow(specs->items, &specs->capacity, specs->count + 1, sizeof *specs->items);
    specs->items[specs->count++] = spec;
}

static bool ensure(struct broker *broker, const struct specs *specs, struct weir_error *error)
{
    int64_t began_us = clock_monotonic_us(&clock_system);
    bool ok;
    do
        ok = broker->ops->ensure(broker, specs->items, specs->count, error);
    while (!ok && asks_again(began_us, error));
    return ok;
}

static bool is_written_by(const struct layout *layout, const struct layout_part *part, const char *topic)
{
    if (layout->drops && strcmp(layout->drops, topic) == 0)
        return !part->reads_drops;
    return layout_writes(part, topic);
}

/* ---- how many partitions ---- */

static bool is_copartitioned(const struct layout_source *a, const struct layout_source *b)
{
    return a->node->copartition != 0 && a->node->copartition == b->node->copartition;
}

/* Counts of the user topics that exist, and those that the author gave to repartition topics. */
static int32_t count_of(const struct layout_source *source, struct broker *broker, struct weir_error *error)
{
    const struct graph_topic *topic = source->node->topic;
    if (source->is_match) /* it was counted when it was found */
        return source->partitions;
    return topic->internal ? topic->partitions : layout_ask_count(broker, source->topic, error);
}

static bool ask_counts(struct layout_part *part, struct broker *broker, int32_t *most, struct weir_error *error)
{
    for (size_t i = 0; i < part->source_count; i++) {
        struct layout_source *source = &part->sources[i];
        const struct graph_topic *topic = source->node->topic;
        source->partitions = count_of(source, broker, error);
        if (source->partitions < 0)
            return false;
        *most = !topic->internal && source->partitions > *most ? source->partitions : *most;
    }
    return true;
}

static int32_t widest_of(const struct layout_part *part)
{
    int32_t most = 0;
    for (size_t i = 0; i < part->source_count; i++)
        most = part->sources[i].partitions > most ? part->sources[i].partitions : most;
    return most;
}

static int32_t count_of_joined(const struct layout_part *part, const struct layout_source *source)
{
    for (size_t i = 0; i < part->source_count; i++)
        if (part->sources[i].partitions > 0 && is_copartitioned(&part->sources[i], source))
            return part->sources[i].partitions;
    return 0;
}

/* A user topic that is not there yet is made as wide as those it is joined with, else as the widest beside it. Those that an
 * instance adds up the shares of are made with the internal ones, as wide as these; of the others the names are missing. */
static void choose_missing(struct layout_part *part, int32_t preferred, struct specs *missing)
{
    int32_t widest = widest_of(part);
    for (size_t i = 0; i < part->source_count; i++) {
        struct layout_source *source = &part->sources[i];
        if (source->partitions > 0 || source->node->topic->internal)
            continue;
        source->is_new = source->is_shares;
        source->partitions = count_of_joined(part, source);
        if (source->partitions == 0)
            source->partitions = widest > 0 ? widest : preferred;
        if (!source->is_new)
            add_spec(missing, (struct broker_topic_spec){.name = source->topic});
    }
}

/* A repartition topic has as many partitions as the widest sub-topology that writes it reads. */
static int32_t count_of_writers(const struct layout *layout, const char *topic)
{
    int32_t most = 0;
    for (size_t i = 0; i < layout->part_count; i++)
        if (is_written_by(layout, &layout->parts[i], topic) && widest_of(&layout->parts[i]) > most)
            most = widest_of(&layout->parts[i]);
    return most;
}

static bool is_counted(const struct layout_source *source)
{
    const struct graph_topic *topic = source->node->topic;
    return topic->internal && !topic->is_ticks && topic->partitions == 0;
}

/* Counts travel from writers to readers; a chain of repartitions is as long as there are parts. */
static void count_repartitions(struct layout *layout)
{
    for (size_t round = 0; round < layout->part_count; round++)
        for (size_t i = 0; i < layout->part_count; i++)
            for (size_t s = 0; s < layout->parts[i].source_count; s++)
                if (is_counted(&layout->parts[i].sources[s]))
                    layout->parts[i].sources[s].partitions =
                        count_of_writers(layout, layout->parts[i].sources[s].topic);
}

/* What the topics of a group must have: as many as one of users' has, else as the author gave to one of them, else as the
 * widest. NULL: the source is joined with nothing. */
static const struct layout_source *measure_of(const struct layout_part *part, const struct layout_source *source)
{
    const struct layout_source *given = NULL, *widest = NULL;
    for (size_t i = 0; i < part->source_count; i++) {
        const struct layout_source *other = &part->sources[i];
        if (!is_copartitioned(other, source))
            continue;
        if (!other->node->topic->internal)
            return other;
        given = !given && other->node->topic->partitions > 0 ? other : given;
        widest = !widest || other->partitions > widest->partitions ? other : widest;
    }
    return given ? given : widest;
}

/* As Kafka Streams' CopartitionedTopicsEnforcer. */
static bool copartition(struct layout_part *part, struct weir_error *error)
{
    for (size_t i = 0; i < part->source_count; i++) {
        struct layout_source *source = &part->sources[i];
        const struct layout_source *measure = measure_of(part, source);
        if (measure && is_counted(source))
            source->partitions = measure->partitions;
        if (measure && source->partitions != measure->partitions)
            return error_set(
                error, WEIR_INVALID,
                "topics '%s' and '%s' are joined and need the same number of partitions, but have %d and %d",
                measure->topic, source->topic, measure->partitions, source->partitions);
    }
    return true;
}

/* A store is restored from a partition that every task has. */
static bool check_logs(const struct layout_part *part, struct weir_error *error)
{
    for (size_t i = 0; i < part->store_count; i++) {
        const struct layout_source *log =
            part->stores[i].source >= 0 ? &part->sources[part->stores[i].source] : &part->sources[0];
        if (log->partitions != part->partitions)
            return error_set(error, WEIR_INVALID,
                             "topic '%s' is the changelog of store '%s' (topology.optimization) and has %d partitions, "
                             "but there are %d tasks, as topic '%s' has partitions; give the table a repartition, or "
                             "do without the optimization",
                             log->topic, part->stores[i].spec.name, log->partitions, part->partitions,
                             part->sources[0].topic);
    }
    return true;
}

/* Every instance deals out the tasks that this topic has partitions, whatever topics it knows. */
static bool check_shares(const struct layout_part *part, struct weir_error *error)
{
    for (size_t i = 0; i < part->source_count; i++)
        if (part->sources[i].is_shares && !patterns_check_width(&part->sources[i], &part->sources[0], error))
            return false;
    return true;
}

/* Every task has ticks of its own. */
static bool finish_part(struct layout *layout, struct layout_part *part, struct weir_error *error)
{
    for (size_t i = 0; i < part->source_count; i++) {
        struct layout_source *source = &part->sources[i];
        if (source->node->topic->is_ticks || source->is_new)
            source->partitions = widest_of(part);
        if (source->partitions == 0)
            return error_set(error, WEIR_INVALID, "no sub-topology writes the repartition topic '%s'", source->topic);
    }
    layout_sort_sources(layout, part);
    return check_shares(part, error) && check_logs(part, error);
}

static bool decide_partitions(struct layout *layout, struct broker *broker, int32_t preferred, struct specs *missing,
                              struct weir_error *error)
{
    int32_t most = 0;
    for (size_t i = 0; i < layout->part_count; i++)
        if (!ask_counts(&layout->parts[i], broker, &most, error))
            return false;
    for (size_t i = 0; i < layout->part_count; i++)
        choose_missing(&layout->parts[i], most > 0 ? most : preferred, missing);
    count_repartitions(layout);
    for (size_t i = 0; i < layout->part_count; i++)
        if (!copartition(&layout->parts[i], error) || !finish_part(layout, &layout->parts[i], error))
            return false;
    return true;
}

/* ---- what is created ---- */

/* No two rows of a join have one key, so compaction would keep them all. They are deleted by the time they were written
 * (DECISIONS.md 15), a day late as in Kafka Streams (windowstore.changelog.additional.retention.ms). */
static void add_join_changelog(struct specs *specs, const struct layout_part *part, const struct layout_store *store)
{
    int64_t retention_ms;
    if (__builtin_add_overflow(store->spec.retention_ms, join_changelog_additional_ms, &retention_ms))
        retention_ms = -1;
    add_spec(specs, (struct broker_topic_spec){
                        .name = store->changelog,
                        .partitions = part->partitions,
                        .cleanup = BROKER_DELETE,
                        .retention_ms = retention_ms,
                        .message_bytes_max = CHANGELOG_MESSAGE_BYTES_MAX,
                        .append_time = true,
                    });
}

/* Window changelogs are compacted only: a broker's retention compares record times, which are event times, with its own
 * clock, and would delete the windows of historical data as soon as they are written (DECISIONS.md 10). */
static int64_t compaction_lag_ms(const struct store_spec *spec)
{
    int64_t lag_ms;
    if (spec->kind != STORE_VERSIONED)
        return changelog_compaction_lag_ms;
    return __builtin_add_overflow(spec->retention_ms, versioned_changelog_additional_ms, &lag_ms) ? INT64_MAX : lag_ms;
}

static void add_changelog(struct specs *specs, const struct layout_part *part, const struct layout_store *store)
{
    if (store->spec.kind == STORE_JOIN) {
        add_join_changelog(specs, part, store);
        return;
    }
    add_spec(specs, (struct broker_topic_spec){
                        .name = store->changelog,
                        .partitions = part->partitions,
                        .cleanup = BROKER_COMPACT,
                        .retention_ms = -1,
                        .compaction_lag_ms = compaction_lag_ms(&store->spec),
                        .message_bytes_max = CHANGELOG_MESSAGE_BYTES_MAX,
                    });
}

static void add_letters(struct specs *specs, const struct layout_source *source)
{
    if (source->dead_letters)
        add_spec(specs, (struct broker_topic_spec){.name = source->dead_letters,
                                                   .partitions = -source->partitions,
                                                   .retention_ms = dead_letter_retention_ms,
                                                   .message_bytes_max = DEAD_LETTER_MESSAGE_BYTES_MAX});
}

static void add_source(struct specs *specs, const struct layout_source *source)
{
    if (source->is_shares)
        add_spec(specs, (struct broker_topic_spec){
                            .name = source->topic, .partitions = -source->partitions, .retention_ms = -1});
    else if (source->node->topic->internal)
        add_spec(specs, (struct broker_topic_spec){.name = source->topic,
                                                   .partitions = source->partitions,
                                                   .cleanup = BROKER_DELETE,
                                                   .retention_ms = -1,
                                                   .is_internal = source->is_passing,
                                                   .segment_bytes = REPARTITION_SEGMENT_BYTES,
                                                   .message_bytes_max = CHANGELOG_MESSAGE_BYTES_MAX});
    else if (!source->is_match)
        add_spec(specs, (struct broker_topic_spec){.name = source->topic, .partitions = -source->partitions});
    add_letters(specs, source);
}

static void add_part(struct specs *specs, const struct layout_part *part)
{
    for (size_t i = 0; i < part->source_count; i++)
        add_source(specs, &part->sources[i]);
    for (size_t i = 0; i < part->store_count; i++)
        if (part->stores[i].changelog)
            add_changelog(specs, part, &part->stores[i]);
}

/* Sinks last, so that a topic that is also a source or internal keeps that configuration. */
static void add_sinks(struct specs *specs, const struct layout_part *part)
{
    for (size_t i = 0; i < part->subtopology->nodes.count; i++)
        if (part->sink_topics[i])
            add_spec(specs, (struct broker_topic_spec){.name = part->sink_topics[i], .partitions = -part->partitions});
}

static int32_t count_of_readers(const struct layout *layout, const char *topic)
{
    for (size_t p = 0; p < layout->part_count; p++)
        for (size_t s = 0; s < layout->parts[p].source_count; s++)
            if (strcmp(layout->parts[p].sources[s].topic, topic) == 0)
                return layout->parts[p].sources[s].partitions;
    return 0;
}

/* Who chooses the partition of a record must know how many there are. */
static bool count_sink_partitions(struct layout *layout, struct broker *broker, struct weir_error *error)
{
    for (size_t p = 0; p < layout->part_count; p++) {
        struct layout_part *part = &layout->parts[p];
        for (size_t i = 0; i < part->subtopology->nodes.count; i++) {
            const struct graph_node *node = part->subtopology->nodes.items[i];
            if (node->kind != GRAPH_SINK || node->topic_of || (!node->topic->internal && !node->partition_of))
                continue;
            int32_t count = node->topic->internal ? count_of_readers(layout, part->sink_topics[i])
                                                  : layout_ask_count(broker, part->sink_topics[i], error);
            if (count < 0)
                return false;
            part->sink_partitions[i] = count;
        }
    }
    layout->drops_partitions = layout->drops ? count_of_readers(layout, layout->drops) : 0;
    return true;
}

/* Two instances that start for the first time may know different topics; one of them has made the topic. */
static bool check_new_shares(const struct layout *layout, struct broker *broker, struct weir_error *error)
{
    for (size_t p = 0; p < layout->part_count; p++)
        for (size_t i = 0; i < layout->parts[p].source_count; i++) {
            const struct layout_source *source = &layout->parts[p].sources[i];
            int32_t count = source->is_new ? layout_ask_count(broker, source->topic, error) : source->partitions;
            if (count < 0)
                return false;
            if (count != source->partitions)
                return error_set(error, WEIR_INVALID,
                                 "another instance has just made topic '%s' with %d partitions, not %d; start this one "
                                 "again",
                                 source->topic, (int)count, (int)source->partitions);
        }
    return true;
}

static size_t all_parts(const struct layout *layout)
{
    return layout->part_count + layout->global_count;
}

/* A topic that is not there yet gets as many partitions as the widest of the others. */
static bool spread_globals(struct layout *layout, struct broker *broker, int32_t preferred, struct specs *missing,
                           struct weir_error *error)
{
    int32_t most = preferred;
    for (size_t i = 0; i < layout->part_count; i++)
        if (i == 0 || layout->parts[i].partitions > most)
            most = layout->parts[i].partitions;
    for (size_t i = layout->part_count; i < all_parts(layout); i++) {
        const char *topic = layout->parts[i].sources[0].topic;
        int32_t count = layout_ask_count(broker, topic, error);
        if (count < 0)
            return false;
        if (count == 0)
            add_spec(missing, (struct broker_topic_spec){.name = topic});
        layout_spread(layout, &layout->parts[i], count > 0 ? count : most);
    }
    return true;
}

static void add_all(struct specs *specs, const struct layout *layout)
{
    for (size_t i = 0; i < layout->part_count; i++)
        add_part(specs, &layout->parts[i]);
    for (size_t i = layout->part_count; i < all_parts(layout); i++)
        add_source(specs, &layout->parts[i].sources[0]);
    for (size_t i = 0; i < layout->part_count; i++)
        add_sinks(specs, &layout->parts[i]);
}

/* Those that may be of any width. An input may also be a changelog of this app, which is as wide as its tasks are. */
static struct specs inputs_of(const struct layout *layout, const struct specs *missing)
{
    struct specs all = {0}, inputs = {0};
    add_all(&all, layout);
    for (size_t i = 0; i < all.count; i++)
        for (size_t m = 0; all.items[i].partitions < 0 && m < missing->count; m++)
            if (strcmp(all.items[i].name, missing->items[m].name) == 0)
                add_spec(&inputs, all.items[i]);
    memory_free(all.items);
    return inputs;
}

/* A topic that somebody has just made is not known to every broker, so one that seems to be missing may have any number of
 * partitions: whoever makes it finds out. Only then is it decided how wide the topics are that follow it. */
static bool settle_partitions(struct layout *layout, struct broker *broker, int32_t preferred, struct weir_error *error)
{
    int64_t began_us = clock_monotonic_us(&clock_system);
    bool ok, again;
    do {
        struct specs missing = {0}, inputs = {0};
        ok = decide_partitions(layout, broker, preferred, &missing, error) &&
             spread_globals(layout, broker, preferred, &missing, error);
        if (ok)
            inputs = inputs_of(layout, &missing);
        ok = ok && (inputs.count == 0 || ensure(broker, &inputs, error));
        again = ok && inputs.count > 0 && clock_monotonic_us(&clock_system) - began_us < patience_us;
        memory_free(missing.items);
        memory_free(inputs.items);
    } while (again);
    return ok;
}

bool layout_create_topics(struct layout *layout, struct broker *broker, const struct config *config,
                          struct weir_error *error)
{
    int32_t preferred = (int32_t)config_integer(config, "embedded.partitions");
    if (!patterns_expand(layout, broker, config, error) || !settle_partitions(layout, broker, preferred, error))
        return false;
    struct specs specs = {0};
    add_all(&specs, layout);
    bool ok = ensure(broker, &specs, error) && check_new_shares(layout, broker, error) &&
              count_sink_partitions(layout, broker, error);
    memory_free(specs.items);
    return ok;
}

bool layout_create_letters(const struct layout_source *sources, size_t count, struct broker *broker,
                           struct weir_error *error)
{
    struct specs specs = {0};
    for (size_t i = 0; i < count; i++)
        add_letters(&specs, &sources[i]);
    bool ok = specs.count == 0 || broker->ops->ensure(broker, specs.items, specs.count, error);
    memory_free(specs.items);
    return ok;
}

/* ---- as time goes by ---- */

static bool check_count(struct broker *broker, const char *topic, int32_t expected, struct weir_error *error)
{
    int32_t count = broker->ops->partitions(broker, topic, error);
    if (count == 0)
        return error_set(error, WEIR_INVALID, "topic '%s' is not there any more", topic);
    if (count > 0 && count != expected)
        return error_set(
            error, WEIR_INVALID,
            "topic '%s' has %d partitions now, and had %d when this instance started: keys of it go elsewhere "
            "than their state; start with a new application.id, or reset its internal topics",
            topic, (int)count, (int)expected);
    return count > 0;
}

bool layout_check_topics(const struct layout *layout, struct broker *broker, struct weir_error *error)
{
    for (size_t i = 0; i < layout->part_count; i++) {
        const struct layout_part *part = &layout->parts[i];
        for (size_t s = 0; s < part->source_count; s++)
            if (!part->sources[s].is_match &&
                !check_count(broker, part->sources[s].topic, part->sources[s].partitions, error))
                return false;
        for (size_t s = 0; s < part->store_count; s++)
            if (part->stores[s].changelog && !check_count(broker, part->stores[s].changelog, part->partitions, error))
                return false;
    }
    return true;
}
