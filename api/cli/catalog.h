/* catalog.h: topologies by name: the compiled-in ones, and those of a plugin (FILE.so or FILE.so:NAME). */
#ifndef WEIR_CLI_CATALOG_H
#define WEIR_CLI_CATALOG_H
#include "weir.h"

/* What is named there; stays loaded until the process ends. NULL: the error proposes a name. A plugin without :NAME must
 * hold one topology. */
const struct weir_entry *catalog_find(const char *name, struct weir_error *);
/* Builds it; NULL and a message on standard error, with *status set, when that fails. */
weir_topology *catalog_build(const char *name, int *status);
#endif
