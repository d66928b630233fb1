/* file.h: small files that may be replaced while we run. */
#ifndef WEIR_GUARD_FILE_H
#define WEIR_GUARD_FILE_H
#include <sys/stat.h>

#include "base/buffer.h"

enum { FILE_BYTES_MAX = 1024 * 1024 };

/* Reads it whole, and puts a NUL behind it that does not count. False: WEIR_INVALID, the message names setting and file. */
bool file_read(const char *setting, const char *path, struct buffer *, struct weir_error *);

struct file_watch { /* starts as {0} */
    struct timespec changed;
    ino_t inode;
    off_t size;
};

/* Whether it is another one than when this was last asked; the first time it is. */
bool file_changed(struct file_watch *, const char *path);
#endif
