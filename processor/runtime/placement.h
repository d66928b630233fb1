/* placement.h: which standbys belong here (peers.h): those are opened, those that do not any more are closed after a while. */
#ifndef WEIR_RUNTIME_PLACEMENT_H
#define WEIR_RUNTIME_PLACEMENT_H

struct standbys;

void placement_look(struct standbys *);
#endif
