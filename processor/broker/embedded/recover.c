/* recover.c: a partition's files as they are found: obsolete ones removed, the chain of segments checked, the last one
 * walked to its end. The end of a write that was cut off is dropped and said; anything else that does not check is
 * refused, since only an operator can know whether it may be lost. Also how a reader-only process follows the files.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "embedded/embedded.h"
#include "embedded/files.h"
#include "embedded/limits.h"
#include "embedded/partition.h"
#include "embedded/topic.h"

enum { DIGITS = 20 };

/* "00000000000000001234.log" -> 1234; -1: something else. */
static int64_t base_of_name(const char *name)
{
    if (strlen(name) != DIGITS + 4 || strspn(name, "0123456789") != DIGITS || strcmp(name + DIGITS, ".log") != 0)
        return -1;
    errno = 0;
    int64_t base = strtoll(name, NULL, 10);
    return errno ? -1 : base;
}

static void remove_file(const struct embedded_partition *partition, const char *name)
{
    char *path = memory_format("%s/%s", partition->directory, name);
    unlink(path);
    free(path);
}

static bool is_leftover(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && name[size - 1] == '~';
}

static bool damaged_chain(const struct embedded_partition *partition, const struct embedded_segment *segment,
                          int64_t expected, struct weir_error *error)
{
    struct weir_error cause = {0};
    error_set(&cause, WEIR_CORRUPT, "damaged at offset %" PRId64 ": the segment before %s is missing", expected,
              segment->path);
    return embedded_partition_error(partition, &cause, error);
}

/* Adds the segment of one file. A merge that was cut off leaves files whose records are in the merged one: removed. A
 * last file without a header was being created: removed, it holds nothing. */
static bool add_file(struct embedded_partition *partition, int64_t base, bool is_last, struct weir_error *error)
{
    struct weir_error cause = {0};
    struct embedded_segment *last = partition->segment_count ? partition->segments[partition->segment_count - 1] : NULL;
    char *path = embedded_segment_path(partition->directory, base, "");
    bool obsolete = last && base <= last->through_base;
    struct embedded_segment *segment = obsolete ? NULL : embedded_segment_load(partition->directory, base, &cause);
    bool unborn = cause.code == WEIR_ABSENT && is_last;
    if ((obsolete || unborn) && !partition->broker->reader_only) {
        log_warning("embedded", "removed %s: %s", path,
                    obsolete ? "its records were merged" : "its creation was cut off");
        unlink(path);
    }
    free(path);
    if (obsolete || unborn)
        return true;
    if (!segment) {
        cause.code = cause.code == WEIR_ABSENT ? WEIR_CORRUPT : cause.code;
        return embedded_partition_error(partition, &cause, error);
    }
    if (last && segment->previous_base > last->through_base) {
        damaged_chain(partition, segment, last->through_base + 1, error);
        embedded_segment_free(segment);
        return false;
    }
    embedded_partition_add(partition, segment);
    return true;
}

static bool add_files(struct embedded_partition *partition, struct embedded_names *names, struct weir_error *error)
{
    size_t last = names->count;
    for (size_t i = 0; i < names->count; i++)
        if (base_of_name(names->items[i]) >= 0)
            last = i;
    for (size_t i = 0; i < names->count; i++) {
        int64_t base = base_of_name(names->items[i]);
        if (base >= 0 && !add_file(partition, base, i == last, error))
            return false;
        if (base < 0 && is_leftover(names->items[i]) && !partition->broker->reader_only)
            remove_file(partition, names->items[i]);
    }
    return true;
}

/* Only a process that watches another one's files meets transactions that have not ended. */
static void note_transaction(struct embedded_partition *partition, const struct embedded_frame *frame)
{
    struct embedded *broker = partition->broker;
    if (frame->transaction != EMBEDDED_NO_TRANSACTION && broker->reader_only &&
        embedded_outcomes_of(&broker->outcomes, frame->transaction) == EMBEDDED_OPEN)
        embedded_partition_note(partition, frame->transaction, frame->offset);
}

/* Walks a segment from the position; *next and *position end behind its last whole frame. */
static bool walk_tail(struct embedded_partition *partition, struct embedded_segment *segment, int64_t *position,
                      int64_t *next, struct weir_error *error)
{
    struct embedded_walk walk;
    struct embedded_frame frame;
    enum embedded_walk_result result;
    embedded_walk_init(&walk, segment, *position, segment->size);
    pthread_mutex_lock(&segment->index_lock);
    while ((result = embedded_walk_next(&walk, &frame, error)) == EMBEDDED_WALK_FRAME && frame.offset >= *next) {
        embedded_segment_note(segment, frame.offset, *position, frame.timestamp_ms);
        note_transaction(partition, &frame);
        *next = frame.offset + 1;
        *position = walk.position;
    }
    segment->scanned = true;
    pthread_mutex_unlock(&segment->index_lock);
    embedded_walk_done(&walk);
    return result != EMBEDDED_WALK_FAILED;
}

static bool cut_tail(struct embedded_partition *partition, struct embedded_segment *segment, int64_t position,
                     int64_t next, struct weir_error *error)
{
    bool continues;
    if (!embedded_segment_continues(segment, position, next, &continues, error))
        return false;
    if (continues)
        return error_set(error, WEIR_CORRUPT,
                         "damaged at offset %" PRId64 " (byte %" PRId64 " of %s), whole records follow", next, position,
                         segment->path);
    log_warning("embedded",
                "topic '%s' partition %d: cut %" PRId64 " bytes of an unfinished write behind offset %" PRId64,
                partition->topic->name, (int)partition->number, segment->size - position, next - 1);
    segment->size = position;
    return ftruncate(segment->fd, position) == 0 || embedded_file_failed(error, "cut", segment->path);
}

/* What a process that was killed has written may not have reached the disk, hence the sync before it counts. */
static bool recover_last(struct embedded_partition *partition, struct weir_error *error)
{
    struct embedded_segment *segment = partition->segments[partition->segment_count - 1];
    int64_t position = EMBEDDED_SEGMENT_HEAD, next = segment->base;
    bool writes = !partition->broker->reader_only;
    if (!walk_tail(partition, segment, &position, &next, error) ||
        (writes && position < segment->size && !cut_tail(partition, segment, position, next, error)) ||
        (writes && (!embedded_segment_sync(segment, error) || !embedded_directory_sync(partition->directory, error))))
        return false;
    segment->size = position;
    partition->durable_size = position;
    partition->next = next;
    atomic_store(&partition->durable, next);
    embedded_partition_publish(partition);
    return true;
}

/* A transaction that is open may have begun in a segment before the last one; it is not longer than what a writer may
 * have on its way. */
static bool walk_behind(struct embedded_partition *partition, struct weir_error *error)
{
    int64_t walked = 0;
    for (size_t i = partition->segment_count - 1; partition->broker->reader_only && i-- > 0;) {
        struct embedded_segment *segment = partition->segments[i];
        int64_t position = EMBEDDED_SEGMENT_HEAD, next = segment->base;
        bool ok = walked > EMBEDDED_PENDING_BYTES ||
                  (embedded_segment_open(segment, error) && walk_tail(partition, segment, &position, &next, error));
        walked += segment->size;
        embedded_segment_close(segment);
        segment->scanned = false; /* that checks more than a walk does */
        if (!ok)
            return false;
    }
    return true;
}

/* The newest first: they are the likeliest to be read. */
static bool check_closed(struct embedded_partition *partition, int64_t *budget, struct weir_error *error)
{
    for (size_t i = partition->segment_count - 1; i-- > 0;) {
        struct embedded_segment *segment = partition->segments[i];
        if (segment->size > *budget)
            break;
        *budget -= segment->size;
        bool checked = embedded_segment_open(segment, error) && embedded_segment_scan(segment, error);
        embedded_segment_close(segment);
        if (!checked)
            return false;
    }
    return true;
}

bool embedded_partition_load(struct embedded_partition *partition, int64_t *check_budget, struct weir_error *error)
{
    struct weir_error cause = {0};
    struct embedded_names names;
    if (!embedded_directory_list(partition->directory, &names, &cause))
        return embedded_partition_error(partition, &cause, error);
    bool loaded = add_files(partition, &names, error);
    embedded_names_free(&names);
    if (!loaded || partition->segment_count == 0)
        return loaded;
    if (!walk_behind(partition, &cause) || !recover_last(partition, &cause) ||
        !check_closed(partition, check_budget, &cause))
        return embedded_partition_error(partition, &cause, error);
    return true;
}

/* Forgets segments whose files the other process has merged or expired; lock held. */
static void drop_vanished(struct embedded_partition *partition)
{
    for (size_t i = partition->segment_count; i-- > 0;) {
        if (access(partition->segments[i]->path, F_OK) == 0)
            continue;
        int64_t end = partition->segments[i]->end;
        embedded_partition_splice(partition, i, 1, NULL);
        if (i > 0)
            partition->segments[i - 1]->end = end;
    }
}

/* The segment behind it exists: nothing more will be written to this one. Lock held. */
static bool close_followed(struct embedded_partition *partition, struct weir_error *error)
{
    struct embedded_segment *segment = partition->segments[partition->segment_count - 1];
    int64_t position = partition->durable_size;
    if (!embedded_segment_open(segment, error))
        return false;
    segment->size = lseek(segment->fd, 0, SEEK_END);
    bool walked = walk_tail(partition, segment, &position, &partition->next, error);
    pthread_mutex_lock(&segment->index_lock);
    segment->scanned = false;
    pthread_mutex_unlock(&segment->index_lock);
    return walked;
}

static bool add_followed(struct embedded_partition *partition, int64_t base, struct weir_error *error)
{
    struct embedded_segment *segment = embedded_segment_load(partition->directory, base, error);
    if (!segment)
        return false;
    if (partition->segment_count && !close_followed(partition, error)) {
        embedded_segment_free(segment);
        return false;
    }
    embedded_partition_add(partition, segment);
    partition->durable_size = segment->size = EMBEDDED_SEGMENT_HEAD;
    partition->next = base;
    return true;
}

/* Lock held. */
static bool relist(struct embedded_partition *partition, struct embedded_names *names, struct weir_error *error)
{
    drop_vanished(partition);
    for (size_t i = 0; i < names->count; i++) {
        struct weir_error cause = {0};
        int64_t base = base_of_name(names->items[i]);
        size_t count = partition->segment_count;
        if (base < 0 || (count && base <= partition->segments[count - 1]->base) ||
            add_followed(partition, base, &cause))
            continue;
        if (cause.code == WEIR_ABSENT) /* just being created: the next look finds it whole */
            break;
        return error_set(error, cause.code, "%s", cause.message);
    }
    return true;
}

static bool follow_last(struct embedded_partition *partition, struct weir_error *error)
{
    if (partition->segment_count == 0)
        return true;
    struct embedded_segment *segment = partition->segments[partition->segment_count - 1];
    int64_t position = partition->durable_size;
    if (!embedded_segment_open(segment, error))
        return false;
    segment->size = lseek(segment->fd, 0, SEEK_END);
    if (!walk_tail(partition, segment, &position, &partition->next, error))
        return false;
    segment->size = partition->durable_size = position;
    atomic_store(&partition->durable, partition->next);
    embedded_partition_publish(partition);
    return true;
}

/* Transactions that the other process has ended since. Lock held. */
static bool end_transactions(struct embedded_partition *partition, struct weir_error *error)
{
    struct embedded *broker = partition->broker;
    if (partition->open_count > 0 && !embedded_follow_outcomes(broker, error))
        return false;
    for (size_t i = 0; i < partition->open_count; i++)
        if (embedded_outcomes_of(&broker->outcomes, partition->open[i].transaction) != EMBEDDED_OPEN)
            partition->open[i--] = partition->open[--partition->open_count];
    return true;
}

bool embedded_partition_follow(struct embedded_partition *partition, struct weir_error *error)
{
    struct weir_error cause = {0};
    struct embedded_names names;
    int64_t now_us = clock_monotonic_us(&clock_system);
    pthread_mutex_lock(&partition->lock);
    bool followed = now_us - partition->checked_us < EMBEDDED_FOLLOW_MS * 1000;
    if (!followed) {
        partition->checked_us = now_us;
        followed = embedded_directory_list(partition->directory, &names, &cause) && relist(partition, &names, &cause) &&
                   end_transactions(partition, &cause) && follow_last(partition, &cause);
        embedded_names_free(&names);
    }
    pthread_mutex_unlock(&partition->lock);
    return followed || embedded_partition_error(partition, &cause, error);
}
