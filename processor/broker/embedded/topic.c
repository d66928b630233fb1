/* topic.c: see topic.h. The settings file is text, one `name=value` per line; unknown names are refused, since a
 * setting that is silently ignored may be the one that keeps data.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/topic.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "embedded/embedded.h"
#include "embedded/files.h"
#include "embedded/limits.h"

static bool is_legal(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(name);
    return size > 0 && size <= EMBEDDED_NAME_MAX && strspn(name, letters) == size && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 && strcmp(name, EMBEDDED_LOCK_NAME) != 0;
}

bool embedded_name_check(const char *what, const char *name, struct weir_error *error)
{
    if (name && is_legal(name))
        return true;
    return error_set(error, WEIR_INVALID,
                     "'%.60s' is no %s name: 1 to %d of a-z, A-Z, 0-9, '.', '_', '-', not '.' or '..'",
                     name ? name : "", what, EMBEDDED_NAME_MAX);
}

const char *embedded_cleanup_name(enum broker_cleanup cleanup)
{
    static const char *const names[] = {"delete", "compact", "compact,delete"};
    return names[cleanup];
}

static void add_partitions(struct embedded_topic *topic, struct embedded *broker)
{
    topic->partitions = memory_new((size_t)topic->partition_count * sizeof *topic->partitions);
    for (int32_t i = 0; i < topic->partition_count; i++)
        embedded_partition_init(&topic->partitions[i], broker, topic, i);
}

struct embedded_topic *embedded_topic_new(struct embedded *broker, const struct broker_topic_spec *spec)
{
    struct embedded_topic *topic = memory_new(sizeof *topic);
    topic->name = memory_text(spec->name);
    topic->partition_count = spec->partitions < 0 ? -spec->partitions : spec->partitions;
    topic->cleanup = spec->cleanup;
    topic->retention_ms = spec->retention_ms ? spec->retention_ms : EMBEDDED_RETENTION_MS;
    topic->segment_bytes = spec->segment_bytes > 0 ? spec->segment_bytes : EMBEDDED_SEGMENT_BYTES;
    topic->compaction_lag_ms = spec->compaction_lag_ms > 0 ? spec->compaction_lag_ms : 0;
    topic->message_bytes_max = spec->message_bytes_max > 0 ? spec->message_bytes_max : EMBEDDED_RECORD_BYTES;
    topic->append_time = spec->append_time;
    add_partitions(topic, broker);
    return topic;
}

void embedded_topic_free(struct embedded_topic *topic)
{
    if (!topic)
        return;
    for (int32_t i = 0; topic->partitions && i < topic->partition_count; i++)
        embedded_partition_done(&topic->partitions[i]);
    free(topic->partitions);
    free(topic->name);
    free(topic);
}

#define APPEND_TIME "LogAppendTime"

static bool write_settings(const struct embedded_topic *topic, const char *directory, struct weir_error *error)
{
    struct buffer text = {0};
    buffer_format(&text, "partitions=%d\ncleanup.policy=%s\nretention.ms=%" PRId64 "\n", (int)topic->partition_count,
                  embedded_cleanup_name(topic->cleanup), topic->retention_ms);
    buffer_format(&text, "segment.bytes=%" PRId64 "\nmin.compaction.lag.ms=%" PRId64 "\nmax.message.bytes=%d\n",
                  topic->segment_bytes, topic->compaction_lag_ms, (int)topic->message_bytes_max);
    if (topic->append_time)
        buffer_text(&text, "message.timestamp.type=" APPEND_TIME "\n");
    char *path = memory_format("%s/%s/topic.conf", directory, topic->name);
    bool written = embedded_file_replace(path, buffer_bytes(&text), error);
    free(path);
    buffer_done(&text);
    return written;
}

bool embedded_topic_create(const struct embedded_topic *topic, const char *directory, struct weir_error *error)
{
    bool made = true;
    for (int32_t i = 0; made && i < topic->partition_count; i++)
        made = embedded_directory_make(topic->partitions[i].directory, error);
    return made && write_settings(topic, directory, error) && embedded_directory_sync(directory, error);
}

static bool parse_cleanup(struct embedded_topic *topic, const char *value)
{
    for (int cleanup = BROKER_DELETE; cleanup <= BROKER_COMPACT_DELETE; cleanup++)
        if (strcmp(value, embedded_cleanup_name((enum broker_cleanup)cleanup)) == 0) {
            topic->cleanup = (enum broker_cleanup)cleanup;
            return true;
        }
    return false;
}

static bool apply_setting(struct embedded_topic *topic, const char *name, const char *value)
{
    if (strcmp(name, "cleanup.policy") == 0)
        return parse_cleanup(topic, value);
    if (strcmp(name, "message.timestamp.type") == 0) {
        topic->append_time = strcmp(value, APPEND_TIME) == 0;
        return topic->append_time || strcmp(value, "CreateTime") == 0;
    }
    char *end;
    errno = 0;
    int64_t number = strtoll(value, &end, 10);
    if (errno || end == value || *end)
        return false;
    if (strcmp(name, "partitions") == 0)
        topic->partition_count = number > 0 && number <= EMBEDDED_PARTITIONS_MAX ? (int32_t)number : 0;
    else if (strcmp(name, "retention.ms") == 0)
        topic->retention_ms = number;
    else if (strcmp(name, "segment.bytes") == 0 && number > 0)
        topic->segment_bytes = number;
    else if (strcmp(name, "min.compaction.lag.ms") == 0)
        topic->compaction_lag_ms = number;
    else if (strcmp(name, "max.message.bytes") == 0 && number > 0 && number <= INT32_MAX)
        topic->message_bytes_max = (int32_t)number;
    else
        return false;
    return true;
}

static bool parse_settings(struct embedded_topic *topic, char *text, struct weir_error *error)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *equals = strchr(line, '=');
        if (equals)
            *equals = 0;
        if (!equals || !apply_setting(topic, line, equals + 1))
            return error_set(error, WEIR_CORRUPT, "topic '%s': topic.conf: setting '%s' is not understood", topic->name,
                             line);
    }
    if (topic->partition_count < 1)
        return error_set(error, WEIR_CORRUPT, "topic '%s': topic.conf names no partition count", topic->name);
    return true;
}

static bool load_partitions(struct embedded_topic *topic, struct embedded *broker, int64_t *budget,
                            struct weir_error *error)
{
    add_partitions(topic, broker);
    for (int32_t i = 0; i < topic->partition_count; i++)
        if (!embedded_partition_load(&topic->partitions[i], budget, error))
            return false;
    return true;
}

struct embedded_topic *embedded_topic_load(struct embedded *broker, const char *name, int64_t *check_budget,
                                           struct weir_error *error)
{
    char *path = memory_format("%s/%s/topic.conf", broker->directory, name);
    size_t size;
    char *text = access(path, F_OK) == 0 ? embedded_file_read(path, &size, error) : NULL;
    free(path);
    if (!text)
        return NULL;
    struct embedded_topic *topic = memory_new(sizeof *topic);
    topic->name = memory_text(name);
    topic->retention_ms = -1;
    topic->segment_bytes = EMBEDDED_SEGMENT_BYTES;
    topic->message_bytes_max = EMBEDDED_RECORD_BYTES;
    if (!parse_settings(topic, text, error) || !load_partitions(topic, broker, check_budget, error)) {
        embedded_topic_free(topic);
        topic = NULL;
    }
    free(text);
    return topic;
}
