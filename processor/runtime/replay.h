/* replay.h: dead letters become records of their topic again.
 *
 * A letter goes back to the topic and partition it came from, with its key, value, headers and time, in the order in which
 * the letters were written; those of one key are in one partition, so they keep their order. Records and the position
 * in the letters (committed for the group "<letters>-replay") are one transaction: a letter is sent again once, whatever
 * ends the replay and whoever else replays. What fails again is a new letter, which this replay leaves alone. */
#ifndef WEIR_RUNTIME_REPLAY_H
#define WEIR_RUNTIME_REPLAY_H
#include "broker/broker.h"

struct replay {
    const char *letters;             /* their topic */
    int64_t max;                     /* so many letters at most; negative: all there are when it begins */
    bool (*should_stop)(void *self); /* asked between batches */
    void *self;
};

/* Returns when all of it is committed. Counts of what was committed are set in any case. WEIR_ABSENT: no such topic;
 * WEIR_FENCED: somebody else replays this topic now. May take the seconds that joining a group takes. [any] */
bool replay(struct broker *, const struct replay *, struct weir_replayed *, struct weir_error *);
#endif
