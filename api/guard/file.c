/* file.c: see file.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

static bool read_all(int fd, struct buffer *out)
{
    ssize_t got = 1;
    while (got > 0 && out->size <= FILE_BYTES_MAX) {
        buffer_reserve(out, 4096);
        got = read(fd, out->data + out->size, 4096);
        if (got > 0)
            out->size += (size_t)got;
    }
    if (got == 0)
        return true;
    if (got > 0)
        errno = EFBIG;
    return false;
}

bool file_read(const char *setting, const char *path, struct buffer *out, struct weir_error *error)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(error, WEIR_INVALID, "%s: %.200s: %s", setting, path, strerror(errno));
    bool good = fstat(fd, &status) == 0 && read_all(fd, out);
    if (!good)
        error_set(error, WEIR_INVALID, "%s: %.200s: %s", setting, path, strerror(errno));
    else if (status.st_mode & S_IWOTH)
        good = error_set(error, WEIR_INVALID, "%s: %.200s can be written by everyone: chmod o-w", setting, path);
    close(fd);
    buffer_byte(out, 0);
    out->size--;
    return good;
}

bool file_changed(struct file_watch *watch, const char *path)
{
    struct stat status = {0};
    if (stat(path, &status) != 0)
        status.st_ino = 0;
    struct file_watch now = {status.st_mtim, status.st_ino, status.st_size};
    bool changed = now.inode != watch->inode || now.size != watch->size ||
                   now.changed.tv_sec != watch->changed.tv_sec || now.changed.tv_nsec != watch->changed.tv_nsec;
    *watch = now;
    return changed;
}
