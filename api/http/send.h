/* send.h: handing an answer to libmicrohttpd. */
#ifndef WEIR_HTTP_SEND_H
#define WEIR_HTTP_SEND_H
#include <microhttpd.h>

#include "http/request.h"

enum { SEND_PREPARED_BYTES = 1024, SEND_PREPARED_MAX = 1024 };

struct send_prepared;

/* Responses that were built before, by the size of their body: libmicrohttpd allocates three times per header, which is
 * a quarter of a point read. Loop's thread. */
struct send_pool {
    struct send_prepared *free[SEND_PREPARED_BYTES + 1];
    size_t count;
};

bool send_response(struct send_pool *, struct request *, struct MHD_Connection *);
void send_completed(struct send_pool *, struct request *); /* libmicrohttpd is done with the answer */
void send_pool_done(struct send_pool *);
#endif
