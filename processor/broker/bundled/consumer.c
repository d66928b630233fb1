/* consumer.c: gives out the records of a bundle one by one, in order, and gives the message back with the last of them.
 *
 * What was polled beneath and is not given out yet waits, per partition in order; that of a partition that is paused waits on.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "bundled.h"

struct opened { /* a message whose records are out; gone with the last of them */
    struct broker_message message;
    size_t users; /* records that are out, and one while there are more to come */
    struct weir_header headers[];
};

struct waiting {
    struct broker_message message;
    struct opened *opened; /* NULL: none of its records is out yet */
    struct bundle_rest rest;
    size_t records, headers; /* in all */
};

struct place { /* a partition of an internal topic that is held */
    int32_t group, source, partition;
    bool is_paused;
    int64_t begin; /* records before this offset are done, as far as its message goes */
};

struct subscribed { /* sources of a group */
    char **topics;
    bool *are_bundled;
    int32_t *partitions; /* NULL: any number */
    size_t count;
};

struct broker_consumer {
    struct bundled *broker;
    struct broker_consumer *beneath;
    struct broker_rebalance calls;
    struct subscribed *groups;
    size_t group_count;
    struct place *places;
    size_t place_count, place_capacity;
    struct waiting *waiting;
    size_t waiting_count, waiting_capacity;
    struct weir_error failure; /* of a poll beneath that came after records; told by the next */
    bool has_failed;
};

static const struct broker_ops *ops_of(const struct broker_consumer *consumer)
{
    return consumer->broker->beneath->ops;
}

struct broker_consumer *bundled_consumer_beneath(struct broker_consumer *consumer)
{
    return consumer ? consumer->beneath : NULL;
}

static bool is_bundled(const struct broker_consumer *consumer, int32_t group, int32_t source)
{
    return consumer->groups[group].are_bundled[source];
}

/* ---- places ---- */

static struct place *find_place(const struct broker_consumer *consumer, int32_t group, int32_t source,
                                int32_t partition)
{
    for (size_t i = 0; i < consumer->place_count; i++) {
        struct place *place = &consumer->places[i];
        if (place->group == group && place->source == source && place->partition == partition)
            return place;
    }
    return NULL;
}

static struct place *place_of(const struct broker_consumer *consumer, const struct broker_message *message)
{
    return find_place(consumer, message->group, message->source, message->partition);
}

static void take_place(struct broker_consumer *consumer, struct place place)
{
    struct place *known = find_place(consumer, place.group, place.source, place.partition);
    if (!known) {
        consumer->places = memory_grow(consumer->places, &consumer->place_capacity, consumer->place_count + 1,
                                       sizeof *consumer->places);
        known = &consumer->places[consumer->place_count++];
    }
    *known = place;
}

/* ---- messages ---- */

static void leave(struct broker_consumer *consumer, struct opened *opened)
{
    if (--opened->users > 0)
        return;
    ops_of(consumer)->consumer_release(consumer->beneath, &opened->message);
    memory_free(opened);
}

static void forget(struct broker_consumer *consumer, struct waiting *waiting)
{
    if (waiting->opened)
        leave(consumer, waiting->opened);
    else
        ops_of(consumer)->consumer_release(consumer->beneath, &waiting->message);
}

/* Those of one partition, of one source or (-1) of all. */
static void forget_waiting(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    size_t kept = 0;
    for (size_t i = 0; i < consumer->waiting_count; i++) {
        struct waiting *waiting = &consumer->waiting[i];
        const struct broker_message *message = &waiting->message;
        if (message->group == group && message->partition == partition && (source < 0 || message->source == source))
            forget(consumer, waiting);
        else
            consumer->waiting[kept++] = *waiting;
    }
    consumer->waiting_count = kept;
}

static void open_message(struct waiting *waiting)
{
    waiting->opened = memory_new(sizeof *waiting->opened + waiting->headers * sizeof *waiting->opened->headers);
    waiting->opened->message = waiting->message;
    waiting->opened->users = 1;
}

static void next_record(struct waiting *waiting, struct broker_message *record)
{
    size_t number = waiting->records - waiting->rest.records;
    *record = waiting->message;
    if (waiting->rest.bytes.data)
        bundle_next(&waiting->rest, waiting->opened->headers + (waiting->headers - waiting->rest.headers), record);
    else
        waiting->rest.records--;
    record->offset = bundled_offset_of(waiting->message.offset, number, waiting->rest.records == 0);
    record->owner = waiting->opened;
    record->is_part = true;
}

/* Records of a message before that at which the partition begins were processed in an earlier life. */
static bool is_done(const struct place *place, const struct waiting *waiting, const struct broker_message *record)
{
    return waiting->message.offset == bundled_offset_beneath(place->begin) && record->offset < place->begin;
}

/* How many records of it there were room for. */
static int give_out(const struct place *place, struct waiting *waiting, struct broker_message *out, int max)
{
    int count = 0;
    if (!waiting->opened)
        open_message(waiting);
    while (waiting->rest.records > 0 && count < max) {
        next_record(waiting, &out[count]);
        if (is_done(place, waiting, &out[count]))
            continue;
        waiting->opened->users++;
        count++;
    }
    return count;
}

static int give_out_all(struct broker_consumer *consumer, struct broker_message *out, int max)
{
    int count = 0;
    size_t kept = 0;
    for (size_t i = 0; i < consumer->waiting_count; i++) {
        struct waiting *waiting = &consumer->waiting[i];
        const struct place *place = place_of(consumer, &waiting->message);
        if (count < max && place && !place->is_paused)
            count += give_out(place, waiting, out + count, max - count);
        if (waiting->opened && waiting->rest.records == 0)
            leave(consumer, waiting->opened);
        else
            consumer->waiting[kept++] = *waiting;
    }
    consumer->waiting_count = kept;
    return count;
}

static void wait_for_turn(struct broker_consumer *consumer, const struct broker_message *message,
                          struct bundle_rest rest)
{
    consumer->waiting = memory_grow(consumer->waiting, &consumer->waiting_capacity, consumer->waiting_count + 1,
                                    sizeof *consumer->waiting);
    consumer->waiting[consumer->waiting_count++] =
        (struct waiting){.message = *message, .rest = rest, .records = rest.records, .headers = rest.headers};
}

/* False: it waits for its turn. One that is no bundle has one record: itself. */
static bool goes_out_as_it_is(struct broker_consumer *consumer, struct broker_message *message)
{
    struct bundle_rest rest;
    if (!is_bundled(consumer, message->group, message->source))
        return true;
    bool is_bundle = bundle_read(message, &rest);
    if (!is_bundle && consumer->waiting_count == 0) {
        message->offset = bundled_offset_of(message->offset, 0, true);
        return true;
    }
    wait_for_turn(consumer, message, is_bundle ? rest : (struct bundle_rest){.records = 1});
    return false;
}

/* Always -1. */
static int tell_failure(struct broker_consumer *consumer, struct weir_error *error)
{
    consumer->has_failed = false;
    error_set(error, consumer->failure.code, "%s", consumer->failure.message);
    return -1;
}

/* How many of the records polled go out as they are; the others wait. */
static int sort_out(struct broker_consumer *consumer, struct broker_message *polled, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        polled[i].is_part = false;
        if (goes_out_as_it_is(consumer, &polled[i]) && kept++ < i)
            polled[kept - 1] = polled[i];
    }
    return kept;
}

int bundled_consumer_poll(struct broker_consumer *consumer, struct broker_message *out, int max, int timeout_ms,
                          struct weir_error *error)
{
    int count = give_out_all(consumer, out, max);
    if (count == max)
        return count;
    if (!consumer->has_failed) {
        error_clear(&consumer->failure);
        int polled = ops_of(consumer)->consumer_poll(consumer->beneath, out + count, max - count,
                                                     count > 0 ? 0 : timeout_ms, &consumer->failure);
        consumer->has_failed = polled < 0;
        count += polled < 0 ? 0 : sort_out(consumer, out + count, polled);
        count += give_out_all(consumer, out + count, max - count);
    }
    return consumer->has_failed && count == 0 ? tell_failure(consumer, error) : count;
}

void bundled_consumer_release(struct broker_consumer *consumer, struct broker_message *message)
{
    if (message->is_part)
        leave(consumer, message->owner);
    else
        ops_of(consumer)->consumer_release(consumer->beneath, message);
}

/* ---- what is asked of partitions ---- */

static void set_paused(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition, bool paused)
{
    struct place *place = find_place(consumer, group, source, partition);
    if (place)
        place->is_paused = paused;
}

void bundled_consumer_pause(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    set_paused(consumer, group, source, partition, true);
    ops_of(consumer)->consumer_pause(consumer->beneath, group, source, partition);
}

void bundled_consumer_resume(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    set_paused(consumer, group, source, partition, false);
    ops_of(consumer)->consumer_resume(consumer->beneath, group, source, partition);
}

int64_t bundled_consumer_end(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    int64_t end = ops_of(consumer)->consumer_end(consumer->beneath, group, source, partition);
    return is_bundled(consumer, group, source) ? bundled_offset(end) : end;
}

static bool is_waiting(const struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    for (size_t i = 0; i < consumer->waiting_count; i++) {
        const struct broker_message *message = &consumer->waiting[i].message;
        if (message->group == group && message->source == source && message->partition == partition)
            return true;
    }
    return false;
}

bool bundled_consumer_is_behind(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    return is_waiting(consumer, group, source, partition) ||
           ops_of(consumer)->consumer_is_behind(consumer->beneath, group, source, partition);
}

bool bundled_consumer_commit(struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count,
                             struct weir_error *error)
{
    weir_arena arena;
    arena_init(&arena);
    bool ok = ops_of(consumer)->consumer_commit(
        consumer->beneath, bundled_commits(consumer->broker, offsets, count, &arena), count, error);
    arena_done(&arena);
    return ok;
}

static void rewind_place(struct broker_consumer *consumer, const struct broker_offset *offset)
{
    for (size_t i = 0; i < consumer->place_count; i++) {
        struct place *place = &consumer->places[i];
        if (place->partition != offset->partition ||
            strcmp(consumer->groups[place->group].topics[place->source], offset->topic) != 0)
            continue;
        forget_waiting(consumer, place->group, place->source, place->partition);
        place->begin = offset->offset;
    }
}

void bundled_consumer_rewind(struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count)
{
    weir_arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < count; i++)
        rewind_place(consumer, &offsets[i]);
    ops_of(consumer)->consumer_rewind(consumer->beneath, bundled_commits(consumer->broker, offsets, count, &arena),
                                      count);
    arena_done(&arena);
}

enum broker_purge bundled_consumer_purge(struct broker_consumer *consumer, const struct broker_offset *offsets,
                                         size_t count, struct weir_error *error)
{
    weir_arena arena;
    arena_init(&arena);
    enum broker_purge purge = ops_of(consumer)->consumer_purge(
        consumer->beneath, bundled_commits(consumer->broker, offsets, count, &arena), count, error);
    arena_done(&arena);
    return purge;
}

void bundled_consumer_wake(struct broker_consumer *consumer)
{
    ops_of(consumer)->consumer_wake(consumer->beneath);
}

/* ---- rebalances ---- */

/* A share has the sources that have its partition, which are the first ones. */
static size_t sources_of(const struct subscribed *group, int32_t partition)
{
    size_t count = 0;
    while (count < group->count && (!group->partitions || group->partitions[count] > partition))
        count++;
    return count;
}

static void assigned(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    struct broker_consumer *consumer = self;
    const struct subscribed *subscribed = &consumer->groups[group];
    const size_t count = sources_of(subscribed, partition);
    struct broker_start *told = memory_copy(starts, count * sizeof *told);
    for (size_t i = 0; i < count; i++) {
        if (!subscribed->are_bundled[i])
            continue;
        told[i] = bundled_start(&starts[i]);
        take_place(consumer, (struct place){group, (int32_t)i, partition, true, told[i].offset});
    }
    consumer->calls.assigned(consumer->calls.self, group, partition, told);
    memory_free(told);
}

static void revoked(void *self, int32_t group, int32_t partition, bool lost)
{
    struct broker_consumer *consumer = self;
    consumer->calls.revoked(consumer->calls.self, group, partition, lost);
    forget_waiting(consumer, group, -1, partition);
    size_t kept = 0;
    for (size_t i = 0; i < consumer->place_count; i++)
        if (consumer->places[i].group != group || consumer->places[i].partition != partition)
            consumer->places[kept++] = consumer->places[i];
    consumer->place_count = kept;
}

static void settled(void *self)
{
    struct broker_consumer *consumer = self;
    if (consumer->calls.settled)
        consumer->calls.settled(consumer->calls.self);
}

/* ---- opening ---- */

static void subscribe(struct broker_consumer *consumer, const struct broker_subscription *groups, size_t count)
{
    consumer->groups = memory_new((count ? count : 1) * sizeof *consumer->groups);
    consumer->group_count = count;
    for (size_t g = 0; g < count; g++) {
        struct subscribed *group = &consumer->groups[g];
        const size_t topics = groups[g].topic_count;
        group->count = topics;
        group->topics = memory_new((topics ? topics : 1) * sizeof *group->topics);
        group->are_bundled = memory_new((topics ? topics : 1) * sizeof *group->are_bundled);
        if (groups[g].partitions)
            group->partitions = memory_copy(groups[g].partitions, topics * sizeof *group->partitions);
        for (size_t i = 0; i < topics; i++) {
            group->topics[i] = memory_text(groups[g].topics[i]);
            group->are_bundled[i] = bundled_has(consumer->broker, group->topics[i]);
        }
    }
}

static void free_consumer(struct broker_consumer *consumer)
{
    for (size_t g = 0; g < consumer->group_count; g++) {
        struct subscribed *group = &consumer->groups[g];
        for (size_t i = 0; i < group->count; i++)
            memory_free(group->topics[i]);
        memory_free(group->topics);
        memory_free(group->are_bundled);
        memory_free(group->partitions);
    }
    memory_free(consumer->groups);
    memory_free(consumer->places);
    memory_free(consumer->waiting);
    memory_free(consumer);
}

struct broker_consumer *bundled_consumer_open(struct broker *base, const char *group, const char *member,
                                              const struct broker_subscription *groups, size_t count,
                                              struct broker_rebalance calls, struct weir_error *error)
{
    struct broker *beneath = bundled_of(base)->beneath;
    struct broker_consumer *consumer = memory_new(sizeof *consumer);
    consumer->broker = bundled_of(base);
    consumer->calls = calls;
    subscribe(consumer, groups, count);
    const struct broker_rebalance ours = {consumer, assigned, revoked, settled};
    consumer->beneath = beneath->ops->consumer_open(beneath, group, member, groups, count, ours, error);
    if (consumer->beneath)
        return consumer;
    free_consumer(consumer);
    return NULL;
}

void bundled_consumer_close(struct broker_consumer *consumer)
{
    for (size_t i = 0; i < consumer->waiting_count; i++)
        forget(consumer, &consumer->waiting[i]);
    consumer->waiting_count = 0;
    ops_of(consumer)->consumer_close(consumer->beneath);
    free_consumer(consumer);
}
