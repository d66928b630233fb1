/* produce.h: handing the records of a request to a topic without waiting: it is answered when they are durable, by whoever
 * wrote them, so that thousands of requests share one write to the log. */
#ifndef WEIR_HTTP_PRODUCE_H
#define WEIR_HTTP_PRODUCE_H
#include "http/request.h"
#include "weir.h"

struct production {
    struct request *request;
    weir_app *app;
    const char *topic;
    struct weir_raw_record *records;
    struct weir_produced *produced;
    size_t count;
    /* Fills in the response of the request, whose records are durable. It may not wait. False: somebody else has the request
     * now, and resumes it. */
    bool (*answer)(const struct production *);
    void *self; /* for answer */
};

/* Room for so many records, in the request's arena. */
struct production *production_new(struct request *, weir_app *, const char *topic, size_t count);
/* The headers that every record of the request gets: traceparent and tracestate (W3C Trace Context), correlation-id. */
struct weir_headers production_headers(struct request *);
/* To be called last by a handler on a worker: the records go out when it has returned. */
void production_start(struct production *);
/* "topic:partition:offset,…": per partition the offset behind the last record, as min_position takes it. Quoted. */
void production_write_position(const struct production *, struct buffer *);
#endif
