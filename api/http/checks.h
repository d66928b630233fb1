/* checks.h: what is known about the health of the parts, looked at all the time and told from memory.
 *
 * Each check has a thread of its own, so that one that hangs neither holds up the others nor the one who asks: a check that has
 * not come back for LIMIT_CHECK_STALE_MS counts as down. */
#ifndef WEIR_HTTP_CHECKS_H
#define WEIR_HTTP_CHECKS_H
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "http/thread.h"

struct weir_http;

enum check_kind {
    CHECK_BUFFER,   /* what waits to become durable */
    CHECK_DATABASE, /* the stores of the tasks here */
    CHECK_BUSINESS, /* whether what comes in is worked on */
    CHECK_COUNT
};

struct check {
    struct weir_http *server;
    enum check_kind kind;
    struct thread thread;  /* its lock guards the rest: */
    struct buffer members; /* JSON, of the latest look */
    bool is_up;
    int64_t looked_us; /* 0: not yet */
};

struct checks {
    struct check items[CHECK_COUNT];
};

void checks_init(struct checks *);
void checks_done(struct checks *);
bool checks_start(struct weir_http *); /* false: no thread can be started; to be stopped in any case */
void checks_stop(struct weir_http *);  /* again: nothing happens */
/* '{"status":"UP",…}' as of the latest look. False: it is down. Any thread. */
bool checks_write(struct weir_http *, enum check_kind, struct buffer *);
/* '{"status":"UP","checks":{…}}' of all. False: one is down. */
bool checks_write_all(struct weir_http *, struct buffer *);
#endif
