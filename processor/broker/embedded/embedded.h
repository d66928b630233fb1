/* embedded.h: the broker itself: a directory of topics and groups, shared by the apps of a process. */
#ifndef WEIR_EMBEDDED_EMBEDDED_H
#define WEIR_EMBEDDED_EMBEDDED_H
#include "broker/broker.h"
#include "embedded/cleaner.h"
#include "embedded/flusher.h"
#include "embedded/outcomes.h"
#include "embedded/signal.h"
#include "embedded/topic.h"

#define EMBEDDED_LOCK_NAME ".lock"
#define EMBEDDED_GROUPS_NAME "groups~" /* no topic can be called so */
#define EMBEDDED_OUTCOMES_NAME "transactions~"

struct embedded_group;

struct embedded {
    struct broker base;
    char *directory; /* canonical; NULL: in memory */
    int lock_fd;
    bool reader_only; /* another process writes here */
    size_t users;     /* broker_embedded_open calls not yet closed; guarded by the registry's lock */
    struct embedded *next;

    pthread_mutex_t lock;           /* of the two lists; what they point to lives as long as the broker */
    struct embedded_topic **topics; /* by name */
    size_t topic_count, topic_capacity;
    struct embedded_group **groups;
    size_t group_count, group_capacity;

    struct embedded_outcomes outcomes;
    pthread_mutex_t writers_lock; /* of the two below */
    int64_t followed_us;          /* reader-only: when the outcomes were last read */
    struct broker_producer *writers;
    struct embedded_signal changed; /* durable records, rebalances, wakes */
    struct embedded_flusher flusher;
    struct embedded_cleaner cleaner;
};

struct embedded_topic *embedded_topic_find(struct embedded *, const char *name); /* [any] NULL: none */
/* Takes it off the list: the caller's to free. NULL: none. */
struct embedded_topic *embedded_topic_take(struct embedded *, const char *name);
/* NULL and WEIR_INVALID or WEIR_POISON (code) when topic or partition do not exist. */
struct embedded_partition *embedded_partition_find(struct embedded *, const char *topic, int32_t partition,
                                                   struct weir_error *);
bool embedded_writable(const struct embedded *, struct weir_error *); /* WEIR_INVALID: in use by another process */

void embedded_end_transaction(struct embedded *, int64_t transaction); /* in every partition; its outcome is known */
/* Reader-only: learns how transactions ended since; not more often than every EMBEDDED_FOLLOW_MS. */
bool embedded_follow_outcomes(struct embedded *, struct weir_error *);

extern const struct broker_ops embedded_ops;

/* The operations, by file: producer.c, consumer.c, reader.c. */
struct broker_producer *embedded_producer_open(struct broker *, const char *client, struct weir_error *);
bool embedded_producer_send(struct broker_producer *, const char *topic, const struct broker_record *,
                            struct weir_error *);
void embedded_producer_poll(struct broker_producer *);
bool embedded_producer_flush(struct broker_producer *, int timeout_ms, struct weir_error *);
void embedded_producer_close(struct broker_producer *);
struct broker_consumer *embedded_consumer_open(struct broker *, const char *group, const char *member,
                                               const struct broker_subscription *, size_t count,
                                               struct broker_rebalance, struct weir_error *);
int embedded_consumer_poll(struct broker_consumer *, struct broker_message *, int max, int timeout_ms,
                           struct weir_error *);
void embedded_consumer_release(struct broker_consumer *, struct broker_message *);
void embedded_consumer_pause(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
void embedded_consumer_resume(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
int64_t embedded_consumer_end(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
bool embedded_consumer_is_behind(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
bool embedded_consumer_commit(struct broker_consumer *, const struct broker_offset *, size_t, struct weir_error *);
void embedded_consumer_rewind(struct broker_consumer *, const struct broker_offset *, size_t);
enum broker_purge embedded_consumer_purge(struct broker_consumer *, const struct broker_offset *, size_t,
                                          struct weir_error *);
void embedded_consumer_wake(struct broker_consumer *);
void embedded_consumer_close(struct broker_consumer *);
struct broker_producer *embedded_transaction_open(struct broker *, const char *client, const char *id,
                                                  struct weir_error *);
bool embedded_transaction_commit(struct broker_producer *, struct broker_consumer *, const struct broker_offset *,
                                 size_t, struct weir_error *);
bool embedded_transaction_abort(struct broker_producer *, struct weir_error *);
void embedded_transaction_close(struct broker_producer *); /* without transactions nothing */
bool embedded_consumer_commit_transaction(struct broker_consumer *, int64_t transaction, const struct broker_offset *,
                                          size_t, struct weir_error *);
struct broker_reader *embedded_reader_open(struct broker *, struct weir_error *);
bool embedded_reader_add(struct broker_reader *, const char *topic, int32_t partition, int64_t from, int32_t token,
                         struct weir_error *);
void embedded_reader_remove(struct broker_reader *, int32_t token);
int embedded_reader_poll(struct broker_reader *, struct broker_message *, int max, int timeout_ms, struct weir_error *);
void embedded_reader_release(struct broker_reader *, struct broker_message *);
int64_t embedded_reader_position(struct broker_reader *, int32_t token);
void embedded_reader_close(struct broker_reader *);
bool embedded_topics_delete(struct broker *, const char *const *names, size_t count, struct weir_error *);
bool embedded_group_delete(struct broker *, const char *group, struct weir_error *);
bool embedded_offset_at(struct broker *, const char *topic, int32_t partition, int64_t timestamp_ms, int64_t *offset,
                        struct weir_error *);
#endif
