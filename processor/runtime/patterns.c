/* patterns.c: see patterns.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/patterns.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/pattern.h"
#include "runtime/app.h"

enum { DOUBTS_MAX = 3, AGAIN_US = 1000 * 1000 };

/* ---- which topic ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

/* Also one that an earlier version of the topology has left. */
static bool is_internal(const struct layout *layout, const char *topic)
{
    static const char *const ends[] = {"-changelog", "-repartition", "-topic",  "-shares",
                                       "-ticks",     "-drops",       "-schemas"};
    size_t size = strlen(layout->application);
    if (strncmp(topic, "__", 2) == 0)
        return true;
    if (strncmp(topic, layout->application, size) != 0 || topic[size] != '-')
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_with(topic, ends[i]))
            return true;
    return false;
}

static bool is_same(const char *topic, const char *other)
{
    return other && strcmp(topic, other) == 0;
}

static bool is_letters_of_a_match(const struct pattern *pattern, const char *topic)
{
    if (!ends_with(topic, GRAPH_LETTERS))
        return false;
    char *source = memory_copy(topic, strlen(topic) - strlen(GRAPH_LETTERS));
    bool matches = pattern_matches(pattern, source);
    memory_free(source);
    return matches;
}

static bool holds_letters(const struct layout *layout, const struct config *config, const struct graph_node *node,
                          const struct pattern *pattern, const char *topic)
{
    if (is_letters_of_a_match(pattern, topic) || is_same(topic, node->dead_letters) ||
        is_same(topic, layout->topology->on_error.dead_letters) ||
        is_same(topic, config_text(config, "errors.dead.letter.queue.topic.name")))
        return true;
    for (size_t p = 0; p < layout->part_count + layout->global_count; p++)
        for (size_t s = 0; s < layout->parts[p].source_count; s++)
            if (is_same(topic, layout->parts[p].sources[s].dead_letters))
                return true;
    return false;
}

static bool reads(const struct layout *layout, const struct config *config, const struct graph_node *node,
                  const struct pattern *pattern, const char *topic)
{
    return pattern_matches(pattern, topic) && !is_internal(layout, topic) &&
           !holds_letters(layout, config, node, pattern, topic);
}

bool patterns_reads(const struct layout *layout, const struct config *config, const struct graph_node *node,
                    const char *topic)
{
    struct pattern pattern;
    struct weir_error ignored = {0};
    if (!pattern_open(&pattern, node->topic->name, &ignored))
        return false;
    bool does = reads(layout, config, node, &pattern, topic);
    pattern_close(&pattern);
    return does;
}

bool patterns_check_width(const struct layout_source *shares, const struct layout_source *source,
                          struct weir_error *error)
{
    bool is_joined = shares->node == source->node && shares->node->copartition != 0;
    if (source->partitions <= shares->partitions && (!is_joined || source->partitions == shares->partitions))
        return true;
    return error_set(
        error, WEIR_INVALID,
        "topic '%s' has %d partitions, but the pattern '%s' has %d tasks, which topic '%s' says%s; start with "
        "a new application.id, reset the internal topics, or give that topic another name",
        source->topic, (int)source->partitions, shares->node->topic->name, (int)shares->partitions, shares->topic,
        is_joined ? " and which the others of its join have" : "");
}

/* ---- all that match ---- */

struct matcher { /* a node that reads a pattern */
    struct layout_part *part;
    const struct graph_node *node;
    struct pattern pattern;
};

struct match {
    const struct matcher *by;
    const char *topic;
};

struct search {
    struct layout *layout;
    const struct config *config;
    struct broker *broker;
    weir_arena arena; /* names */
    struct matcher *matchers;
    size_t matcher_count;
    struct match *items;
    size_t count, capacity;
};

static bool add_matcher(struct search *search, struct layout_part *part, const struct graph_node *node,
                        struct weir_error *error)
{
    struct matcher *matcher = &search->matchers[search->matcher_count];
    *matcher = (struct matcher){.part = part, .node = node};
    if (!pattern_open(&matcher->pattern, node->topic->name, error))
        return false;
    search->matcher_count++;
    return true;
}

static bool open_search(struct search *search, struct layout *layout, struct broker *broker,
                        const struct config *config, struct weir_error *error)
{
    *search = (struct search){.layout = layout, .config = config, .broker = broker};
    arena_init(&search->arena);
    search->matchers = memory_new((layout->pattern_count + 1) * sizeof *search->matchers);
    for (size_t p = 0; p < layout->part_count; p++)
        for (size_t s = 0; s < layout->parts[p].source_count; s++)
            if (layout->parts[p].sources[s].is_shares &&
                !add_matcher(search, &layout->parts[p], layout->parts[p].sources[s].node, error))
                return false;
    return true;
}

static void close_search(struct search *search)
{
    for (size_t i = 0; i < search->matcher_count; i++)
        pattern_close(&search->matchers[i].pattern);
    memory_free(search->matchers);
    memory_free(search->items);
    arena_done(&search->arena);
}

/* As Kafka Streams: a topic has one reader. */
static bool match(struct search *search, const char *topic, struct weir_error *error)
{
    const struct matcher *found = NULL;
    for (size_t i = 0; i < search->matcher_count; i++) {
        const struct matcher *matcher = &search->matchers[i];
        if (!reads(search->layout, search->config, matcher->node, &matcher->pattern, topic))
            continue;
        if (found)
            return error_set(error, WEIR_INVALID, "topic '%s' matches two patterns, '%s' (%s) and '%s' (%s)", topic,
                             found->node->topic->name, found->node->at, matcher->node->topic->name, matcher->node->at);
        found = matcher;
    }
    if (!found)
        return true;
    search->items = memory_grow(search->items, &search->capacity, search->count + 1, sizeof *search->items);
    search->items[search->count++] = (struct match){found, topic};
    return true;
}

static bool match_all(struct search *search, const char *const *topics, size_t count, struct weir_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!match(search, topics[i], error))
            return false;
    return true;
}

static struct layout_source source_of(struct search *search, const struct match *match, int32_t partitions)
{
    struct layout_source source;
    const char *topic = arena_text(&search->layout->arena, match->topic);
    layout_match(search->layout, &source, match->by->node, topic, search->config);
    source.partitions = partitions;
    return source;
}

/* ---- at the start ---- */

static bool add_to_part(struct search *search, struct layout_part *part, struct weir_error *error)
{
    size_t size = (part->source_count + search->count) * sizeof(struct layout_source);
    struct layout_source *sources = arena_alloc(&search->layout->arena, size);
    memcpy(sources, part->sources, part->source_count * sizeof *sources);
    part->sources = sources;
    for (size_t i = 0; i < search->count; i++) {
        if (search->items[i].by->part != part)
            continue;
        int32_t partitions = layout_ask_count(search->broker, search->items[i].topic, error);
        if (partitions < 0)
            return false;
        if (partitions > 0) /* else it has gone since */
            part->sources[part->source_count++] = source_of(search, &search->items[i], partitions);
    }
    return true;
}

static bool expand(struct search *search, struct weir_error *error)
{
    const char **topics;
    size_t count;
    if (!layout_ask_topics(search->broker, &search->arena, &topics, &count, error) ||
        !match_all(search, topics, count, error))
        return false;
    for (size_t p = 0; p < search->layout->part_count; p++)
        if (!add_to_part(search, &search->layout->parts[p], error))
            return false;
    return true;
}

bool patterns_expand(struct layout *layout, struct broker *broker, const struct config *config,
                     struct weir_error *error)
{
    struct search search;
    if (layout->pattern_count == 0)
        return true;
    bool ok = open_search(&search, layout, broker, config, error) && expand(&search, error);
    close_search(&search);
    return ok;
}

/* ---- as time goes by ---- */

struct update { /* of a part's inputs */
    struct layout_part *part;
    const struct layout_inputs *now;
    struct layout_source *items; /* what they will be */
    size_t count, added;
};

static const struct layout_source *source_named(const struct layout_inputs *inputs, const char *topic)
{
    for (size_t i = 0; i < inputs->count; i++)
        if (inputs->items[i].is_match && strcmp(inputs->items[i].topic, topic) == 0)
            return &inputs->items[i];
    return NULL;
}

static const struct layout_source *shares_of(const struct layout_inputs *inputs, const struct graph_node *node)
{
    size_t i = 0;
    while (!inputs->items[i].is_shares || inputs->items[i].node != node)
        i++;
    return &inputs->items[i];
}

static bool check_grown(const struct layout_source *known, int32_t partitions, struct weir_error *error)
{
    return known->partitions == partitions ||
           error_set(
               error, WEIR_INVALID,
               "topic '%s' has %d partitions now, and had %d when it was first read: keys of it go elsewhere than "
               "their state; start with a new application.id, or reset its internal topics",
               known->topic, (int)partitions, (int)known->partitions);
}

static bool add_match(struct search *search, struct update *update, const struct match *match, struct weir_error *error)
{
    const struct layout_source *known = source_named(update->now, match->topic);
    int32_t partitions = search->broker->ops->partitions(search->broker, match->topic, error);
    if (partitions <= 0)
        return partitions == 0;
    if (known) {
        update->items[update->count++] = *known;
        return check_grown(known, partitions, error);
    }
    struct layout_source *source = &update->items[update->count++];
    *source = source_of(search, match, partitions);
    update->added++;
    return patterns_check_width(shares_of(update->now, match->by->node), source, error);
}

static bool fill(struct search *search, struct update *update, struct weir_error *error)
{
    for (size_t i = 0; i < update->now->count; i++)
        if (!update->now->items[i].is_match)
            update->items[update->count++] = update->now->items[i];
    for (size_t i = 0; i < search->count; i++)
        if (search->items[i].by->part == update->part && !add_match(search, update, &search->items[i], error))
            return false;
    return true;
}

static const char *missing_of(const struct update *update)
{
    const struct layout_inputs items = {update->items, update->count};
    for (size_t i = 0; i < update->now->count; i++)
        if (update->now->items[i].is_match && !source_named(&items, update->now->items[i].topic))
            return update->now->items[i].topic;
    return NULL;
}

static bool publish(struct search *search, struct update *update, struct weir_error *error)
{
    if (!layout_create_letters(update->items, update->count, search->broker, error))
        return false;
    struct layout_source *items = arena_alloc(&search->layout->arena, update->count * sizeof *items);
    memcpy(items, update->items, update->count * sizeof *items);
    layout_sort(items, update->count);
    layout_publish(&search->layout->arena, update->part, items, update->count);
    log_info("patterns", "sub-topology %d: reads %zu topics now, %zu of them new", update->part->subtopology->id,
             update->count, update->added);
    return true;
}

static bool refresh_part(struct search *search, struct layout_part *part, bool is_sure, struct weir_error *error)
{
    struct update update = {.part = part, .now = layout_inputs(part)};
    update.items = arena_alloc(&search->arena, (update.now->count + search->count) * sizeof *update.items);
    if (!fill(search, &update, error))
        return false;
    const char *missing = missing_of(&update);
    if (missing && !is_sure)
        return error_set(error, WEIR_ABSENT, "topic '%s' is not there any more", missing);
    return (!missing && update.added == 0) || publish(search, &update, error);
}

static bool refresh(struct search *search, bool is_sure, struct weir_error *error)
{
    const char **topics;
    size_t count;
    if (!search->broker->ops->topics(search->broker, &search->arena, &topics, &count, error) ||
        !match_all(search, topics, count, error))
        return false;
    for (size_t p = 0; p < search->layout->part_count; p++)
        if (layout_has_pattern(&search->layout->parts[p]) &&
            !refresh_part(search, &search->layout->parts[p], is_sure, error))
            return false;
    return true;
}

static bool refresh_all(struct weir_app *app, bool is_sure, struct weir_error *error)
{
    struct search search;
    bool ok = open_search(&search, &app->layout, app->broker, app->config, error) && refresh(&search, is_sure, error);
    close_search(&search);
    return ok;
}

static bool look(struct weir_app *app, struct weir_error *error)
{
    struct patterns *patterns = &app->patterns;
    struct weir_error cause = {0};
    bool ok = refresh_all(app, patterns->doubts + 1 >= DOUBTS_MAX, &cause);
    int64_t next_us = ok ? config_integer(app->config, "metadata.max.age.ms") * 1000 : AGAIN_US;
    atomic_store(&patterns->due_us, clock_monotonic_us(&clock_system) + next_us);
    if (cause.code == WEIR_RETRY) {
        log_debug("patterns", "%s; looking again", cause.message);
        return true;
    }
    patterns->doubts = ok ? 0 : patterns->doubts + 1;
    if (patterns->doubts >= DOUBTS_MAX)
        return error_set(error, cause.code, "%s", cause.message);
    if (!ok)
        log_warning("patterns", "%s; looking again", cause.message);
    return true;
}

bool patterns_look(struct weir_app *app, struct weir_error *error)
{
    struct patterns *patterns = &app->patterns;
    if (app->layout.pattern_count == 0 || clock_monotonic_us(&clock_system) < atomic_load(&patterns->due_us) ||
        pthread_mutex_trylock(&patterns->lock) != 0) /* another thread is looking */
        return true;
    bool ok = look(app, error);
    pthread_mutex_unlock(&patterns->lock);
    return ok;
}

void patterns_hurry(struct weir_app *app)
{
    atomic_store(&app->patterns.due_us, 0);
}
