/* directory.c: see directory.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/directory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/tree.h"

static bool make_all(char *path, struct weir_error *error)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = 0;
        int failed = mkdir(path, 0700) != 0 ? errno : 0;
        if (failed && failed != EEXIST)
            error_set(error, WEIR_INVALID, "cannot make the directory %s: %s", path, strerror(failed));
        if (slash)
            *slash = '/';
        if (failed && failed != EEXIST)
            return false;
        if (!slash)
            return true;
    }
}

static char *made(char *path, struct weir_error *error)
{
    if (make_all(path, error))
        return path;
    memory_free(path);
    return NULL;
}

char *directory_of_application(const struct config *config, const char *application, struct weir_error *error)
{
    return made(memory_format("%s/%s", config_text(config, "state.dir"), application), error);
}

char *directory_of_global(const struct config *config, const char *application, const char *store,
                          struct weir_error *error)
{
    return made(memory_format("%s/%s/global/%s", config_text(config, "state.dir"), application, store), error);
}

char *directory_of_task(const struct config *config, const char *application, int32_t part, int32_t partition,
                        struct weir_error *error)
{
    return made(memory_format("%s/%s/%d_%d", config_text(config, "state.dir"), application, part, partition), error);
}

char *directory_of_copies(const struct config *config, const char *application, struct weir_error *error)
{
    return made(memory_format("%s/%s/copies", config_text(config, "state.dir"), application), error);
}

/* Between the two renames there is no state at `place`, which is what a task begins with, too. */
bool directory_put(const char *directory, const char *place, struct weir_error *error)
{
    char *old = memory_format("%s.old", directory);
    bool ok = (rename(place, old) == 0 || errno == ENOENT) && rename(directory, place) == 0 &&
              (rename(old, directory) == 0 || errno == ENOENT);
    if (!ok)
        error_set(error, WEIR_FATAL, "cannot rename %s to %s: %s", directory, place, strerror(errno));
    memory_free(old);
    return ok;
}

bool directory_set_aside(const char *directory, struct weir_error *error)
{
    char *aside = memory_format("%s.damaged", directory);
    tree_remove(aside);
    bool ok = rename(directory, aside) == 0 || errno == ENOENT;
    if (!ok)
        error_set(error, WEIR_FATAL, "cannot rename %s: %s", directory, strerror(errno));
    else if (mkdir(directory, 0700) != 0)
        ok = error_set(error, WEIR_FATAL, "cannot make the directory %s: %s", directory, strerror(errno));
    memory_free(aside);
    return ok;
}
