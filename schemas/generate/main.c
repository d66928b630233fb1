/* main.c: weir-schema FILE.avsc... --output DIR
 *
 * Reads all files first, in the given order, and writes nothing unless all of them are good.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model.h"

enum { EXIT_USAGE = 2 };

/* The process lives for one run and its memory goes with it: LeakSanitizer asks this before it looks. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

static const char usage[] =
    "Usage: weir-schema FILE.avsc... --output DIR\n"
    "Writes DIR/<stem>.h and DIR/<stem>.c for each Avro schema file: structs, type tables and checked accessors\n"
    "for topologies on Weir. A file holds one schema or a JSON array of schemas; it may use types of files given\n"
    "before it.\n"
    "\n"
    "  -o, --output DIR  where to write (must exist)\n"
    "  -h, --help        this text\n"
    "  -V, --version     the version\n";

static bool write_file(const char *directory, const char *stem, const char *ending, weir_bytes text,
                       struct weir_error *error)
{
    char *path = memory_format("%s/%s.%s", directory, stem, ending);
    FILE *file = fopen(path, "w");
    bool is_written = file && fwrite(text.data, 1, text.size, file) == text.size;
    if (file && fclose(file) != 0)
        is_written = false;
    if (!is_written)
        error_set(error, WEIR_FATAL, "%s: %s", path, strerror(errno));
    free(path);
    return is_written;
}

static bool write_outputs(const struct model_file *file, const char *directory, struct weir_error *error)
{
    struct buffer header = {0}, table = {0};
    header_write(file, &header);
    table_write(file, &table);
    bool is_written = write_file(directory, file->stem, "h", buffer_bytes(&header), error) &&
                      write_file(directory, file->stem, "c", buffer_bytes(&table), error);
    buffer_done(&header);
    buffer_done(&table);
    return is_written;
}

static bool generate(char **paths, const char *directory, struct weir_error *error)
{
    struct model model = {0};
    for (; *paths; paths++)
        if (!model_read_file(&model, *paths, error))
            return false;
    for (size_t i = 0; i < model.file_count; i++)
        if (!canonical_check(model.files[i], error))
            return false;
    for (size_t i = 0; i < model.file_count; i++)
        if (!write_outputs(model.files[i], directory, error))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
    };
    const char *directory = NULL;
    for (int option; (option = getopt_long(argc, argv, "o:hV", options, NULL)) != -1;) {
        if (option == 'h' || option == 'V') {
            fputs(option == 'h' ? usage : "weir-schema " WEIR_VERSION "\n", stdout);
            return EXIT_SUCCESS;
        }
        if (option != 'o') {
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
        directory = optarg;
    }
    if (!directory || optind == argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    struct weir_error error = {0};
    if (generate(argv + optind, directory, &error))
        return EXIT_SUCCESS;
    fprintf(stderr, "weir-schema: %s\n", error.message);
    return EXIT_FAILURE;
}
