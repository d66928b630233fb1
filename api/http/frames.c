/* frames.c: see frames.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/frames.h"

#include <assert.h>

#include "base/bytes.h"

static const char magic[] = {'W', 'R', 'F', '2'};

static void put_u32(struct buffer *out, uint32_t number)
{
    char bytes[4];
    bytes_put_u32(bytes, number);
    buffer_append(out, bytes, sizeof bytes);
}

static void put_u64(struct buffer *out, uint64_t number)
{
    char bytes[8];
    bytes_put_u64(bytes, number);
    buffer_append(out, bytes, sizeof bytes);
}

static void put_bytes(struct buffer *out, weir_bytes bytes)
{
    put_u32(out, (uint32_t)bytes.size);
    buffer_append(out, bytes.data, bytes.size);
}

void frames_write_head(struct buffer *out, weir_bytes position)
{
    assert(out->size == 0);
    buffer_append(out, magic, sizeof magic);
    buffer_byte(out, 0);
    put_bytes(out, position);
}

void frames_set_more(struct buffer *out)
{
    out->data[sizeof magic] = 1;
}

void frames_write_row(struct buffer *out, const struct frame *frame)
{
    put_bytes(out, frame->order);
    put_bytes(out, frame->key);
    put_u64(out, (uint64_t)frame->window_ms);
    put_u64(out, (uint64_t)frame->window_end_ms);
    put_u32(out, (uint32_t)frame->partition);
    put_bytes(out, frame->text);
}

static bool take(struct frames *frames, size_t size, weir_bytes *out)
{
    if ((size_t)(frames->end - frames->at) < size)
        return false;
    *out = (weir_bytes){frames->at, size};
    frames->at += size;
    return true;
}

static bool take_u32(struct frames *frames, uint32_t *out)
{
    weir_bytes bytes;
    if (!take(frames, 4, &bytes))
        return false;
    *out = bytes_get_u32(bytes.data);
    return true;
}

static bool take_bytes(struct frames *frames, weir_bytes *out)
{
    uint32_t size;
    return take_u32(frames, &size) && take(frames, size, out);
}

bool frames_read_head(struct frames *frames, weir_bytes bytes)
{
    weir_bytes found, more;
    *frames = (struct frames){.at = bytes.data, .end = (const char *)bytes.data + bytes.size};
    if (!take(frames, sizeof magic, &found) || memcmp(found.data, magic, sizeof magic) != 0 || !take(frames, 1, &more))
        return false;
    frames->more = *(const char *)more.data != 0;
    return take_bytes(frames, &frames->position);
}

bool frames_next(struct frames *frames, struct frame *frame)
{
    const char *began = frames->at;
    weir_bytes window;
    uint32_t partition;
    if (take_bytes(frames, &frame->order) && take_bytes(frames, &frame->key) && take(frames, 16, &window) &&
        take_u32(frames, &partition) && take_bytes(frames, &frame->text)) {
        frame->window_ms = (int64_t)bytes_get_u64(window.data);
        frame->window_end_ms = (int64_t)bytes_get_u64((const char *)window.data + 8);
        frame->partition = (int32_t)partition;
        return true;
    }
    frames->at = began;
    return false;
}
