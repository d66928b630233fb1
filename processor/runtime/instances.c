/* instances.c: the instances of the application and what each holds, for the doors.
 *
 * Of this instance its tasks are known exactly; of the others, what the group says, and where standbys belong.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "runtime/app.h"
#include "runtime/peers.h"
#include "runtime/task.h"

enum { REPLICAS_MAX = 16 };

struct listing {
    struct weir_app *app;
    weir_arena *arena;
    struct peer *peers;
    struct weir_instance_info *out; /* by peer, behind this instance */
    size_t count;
};

static void add_share(struct weir_instance_info *instance, const struct weir_app *app, struct peer_share share,
                      bool is_standby)
{
    instance->shares[instance->share_count++] =
        (struct weir_share_info){app->layout.parts[share.part].subtopology->id, share.partition, is_standby};
}

static size_t shares_of(const struct weir_app *app)
{
    size_t count = 0;
    for (size_t i = 0; i < app->layout.part_count; i++)
        count += (size_t)app->layout.parts[i].partitions;
    return count;
}

static void list_self(const struct listing *listing, struct weir_instance_info *self)
{
    struct weir_app *app = listing->app;
    const char *address = config_text(app->config, "application.server");
    *self = (struct weir_instance_info){
        .id = peers_instance_id(app, listing->arena), .address = *address ? address : NULL, .is_self = true};
    pthread_rwlock_rdlock(&app->registry);
    self->shares = arena_alloc(listing->arena, (app->task_count + 1) * sizeof *self->shares);
    for (size_t i = 0; i < app->task_count; i++) {
        const struct task *task = app->tasks[i];
        const struct peer_share share = {(int32_t)(task->part - app->layout.parts), task->partition};
        if (!task->part->subtopology->is_global)
            add_share(self, app, share, atomic_load(&task->is_standby));
    }
    pthread_rwlock_unlock(&app->registry);
}

static void list_peers(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        const struct peer *peer = &listing->peers[i];
        struct weir_instance_info *out = &listing->out[i];
        *out = (struct weir_instance_info){.id = peer->id, .address = peer->address, .is_self = peer->is_self};
        out->shares =
            arena_alloc(listing->arena, (peer->share_count + shares_of(listing->app) + 1) * sizeof *out->shares);
        for (size_t s = 0; s < peer->share_count; s++)
            add_share(out, listing->app, peer->shares[s], false);
    }
}

static bool has_changelog(const struct layout_part *part)
{
    for (size_t i = 0; i < part->store_count; i++)
        if (layout_is_logged(&part->stores[i]))
            return true;
    return false;
}

static void place_standbys(struct listing *listing)
{
    const struct weir_app *app = listing->app;
    size_t replicas = (size_t)config_integer(app->config, "num.standby.replicas"), placed[REPLICAS_MAX];
    for (size_t part = 0; part < app->layout.part_count; part++)
        for (int32_t p = 0; has_changelog(&app->layout.parts[part]) && p < app->layout.parts[part].partitions; p++) {
            const struct peer_share share = {(int32_t)part, p};
            size_t count = peers_place_standbys(listing->peers, listing->count, share, replicas, placed);
            for (size_t i = 0; i < count; i++)
                add_share(&listing->out[placed[i]], app, share, true);
        }
}

size_t weir_app_instances(struct weir_app *app, weir_arena *arena, struct weir_instance_info **out)
{
    struct listing listing = {.app = app, .arena = arena};
    listing.count = peers_known(app->peers, arena, &listing.peers);
    *out = arena_alloc(arena, (listing.count + 1) * sizeof **out);
    listing.out = *out + 1;
    list_peers(&listing);
    place_standbys(&listing);
    list_self(&listing, *out);
    size_t count = 1;
    for (size_t i = 1; i <= listing.count; i++)
        if (!(*out)[i].is_self)
            (*out)[count++] = (*out)[i];
    return count;
}
