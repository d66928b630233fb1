/* peers.c: see peers.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/peers.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/app.h"

enum {
    LOOK_EVERY_MS = 1000,
    LOOK_AGAIN_MS = 100,
    CHECK_EVERY_US = 5 * 1000 * 1000, /* the topics */
    WRONG_MAX = 3                     /* times in a row, before it is believed */
};

#define THREAD_MARK "-StreamThread-"

struct peers {
    struct weir_app *app;
    char *self; /* our client ids without the thread */
    pthread_t thread;
    bool started;
    int64_t checked_us;
    int wrong_count;      /* checks of the topics in a row that found something */
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t wake;
    bool stopping, asked;
    weir_arena arena;
    struct peer *items;
    size_t count;
    uint64_t looks;
};

/* ---- client ids ---- */

static char *id_of(const struct weir_app *app)
{
    const char *client = config_text(app->config, "client.id");
    const char *server = config_text(app->config, "application.server");
    return memory_format("%s-%s%s%s", *client ? client : app->layout.application, app->identity.uuid,
                         *server ? "@" : "", server);
}

char *peers_client_id(const struct weir_app *app, int32_t thread)
{
    char *id = id_of(app);
    char *text = memory_format("%s" THREAD_MARK "%d-consumer", id, thread);
    memory_free(id);
    return text;
}

const char *peers_instance_id(const struct weir_app *app, weir_arena *arena)
{
    char *id = id_of(app);
    const char *copy = arena_text(arena, id);
    memory_free(id);
    return copy;
}

static const char *last_mark(const char *text)
{
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, THREAD_MARK)); at++)
        found = at;
    return found;
}

bool peers_read_client_id(const char *text, weir_arena *arena, struct peer *out)
{
    const char *mark = last_mark(text);
    if (!mark)
        return false;
    const char *id = arena_bytes(arena, (weir_bytes){text, (size_t)(mark - text)}).data;
    const char *at = strrchr(id, '@');
    out->id = id;
    out->address = at && at[1] ? at + 1 : NULL;
    return true;
}

/* ---- from members to peers ---- */

struct builder {
    struct peers *peers;
    weir_arena *arena;
    struct peer *items;
    size_t count;
};

static int32_t part_led_by(const struct layout *layout, const char *topic)
{
    for (size_t i = 0; i < layout->part_count; i++)
        if (strcmp(layout->parts[i].sources[0].topic, topic) == 0)
            return (int32_t)i;
    return -1;
}

static struct peer *peer_named(struct builder *builder, const struct peer *read)
{
    for (size_t i = 0; i < builder->count; i++)
        if (strcmp(builder->items[i].id, read->id) == 0)
            return &builder->items[i];
    struct peer *peer = &builder->items[builder->count++];
    *peer = *read;
    peer->is_self = strcmp(peer->id, builder->peers->self) == 0;
    return peer;
}

static void add_name(struct peer *peer, const char *name, weir_arena *arena)
{
    const char **names = arena_alloc(arena, (peer->member_count + 1) * sizeof *names);
    for (size_t i = 0; i < peer->member_count; i++)
        names[i] = peer->members[i];
    names[peer->member_count++] = name;
    peer->members = names;
}

static void add_member(struct builder *builder, const struct broker_member *member)
{
    struct peer read = {0};
    if (!peers_read_client_id(member->client, builder->arena, &read))
        return;
    struct peer *peer = peer_named(builder, &read);
    add_name(peer, member->name, builder->arena);
    struct peer_share *shares =
        arena_alloc(builder->arena, (peer->share_count + member->place_count + 1) * sizeof *shares);
    if (peer->share_count)
        memcpy(shares, peer->shares, peer->share_count * sizeof *shares);
    peer->shares = shares;
    for (size_t i = 0; i < member->place_count; i++) {
        int32_t part = part_led_by(&builder->peers->app->layout, member->places[i].topic);
        if (part >= 0)
            peer->shares[peer->share_count++] = (struct peer_share){part, member->places[i].partition};
    }
}

/* How many shares are dealt before those of this part: the lead topics go by their names. */
static size_t first_turn(const struct layout *layout, const struct layout_part *part)
{
    size_t turn = 0;
    for (size_t i = 0; i < layout->part_count; i++)
        if (strcmp(layout->parts[i].sources[0].topic, part->sources[0].topic) < 0)
            turn += (size_t)layout->parts[i].sources[0].partitions;
    return turn;
}

static void place_standbys(struct builder *builder)
{
    const struct weir_app *app = builder->peers->app;
    size_t count = 0, most = 0, replicas = (size_t)config_integer(app->config, "num.standby.replicas");
    for (size_t i = 0; i < app->layout.part_count; i++)
        most += (size_t)app->layout.parts[i].partitions;
    struct standby_wish *wishes = arena_alloc(builder->arena, (most + 1) * sizeof *wishes);
    for (size_t i = 0; i < app->layout.part_count; i++) {
        size_t turn = first_turn(&app->layout, &app->layout.parts[i]);
        for (int32_t p = 0; layout_has_changelog(&app->layout.parts[i]) && p < app->layout.parts[i].partitions; p++)
            wishes[count++] = (struct standby_wish){{(int32_t)i, p}, turn + (size_t)p};
    }
    peers_place_standbys(builder->items, builder->count, wishes, count, replicas, builder->arena);
}

bool peers_look(struct peers *peers)
{
    struct weir_app *app = peers->app;
    struct broker_member *members = NULL;
    size_t count = 0;
    struct weir_error error = {0};
    weir_arena arena;
    arena_init(&arena);
    if (!app->broker->ops->members(app->broker, app->layout.application, &arena, &members, &count, &error)) {
        log_debug("peers", "%s", error.message);
        arena_done(&arena);
        return false;
    }
    struct builder builder = {peers, &arena, arena_alloc(&arena, (count + 1) * sizeof(struct peer)), 0};
    for (size_t i = 0; i < count; i++)
        add_member(&builder, &members[i]);
    place_standbys(&builder);
    pthread_mutex_lock(&peers->lock);
    arena_done(&peers->arena);
    peers->arena = arena;
    peers->items = builder.items;
    peers->count = builder.count;
    peers->looks++;
    pthread_mutex_unlock(&peers->lock);
    return true;
}

/* ---- the thread ---- */

static void wait_ms(struct peers *peers, int64_t ms)
{
    int64_t until_us = clock_monotonic_us(&clock_system) + ms * 1000;
    while (!peers->stopping && !peers->asked)
        if (!clock_condition_wait(&peers->wake, &peers->lock, until_us))
            break;
}

/* Partitions that nobody reads, and keys whose state is elsewhere, are not for a log line alone. */
static void check_topics(struct peers *peers)
{
    struct weir_error error = {0};
    int64_t now_us = clock_monotonic_us(&clock_system);
    if (now_us - peers->checked_us < CHECK_EVERY_US)
        return;
    peers->checked_us = now_us;
    if (layout_check_topics(&peers->app->layout, peers->app->broker, &error) || error.code != WEIR_INVALID)
        peers->wrong_count = 0;
    else if (++peers->wrong_count == WRONG_MAX)
        app_fail(peers->app, &error);
}

/* The group becomes stable a moment after this instance has settled, so who asks is answered twice. */
static void *run(void *self)
{
    struct peers *peers = self;
    pthread_mutex_lock(&peers->lock);
    while (!peers->stopping) {
        bool again = peers->asked;
        peers->asked = false;
        pthread_mutex_unlock(&peers->lock);
        again = !peers_look(peers) || again;
        check_topics(peers);
        pthread_mutex_lock(&peers->lock);
        wait_ms(peers, again ? LOOK_AGAIN_MS : LOOK_EVERY_MS);
    }
    pthread_mutex_unlock(&peers->lock);
    return NULL;
}

static void free_peers(struct peers *peers)
{
    pthread_cond_destroy(&peers->wake);
    pthread_mutex_destroy(&peers->lock);
    arena_done(&peers->arena);
    memory_free(peers->self);
    memory_free(peers);
}

struct peers *peers_new(struct weir_app *app)
{
    if (!app->broker->ops->members)
        return NULL;
    struct peers *peers = memory_new(sizeof *peers);
    clock_condition_init(&peers->wake);
    pthread_mutex_init(&peers->lock, NULL);
    arena_init(&peers->arena);
    peers->app = app;
    peers->self = id_of(app);
    return peers;
}

struct peers *peers_start(struct weir_app *app, struct weir_error *error)
{
    struct peers *peers = peers_new(app);
    if (!peers)
        return NULL;
    int failure = pthread_create(&peers->thread, NULL, run, peers);
    peers->started = failure == 0;
    if (peers->started)
        return peers;
    error_set(error, WEIR_FATAL, "cannot start a thread: %s", strerror(failure));
    free_peers(peers);
    return NULL;
}

void peers_stop(struct peers *peers)
{
    if (!peers)
        return;
    pthread_mutex_lock(&peers->lock);
    peers->stopping = true;
    pthread_cond_signal(&peers->wake);
    pthread_mutex_unlock(&peers->lock);
    if (peers->started)
        pthread_join(peers->thread, NULL);
    free_peers(peers);
}

void peers_ask(struct peers *peers)
{
    if (!peers)
        return;
    pthread_mutex_lock(&peers->lock);
    peers->asked = true;
    pthread_cond_signal(&peers->wake);
    pthread_mutex_unlock(&peers->lock);
}

/* ---- what is known ---- */

uint64_t peers_looks(struct peers *peers)
{
    if (!peers)
        return 0;
    pthread_mutex_lock(&peers->lock);
    uint64_t looks = peers->looks;
    pthread_mutex_unlock(&peers->lock);
    return looks;
}

static struct peer_share *copy_shares(const struct peer_share *shares, size_t count, weir_arena *arena)
{
    struct peer_share *copy = arena_alloc(arena, (count + 1) * sizeof *copy);
    if (count)
        memcpy(copy, shares, count * sizeof *copy);
    return copy;
}

static struct peer copy_peer(const struct peer *peer, weir_arena *arena)
{
    struct peer copy = *peer;
    copy.id = arena_text(arena, peer->id);
    copy.address = peer->address ? arena_text(arena, peer->address) : NULL;
    copy.members = NULL; /* only where standbys are placed */
    copy.member_count = 0;
    copy.shares = copy_shares(peer->shares, peer->share_count, arena);
    copy.standbys = copy_shares(peer->standbys, peer->standby_count, arena);
    return copy;
}

size_t peers_known(struct peers *peers, weir_arena *arena, struct peer **out)
{
    *out = NULL;
    if (!peers)
        return 0;
    pthread_mutex_lock(&peers->lock);
    size_t count = peers->count;
    *out = arena_alloc(arena, (count + 1) * sizeof **out);
    for (size_t i = 0; i < count; i++)
        (*out)[i] = copy_peer(&peers->items[i], arena);
    pthread_mutex_unlock(&peers->lock);
    return count;
}

static bool is_among(const struct peer_share *shares, size_t count, struct peer_share share)
{
    for (size_t i = 0; i < count; i++)
        if (shares[i].part == share.part && shares[i].partition == share.partition)
            return true;
    return false;
}

bool peer_is_active(const struct peer *peer, struct peer_share share)
{
    return is_among(peer->shares, peer->share_count, share);
}

bool peer_has_standby(const struct peer *peer, struct peer_share share)
{
    return is_among(peer->standbys, peer->standby_count, share);
}

static void add_address(const struct peer *peer, const char **out, size_t *count, size_t max)
{
    if (!peer->is_self && peer->address && *count < max)
        out[(*count)++] = peer->address;
}

size_t peers_holders(struct peers *peers, struct peer_share share, bool any, weir_arena *arena, const char **out,
                     size_t max)
{
    struct peer *known;
    size_t count = 0, known_count = peers_known(peers, arena, &known);
    for (size_t i = 0; i < known_count; i++)
        if (peer_is_active(&known[i], share))
            add_address(&known[i], out, &count, max);
    for (size_t i = 0; any && i < known_count; i++)
        if (peer_has_standby(&known[i], share))
            add_address(&known[i], out, &count, max);
    return count;
}
