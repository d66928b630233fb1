/* following.c: see following.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/following.h"

#include "base/log.h"

enum {
    BATCH = 2048,
    AHEAD_MAX = 8192, /* records of a store behind the last known commit */
    AHEAD_BYTES_MAX = 8 * 1024 * 1024,
    OVERLAY_BYTES_MAX = 8 * 1024 * 1024,
    COMMITTED_BYTES_MAX = 8 * 1024 * 1024, /* of one store */
    FULL_PAUSE_US = 1000 * 1000,
};

static void release_ahead(struct standbys *standbys, struct follower *follower)
{
    for (; follower->ahead.count > 0; queue_pop(&follower->ahead))
        standbys_ops(standbys)->reader_release(standbys->reader, queue_head(&follower->ahead));
    follower->ahead_bytes = 0;
}

static void stop_reading(struct standbys *standbys, struct follower *follower)
{
    if (follower->is_reading)
        standbys_ops(standbys)->reader_remove(standbys->reader, follower->token);
    follower->is_reading = false;
}

static bool start_reading(struct standbys *standbys, const struct standby *standby, size_t store,
                          struct weir_error *error)
{
    struct follower *follower = &standby->followers[store];
    const struct layout_part *part = standby->task->part;
    if (!standbys->reader)
        standbys->reader = standbys_ops(standbys)->reader_open(standbys->app->broker, error);
    follower->token = standbys->next_token++;
    follower->is_reading = standbys->reader && standbys_ops(standbys)->reader_add(
                                                   standbys->reader, layout_log(part, &part->stores[store]),
                                                   standby->task->partition, follower->read_to, follower->token, error);
    return follower->is_reading;
}

static struct follower *follower_of(struct standbys *standbys, int32_t token)
{
    for (size_t i = 0; i < standbys->count; i++)
        for (size_t s = 0; s < standbys->items[i]->task->part->store_count; s++) {
            struct follower *follower = &standbys->items[i]->followers[s];
            if (follower->is_reading && follower->token == token)
                return follower;
        }
    return NULL;
}

static size_t size_of(const struct broker_message *message)
{
    return message->key.size + message->value.size;
}

static bool is_full(const struct follower *follower)
{
    return follower->ahead.count >= AHEAD_MAX || follower->ahead_bytes >= AHEAD_BYTES_MAX;
}

static void take_message(struct standbys *standbys, struct broker_message *message)
{
    struct follower *follower = follower_of(standbys, message->group);
    if (!follower || is_full(follower)) {
        if (follower) /* it is read again from here */
            stop_reading(standbys, follower);
        standbys_ops(standbys)->reader_release(standbys->reader, message);
        return;
    }
    follower->read_to = message->offset + 1;
    follower->ahead_bytes += size_of(message);
    queue_push(&follower->ahead, message);
}

bool following_read(struct standbys *standbys, bool *idle, struct weir_error *error)
{
    struct broker_message messages[BATCH];
    if (!standbys->reader)
        return true;
    int count = standbys_ops(standbys)->reader_poll(standbys->reader, messages, BATCH, 0, error);
    for (int i = 0; i < count; i++)
        take_message(standbys, &messages[i]);
    *idle = *idle && count <= 0;
    return count >= 0;
}

struct followed {
    struct store *store;
    struct weir_error *error;
};

static bool follow_row(void *self, const struct store_row *row)
{
    struct followed *followed = self;
    return store_follow(followed->store, row, followed->error);
}

static bool apply_message(struct standbys *standbys, const struct standby *standby, size_t store,
                          const struct broker_message *message, struct weir_error *error)
{
    struct followed followed = {standby->task->stores[store], error};
    bool ok =
        restore_rows(standby->task->part, store, standby->latest_ms, message, &standbys->arena, follow_row, &followed);
    arena_clear(&standbys->arena);
    return ok;
}

/* The end of what is committed may lie behind a gap (markers), so the reader says where it stands. */
static void look_for_the_end(struct standbys *standbys, struct follower *follower)
{
    if (follower->ahead.count > 0) {
        int64_t head = queue_head(&follower->ahead)->offset;
        follower->next = head < follower->target ? head : follower->target;
        return;
    }
    int64_t position =
        follower->is_reading ? standbys_ops(standbys)->reader_position(standbys->reader, follower->token) : -1;
    if (position > follower->next)
        follower->next = position < follower->target ? position : follower->target;
}

static bool apply_store(struct standbys *standbys, struct standby *standby, size_t store, struct weir_error *error)
{
    struct follower *follower = &standby->followers[store];
    while (follower->ahead.count > 0 && queue_head(&follower->ahead)->offset < follower->target) {
        struct broker_message *message = queue_head(&follower->ahead);
        if (!apply_message(standbys, standby, store, message, error))
            return false;
        follower->next = message->offset + 1;
        follower->ahead_bytes -= size_of(message);
        standbys_ops(standbys)->reader_release(standbys->reader, message);
        queue_pop(&follower->ahead);
    }
    if (follower->next < follower->target)
        look_for_the_end(standbys, follower);
    return true;
}

bool following_has_reached(const struct standby *standby)
{
    for (size_t i = 0; i < standby->task->part->store_count; i++)
        if (standby->followers[i].next < standby->followers[i].target)
            return false;
    return true;
}

static int64_t remaining(const struct standby *standby)
{
    int64_t sum = 0;
    for (size_t i = 0; i < standby->task->part->store_count; i++)
        sum += standby->followers[i].target - standby->followers[i].next;
    return sum > 0 ? sum : 0;
}

void following_show_inputs(const struct standby *standby)
{
    struct task *task = standby->task;
    for (size_t i = 0; i < task->source_count; i++)
        if (standby->inputs[i] != BROKER_NO_OFFSET)
            atomic_store(&task->committed[i], standby->inputs[i]);
}

/* All stores of the task together, then the inputs they contain: an answer is at least as new as it says. */
static void publish(struct standbys *standbys, struct standby *standby, bool is_commit)
{
    struct task *task = standby->task;
    atomic_fetch_add(&task->publishing, 1);
    for (size_t i = 0; i < task->part->store_count; i++) {
        if (!layout_is_logged(&task->part->stores[i]))
            continue;
        task->changelog_positions[i] = standby->followers[i].next;
        store_publish_followed(task->stores[i], standby->followers[i].next);
    }
    if (is_commit)
        following_show_inputs(standby);
    atomic_fetch_add(&task->publishing, 1);
    app_published(standbys->app);
}

static bool has_rows(const struct standby *standby, size_t *bytes)
{
    bool found = false;
    *bytes = 0;
    for (size_t i = 0; i < standby->task->part->store_count; i++) {
        *bytes += store_overlay_bytes(standby->task->stores[i]);
        found = found || standby->followers[i].next != standby->task->changelog_positions[i];
    }
    return found;
}

static void warn(const struct task *task, size_t store, const struct weir_error *error)
{
    log_warning("standbys", "store %s, partition %d: %s", task->part->stores[store].spec.name, task->partition,
                error->message);
}

/* Copies keep little in memory: nobody writes the same rows here again and again. While the disk takes nothing, they stand still. */
static void evict_when_due(struct standbys *standbys, struct task *task)
{
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct store *store = task->stores[i];
        struct weir_error error = {0};
        bool is_due = store_apply_due(store, standbys_now_us()) || store_evictable_bytes(store) > COMMITTED_BYTES_MAX;
        if (!is_due || store_evict(store, standbys_now_us(), &error))
            continue;
        warn(task, i, &error);
        standbys->full_until_us = standbys_now_us() + FULL_PAUSE_US;
    }
}

bool following_step(struct standbys *standbys, struct standby *standby, struct weir_error *error)
{
    const struct layout_part *part = standby->task->part;
    size_t bytes;
    for (size_t i = 0; i < part->store_count; i++) {
        struct follower *follower = &standby->followers[i];
        if (!layout_is_logged(&part->stores[i]))
            continue;
        if (!follower->is_reading && follower->ahead.count == 0 && follower->next < follower->target &&
            !start_reading(standbys, standby, i, error))
            return false;
        if (!apply_store(standbys, standby, i, error))
            return false;
    }
    bool reached = following_has_reached(standby);
    if (has_rows(standby, &bytes) && (reached || bytes > OVERLAY_BYTES_MAX))
        publish(standbys, standby, reached);
    else if (reached)
        following_show_inputs(standby);
    atomic_store(&standby->task->restore_remaining, remaining(standby));
    evict_when_due(standbys, standby->task);
    return true;
}

void following_begin(struct standby *standby)
{
    struct task *task = standby->task;
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct follower *follower = &standby->followers[i];
        follower->next = follower->read_to = follower->target = task->changelog_positions[i];
    }
    standby->is_restored = true;
    task_stand_by(task);
}

void following_end(struct standbys *standbys, struct standby *standby)
{
    for (size_t i = 0; i < standby->task->part->store_count; i++) {
        stop_reading(standbys, &standby->followers[i]);
        release_ahead(standbys, &standby->followers[i]);
        queue_done(&standby->followers[i].ahead);
    }
}
