/* key.h: keys in the order in which people search: parts with a slash between two of them, a time among them.
 *
 * It is the form that weir_search expects of its indexes. */
#ifndef WEIR_TOPOLOGIES_RECORD_KEY_H
#define WEIR_TOPOLOGIES_RECORD_KEY_H
#include "weir.h"

#define RECORD_TIME_MS_MAX INT64_C(253402300799999) /* the last millisecond of the year 9999 */

/* Both live as long as the record in hand. */
weir_bytes record_key(weir_context *, const weir_bytes *parts, size_t count);
/* "2024-12-04T10:30:00.000Z", which sorts as time does; ms from 0 to RECORD_TIME_MS_MAX. */
weir_bytes record_time(weir_context *, int64_t ms);
#endif
