/* pages_test.c: what is taken overlaps nothing, keeps its bytes, and goes back to the system.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/pages.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "base/sanitizer.h"

enum { PIECES = 400, TURNS = 20000, LARGEST = 5 * 1024 * 1024 };

struct piece {
    unsigned char *at;
    size_t size;
    unsigned char mark;
};

static void fill(struct piece *piece, size_t size, unsigned char mark)
{
    *piece = (struct piece){pages_take(size), size, mark};
    cr_assert_eq((uintptr_t)piece->at % 16, 0);
    piece->at[0] = piece->at[size / 2] = piece->at[size - 1] = mark;
    for (size_t at = 0; at < size; at += 4096)
        piece->at[at] = mark;
}

static void check(const struct piece *piece)
{
    for (size_t at = 0; at < piece->size; at += 4096)
        cr_assert_eq(piece->at[at], piece->mark);
    cr_assert_eq(piece->at[piece->size - 1], piece->mark);
}

/* Mostly of one unit, some of many, a few beyond a large page. */
static size_t any_size(struct random *random)
{
    const uint64_t kind = random_below(random, 100);
    const uint64_t most = kind < 80 ? PAGES_UNIT : kind < 98 ? 40 * PAGES_UNIT : LARGEST;
    return 1 + (size_t)random_below(random, most);
}

Test(pages, pieces_of_any_size_come_and_go)
{
    static struct piece pieces[PIECES];
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct random random = {seed};
        for (int turn = 0; turn < TURNS; turn++) {
            struct piece *piece = &pieces[random_below(&random, PIECES)];
            if (piece->at) {
                check(piece);
                pages_give(piece->at, piece->size);
                piece->at = NULL;
            } else {
                fill(piece, any_size(&random), (unsigned char)turn);
            }
        }
        for (size_t i = 0; i < PIECES; i++) {
            if (pieces[i].at)
                check(&pieces[i]);
            pages_give(pieces[i].at, pieces[i].size);
            pieces[i].at = NULL;
        }
    }
}

Test(pages, what_is_new_is_zeroed)
{
    for (size_t size = PAGES_UNIT; size <= LARGEST; size *= 4) {
        unsigned char *used = memset(pages_take(size), 1, size);
        pages_give(used, size);
        unsigned char *zeroed = pages_new(size);
        for (size_t at = 0; at < size; at++)
            cr_assert_eq(zeroed[at], 0);
        pages_give(zeroed, size);
    }
}

Test(pages, nothing_is_given_back_without_effect)
{
    pages_give(NULL, 0);
    cr_assert_eq(pages_round(1), PAGES_UNIT);
    cr_assert_eq(pages_round(PAGES_UNIT), PAGES_UNIT);
}

#ifndef HAS_ASAN
static long resident_kb(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert(file && fscanf(file, "%ld %ld", &pages, &resident) == 2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

Test(pages, what_is_given_back_leaves_the_process)
{
    enum { MANY = 4000 }; /* 64 MB */
    static void *taken[MANY];
    const long before = resident_kb();
    for (size_t i = 0; i < MANY; i++)
        taken[i] = memset(pages_take(PAGES_UNIT), 1, PAGES_UNIT);
    cr_assert_gt(resident_kb() - before, 60 * 1024);
    for (size_t i = 0; i < MANY; i++)
        pages_give(taken[i], PAGES_UNIT);
    cr_assert_lt(resident_kb() - before, 8 * 1024);
}
#endif
