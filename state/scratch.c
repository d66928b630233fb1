/* scratch.c: see scratch.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

/* Where the file system has no files without a name, it is taken away at once. */
static int open_named(const char *directory)
{
    char *path = memory_format("%s/scratch-XXXXXX", directory);
    int descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor >= 0)
        unlink(path);
    free(path);
    return descriptor;
}

bool scratch_open(struct scratch *scratch, const char *directory)
{
    *scratch = (struct scratch){.descriptor = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (scratch->descriptor < 0 && errno != ENOENT)
        scratch->descriptor = open_named(directory);
    return scratch_is_open(scratch);
}

void scratch_close(struct scratch *scratch)
{
    if (scratch_is_open(scratch))
        close(scratch->descriptor);
    *scratch = (struct scratch){.descriptor = -1};
}

bool scratch_append(struct scratch *scratch, const void *data, size_t size, int64_t *at)
{
    *at = scratch->end;
    for (size_t done = 0; done < size;) {
        ssize_t written = pwrite(scratch->descriptor, (const char *)data + done, size - done, *at + (off_t)done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        done += (size_t)written;
    }
    scratch->end += (int64_t)size;
    return true;
}

bool scratch_read(const struct scratch *scratch, int64_t at, void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(scratch->descriptor, (char *)data + done, size - done, at + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

bool scratch_release(struct scratch *scratch, int64_t at, size_t size)
{
    return size == 0 ||
           fallocate(scratch->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, (off_t)size) == 0;
}
