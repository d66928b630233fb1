/* outcomes.h: how the transactions of a log ended.
 *
 * Every transaction has a number, given out in rising order, and its frames carry it (frame.h). It becomes true with one
 * entry in the offsets file of its group (offsets.h); whatever has no such entry when the log is opened is aborted, and
 * readers pass over it. So that offsets files can be rewritten and frames be understood for ever, the numbers are also
 * kept here, as ranges: most of them are one.
 * File <directory>/transactions~, replaced as a whole:
 *     limit=4097              numbers below may have been given out
 *     committed=1-57,60-90    not the latest: those stand in the offsets files
 *     aborted=58-59
 * [any] all functions but init, load, settle and done. */
#ifndef WEIR_EMBEDDED_OUTCOMES_H
#define WEIR_EMBEDDED_OUTCOMES_H
#include <pthread.h>

#include "weir.h"

struct embedded_range {
    int64_t first, last;
};
struct embedded_ranges { /* ascending, with gaps between them */
    struct embedded_range *items;
    size_t count, capacity;
};
void embedded_ranges_add(struct embedded_ranges *, int64_t number);
bool embedded_ranges_have(const struct embedded_ranges *, int64_t number);

enum embedded_outcome { EMBEDDED_OPEN, EMBEDDED_COMMITTED, EMBEDDED_ABORTED };
struct embedded_outcomes {
    pthread_mutex_t lock;
    char *path; /* NULL: in memory */
    int64_t next, limit;
    struct embedded_ranges committed, aborted, closing; /* closing: a commit of it is under way */
};

void embedded_outcomes_init(struct embedded_outcomes *, char *path /* taken */);
void embedded_outcomes_done(struct embedded_outcomes *);
/* What the file says; WEIR_CORRUPT: it cannot be understood. No file: nothing was ever begun. */
bool embedded_outcomes_load(struct embedded_outcomes *, struct weir_error *);
bool embedded_outcomes_parse(struct embedded_outcomes *, char *text);                       /* changes the text */
void embedded_outcomes_merge(struct embedded_outcomes *, const struct embedded_outcomes *); /* adds what that knows */
/* At open, when all commits were added: the rest is aborted, and the file says so. */
bool embedded_outcomes_settle(struct embedded_outcomes *, struct weir_error *);
/* The file says all that is known. Before an offsets file is rewritten, which forgets its commits. */
bool embedded_outcomes_save(struct embedded_outcomes *, struct weir_error *);

int64_t embedded_outcomes_begin(struct embedded_outcomes *, struct weir_error *); /* a new number; 0: error */
/* Before a commit: from here on nobody aborts it. False: somebody has. */
bool embedded_outcomes_claim(struct embedded_outcomes *, int64_t number);
void embedded_outcomes_commit(struct embedded_outcomes *, int64_t number); /* its entry is durable, or was found */
void embedded_outcomes_unclaim(struct embedded_outcomes *, int64_t number);
/* False: it is being committed. True also when it has ended before. */
bool embedded_outcomes_abort(struct embedded_outcomes *, int64_t number);
enum embedded_outcome embedded_outcomes_of(struct embedded_outcomes *, int64_t number);
#endif
