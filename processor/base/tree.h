/* tree.h: a directory with all that lies in it. */
#ifndef WEIR_BASE_TREE_H
#define WEIR_BASE_TREE_H
#include <stdbool.h>

/* Removes it, as far as that is possible; NULL, and one that does not exist, is fine. Links are removed, not followed. False:
 * something is left, and errno says why. [any thread] */
bool tree_remove(const char *path);
#endif
