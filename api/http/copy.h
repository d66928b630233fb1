/* copy.h: copies of the state of tasks between instances, over HTTP: weir_copy_make and weir_copy_read of another instance. Who
 * may ask for them is RIGHT_ASSIST (guard/role.h).
 *
 *   POST /v1/copies/{application}/{task}   201 and what the copy consists of; 404, its state is not here; 503, not now
 *   GET /v1/copies/{copy}/files/{file}     206, the bytes named by Range, their CRC-32C in X-Weir-Crc32c */
#ifndef WEIR_HTTP_COPY_H
#define WEIR_HTTP_COPY_H
#include "http/server.h"

/* Lets the apps fetch copies through this door, or no longer. */
void copy_open(struct weir_http *);
void copy_close(struct weir_http *);
/* Reads "bytes=<from>-<to>". False: it is not of this form, or of more than COPY_PIECE_BYTES_MAX. */
bool copy_read_range(weir_bytes text, int64_t *from, size_t *size);
enum { COPY_PIECE_BYTES_MAX = 4 * 1024 * 1024 };
#endif
