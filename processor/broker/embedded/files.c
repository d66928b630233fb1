/* files.c: see files.h. A name that ends with '~' is a file being written; no topic or group can be called so.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

bool embedded_file_failed(struct weir_error *error, const char *doing, const char *path)
{
    int cause = errno;
    bool passes = cause == ENOSPC || cause == EDQUOT || cause == EFBIG || cause == EMFILE || cause == ENFILE;
    return error_set(error, passes ? WEIR_RETRY : WEIR_FATAL, "cannot %s %s: %s", doing, path, strerrordesc_np(cause));
}

bool embedded_directory_make(const char *path, struct weir_error *error)
{
    char *partial = memory_text(path);
    bool made = true;
    for (char *slash = partial; made && slash;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = 0;
        made = mkdir(partial, 0777) == 0 || errno == EEXIST || embedded_file_failed(error, "create", partial);
        if (slash)
            *slash = '/';
    }
    free(partial);
    return made;
}

bool embedded_directory_sync(const char *path, struct weir_error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return embedded_file_failed(error, "open", path);
    bool synced = fsync(fd) == 0 || embedded_file_failed(error, "sync", path);
    close(fd);
    return synced;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool embedded_directory_list(const char *path, struct embedded_names *names, struct weir_error *error)
{
    *names = (struct embedded_names){0};
    DIR *directory = opendir(path);
    if (!directory)
        return embedded_file_failed(error, "open", path);
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        names->items = memory_grow(names->items, &names->capacity, names->count + 1, sizeof *names->items);
        names->items[names->count++] = memory_text(entry->d_name);
    }
    closedir(directory);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, compare_names);
    return true;
}

void embedded_names_free(struct embedded_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct embedded_names){0};
}

bool embedded_file_write_at(int fd, weir_bytes data, int64_t position)
{
    const char *next = data.data;
    size_t left = data.size;
    while (left) {
        ssize_t written = pwrite(fd, next, left, position);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        next += written;
        position += written;
        left -= (size_t)written;
    }
    return true;
}

int64_t embedded_file_read_at(int fd, void *data, size_t size, int64_t position)
{
    size_t got = 0;
    while (got < size) {
        ssize_t count = pread(fd, (char *)data + got, size - got, position + (int64_t)got);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        got += (size_t)count;
    }
    return (int64_t)got;
}

static bool write_new(const char *path, weir_bytes content, struct weir_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return embedded_file_failed(error, "create", path);
    bool written =
        (embedded_file_write_at(fd, content, 0) && fsync(fd) == 0) || embedded_file_failed(error, "write", path);
    close(fd);
    return written;
}

static bool sync_parent(const char *path, struct weir_error *error)
{
    char *parent = memory_text(path);
    char *slash = strrchr(parent, '/');
    if (slash)
        *slash = 0;
    bool synced = embedded_directory_sync(slash ? parent : ".", error);
    free(parent);
    return synced;
}

bool embedded_file_replace(const char *path, weir_bytes content, struct weir_error *error)
{
    char *beside = memory_format("%s~", path);
    bool replaced = write_new(beside, content, error) &&
                    (rename(beside, path) == 0 || embedded_file_failed(error, "replace", path)) &&
                    sync_parent(path, error);
    free(beside);
    return replaced;
}

char *embedded_file_read(const char *path, size_t *size, struct weir_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        embedded_file_failed(error, "open", path);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    char *data = memory_resize(NULL, (size_t)status.st_size + 1);
    int64_t got = embedded_file_read_at(fd, data, (size_t)status.st_size, 0);
    close(fd);
    if (got < 0) {
        embedded_file_failed(error, "read", path);
        free(data);
        return NULL;
    }
    data[got] = 0;
    *size = (size_t)got;
    return data;
}
