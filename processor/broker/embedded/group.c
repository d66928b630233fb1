/* group.c: see group.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/group.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "embedded/embedded.h"

static void encode(struct buffer *entries, const struct embedded_commit *commit)
{
    if (commit->transaction != EMBEDDED_NO_TRANSACTION)
        embedded_offsets_encode_transaction(entries, commit->transaction, commit->items, commit->count);
    for (size_t i = 0; commit->transaction == EMBEDDED_NO_TRANSACTION && i < commit->count; i++)
        embedded_offsets_encode(entries, &commit->items[i]);
}

/* It is durable. The outcome must be known before the file can be rewritten. */
static void take(struct embedded_group *group, const struct embedded_commit *commit)
{
    if (commit->transaction != EMBEDDED_NO_TRANSACTION)
        embedded_outcomes_commit(&group->broker->outcomes, commit->transaction);
    for (size_t i = 0; i < commit->count; i++)
        embedded_offsets_set(&group->offsets, &commit->items[i]);
}

/* Of one round of the flusher: all commits in one write and one sync. */
static void write_commits(struct embedded_flush *flush)
{
    struct embedded_group *group = (struct embedded_group *)flush;
    struct weir_error failure = {0};
    struct buffer entries = {0};
    pthread_mutex_lock(&group->lock);
    struct embedded_commit *commits = group->pending;
    group->pending = NULL;
    for (struct embedded_commit *commit = commits; commit; commit = commit->next)
        encode(&entries, commit);
    bool written = entries.size == 0 || embedded_offsets_write(&group->offsets, buffer_bytes(&entries), &failure);
    while (commits) {
        struct embedded_commit *commit = commits;
        commits = commit->next; /* its caller may go as soon as it is done */
        if (written)
            take(group, commit);
        commit->error = failure;
        atomic_store(&commit->done, true);
    }
    pthread_mutex_unlock(&group->lock);
    buffer_done(&entries);
}

/* What the offsets speak of was flushed before the commit was called (log >= offsets): nothing to write ahead. */
static void begin_nothing(struct embedded_flush *flush)
{
    (void)flush;
}

static struct embedded_group *group_new(struct embedded *broker, const char *name, struct weir_error *error)
{
    struct embedded_group *group = memory_new(sizeof *group);
    group->flush.begin = begin_nothing;
    group->flush.finish = write_commits;
    group->broker = broker;
    group->name = memory_text(name);
    pthread_mutex_init(&group->lock, NULL);
    char *path = broker->directory ? memory_format("%s/" EMBEDDED_GROUPS_NAME "/%s", broker->directory, name) : NULL;
    if (embedded_offsets_load(&group->offsets, path, broker->reader_only ? NULL : &broker->outcomes, error))
        return group;
    embedded_group_free(group);
    return NULL;
}

void embedded_group_free(struct embedded_group *group)
{
    embedded_offsets_done(&group->offsets);
    pthread_mutex_destroy(&group->lock);
    free(group->members);
    free(group->shares);
    free(group->name);
    free(group);
}

struct embedded_group *embedded_group_get(struct embedded *broker, const char *name, struct weir_error *error)
{
    struct embedded_group *group = NULL;
    if (!embedded_name_check("group", name, error))
        return NULL;
    pthread_mutex_lock(&broker->lock);
    for (size_t i = 0; i < broker->group_count && !group; i++)
        if (strcmp(broker->groups[i]->name, name) == 0)
            group = broker->groups[i];
    if (!group && (group = group_new(broker, name, error))) {
        broker->groups = memory_grow(broker->groups, &broker->group_capacity, broker->group_count + 1,
                                     sizeof(struct embedded_group *));
        broker->groups[broker->group_count++] = group;
    }
    pthread_mutex_unlock(&broker->lock);
    return group;
}

static bool has_share(const struct embedded_group *group, int32_t index, const struct embedded_topic *lead)
{
    for (size_t i = 0; i < group->share_count; i++)
        if (group->shares[i].group == index && group->shares[i].lead == lead)
            return true;
    return false;
}

static void add_shares(struct embedded_group *group, const struct embedded_member *member)
{
    for (size_t i = 0; i < member->lead_count; i++) {
        const struct embedded_topic *lead = member->leads[i];
        if (has_share(group, (int32_t)i, lead))
            continue;
        size_t count = group->share_count + (size_t)lead->partition_count;
        group->shares = memory_grow(group->shares, &group->share_capacity, count, sizeof *group->shares);
        for (int32_t p = 0; p < lead->partition_count; p++)
            group->shares[group->share_count++] =
                (struct embedded_share){.group = (int32_t)i, .partition = p, .lead = lead};
    }
}

static bool wants(const struct embedded_member *member, const struct embedded_share *share)
{
    return (size_t)share->group < member->lead_count && member->leads[share->group] == share->lead;
}

/* Deals the shares over the members; lock held. */
static void deal(struct embedded_group *group)
{
    size_t turn = 0;
    for (size_t i = 0; i < group->share_count; i++) {
        struct embedded_share *share = &group->shares[i];
        share->target = NULL;
        for (size_t tried = 0; tried < group->member_count && !share->target; tried++) {
            struct embedded_member *member = group->members[turn++ % group->member_count];
            if (wants(member, share))
                share->target = member;
        }
    }
    group->generation++;
    atomic_fetch_add(&group->version, 1);
}

void embedded_group_join(struct embedded_group *group, struct embedded_member *member)
{
    pthread_mutex_lock(&group->lock);
    group->members =
        memory_grow(group->members, &group->member_capacity, group->member_count + 1, sizeof(struct embedded_member *));
    group->members[group->member_count++] = member;
    add_shares(group, member);
    deal(group);
    pthread_mutex_unlock(&group->lock);
    embedded_signal_raise(&group->broker->changed);
}

void embedded_group_leave(struct embedded_group *group, struct embedded_member *member)
{
    pthread_mutex_lock(&group->lock);
    size_t kept = 0;
    for (size_t i = 0; i < group->member_count; i++)
        if (group->members[i] != member)
            group->members[kept++] = group->members[i];
    group->member_count = kept;
    for (size_t i = 0; i < group->share_count; i++)
        if (group->shares[i].owner == member)
            group->shares[i].owner = NULL;
    if (kept == 0)
        group->share_count = 0;
    deal(group);
    pthread_mutex_unlock(&group->lock);
    embedded_signal_raise(&group->broker->changed);
}

static struct embedded_share *find_step(struct embedded_group *group, struct embedded_member *member,
                                        enum embedded_step_kind *kind)
{
    struct embedded_share *free_share = NULL;
    for (size_t i = 0; i < group->share_count; i++) {
        struct embedded_share *share = &group->shares[i];
        if (share->owner == member && share->target != member) {
            *kind = EMBEDDED_STEP_REVOKE;
            return share;
        }
        if (!free_share && !share->owner && share->target == member)
            free_share = share;
    }
    *kind = free_share ? EMBEDDED_STEP_ASSIGN : EMBEDDED_STEP_NONE;
    return free_share;
}

struct embedded_step embedded_group_next(struct embedded_group *group, struct embedded_member *member)
{
    struct embedded_step step = {.kind = EMBEDDED_STEP_NONE};
    if (atomic_load(&group->version) == member->seen_version)
        return step;
    pthread_mutex_lock(&group->lock);
    uint64_t version = atomic_load(&group->version);
    struct embedded_share *share = find_step(group, member, &step.kind);
    if (share) {
        step.group = share->group;
        step.partition = share->partition;
        if (step.kind == EMBEDDED_STEP_ASSIGN)
            share->owner = member;
    } else {
        member->seen_version = version;
    }
    pthread_mutex_unlock(&group->lock);
    return step;
}

void embedded_group_revoked(struct embedded_group *group, const struct embedded_member *member,
                            struct embedded_step step)
{
    pthread_mutex_lock(&group->lock);
    for (size_t i = 0; i < group->share_count; i++) {
        struct embedded_share *share = &group->shares[i];
        if (share->owner == member && share->group == step.group && share->partition == step.partition)
            share->owner = NULL;
    }
    atomic_fetch_add(&group->version, 1);
    pthread_mutex_unlock(&group->lock);
    embedded_signal_raise(&group->broker->changed);
}

static bool is_waiting(const struct embedded_group *group, const struct embedded_member *member)
{
    for (size_t i = 0; i < group->share_count; i++)
        if ((group->shares[i].owner == member) != (group->shares[i].target == member))
            return true;
    return false;
}

bool embedded_group_has_settled(struct embedded_group *group, struct embedded_member *member)
{
    pthread_mutex_lock(&group->lock);
    bool is_new = member->seen_generation != group->generation && !is_waiting(group, member);
    if (is_new)
        member->seen_generation = group->generation;
    pthread_mutex_unlock(&group->lock);
    return is_new;
}

static bool is_done(void *self)
{
    return atomic_load(&((struct embedded_commit *)self)->done);
}

bool embedded_group_commit(struct embedded_group *group, int64_t transaction, const struct broker_offset *items,
                           size_t count, struct weir_error *error)
{
    struct embedded_commit commit = {.items = items, .count = count, .transaction = transaction};
    struct embedded_commit **last = &group->pending;
    pthread_mutex_lock(&group->lock);
    while (*last)
        last = &(*last)->next;
    *last = &commit;
    pthread_mutex_unlock(&group->lock);
    embedded_flusher_enqueue(&group->broker->flusher, &group->flush);
    while (!embedded_flusher_wait(&group->broker->flusher, is_done, &commit, 1000))
        continue; /* the flusher always answers; the commit lies on this stack */
    if (commit.error.code == WEIR_OK)
        return true;
    return error_set(error, commit.error.code, "group '%s': %s", group->name, commit.error.message);
}

bool embedded_group_forget(struct embedded_group *group, struct weir_error *error)
{
    pthread_mutex_lock(&group->lock);
    bool forgotten = group->member_count == 0 ? embedded_offsets_clear(&group->offsets, error)
                                              : error_set(error, WEIR_INVALID, "group '%s' has members", group->name);
    pthread_mutex_unlock(&group->lock);
    return forgotten;
}

int64_t embedded_group_committed(struct embedded_group *group, const char *topic, int32_t partition, weir_arena *arena,
                                 const char **metadata)
{
    pthread_mutex_lock(&group->lock);
    const struct embedded_offset *found = embedded_offsets_find(&group->offsets, topic, partition);
    int64_t offset = found ? found->offset : BROKER_NO_OFFSET;
    if (metadata)
        *metadata = found ? arena_text(arena, found->metadata) : "";
    pthread_mutex_unlock(&group->lock);
    return offset;
}
