/* retell.h: what other instances tell a reader of changes, told on as if it came from here. */
#ifndef WEIR_HTTP_RETELL_H
#define WEIR_HTTP_RETELL_H
#include "http/follower.h"

/* Appends what relays have told to the reader's text, and gives up those that are over. False: there was nothing. */
bool retell(struct follower *);
/* Somebody tells the partition again. */
void retell_found(struct follower *, int32_t partition);
/* Takes the relay out; nobody tells its partitions any more. */
void retell_give_up(struct follower *, struct relay *);
#endif
