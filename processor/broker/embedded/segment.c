/* segment.c: see segment.h. Creating, loading and appending; walking and searching is in scan.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/segment.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "embedded/files.h"
#include "embedded/limits.h"

static const char magic[8] = {'W', 'E', 'I', 'R', 'L', 'O', 'G', '1'};

struct head { /* as it lies in the file */
    char magic[8];
    int64_t base, previous_base, through_base, created_ms;
    uint32_t salt, flags;
    char zero[12];
    uint32_t crc;
};
_Static_assert(sizeof(struct head) == EMBEDDED_SEGMENT_HEAD, "the head has no padding");
enum { FLAG_COMPACTED = 1 };

char *embedded_segment_path(const char *directory, int64_t base, const char *suffix)
{
    return memory_format("%s/%020" PRId64 ".log%s", directory, base, suffix);
}

static struct embedded_segment *segment_new(void)
{
    struct embedded_segment *segment = memory_new(sizeof *segment);
    segment->fd = -1;
    segment->end = -1;
    segment->newest_ms = -1;
    pthread_mutex_init(&segment->index_lock, NULL);
    return segment;
}

void embedded_segment_free(struct embedded_segment *segment)
{
    if (!segment)
        return;
    embedded_segment_close(segment);
    if (segment->fd >= 0) /* in memory: the descriptor was the data */
        close(segment->fd);
    pthread_mutex_destroy(&segment->index_lock);
    free(segment->index);
    free(segment->path);
    free(segment);
}

static bool write_head(struct embedded_segment *segment, struct weir_error *error)
{
    struct head head = {.base = segment->base,
                        .previous_base = segment->previous_base,
                        .through_base = segment->through_base,
                        .created_ms = segment->created_ms,
                        .salt = segment->salt,
                        .flags = segment->compacted ? FLAG_COMPACTED : 0};
    memcpy(head.magic, magic, sizeof magic);
    head.crc = hash_crc32c(0, &head, offsetof(struct head, crc));
    if (!embedded_file_write_at(segment->fd, (weir_bytes){&head, sizeof head}, 0))
        return embedded_file_failed(error, "write", segment->path ? segment->path : "memory");
    segment->size = EMBEDDED_SEGMENT_HEAD;
    return true;
}

static uint32_t new_salt(void)
{
    uint32_t salt = 0;
    ssize_t got = getrandom(&salt, sizeof salt, 0);
    assert(got == (ssize_t)sizeof salt);
    return salt;
}

struct embedded_segment *embedded_segment_create(const struct embedded_segment_plan *plan, struct weir_error *error)
{
    struct embedded_segment *segment = segment_new();
    segment->base = plan->base;
    segment->previous_base = plan->previous_base;
    segment->through_base = plan->through_base;
    segment->created_ms = plan->created_ms;
    segment->compacted = plan->compacted;
    segment->scanned = true; /* what is appended is noted at once */
    segment->salt = new_salt();
    if (plan->directory) {
        segment->path = embedded_segment_path(plan->directory, plan->base, plan->suffix);
        segment->fd = open(segment->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    } else {
        segment->fd = memfd_create("weir-log", MFD_CLOEXEC);
    }
    if (segment->fd < 0)
        embedded_file_failed(error, "create", segment->path ? segment->path : "memory");
    if (segment->fd < 0 || !write_head(segment, error)) {
        if (segment->path)
            unlink(segment->path);
        embedded_segment_free(segment);
        return NULL;
    }
    return segment;
}

static bool is_blank(const struct head *head)
{
    static const struct head blank;
    return memcmp(head, &blank, sizeof blank) == 0;
}

/* WEIR_ABSENT: the file's creation was cut off, it holds nothing. */
static bool take_head(struct embedded_segment *segment, const struct head *head, size_t size, struct weir_error *error)
{
    if (size < sizeof *head || is_blank(head))
        return error_set(error, WEIR_ABSENT, "%s has no header", segment->path);
    if (memcmp(head->magic, magic, sizeof magic) != 0)
        return error_set(error, WEIR_CORRUPT, "%s is not a log segment of this version", segment->path);
    if (head->crc != hash_crc32c(0, head, offsetof(struct head, crc)) || head->base != segment->base)
        return error_set(error, WEIR_CORRUPT, "the header of %s is damaged", segment->path);
    segment->previous_base = head->previous_base;
    segment->through_base = head->through_base;
    segment->created_ms = head->created_ms;
    segment->compacted = head->flags & FLAG_COMPACTED;
    if (segment->salt != head->salt) { /* first time, or another process replaced the file by a compacted one */
        segment->scanned = false;
        segment->index_count = 0;
        segment->newest_ms = -1;
    }
    segment->salt = head->salt;
    return true;
}

bool embedded_segment_open(struct embedded_segment *segment, struct weir_error *error)
{
    if (segment->fd >= 0)
        return true;
    struct head head = {0};
    struct stat status = {0};
    segment->fd = open(segment->path, O_RDWR | O_CLOEXEC);
    if (segment->fd < 0 && (errno == EACCES || errno == EROFS))
        segment->fd = open(segment->path, O_RDONLY | O_CLOEXEC);
    if (segment->fd < 0 || fstat(segment->fd, &status) < 0)
        return embedded_file_failed(error, "open", segment->path);
    int64_t got = embedded_file_read_at(segment->fd, &head, sizeof head, 0);
    if (got < 0 ? !embedded_file_failed(error, "read", segment->path)
                : !take_head(segment, &head, (size_t)got, error)) {
        embedded_segment_close(segment);
        return false;
    }
    if (segment->size == 0 || segment->end >= 0)
        segment->size = status.st_size;
    return true;
}

void embedded_segment_close(struct embedded_segment *segment)
{
    if (segment->path && segment->fd >= 0) {
        close(segment->fd);
        segment->fd = -1;
    }
}

struct embedded_segment *embedded_segment_load(const char *directory, int64_t base, struct weir_error *error)
{
    struct embedded_segment *segment = segment_new();
    segment->base = base;
    segment->path = embedded_segment_path(directory, base, "");
    if (embedded_segment_open(segment, error))
        return segment;
    embedded_segment_free(segment);
    return NULL;
}

void embedded_segment_note(struct embedded_segment *segment, int64_t offset, int64_t position, int64_t timestamp_ms)
{
    if (timestamp_ms > segment->newest_ms)
        segment->newest_ms = timestamp_ms;
    if (segment->index_count &&
        position - segment->index[segment->index_count - 1].position < EMBEDDED_INDEX_STRIDE_BYTES)
        return;
    segment->index =
        memory_grow(segment->index, &segment->index_capacity, segment->index_count + 1, sizeof *segment->index);
    segment->index[segment->index_count++] = (struct embedded_index_entry){offset, position};
}

bool embedded_segment_append(struct embedded_segment *segment, weir_bytes frames, struct weir_error *error)
{
    assert(segment->end < 0 && segment->fd >= 0);
    if (!embedded_file_write_at(segment->fd, frames, segment->size))
        return embedded_file_failed(error, "write", segment->path ? segment->path : "memory");
    int64_t position = segment->size;
    pthread_mutex_lock(&segment->index_lock);
    for (size_t at = 0; at < frames.size;) {
        const char *frame = (const char *)frames.data + at;
        embedded_segment_note(segment, embedded_frame_offset(frame), position + (int64_t)at,
                              embedded_frame_timestamp(frame));
        at += embedded_frame_size(frame);
    }
    pthread_mutex_unlock(&segment->index_lock);
    segment->size += (int64_t)frames.size;
    return true;
}

bool embedded_segment_sync(struct embedded_segment *segment, struct weir_error *error)
{
    return !segment->path || fdatasync(segment->fd) == 0 || embedded_file_failed(error, "sync", segment->path);
}
