/* bundled.h: a broker whose internal topics hold bundles (bundle.h); all else is that of the broker beneath.
 *
 * Offsets of such topics are those of the message times 256 and the record's number in it; the last one's is 255, so that what
 * follows it is what follows the message. */
#ifndef WEIR_BROKER_BUNDLED_H
#define WEIR_BROKER_BUNDLED_H
#include <pthread.h>

#include "bundle.h"

struct bundled {
    struct broker base;
    struct broker_ops ops; /* without what the broker beneath does not have */
    struct broker *beneath;
    pthread_mutex_t lock;
    struct bundled_topic *topics; /* that hold bundles, as `ensure` was told; guarded by lock */
    size_t count, capacity;
};
struct bundled_topic {
    char *name;
    int32_t partitions; /* 0: not known yet */
};
static inline struct bundled *bundled_of(struct broker *base)
{
    return (struct bundled *)(void *)base;
}
bool bundled_has(struct bundled *, const char *topic);           /* [any] */
int32_t bundled_partitions(struct bundled *, const char *topic); /* [any] 0: it holds none */

/* The simulator's: records wait until the flush, so that messages have many and commits lie within them. */
void bundled_hold_back(struct broker *);

/* ---- offsets ---- */

static inline int64_t bundled_offset(int64_t beneath)
{
    return beneath < 0 ? beneath : beneath * BUNDLE_RECORDS_MAX;
}
static inline int64_t bundled_offset_beneath(int64_t offset)
{
    return offset < 0 ? offset : offset / BUNDLE_RECORDS_MAX;
}
static inline int64_t bundled_offset_of(int64_t beneath, size_t number, bool is_last)
{
    return bundled_offset(beneath) + (is_last ? BUNDLE_RECORDS_MAX - 1 : (int64_t)number);
}
/* Committed in the middle of a message, it begins at the message, and its metadata tells how many records of it are done. */
struct broker_offset *bundled_commits(struct bundled *, const struct broker_offset *, size_t count, weir_arena *);
struct broker_start bundled_start(const struct broker_start *beneath);

/* ---- the parts ---- */

struct broker_consumer *bundled_consumer_open(struct broker *, const char *group, const char *member,
                                              const struct broker_subscription *, size_t count, struct broker_rebalance,
                                              struct weir_error *);
int bundled_consumer_poll(struct broker_consumer *, struct broker_message *, int max, int timeout_ms,
                          struct weir_error *);
void bundled_consumer_release(struct broker_consumer *, struct broker_message *);
void bundled_consumer_pause(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
void bundled_consumer_resume(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
int64_t bundled_consumer_end(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
bool bundled_consumer_is_behind(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
bool bundled_consumer_commit(struct broker_consumer *, const struct broker_offset *, size_t, struct weir_error *);
void bundled_consumer_rewind(struct broker_consumer *, const struct broker_offset *, size_t);
enum broker_purge bundled_consumer_purge(struct broker_consumer *, const struct broker_offset *, size_t,
                                         struct weir_error *);
void bundled_consumer_wake(struct broker_consumer *);
void bundled_consumer_close(struct broker_consumer *);
struct broker_consumer *bundled_consumer_beneath(struct broker_consumer *);

struct broker_producer *bundled_producer_open(struct broker *, const char *client, struct weir_error *);
struct broker_producer *bundled_transaction_open(struct broker *, const char *client, const char *id,
                                                 struct weir_error *);
bool bundled_producer_send(struct broker_producer *, const char *topic, const struct broker_record *,
                           struct weir_error *);
bool bundled_producer_push(struct broker_producer *, struct weir_error *);
void bundled_producer_poll(struct broker_producer *);
bool bundled_producer_flush(struct broker_producer *, int timeout_ms, struct weir_error *);
void bundled_producer_close(struct broker_producer *);
bool bundled_transaction_commit(struct broker_producer *, struct broker_consumer *, const struct broker_offset *,
                                size_t, struct weir_error *);
bool bundled_transaction_abort(struct broker_producer *, struct weir_error *);
#endif
