/* scratch.h: a file without a name.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/scratch.h"

static char directory[] = "/tmp/weir-scratch-XXXXXX";
static struct scratch scratch;

static void begin(void)
{
    cr_assert(mkdtemp(directory));
    cr_assert(scratch_open(&scratch, directory));
}

static void end(void)
{
    scratch_close(&scratch);
    rmdir(directory);
}

TestSuite(scratch, .init = begin, .fini = end);

Test(scratch, what_is_appended_can_be_read_anywhere)
{
    int64_t first, second;
    char read[6] = "";
    cr_assert(scratch_append(&scratch, "abc", 3, &first));
    cr_assert(scratch_append(&scratch, "defg", 4, &second));
    cr_expect_eq(first, 0);
    cr_expect_eq(second, 3);
    cr_assert(scratch_read(&scratch, 1, read, 5));
    cr_expect_str_eq(read, "bcdef");
    cr_expect_not(scratch_read(&scratch, 3, read, 5), "there are four");
}

Test(scratch, nobody_sees_it)
{
    int64_t at;
    cr_assert(scratch_append(&scratch, "abc", 3, &at));
    cr_expect_eq(rmdir(directory), 0, "the directory is empty");
}

Test(scratch, what_is_released_takes_no_place)
{
    enum { SIZE = 1 << 20 };
    char *bytes = malloc(SIZE);
    struct stat before, after;
    int64_t at, behind;
    memset(bytes, 'x', SIZE);
    cr_assert(scratch_append(&scratch, bytes, SIZE, &at));
    cr_assert(scratch_append(&scratch, "kept", 4, &behind));
    cr_assert_eq(fstat(scratch.descriptor, &before), 0);
    cr_assert(scratch_release(&scratch, at, SIZE));
    cr_assert_eq(fstat(scratch.descriptor, &after), 0);
    cr_expect_lt(after.st_blocks, before.st_blocks / 2);
    cr_assert(scratch_read(&scratch, behind, bytes, 4));
    cr_expect_eq(memcmp(bytes, "kept", 4), 0);
    free(bytes);
}

Test(scratch, without_a_directory_there_is_none)
{
    struct scratch none;
    cr_expect_not(scratch_open(&none, "/tmp/weir-scratch-that-is-not-there"));
    cr_expect_not(scratch_is_open(&none));
    scratch_close(&none);
}
