/* time.h: which instants have an ISO-8601 text with a four-digit year. Reading and writing: codec.h. */
#ifndef WEIR_SCHEMAS_TIME_H
#define WEIR_SCHEMAS_TIME_H
#include "weir.h"

#define TIME_MS_MIN INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define TIME_MS_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

bool time_has_text(int64_t ms);
#endif
