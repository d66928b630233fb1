/* view.c: views, from any thread: the committed rows of one store over the partitions that are here.
 *
 * The registry's read lock is held while a task's stores are touched: by a get for its moment, by a cursor for its life.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "runtime/peers.h"
#include "runtime/position.h"
#include "runtime/task.h"
#include "runtime/view.h"
#include "runtime/writers.h"
#include "schemas/codec.h"
#include "state/bounds.h"
#include "state/keys.h"
#include "state/versioned.h"

enum { TRIES_MAX = 100, PAUSE_NS = 50 * 1000 };

/* ---- the catalogue ---- */

static const struct weir_copies active = {0};

static bool is_asked(const struct weir_copies *copies, int32_t partition)
{
    for (size_t i = 0; i < copies->partition_count; i++)
        if (copies->partitions[i] == partition)
            return true;
    return !copies->partitions;
}

static bool serves(const struct weir_app *app, size_t i, const struct layout_part *part,
                   const struct weir_copies *copies)
{
    const struct task *task = app->tasks[i];
    bool is_active = atomic_load(&task->shown_state) == TASK_RUNNING;
    return task->part == part && is_asked(copies, task->partition) &&
           (is_active || (copies->any && atomic_load(&task->has_caught_up)));
}

static enum weir_view_kind kind_of(const struct layout_part *part, const struct store_spec *spec)
{
    static const enum weir_view_kind kinds[] = {[STORE_KEY_VALUE] = WEIR_VIEW_KEY_VALUE,
                                                [STORE_WINDOW] = WEIR_VIEW_WINDOW,
                                                [STORE_SESSION] = WEIR_VIEW_SESSION,
                                                [STORE_VERSIONED] = WEIR_VIEW_VERSIONED};
    return part->subtopology->is_global ? WEIR_VIEW_GLOBAL : kinds[spec->kind];
}

static struct weir_view_info describe(struct weir_app *app, const struct layout_part *part, size_t index)
{
    const struct store_spec *spec = &part->stores[index].spec;
    struct weir_view_info info = {
        .name = spec->name,
        .kind = kind_of(part, spec),
        .key = spec->key_type,
        .value = spec->value_type,
        .window_ms = spec->window_size_ms,
        .retention_ms = spec->retention_ms,
        .partitions = part->partitions,
        .subtopology = part->subtopology->id,
    };
    pthread_rwlock_rdlock(&app->registry);
    for (size_t i = 0; i < app->task_count; i++) {
        if (!serves(app, i, part, &active))
            continue;
        info.partitions_here++;
        info.rows_approximate += store_rows_approximate(app->tasks[i]->stores[index]);
    }
    pthread_rwlock_unlock(&app->registry);
    return info;
}

size_t weir_app_views(struct weir_app *app, struct weir_view_info *out, size_t max)
{
    size_t count = 0;
    for (size_t p = 0; p < app->layout.part_count + app->layout.global_count; p++) {
        const struct layout_part *part = &app->layout.parts[p];
        for (size_t s = 0; s < part->store_count; s++) {
            if (part->stores[s].hidden)
                continue;
            if (count < max)
                out[count] = describe(app, part, s);
            count++;
        }
    }
    return count;
}

struct weir_view *weir_view_open(struct weir_app *app, const char *name, struct weir_error *error)
{
    const struct layout_part *part = NULL;
    size_t index = 0;
    const struct layout_store *store = layout_find_store(&app->layout, name, &part, &index);
    if (!store) {
        error_set(error, WEIR_ABSENT, "there is no view '%s'", name);
        return NULL;
    }
    struct weir_view *view = memory_new(sizeof *view);
    *view = (struct weir_view){app, part, store, index};
    return view;
}

void weir_view_close(struct weir_view *view)
{
    memory_free(view);
}

struct weir_view_info weir_view_describe(struct weir_view *view)
{
    return describe(view->app, view->part, view->index);
}

/* ---- rows ---- */

static bool key_bytes(const struct weir_view *view, const void *key, struct buffer *out, struct weir_error *error)
{
    struct weir_error cause = {0};
    if (codec_write(view->store->spec.key_type, WEIR_FORMAT_OBJECT, 0, key, out, &cause))
        return true;
    return error_set(error, WEIR_INVALID, "key: %s", cause.message);
}

int32_t weir_view_partition(struct weir_view *view, const void *key)
{
    struct buffer bytes = {0};
    struct weir_error error = {0};
    int32_t partition =
        key_bytes(view, key, &bytes, &error) ? hash_partition(buffer_bytes(&bytes), view->part->partitions) : -1;
    buffer_done(&bytes);
    return partition;
}

static bool read_window(const struct store_spec *spec, weir_bytes stored, weir_arena *arena, weir_bytes *key,
                        struct weir_row *row)
{
    if (spec->kind == STORE_SESSION)
        return keys_session_read(stored, arena, key, &row->window.start_ms, &row->window.end_ms);
    if (!keys_window_read(stored, arena, key, &row->window.start_ms))
        return false;
    if (__builtin_add_overflow(row->window.start_ms, spec->window_size_ms, &row->window.end_ms))
        row->window.end_ms = INT64_MAX;
    return true;
}

static bool decode(const struct weir_view *view, weir_bytes key, weir_bytes value, weir_arena *arena,
                   struct weir_row *row, struct weir_error *error)
{
    const struct store_spec *spec = &view->store->spec;
    row->key = codec_read(spec->key_type, arena_bytes(arena, key), arena, error);
    row->value = row->key && value.data ? codec_read(spec->value_type, arena_bytes(arena, value), arena, error) : NULL;
    return row->key && (row->value || !value.data);
}

/* A version that is a deletion has no value. */
static bool decode_version(const struct weir_view *view, weir_bytes key, const struct version *version,
                           weir_arena *arena, struct weir_row *row, struct weir_error *error)
{
    row->timestamp_ms = version->from_ms;
    row->window.start_ms = version->from_ms;
    row->window.end_ms = version->to_ms;
    return decode(view, key, version->value, arena, row, error);
}

static bool decode_row(const struct weir_view *view, const struct store_row *stored, weir_arena *arena,
                       struct weir_row *row, struct weir_error *error)
{
    const struct store_spec *spec = &view->store->spec;
    weir_bytes key = stored->key;
    struct version version;
    if (spec->kind == STORE_VERSIONED) {
        if (versioned_read(stored, arena, &key, &version))
            return decode_version(view, key, &version, arena, row, error);
        return error_set(error, WEIR_CORRUPT, "view %s holds a row that is no version", spec->name);
    }
    if (spec->kind != STORE_KEY_VALUE && !read_window(spec, stored->key, arena, &key, row))
        return error_set(error, WEIR_CORRUPT, "view %s holds a key without a window", spec->name);
    row->timestamp_ms = stored->timestamp_ms;
    return decode(view, key, stored->value, arena, row, error);
}

bool view_decode_change(const struct weir_view *view, const struct store_row *stored, weir_arena *arena,
                        struct weir_row *row, struct weir_error *error)
{
    const struct version put = {stored->value, stored->timestamp_ms, WEIR_VERSION_OPEN};
    if (view->store->spec.kind == STORE_VERSIONED)
        return decode_version(view, stored->key, &put, arena, row, error);
    return decode_row(view, stored, arena, row, error);
}

struct lookup { /* a key, and what was learnt while looking for it */
    struct weir_copies copies;
    weir_bytes stored_key;
    int64_t as_of_ms;           /* versioned: of that time */
    int32_t partition;          /* where murmur2 puts it */
    bool is_here;               /* that partition, restored */
    bool is_restoring;          /* that partition, not yet */
    int32_t served;             /* partitions that were asked */
    struct weir_writer *writer; /* asked for, too; NULL: it is not */
};

/* A look that began at this number saw one commit, position and rows. Otherwise a commit was published meanwhile: look again.
 * After TRIES_MAX in a row it is taken as it is: rows may then be newer than their position says, never older. */
static bool is_good_enough(const struct task *task, uint64_t number, int tries)
{
    if (task_saw_one_commit(task, number))
        return true;
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    return tries + 1 == TRIES_MAX;
}

static bool look_up(const struct weir_view *view, const struct task *task, const struct lookup *lookup,
                    weir_arena *arena, struct weir_row *row, struct weir_error *error)
{
    struct store *store = task->stores[view->index];
    struct store_row stored;
    struct version version;
    if (view->store->spec.kind == STORE_VERSIONED)
        return versioned_view_get(store, lookup->stored_key, lookup->as_of_ms, arena, &version, error) &&
               decode_version(view, lookup->stored_key, &version, arena, row, error);
    if (!store_view_get(store, lookup->stored_key, arena, &stored, error))
        return false;
    stored.key = lookup->stored_key;
    if (lookup->writer && !writers_find(task, view->index, &stored, arena, lookup->writer, error))
        *lookup->writer = (struct weir_writer){0};
    return error->code == WEIR_OK && decode_row(view, &stored, arena, row, error);
}

/* False and code WEIR_OK: this task has no such key. */
static bool get_from(const struct weir_view *view, const struct task *task, const struct lookup *lookup,
                     weir_arena *arena, struct weir_row *row, struct weir_error *error)
{
    bool found = false;
    *row = (struct weir_row){.partition = task->partition, .is_standby = atomic_load(&task->is_standby)};
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        uint64_t number = atomic_load(&task->publishing);
        row->position = position_text(task, arena);
        found = look_up(view, task, lookup, arena, row, error);
        if (error->code != WEIR_OK || is_good_enough(task, number, tries))
            break;
    }
    return found;
}

static bool ask(const struct weir_view *view, struct lookup *lookup, bool expected, weir_arena *arena,
                struct weir_row *row, struct weir_error *error)
{
    const struct weir_app *app = view->app;
    for (size_t i = 0; i < app->task_count && error->code == WEIR_OK; i++) {
        const struct task *task = app->tasks[i];
        if (task->part != view->part || (task->partition == lookup->partition) != expected)
            continue;
        if (!serves(app, i, view->part, &lookup->copies)) {
            lookup->is_restoring = lookup->is_restoring || (expected && !atomic_load(&task->is_standby));
            continue;
        }
        lookup->is_here = lookup->is_here || expected;
        lookup->served++;
        if (get_from(view, task, lookup, arena, row, error))
            return true;
    }
    return false;
}

/* Why there was no row: the key does not exist, or it may well exist elsewhere (DECISIONS.md 11). */
static bool explain_miss(const struct weir_view *view, const struct lookup *lookup, struct weir_error *error)
{
    const char *name = view->store->spec.name;
    int32_t asked = lookup->copies.partitions ? (int32_t)lookup->copies.partition_count : view->part->partitions;
    if (lookup->served == asked || (lookup->is_here && view->store->is_hashed))
        return error_set(error, WEIR_ABSENT, "view %s has no such key", name);
    if (lookup->is_restoring)
        return error_set(error, WEIR_RETRY, "view %s, partition %d is restoring", name, lookup->partition);
    return error_set(error, WEIR_RETRY, "view %s: the key is not in the %d of %d partitions that are here", name,
                     lookup->served, view->part->partitions);
}

static bool find(const struct weir_view *view, struct lookup *lookup, weir_arena *arena, struct weir_row *row,
                 struct weir_error *error)
{
    pthread_rwlock_rdlock(&view->app->registry);
    bool found = ask(view, lookup, true, arena, row, error) || ask(view, lookup, false, arena, row, error);
    pthread_rwlock_unlock(&view->app->registry);
    return found || (error->code == WEIR_OK && explain_miss(view, lookup, error));
}

/* The key as the store holds it, or as it is looked up by (versioned); the times matter where it has some. */
static void stored_form(const struct weir_view *view, weir_bytes key, int64_t start_ms, int64_t end_ms,
                        struct buffer *out)
{
    enum store_kind kind = view->store->spec.kind;
    if (kind == STORE_WINDOW)
        keys_window_write(key, start_ms, out);
    else if (kind == STORE_SESSION)
        keys_session_write(key, start_ms, end_ms, out);
    else
        buffer_append(out, key.data, key.size);
}

static bool find_row(const struct weir_view *view, struct lookup *lookup, weir_arena *arena, const void *key,
                     int64_t start_ms, int64_t end_ms, struct weir_row *row, struct weir_error *error)
{
    struct buffer plain = {0}, stored = {0};
    bool found = false;
    if (key_bytes(view, key, &plain, error)) {
        stored_form(view, buffer_bytes(&plain), start_ms, end_ms, &stored);
        lookup->stored_key = buffer_bytes(&stored);
        lookup->as_of_ms = start_ms;
        lookup->partition = hash_partition(buffer_bytes(&plain), view->part->partitions);
        found = find(view, lookup, arena, row, error);
    }
    buffer_done(&plain);
    buffer_done(&stored);
    return found;
}

bool weir_view_find(struct weir_view *view, struct weir_copies copies, weir_arena *arena, const void *key,
                    int64_t start_ms, int64_t end_ms, struct weir_row *row, struct weir_error *error)
{
    struct lookup lookup = {.copies = copies};
    return find_row(view, &lookup, arena, key, start_ms, end_ms, row, error);
}

bool weir_view_writer(struct weir_view *view, struct weir_copies copies, weir_arena *arena, const struct weir_row *of,
                      struct weir_writer *out, struct weir_error *error)
{
    struct lookup lookup = {.copies = copies, .writer = out};
    struct weir_row row;
    *out = (struct weir_writer){0};
    return find_row(view, &lookup, arena, of->key, of->window.start_ms, of->window.end_ms, &row, error) && out->topic;
}

static bool check_kind(const struct weir_view *view, enum store_kind kind, struct weir_error *error)
{
    static const char *const advice[] = {[STORE_KEY_VALUE] = "has no windows: ask for a key",
                                         [STORE_WINDOW] = "is windowed: ask for the windows of a key",
                                         [STORE_SESSION] = "holds sessions: ask for the sessions of a key",
                                         [STORE_VERSIONED] = "holds versions: ask for a key, as of a time or not"};
    const struct store_spec *spec = &view->store->spec;
    return spec->kind == kind || error_set(error, WEIR_INVALID, "view %s %s", spec->name, advice[spec->kind]);
}

bool weir_view_get(struct weir_view *view, weir_arena *arena, const void *key, struct weir_row *row,
                   struct weir_error *error)
{
    if (view->store->spec.kind == STORE_VERSIONED)
        return weir_view_find(view, active, arena, key, WEIR_VERSION_OPEN, 0, row, error);
    return check_kind(view, STORE_KEY_VALUE, error) && weir_view_find(view, active, arena, key, 0, 0, row, error);
}

bool weir_view_get_as_of(struct weir_view *view, weir_arena *arena, const void *key, int64_t as_of_ms,
                         struct weir_row *row, struct weir_error *error)
{
    if (view->store->spec.kind != STORE_VERSIONED)
        return error_set(error, WEIR_INVALID, "view %s keeps no earlier versions of its rows", view->store->spec.name);
    return weir_view_find(view, active, arena, key, as_of_ms, 0, row, error);
}

bool weir_view_get_window(struct weir_view *view, weir_arena *arena, const void *key, int64_t start_ms,
                          struct weir_row *row, struct weir_error *error)
{
    return check_kind(view, STORE_WINDOW, error) && weir_view_find(view, active, arena, key, start_ms, 0, row, error);
}

bool weir_view_get_session(struct weir_view *view, weir_arena *arena, const void *key, int64_t start_ms, int64_t end_ms,
                           struct weir_row *row, struct weir_error *error)
{
    return check_kind(view, STORE_SESSION, error) &&
           weir_view_find(view, active, arena, key, start_ms, end_ms, row, error);
}

const char *weir_view_position_of(struct weir_view *view, struct weir_copies copies, weir_arena *arena)
{
    struct buffer text = {0};
    pthread_rwlock_rdlock(&view->app->registry);
    for (size_t i = 0; i < view->app->task_count; i++)
        if (serves(view->app, i, view->part, &copies))
            position_write(view->app->tasks[i], &text);
    pthread_rwlock_unlock(&view->app->registry);
    const char *copy = arena_text(arena, text.data ? text.data : "");
    buffer_done(&text);
    return copy;
}

const char *weir_view_position(struct weir_view *view, weir_arena *arena)
{
    return weir_view_position_of(view, active, arena);
}

size_t weir_view_held(struct weir_view *view, struct weir_copies copies, int32_t *out)
{
    size_t count = 0;
    pthread_rwlock_rdlock(&view->app->registry);
    for (size_t i = 0; i < view->app->task_count; i++)
        if (serves(view->app, i, view->part, &copies))
            out[count++] = view->app->tasks[i]->partition;
    pthread_rwlock_unlock(&view->app->registry);
    return count;
}

size_t weir_view_holders(struct weir_view *view, int32_t partition, bool any, weir_arena *arena, const char **out,
                         size_t max)
{
    const struct peer_share share = {(int32_t)(view->part - view->app->layout.parts), partition};
    return peers_holders(view->app->peers, share, any, arena, out, max);
}

bool weir_view_is_hashed(struct weir_view *view)
{
    return view->store->is_hashed;
}

/* ---- walks ---- */

static bool advance(struct view_walk *walk, struct weir_error *error)
{
    walk->has_head = store_next(walk->cursor, &walk->head, error);
    return walk->has_head || error->code == WEIR_OK;
}

bool view_add_walk(struct weir_cursor *cursor, struct view_walk walk, struct weir_error *error)
{
    if (!walk.cursor)
        return false;
    cursor->walks[cursor->walk_count++] = walk;
    return advance(&cursor->walks[cursor->walk_count - 1], error);
}

static void open_walk(struct weir_cursor *cursor, const struct task *task, const struct bounds *bounds,
                      struct view_walk *walk, struct weir_error *error)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        uint64_t number = atomic_load(&task->publishing);
        walk->position = position_text(task, cursor->arena);
        walk->mark = atomic_load(&task->feed_marks[cursor->view->index]);
        walk->cursor = store_view_scan(task->stores[cursor->view->index], bounds_from(bounds), bounds_to(bounds),
                                       cursor->range.descending, error);
        if (!walk->cursor || task_saw_one_commit(task, number))
            return;
        walk->mark = WEIR_MARK_NOW;
        if (is_good_enough(task, number, tries))
            return;
        store_cursor_close(walk->cursor);
    }
}

static bool open_walks(struct weir_cursor *cursor, const struct bounds *bounds, struct weir_error *error)
{
    struct weir_app *app = cursor->view->app;
    size_t served = 0;
    cursor->walks = memory_new((app->task_count + 1) * sizeof *cursor->walks);
    for (size_t i = 0; i < app->task_count; i++) {
        if (!serves(app, i, cursor->view->part, &cursor->copies))
            continue;
        served++;
        if (bounds->is_empty)
            continue;
        const struct task *task = app->tasks[i];
        struct view_walk walk = {.partition = task->partition, .is_standby = atomic_load(&task->is_standby)};
        open_walk(cursor, task, bounds, &walk, error);
        if (!view_add_walk(cursor, walk, error))
            return false;
    }
    return !cursor->copies.partitions || served == cursor->copies.partition_count ||
           error_set(error, WEIR_RETRY, "view %s: %zu of the %zu partitions asked for are here",
                     cursor->view->store->spec.name, served, cursor->copies.partition_count);
}

struct weir_cursor *weir_view_walk(struct weir_view *view, struct weir_copies copies, weir_arena *arena,
                                   struct weir_range range, struct weir_error *error)
{
    struct bounds bounds = {0};
    struct weir_cursor *cursor = memory_new(sizeof *cursor);
    *cursor =
        (struct weir_cursor){.view = view, .copies = copies, .arena = arena, .range = range, .holds_registry = true};
    pthread_rwlock_rdlock(&view->app->registry);
    bool ok = bounds_of(&bounds, &view->store->spec, &range, error) && open_walks(cursor, &bounds, error);
    bounds_done(&bounds);
    if (ok)
        return cursor;
    weir_cursor_close(cursor);
    return NULL;
}

struct weir_cursor *weir_view_scan(struct weir_view *view, weir_arena *arena, struct weir_range range,
                                   struct weir_error *error)
{
    return weir_view_walk(view, active, arena, range, error);
}

int64_t weir_cursor_mark(const struct weir_cursor *cursor, int32_t partition)
{
    for (size_t i = 0; i < cursor->walk_count; i++)
        if (cursor->walks[i].partition == partition)
            return cursor->walks[i].mark;
    return WEIR_MARK_NOW;
}

static struct view_walk *first_in_order(const struct weir_cursor *cursor)
{
    struct view_walk *first = NULL;
    for (size_t i = 0; i < cursor->walk_count; i++) {
        struct view_walk *walk = &cursor->walks[i];
        if (!walk->has_head)
            continue;
        int order = first ? bytes_compare(walk->head.key, first->head.key) : -1;
        if (!first || (cursor->range.descending ? order > 0 : order < 0))
            first = walk;
    }
    return first;
}

static bool is_wanted(const struct weir_cursor *cursor, const struct weir_row *row)
{
    enum store_kind kind = cursor->view->store->spec.kind;
    return kind == STORE_KEY_VALUE ||
           bounds_hold_window(&cursor->range, kind, row->window.start_ms, row->window.end_ms);
}

bool weir_next(struct weir_cursor *cursor, struct weir_row *row, struct weir_error *error)
{
    for (;;) {
        struct view_walk *walk = first_in_order(cursor);
        if (!walk)
            return false;
        *row = (struct weir_row){.partition = walk->partition,
                                 .position = walk->position,
                                 .is_standby = walk->is_standby,
                                 .order = arena_bytes(cursor->arena, walk->head.key)};
        if (!decode_row(cursor->view, &walk->head, cursor->arena, row, error) || !advance(walk, error))
            return false;
        if (row->value && is_wanted(cursor, row))
            return true;
    }
}

void weir_cursor_close(struct weir_cursor *cursor)
{
    if (!cursor)
        return;
    for (size_t i = 0; i < cursor->walk_count; i++)
        store_cursor_close(cursor->walks[i].cursor);
    if (cursor->holds_registry)
        pthread_rwlock_unlock(&cursor->view->app->registry);
    memory_free(cursor->walks);
    memory_free(cursor);
}
