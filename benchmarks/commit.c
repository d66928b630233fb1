/* commit.c: what does a commit cost, by the number of rows it changed? Changelog records, publication to the views; no
 * broker.
 *
 *   commit [COMMITS]
 *
 * Prints microseconds per commit, and nanoseconds per row, for 1, 100 and 10,000 rows.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "bare_task.h"
#include "directory.h"
#include "measure.h"

enum { COMMITS = 200 };

static weir_topology *count(void)
{
    weir_topology *topology = weir_topology_new("benchmark-commit");
    weir_count(weir_group(weir_from(topology, "records", &weir_str_type, &weir_bytes_type)), "counts");
    return topology;
}

/* CPU seconds per commit of that many rows. */
static double measure_commits(struct bare_task *bare, int64_t rows, int64_t commits)
{
    struct data data;
    double seconds = 0;
    data_open(&data, "sequence", rows, rows);
    for (int64_t i = 0; i < commits; i++) {
        bare_task_push(bare, 0, &data, 0, rows);
        bare_task_process(bare);
        double began = measure_cpu_seconds();
        bare_task_commit(bare);
        seconds += measure_cpu_seconds() - began;
        bare_task_apply(bare, false);
    }
    data_close(&data);
    return seconds / (double)commits;
}

int main(int argc, char **argv)
{
    static const int64_t sizes[] = {1, 100, 10000};
    struct bare_task bare;
    const char *directory = directory_new();
    int64_t commits = argc > 1 ? measure_number(argv[1]) : COMMITS;
    bare_task_open(&bare, count(), directory);
    printf("{\"commits\":%" PRId64, commits);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        double seconds = measure_commits(&bare, sizes[i], commits);
        printf(",\"rows_%" PRId64 "_us\":%.1f,\"rows_%" PRId64 "_ns_each\":%.0f", sizes[i], seconds * 1e6, sizes[i],
               seconds * 1e9 / (double)sizes[i]);
    }
    printf("}\n");
    bare_task_close(&bare);
    directory_remove(directory);
    return 0;
}
