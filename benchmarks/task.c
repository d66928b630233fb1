/* task.c: what does the engine itself cost per record, without a broker: the operators, the state, the commit, RocksDB?
 *
 *   task WORKLOAD [RECORDS [KEYS [COMMIT_EVERY]]]
 *
 * WORKLOAD is one of workloads.c. A commit every COMMIT_EVERY records (20,000: what 100 ms hold at full speed), RocksDB by
 * age and bytes, and once at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bare_task.h"
#include "directory.h"
#include "measure.h"

enum { RECORDS = 2000000, KEYS = 100000, COMMIT_EVERY = 20000 };

extern const struct weir_entry weir_topologies[]; /* of workloads.c */

struct inputs {
    struct data left, right;
    bool has_right; /* a stream, not a table that is there before */
};

struct shares { /* CPU seconds */
    double process, commit, apply;
};

static weir_topology *topology_named(const char *name)
{
    setenv("BENCHMARK_IN", "left,right", 1);
    setenv("BENCHMARK_OUT", "out", 1);
    for (const struct weir_entry *entry = weir_topologies; entry->name; entry++)
        if (strcmp(entry->name, name) == 0)
            return entry->build();
    measure_fail("task: there is no workload %s", name);
}

static size_t source_named(const struct bare_task *bare, const char *topic)
{
    size_t i = 0;
    while (strcmp(bare->layout.parts[0].sources[i].topic, topic) != 0)
        i++;
    return i;
}

/* The other side of a join is there before the first record. */
static void fill_other_side(struct bare_task *bare, int64_t keys)
{
    struct data products;
    if (bare->layout.parts[0].source_count < 2)
        return;
    data_open(&products, "products", keys, keys);
    bare_task_push(bare, source_named(bare, "right"), &products, 0, keys);
    bare_task_process(bare);
    bare_task_commit(bare);
    bare_task_apply(bare, true);
}

static double since(double *began)
{
    double now = measure_cpu_seconds(), passed = now - *began;
    *began = now;
    return passed;
}

/* Both streams of a join, each with half of the records between two commits. */
static void push_both(struct bare_task *bare, const struct inputs *inputs, int64_t from, int64_t to)
{
    bare_task_push(bare, source_named(bare, "left"), &inputs->left, from, to);
    if (inputs->has_right)
        bare_task_push(bare, source_named(bare, "right"), &inputs->right, from, to);
}

static struct shares run(struct bare_task *bare, const struct inputs *inputs, int64_t commit_every)
{
    struct shares shares = {0};
    const int64_t records = inputs->left.records;
    if (inputs->has_right)
        commit_every = (commit_every + 1) / 2;
    for (int64_t from = 0; from < records; from += commit_every) {
        int64_t to = from + commit_every < records ? from + commit_every : records;
        push_both(bare, inputs, from, to);
        double began = measure_cpu_seconds();
        bare_task_process(bare);
        shares.process += since(&began);
        bare_task_commit(bare);
        shares.commit += since(&began);
        bare_task_apply(bare, to == records);
        shares.apply += since(&began);
    }
    return shares;
}

int main(int argc, char **argv)
{
    struct bare_task bare;
    struct inputs inputs = {0};
    const char *workload = argc > 1 ? argv[1] : "count", *directory = directory_new();
    int64_t records = argc > 2 ? measure_number(argv[2]) : RECORDS, keys = argc > 3 ? measure_number(argv[3]) : KEYS;
    int64_t commit_every = argc > 4 ? measure_number(argv[4]) : COMMIT_EVERY;
    if (records < 1 || keys < 1 || commit_every < 1)
        measure_fail("RECORDS, KEYS and COMMIT_EVERY are at least 1");
    bare_task_open(&bare, topology_named(workload), directory);
    inputs.has_right = strcmp(workload, "stream-stream") == 0;
    if (inputs.has_right)
        data_open(&inputs.right, "payments", records / 2, keys);
    else
        fill_other_side(&bare, keys);
    data_open(&inputs.left, inputs.has_right ? "purchases" : "orders", inputs.has_right ? records / 2 : records, keys);
    struct shares shares = run(&bare, &inputs, commit_every);
    bare_task_close(&bare);
    directory_remove(directory);
    double each = 1e9 / (double)records;
    printf("{\"process_ns\":%.0f,\"commit_ns\":%.0f,\"apply_ns\":%.0f,\"sent\":%" PRId64 ",\"logged\":%" PRId64 "}\n",
           shares.process * each, shares.commit * each, shares.apply * each, bare.sent, bare.logged);
    return 0;
}
