/* segment.h: one file of a partition: a header of 64 bytes, then frames (frame.h) with rising offsets.
 *
 *    0  8    magic "WEIRLOG1" (the last digit is the version)
 *    8  i64  base: the file's name; no record in it has a smaller offset
 *   16  i64  base of the segment before it when it was begun; -1: it was the first
 *   24  i64  base of the last segment merged into it; its own base when none was
 *   32  i64  when it was begun, wall clock, milliseconds
 *   40  u32  salt of its frames' checksums
 *   44  u32  flags; 1: written by compaction, no key occurs twice in it and its compacted neighbours
 *   48  12   zero
 *   60  u32  CRC-32C of bytes 0..60
 *
 * The bases chain the files of a partition, so that one that is missing in the middle is noticed. A segment is in
 * memory when it has no path. `users` and `fd` are guarded by the partition's lock, the index by index_lock. */
#ifndef WEIR_EMBEDDED_SEGMENT_H
#define WEIR_EMBEDDED_SEGMENT_H
#include <pthread.h>

#include "embedded/frame.h"

enum { EMBEDDED_SEGMENT_HEAD = 64 };

struct embedded_index_entry {
    int64_t offset, position; /* the frame with this offset begins at this byte of the file */
};

struct embedded_segment {
    char *path; /* NULL: in memory */
    int fd;     /* -1: not open */
    int users;
    int64_t base, previous_base, through_base, created_ms;
    uint32_t salt;
    bool compacted;
    bool gone;    /* replaced or expired; the last user frees it */
    int64_t size; /* bytes, the header included */
    int64_t end;  /* once closed: base of the segment behind it; -1: still appended to */

    pthread_mutex_t index_lock;
    bool scanned;      /* index and newest_ms are complete, every frame was checked */
    int64_t newest_ms; /* greatest timestamp; -1: none */
    struct embedded_index_entry *index;
    size_t index_count, index_capacity;
};

/* A new file with its header written, not yet durable. directory NULL: in memory. */
struct embedded_segment_plan {
    const char *directory;
    const char *suffix; /* behind ".log": "" or "~" */
    int64_t base, previous_base, through_base, created_ms;
    bool compacted;
};
struct embedded_segment *embedded_segment_create(const struct embedded_segment_plan *, struct weir_error *);
/* Reads the header. NULL: an error, or WEIR_ABSENT when the file is shorter than a header or its header is blank. */
struct embedded_segment *embedded_segment_load(const char *directory, int64_t base, struct weir_error *);
void embedded_segment_free(struct embedded_segment *); /* closes, forgets; the file stays */
char *embedded_segment_path(const char *directory, int64_t base, const char *suffix);

/* Opens the file if it is not; a file replaced by another process since (reader-only use) is followed. */
bool embedded_segment_open(struct embedded_segment *, struct weir_error *);
void embedded_segment_close(struct embedded_segment *);
/* Appends sealed frames and their index entries; size moves. False: errno-based error, size as before. */
bool embedded_segment_append(struct embedded_segment *, weir_bytes frames, struct weir_error *);
void embedded_segment_note(struct embedded_segment *, int64_t offset, int64_t position, int64_t timestamp_ms);
bool embedded_segment_sync(struct embedded_segment *, struct weir_error *);

/* A walk over frames from a position up to a limit. */
struct embedded_walk {
    struct embedded_segment *segment;
    int64_t position, limit; /* of the next frame; where to stop */
    char *data;
    size_t capacity, size, at;
    const char *frame_data; /* the current frame's bytes, until the next call */
};
enum embedded_walk_result {
    EMBEDDED_WALK_FRAME,
    EMBEDDED_WALK_END,
    EMBEDDED_WALK_DAMAGED, /* position is where */
    EMBEDDED_WALK_FAILED,  /* error is set */
};
void embedded_walk_init(struct embedded_walk *, struct embedded_segment *, int64_t position, int64_t limit);
enum embedded_walk_result embedded_walk_next(struct embedded_walk *, struct embedded_frame *, struct weir_error *);
void embedded_walk_done(struct embedded_walk *);

/* Checks every frame of a closed segment and completes index and newest_ms; once. WEIR_CORRUPT names file and place. */
bool embedded_segment_scan(struct embedded_segment *, struct weir_error *);
/* Position of a frame at or before the offset, or of the first. Scans when it must. False: error. */
bool embedded_segment_find(struct embedded_segment *, int64_t offset, int64_t *position, struct weir_error *);
/* Whether a whole frame with an offset of at least `from` begins behind the position: then what lies there is damage
 * and not the torn end of a write. */
bool embedded_segment_continues(struct embedded_segment *, int64_t position, int64_t from, bool *continues,
                                struct weir_error *);
#endif
