/* failing_disk.c: a library to preload (LD_PRELOAD): the n-th call of one kind on a file below a directory fails with EIO, once.
 *
 * FAIL_CALL  open, read, write, sync or rename (pread is a read, fdatasync a sync, of directories too)
 * FAIL_AT    which one, from 1
 * FAIL_UNDER the directory
 * FAIL_MARK  a file that is made when it has failed
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name, type) ((type)next(#name))

static atomic_long seen;

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static bool is_under(const char *path)
{
    const char *under = getenv("FAIL_UNDER");
    return under && strncmp(path, under, strlen(under)) == 0;
}

static void mark(void)
{
    int fd = NEXT(open, int (*)(const char *, int, ...))(getenv("FAIL_MARK"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static bool strikes(const char *call, const char *path)
{
    const char *wanted = getenv("FAIL_CALL"), *at = getenv("FAIL_AT");
    if (!wanted || !at || strcmp(wanted, call) != 0 || !is_under(path) ||
        atomic_fetch_add(&seen, 1) + 1 != strtol(at, NULL, 10))
        return false;
    mark();
    errno = EIO;
    return true;
}

static bool strikes_file(const char *call, int fd)
{
    char link[32], path[PATH_MAX + 1];
    const char *wanted = getenv("FAIL_CALL");
    if (!wanted || strcmp(wanted, call) != 0)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_MAX);
    if (size <= 0)
        return false;
    path[size] = 0;
    return strikes(call, path);
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                        \
        va_end(rest);                                                                                                  \
        return strikes("open", path) ? -1 : NEXT(name, int (*)(const char *, int, ...))(path, flags, mode);            \
    }
OPEN(open)
OPEN(open64)

ssize_t read(int fd, void *out, size_t size)
{
    return strikes_file("read", fd) ? -1 : NEXT(read, ssize_t(*)(int, void *, size_t))(fd, out, size);
}

#define PREAD(name)                                                                                                    \
    ssize_t name(int fd, void *out, size_t size, off_t at)                                                             \
    {                                                                                                                  \
        return strikes_file("read", fd) ? -1 : NEXT(name, ssize_t(*)(int, void *, size_t, off_t))(fd, out, size, at);  \
    }
PREAD(pread)
PREAD(pread64)

ssize_t write(int fd, const void *bytes, size_t size)
{
    return strikes_file("write", fd) ? -1 : NEXT(write, ssize_t(*)(int, const void *, size_t))(fd, bytes, size);
}

#define PWRITE(name)                                                                                                   \
    ssize_t name(int fd, const void *bytes, size_t size, off_t at)                                                     \
    {                                                                                                                  \
        return strikes_file("write", fd)                                                                               \
                   ? -1                                                                                                \
                   : NEXT(name, ssize_t(*)(int, const void *, size_t, off_t))(fd, bytes, size, at);                    \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return strikes_file("write", fd) ? -1 : NEXT(writev, ssize_t(*)(int, const struct iovec *, int))(fd, parts, count);
}

int fsync(int fd)
{
    return strikes_file("sync", fd) ? -1 : NEXT(fsync, int (*)(int))(fd);
}

int fdatasync(int fd)
{
    return strikes_file("sync", fd) ? -1 : NEXT(fdatasync, int (*)(int))(fd);
}

int rename(const char *from, const char *to)
{
    return strikes("rename", to) ? -1 : NEXT(rename, int (*)(const char *, const char *))(from, to);
}
