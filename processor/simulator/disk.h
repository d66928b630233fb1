/* disk.h: the durable level of all simulated machines: rocks.h in memory, with what RocksDB without a write-ahead log
 * does at a crash: of each family the batches since its last flush are gone, all of them or, where a flush came in
 * between, the later ones. What is left is always what some earlier moment had (reliability of LSM trees: a prefix). */
#ifndef WEIR_SIMULATOR_DISK_H
#define WEIR_SIMULATOR_DISK_H
#include "base/random.h"
#include "state/rocks.h"

struct disk_faults { /* per million */
    uint32_t flush;  /* of batches: a flush follows */
    uint32_t full;   /* of batches: no space left */
    uint32_t damage; /* of databases that are opened: unusable */
};
struct disk_figures {
    uint64_t flushes, full, damaged, lost_batches;
};

struct disk_machine;

extern const struct rocks_ops disk_ops;

/* A machine: whatever lies under its directory. figures: where its faults are counted. */
struct disk_machine *disk_machine_new(const char *directory, struct disk_faults, struct random, struct disk_figures *);
void disk_machine_free(struct disk_machine *);
void disk_machine_faults(struct disk_machine *, struct disk_faults);
/* Its process is killed: until it is started again nothing is written. */
void disk_machine_crash(struct disk_machine *);
void disk_machine_start(struct disk_machine *);
void disk_machine_wipe(struct disk_machine *); /* while no process runs */
#endif
