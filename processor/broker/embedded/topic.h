/* topic.h: a topic: its settings, kept in <topic>/topic.conf, and its partitions. Lives as long as the broker. */
#ifndef WEIR_EMBEDDED_TOPIC_H
#define WEIR_EMBEDDED_TOPIC_H
#include "embedded/partition.h"

struct embedded_topic {
    char *name;
    int32_t partition_count;
    enum broker_cleanup cleanup;
    int64_t retention_ms, segment_bytes, compaction_lag_ms; /* as they act; retention -1: for ever */
    int32_t message_bytes_max;
    bool append_time; /* message.timestamp.type is LogAppendTime */
    struct embedded_partition *partitions;
};

bool embedded_name_check(const char *what, const char *name,
                         struct weir_error *); /* [a-zA-Z0-9._-]{1,249}, not "." or ".." */
struct embedded_topic *embedded_topic_new(struct embedded *, const struct broker_topic_spec *);
/* Makes the directories and the settings file; the file comes last and makes the topic exist. */
bool embedded_topic_create(const struct embedded_topic *, const char *directory, struct weir_error *);
/* NULL without an error: the directory holds no finished topic. */
struct embedded_topic *embedded_topic_load(struct embedded *, const char *name, int64_t *check_budget,
                                           struct weir_error *);
void embedded_topic_free(struct embedded_topic *);
const char *embedded_cleanup_name(enum broker_cleanup);
#endif
