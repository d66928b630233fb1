/* directory.h: a directory for one run, gone at its end. */
#ifndef WEIR_BENCHMARKS_DIRECTORY_H
#define WEIR_BENCHMARKS_DIRECTORY_H
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

static inline const char *directory_new(void)
{
    static char path[256];
    const char *parent = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/weir-benchmark-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(path))
        measure_fail("%s: cannot be created", path);
    return path;
}

static inline int directory_remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status, (void)flag, (void)walk;
    return remove(path);
}

static inline void directory_remove(const char *path)
{
    if (nftw(path, directory_remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        measure_fail("%s: cannot be removed", path);
}
#endif
