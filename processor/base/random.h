/* random.h: numbers that look random and are the same for the same seed, everywhere: for simulations, not for secrets. */
#ifndef WEIR_BASE_RANDOM_H
#define WEIR_BASE_RANDOM_H
#include "weir.h"

struct random {
    uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static inline uint64_t random_next(struct random *random)
{
    uint64_t mixed = (random->state += 0x9E3779B97F4A7C15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

static inline uint64_t random_below(struct random *random, uint64_t bound) /* bound > 0 */
{
    return random_next(random) % bound;
}

static inline int64_t random_between(struct random *random, int64_t least, int64_t most) /* both inclusive */
{
    return least + (int64_t)random_below(random, (uint64_t)(most - least) + 1);
}

static inline bool random_chance(struct random *random, uint32_t per_million)
{
    return random_below(random, 1000000) < per_million;
}
#endif
