/* group.c: who is a member, and what is whose: see cluster.h. Shares are dealt in turn; a member gives up before another
 * takes. With settings.eager everybody gives up everything first.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "simulated/cluster.h"

struct share *group_share(struct simulated *cluster, int32_t number, int32_t partition)
{
    struct group *group = &cluster->group;
    for (size_t i = 0; i < group->share_count; i++)
        if (group->shares[i].group == number && group->shares[i].partition == partition)
            return &group->shares[i];
    return NULL;
}

static void deal(struct group *group)
{
    for (size_t i = 0; i < group->share_count; i++)
        group->shares[i].target =
            group->member_count > 0 ? group->members[(i + (size_t)group->generation) % group->member_count] : NULL;
    group->generation++;
}

bool group_has(const struct simulated *cluster, const struct member *member)
{
    for (size_t i = 0; i < cluster->group.member_count; i++)
        if (cluster->group.members[i] == member)
            return true;
    return false;
}

static void make_shares(struct simulated *cluster, struct topic *const *leads, size_t groups)
{
    struct group *group = &cluster->group;
    for (size_t g = 0; g < groups; g++)
        for (int32_t p = 0; p < leads[g]->partition_count; p++) {
            if (group_share(cluster, (int32_t)g, p))
                continue;
            group->shares =
                memory_grow(group->shares, &group->share_capacity, group->share_count + 1, sizeof *group->shares);
            group->shares[group->share_count++] =
                (struct share){.group = (int32_t)g, .partition = p, .lead = leads[g]->name};
        }
}

/* A static member whose process was killed comes back: what was its is the new one's, and nobody else is asked. What that
 * process had sent is here before, as before a session runs out. */
static bool succeed(struct simulated *cluster, struct member *member)
{
    struct group *group = &cluster->group;
    for (size_t i = 0; i < group->member_count; i++) {
        struct member *before = group->members[i];
        if (before->connection || strcmp(before->client, member->client) != 0)
            continue;
        for (size_t s = 0; s < group->share_count; s++) {
            struct share *share = &group->shares[s];
            share->owner = share->owner == before ? NULL : share->owner;
            share->target = share->target == before ? member : share->target;
        }
        group->members[i] = member;
        memory_free(before);
        cluster->returned++;
        if (!cluster->settings.strays)
            cluster_hurry(cluster, member->connection->owner);
        return true;
    }
    return false;
}

void group_join(struct simulated *cluster, struct member *member, struct topic *const *leads, size_t groups)
{
    struct group *group = &cluster->group;
    make_shares(cluster, leads, groups);
    if (cluster->settings.static_members && succeed(cluster, member))
        return;
    group->members =
        memory_grow(group->members, &group->member_capacity, group->member_count + 1, sizeof(struct member *));
    group->members[group->member_count++] = member;
    deal(group);
}

void group_leave(struct simulated *cluster, struct member *member)
{
    struct group *group = &cluster->group;
    if (!group_has(cluster, member))
        return;
    size_t kept = 0;
    for (size_t i = 0; i < group->member_count; i++)
        if (group->members[i] != member)
            group->members[kept++] = group->members[i];
    group->member_count = kept;
    for (size_t i = 0; i < group->share_count; i++)
        if (group->shares[i].owner == member)
            group->shares[i].owner = NULL;
    deal(group);
}

void group_expel(struct simulated *cluster, struct member *member)
{
    group_leave(cluster, member);
    if (member->connection) {
        member->was_expelled = true;
        member->connection->expelled++;
    } else
        memory_free(member);
}

void group_bury(struct simulated *cluster, struct member *member)
{
    if (!group_has(cluster, member)) {
        memory_free(member);
        return;
    }
    member->silent_since_us = member->connection->silent_since_us;
    member->connection = NULL;
}

static bool must_give_up(const struct simulated *cluster, const struct share *share)
{
    return share->target != share->owner ||
           (cluster->settings.eager && share->owner_generation != cluster->group.generation);
}

/* Eager: nobody takes before everybody has given up what is of an earlier generation. */
static bool all_have_given_up(const struct simulated *cluster)
{
    for (size_t i = 0; i < cluster->group.share_count; i++)
        if (cluster->group.shares[i].owner && must_give_up(cluster, &cluster->group.shares[i]))
            return false;
    return true;
}

bool group_is_rebalancing(const struct simulated *cluster)
{
    for (size_t i = 0; i < cluster->group.share_count; i++)
        if (must_give_up(cluster, &cluster->group.shares[i]))
            return true;
    return false;
}

bool group_has_settled(const struct simulated *cluster, struct member *member)
{
    const struct group *group = &cluster->group;
    for (size_t i = 0; i < group->share_count; i++) {
        const struct share *share = &group->shares[i];
        bool is_due = share->owner == member ? must_give_up(cluster, share) : share->target == member;
        if (is_due)
            return false;
    }
    bool is_new = member->settled_generation != group->generation;
    member->settled_generation = group->generation;
    return is_new;
}

struct share *group_next(struct simulated *cluster, const struct member *member, bool *take)
{
    struct group *group = &cluster->group;
    struct share *free_share = NULL;
    for (size_t i = 0; i < group->share_count; i++) {
        struct share *share = &group->shares[i];
        *take = false;
        if (share->owner == member && must_give_up(cluster, share))
            return share;
        if (!free_share && !share->owner && share->target == member)
            free_share = share;
    }
    *take = true;
    return free_share && (!cluster->settings.eager || all_have_given_up(cluster)) ? free_share : NULL;
}
