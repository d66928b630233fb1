/* tree.c: see tree.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

enum { OPEN_DIRECTORIES_MAX = 16 };

/* Goes on behind what cannot be removed: its directory then cannot be either, and that is told. */
static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    remove(path);
    return 0;
}

bool tree_remove(const char *path)
{
    struct stat status;
    if (!path)
        return true;
    nftw(path, remove_one, OPEN_DIRECTORIES_MAX, FTW_DEPTH | FTW_PHYS);
    if (lstat(path, &status) != 0 && errno == ENOENT)
        return true;
    remove(path); /* once more, for the reason */
    return false;
}
