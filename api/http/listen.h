/* listen.h: the socket that the door listens on. */
#ifndef WEIR_HTTP_LISTEN_H
#define WEIR_HTTP_LISTEN_H
#include "weir.h"

struct listen_place {
    const char *setting; /* "http": http.address and http.port are to blame */
    const char *address;
    uint16_t port; /* 0: any free one */
};

/* -1: error is set. An address that is not loopback is refused unless the door is safe (TLS, and an access file) or
 * WEIR_HTTP_INSECURE=1 is in the environment. */
int listen_open(struct listen_place, bool is_safe, uint16_t *bound, struct weir_error *);
#endif
