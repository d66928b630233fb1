/* changes.c: see changes.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "guard/mask.h"
#include "http/follower.h"
#include "http/handlers.h"
#include "http/peer.h"
#include "http/places.h"
#include "http/problem.h"
#include "http/resume.h"
#include "http/seen.h"

enum { TICK_MS = 250, GATHER_MS = 5, BLOCK_BYTES = 8 * 1024, RETRY_MS = 1000 };

struct follow { /* a view that is, or was a moment ago, followed */
    struct follow *next;
    struct changes *changes;
    const weir_view *view;
    weir_feed *feed;
    _Atomic uint64_t told; /* commits */
    size_t readers;
    int64_t left_us; /* when the last reader left */
};

struct stream { /* a reader and its connection */
    struct stream *next;
    struct weir_http *server;
    struct follow *follow;
    struct follower follower; /* the pump's */
    uint64_t told;            /* it has been told of so many commits */
    bool has_caught_up;
    int64_t born_us, written_us;
    struct MHD_Connection *handle;
    int64_t *progress_us; /* of the connection: when its answer last moved on; loop's thread */
    pthread_mutex_t lock; /* guards the rest */
    struct buffer text;
    size_t sent;
    bool is_suspended, is_over;
    _Atomic bool is_gone; /* the connection does not need it any more */
};

static void wake(struct changes *changes)
{
    pthread_mutex_lock(&changes->lock);
    bool was_woken = changes->is_woken;
    changes->is_woken = true;
    pthread_mutex_unlock(&changes->lock);
    if (!was_woken)
        http_streams_wake(changes->others);
}

/* ---- views that are followed -------------------------------------------------------------------------------------- */

/* On a thread that commits. */
static void note_commit(void *self)
{
    struct follow *follow = self;
    atomic_fetch_add(&follow->told, 1);
    wake(follow->changes);
}

static struct follow *join_follow(struct changes *changes, weir_view *view)
{
    pthread_mutex_lock(&changes->follows_lock);
    struct follow *follow = changes->follows;
    while (follow && follow->view != view)
        follow = follow->next;
    if (!follow) {
        follow = memory_new(sizeof *follow);
        follow->changes = changes;
        follow->view = view;
        follow->feed = weir_feed_open(view, LIMIT_FEED_BYTES, note_commit, follow);
        follow->next = changes->follows;
        changes->follows = follow;
    }
    follow->readers++;
    pthread_mutex_unlock(&changes->follows_lock);
    return follow;
}

static void leave_follow(struct follow *follow)
{
    pthread_mutex_lock(&follow->changes->follows_lock);
    follow->readers--;
    follow->left_us = clock_monotonic_us(&clock_system);
    pthread_mutex_unlock(&follow->changes->follows_lock);
}

/* A reader that comes again in time goes on where it was. */
static void close_idle_follows(struct changes *changes, int64_t until_us)
{
    pthread_mutex_lock(&changes->follows_lock);
    for (struct follow **at = &changes->follows; *at;) {
        struct follow *follow = *at;
        if (follow->readers > 0 || follow->left_us > until_us) {
            at = &follow->next;
            continue;
        }
        *at = follow->next;
        weir_feed_close(follow->feed);
        memory_free(follow);
    }
    pthread_mutex_unlock(&changes->follows_lock);
}

/* ---- a stream ----------------------------------------------------------------------------------------------------- */

static void free_stream(struct stream *stream)
{
    leave_follow(stream->follow);
    atomic_fetch_sub(&stream->server->changes.readers, 1);
    follower_done(&stream->follower);
    buffer_done(&stream->text);
    pthread_mutex_destroy(&stream->lock);
    memory_free(stream);
}

/* libmicrohttpd's: what to send next. */
static ssize_t give(void *self, uint64_t at, char *out, size_t most)
{
    struct stream *stream = self;
    (void)at;
    *stream->progress_us = stream->server->now_us;
    stream->server->activity++;
    pthread_mutex_lock(&stream->lock);
    size_t size = stream->text.size - stream->sent;
    bool is_over = stream->is_over || atomic_load(&stream->server->stopping);
    if (size > most)
        size = most;
    if (size > 0) {
        memcpy(out, stream->text.data + stream->sent, size);
        stream->sent += size;
    } else if (!is_over) {
        MHD_suspend_connection(stream->handle);
        stream->is_suspended = true;
    }
    pthread_mutex_unlock(&stream->lock);
    if (size > 0)
        return (ssize_t)size;
    if (!is_over)
        wake(&stream->server->changes);
    return is_over ? MHD_CONTENT_READER_END_OF_STREAM : 0;
}

static void leave(void *self)
{
    struct stream *stream = self;
    struct changes *changes = &stream->server->changes;
    atomic_store(&stream->is_gone, true);
    wake(changes);
}

static bool wants_text(struct stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool wants = stream->sent == stream->text.size && !stream->is_over;
    pthread_mutex_unlock(&stream->lock);
    return wants;
}

/* True: its connection has been resumed. */
static bool hand_over(struct stream *stream, bool is_over)
{
    struct buffer *text = &stream->follower.text;
    pthread_mutex_lock(&stream->lock);
    struct buffer empty = stream->text;
    stream->text = *text;
    stream->sent = 0;
    stream->is_over = is_over;
    bool resumes = stream->is_suspended;
    stream->is_suspended = false;
    pthread_mutex_unlock(&stream->lock);
    *text = empty;
    buffer_clear(text);
    if (resumes)
        MHD_resume_connection(stream->handle); /* suspended, it cannot go away meanwhile */
    return resumes;
}

static bool is_due(const struct stream *stream, int64_t now_us)
{
    return now_us - stream->written_us > LIMIT_HEARTBEAT_MS * INT64_C(1000);
}

/* Also now and then without a commit: partitions leave without one. */
static void read_changes(struct stream *stream, int64_t now_us)
{
    uint64_t told = atomic_load(&stream->follow->told);
    places_look(&stream->follower, now_us);
    bool is_idle =
        stream->has_caught_up && stream->told == told && stream->follower.is_ready && !stream->follower.has_news;
    if (is_idle && !is_due(stream, now_us))
        return;
    stream->told = told;
    stream->follower.has_news = false;
    stream->has_caught_up = !follower_step(&stream->follower);
    if (stream->follower.is_slow)
        atomic_fetch_add(&stream->server->changes.slow, 1);
}

/* True: its connection has been resumed. Who asks is looked at once, so a stream ends after a while: the client comes again and
 * goes on where it was. */
static bool fill(struct stream *stream, int64_t now_us)
{
    struct buffer *text = &stream->follower.text;
    if (!wants_text(stream))
        return false;
    bool is_over = now_us - stream->born_us > LIMIT_FOLLOW_MS * INT64_C(1000);
    if (!is_over)
        read_changes(stream, now_us);
    is_over = is_over || stream->follower.is_over;
    if (text->size == 0 && !is_over && is_due(stream, now_us))
        buffer_text(text, ":\n\n");
    if (text->size == 0 && !is_over)
        return false;
    stream->written_us = now_us;
    return hand_over(stream, is_over);
}

/* The same when the door closes: what it has been given already still goes out. */
static bool end(struct stream *stream, int64_t now_us)
{
    (void)now_us;
    pthread_mutex_lock(&stream->lock);
    bool resumes = stream->is_suspended;
    stream->is_suspended = false;
    stream->is_over = true;
    pthread_mutex_unlock(&stream->lock);
    if (resumes)
        MHD_resume_connection(stream->handle);
    return resumes;
}

/* ---- the pump ----------------------------------------------------------------------------------------------------- */

/* Gathers what happens within a moment: a commit of several tasks is many. False: it is to stop. */
static bool wait_for_work(struct changes *changes)
{
    http_streams_wait(changes->others, TICK_MS);
    pthread_mutex_lock(&changes->lock);
    changes->is_woken = false;
    bool stopping = changes->stopping;
    pthread_mutex_unlock(&changes->lock);
    clock_pause_ms(GATHER_MS);
    return !stopping;
}

static void take_arrived(struct changes *changes)
{
    pthread_mutex_lock(&changes->lock);
    while (changes->arrived) {
        struct stream *stream = changes->arrived;
        changes->arrived = stream->next;
        stream->next = changes->streams;
        changes->streams = stream;
    }
    pthread_mutex_unlock(&changes->lock);
}

static void pump_all(struct weir_http *server, bool (*pump_one)(struct stream *, int64_t now_us))
{
    bool any_resumed = false;
    int64_t now_us = clock_monotonic_us(&clock_system);
    for (struct stream **at = &server->changes.streams; *at;) {
        struct stream *stream = *at;
        if (atomic_load(&stream->is_gone)) {
            *at = stream->next;
            free_stream(stream);
            continue;
        }
        any_resumed = pump_one(stream, now_us) || any_resumed;
        at = &stream->next;
    }
    if (any_resumed)
        server_wake(server);
}

static void *pump(void *self)
{
    struct weir_http *server = self;
    struct changes *changes = &server->changes;
    while (wait_for_work(changes)) {
        take_arrived(changes);
        pump_all(server, fill);
        close_idle_follows(changes, clock_monotonic_us(&clock_system) - LIMIT_FEED_KEPT_MS * INT64_C(1000));
    }
    take_arrived(changes);
    pump_all(server, end);
    return NULL;
}

void changes_init(struct changes *changes)
{
    pthread_mutex_init(&changes->lock, NULL);
    pthread_mutex_init(&changes->follows_lock, NULL);
}

bool changes_start(struct weir_http *server)
{
    struct changes *changes = &server->changes;
    changes->others = http_streams_new();
    changes->has_thread = changes->others && pthread_create(&changes->thread, NULL, pump, server) == 0;
    if (changes->has_thread)
        pthread_setname_np(changes->thread, "weir-http-feed");
    return changes->has_thread;
}

void changes_stop(struct weir_http *server)
{
    struct changes *changes = &server->changes;
    pthread_mutex_lock(&changes->lock);
    changes->stopping = true;
    pthread_mutex_unlock(&changes->lock);
    if (changes->has_thread)
        http_streams_wake(changes->others);
    if (changes->has_thread)
        pthread_join(changes->thread, NULL);
    changes->has_thread = false;
}

void changes_done(struct changes *changes)
{
    take_arrived(changes);
    while (changes->streams) {
        struct stream *stream = changes->streams;
        changes->streams = stream->next;
        free_stream(stream);
    }
    close_idle_follows(changes, INT64_MAX);
    http_streams_done(changes->others);
    pthread_mutex_destroy(&changes->follows_lock);
    pthread_mutex_destroy(&changes->lock);
}

/* ---- the request -------------------------------------------------------------------------------------------------- */

struct MHD_Response *changes_response(struct request *request)
{
    struct stream *stream = request->stream;
    struct changes *changes = &request->server->changes;
    struct MHD_Response *out = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, give, stream, leave);
    if (!out)
        return NULL;
    request->stream = NULL;
    stream->handle = request->connection;
    stream->progress_us = request->progress_us;
    pthread_mutex_lock(&changes->lock);
    stream->next = changes->arrived;
    changes->arrived = stream;
    pthread_mutex_unlock(&changes->lock);
    wake(changes);
    return out;
}

void changes_forget(struct request *request)
{
    if (request->stream)
        free_stream(request->stream);
    request->stream = NULL;
}

static bool refuse_elsewhere(struct request *request, int32_t partitions, size_t here)
{
    problem_number(request, "partitions", partitions);
    problem_number(request, "partitions_here", (int64_t)here);
    problem_retry(request, 1000);
    problem_answer(request, PROBLEM_ELSEWHERE, "%zu of %d partitions are here.", here, partitions);
    return false;
}

static bool asks_others(const struct request *request, const struct server_view *view)
{
    return view->info.kind != WEIR_VIEW_GLOBAL && peer_routing(request, view) != PEER_NONE;
}

/* What another instance asks for, or what a client gets that no other instance is asked for, is here. */
static bool is_here(struct request *request, const struct server_view *view, const struct peer_partitions *asked)
{
    struct weir_view_info info = weir_view_describe(view->view);
    size_t wanted = asked ? asked->count : (size_t)info.partitions;
    if (info.kind == WEIR_VIEW_GLOBAL || asks_others(request, view))
        return true;
    struct weir_copies copies = {0};
    if (asked)
        copies = (struct weir_copies){.partitions = asked->items, .partition_count = asked->count};
    int32_t *held = arena_alloc(&request->arena, ((size_t)info.partitions + 1) * sizeof *held);
    size_t here = weir_view_held(view->view, copies, held);
    return here == wanted || refuse_elsewhere(request, (int32_t)wanted, here);
}

/* False: the problem is set. *marks is NULL when the client has come for the first time. */
static bool read_marks(struct request *request, const struct server_view *view, int64_t **marks)
{
    weir_bytes text = request_header(request, "last-event-id");
    size_t partitions = view->info.kind == WEIR_VIEW_GLOBAL ? 1 : (size_t)view->info.partitions;
    *marks = NULL;
    if (text.size == 0)
        return true;
    *marks = arena_alloc(&request->arena, partitions * sizeof **marks);
    if (resume_read(text, *marks, (int32_t)partitions))
        return true;
    problem_answer(request, PROBLEM_BAD_POSITION, "Last-Event-ID is no id of an event of this view.");
    return false;
}

static bool is_room(struct request *request)
{
    _Atomic size_t *readers = &request->server->changes.readers;
    if (!atomic_load(&request->server->stopping) && atomic_fetch_add(readers, 1) < LIMIT_FOLLOWERS)
        return true;
    atomic_fetch_sub(readers, 1);
    meter_reject(&request->server->meter, METER_OVERLOAD);
    problem_retry(request, 5000);
    problem_answer(request, PROBLEM_OVERLOADED, "%d readers follow changes here already.", LIMIT_FOLLOWERS);
    return false;
}

/* Types with fewer fields live as long as the stream; the request's own do not. */
static struct server_view lasting_view(struct request *request, const struct server_view *view, weir_arena *arena)
{
    struct server_view lasting = *view;
    const struct grant *grant = request->pass.grant;
    struct weir_view_info info = weir_view_describe(view->view);
    if (grant)
        lasting.info.value = mask_type(grant, bytes_of_text(info.name), info.value, arena);
    return lasting;
}

static const char *copy_text(weir_arena *arena, const char *text)
{
    return arena_bytes(arena, bytes_of_text(text)).data;
}

/* The request as other instances get it, which asks on after the request is over. */
static struct relay_request lasting_request(const struct request *request, weir_arena *arena)
{
    return (struct relay_request){
        .server = request->server,
        .streams = request->server->changes.others,
        .target = arena_bytes(arena, buffer_bytes(&request->raw_uri)),
        .id = copy_text(arena, request->id),
        .principal = request->pass.grant ? copy_text(arena, request->pass.id) : NULL,
    };
}

static void open_stream(struct request *request, const struct server_view *view, const int64_t *marks,
                        const struct peer_partitions *asked)
{
    struct stream *stream = memory_new(sizeof *stream);
    struct follower *follower = &stream->follower;
    pthread_mutex_init(&stream->lock, NULL);
    stream->server = request->server;
    stream->follow = join_follow(&request->server->changes, view->view);
    stream->born_us = stream->written_us = clock_monotonic_us(&clock_system);
    arena_init(&follower->types);
    arena_init(&follower->arena);
    const struct server_view lasting = lasting_view(request, view, &follower->types);
    bool wants_rows = request_value(request, QUERY_SNAPSHOT)->number == 0;
    follower_init(follower, &lasting, stream->follow->feed, wants_rows, marks, asked);
    follower->asks_others = asks_others(request, view);
    follower->request = lasting_request(request, &follower->types);
    if (follower->asks_others)
        places_init(follower, stream->born_us);
    buffer_format(&follower->text, "retry: %d\n\n", RETRY_MS);
    request->stream = stream;
}

void handle_changes(struct request *request)
{
    const struct server_view *view = seen_find(request, request->path_values[0]);
    struct peer_partitions partitions;
    int64_t *marks;
    if (!view)
        return;
    const struct peer_partitions *asked = peer_is_asked(request, &view->info, &partitions) ? &partitions : NULL;
    if (!read_marks(request, view, &marks) || !is_here(request, view, asked))
        return;
    bool has_body = !bytes_equal(request->head.method, bytes_of_text("HEAD"));
    if (has_body && !is_room(request))
        return;
    if (has_body)
        open_stream(request, view, marks, asked);
    request->response.status = 200;
    request->response.media = "text/event-stream";
}
