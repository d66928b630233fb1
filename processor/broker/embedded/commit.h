/* commit.h: the flusher's half of a partition: what is pending becomes written, then durable. Flusher's thread only. */
#ifndef WEIR_EMBEDDED_COMMIT_H
#define WEIR_EMBEDDED_COMMIT_H
#include "embedded/flusher.h"

void embedded_commit_begin(struct embedded_flush *);
void embedded_commit_finish(struct embedded_flush *);
#endif
