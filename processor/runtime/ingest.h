/* ingest.h: producing from any thread. One thread gathers what waits, sends it, flushes once, and answers all: requests
 * that arrive during a flush share the next one. */
#ifndef WEIR_RUNTIME_INGEST_H
#define WEIR_RUNTIME_INGEST_H
#include "weir.h"

struct ingest;

struct ingest *ingest_new(weir_app *, struct weir_error *);
void ingest_free(struct ingest *); /* finishes what waits; NULL is fine */
#endif
