/* embedded.c: opening and closing the broker, and its topics.
 *
 * One broker per directory and process, however many apps use it; across processes a lock on a file in the directory
 * says who may write. Whoever comes second reads.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "embedded/files.h"
#include "embedded/group.h"
#include "embedded/limits.h"

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct embedded *registry; /* brokers with a directory */

/* -- topics -- */

/* Where the name is or belongs; lock held. */
static size_t topic_place(const struct embedded *broker, const char *name, bool *found)
{
    size_t low = 0, high = broker->topic_count;
    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(broker->topics[middle]->name, name);
        *found = order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return *found ? high : low;
}

struct embedded_topic *embedded_topic_find(struct embedded *broker, const char *name)
{
    bool found;
    pthread_mutex_lock(&broker->lock);
    size_t at = topic_place(broker, name, &found);
    struct embedded_topic *topic = found ? broker->topics[at] : NULL;
    pthread_mutex_unlock(&broker->lock);
    return topic;
}

struct embedded_topic *embedded_topic_take(struct embedded *broker, const char *name)
{
    bool found;
    pthread_mutex_lock(&broker->lock);
    size_t at = topic_place(broker, name, &found);
    struct embedded_topic *topic = found ? broker->topics[at] : NULL;
    if (found)
        memmove(broker->topics + at, broker->topics + at + 1,
                (--broker->topic_count - at) * sizeof(struct embedded_topic *));
    pthread_mutex_unlock(&broker->lock);
    return topic;
}

/* Lock held. */
static void add_topic(struct embedded *broker, struct embedded_topic *topic)
{
    bool found;
    size_t at = topic_place(broker, topic->name, &found), size = sizeof(struct embedded_topic *);
    broker->topics = memory_grow(broker->topics, &broker->topic_capacity, broker->topic_count + 1, size);
    memmove(broker->topics + at + 1, broker->topics + at, (broker->topic_count - at) * size);
    broker->topics[at] = topic;
    broker->topic_count++;
}

static bool load_topic(struct embedded *broker, const char *name, int64_t *budget, struct weir_error *error)
{
    struct weir_error failure = {0};
    struct embedded_topic *topic = embedded_topic_load(broker, name, budget, &failure);
    if (topic)
        add_topic(broker, topic);
    return failure.code == WEIR_OK || error_set(error, failure.code, "%s", failure.message);
}

/* Lock held, but while the broker is being opened. */
static bool load_topics(struct embedded *broker, struct weir_error *error)
{
    int64_t budget = EMBEDDED_OPEN_CHECK_BYTES;
    struct embedded_names names;
    bool found, loaded = embedded_directory_list(broker->directory, &names, error);
    for (size_t i = 0; loaded && i < names.count; i++) {
        topic_place(broker, names.items[i], &found);
        if (!found && embedded_name_check("topic", names.items[i], NULL))
            loaded = load_topic(broker, names.items[i], &budget, error);
    }
    embedded_names_free(&names);
    return loaded;
}

/* Topics another process has made since. */
static bool follow_topics(struct embedded *broker, struct weir_error *error)
{
    if (!broker->reader_only)
        return true;
    pthread_mutex_lock(&broker->lock);
    bool loaded = load_topics(broker, error);
    pthread_mutex_unlock(&broker->lock);
    return loaded;
}

struct embedded_partition *embedded_partition_find(struct embedded *broker, const char *name, int32_t partition,
                                                   struct weir_error *error)
{
    struct embedded_topic *topic = embedded_topic_find(broker, name);
    if (!topic && follow_topics(broker, error))
        topic = embedded_topic_find(broker, name);
    if (!topic)
        error_set(error, WEIR_ABSENT, "there is no topic '%.200s'", name);
    else if (partition < 0 || partition >= topic->partition_count)
        error_set(error, WEIR_INVALID, "topic '%s' has %d partitions: there is no partition %d", name,
                  (int)topic->partition_count, (int)partition);
    else
        return &topic->partitions[partition];
    return NULL;
}

bool embedded_writable(const struct embedded *broker, struct weir_error *error)
{
    return !broker->reader_only ||
           error_set(error, WEIR_INVALID, "%.180s is in use by another process", broker->directory);
}

static int32_t topic_partitions(struct broker *base, const char *name, struct weir_error *error)
{
    struct embedded *broker = (struct embedded *)base;
    if (!follow_topics(broker, error))
        return -1;
    const struct embedded_topic *topic = embedded_topic_find(broker, name);
    return topic ? topic->partition_count : 0;
}

static bool check_spec(const struct broker_topic_spec *spec, struct weir_error *error)
{
    if (!embedded_name_check("topic", spec->name, error))
        return false;
    if (spec->partitions == 0 || spec->partitions > EMBEDDED_PARTITIONS_MAX ||
        spec->partitions < -EMBEDDED_PARTITIONS_MAX)
        return error_set(error, WEIR_INVALID, "topic '%s' cannot have %d partitions: 1 to %d are possible", spec->name,
                         (int)spec->partitions, EMBEDDED_PARTITIONS_MAX);
    return true;
}

static bool check_existing(const struct embedded_topic *topic, const struct broker_topic_spec *spec,
                           struct weir_error *error)
{
    if (spec->partitions > 0 && spec->partitions != topic->partition_count)
        return error_set(error, WEIR_INVALID, "topic '%s' has %d partitions, %d are wanted", topic->name,
                         (int)topic->partition_count, (int)spec->partitions);
    if (spec->cleanup != topic->cleanup)
        return error_set(error, WEIR_INVALID, "topic '%s' has cleanup.policy %s, %s is wanted", topic->name,
                         embedded_cleanup_name(topic->cleanup), embedded_cleanup_name(spec->cleanup));
    return true;
}

/* Lock held: two apps may want the same topic at once. */
static bool ensure_topic(struct embedded *broker, const struct broker_topic_spec *spec, struct weir_error *error)
{
    bool found;
    if (!check_spec(spec, error))
        return false;
    size_t at = topic_place(broker, spec->name, &found);
    if (found)
        return check_existing(broker->topics[at], spec, error);
    if (!embedded_writable(broker, error))
        return false;
    struct embedded_topic *topic = embedded_topic_new(broker, spec);
    if (broker->directory && !embedded_topic_create(topic, broker->directory, error)) {
        embedded_topic_free(topic);
        return false;
    }
    add_topic(broker, topic);
    return true;
}

static bool ensure_topics(struct broker *base, const struct broker_topic_spec *specs, size_t count,
                          struct weir_error *error)
{
    struct embedded *broker = (struct embedded *)base;
    bool ensured = follow_topics(broker, error);
    pthread_mutex_lock(&broker->lock);
    for (size_t i = 0; ensured && i < count; i++)
        ensured = ensure_topic(broker, &specs[i], error);
    pthread_mutex_unlock(&broker->lock);
    return ensured;
}

static bool partition_range(struct broker *base, const char *topic, int32_t number, int64_t *begin, int64_t *end,
                            struct weir_error *error)
{
    struct embedded *broker = (struct embedded *)base;
    struct embedded_partition *partition = embedded_partition_find(broker, topic, number, error);
    if (!partition || (broker->reader_only && !embedded_partition_follow(partition, error)))
        return false;
    *begin = embedded_partition_begin(partition);
    *end = embedded_partition_end(partition);
    return true;
}

/* What another process commits is not watched: its file is read anew each time. */
static bool committed_elsewhere(const struct embedded *broker, const char *group, const struct broker_offset *wanted,
                                int64_t *offset, struct weir_error *error)
{
    struct embedded_offsets offsets;
    char *path = memory_format("%s/" EMBEDDED_GROUPS_NAME "/%s", broker->directory, group);
    bool loaded = embedded_offsets_load(&offsets, path, NULL, error);
    const struct embedded_offset *found = embedded_offsets_find(&offsets, wanted->topic, wanted->partition);
    if (loaded)
        *offset = found ? found->offset : BROKER_NO_OFFSET;
    embedded_offsets_done(&offsets);
    return loaded;
}

static bool committed_offset(struct broker *base, const char *group, const char *topic, int32_t partition,
                             int64_t *offset, struct weir_error *error)
{
    struct embedded *broker = (struct embedded *)base;
    if (broker->reader_only)
        return embedded_name_check("group", group, error) &&
               committed_elsewhere(broker, group, &(struct broker_offset){.topic = topic, .partition = partition},
                                   offset, error);
    struct embedded_group *found = embedded_group_get(broker, group, error);
    if (!found)
        return false;
    *offset = embedded_group_committed(found, topic, partition, NULL, NULL);
    return true;
}

static bool topic_names(struct broker *base, weir_arena *arena, const char ***names, size_t *count,
                        struct weir_error *error)
{
    struct embedded *broker = (struct embedded *)base;
    if (!follow_topics(broker, error))
        return false;
    pthread_mutex_lock(&broker->lock);
    const char **items = arena_alloc(arena, (broker->topic_count + 1) * sizeof *items);
    for (size_t i = 0; i < broker->topic_count; i++)
        items[i] = arena_text(arena, broker->topics[i]->name);
    *names = items;
    *count = broker->topic_count;
    pthread_mutex_unlock(&broker->lock);
    return true;
}

/* -- transactions -- */

void embedded_end_transaction(struct embedded *broker, int64_t transaction)
{
    pthread_mutex_lock(&broker->lock);
    for (size_t i = 0; i < broker->topic_count; i++)
        for (int32_t p = 0; p < broker->topics[i]->partition_count; p++)
            embedded_partition_end_transaction(&broker->topics[i]->partitions[p], transaction);
    pthread_mutex_unlock(&broker->lock);
    embedded_signal_raise(&broker->changed);
}

static char *outcomes_path(const struct embedded *broker)
{
    return broker->directory ? memory_format("%s/" EMBEDDED_OUTCOMES_NAME, broker->directory) : NULL;
}

static bool add_commits(const struct embedded *broker, struct embedded_outcomes *outcomes, struct weir_error *error)
{
    struct embedded_names names;
    char *groups = memory_format("%s/" EMBEDDED_GROUPS_NAME, broker->directory);
    bool added = embedded_directory_list(groups, &names, error);
    for (size_t i = 0; added && i < names.count; i++) {
        char *path = memory_format("%s/%s", groups, names.items[i]);
        added = !embedded_name_check("group", names.items[i], NULL) || embedded_offsets_outcomes(path, outcomes, error);
        free(path);
    }
    embedded_names_free(&names);
    free(groups);
    return added;
}

/* The commits first: before the writer forgets them in an offsets file, they are in the file of the outcomes. */
static bool read_outcomes(const struct embedded *broker, struct embedded_outcomes *outcomes, struct weir_error *error)
{
    struct embedded_outcomes commits;
    embedded_outcomes_init(&commits, NULL);
    bool read = add_commits(broker, &commits, error) && embedded_outcomes_load(outcomes, error);
    if (read)
        embedded_outcomes_merge(outcomes, &commits);
    embedded_outcomes_done(&commits);
    return read;
}

bool embedded_follow_outcomes(struct embedded *broker, struct weir_error *error)
{
    struct embedded_outcomes latest;
    int64_t now_us = clock_monotonic_us(&clock_system);
    pthread_mutex_lock(&broker->writers_lock);
    bool read = now_us - broker->followed_us < EMBEDDED_FOLLOW_MS * 1000;
    if (!read) {
        broker->followed_us = now_us;
        embedded_outcomes_init(&latest, outcomes_path(broker));
        read = read_outcomes(broker, &latest, error);
        if (read)
            embedded_outcomes_merge(&broker->outcomes, &latest);
        embedded_outcomes_done(&latest);
    }
    pthread_mutex_unlock(&broker->writers_lock);
    return read;
}

/* -- the broker -- */

static void embedded_free(struct embedded *broker)
{
    embedded_cleaner_stop(broker);
    embedded_flusher_stop(&broker->flusher);
    for (size_t i = 0; i < broker->group_count; i++)
        embedded_group_free(broker->groups[i]);
    for (size_t i = 0; i < broker->topic_count; i++)
        embedded_topic_free(broker->topics[i]);
    free(broker->groups);
    free(broker->topics);
    if (broker->lock_fd >= 0)
        close(broker->lock_fd);
    embedded_signal_done(&broker->changed);
    embedded_outcomes_done(&broker->outcomes);
    pthread_mutex_destroy(&broker->writers_lock);
    pthread_mutex_destroy(&broker->lock);
    free(broker->directory);
    free(broker);
}

static void embedded_close(struct broker *base)
{
    struct embedded *broker = (struct embedded *)base;
    if (!broker)
        return;
    pthread_mutex_lock(&registry_lock);
    bool last = --broker->users == 0;
    struct embedded **at = &registry;
    while (last && *at && *at != broker)
        at = &(*at)->next;
    if (last && *at)
        *at = broker->next;
    if (last) /* within the lock: whoever opens the directory next finds it free */
        embedded_free(broker);
    pthread_mutex_unlock(&registry_lock);
}

static const char *embedded_kind(const struct broker *base)
{
    (void)base;
    return "embedded";
}

static void tell_everyone(void *self)
{
    embedded_signal_raise(&((struct embedded *)self)->changed);
}

static struct embedded *embedded_new(char *directory)
{
    struct embedded *broker = memory_new(sizeof *broker);
    broker->base.ops = &embedded_ops;
    broker->directory = directory;
    broker->lock_fd = -1;
    broker->users = 1;
    pthread_mutex_init(&broker->lock, NULL);
    pthread_mutex_init(&broker->writers_lock, NULL);
    embedded_outcomes_init(&broker->outcomes, outcomes_path(broker));
    embedded_signal_init(&broker->changed);
    return broker;
}

static bool lock_directory(struct embedded *broker, struct weir_error *error)
{
    char *path = memory_format("%s/" EMBEDDED_LOCK_NAME, broker->directory);
    broker->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    bool opened = broker->lock_fd >= 0 || embedded_file_failed(error, "open", path);
    if (opened && flock(broker->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        broker->reader_only = errno == EWOULDBLOCK;
        opened = broker->reader_only || embedded_file_failed(error, "lock", path);
    }
    free(path);
    return opened;
}

static bool make_groups(const struct embedded *broker, struct weir_error *error)
{
    char *path = memory_format("%s/" EMBEDDED_GROUPS_NAME, broker->directory);
    bool made = broker->reader_only ||
                (embedded_directory_make(path, error) && embedded_directory_sync(broker->directory, error));
    free(path);
    return made;
}

/* Before anything is read, and before an offsets file is rewritten. */
static bool load_outcomes(struct embedded *broker, struct weir_error *error)
{
    return read_outcomes(broker, &broker->outcomes, error) &&
           (broker->reader_only || embedded_outcomes_settle(&broker->outcomes, error));
}

static struct embedded *embedded_start(struct embedded *broker, struct weir_error *error)
{
    if (broker->directory && (!lock_directory(broker, error) || !make_groups(broker, error) ||
                              !load_outcomes(broker, error) || !load_topics(broker, error))) {
        embedded_free(broker);
        return NULL;
    }
    embedded_flusher_start(&broker->flusher, tell_everyone, broker);
    if (!broker->reader_only)
        embedded_cleaner_start(broker);
    return broker;
}

static struct embedded *open_shared(char *directory, struct weir_error *error)
{
    pthread_mutex_lock(&registry_lock);
    struct embedded *broker = registry;
    while (broker && strcmp(broker->directory, directory) != 0)
        broker = broker->next;
    if (broker) {
        broker->users++;
        free(directory);
    } else if ((broker = embedded_start(embedded_new(directory), error))) {
        broker->next = registry;
        registry = broker;
    }
    pthread_mutex_unlock(&registry_lock);
    return broker;
}

struct broker *broker_embedded_open(const char *directory, const struct config *config, struct weir_error *error)
{
    (void)config; /* nothing of the log is a setting of the app: see limits.h */
    if (!directory)
        return (struct broker *)embedded_start(embedded_new(NULL), error);
    if (!embedded_directory_make(directory, error))
        return NULL;
    char *canonical = realpath(directory, NULL);
    if (!canonical) {
        embedded_file_failed(error, "open", directory);
        return NULL;
    }
    return (struct broker *)open_shared(canonical, error);
}

const struct broker_ops embedded_ops = {
    .close = embedded_close,
    .kind = embedded_kind,
    .partitions = topic_partitions,
    .ensure = ensure_topics,
    .range = partition_range,
    .offset_at = embedded_offset_at,
    .committed = committed_offset,
    .topics = topic_names,
    .topics_delete = embedded_topics_delete,
    .group_delete = embedded_group_delete,
    .consumer_open = embedded_consumer_open,
    .consumer_poll = embedded_consumer_poll,
    .consumer_release = embedded_consumer_release,
    .consumer_pause = embedded_consumer_pause,
    .consumer_resume = embedded_consumer_resume,
    .consumer_end = embedded_consumer_end,
    .consumer_is_behind = embedded_consumer_is_behind,
    .consumer_commit = embedded_consumer_commit,
    .consumer_rewind = embedded_consumer_rewind,
    .consumer_purge = embedded_consumer_purge,
    .consumer_wake = embedded_consumer_wake,
    .consumer_close = embedded_consumer_close,
    .producer_open = embedded_producer_open,
    .producer_send = embedded_producer_send,
    .producer_poll = embedded_producer_poll,
    .producer_flush = embedded_producer_flush,
    .producer_close = embedded_producer_close,
    .transaction_open = embedded_transaction_open,
    .transaction_commit = embedded_transaction_commit,
    .transaction_abort = embedded_transaction_abort,
    .reader_open = embedded_reader_open,
    .reader_add = embedded_reader_add,
    .reader_remove = embedded_reader_remove,
    .reader_poll = embedded_reader_poll,
    .reader_release = embedded_reader_release,
    .reader_position = embedded_reader_position,
    .reader_close = embedded_reader_close,
};
