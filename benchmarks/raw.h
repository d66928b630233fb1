/* raw.h: a consumer, a producer and their commits, for the loops that do without Weir. */
#ifndef WEIR_BENCHMARKS_RAW_H
#define WEIR_BENCHMARKS_RAW_H
#include <stdbool.h>

#include "client.h"

struct raw_options {
    const char *brokers, *guarantee; /* of processing.guarantee */
    const char *in;                  /* a topic, or several of as many partitions with commas between them */
    int64_t records;                 /* to read */
    const char *commit;              /* COMMIT: MS between commits, or MS,LINGER: the producer's linger.ms, too (5) */
};

struct raw {
    struct raw_options options;
    rd_kafka_t *consumer, *producer;
    rd_kafka_topic_partition_list_t *positions; /* the next offset of each partition of the inputs, in their order */
    int partitions;                             /* of an input */
    bool transactional;
    int64_t taken, delivered;
    int64_t own; /* to read besides, for the loop sends them to itself: its to count */
    double commit_s, commit_at_s;
    void (*before_commit)(void *self); /* NULL, or what else must be in the commit */
    void *self;
};

/* Of a loop that is called with BROKERS IN OUT CHANGELOG RECORDS GUARANTEE COMMIT …, as main has them. */
struct raw_options raw_options_of(char **argv);
void raw_open(struct raw *, struct raw_options);
/* Which of the inputs it came from: 0 is the first. */
int raw_input(const struct raw *, const rd_kafka_message_t *);
/* What tables find keys by. */
uint64_t raw_hash(const char *key, size_t size);
rd_kafka_topic_t *raw_topic(struct raw *, const char *name); /* to produce to; NULL for "-" */
/* Gives all records to take, in batches, and commits by time and at the end: flush or transaction, then offsets. */
void raw_run(struct raw *, void (*take)(struct raw *, const rd_kafka_message_t *));
/* What benchmarks/run reads: seconds from the beginning of the program to the last commit. */
void raw_print(const struct raw *, double seconds);
void raw_close(struct raw *);
#endif
