/* restore.c: see restore.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/restore.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/anew.h"
#include "runtime/copier.h"
#include "runtime/source_row.h"
#include "state/changelog.h"

enum {
    BATCH = 4096,
    STALL_US = 60 * 1000 * 1000,
    TELL_US = 10 * 1000 * 1000,
    ASK_EVERY_US = 200 * 1000,
    SHOWN_RECORDS_MAX = 64 * 1024, /* that a copy which answers meanwhile keeps until it shows them */
};

struct restore_entry {
    struct task *task;
    size_t store;
    int32_t token;
    int64_t committed; /* records below belong to a finished commit */
    int64_t end;       /* of the changelog when the restore began */
    int64_t position;  /* next offset to come */
    int64_t moved_us;  /* when it last changed */
    bool is_short;     /* the changelog ended before what is committed of it, when that was last asked */
    int64_t asked_us;  /* for its end */
    weir_arena arena;  /* keys behind the committed position */
    weir_bytes *unfinished;
    size_t unfinished_count, unfinished_capacity;
    bool is_reading, done;
    int64_t latest_ms; /* restore_latest_ms */
    int64_t taken;     /* offset behind the last record that the store was given */
    bool is_held_back; /* which the store could not write: the disk is full */
};

struct restore_copy {
    struct task *task;
    struct arrival *arrival; /* NULL: it has been installed, and the restore must begin again */
    char *metadata;          /* of the commit */
    bool has_commit;
};

void restorer_done(struct restorer *restorer)
{
    while (restorer->copy_count > 0)
        restore_abandon(restorer, restorer->copies[0].task);
    while (restorer->count > 0)
        restore_abandon(restorer, restorer->entries[0].task);
    if (restorer->reader)
        restorer->broker->ops->reader_close(restorer->reader);
    memory_free(restorer->entries);
    memory_free(restorer->copies);
    memory_free(restorer->rows.items);
    *restorer = (struct restorer){.broker = restorer->broker};
}

static int64_t now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

static int32_t free_token(const struct restorer *restorer)
{
    int32_t token = 0;
    for (size_t i = 0; i < restorer->count; i++)
        if (restorer->entries[i].token >= token)
            token = restorer->entries[i].token + 1;
    return token;
}

static struct restore_entry *add_entry(struct restorer *restorer, struct task *task, size_t store)
{
    restorer->entries =
        memory_grow(restorer->entries, &restorer->capacity, restorer->count + 1, sizeof *restorer->entries);
    int32_t token = free_token(restorer);
    struct restore_entry *entry = &restorer->entries[restorer->count++];
    *entry = (struct restore_entry){.task = task, .store = store, .token = token};
    arena_init(&entry->arena);
    return entry;
}

static bool start_reading_one(struct restorer *restorer, struct restore_entry *entry, struct weir_error *error)
{
    const struct broker_ops *ops = restorer->broker->ops;
    const char *topic = layout_log(entry->task->part, &entry->task->part->stores[entry->store]);
    entry->moved_us = now_us();
    if (entry->position >= entry->end) { /* it waits for the changelog to be there */
        entry->is_reading = true;
        return true;
    }
    if (!restorer->reader)
        restorer->reader = ops->reader_open(restorer->broker, error);
    entry->is_reading = restorer->reader && ops->reader_add(restorer->reader, topic, entry->task->partition,
                                                            entry->position, entry->token, error);
    return entry->is_reading;
}

static bool start_reading(struct restorer *restorer, const struct task *task, struct weir_error *error)
{
    for (size_t i = 0; i < restorer->count; i++)
        if (restorer->entries[i].task == task && !restorer->entries[i].is_reading &&
            !start_reading_one(restorer, &restorer->entries[i], error))
            return false;
    return true;
}

/* A store has rows of finished commits only. When nothing is committed although it has some, and its changelog is there, the
 * group's offsets are gone; to take all of the changelog for unfinished would undo all that was ever done. */
static bool check_commit(const struct task *task, size_t store, bool has_commit, int64_t held, int64_t begin,
                         int64_t end, struct weir_error *error)
{
    const struct layout_store *layout = &task->part->stores[store];
    if (has_commit || layout->source >= 0 || held <= begin || end <= begin)
        return true;
    return error_set(
        error, WEIR_FATAL,
        "topic %s partition %d: no offset is committed, but store %s holds what was: the offsets of the group "
        "are gone (the topic was made anew, or offsets.retention.minutes are over); commit where to go on, or "
        "reset the application's internal topics and state",
        task->sources[0].layout->topic, task->partition, layout->spec.name);
}

/* One that has all there is is not read. */
static int64_t reader_position(const struct restorer *restorer, const struct restore_entry *entry)
{
    return restorer->reader ? restorer->broker->ops->reader_position(restorer->reader, entry->token) : -1;
}

static void stop_reading(struct restorer *restorer, const struct restore_entry *entry)
{
    if (restorer->reader)
        restorer->broker->ops->reader_remove(restorer->reader, entry->token);
}

/* A store ahead of its changelog belongs to another history (the topic was made anew, or offsets were reset). */
static bool check_position(const struct task *task, size_t store, int64_t held, int64_t committed, int64_t end,
                           struct weir_error *error)
{
    if (held <= end && held <= committed)
        return true;
    return error_set(error, WEIR_CORRUPT,
                     "store %s, partition %d: holds changelog offset %lld, but %lld is committed and %lld the end",
                     task->part->stores[store].spec.name, task->partition, (long long)held, (long long)committed,
                     (long long)end);
}

static int64_t committed_position(const struct commit_metadata *commit, bool has_commit, uint32_t name_hash,
                                  int64_t begin, int64_t end)
{
    if (!has_commit)
        return begin; /* nothing was ever committed: whatever is there was left by a first commit that never finished */
    if (!commit->ours)
        return end; /* Kafka Streams' own commit, or a plain client's: its changelog is the truth to its end */
    int64_t position = commit_metadata_position(commit, name_hash);
    return position < 0 ? end : position;
}

int64_t restore_latest_ms(const struct commit_metadata *commit, bool has_commit)
{
    return !has_commit || commit->ours ? commit->stream_time_ms : INT64_MAX;
}

void restore_until(const struct task *task, const struct commit_metadata *commit, bool has_commit)
{
    int64_t latest_ms = restore_latest_ms(commit, has_commit);
    for (size_t i = 0; i < task->part->store_count; i++) {
        int64_t written_ms = commit_metadata_written(commit, &task->part->stores[i]);
        store_restore_until(task->stores[i], written_ms > latest_ms ? written_ms : latest_ms);
    }
}

/* The commit knows the store by the other topic: topology.optimization was changed. What the store holds has positions of
 * that topic; a table's own topic can make the store anew, a changelog that nobody wrote cannot. */
static bool check_log(const struct task *task, size_t store, const struct commit_metadata *commit,
                      struct weir_error *error)
{
    const struct layout_store *layout = &task->part->stores[store];
    bool is_other = commit->ours && layout->else_hash != 0 && commit_metadata_position(commit, layout->name_hash) < 0 &&
                    commit_metadata_position(commit, layout->else_hash) >= 0;
    if (!is_other || (layout->source >= 0 && store_position(task->stores[store]) < 0))
        return true;
    if (layout->source >= 0)
        return error_set(error, WEIR_CORRUPT, "store %s, partition %d: it was kept by a changelog of its own until now",
                         layout->spec.name, task->partition);
    return error_set(
        error, WEIR_FATAL,
        "store %s, partition %d: it was committed with topology.optimization=reuse.ktable.source.topics and "
        "has no changelog; start with that again",
        layout->spec.name, task->partition);
}

/* Where a commit ends in the topic that the store is restored from. */
static int64_t committed_end(const struct task *task, const struct layout_store *layout,
                             const struct commit_metadata *commit, bool has_commit, int64_t begin, int64_t end)
{
    if (layout->source < 0)
        return committed_position(commit, has_commit, layout->name_hash, begin, end);
    int64_t position = task->sources[layout->source].position;
    return position < begin ? begin : position;
}

static bool begin_store(struct restorer *restorer, struct task *task, size_t store,
                        const struct commit_metadata *commit, bool has_commit, struct copy_wish *wish,
                        struct weir_error *error)
{
    const struct layout_store *layout = &task->part->stores[store];
    int64_t begin = 0, end = 0;
    const char *log = layout_log(task->part, layout);
    if (!check_log(task, store, commit, error) ||
        !restorer->broker->ops->range(restorer->broker, log, task->partition, &begin, &end, error))
        return false;
    int64_t committed = committed_end(task, layout, commit, has_commit, begin, end);
    bool is_short = committed > end && layout->source < 0;
    if (committed > end && !is_short)
        committed = end;
    if (is_short || restorer->stops_at_commit || layout->source >= 0)
        end = committed;
    int64_t held = store_position(task->stores[store]);
    if (!check_commit(task, store, has_commit, held, begin, end, error))
        return false;
    if (held >= 0 && !check_position(task, store, held, committed, end, error))
        return false;
    task->changelog_positions[store] = committed;
    task->marks[store] = (struct changelog_mark){.end = end};
    log_debug("restore", "store %s, partition %d: holds %lld, committed %lld, end %lld", layout->spec.name,
              task->partition, (long long)held, (long long)committed, (long long)end);
    int64_t from = held > begin ? held : begin;
    *wish = (struct copy_wish){layout->name_hash, from, restorer->stops_at_commit ? INT64_MAX : committed, end};
    if (from >= end && !is_short)
        return true;
    struct restore_entry *entry = add_entry(restorer, task, store);
    entry->committed = committed;
    entry->end = end;
    entry->position = from;
    entry->latest_ms = restore_latest_ms(commit, has_commit);
    entry->is_short = is_short;
    atomic_fetch_add(&task->restore_remaining, end - from);
    return true;
}

static bool begin_stores(struct restorer *restorer, struct task *task, const struct commit_metadata *commit,
                         bool has_commit, struct copy_wish *wishes, size_t *wish_count, struct weir_error *error)
{
    *wish_count = 0;
    for (size_t i = 0; i < task->part->store_count; i++)
        store_restore_emitted(task->stores[i], commit_metadata_emitted(commit, &task->part->stores[i]));
    restore_until(task, commit, has_commit);
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct copy_wish *wish = &wishes[*wish_count];
        if (!layout_is_logged(&task->part->stores[i]))
            continue;
        if (!begin_store(restorer, task, i, commit, has_commit, wish, error))
            return false;
        *wish_count += !task->part->stores[i].spec.in_memory;
    }
    if (atomic_load(&task->restore_remaining) > SHOWN_RECORDS_MAX)
        atomic_store(&task->has_caught_up, false);
    return true;
}

static void wait_for_copy(struct restorer *restorer, struct task *task, struct arrival *arrival,
                          const struct commit_metadata *commit, bool has_commit)
{
    restorer->copies =
        memory_grow(restorer->copies, &restorer->copy_capacity, restorer->copy_count + 1, sizeof *restorer->copies);
    restorer->copies[restorer->copy_count++] =
        (struct restore_copy){task, arrival, memory_text(commit->text ? commit->text : ""), has_commit};
}

static bool begin(struct restorer *restorer, struct task *task, const struct commit_metadata *commit, bool has_commit,
                  bool may_copy, struct weir_error *error)
{
    struct copy_wish *wishes = memory_new((task->part->store_count + 1) * sizeof *wishes);
    size_t wish_count;
    bool ok = begin_stores(restorer, task, commit, has_commit, wishes, &wish_count, error);
    struct arrival *arrival = ok && may_copy ? copier_ask(restorer->copier, task, wishes, wish_count) : NULL;
    if (arrival)
        wait_for_copy(restorer, task, arrival, commit, has_commit);
    else
        ok = ok && start_reading(restorer, task, error);
    memory_free(wishes);
    return ok;
}

static struct restore_copy *copy_of(const struct restorer *restorer, const struct task *task)
{
    for (size_t i = 0; i < restorer->copy_count; i++)
        if (restorer->copies[i].task == task)
            return &restorer->copies[i];
    return NULL;
}

static void remove_copy(struct restorer *restorer, struct restore_copy *copy)
{
    if (copy->arrival)
        copier_drop(restorer->copier, copy->arrival);
    atomic_store(&copy->task->copy_remaining, 0);
    memory_free(copy->metadata);
    *copy = restorer->copies[--restorer->copy_count];
}

bool restore_begin(struct restorer *restorer, struct task *task, const struct commit_metadata *commit, bool has_commit,
                   struct weir_error *error)
{
    struct restore_copy *copied = copy_of(restorer, task);
    bool may_copy = !copied;
    if (copied)
        remove_copy(restorer, copied);
    return begin(restorer, task, commit, has_commit, may_copy, error);
}

static struct restore_entry *entry_of(const struct restorer *restorer, int32_t token)
{
    for (size_t i = 0; i < restorer->count; i++)
        if (restorer->entries[i].token == token)
            return &restorer->entries[i];
    return NULL;
}

static bool read_logged(enum store_kind kind, const struct store_row *logged, weir_arena *arena, struct store_row *out)
{
    struct buffer key = {0};
    bool is_row = changelog_read(kind, logged, arena, &key, out);
    if (is_row && out->key.data != logged->key.data)
        out->key = arena_bytes(arena, out->key);
    buffer_done(&key);
    return is_row;
}

/* False: the record is no row. */
static bool read_row(const struct layout_part *part, const struct layout_store *layout, int64_t latest_ms,
                     const struct broker_message *message, weir_arena *arena, struct store_row *out)
{
    if (layout->source >= 0)
        return source_row(&part->sources[layout->source], message, latest_ms, arena, out);
    struct store_row logged = {message->key, message->value, message->timestamp_ms};
    if (layout->spec.kind == STORE_VERSIONED)
        anew_read(&logged, arena, message->headers);
    return read_logged(layout->spec.kind, &logged, arena, out);
}

bool restore_rows(const struct layout_part *part, size_t store, int64_t latest_ms, const struct broker_message *message,
                  weir_arena *arena, bool (*visit)(void *self, const struct store_row *), void *self)
{
    const struct layout_store *layout = &part->stores[store];
    const struct store_row record = {.key = message->key, .value = message->value};
    struct store_row logged, row;
    weir_bytes rows;
    if (layout->spec.kind != STORE_JOIN || !packed_read(&record, &rows))
        return !read_row(part, layout, latest_ms, message, arena, &row) || visit(self, &row);
    while (packed_next(&rows, &logged))
        if (read_logged(layout->spec.kind, &logged, arena, &row) && !visit(self, &row))
            return false;
    return true;
}

static bool note_unfinished(void *self, const struct store_row *row)
{
    struct restore_entry *entry = self;
    entry->unfinished = memory_grow(entry->unfinished, &entry->unfinished_capacity, entry->unfinished_count + 1,
                                    sizeof *entry->unfinished);
    entry->unfinished[entry->unfinished_count++] = arena_bytes(&entry->arena, row->key);
    return true;
}

static bool add_row(void *self, const struct store_row *row)
{
    struct restored_rows *rows = self;
    rows->items = memory_grow(rows->items, &rows->capacity, rows->count + 1, sizeof *rows->items);
    rows->items[rows->count++] = *row;
    return true;
}

/* A standby that is becoming the task goes on showing its last commit until it can show this one. */
static bool answers_meanwhile(const struct task *task)
{
    return atomic_load(&task->has_caught_up);
}

static bool follow_all(struct store *store, const struct store_row *rows, size_t count, struct weir_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!store_follow(store, &rows[i], error))
            return false;
    return true;
}

/* One run of messages of the same changelog. */
static bool apply_run(struct restore_entry *entry, struct restored_rows *rows, const struct broker_message *messages,
                      size_t count, weir_arena *arena, struct weir_error *error)
{
    struct store *store = entry->task->stores[entry->store];
    const struct layout_part *part = entry->task->part;
    entry->taken = entry->position;
    rows->count = 0;
    for (size_t i = 0; i < count && messages[i].offset < entry->end; i++) {
        size_t before = rows->count;
        if (messages[i].offset >= entry->committed)
            restore_rows(part, entry->store, entry->latest_ms, &messages[i], arena, note_unfinished, entry);
        else
            restore_rows(part, entry->store, entry->latest_ms, &messages[i], arena, add_row, rows);
        if (rows->count > before)
            entry->taken = messages[i].offset + 1;
    }
    if (answers_meanwhile(entry->task))
        return follow_all(store, rows->items, rows->count, error);
    entry->is_held_back = rows->count > 0 && !store_restore(store, rows->items, rows->count, entry->taken, error);
    return !entry->is_held_back;
}

/* What could not be written before, because the disk is full, goes first: nothing more is read meanwhile. */
static bool write_held_back(const struct restorer *restorer, struct weir_error *error)
{
    for (size_t i = 0; i < restorer->count; i++) {
        struct restore_entry *entry = &restorer->entries[i];
        if (entry->is_held_back && !store_restore(entry->task->stores[entry->store], NULL, 0, entry->taken, error))
            return false;
        entry->is_held_back = false;
    }
    return true;
}

/* All of it is taken, whatever fails on the way: it will not be read again. */
static bool apply(struct restorer *restorer, const struct broker_message *messages, int count, struct weir_error *error)
{
    weir_arena arena;
    arena_init(&arena);
    bool ok = true;
    for (int first = 0, behind; first < count; first = behind) {
        for (behind = first + 1; behind < count && messages[behind].group == messages[first].group;)
            behind++;
        struct restore_entry *entry = entry_of(restorer, messages[first].group);
        if (entry && !entry->done)
            ok = apply_run(entry, &restorer->rows, messages + first, (size_t)(behind - first), &arena, error) && ok;
        arena_clear(&arena);
    }
    restorer->records += (uint64_t)count;
    arena_done(&arena);
    return ok;
}

static void move_to(struct restore_entry *entry, int64_t position)
{
    int64_t shown = position < entry->end ? position : entry->end;
    atomic_fetch_sub(&entry->task->restore_remaining, shown - entry->position);
    entry->position = shown;
    entry->is_short = entry->is_short && shown < entry->end;
    entry->moved_us = now_us();
}

/* A committed position that the changelog never reaches belongs to another one: it was deleted and made anew. */
static bool check_stall(const struct restorer *restorer, struct restore_entry *entry, struct weir_error *error)
{
    int64_t begin, end, now = now_us();
    if (now - entry->moved_us < STALL_US)
        return true;
    entry->moved_us = now;
    const struct layout_store *store = &entry->task->part->stores[entry->store];
    struct weir_error unanswered = {0};
    const char *log = layout_log(entry->task->part, store);
    if (!restorer->broker->ops->range(restorer->broker, log, entry->task->partition, &begin, &end, &unanswered) ||
        end >= entry->end)
        return true;
    return error_set(error, WEIR_FATAL,
                     "topic %s partition %d ends at offset %lld, but %lld of it is committed: it is not the changelog "
                     "that store %s was committed with",
                     log, entry->task->partition, (long long)end, (long long)entry->end, store->spec.name);
}

/* Positions come from the reader, not from the last record: the end may lie behind a gap (compaction, markers). */
/* A replica that answers for its leader may know less, for a moment; a changelog that was deleted and made anew stays short,
 * also for a store that has all that is committed. */
static bool is_still_short(const struct restorer *restorer, struct restore_entry *entry)
{
    int64_t begin, end, now = now_us();
    struct weir_error unanswered = {0};
    if (!entry->is_short || now - entry->asked_us < ASK_EVERY_US)
        return entry->is_short;
    entry->asked_us = now;
    if (restorer->broker->ops->range(restorer->broker, entry->task->part->stores[entry->store].changelog,
                                     entry->task->partition, &begin, &end, &unanswered))
        entry->is_short = end < entry->end;
    return entry->is_short;
}

static bool look_for_the_end(struct restorer *restorer, struct weir_error *error)
{
    for (size_t i = 0; i < restorer->count; i++) {
        struct restore_entry *entry = &restorer->entries[i];
        if (entry->done || !entry->is_reading)
            continue;
        int64_t position = reader_position(restorer, entry);
        if (position > entry->position)
            move_to(entry, position);
        else if (!check_stall(restorer, entry, error))
            return false;
        if (entry->position < entry->end || is_still_short(restorer, entry))
            continue;
        if (!answers_meanwhile(entry->task) && !store_restored(entry->task->stores[entry->store], error))
            return false;
        entry->done = true;
        stop_reading(restorer, entry);
    }
    return true;
}

/* ---- copies ---- */

static void forget_entries(struct restorer *restorer, const struct task *task);

/* The task goes on with the stores of the copy; empty ones, should they turn out to be unusable, are restored like any. */
static bool install(struct restorer *restorer, struct restore_copy *copy, struct weir_error *error)
{
    struct task *task = copy->task;
    struct weir_error cause = {0};
    forget_entries(restorer, task);
    atomic_store(&task->restore_remaining, 0);
    bool ok = copier_install(restorer->copier, copy->arrival, task, &cause);
    copier_drop(restorer->copier, copy->arrival);
    copy->arrival = NULL;
    if (!ok && cause.code != WEIR_CORRUPT)
        return error_set(error, cause.code, "%s", cause.message);
    if (!ok)
        log_warning("restore", "%s; restoring from the changelog", cause.message);
    return true;
}

/* A broker that does not answer is asked again at the next step. */
static bool begin_again(struct restorer *restorer, struct restore_copy *copy, struct weir_error *error)
{
    struct task *task = copy->task;
    struct commit_metadata commit = commit_metadata_read(copy->metadata);
    forget_entries(restorer, task);
    atomic_store(&task->restore_remaining, 0);
    if (!begin(restorer, task, &commit, copy->has_commit, false, error))
        return false;
    log_info("restore", "task %d_%d: %lld records behind the copy", task->part->subtopology->id, task->partition,
             (long long)atomic_load(&task->restore_remaining));
    remove_copy(restorer, copy);
    return true;
}

static bool look_at_copy(struct restorer *restorer, struct restore_copy *copy, struct weir_error *error)
{
    struct task *task = copy->task;
    enum arrival_state state = copy->arrival ? arrival_state(copy->arrival) : ARRIVAL_HERE;
    if (state == ARRIVAL_UNDERWAY) {
        atomic_store(&task->copy_remaining, arrival_remaining(copy->arrival));
        return true;
    }
    if (state == ARRIVAL_FAILED) {
        log_info("restore", "task %d_%d: no copy to be had; %lld records of changelogs are read",
                 task->part->subtopology->id, task->partition, (long long)atomic_load(&task->restore_remaining));
        remove_copy(restorer, copy);
        return start_reading(restorer, task, error);
    }
    if (copy->arrival && !install(restorer, copy, error))
        return false;
    return restorer->stops_at_commit || begin_again(restorer, copy, error);
}

static bool look_at_copies(struct restorer *restorer, struct weir_error *error)
{
    for (size_t i = restorer->copy_count; i-- > 0;)
        if (!look_at_copy(restorer, &restorer->copies[i], error))
            return false;
    return true;
}

bool restore_must_begin_again(const struct restorer *restorer, const struct task *task)
{
    const struct restore_copy *copy = copy_of(restorer, task);
    return copy && !copy->arrival;
}

/* ---- a step ---- */

static bool is_waiting(const struct restorer *restorer)
{
    for (size_t i = 0; i < restorer->count; i++)
        if (restorer->entries[i].is_reading && !restorer->entries[i].done)
            return false;
    return restorer->copy_count > 0;
}

static void tell(struct restorer *restorer)
{
    int64_t records = 0, bytes = 0;
    if (now_us() - restorer->told_us < TELL_US)
        return;
    for (size_t i = 0; i < restorer->count; i++)
        records += restorer->entries[i].end - restorer->entries[i].position;
    for (size_t i = 0; i < restorer->copy_count; i++)
        bytes += restorer->copies[i].arrival ? arrival_remaining(restorer->copies[i].arrival) : 0;
    if (restorer->told_us > 0 && records + bytes > 0)
        log_info("restore", "%lld records of changelogs and %lld MB of copies are left", (long long)records,
                 (long long)bytes / 1000000);
    restorer->told_us = now_us();
}

bool restore_step(struct restorer *restorer, int timeout_ms, struct weir_error *error)
{
    restorer->got_nothing = true;
    if (!look_at_copies(restorer, error))
        return false;
    tell(restorer);
    if (restorer->count == 0 || is_waiting(restorer)) {
        clock_pause_ms(restore_is_idle(restorer) ? 0 : timeout_ms);
        return true;
    }
    const struct broker_ops *ops = restorer->broker->ops;
    struct broker_message messages[BATCH];
    if (!write_held_back(restorer, error))
        return false;
    if (!restorer->reader)
        clock_pause_ms(timeout_ms);
    int count = restorer->reader ? ops->reader_poll(restorer->reader, messages, BATCH, timeout_ms, error) : 0;
    if (count < 0)
        return false;
    restorer->got_nothing = count == 0;
    bool ok = apply(restorer, messages, count, error) && failpoint("restore.read", error);
    for (int i = 0; i < count; i++)
        ops->reader_release(restorer->reader, &messages[i]);
    return ok && look_for_the_end(restorer, error);
}

bool restore_is_done(const struct restorer *restorer, const struct task *task)
{
    for (size_t i = 0; i < restorer->count; i++)
        if (restorer->entries[i].task == task && !restorer->entries[i].done)
            return false;
    return !copy_of(restorer, task);
}

static void remove_entry(struct restorer *restorer, size_t index)
{
    struct restore_entry *entry = &restorer->entries[index];
    if (!entry->done && entry->is_reading)
        stop_reading(restorer, entry);
    arena_done(&entry->arena);
    memory_free(entry->unfinished);
    restorer->entries[index] = restorer->entries[--restorer->count];
}

bool restore_write_again(struct store *store, weir_bytes key, weir_arena *arena, struct weir_error *error)
{
    struct store_row row = {.timestamp_ms = 0};
    if (store_spec(store)->kind == STORE_VERSIONED)
        return versioned_log_anew(store, key, error);
    if (store_get(store, key, arena, &row, error))
        store_put_again(store, &(struct store_row){key, arena_bytes(arena, row.value), row.timestamp_ms});
    else if (error->code == WEIR_OK)
        store_put_absent(store, key);
    return error->code == WEIR_OK;
}

static bool undo(struct restore_entry *entry, struct weir_error *error)
{
    entry->task->repeats = true;
    struct store *store = entry->task->stores[entry->store];
    weir_arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < entry->unfinished_count && restore_write_again(store, entry->unfinished[i], &arena, error);
         i++)
        arena_clear(&arena);
    arena_done(&arena);
    if (entry->unfinished_count > 0) {
        entry->task->progress = true;
        log_info("restore", "store %s, partition %d: undid %zu writes of an unfinished commit",
                 entry->task->part->stores[entry->store].spec.name, entry->task->partition, entry->unfinished_count);
    }
    return error->code == WEIR_OK;
}

/* All stores together, with the inputs they contain. */
static void show(struct task *task)
{
    atomic_fetch_add(&task->publishing, 1);
    for (size_t i = 0; answers_meanwhile(task) && i < task->part->store_count; i++)
        if (layout_is_logged(&task->part->stores[i]))
            store_publish_followed(task->stores[i], task->changelog_positions[i]);
    for (size_t i = 0; i < task->source_count; i++)
        if (task->sources[i].begun != BROKER_NO_OFFSET)
            atomic_store(&task->committed[i], task->sources[i].begun);
    atomic_fetch_add(&task->publishing, 1);
}

bool restore_finish(struct restorer *restorer, struct task *task, struct weir_error *error)
{
    assert(restore_is_done(restorer, task));
    bool ok = true;
    show(task);
    for (size_t i = 0; i < restorer->count && ok;) {
        if (restorer->entries[i].task != task) {
            i++;
            continue;
        }
        ok = undo(&restorer->entries[i], error);
        remove_entry(restorer, i);
    }
    return ok;
}

static void forget_entries(struct restorer *restorer, const struct task *task)
{
    for (size_t i = 0; i < restorer->count;) {
        if (restorer->entries[i].task == task)
            remove_entry(restorer, i);
        else
            i++;
    }
}

void restore_abandon(struct restorer *restorer, const struct task *task)
{
    struct restore_copy *copy = copy_of(restorer, task);
    if (copy)
        remove_copy(restorer, copy);
    forget_entries(restorer, task);
}
