/* scratch.h: a file without a name that lives as long as it is open: what is in it lies in the page cache while the machine has
 * memory for it, and on the disk otherwise, and is gone after a crash. Its place on the disk is given back piece by piece. */
#ifndef WEIR_STATE_SCRATCH_H
#define WEIR_STATE_SCRATCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scratch {
    int descriptor; /* -1: there is none */
    int64_t end;
};

/* In that directory. False: there can be none; the scratch is closed. */
bool scratch_open(struct scratch *, const char *directory);
void scratch_close(struct scratch *);
static inline bool scratch_is_open(const struct scratch *scratch)
{
    return scratch->descriptor >= 0;
}
/* Behind what is there; *at: where. False: it was not written (the disk is full). */
bool scratch_append(struct scratch *, const void *data, size_t size, int64_t *at);
/* False: not all of it can be read. */
bool scratch_read(const struct scratch *, int64_t at, void *data, size_t size);
/* What lies there is not read any more. False: the file system cannot give its place back. */
bool scratch_release(struct scratch *, int64_t at, size_t size);
#endif
