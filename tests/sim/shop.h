/* shop.h: what commerce-saga is given, and what else must be true of it. */
#ifndef WEIR_TESTS_SIM_SHOP_H
#define WEIR_TESTS_SIM_SHOP_H
#include "simulator/simulate.h"

const struct simulate_input *shop_inputs(uint64_t seed, size_t *count); /* until the next call */
void shop_judge(struct simulate_world *);
#endif
