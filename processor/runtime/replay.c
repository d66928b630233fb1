/* replay.c: see replay.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/replay.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "runtime/collector.h"
#include "runtime/dead_letter.h"

enum { BATCH = 256, WAIT_MS = 100, FLUSH_MS = 60 * 1000, ABORT_PAUSE_MS = 200, ABORTS_MAX = 150 };

struct part {         /* a partition of the letters */
    int64_t end;      /* when it began */
    int64_t next;     /* behind the last letter of this batch; BROKER_NO_OFFSET: none */
    bool held, ended; /* by this member; nothing in front of `end` is left */
};

struct run {
    struct broker *broker;
    const struct replay *ask;
    struct broker_consumer *consumer;
    struct collector collector;
    struct part *parts;
    int32_t part_count;
    bool has_settled, was_revoked;
    int64_t taken; /* letters, committed or not */
    struct weir_replayed batch;
    weir_arena *arena; /* of the batch */
};

/* ---- the group ---- */

static void assigned(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    struct run *run = self;
    struct part *part = &run->parts[partition];
    (void)starts;
    part->held = true;
    part->ended = part->end == 0;
    part->next = BROKER_NO_OFFSET;
    run->broker->ops->consumer_resume(run->consumer, group, 0, partition);
}

static void revoked(void *self, int32_t group, int32_t partition, bool lost)
{
    struct run *run = self;
    (void)group, (void)lost;
    run->parts[partition].held = false;
    run->was_revoked = true;
}

static void settled(void *self)
{
    ((struct run *)self)->has_settled = true;
}

/* ---- a letter ---- */

/* False: it can never be, or error says what is wrong. */
static bool send_again(struct run *run, const struct dead_letter *letter, struct weir_error *error)
{
    const struct broker_record record = {
        .partition = letter->partition,
        .timestamp_ms = letter->timestamp_ms,
        .key = letter->key,
        .value = letter->value,
        .headers = letter->headers,
    };
    struct weir_error cause = {0};
    bool is_sent = collector_send(&run->collector, letter->topic, &record, &cause);
    if (!is_sent && cause.code != WEIR_POISON)
        error_set(error, cause.code, "%s", cause.message);
    return is_sent;
}

static void take_letter(struct run *run, const struct broker_message *message, struct weir_error *error)
{
    struct dead_letter letter;
    struct weir_error ignored = {0};
    run->taken++;
    run->parts[message->partition].next = message->offset + 1;
    bool is_whole = dead_letter_read(message, run->arena, &letter, &ignored) && !letter.withheld;
    if (is_whole && send_again(run, &letter, error))
        run->batch.sent++;
    else
        run->batch.left++; /* unless error ends the batch, which then counts for nothing */
}

/* ---- batches ---- */

static bool is_full(const struct run *run)
{
    return run->ask->max >= 0 && run->taken >= run->ask->max;
}

static void take_message(struct run *run, struct broker_message *message, struct weir_error *error)
{
    struct part *part = &run->parts[message->partition];
    bool is_wanted = part->held && message->offset < part->end && !is_full(run);
    if (is_wanted && error->code == WEIR_OK)
        take_letter(run, message, error);
    part->ended = part->ended || message->offset + 1 >= part->end;
    run->broker->ops->consumer_release(run->consumer, message);
}

static size_t gather_offsets(const struct run *run, struct broker_offset *offsets)
{
    size_t count = 0;
    for (int32_t p = 0; p < run->part_count; p++)
        if (run->parts[p].next != BROKER_NO_OFFSET)
            offsets[count++] =
                (struct broker_offset){.topic = run->ask->letters, .partition = p, .offset = run->parts[p].next};
    return count;
}

/* What was undone is read again by whoever replays next, so nothing has to be rewound here. */
static bool undo(struct run *run, struct weir_error *error)
{
    struct weir_error cause = {0};
    for (int tries = 0; !collector_abort(&run->collector, &cause) && cause.code == WEIR_RETRY && tries < ABORTS_MAX;
         tries++, error_clear(&cause))
        clock_pause_ms(ABORT_PAUSE_MS);
    return error_set(error, WEIR_FENCED, "%s: somebody else replays it now", run->ask->letters);
}

static void count_batch(struct run *run, struct weir_replayed *total)
{
    total->sent += run->batch.sent;
    total->left += run->batch.left;
    run->batch = (struct weir_replayed){0};
    for (int32_t p = 0; p < run->part_count; p++)
        run->parts[p].next = BROKER_NO_OFFSET;
    arena_clear(run->arena);
}

static bool commit_batch(struct run *run, struct weir_replayed *total, struct weir_error *error)
{
    struct broker_offset *offsets = arena_alloc(run->arena, (size_t)run->part_count * sizeof *offsets);
    size_t count = gather_offsets(run, offsets);
    if (count == 0)
        return true;
    struct weir_error cause = {0};
    if (run->was_revoked)
        return undo(run, error);
    if (!collector_flush(&run->collector, FLUSH_MS, &cause) ||
        !collector_commit(&run->collector, run->consumer, offsets, count, &cause)) {
        if (cause.code != WEIR_FENCED)
            error_set(error, cause.code, "%s: %s", run->ask->letters, cause.message);
        return undo(run, error);
    }
    count_batch(run, total);
    return true;
}

/* Behind the last letter there may be nothing but the end of a transaction. */
static bool is_finished(const struct run *run)
{
    for (int32_t p = 0; p < run->part_count; p++) {
        const struct part *part = &run->parts[p];
        if (part->held && !part->ended && run->broker->ops->consumer_is_behind(run->consumer, 0, 0, p))
            return false;
    }
    return run->has_settled;
}

static bool replay_batch(struct run *run, struct weir_replayed *total, bool *finished, struct weir_error *error)
{
    struct broker_message messages[BATCH];
    run->was_revoked = false;
    int count = run->broker->ops->consumer_poll(run->consumer, messages, BATCH, WAIT_MS, error);
    if (count < 0 && error->code == WEIR_RETRY) {
        error_clear(error);
        return true;
    }
    for (int i = 0; i < count; i++)
        take_message(run, &messages[i], error);
    *finished = is_full(run) || (count == 0 && is_finished(run));
    return error->code == WEIR_OK && commit_batch(run, total, error);
}

/* ---- all of it ---- */

static bool find_ends(struct run *run, struct weir_error *error)
{
    const struct broker_ops *ops = run->broker->ops;
    run->part_count = ops->partitions(run->broker, run->ask->letters, error);
    if (run->part_count == 0)
        error_set(error, WEIR_ABSENT, "there is no topic '%s'", run->ask->letters);
    if (run->part_count <= 0)
        return false;
    run->parts = memory_new((size_t)run->part_count * sizeof *run->parts);
    for (int32_t p = 0; p < run->part_count; p++) {
        int64_t begin, *end = &run->parts[p].end;
        if (!ops->range(run->broker, run->ask->letters, p, &begin, end, error))
            return false;
        *end = begin == *end ? 0 : *end;
        run->parts[p].next = BROKER_NO_OFFSET;
    }
    return true;
}

static bool open_all(struct run *run, struct weir_error *error)
{
    const char *group = arena_format(run->arena, "%s-replay", run->ask->letters);
    const struct broker_subscription subscription = {&run->ask->letters, 1, NULL, NULL};
    const struct broker_rebalance rebalance = {run, assigned, revoked, settled};
    return find_ends(run, error) && collector_open(&run->collector, run->broker, group, group, error) &&
           (run->consumer =
                run->broker->ops->consumer_open(run->broker, group, group, &subscription, 1, rebalance, error)) != NULL;
}

static void close_all(struct run *run)
{
    struct weir_error ignored = {0};
    if (run->collector.producer)
        collector_abort(&run->collector, &ignored);
    if (run->consumer)
        run->broker->ops->consumer_close(run->consumer);
    collector_close(&run->collector);
    memory_free(run->parts);
    weir_arena_free(run->arena);
}

bool replay(struct broker *broker, const struct replay *ask, struct weir_replayed *out, struct weir_error *error)
{
    struct run run = {.broker = broker, .ask = ask, .arena = weir_arena_new()};
    bool finished = false;
    *out = (struct weir_replayed){0};
    bool ok = open_all(&run, error);
    while (ok && !finished && !ask->should_stop(ask->self))
        ok = replay_batch(&run, out, &finished, error);
    close_all(&run);
    return ok;
}
