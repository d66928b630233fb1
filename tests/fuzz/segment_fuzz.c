/* segment_fuzz.c: any bytes as the frames of a segment: decoded, scanned, searched, its headers read. Nothing may be
 * read outside the input, and a damaged frame may never count as whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "embedded/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch(weir_bytes bytes)
{
    volatile char sum = 0;
    for (size_t i = 0; i < bytes.size; i++)
        sum = (char)(sum + ((const char *)bytes.data)[i]);
}

static void read_frame(const struct embedded_frame *frame)
{
    struct weir_header *headers = memory_new(frame->header_count * sizeof *headers);
    touch(frame->key);
    touch(frame->value);
    if (embedded_frame_headers(frame, headers))
        for (uint32_t i = 0; i < frame->header_count; i++) {
            touch((weir_bytes){headers[i].name, strlen(headers[i].name)});
            touch(headers[i].value);
        }
    free(headers);
}

/* With the CRC made right, so that what lies behind it is reached. */
static void decode_sealed(const uint8_t *data, size_t size)
{
    struct embedded_frame frame;
    char *copy = memory_copy(data, size);
    if (embedded_frame_decode((weir_bytes){copy, size}, 0, &frame) == EMBEDDED_FRAME_BAD && frame.size <= size &&
        frame.size > EMBEDDED_FRAME_HEAD) {
        embedded_frame_seal(copy, 0);
        if (embedded_frame_decode((weir_bytes){copy, size}, 0, &frame) == EMBEDDED_FRAME_WHOLE)
            read_frame(&frame);
    }
    free(copy);
}

static void scan(const uint8_t *data, size_t size)
{
    struct weir_error error = {0};
    struct embedded_segment_plan plan = {.previous_base = -1};
    struct embedded_segment *segment = embedded_segment_create(&plan, &error);
    if (!segment)
        return;
    segment->salt = 0;
    segment->scanned = false;
    if (pwrite(segment->fd, data, size, EMBEDDED_SEGMENT_HEAD) == (ssize_t)size) {
        bool continues;
        int64_t position;
        segment->size += (int64_t)size;
        embedded_segment_find(segment, 5, &position, &error);
        embedded_segment_continues(segment, EMBEDDED_SEGMENT_HEAD, 0, &continues, &error);
    }
    embedded_segment_free(segment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode_sealed(data, size);
    scan(data, size);
    return 0;
}
