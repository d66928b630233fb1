/* time.h: moments as RFC 3339 text with milliseconds, in UTC. */
#ifndef WEIR_HTTP_TIME_H
#define WEIR_HTTP_TIME_H
#include "weir.h"

enum { TIME_TEXT_BYTES = 24 };

void time_text(int64_t ms, char out[TIME_TEXT_BYTES + 1]); /* years 0000 to 9999; what is beyond is clamped */
/* "2024-12-04T10:30:00.000Z", with 0 to 9 digits of fraction and Z or an offset; or milliseconds as an integer. */
bool time_of_text(weir_bytes, int64_t *ms);
#endif
