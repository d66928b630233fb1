/* dead_letter.h: a record that cannot be read or handled, as it came, with the reason in headers.
 *
 * Header names are Kafka Streams' own where it has them (KIP-1034, "__streams.errors.…"); time, reason and retries are
 * ours in the same manner. */
#ifndef WEIR_RUNTIME_DEAD_LETTER_H
#define WEIR_RUNTIME_DEAD_LETTER_H
#include "base/arena.h"
#include "broker/broker.h"

/* The dead letter of a message; headers live in the arena, bytes are the message's. reason is a short word
 * ("unreadable", "future", …), detail the error's message. */
struct broker_record dead_letter_of(const struct broker_message *, const char *topic, const char *reason,
                                    const char *detail, int64_t wall_ms, weir_arena *);
#endif
