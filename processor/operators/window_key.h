/* window_key.h: the key of a table with windows, as one piece of bytes: its own bytes, and behind them 8 bytes of the start of a
 * window, or of the end and the start of a session (TimeWindowedSerializer, SessionWindowedSerializer of Kafka Streams). */
#ifndef WEIR_OPERATORS_WINDOW_KEY_H
#define WEIR_OPERATORS_WINDOW_KEY_H
#include "base/buffer.h"
#include "graph/graph.h"

/* How many bytes stand behind the key of what the node forwards; 0: it has no windows. */
size_t window_key_bytes(const struct graph_node *);
/* Appends the record's window to its key. */
void window_key_write(const struct graph_node *, const struct weir_record *, struct buffer *);
/* Takes the window off the key and puts it into the record. False: the key is too short. */
bool window_key_read(const struct graph_node *, weir_bytes *key, struct weir_record *);
#endif
