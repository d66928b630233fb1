/* topologies.h: what is simulated, and what else must be true of each at the end. */
#ifndef WEIR_TESTS_SIM_TOPOLOGIES_H
#define WEIR_TESTS_SIM_TOPOLOGIES_H
#include "simulator/simulate.h"

struct simulated_topology {
    const char *name;
    weir_topology *(*build)(void);
    bool restarts_show;
    void (*judge)(struct simulate_world *);                               /* NULL: what is checked of all is enough */
    const struct simulate_input *(*inputs)(uint64_t seed, size_t *count); /* NULL: made up by the types of the topics */
    enum simulate_guarantee guarantee;                                    /* what is promised of it with */
    const char *const *topics; /* that match its pattern; NULL: it has none */
};
/* Seeds choose among the first, so that they stay the stories they are; the others are asked for by name. Both end with a
 * NULL name. */
extern const struct simulated_topology simulated_topologies[], simulated_by_name[];
#endif
