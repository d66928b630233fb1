/* scan.c: walking over the frames of a segment, and telling damage from the torn end of a write. See segment.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "embedded/files.h"
#include "embedded/limits.h"
#include "embedded/segment.h"

void embedded_walk_init(struct embedded_walk *walk, struct embedded_segment *segment, int64_t position, int64_t limit)
{
    *walk = (struct embedded_walk){.segment = segment, .position = position, .limit = limit};
}

void embedded_walk_done(struct embedded_walk *walk)
{
    free(walk->data);
    walk->data = NULL;
}

/* Reads from walk->position on, at least `need` bytes; false: fewer are there, or an error. */
static bool fill(struct embedded_walk *walk, size_t need, struct weir_error *error)
{
    int64_t left = walk->limit - walk->position;
    if (left < (int64_t)need)
        return false;
    size_t size = need > EMBEDDED_SCAN_BYTES ? need : EMBEDDED_SCAN_BYTES;
    if ((int64_t)size > left)
        size = (size_t)left;
    if (size > walk->capacity) {
        walk->data = memory_resize(walk->data, size);
        walk->capacity = size;
    }
    int64_t got = embedded_file_read_at(walk->segment->fd, walk->data, size, walk->position);
    if (got < 0)
        return embedded_file_failed(error, "read", walk->segment->path ? walk->segment->path : "memory");
    walk->size = (size_t)got;
    walk->at = 0;
    return walk->size >= need;
}

enum embedded_walk_result embedded_walk_next(struct embedded_walk *walk, struct embedded_frame *frame,
                                             struct weir_error *error)
{
    struct weir_error failure = {0};
    if (walk->position >= walk->limit)
        return EMBEDDED_WALK_END;
    for (;;) {
        weir_bytes available = {walk->data ? walk->data + walk->at : "", walk->size - walk->at};
        enum embedded_frame_state state = embedded_frame_decode(available, walk->segment->salt, frame);
        if (state == EMBEDDED_FRAME_WHOLE)
            break;
        if (state == EMBEDDED_FRAME_SHORT && fill(walk, frame->size, &failure))
            continue;
        if (failure.code == WEIR_OK)
            return EMBEDDED_WALK_DAMAGED;
        error_set(error, failure.code, "%s", failure.message);
        return EMBEDDED_WALK_FAILED;
    }
    walk->frame_data = walk->data + walk->at;
    walk->at += frame->size;
    walk->position += (int64_t)frame->size;
    return EMBEDDED_WALK_FRAME;
}

static bool damaged(const struct embedded_segment *segment, int64_t position, int64_t offset, struct weir_error *error)
{
    return error_set(error, WEIR_CORRUPT, "damaged at offset %" PRId64 " (byte %" PRId64 " of %s)", offset, position,
                     segment->path ? segment->path : "memory");
}

static bool scan_frames(struct embedded_segment *segment, struct weir_error *error)
{
    struct embedded_walk walk;
    struct embedded_frame frame;
    enum embedded_walk_result result;
    int64_t next = segment->base;
    bool ordered = true;
    embedded_walk_init(&walk, segment, EMBEDDED_SEGMENT_HEAD, segment->size);
    int64_t position = walk.position;
    while ((result = embedded_walk_next(&walk, &frame, error)) == EMBEDDED_WALK_FRAME) {
        ordered = frame.offset >= next && (segment->end < 0 || frame.offset < segment->end);
        if (!ordered)
            break;
        embedded_segment_note(segment, frame.offset, position, frame.timestamp_ms);
        next = frame.offset + 1;
        position = walk.position;
    }
    embedded_walk_done(&walk);
    if (result == EMBEDDED_WALK_DAMAGED || !ordered)
        damaged(segment, position, next, error);
    return result == EMBEDDED_WALK_END;
}

/* A whole frame may be missing at the end without a trace in what is left; a segment that no compaction touched has all
 * its offsets up to the next one's base. */
static bool reaches_end(const struct embedded_segment *segment, int64_t last, struct weir_error *error)
{
    if (segment->compacted || segment->end < 0 || last + 1 == segment->end)
        return true;
    return damaged(segment, segment->size, last + 1, error);
}

static bool last_offset(struct embedded_segment *segment, int64_t *last, struct weir_error *error)
{
    struct embedded_walk walk;
    struct embedded_frame frame;
    *last = segment->base - 1;
    if (!segment->index_count)
        return true;
    embedded_walk_init(&walk, segment, segment->index[segment->index_count - 1].position, segment->size);
    enum embedded_walk_result result;
    while ((result = embedded_walk_next(&walk, &frame, error)) == EMBEDDED_WALK_FRAME)
        *last = frame.offset;
    embedded_walk_done(&walk);
    return result == EMBEDDED_WALK_END;
}

bool embedded_segment_scan(struct embedded_segment *segment, struct weir_error *error)
{
    int64_t last;
    pthread_mutex_lock(&segment->index_lock);
    if (!segment->scanned) {
        segment->index_count = 0;
        segment->scanned =
            scan_frames(segment, error) && last_offset(segment, &last, error) && reaches_end(segment, last, error);
    }
    bool scanned = segment->scanned;
    pthread_mutex_unlock(&segment->index_lock);
    return scanned;
}

bool embedded_segment_find(struct embedded_segment *segment, int64_t offset, int64_t *position,
                           struct weir_error *error)
{
    *position = EMBEDDED_SEGMENT_HEAD;
    if (offset <= segment->base)
        return true;
    if (!embedded_segment_scan(segment, error))
        return false;
    pthread_mutex_lock(&segment->index_lock);
    size_t low = 0, high = segment->index_count; /* the last entry with an offset <= the wanted one lies before `low` */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (segment->index[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low)
        *position = segment->index[low - 1].position;
    pthread_mutex_unlock(&segment->index_lock);
    return true;
}

bool embedded_segment_continues(struct embedded_segment *segment, int64_t position, int64_t from, bool *continues,
                                struct weir_error *error)
{
    size_t size = segment->size > position ? (size_t)(segment->size - position) : 0;
    char *data = memory_resize(NULL, size);
    int64_t got = embedded_file_read_at(segment->fd, data, size, position);
    *continues = false;
    for (int64_t at = 1; at + EMBEDDED_FRAME_HEAD <= got && !*continues; at++) {
        struct embedded_frame frame;
        weir_bytes rest = {data + at, (size_t)(got - at)};
        *continues = embedded_frame_decode(rest, segment->salt, &frame) == EMBEDDED_FRAME_WHOLE && frame.offset >= from;
    }
    free(data);
    return got >= 0 || embedded_file_failed(error, "read", segment->path ? segment->path : "memory");
}
