/* log_access.c: see log_access.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "log_access.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/nearest.h"

static const char *nearest_topic(struct broker *broker, weir_arena *arena, const char *topic)
{
    const char **names = NULL;
    size_t count = 0;
    struct weir_error ignored = {0};
    if (!broker->ops->topics(broker, arena, &names, &count, &ignored))
        return NULL;
    return nearest_name(topic, names, count);
}

int32_t log_access_partitions(struct broker *broker, const char *topic, struct weir_error *error)
{
    int32_t count = broker->ops->partitions(broker, topic, error);
    if (count != 0)
        return count < 0 ? 0 : count;
    weir_arena *arena = weir_arena_new();
    const char *nearest = nearest_topic(broker, arena, topic);
    if (nearest)
        error_set(error, WEIR_ABSENT, "no topic \"%.80s\"; did you mean %.80s?", topic, nearest);
    else
        error_set(error, WEIR_ABSENT, "no topic \"%.100s\"", topic);
    weir_arena_free(arena);
    return 0;
}
