/* rocks_test.c: the durable level: position and rows together, damage reported, locks, permissions, foreign families.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "state/rocks.h"

static char directory[64];
static weir_arena arena;

static void set_up(void)
{
    strcpy(directory, "/tmp/weir-rocks-XXXXXX");
    cr_assert(mkdtemp(directory));
}

static void tear_down(void)
{
    char command[192];
    snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", directory, directory);
    cr_assert_eq(system(command), 0);
    arena_done(&arena);
}

TestSuite(rocks, .init = set_up, .fini = tear_down, .timeout = 60);

static struct rocks *open_rocks(void)
{
    struct weir_error error = {0};
    struct rocks *rocks = rocks_open(directory, 1 << 20, &error);
    cr_assert(rocks, "%s", error.message);
    return rocks;
}

static void write_rows(struct rocks_family *family, int from, int to, int64_t position)
{
    struct weir_error error = {0};
    for (int i = from; i < to; i++) {
        char key[16], value[100];
        snprintf(key, sizeof key, "%08d", i);
        for (size_t k = 0; k < sizeof value; k++)
            value[k] = (char)(((unsigned)i * 31 + (unsigned)k * 17) * 7919 >> 3);
        rocks_batch_row(family, &(struct store_row){bytes_of_text(key), {value, sizeof value}, i});
    }
    rocks_batch_marks(family, (struct rocks_marks){position, EXPIRY_NO_TIME, EXPIRY_NO_TIME});
    cr_assert(rocks_batch_write(family, &error), "%s", error.message);
}

static int count_rows(struct rocks_family *family, struct weir_error *error)
{
    struct store_row row;
    int count = 0;
    struct rocks_walk *walk = rocks_walk_open(family);
    rocks_walk_seek(walk, (weir_bytes){0}, (weir_bytes){0}, false);
    while (rocks_walk_next(walk, &row, error))
        count++;
    rocks_walk_close(walk);
    return count;
}

static int64_t position_of(struct rocks_family *family)
{
    struct rocks_marks marks;
    cr_assert(rocks_family_marks(family, &marks, NULL));
    return marks.position;
}

/* Flips one byte in the middle of every file of the database whose name ends so. */
static int flip(const char *ending)
{
    int flipped = 0;
    DIR *folder = opendir(directory);
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ending) != 0)
            continue;
        char *path = memory_format("%s/%s", directory, entry->d_name);
        FILE *file = fopen(path, "r+b");
        fseek(file, 0, SEEK_END);
        fseek(file, ftell(file) / 2, SEEK_SET);
        int byte = fgetc(file);
        fseek(file, -1, SEEK_CUR);
        fputc(byte ^ 0x40, file);
        fclose(file);
        free(path);
        flipped++;
    }
    closedir(folder);
    return flipped;
}

Test(rocks, a_flushed_database_keeps_rows_and_position)
{
    struct weir_error error = {0};
    struct rocks *rocks = open_rocks();
    write_rows(rocks_family_open(rocks, "s", &error), 0, 1000, 77);
    cr_assert(rocks_close(rocks, true, &error), "%s", error.message);
    rocks = open_rocks();
    struct rocks_family *family = rocks_family_open(rocks, "s", &error);
    cr_assert_eq(position_of(family), 77);
    cr_assert_eq(count_rows(family, &error), 1000);
    cr_assert(rocks_close(rocks, false, &error));
}

Test(rocks, without_a_flush_position_and_rows_go_back_together)
{
    struct weir_error error = {0};
    struct rocks *rocks = open_rocks();
    write_rows(rocks_family_open(rocks, "s", &error), 0, 100, 100);
    cr_assert(rocks_close(rocks, true, &error));
    rocks = open_rocks();
    write_rows(rocks_family_open(rocks, "s", &error), 100, 200, 200);
    cr_assert(rocks_close(rocks, false, &error));
    rocks = open_rocks();
    struct rocks_family *family = rocks_family_open(rocks, "s", &error);
    cr_assert_eq(position_of(family), 100);
    cr_assert_eq(count_rows(family, &error), 100);
    cr_assert(rocks_close(rocks, false, &error));
}

Test(rocks, a_flipped_byte_ends_a_walk_with_an_error)
{
    struct weir_error error = {0};
    struct rocks *rocks = open_rocks();
    write_rows(rocks_family_open(rocks, "s", &error), 0, 5000, 5000);
    cr_assert(rocks_close(rocks, true, &error));
    cr_assert_gt(flip(".sst"), 0);
    rocks = rocks_open(directory, 1 << 20, &error);
    cr_assert(rocks, "%s", error.message);
    struct rocks_family *family = rocks_family_open(rocks, "s", &error);
    cr_assert(family, "%s", error.message);
    cr_assert_lt(count_rows(family, &error), 5000);
    cr_assert_eq(error.code, WEIR_CORRUPT, "%s", error.message);
    cr_assert(rocks_close(rocks, false, NULL));
}

Test(rocks, a_flipped_byte_makes_single_reads_fail)
{
    struct weir_error error = {0};
    struct store_row row;
    struct rocks *rocks = open_rocks();
    write_rows(rocks_family_open(rocks, "s", &error), 0, 5000, 5000);
    cr_assert(rocks_close(rocks, true, &error));
    flip(".sst");
    rocks = open_rocks();
    struct rocks_family *family = rocks_family_open(rocks, "s", &error);
    int failed = 0;
    for (int i = 0; i < 5000; i++) {
        char key[16];
        struct weir_error failure = {0};
        snprintf(key, sizeof key, "%08d", i);
        bool found = rocks_get(family, bytes_of_text(key), &arena, &row, &failure);
        cr_assert(found || failure.code == WEIR_CORRUPT);
        failed += !found;
    }
    cr_assert_gt(failed, 0);
    cr_assert(rocks_close(rocks, false, NULL));
}

Test(rocks, a_broken_current_file_is_corruption)
{
    struct weir_error error = {0};
    cr_assert(rocks_close(open_rocks(), true, &error));
    char *path = memory_format("%s/CURRENT", directory);
    cr_assert_eq(truncate(path, 0), 0);
    free(path);
    cr_assert_null(rocks_open(directory, 0, &error));
    cr_assert_eq(error.code, WEIR_CORRUPT, "%s", error.message);
}

/* RocksDB opens such a database without a word, and rows are missing (its files of the last flushes). */
static void cut_manifest(int bytes)
{
    DIR *folder = opendir(directory);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (strncmp(entry->d_name, "MANIFEST-", 9) != 0)
            continue;
        struct stat status;
        char *path = memory_format("%s/%s", directory, entry->d_name);
        cr_assert_eq(stat(path, &status), 0);
        cr_assert_eq(truncate(path, status.st_size > bytes ? status.st_size - bytes : 0), 0);
        free(path);
    }
    closedir(folder);
}

static void expect_agreement(int cut)
{
    struct weir_error error = {0};
    struct rocks *rocks = rocks_open(directory, 1 << 20, &error);
    struct rocks_family *family = rocks ? rocks_family_open(rocks, "s", &error) : NULL;
    if (family) {
        int64_t position = position_of(family);
        int rows = count_rows(family, &error);
        cr_expect(error.code == WEIR_CORRUPT || rows == (position < 0 ? 0 : position),
                  "cut by %d: position %lld, but %d rows", cut, (long long)position, rows);
    } else {
        cr_expect_eq(error.code, WEIR_CORRUPT, "cut by %d: %s", cut, error.message);
    }
    if (rocks)
        rocks_close(rocks, false, &error);
}

Test(rocks, a_manifest_without_its_end_takes_rows_and_position_back_together)
{
    for (int cut = 1; cut < 400; cut += 37) {
        struct weir_error error = {0};
        struct rocks *rocks = open_rocks();
        struct rocks_family *family = rocks_family_open(rocks, "s", &error);
        for (int batch = 0; batch < 30; batch++)
            write_rows(family, batch * 1000, (batch + 1) * 1000, (batch + 1) * 1000);
        cr_assert(rocks_close(rocks, true, &error), "%s", error.message);
        cut_manifest(cut);
        expect_agreement(cut);
        char *command = memory_format("rm -rf %s/*", directory);
        cr_assert_eq(system(command), 0);
        free(command);
    }
}

Test(rocks, a_missing_table_file_is_corruption)
{
    struct weir_error error = {0};
    struct rocks *rocks = open_rocks();
    write_rows(rocks_family_open(rocks, "s", &error), 0, 100, 100);
    cr_assert(rocks_close(rocks, true, &error));
    char *command = memory_format("rm %s/*.sst", directory);
    cr_assert_eq(system(command), 0);
    free(command);
    rocks = rocks_open(directory, 0, &error);
    cr_assert_null(rocks);
    cr_assert_eq(error.code, WEIR_CORRUPT, "%s", error.message);
}

Test(rocks, a_second_opening_has_to_wait)
{
    struct weir_error error = {0};
    struct rocks *rocks = open_rocks();
    cr_assert_null(rocks_open(directory, 0, &error));
    cr_assert_eq(error.code, WEIR_RETRY, "%s", error.message);
    cr_assert(rocks_close(rocks, false, NULL));
}

Test(rocks, a_file_in_place_of_the_directory_is_invalid)
{
    struct weir_error error = {0};
    char *path = memory_format("%s/file", directory);
    fclose(fopen(path, "w"));
    cr_assert_null(rocks_open(path, 0, &error));
    cr_assert_eq(error.code, WEIR_INVALID, "%s", error.message);
    free(path);
}

Test(rocks, directories_are_closed_to_others)
{
    struct weir_error error = {0};
    struct stat status;
    char *path = memory_format("%s/a/b", directory);
    struct rocks *rocks = rocks_open(path, 0, &error);
    cr_assert(rocks, "%s", error.message);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 0777, 0700);
    cr_assert(rocks_close(rocks, false, NULL));
    free(path);
}

Test(rocks, families_nobody_asks_for_are_left_alone)
{
    struct weir_error error = {0};
    struct rocks *rocks = open_rocks();
    write_rows(rocks_family_open(rocks, "old", &error), 0, 10, 10);
    cr_assert(rocks_close(rocks, true, &error));
    rocks = open_rocks();
    write_rows(rocks_family_open(rocks, "new", &error), 0, 5, 5);
    cr_assert(rocks_close(rocks, true, &error));
    rocks = open_rocks();
    cr_assert_eq(count_rows(rocks_family_open(rocks, "old", &error), &error), 10);
    cr_assert_eq(count_rows(rocks_family_open(rocks, "new", &error), &error), 5);
    cr_assert(rocks_close(rocks, false, NULL));
}

Test(rocks, marks_are_not_rows)
{
    struct weir_error error = {0};
    struct rocks *rocks = open_rocks();
    struct rocks_family *family = rocks_family_open(rocks, "s", &error);
    cr_assert_eq(position_of(family), -1);
    rocks_batch_marks(family, (struct rocks_marks){5, 9, 8});
    cr_assert(rocks_batch_write(family, &error));
    cr_assert_eq(count_rows(family, &error), 0);
    cr_assert_eq(rocks_family_rows(family), 0);
    cr_assert(rocks_close(rocks, false, NULL));
}
