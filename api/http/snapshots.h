/* snapshots.h: the figures of /metrics as JSON lines in a file, every so often, for whoever analyses them later
 * (metrics.snapshot.file, metrics.snapshot.interval.ms). One thread, where there is a file. */
#ifndef WEIR_HTTP_SNAPSHOTS_H
#define WEIR_HTTP_SNAPSHOTS_H
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "http/line_file.h"
#include "http/thread.h"
#include "weir.h"

struct weir_http;

struct snapshots {
    const char *path; /* "": none are kept; "-": the standard output */
    int64_t interval_ms;
    struct line_file file;
    bool has_failed; /* the latest line was lost */
    struct thread thread;
};

void snapshots_init(struct snapshots *);
/* path NULL or "": none are kept. False: the file cannot be opened. */
bool snapshots_open(struct snapshots *, const char *path, int64_t interval_ms, struct weir_error *);
bool snapshots_start(struct weir_http *);
void snapshots_stop(struct weir_http *); /* after a last line */
void snapshots_done(struct snapshots *);
/* {"ts":"…","metrics":{"NAME{LABELS}":VALUE,…}}, with a newline: of a text as /metrics gives it. What is no number is null. */
void snapshot_write(struct buffer *, int64_t now_ms, weir_bytes prometheus);
#endif
