/* rocks_copy.c: a database as another one: a checkpoint, whose files are hard links. See rocks.h.
 *
 * Memtables are written first, for there is no write-ahead log to go with the files. Each family carries its own position,
 * so it does not matter that they are not written in the same moment.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "state/rocks_private.h"

bool rocks_disk_copy(struct rocks *rocks, const char *directory, struct weir_error *error)
{
    char *message = NULL;
    rocksdb_checkpoint_t *checkpoint = rocksdb_checkpoint_object_create(rocks->database, &message);
    if (!message)
        rocksdb_checkpoint_create(checkpoint, directory, 0, &message);
    if (checkpoint)
        rocksdb_checkpoint_object_destroy(checkpoint);
    return rocks_check(message, directory, error);
}

bool rocks_copy(struct rocks *rocks, const char *directory, struct weir_error *error)
{
    return rocks_level->copy ? rocks_level->copy(rocks, directory, error)
                             : error_set(error, WEIR_ABSENT, "this database cannot be copied");
}
