/* uuid.h: new ids: UUID version 7 (RFC 9562, 5.7), so that they sort by the time at which they were made. */
#ifndef WEIR_HTTP_UUID_H
#define WEIR_HTTP_UUID_H
#include <stdint.h>

enum { UUID_TEXT_BYTES = 36 };

/* 74 bits are random, whatever the clock says. Any thread. */
void uuid_text(int64_t now_ms, char out[UUID_TEXT_BYTES + 1]);
#endif
