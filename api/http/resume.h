/* resume.h: where a reader of changes is, as the id of an event and as Last-Event-ID brings it back: "partition:mark,…", partitions
 * that have been told in full. */
#ifndef WEIR_HTTP_RESUME_H
#define WEIR_HTTP_RESUME_H
#include "base/buffer.h"

/* Appends it; marks by partition, WEIR_MARK_NOW: left out. */
void resume_write(const int64_t *marks, int32_t partitions, struct buffer *);
/* Fills in marks by partition, WEIR_MARK_NOW where the text has none. False: it is no such text, or of another view. */
bool resume_read(weir_bytes text, int64_t *marks, int32_t partitions);
#endif
