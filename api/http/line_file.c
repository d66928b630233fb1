/* line_file.c: see line_file.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static int open_file(const struct line_file *file)
{
    return open(file->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, file->mode);
}

bool line_file_open(struct line_file *file, const char *path, mode_t mode)
{
    file->path = memory_text(path);
    file->mode = mode;
    file->fd = open_file(file);
    return file->fd >= 0;
}

void line_file_close(struct line_file *file)
{
    if (file->path && file->fd >= 0)
        close(file->fd);
    memory_free(file->path);
}

void line_file_refresh(struct line_file *file)
{
    struct stat named, open_one;
    if (!file->path || (stat(file->path, &named) == 0 && fstat(file->fd, &open_one) == 0 &&
                        named.st_ino == open_one.st_ino && named.st_dev == open_one.st_dev))
        return;
    int fd = open_file(file);
    if (fd < 0)
        return;
    if (file->fd >= 0)
        close(file->fd);
    file->fd = fd;
}

bool line_file_append(const struct line_file *file, weir_bytes line)
{
    return write(file->fd, line.data, line.size) == (ssize_t)line.size;
}
