/* log_access.h: topics, for the commands that read and write them directly. */
#ifndef WEIR_CLI_LOG_ACCESS_H
#define WEIR_CLI_LOG_ACCESS_H
#include "base/config.h"
#include "broker/broker.h"

/* Partitions of an existing topic; 0 and an error: there is none (the message proposes a name). */
int32_t log_access_partitions(struct broker *, const char *topic, struct weir_error *);
#endif
