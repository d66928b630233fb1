/* examples.h: the numbered examples, in the order in which to read them. */
#ifndef WEIR_TOPOLOGIES_EXAMPLES_EXAMPLES_H
#define WEIR_TOPOLOGIES_EXAMPLES_EXAMPLES_H
#include "weir.h"

weir_topology *example_filter(void);
weir_topology *example_count(void);
weir_topology *example_window(void);
weir_topology *example_join(void);
weir_topology *example_processor(void);
weir_topology *example_session(void);
weir_topology *example_cogroup(void);
weir_topology *example_payments(void);
weir_topology *example_foreign_key(void);
weir_topology *example_global(void);
weir_topology *example_streams(void);
weir_topology *example_tables(void);
weir_topology *example_quiet(void);
weir_topology *example_prices(void);
weir_topology *example_pattern(void);
#endif
