/* remains.c: what an application leaves in the world when it has stopped, and how that goes (weir_begin_anew).
 *
 * The group goes first: while an instance runs the broker refuses that, and nothing has happened. A changelog without its group
 * is no harm, a group without its changelogs would be (restore.c).
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/tree.h"
#include "runtime/app.h"
#include "runtime/evolution.h"
#include "runtime/identity.h"
#include "runtime/layout.h"

struct remains {
    const struct config *config;
    struct layout layout;
    struct broker *broker;
    bool is_rehearsal;
    weir_remains_seen *seen;
    void *self;
    const char **topics; /* internal ones that exist; names are the layout's */
    size_t topic_count, topic_capacity;
};

/* ---- topics ---- */

static bool exists(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void add_topic(struct remains *remains, const char *const *there, size_t count, const char *name)
{
    if (!name || !exists(there, count, name) || exists(remains->topics, remains->topic_count, name))
        return;
    remains->topics =
        memory_grow(remains->topics, &remains->topic_capacity, remains->topic_count + 1, sizeof *remains->topics);
    remains->topics[remains->topic_count++] = name;
}

/* Who wrote its rows may have been remembered once, whatever explain.last.writer says now. */
static void add_writers(struct remains *remains, const char *const *there, size_t count,
                        const struct layout_store *store)
{
    if (!store->hidden)
        add_topic(remains, there, count,
                  arena_format(&remains->layout.arena, "%s-%s-writers-changelog", remains->layout.application,
                               store->spec.name));
}

static void add_part(struct remains *remains, const char *const *there, size_t count, const struct layout_part *part)
{
    for (size_t i = 0; i < part->source_count; i++)
        if (part->sources[i].node->topic->internal || part->sources[i].is_shares)
            add_topic(remains, there, count, part->sources[i].topic);
    for (size_t i = 0; i < part->store_count; i++) {
        add_topic(remains, there, count, part->stores[i].changelog);
        add_writers(remains, there, count, &part->stores[i]);
    }
}

static bool find_topics(struct remains *remains, struct weir_error *error)
{
    const char **there = NULL;
    size_t count = 0;
    weir_arena *arena = weir_arena_new();
    bool ok = remains->broker->ops->topics(remains->broker, arena, &there, &count, error);
    for (size_t i = 0; ok && i < remains->layout.part_count; i++)
        add_part(remains, there, count, &remains->layout.parts[i]);
    if (ok)
        add_topic(remains, there, count, evolution_topic(&remains->layout, &remains->layout.arena));
    weir_arena_free(arena);
    return ok;
}

/* ---- beginning anew ---- */

static bool forget_group(struct remains *remains, struct weir_error *error)
{
    const char *group = remains->layout.application;
    remains->seen(remains->self, WEIR_REMAINS_GROUP, group);
    return remains->is_rehearsal || remains->broker->ops->group_delete(remains->broker, group, error);
}

static bool delete_topics(struct remains *remains, struct weir_error *error)
{
    for (size_t i = 0; i < remains->topic_count; i++)
        remains->seen(remains->self, WEIR_REMAINS_TOPIC, remains->topics[i]);
    return remains->is_rehearsal ||
           remains->broker->ops->topics_delete(remains->broker, remains->topics, remains->topic_count, error);
}

/* Locked against another process that begins to use it. */
static bool remove_state(const struct remains *remains, const char *directory, struct weir_error *error)
{
    struct identity identity = {.lock = -1};
    if (!identity_open(&identity, remains->config, remains->layout.application, true, error))
        return false;
    bool ok = tree_remove(directory) ||
              error_set(error, WEIR_FATAL, "cannot remove the directory %s: %s", directory, strerror(errno));
    identity_close(&identity);
    return ok;
}

static bool remove_directory(struct remains *remains, struct weir_error *error)
{
    char *directory = memory_format("%s/%s", config_text(remains->config, "state.dir"), remains->layout.application);
    bool is_there = access(directory, F_OK) == 0;
    if (is_there)
        remains->seen(remains->self, WEIR_REMAINS_DIRECTORY, directory);
    bool ok = !is_there || remains->is_rehearsal || remove_state(remains, directory, error);
    memory_free(directory);
    return ok;
}

static bool begin_anew(struct remains *remains, struct weir_error *error)
{
    remains->broker = broker_open(remains->config, error);
    if (!remains->broker)
        return false;
    bool ok = find_topics(remains, error) && forget_group(remains, error) && delete_topics(remains, error) &&
              remove_directory(remains, error);
    remains->broker->ops->close(remains->broker);
    return ok;
}

bool weir_begin_anew(struct weir_topology *topology, struct weir_config settings, bool is_rehearsal,
                     weir_remains_seen *seen, void *self, struct weir_error *error)
{
    struct config *config = config_new();
    struct remains remains = {.config = config, .is_rehearsal = is_rehearsal, .seen = seen, .self = self};
    bool ok = config_fill(config, &settings, error);
    const char *application = ok ? app_id(config, topology) : "";
    ok = layout_init(&remains.layout, topology, application, config, error) && ok && begin_anew(&remains, error);
    layout_done(&remains.layout);
    memory_free(remains.topics);
    config_free(config);
    return ok;
}
