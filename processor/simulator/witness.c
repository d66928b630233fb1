/* witness.c: see witness.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulator/witness.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "bundled/bundled.h"
#include "runtime/commit.h"
#include "runtime/lineage.h"
#include "state/changelog.h"
#include "state/expiry.h"
#include "state/versioned.h"

enum { STORES_MAX = 8, SOURCES_MAX = 64, UNTOLD = -2 };
enum entry_kind { ENTRY_BEGAN, ENTRY_RECORD, ENTRY_PUNCTUATION, ENTRY_TOLD, ENTRY_DISPATCHED };

struct entry { /* something a task did */
    enum entry_kind kind;
    int32_t source;
    int64_t offset, wall_ms;
    uint64_t sent; /* hash of what it sent meanwhile, in order */
};

struct entries {
    struct entry *items;
    size_t count, capacity;
};

struct line { /* of history: one sub-topology, one partition */
    const struct layout_part *part;
    int32_t partition;
    struct task *reference;
    struct clock clock;
    uint64_t sent; /* by the reference, in the entry in hand */
    int64_t *last; /* offset of the last record of each source; -1: none */
    struct moment *moments;
    size_t moment_count, moment_capacity;
};

struct moment {                /* what a view may show */
    uint64_t rows;             /* hash */
    int64_t last[SOURCES_MAX]; /* offset of the last record of each source; -1: none */
    int64_t times[STORES_MAX]; /* stream time of each store */
};

struct performer { /* a task of a process */
    uint64_t id;
    void *owner;
    const struct task *task;
    struct line *line;
    struct entries entries;
    size_t forgotten; /* entries that have become history since it began */
};

struct offer { /* of one performer */
    uint64_t token, performer;
    struct line *line;
    struct entries entries;
    size_t upto;      /* entries of the performer, in all */
    int64_t *offsets; /* per source; -1: not offered */
};

struct output { /* what a topic has to hold */
    char *topic;
    uint64_t *hashes;
    size_t count, capacity;
};

struct broker_producer {
    int64_t sent; /* changelog records of all references: positions that grow are all they need */
};

struct witness {
    struct simulated *cluster;
    const struct layout *layout;
    struct witness_settings settings;
    struct line *lines;
    size_t line_count;
    struct performer **performers;
    size_t performer_count, performer_capacity;
    struct performer *at_work; /* whose entry in hand gets what is sent */
    struct offer *offers;
    size_t offer_count, offer_capacity;
    struct output *outputs;
    size_t output_count, output_capacity;
    struct broker log; /* takes the changelogs of the references */
    struct collector collector;
    struct broker_producer producer; /* of the collector */
    uint64_t last_id, hash, commits, records, looks, standby_looks;
    char failure[512];
};

/* ---- what is wrong ---- */

__attribute__((format(printf, 2, 3))) static bool violate(struct witness *witness, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!witness->failure[0])
        vsnprintf(witness->failure, sizeof witness->failure, format, arguments);
    va_end(arguments);
    return false;
}

void witness_violated(struct witness *witness, const char *what)
{
    violate(witness, "%s", what);
}

const char *witness_failure(const struct witness *witness)
{
    return witness->failure[0] ? witness->failure : NULL;
}

/* ---- hashes ---- */

static void mix(uint64_t *hash, uint64_t value)
{
    *hash = (*hash ^ value) * 0x9E3779B97F4A7C15u;
    *hash ^= *hash >> 29;
}

static void mix_bytes(uint64_t *hash, weir_bytes bytes)
{
    mix(hash, bytes.data ? bytes.size + 1 : 0);
    if (bytes.data)
        mix(hash, hash_table(bytes));
}

/* How far the slowest task upstream is (lineage.h) has to be heard anew after a restart. */
static weir_bytes without_slowest(const struct weir_header *header)
{
    bool has_slowest = header->value.size == LINEAGE_BYTES && strcmp(header->name, LINEAGE_HEADER) == 0;
    return has_slowest ? (weir_bytes){header->value.data, LINEAGE_FIRST_BYTES} : header->value;
}

static uint64_t hash_of(const char *topic, weir_bytes key, weir_bytes value, int64_t timestamp_ms,
                        struct weir_headers headers)
{
    uint64_t hash = 1;
    mix_bytes(&hash, bytes_of_text(topic));
    mix_bytes(&hash, key);
    mix_bytes(&hash, value);
    mix(&hash, (uint64_t)timestamp_ms);
    for (size_t i = 0; i < headers.count; i++) {
        mix_bytes(&hash, bytes_of_text(headers.items[i].name));
        mix_bytes(&hash, without_slowest(&headers.items[i]));
    }
    return hash;
}

uint64_t witness_hash(const struct witness *witness)
{
    return witness->hash;
}

/* ---- references ---- */

static struct output *output_of(struct witness *witness, const char *topic)
{
    for (size_t i = 0; i < witness->output_count; i++)
        if (strcmp(witness->outputs[i].topic, topic) == 0)
            return &witness->outputs[i];
    witness->outputs =
        memory_grow(witness->outputs, &witness->output_capacity, witness->output_count + 1, sizeof *witness->outputs);
    witness->outputs[witness->output_count] = (struct output){.topic = memory_text(topic)};
    return &witness->outputs[witness->output_count++];
}

struct reference_output { /* of a line */
    struct witness *witness;
    struct line *line;
};

static bool reference_send(void *self, const struct graph_node *sink, const char *topic,
                           const struct broker_record *record, struct weir_error *error)
{
    (void)sink, (void)error;
    const struct reference_output *to = self;
    struct output *output = output_of(to->witness, topic);
    uint64_t hash = hash_of(topic, record->key, record->value, record->timestamp_ms, record->headers);
    mix(&to->line->sent, hash);
    output->hashes = memory_grow(output->hashes, &output->capacity, output->count + 1, sizeof *output->hashes);
    output->hashes[output->count++] = hash;
    return true;
}

static int32_t reference_partitions(void *self, const char *topic, struct weir_error *error)
{
    (void)error;
    const struct reference_output *to = self;
    return simulated_partitions(to->witness->cluster, topic);
}

static void reference_release(void *self, struct broker_message *message)
{
    (void)self, (void)message;
}

static void reference_dropped(void *self, const struct weir_drop *drop)
{
    (void)self, (void)drop;
}

static void reference_dead(void *self, const struct weir_dead_letter *letter)
{
    (void)self, (void)letter;
}

/* Numbers that tell records of one time apart begin anew with each task; the engine's own stores keep a time they do not
 * need. */
static uint64_t hash_row(const struct layout_store *store, const struct store_row *row)
{
    uint64_t hash = 5;
    weir_bytes key = row->key;
    if (store->spec.kind == STORE_JOIN)
        key.size -= sizeof(uint32_t);
    mix_bytes(&hash, key);
    mix_bytes(&hash, row->value);
    mix(&hash, store->hidden ? 0 : (uint64_t)row->timestamp_ms);
    return hash;
}

/* A deletion that is written down says what a gap between versions says, too; which of them it is depends on whether a put
 * was repeated. */
static bool is_gap(const struct layout_store *store, const struct store_row *row, weir_arena *arena)
{
    weir_bytes key;
    struct version version;
    return store->spec.kind == STORE_VERSIONED && versioned_read(row, arena, &key, &version) && !version.value.data;
}

/* Rows that have expired by then do not count: whether they are seen after a restore is left open, as in Kafka Streams,
 * whose stores learn the time from the keys that are left. */
static uint64_t hash_rows(struct task *task, const int64_t *times)
{
    uint64_t hash = 7;
    weir_arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < task->part->store_count; i++) {
        const struct expiry expiry = expiry_of(&task->part->stores[i].spec);
        const int64_t time_ms = i < STORES_MAX ? times[i] : EXPIRY_NO_TIME;
        struct weir_error error = {0};
        struct store_row row;
        struct store_cursor *cursor = store_view_scan(task->stores[i], (weir_bytes){0}, (weir_bytes){0}, false, &error);
        mix(&hash, i);
        while (cursor && store_next(cursor, &row, &error)) {
            if (expiry_is_on(expiry) && expiry_has_expired(expiry, row.key, row.timestamp_ms, time_ms))
                continue;
            hash += is_gap(&task->part->stores[i], &row, &arena) ? 0 : hash_row(&task->part->stores[i], &row);
        }
        store_cursor_close(cursor);
        mix(&hash, error.code);
    }
    arena_done(&arena);
    return hash;
}

/* ---- records of the cluster, in the offsets that tasks know ---- */

static bool is_bundled(const struct witness *witness, const char *topic)
{
    for (size_t i = 0; i < witness->layout->part_count; i++)
        for (size_t s = 0; s < witness->layout->parts[i].source_count; s++)
            if (strcmp(witness->layout->parts[i].sources[s].topic, topic) == 0)
                return witness->layout->parts[i].sources[s].is_bundled;
    return false;
}

static bool is_visible(const struct witness *witness, const struct simulated_record *record)
{
    return !record->is_marker && simulated_is_committed(witness->cluster, record->transaction);
}

static int64_t count_records(const struct simulated_record *message)
{
    struct bundle_rest rest;
    const struct broker_message read = {.key = message->key, .value = message->value};
    return bundle_read(&read, &rest) ? (int64_t)rest.records : 1;
}

/* The last record of the message up to the offset; -1: there is none. */
static int64_t last_in_message(const struct simulated_record *message, int64_t upto)
{
    int64_t begin = bundled_offset(message->offset), others = count_records(message) - 1;
    int64_t last = bundled_offset_of(message->offset, 0, true);
    if (upto >= last)
        return last;
    int64_t number = upto - begin < others ? upto - begin : others - 1;
    return number < 0 ? -1 : begin + number;
}

/* A position is told by the last record behind which it lies: markers may follow it or not. -1: none. */
static int64_t last_before(const struct witness *witness, const struct line *line, size_t source, int64_t position)
{
    const char *topic = line->part->sources[source].topic;
    const bool bundled = is_bundled(witness, topic);
    int64_t found = -1;
    for (int64_t at = bundled ? bundled_offset_beneath(position - 1) : position - 1; at >= 0 && found < 0; at--) {
        const struct simulated_record *record = simulated_at(witness->cluster, topic, line->partition, at);
        if (record && is_visible(witness, record))
            found = bundled ? last_in_message(record, position - 1) : at;
    }
    return found;
}

/* Makes a message its record at the offset or behind it, with its headers in the arena; false: there is none. */
static bool find_in_message(struct broker_message *message, int64_t from, weir_arena *arena)
{
    const int64_t at = message->offset;
    struct bundle_rest rest;
    message->offset = bundled_offset_of(at, 0, true);
    if (!bundle_read(message, &rest))
        return message->offset >= from;
    message->offset = -1;
    for (size_t number = 0; rest.records > 0 && message->offset < from; number++) {
        bundle_next(&rest, arena_alloc(arena, (rest.headers + 1) * sizeof(struct weir_header)), message);
        message->offset = bundled_offset_of(at, number, rest.records == 0);
    }
    return message->offset >= from;
}

/* The first record at the offset or behind it that readers may see; -1: there is none. Its headers live in the arena. */
static int64_t next_visible(const struct witness *witness, const char *topic, int32_t partition, int64_t from,
                            weir_arena *arena, struct broker_message *out)
{
    const bool bundled = is_bundled(witness, topic);
    const struct simulated_record *record;
    for (int64_t at = bundled ? bundled_offset_beneath(from) : from;
         (record = simulated_at(witness->cluster, topic, partition, at)); at++) {
        *out = (struct broker_message){.offset = at,
                                       .timestamp_ms = record->timestamp_ms,
                                       .key = record->key,
                                       .value = record->value,
                                       .headers = record->headers};
        if (is_visible(witness, record) && (!bundled || find_in_message(out, from, arena)))
            return out->offset;
    }
    return -1;
}

static int64_t next_offset(const struct witness *witness, const char *topic, int32_t partition, int64_t from)
{
    weir_arena arena;
    struct broker_message ignored;
    arena_init(&arena);
    int64_t offset = next_visible(witness, topic, partition, from, &arena, &ignored);
    arena_done(&arena);
    return offset;
}

/* The reference knows all topics; a task may have been opened before it was told of one that matches a pattern. */
static size_t source_of(const struct line *line, const char *topic)
{
    size_t s = 0;
    while (strcmp(line->part->sources[s].topic, topic) != 0) {
        s++;
        assert(s < line->reference->source_count);
    }
    return s;
}

static void add_moment(struct witness *witness, struct line *line)
{
    struct moment moment = {.rows = 0};
    for (size_t s = 0; s < line->reference->source_count && s < SOURCES_MAX; s++) {
        moment.last[s] = last_before(witness, line, s, line->last[s] + 1);
        mix(&witness->hash, (uint64_t)moment.last[s]);
    }
    for (size_t i = 0; i < line->part->store_count && i < STORES_MAX; i++)
        moment.times[i] = store_observed_time(line->reference->stores[i]);
    moment.rows = hash_rows(line->reference, moment.times);
    line->moments = memory_grow(line->moments, &line->moment_capacity, line->moment_count + 1, sizeof *line->moments);
    line->moments[line->moment_count++] = moment;
    mix(&witness->hash, moment.rows);
}

static bool open_reference(struct witness *witness, struct line *line, const struct layout_part *part,
                           int32_t partition)
{
    struct weir_error error = {0};
    struct reference_output *to = memory_new(sizeof *to);
    *to = (struct reference_output){witness, line};
    const struct task_output output = {
        to, reference_send, reference_partitions, reference_release, reference_dropped, reference_dead};
    *line = (struct line){.part = part, .partition = partition};
    line->last = memory_new((part->source_count + 1) * sizeof *line->last);
    memset(line->last, 0xff, (part->source_count + 1) * sizeof *line->last);
    clock_init_by_hand(&line->clock, clock_wall_ms(&clock_system));
    const struct task_settings settings = {
        .clock = &line->clock, .max_future_ms = -1, .lineage = !witness->settings.exactly_once};
    const struct database_limits limits = {.committed_bytes_max = SIZE_MAX, .apply_interval_ms = INT64_MAX / 2000};
    line->reference = task_open(witness->layout, part, partition, NULL, settings, output, limits, &error);
    if (!line->reference)
        return violate(witness, "the reference cannot be opened: %s", error.message);
    if (!task_restored(line->reference, -1, &error))
        return violate(witness, "the reference: %s", error.message);
    add_moment(witness, line); /* nothing */
    return true;
}

static bool log_send(struct broker_producer *producer, const char *topic, const struct broker_record *record,
                     struct weir_error *error)
{
    (void)topic, (void)error;
    if (record->delivery)
        record->delivery->next_offset = ++producer->sent;
    return true;
}

static void log_poll(struct broker_producer *producer)
{
    (void)producer;
}

struct witness *witness_new(struct simulated *cluster, const struct layout *layout, struct witness_settings settings)
{
    static const struct broker_ops ops = {.producer_send = log_send, .producer_poll = log_poll};
    struct witness *witness = memory_new(sizeof *witness);
    witness->cluster = cluster;
    witness->layout = layout;
    witness->settings = settings;
    witness->log.ops = &ops;
    witness->collector = (struct collector){.broker = &witness->log, .producer = &witness->producer};
    size_t count = 0;
    for (size_t i = 0; i < layout->part_count; i++)
        count += (size_t)layout->parts[i].partitions;
    witness->lines = memory_new((count + 1) * sizeof *witness->lines);
    bool ok = true;
    for (size_t i = 0; i < layout->part_count && ok; i++)
        for (int32_t p = 0; p < layout->parts[i].partitions && ok; p++)
            ok = open_reference(witness, &witness->lines[witness->line_count++], &layout->parts[i], p);
    return witness;
}

static void free_line(struct line *line)
{
    struct weir_error ignored = {0};
    void *to = line->reference ? line->reference->output.self : NULL;
    if (line->reference)
        task_close(line->reference, false, &ignored);
    memory_free(to);
    memory_free(line->last);
    memory_free(line->moments);
}

static void free_performer(struct performer *performer)
{
    assert(performer);
    memory_free(performer->entries.items);
    memory_free(performer);
}

static void free_offer(struct offer *offer)
{
    memory_free(offer->entries.items);
    memory_free(offer->offsets);
}

void witness_free(struct witness *witness)
{
    for (size_t i = 0; i < witness->line_count; i++)
        free_line(&witness->lines[i]);
    for (size_t i = 0; i < witness->performer_count; i++)
        free_performer(witness->performers[i]);
    for (size_t i = 0; i < witness->offer_count; i++)
        free_offer(&witness->offers[i]);
    for (size_t i = 0; i < witness->output_count; i++) {
        memory_free(witness->outputs[i].topic);
        memory_free(witness->outputs[i].hashes);
    }
    memory_free(witness->outputs);
    memory_free(witness->lines);
    memory_free(witness->performers);
    memory_free(witness->offers);
    memory_free(witness);
}

/* ---- what processes do ---- */

static struct line *line_of(struct witness *witness, const struct task *task)
{
    for (size_t i = 0; i < witness->line_count; i++)
        if (witness->lines[i].part->subtopology->id == task->part->subtopology->id &&
            witness->lines[i].partition == task->partition)
            return &witness->lines[i];
    return NULL;
}

struct watcher { /* a process, as its tasks know it */
    struct witness *witness;
    void *owner;
};

static struct performer *performer_of(struct witness *witness, void *owner, const struct task *task)
{
    for (size_t i = 0; i < witness->performer_count; i++)
        if (witness->performers[i]->owner == owner && witness->performers[i]->task == task)
            return witness->performers[i];
    return NULL;
}

static struct performer *new_performer(struct witness *witness, void *owner, const struct task *task)
{
    struct performer *performer = memory_new(sizeof *performer);
    witness->performers = memory_grow(witness->performers, &witness->performer_capacity, witness->performer_count + 1,
                                      sizeof(struct performer *));
    witness->performers[witness->performer_count++] = performer;
    performer->owner = owner;
    performer->task = task;
    performer->line = line_of(witness, task);
    return performer;
}

static void note(struct witness *witness, struct performer *performer, struct entry entry)
{
    struct entries *entries = &performer->entries;
    entry.wall_ms = entry.kind == ENTRY_PUNCTUATION ? entry.wall_ms : clock_wall_ms(&clock_system);
    entries->items = memory_grow(entries->items, &entries->capacity, entries->count + 1, sizeof *entries->items);
    entries->items[entries->count++] = entry;
    witness->at_work = performer;
}

/* Another task may have been at this address before, and this one may go back to its last commit. */
static void began(void *self, const struct task *task)
{
    const struct watcher *watcher = self;
    struct performer *performer = performer_of(watcher->witness, watcher->owner, task);
    if (!performer)
        performer = new_performer(watcher->witness, watcher->owner, task);
    performer->id = ++watcher->witness->last_id;
    performer->line = line_of(watcher->witness, task);
    performer->entries.count = 0;
    performer->forgotten = 0;
    note(watcher->witness, performer, (struct entry){.kind = ENTRY_BEGAN});
}

static struct performer *performer_by(const struct watcher *watcher, const struct task *task)
{
    struct performer *performer = performer_of(watcher->witness, watcher->owner, task);
    assert(performer);
    return performer;
}

static void entering(void *self, const struct task *task, const struct task_source *source,
                     const struct broker_message *message)
{
    const struct watcher *watcher = self;
    struct performer *performer = performer_by(watcher, task);
    note(watcher->witness, performer,
         (struct entry){.kind = ENTRY_RECORD,
                        .source = (int32_t)source_of(performer->line, source->layout->topic),
                        .offset = message->offset});
}

static void punctuating(void *self, const struct task *task, int64_t wall_ms)
{
    const struct watcher *watcher = self;
    note(watcher->witness, performer_by(watcher, task), (struct entry){.kind = ENTRY_PUNCTUATION, .wall_ms = wall_ms});
}

static void telling(void *self, const struct task *task)
{
    const struct watcher *watcher = self;
    note(watcher->witness, performer_by(watcher, task), (struct entry){.kind = ENTRY_TOLD});
}

static void dispatching(void *self, const struct task *task)
{
    const struct watcher *watcher = self;
    note(watcher->witness, performer_by(watcher, task), (struct entry){.kind = ENTRY_DISPATCHED});
}

static void sending(void *self, const char *topic, const struct broker_record *record)
{
    const struct watcher *watcher = self;
    struct performer *performer = watcher->witness->at_work;
    if (!performer || performer->owner != watcher->owner || performer->entries.count == 0)
        return;
    uint64_t hash = hash_of(topic, record->key, record->value, record->timestamp_ms, record->headers);
    mix(&performer->entries.items[performer->entries.count - 1].sent, hash);
}

static void forget_performer(struct witness *witness, size_t index)
{
    struct performer *performer = witness->performers[index];
    if (witness->at_work == performer)
        witness->at_work = NULL;
    witness->performers[index] = witness->performers[--witness->performer_count];
    free_performer(performer);
}

static void ended(void *self, const struct task *task)
{
    const struct watcher *watcher = self;
    struct witness *witness = watcher->witness;
    for (size_t i = witness->performer_count; i-- > 0;)
        if (witness->performers[i]->owner == watcher->owner && witness->performers[i]->task == task)
            forget_performer(witness, i);
}

struct task_watch witness_watch(struct witness *witness, void *owner)
{
    struct watcher *watcher = memory_new(sizeof *watcher);
    *watcher = (struct watcher){witness, owner};
    return (struct task_watch){watcher, began, entering, punctuating, telling, dispatching, sending, ended};
}

void witness_process_ended(struct witness *witness, void *owner)
{
    for (size_t i = witness->performer_count; i-- > 0;)
        if (witness->performers[i]->owner == owner)
            forget_performer(witness, i);
}

/* ---- history ---- */

static void find_offered(const struct witness *witness, const struct line *line, const struct broker_offset *offsets,
                         size_t count, int64_t *out)
{
    for (size_t s = 0; s < line->reference->source_count; s++) {
        out[s] = -1;
        for (size_t i = 0; i < count; i++)
            if (offsets[i].partition == line->partition && strcmp(offsets[i].topic, line->part->sources[s].topic) == 0)
                out[s] = is_bundled(witness, offsets[i].topic)
                             ? bundled_start(&(struct broker_start){offsets[i].offset, offsets[i].metadata}).offset
                             : offsets[i].offset;
    }
}

void witness_offered(struct witness *witness, void *owner, uint64_t token, const struct broker_offset *offsets,
                     size_t count)
{
    for (size_t i = 0; i < witness->performer_count; i++) {
        const struct performer *performer = witness->performers[i];
        if (performer->owner != owner)
            continue;
        struct offer offer = {.token = token,
                              .performer = performer->id,
                              .line = performer->line,
                              .upto = performer->forgotten + performer->entries.count};
        offer.offsets = memory_new((offer.line->reference->source_count + 1) * sizeof *offer.offsets);
        find_offered(witness, offer.line, offsets, count, offer.offsets);
        if (offer.offsets[0] < 0) { /* nothing to commit of this task */
            memory_free(offer.offsets);
            continue;
        }
        offer.entries.count = performer->entries.count;
        offer.entries.items =
            memory_copy(performer->entries.items, performer->entries.count * sizeof *performer->entries.items);
        witness->offers =
            memory_grow(witness->offers, &witness->offer_capacity, witness->offer_count + 1, sizeof *witness->offers);
        witness->offers[witness->offer_count++] = offer;
    }
}

static bool repeat_message(struct witness *witness, struct line *line, const struct entry *entry,
                           struct broker_message *message)
{
    const struct layout_source *source = &line->part->sources[entry->source];
    message->source = entry->source;
    message->partition = line->partition;
    task_push(line->reference, (size_t)entry->source, message);
    struct task_source *chosen = task_choose(line->reference);
    line->last[entry->source] = entry->offset;
    witness->records++;
    if (chosen != &line->reference->sources[entry->source] || !task_process(line->reference, chosen))
        return violate(witness, "%s partition %d offset %lld: the reference failed: %s", source->topic,
                       (int)line->partition, (long long)entry->offset, line->reference->failure.message);
    return true;
}

static bool repeat_record(struct witness *witness, struct line *line, const struct entry *entry)
{
    const struct layout_source *source = &line->part->sources[entry->source];
    weir_arena arena;
    struct broker_message message;
    arena_init(&arena);
    int64_t expected =
        next_visible(witness, source->topic, line->partition, line->last[entry->source] + 1, &arena, &message);
    bool ok =
        entry->offset == expected
            ? repeat_message(witness, line, entry, &message)
            : violate(witness, "%s partition %d: offset %lld was processed and committed behind %lld, next is %lld",
                      source->topic, (int)line->partition, (long long)entry->offset,
                      (long long)line->last[entry->source], (long long)expected);
    arena_done(&arena);
    return ok;
}

static bool repeat(struct witness *witness, struct line *line, const struct entry *entry)
{
    struct weir_error error = {0};
    line->sent = 0;
    line->clock.hand_us = entry->wall_ms * 1000;
    bool ok = true;
    if (entry->kind == ENTRY_RECORD)
        ok = repeat_record(witness, line, entry);
    else if (entry->kind == ENTRY_PUNCTUATION)
        ok = task_punctuate(line->reference, entry->wall_ms);
    else if (entry->kind == ENTRY_TOLD)
        ok = task_tell(line->reference);
    else if (entry->kind == ENTRY_DISPATCHED)
        ok = task_dispatch(line->reference);
    else if (witness->settings.restarts_show)
        ok = task_rewind(line->reference, &error);
    else
        return true;
    if (!ok)
        return violate(witness, "sub-topology %d partition %d: the reference failed", line->part->subtopology->id,
                       (int)line->partition);
    if (line->sent == entry->sent)
        return true;
    return violate(witness, "sub-topology %d partition %d, %s %lld: it sent something else than it should have",
                   line->part->subtopology->id, (int)line->partition,
                   entry->kind == ENTRY_RECORD       ? line->part->sources[entry->source].topic
                   : entry->kind == ENTRY_TOLD       ? "telling"
                   : entry->kind == ENTRY_DISPATCHED ? "dispatching"
                                                     : "punctuation",
                   (long long)entry->offset);
}

static bool check_offsets(struct witness *witness, const struct line *line, const int64_t *offsets)
{
    for (size_t s = 0; s < line->reference->source_count; s++) {
        const char *topic = line->part->sources[s].topic;
        if (offsets[s] < 0 && line->part->sources[s].is_match) /* one that its task had not been told of */
            continue;
        int64_t next = next_offset(witness, topic, line->partition, line->last[s] + 1);
        if (offsets[s] <= line->last[s] || (next >= 0 && offsets[s] > next))
            return violate(witness,
                           "%s partition %d: offset %lld was committed, but %lld is the last that was processed", topic,
                           (int)line->partition, (long long)offsets[s], (long long)line->last[s]);
    }
    return true;
}

static void commit_reference(struct witness *witness, struct line *line)
{
    struct weir_error error = {0};
    if (!commit_log(line->reference, &witness->collector, &error))
        violate(witness, "the reference cannot commit: %s", error.message);
    commit_publish(line->reference);
    add_moment(witness, line);
}

static void forget_entries(struct witness *witness, const struct offer *offer)
{
    for (size_t i = 0; i < witness->performer_count; i++) {
        struct performer *performer = witness->performers[i];
        if (performer->id != offer->performer || offer->upto < performer->forgotten)
            continue;
        size_t gone = offer->upto - performer->forgotten;
        memmove(performer->entries.items, performer->entries.items + gone,
                (performer->entries.count - gone) * sizeof *performer->entries.items);
        performer->entries.count -= gone;
        performer->forgotten += gone;
    }
}

static void take(struct witness *witness, struct offer *offer)
{
    bool ok = witness->failure[0] == 0;
    for (size_t i = 0; i < offer->entries.count && ok; i++)
        ok = repeat(witness, offer->line, &offer->entries.items[i]);
    if (!ok)
        return;
    commit_reference(witness, offer->line);
    check_offsets(witness, offer->line, offer->offsets);
    forget_entries(witness, offer);
}

void witness_committed(struct witness *witness, uint64_t token)
{
    witness->commits++;
    size_t kept = 0;
    for (size_t i = 0; i < witness->offer_count; i++) {
        struct offer *offer = &witness->offers[i];
        if (offer->token != token) {
            witness->offers[kept++] = *offer;
            continue;
        }
        take(witness, offer);
        free_offer(offer);
    }
    witness->offer_count = kept;
}

/* ---- views ---- */

static int64_t latest_in(struct task *task, size_t store, int64_t upto_ms)
{
    const struct expiry expiry = expiry_of(&task->part->stores[store].spec);
    int64_t latest_ms = EXPIRY_NO_TIME;
    struct weir_error error = {0};
    struct store_row row;
    struct store_cursor *cursor = store_view_scan(task->stores[store], (weir_bytes){0}, (weir_bytes){0}, false, &error);
    while (cursor && store_next(cursor, &row, &error)) {
        int64_t time_ms = expiry_key_time(expiry, row.key);
        latest_ms = time_ms > latest_ms && time_ms <= upto_ms ? time_ms : latest_ms;
    }
    store_cursor_close(cursor);
    return latest_ms;
}

/* Then time waits for the slowest task upstream (DECISIONS.md 3), whatever rows there are. */
static bool is_behind_repartition(const struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++)
        if (task->sources[i].layout->node->topic->internal)
            return true;
    return false;
}

/* A store that is behind the time of its latest row keeps what it should let go of, which shows only when it is a task's. */
static void check_times(struct witness *witness, struct task *task, const struct moment *moment)
{
    if (is_behind_repartition(task))
        return;
    for (size_t i = 0; i < task->part->store_count && i < STORES_MAX; i++) {
        const struct store_spec *spec = &task->part->stores[i].spec;
        if (spec->retention_ms > 0 && !spec->keeps_until_told &&
            store_observed_time(task->stores[i]) < latest_in(task, i, moment->times[i]))
            violate(witness, "store %s partition %d: its time is behind its latest row", spec->name,
                    (int)task->partition);
    }
}

static bool is_at(const struct line *line, const struct moment *moment, const int64_t *told)
{
    for (size_t s = 0; s < line->reference->source_count && s < SOURCES_MAX; s++)
        if (told[s] != UNTOLD && told[s] != moment->last[s])
            return false;
    return true;
}

static void look_at_task(struct witness *witness, struct task *task)
{
    const struct line *line = line_of(witness, task);
    int64_t told[SOURCES_MAX];
    for (size_t s = 0; s < SOURCES_MAX; s++)
        told[s] = UNTOLD;
    for (size_t s = 0; s < task->source_count && s < SOURCES_MAX; s++) {
        size_t source = source_of(line, task->sources[s].layout->topic);
        int64_t committed = atomic_load(&task->committed[s]);
        if (committed >= 0 ||
            !task->sources[s].layout->is_match) /* else it knows the topic, but not yet how far it is */
            told[source] = last_before(witness, line, source, committed);
    }
    bool known = false;
    witness->looks++;
    for (size_t i = line->moment_count; i-- > 0;) {
        bool is_there = is_at(line, &line->moments[i], told);
        known = known || is_there;
        if (is_there && line->moments[i].rows == hash_rows(task, line->moments[i].times)) {
            check_times(witness, task, &line->moments[i]);
            return;
        }
    }
    violate(witness, "sub-topology %d partition %d: a view shows %s at %lld", task->part->subtopology->id,
            (int)task->partition, known ? "other rows than were committed" : "positions nobody committed",
            (long long)atomic_load(&task->committed[0]));
}

void witness_look_at(struct witness *witness, struct weir_app *app)
{
    for (size_t i = 0; i < app->task_count && !witness->failure[0]; i++) {
        struct task *task = app->tasks[i];
        bool is_copy = atomic_load(&task->has_caught_up);
        witness->standby_looks += is_copy;
        if (is_copy || atomic_load(&task->shown_state) == TASK_RUNNING)
            look_at_task(witness, task);
    }
}

/* ---- the end ---- */

bool witness_is_finished(const struct witness *witness)
{
    for (size_t i = 0; i < witness->line_count; i++) {
        const struct line *line = &witness->lines[i];
        for (size_t s = 0; s < line->reference->source_count; s++)
            if (next_offset(witness, line->part->sources[s].topic, line->partition, line->last[s] + 1) >= 0)
                return false;
    }
    return true;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The message that has the record came from outside. */
static bool is_from_outside(const struct witness *witness, const char *topic, int32_t partition, int64_t offset)
{
    const int64_t at = is_bundled(witness, topic) ? bundled_offset_beneath(offset) : offset;
    return simulated_at(witness->cluster, topic, partition, at)->is_from_outside;
}

static struct output read_topic(const struct witness *witness, const char *topic)
{
    struct output output = {.topic = NULL};
    struct broker_message record;
    weir_arena arena;
    arena_init(&arena);
    for (int32_t p = 0; p < simulated_partitions(witness->cluster, topic); p++)
        for (int64_t at = -1; (at = next_visible(witness, topic, p, at + 1, &arena, &record)) >= 0;) {
            if (is_from_outside(witness, topic, p, at))
                continue;
            output.hashes = memory_grow(output.hashes, &output.capacity, output.count + 1, sizeof *output.hashes);
            output.hashes[output.count++] =
                hash_of(topic, record.key, record.value, record.timestamp_ms, record.headers);
        }
    arena_done(&arena);
    return output;
}

static void check_output(struct witness *witness, struct output *wanted)
{
    struct output found = read_topic(witness, wanted->topic);
    size_t at = 0, missing = 0;
    qsort(wanted->hashes, wanted->count, sizeof *wanted->hashes, compare_hashes);
    if (found.count > 0)
        qsort(found.hashes, found.count, sizeof *found.hashes, compare_hashes);
    for (size_t i = 0; i < wanted->count; i++) {
        while (at < found.count && found.hashes[at] < wanted->hashes[i])
            at++;
        bool is_there = at < found.count && found.hashes[at] == wanted->hashes[i];
        missing += !is_there;
        at += is_there;
    }
    if (missing > 0)
        violate(witness, "topic %s: %zu of %zu records are missing", wanted->topic, missing, wanted->count);
    if (witness->settings.exactly_once && found.count > wanted->count)
        violate(witness, "topic %s: %zu records, but history has %zu", wanted->topic, found.count, wanted->count);
    mix(&witness->hash, found.count);
    memory_free(found.hashes);
}

/* Where the last commit ends in the changelog: what lies behind is of one that is not finished. */
static int64_t logged_end(const struct witness *witness, const struct line *line, size_t store)
{
    const char *metadata;
    simulated_committed(witness->cluster, line->part->sources[0].topic, line->partition, &metadata);
    const struct commit_metadata commit = commit_metadata_read(metadata);
    return commit_metadata_position(&commit, line->part->stores[store].name_hash);
}

/* The last value of a key in the changelog. */
static const struct simulated_record *last_logged(const struct witness *witness, const char *changelog,
                                                  int32_t partition, int64_t end, weir_bytes key)
{
    const struct simulated_record *record, *last = NULL;
    for (int64_t at = 0; at < end && (record = simulated_at(witness->cluster, changelog, partition, at)); at++)
        if (!record->is_marker && simulated_is_committed(witness->cluster, record->transaction) &&
            bytes_equal(record->key, key))
            last = record;
    return last;
}

static void check_logged(struct witness *witness, const struct line *line, size_t store, const struct store_row *row,
                         weir_arena *arena)
{
    const struct layout_store *layout = &line->part->stores[store];
    struct buffer key = {0};
    struct store_row logged;
    if (changelog_write(layout->spec.kind, row, arena, &key, &logged)) {
        const struct simulated_record *found =
            last_logged(witness, layout->changelog, line->partition, logged_end(witness, line, store), logged.key);
        bool is_told_apart = layout->spec.kind == STORE_JOIN /* by a number that is the reference's own */ ||
                             layout->spec.kind == STORE_VERSIONED; /* what was put is logged, not what rows it makes */
        if (!is_told_apart && (!found || !bytes_equal(found->value, logged.value)))
            violate(witness, "%s partition %d: not what the store holds", layout->changelog, (int)line->partition);
    }
    buffer_done(&key);
}

static void check_changelog(struct witness *witness, const struct line *line, size_t store)
{
    struct weir_error error = {0};
    struct store_row row;
    weir_arena arena;
    arena_init(&arena);
    struct store_cursor *cursor =
        store_view_scan(line->reference->stores[store], (weir_bytes){0}, (weir_bytes){0}, false, &error);
    while (cursor && store_next(cursor, &row, &error) && !witness->failure[0])
        check_logged(witness, line, store, &row, &arena);
    store_cursor_close(cursor);
    arena_done(&arena);
}

void witness_conclude(struct witness *witness)
{
    for (size_t i = 0; i < witness->output_count; i++)
        check_output(witness, &witness->outputs[i]);
    for (size_t i = 0; i < witness->line_count; i++)
        for (size_t s = 0; s < witness->lines[i].part->store_count && !witness->failure[0]; s++)
            if (witness->lines[i].part->stores[s].changelog)
                check_changelog(witness, &witness->lines[i], s);
}

uint64_t witness_commits(const struct witness *witness)
{
    return witness->commits;
}

uint64_t witness_records(const struct witness *witness)
{
    return witness->records;
}

uint64_t witness_looks(const struct witness *witness)
{
    return witness->looks;
}

uint64_t witness_standby_looks(const struct witness *witness)
{
    return witness->standby_looks;
}

void witness_rows(struct witness *witness, const char *store, void (*visit)(void *self, const struct store_row *),
                  void *self)
{
    for (size_t i = 0; i < witness->line_count; i++)
        for (size_t s = 0; s < witness->lines[i].part->store_count; s++) {
            struct weir_error error = {0};
            struct store_row row;
            if (strcmp(witness->lines[i].part->stores[s].spec.name, store) != 0)
                continue;
            struct store_cursor *cursor = store_view_scan(witness->lines[i].reference->stores[s], (weir_bytes){0},
                                                          (weir_bytes){0}, false, &error);
            while (cursor && store_next(cursor, &row, &error))
                visit(self, &row);
            store_cursor_close(cursor);
        }
}
