/* delete.c: deletes topics, and what groups have committed.
 *
 * A topic is gone when its directory has another name, one that no topic can have; what a crash leaves of it is removed with
 * the next topic of that name.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/tree.h"
#include "embedded/embedded.h"
#include "embedded/files.h"
#include "embedded/group.h"

static bool remove_files(const struct embedded *broker, const char *name, struct weir_error *error)
{
    char *place = memory_format("%s/%s", broker->directory, name), *gone = memory_format("%s~", place);
    bool removed = (tree_remove(gone) || embedded_file_failed(error, "remove", gone)) &&
                   (rename(place, gone) == 0 || errno == ENOENT || embedded_file_failed(error, "remove", place)) &&
                   embedded_directory_sync(broker->directory, error) &&
                   (tree_remove(gone) || embedded_file_failed(error, "remove", gone));
    free(place);
    free(gone);
    return removed;
}

static bool delete_topic(struct embedded *broker, const char *name, struct weir_error *error)
{
    struct embedded_topic *topic = embedded_topic_take(broker, name);
    if (!topic)
        return true;
    embedded_topic_free(topic);
    return !broker->directory || remove_files(broker, name, error);
}

bool embedded_topics_delete(struct broker *base, const char *const *names, size_t count, struct weir_error *error)
{
    struct embedded *broker = (struct embedded *)base;
    bool deleted = embedded_writable(broker, error);
    if (!deleted)
        return false;
    pthread_mutex_lock(&broker->cleaner.lock); /* it goes through all topics */
    for (size_t i = 0; deleted && i < count; i++)
        deleted = delete_topic(broker, names[i], error);
    pthread_mutex_unlock(&broker->cleaner.lock);
    return deleted;
}

bool embedded_group_delete(struct broker *base, const char *name, struct weir_error *error)
{
    struct embedded *broker = (struct embedded *)base;
    struct embedded_group *group = embedded_writable(broker, error) ? embedded_group_get(broker, name, error) : NULL;
    return group && embedded_group_forget(group, error);
}
