/* offsets.c: see offsets.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/offsets.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "embedded/files.h"
#include "embedded/limits.h"
#include "embedded/outcomes.h"

static const char magic[8] = {'W', 'E', 'I', 'R', 'O', 'F', 'F', '1'};

struct head { /* as it lies in the file */
    uint32_t crc, size;
    int64_t offset;
    int32_t partition;
    uint16_t topic_size, metadata_size;
};
_Static_assert(sizeof(struct head) == 24, "the head has no padding");

const struct embedded_offset *embedded_offsets_find(const struct embedded_offsets *offsets, const char *topic,
                                                    int32_t partition)
{
    for (size_t i = 0; i < offsets->count; i++)
        if (offsets->items[i].partition == partition && strcmp(offsets->items[i].topic, topic) == 0)
            return &offsets->items[i];
    return NULL;
}

static struct embedded_offset *item_of(struct embedded_offsets *offsets, const struct broker_offset *wanted)
{
    for (size_t i = 0; i < offsets->count; i++)
        if (offsets->items[i].partition == wanted->partition && strcmp(offsets->items[i].topic, wanted->topic) == 0)
            return &offsets->items[i];
    offsets->items = memory_grow(offsets->items, &offsets->capacity, offsets->count + 1, sizeof *offsets->items);
    struct embedded_offset *item = &offsets->items[offsets->count++];
    *item = (struct embedded_offset){.topic = memory_text(wanted->topic), .partition = wanted->partition};
    return item;
}

void embedded_offsets_set(struct embedded_offsets *offsets, const struct broker_offset *wanted)
{
    struct embedded_offset *item = item_of(offsets, wanted);
    free(item->metadata);
    item->metadata = memory_text(wanted->metadata ? wanted->metadata : "");
    item->offset = wanted->offset;
}

static uint32_t seed_of(int64_t transaction)
{
    return (uint32_t)transaction ^ (uint32_t)(transaction >> 32);
}

/* Sizes and CRC of the entry that begins at the place and ends with the buffer. */
static void seal(struct buffer *buffer, size_t at, struct head head, uint32_t seed)
{
    head.size = (uint32_t)(buffer->size - at);
    memcpy(buffer->data + at, &head, sizeof head);
    head.crc = hash_crc32c(seed, buffer->data + at + sizeof head.crc, head.size - sizeof head.crc);
    memcpy(buffer->data + at, &head.crc, sizeof head.crc);
}

static void encode(struct buffer *buffer, const struct broker_offset *offset, uint32_t seed)
{
    const char *metadata = offset->metadata ? offset->metadata : "";
    struct head head = {.offset = offset->offset,
                        .partition = offset->partition,
                        .topic_size = (uint16_t)strlen(offset->topic),
                        .metadata_size = (uint16_t)strlen(metadata)};
    size_t at = buffer->size;
    buffer_append(buffer, &head, sizeof head);
    buffer_append(buffer, offset->topic, head.topic_size);
    buffer_append(buffer, metadata, head.metadata_size);
    seal(buffer, at, head, seed);
}

void embedded_offsets_encode(struct buffer *buffer, const struct broker_offset *offset)
{
    encode(buffer, offset, 0);
}

void embedded_offsets_encode_transaction(struct buffer *buffer, int64_t number, const struct broker_offset *offsets,
                                         size_t count)
{
    struct head head = {.offset = number, .partition = (int32_t)count};
    size_t at = buffer->size;
    buffer_append(buffer, &head, sizeof head);
    for (size_t i = 0; i < count; i++)
        encode(buffer, &offsets[i], seed_of(number));
    seal(buffer, at, head, 0);
}

/* Size of the whole entry at data, whose head is filled in; 0: none. */
static size_t check_entry(const char *data, size_t size, uint32_t seed, struct head *head)
{
    if (size < sizeof *head)
        return 0;
    memcpy(head, data, sizeof *head);
    size_t least = sizeof *head + head->topic_size + head->metadata_size;
    bool fits =
        head->topic_size ? head->size == least : head->size >= least && !head->metadata_size && head->offset > 0;
    if (!fits || head->size > size)
        return 0;
    return hash_crc32c(seed, data + sizeof head->crc, head->size - sizeof head->crc) == head->crc ? head->size : 0;
}

static void take_offset(struct embedded_offsets *offsets, const char *data, const struct head *head)
{
    char *topic = memory_copy(data + sizeof *head, head->topic_size);
    char *metadata = memory_copy(data + sizeof *head + head->topic_size, head->metadata_size);
    embedded_offsets_set(offsets, &(struct broker_offset){topic, head->partition, head->offset, metadata});
    free(topic);
    free(metadata);
}

/* The offsets inside the entry of a transaction; false: they are not what its head says. offsets NULL: only looks. */
static bool take_transaction(struct embedded_offsets *offsets, const char *data, const struct head *whole)
{
    size_t at = sizeof *whole;
    int32_t count = 0;
    struct head head;
    for (size_t size; at < whole->size; at += size, count++) {
        size = check_entry(data + at, whole->size - at, seed_of(whole->offset), &head);
        if (size == 0 || head.topic_size == 0)
            return false;
        if (offsets)
            take_offset(offsets, data + at, &head);
    }
    return count == whole->partition;
}

static bool take_entry(struct embedded_offsets *offsets, const char *data, const struct head *head)
{
    if (head->topic_size == 0)
        return take_transaction(NULL, data, head) && take_transaction(offsets, data, head);
    take_offset(offsets, data, head);
    return true;
}

static bool take_entries(struct embedded_offsets *offsets, const char *data, size_t size, struct weir_error *error)
{
    size_t at = sizeof magic;
    struct head head;
    if (size < sizeof magic) /* its creation was cut off */
        return true;
    if (memcmp(data, magic, sizeof magic) != 0)
        return error_set(error, WEIR_CORRUPT, "%s is no offsets file of this version", offsets->path);
    for (size_t entry; (entry = check_entry(data + at, size - at, 0, &head)); at += entry)
        if (!take_entry(offsets, data + at, &head))
            return error_set(error, WEIR_CORRUPT, "%s: the transaction at byte %zu is damaged", offsets->path, at);
    for (size_t behind = at + 1; behind < size; behind++)
        if (check_entry(data + behind, size - behind, 0, &head))
            return error_set(error, WEIR_CORRUPT, "%s is damaged at byte %zu, whole entries follow", offsets->path, at);
    if (at < size)
        log_warning("embedded", "%s: cut %zu bytes of an unfinished write", offsets->path, size - at);
    return true;
}

bool embedded_offsets_outcomes(const char *path, struct embedded_outcomes *outcomes, struct weir_error *error)
{
    size_t size, entry;
    struct head head;
    char *data = embedded_file_read(path, &size, error);
    if (!data)
        return false;
    for (size_t at = sizeof magic; at < size && (entry = check_entry(data + at, size - at, 0, &head)); at += entry)
        if (head.topic_size == 0)
            embedded_outcomes_commit(outcomes, head.offset);
    free(data);
    return true;
}

/* The latest entries only, in a new file; also how the file comes into being. */
static bool rewrite(struct embedded_offsets *offsets, struct weir_error *error)
{
    struct buffer content = {0};
    if (!embedded_outcomes_save(offsets->outcomes, error))
        return false;
    buffer_append(&content, magic, sizeof magic);
    for (size_t i = 0; i < offsets->count; i++) {
        const struct embedded_offset *item = &offsets->items[i];
        embedded_offsets_encode(&content,
                                &(struct broker_offset){item->topic, item->partition, item->offset, item->metadata});
    }
    bool written = embedded_file_replace(offsets->path, buffer_bytes(&content), error);
    int fd = written ? open(offsets->path, O_RDWR | O_CLOEXEC) : -1;
    written = written && (fd >= 0 || embedded_file_failed(error, "open", offsets->path));
    if (written) {
        if (offsets->fd >= 0)
            close(offsets->fd);
        offsets->fd = fd;
        offsets->size = (int64_t)content.size;
    }
    buffer_done(&content);
    return written;
}

bool embedded_offsets_load(struct embedded_offsets *offsets, char *path, struct embedded_outcomes *outcomes,
                           struct weir_error *error)
{
    *offsets = (struct embedded_offsets){.path = path, .outcomes = outcomes, .fd = -1};
    if (!path)
        return true;
    if (access(path, F_OK) != 0) /* comes into being with the first commit */
        return true;
    size_t size;
    char *data = embedded_file_read(path, &size, error);
    bool loaded = data && take_entries(offsets, data, size, error);
    free(data);
    return loaded && (!outcomes || rewrite(offsets, error));
}

static void drop_items(struct embedded_offsets *offsets)
{
    for (size_t i = 0; i < offsets->count; i++) {
        free(offsets->items[i].topic);
        free(offsets->items[i].metadata);
    }
    offsets->count = 0;
}

bool embedded_offsets_clear(struct embedded_offsets *offsets, struct weir_error *error)
{
    drop_items(offsets);
    return offsets->fd < 0 || rewrite(offsets, error);
}

void embedded_offsets_done(struct embedded_offsets *offsets)
{
    drop_items(offsets);
    free(offsets->items);
    free(offsets->path);
    if (offsets->fd >= 0)
        close(offsets->fd);
}

bool embedded_offsets_write(struct embedded_offsets *offsets, weir_bytes entries, struct weir_error *error)
{
    if (!offsets->path)
        return true;
    if ((offsets->fd < 0 || offsets->size > EMBEDDED_OFFSETS_BYTES) && !rewrite(offsets, error))
        return false;
    if (embedded_file_write_at(offsets->fd, entries, offsets->size) && fdatasync(offsets->fd) == 0) {
        offsets->size += (int64_t)entries.size;
        return true;
    }
    embedded_file_failed(error, "write", offsets->path);
    if (!rewrite(offsets, NULL)) /* a new file: the old one's pages may be lost without a further word */
        (void)!ftruncate(offsets->fd, offsets->size); /* at least nobody finds what was refused */
    return false;
}
