/* sketch.h: percentiles of numbers, within 1 %, in a few hundred bytes.
 *
 * Numbers below 128 are kept exactly, larger ones in 64 buckets per power of two (as HdrHistogram does), so that the
 * middle of a bucket is never more than 1/128 away. Only integers decide: the same numbers give the same bytes in any
 * order, and two sketches are merged by adding their counts. */
#ifndef WEIR_TOPOLOGIES_SKETCH_SKETCH_H
#define WEIR_TOPOLOGIES_SKETCH_SKETCH_H
#include "weir.h"

/* Bytes that sketch_add may need for its result. What sketch_merge may need are those of both. */
size_t sketch_room(weir_bytes sketch);
/* Writes the sketch with one number more to out; returns its size. An empty sketch has no bytes; negative numbers count
 * as 0. What is no sketch is read up to where it breaks. */
size_t sketch_add(weir_bytes sketch, int64_t number, unsigned char *out);
/* Likewise, the sketch of the numbers of both; `out` is neither of them. */
size_t sketch_merge(weir_bytes one, weir_bytes two, unsigned char *out);
/* The smallest number that at least per_mille of the numbers do not exceed (nearest rank), within 1 %; 0 of none. */
int64_t sketch_quantile(weir_bytes sketch, int per_mille);
/* sketch_quantile of 500, 950 and 990, at the price of one. */
struct sketch_percentiles {
    int64_t p50, p95, p99;
};
struct sketch_percentiles sketch_percentiles(weir_bytes sketch);
#endif
