/* instances.c: the instances of the application and what each holds, for the doors.
 *
 * Of this instance its tasks are known exactly; of the others, what the group says, and where standbys belong.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "runtime/app.h"
#include "runtime/peers.h"
#include "runtime/task.h"

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
        out->shares = arena_alloc(listing->arena, (peer->share_count + peer->standby_count + 1) * sizeof *out->shares);
        for (size_t s = 0; s < peer->share_count; s++)
            add_share(out, listing->app, peer->shares[s], false);
        for (size_t s = 0; s < peer->standby_count; s++)
            add_share(out, listing->app, peer->standbys[s], true);
    }
}

size_t weir_app_instances(struct weir_app *app, weir_arena *arena, struct weir_instance_info **out)
{
    struct listing listing = {.app = app, .arena = arena};
    listing.count = peers_known(app->peers, arena, &listing.peers);
    *out = arena_alloc(arena, (listing.count + 1) * sizeof **out);
    listing.out = *out + 1;
    list_peers(&listing);
    list_self(&listing, *out);
    size_t count = 1;
    for (size_t i = 1; i <= listing.count; i++)
        if (!(*out)[i].is_self)
            (*out)[count++] = (*out)[i];
    return count;
}
