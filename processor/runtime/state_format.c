/* state_format.c: see state_format.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/state_format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "runtime/directory.h"

#define FORMAT "weir-state 1\n"
enum { FORMAT_BYTES = sizeof FORMAT - 1, SHOWN_BYTES = 40 };

/* Not synced: a file that a power failure left empty is form 1, too. */
static bool write_format(int file, const char *path, struct weir_error *error)
{
    return pwrite(file, FORMAT, FORMAT_BYTES, 0) == FORMAT_BYTES ||
           error_set(error, WEIR_INVALID, "cannot write %s: %s", path, strerror(errno));
}

/* A part of our own line is one whose writing was cut off. */
static bool check(int file, const char *path, struct weir_error *error)
{
    char text[SHOWN_BYTES + 1] = "";
    ssize_t size = pread(file, text, SHOWN_BYTES, 0);
    if (size < 0)
        return error_set(error, WEIR_INVALID, "cannot read %s: %s", path, strerror(errno));
    if (size == FORMAT_BYTES && memcmp(text, FORMAT, FORMAT_BYTES) == 0)
        return true;
    if (size < FORMAT_BYTES && memcmp(text, FORMAT, (size_t)size) == 0)
        return write_format(file, path, error);
    text[strcspn(text, "\n")] = 0;
    return error_set(error, WEIR_INVALID,
                     "%s says '%s': another version of weir wrote this state, and it is left as it is; start with that "
                     "version, or with a state.dir of its own, which is filled from the changelogs",
                     path, text);
}

bool state_format_check(const struct config *config, const char *application, struct weir_error *error)
{
    char *directory = directory_of_application(config, application, error);
    if (!directory)
        return false;
    char *path = memory_format("%s/format", directory);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool ok = file >= 0 ? check(file, path, error)
                        : error_set(error, WEIR_INVALID, "cannot open %s: %s", path, strerror(errno));
    if (file >= 0)
        close(file);
    memory_free(path);
    memory_free(directory);
    return ok;
}
