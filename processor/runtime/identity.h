/* identity.h: the name of this process towards transactions, kept beside the state.
 *
 * A transactional id outlives the process that used it: whoever opens it again fences the one before and ends what that
 * one left open (KIP-98). So an instance that restarts on its state takes its old name and need not wait until the
 * transaction of its dead predecessor times out. Kafka Streams does the same (StateDirectory.initializeProcessId).
 * The same name tells this instance from others in the group (peers.h).
 * File <state.dir>/<application>/process: a UUID (RFC 9562) as text. Locked while in use. Where several processes may work
 * (Kafka), a second one on the same directory is refused: the stores of a task have one writer. Several apps of one process
 * on the embedded broker share a directory; the second has a name of its own, which ends with it.
 */
#ifndef WEIR_RUNTIME_IDENTITY_H
#define WEIR_RUNTIME_IDENTITY_H
#include "base/config.h"

enum { IDENTITY_BYTES = 37 }; /* 36 characters and NUL */

struct identity {
    char uuid[IDENTITY_BYTES];
    int lock; /* descriptor of the file; -1: none */
};

/* False: the directory cannot be used, or, when `alone`, is in use by somebody else; the error names the path. */
bool identity_open(struct identity *, const struct config *, const char *application, bool alone, struct weir_error *);
void identity_close(struct identity *);
#endif
