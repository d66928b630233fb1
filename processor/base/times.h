/* times.h: comparing times, in ms of whatever clock. */
#ifndef WEIR_BASE_TIMES_H
#define WEIR_BASE_TIMES_H
#include <stdint.h>

static inline int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
#endif
