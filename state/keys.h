/* keys.h: plain, window and session keys to bytes and back, order-preserving.
 *
 * Changelog form of a window row (Kafka Streams, WindowKeySchema): key, 8-byte big-endian start, 4-byte sequence 0.
 * Form in a store: key size-escaped so that all windows of one key lie together and in order of start, and no key's
 * rows mix with those of a longer key that begins with it: each 0x00 of the key as 0x00 0xFF, then 0x00 0x00, then
 * the start, big-endian, sign bit flipped. Record key of a windowed table sent to a topic: key, 8-byte start.
 * A join store holds many rows of one key and time: a 4-byte sequence number tells them apart, behind the start in the
 * store form and where the changelog has it.
 * Sessions have their end in front of their start (SessionKeySchema): key, end, start in the changelog and in topics, the
 * escaped key, end and start in a store, so that those that end no earlier than a time are found from there on. */
#ifndef WEIR_STATE_KEYS_H
#define WEIR_STATE_KEYS_H
#include "base/buffer.h"
#include "weir.h"

void keys_window_write(weir_bytes key, int64_t start_ms, struct buffer *); /* store form; appends */
bool keys_window_read(weir_bytes stored, weir_arena *, weir_bytes *key,
                      int64_t *start_ms);                 /* false: not a window key */
void keys_window_prefix(weir_bytes key, struct buffer *); /* all windows of key begin with it */
bool keys_is_window_prefix(weir_bytes); /* can it be one? Nowhere else in a key are two zero bytes side by side */
void keys_window_log_write(weir_bytes key, int64_t start_ms, struct buffer *); /* changelog form */
bool keys_window_log_read(weir_bytes logged, weir_bytes *key, int64_t *start_ms);
void keys_windowed_record_write(weir_bytes key, int64_t start_ms, struct buffer *);         /* user topic form */
void keys_session_write(weir_bytes key, int64_t start_ms, int64_t end_ms, struct buffer *); /* store form; appends */
bool keys_session_read(weir_bytes stored, weir_arena *, weir_bytes *key, int64_t *start_ms, int64_t *end_ms);
/* Changelog form, and that of a topic. */
void keys_session_log_write(weir_bytes key, int64_t start_ms, int64_t end_ms, struct buffer *);
bool keys_session_log_read(weir_bytes logged, weir_bytes *key, int64_t *start_ms, int64_t *end_ms);
/* The smallest key behind every key that begins with prefix; false: there is none (all 0xFF). */
bool keys_after_prefix(weir_bytes prefix, struct buffer *);
void keys_join_write(weir_bytes key, int64_t start_ms, uint32_t sequence, struct buffer *); /* store form */
bool keys_join_read(weir_bytes stored, weir_arena *, weir_bytes *key, int64_t *start_ms, uint32_t *sequence);
void keys_join_log_write(weir_bytes key, int64_t start_ms, uint32_t sequence, struct buffer *);
bool keys_join_log_read(weir_bytes logged, weir_bytes *key, int64_t *start_ms, uint32_t *sequence);
#endif
