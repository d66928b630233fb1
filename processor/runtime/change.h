/* change.h: a change of a table as one value of a repartition topic: what it brings, what it replaces, or both.
 *
 * The format is that of Kafka Streams' ChangedSerializer (KIP-904), the last byte says which:
 *   old | 0x00      new | 0x01      varint(size of new) | new | old | 0x02
 * and, from versions that also said whether the change is the latest (KIP-914), the same with one byte 0 or 1 in front
 * of 0x03, 0x04 and 0x05; those are read, never written. The varint is Kafka's own, zigzag (org.apache.kafka.common.utils.
 * ByteUtils). */
#ifndef WEIR_RUNTIME_CHANGE_H
#define WEIR_RUNTIME_CHANGE_H
#include "base/buffer.h"

/* Appends the change; data NULL: absent. One of both must be there. */
void change_write(weir_bytes new, weir_bytes old, struct buffer *);
/* The parts, within the bytes; data NULL: absent. False: WEIR_POISON, the bytes are no change. */
bool change_read(weir_bytes, weir_bytes *new, weir_bytes *old, struct weir_error *);
#endif
