/* duration.h: durations as text: ISO 8601, as Java's Duration.parse reads it. */
#ifndef WEIR_BASE_DURATION_H
#define WEIR_BASE_DURATION_H
#include <stdbool.h>
#include <stdint.h>

/* "PnDTnHnMn.nS": each part may be left out, but not all, and none twice; each may have a sign, as the whole. Capital or
 * not. Less than a millisecond is dropped. False: not of this form, or beyond 64 bits. */
bool duration_read(const char *text, int64_t *ms);
#endif
