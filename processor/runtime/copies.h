/* copies.h: copies of the state of tasks, made for other instances, which read them file by file (copier.h).
 *
 * A copy is made of a task that runs or stands by here, or of one that this process had and gave up: its state is still in
 * its directory. It is as of some commit, and costs no room until the task goes on and its files are replaced. Copies that
 * nobody has read from for a while are removed; so are those of an earlier process. Any thread. */
#ifndef WEIR_RUNTIME_COPIES_H
#define WEIR_RUNTIME_COPIES_H
#include "base/buffer.h"
#include "runtime/task.h"

struct copies;
struct weir_app;

struct copies *copies_new(struct weir_app *, struct weir_error *);
void copies_free(struct copies *); /* NULL is fine */
/* The task is or was here. Under the registry's write lock. */
void copies_note(struct copies *, const struct task *);
/* Makes a copy of the task, which is named as its directory is, and writes its manifest. False: WEIR_ABSENT (its state is not
 * here), WEIR_RETRY (too many copies are being read), or why it cannot be made. */
bool copies_make(struct copies *, const char *task, struct buffer *manifest, struct weir_error *);
/* Up to `most` bytes of a file; fewer: its end. False: WEIR_ABSENT (there is no such copy any more, or no such file). */
bool copies_read(struct copies *, const char *copy, const char *file, int64_t offset, void *out, size_t most,
                 size_t *got, struct weir_error *);
/* To be called once in a while. */
void copies_sweep(struct copies *);
#endif
