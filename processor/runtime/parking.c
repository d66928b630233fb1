/* parking.c: see parking.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/parking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "parked.h"
#include "runtime/failure.h"
#include "runtime/leave_out.h"
#include "runtime/task.h"

static const int64_t kept_ms = PARKED_DAYS * (int64_t)24 * 3600 * 1000;

static bool parks(const struct task_source *source)
{
    return source->layout->node->parked != NULL;
}

static weir_store *store_of(const struct task_source *source)
{
    return &source->context->stores[0];
}

static bool is_waiting(const struct parked_key *row)
{
    return row->done < row->letters;
}

static int64_t now_ms(const struct task *task)
{
    return clock_wall_ms(task->settings.clock);
}

static void count_parked(struct task *task, int64_t more)
{
    atomic_fetch_add_explicit(&task->parked_keys, more, memory_order_relaxed);
}

/* ---- opening ---- */

/* Its letters are gone from their topic, so what waits behind them would wait for ever. */
static bool is_over(struct task *task, struct task_source *source, const void *key, const struct parked_key *row)
{
    if (now_ms(task) - row->latest <= kept_ms)
        return false;
    typed_put(store_of(source), key, NULL, row->latest);
    return true;
}

struct opening {
    struct task *task;
    struct task_source *source;
};

static void look_at(void *self, const struct weir_record *record)
{
    const struct opening *opening = self;
    const struct parked_key *row = parked_key_value(record);
    if (is_over(opening->task, opening->source, record->key, row))
        return;
    opening->source->parking.rows++;
    count_parked(opening->task, is_waiting(row));
}

/* Sources of several topics share a store: the first of them counts for all. */
static struct task_source *first_of(struct task *task, const struct task_source *source)
{
    size_t i = 0;
    while (task->sources[i].layout->node != source->layout->node)
        i++;
    return &task->sources[i];
}

void parking_open(struct task *task)
{
    atomic_store(&task->parked_keys, 0);
    for (size_t i = 0; i < task->source_count; i++) {
        struct task_source *source = &task->sources[i];
        source->parking = (struct parking){.number = -1};
        if (!parks(source) || first_of(task, source) != source)
            continue;
        struct opening opening = {task, source};
        weir_each(store_of(source), look_at, &opening);
    }
}

/* ---- the record in hand ---- */

/* -1: it is no letter of this parking. */
static int64_t number_of(const struct task_source *source, const struct parked_key *row, weir_arena *arena)
{
    const struct weir_record record = {.headers = queue_head(&source->queue)->headers};
    weir_bytes said = weir_header(&record, PARKED_HEADER);
    const char *begin =
        arena_format(arena, "%.*s:%lld:", (int)row->topic.size, (const char *)row->topic.data, (long long)row->offset);
    size_t size = strlen(begin);
    if (said.size <= size || memcmp(said.data, begin, size) != 0)
        return -1;
    const char *digits = (const char *)arena_bytes(arena, said).data + size;
    char *end = NULL;
    errno = 0;
    long long number = strtoll(digits, &end, 10);
    return *end || errno != 0 || number < 0 || number >= row->letters ? -1 : number;
}

static void find_row(struct task *task, struct task_source *source)
{
    struct parking *parking = &source->parking;
    const struct parked_key *row = typed_get(store_of(source), source->head.key, NULL);
    if (!row)
        return;
    if (is_over(task, source, source->head.key, row)) {
        count_parked(task, is_waiting(row) ? -1 : 0);
        first_of(task, source)->parking.rows--;
        return;
    }
    parking->is_stored = true;
    parking->row = arena_alloc(&task->arena, sizeof *row);
    *parking->row = *row;
    parking->number = number_of(source, row, &task->arena);
}

void parking_begin(struct task *task, struct task_source *source)
{
    struct parking *parking = &source->parking;
    if (!parks(source))
        return;
    parking->is_stored = parking->is_buried = false;
    parking->row = NULL;
    parking->number = -1;
    if (source->head.key && first_of(task, source)->parking.rows > 0)
        find_row(task, source);
}

static void keep_row(struct task *task, struct task_source *source)
{
    struct parking *parking = &source->parking;
    parking->row->latest = now_ms(task);
    if (!parking->is_stored)
        first_of(task, source)->parking.rows++;
    parking->is_stored = true;
    typed_put(store_of(source), source->head.key, parking->row, parking->row->latest);
}

static void wait_behind(struct task *task, struct task_source *source)
{
    struct parking *parking = &source->parking;
    const char *detail = arena_format(&task->arena, "it waits for a record of its key that failed: offset %lld (%.*s)",
                                      (long long)parking->row->offset, (int)parking->row->reason.size,
                                      (const char *)parking->row->reason.data);
    const char *place = parking_place(task, source, "parked", &task->arena);
    if (failure_to_wait(task, source, place, detail))
        parking_buried(task, source);
}

enum parking_turn parking_turn(struct task *task, struct task_source *source)
{
    const struct parking *parking = &source->parking;
    if (!parks(source) || !parking->is_stored)
        return PARKING_PASSES;
    const struct parked_key *row = parking->row;
    if (parking->number >= 0 && parking->number < row->done) {
        leave_out_repeated(task, source);
        return PARKING_REPEATED;
    }
    if (parking->number < 0 ? !is_waiting(row) : parking->number == row->done)
        return PARKING_PASSES;
    wait_behind(task, source);
    return PARKING_WAITS;
}

static void begin_row(struct task *task, struct task_source *source, const char *reason, weir_arena *arena)
{
    source->parking.row = arena_alloc(&task->arena, sizeof *source->parking.row);
    *source->parking.row = (struct parked_key){
        .topic = bytes_of_text(source->layout->topic),
        .offset = queue_head(&source->queue)->offset,
        .reason = bytes_of_text(arena_text(arena, reason)),
        .since = now_ms(task),
    };
}

const char *parking_place(struct task *task, struct task_source *source, const char *reason, weir_arena *arena)
{
    struct parking *parking = &source->parking;
    if (!parks(source) || !source->head.key)
        return NULL;
    if (!parking->is_stored)
        begin_row(task, source, reason, arena);
    const struct parked_key *row = parking->row;
    int64_t number = parking->number >= 0 ? parking->number : row->letters;
    return arena_format(arena, "%.*s:%lld:%lld", (int)row->topic.size, (const char *)row->topic.data,
                        (long long)row->offset, (long long)number);
}

void parking_buried(struct task *task, struct task_source *source)
{
    struct parking *parking = &source->parking;
    bool was_waiting = parking->is_stored && is_waiting(parking->row);
    if (parking->number < 0)
        parking->number = parking->row->letters++;
    parking->is_buried = true;
    count_parked(task, !was_waiting);
    keep_row(task, source);
}

void parking_processed(struct task *task, struct task_source *source)
{
    struct parking *parking = &source->parking;
    if (!parks(source) || parking->number < 0 || parking->is_buried)
        return;
    parking->row->done++;
    count_parked(task, is_waiting(parking->row) ? 0 : -1);
    keep_row(task, source);
}
