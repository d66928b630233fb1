/* reader.c: reading without a group. See simulated.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulated/cluster.h"

struct reading {
    const struct partition *partition;
    int32_t token;
    int64_t position;
};

struct broker_reader {
    struct simulated_connection *connection;
    struct reading *items;
    size_t count, capacity;
};

struct broker_reader *simulated_reader_open(struct broker *broker, struct weir_error *error)
{
    struct simulated_connection *connection = connection_of(broker);
    if (connection->dead) {
        error_set(error, WEIR_FATAL, "the process was killed");
        return NULL;
    }
    struct broker_reader *reader = memory_new(sizeof *reader);
    reader->connection = connection;
    return reader;
}

bool simulated_reader_add(struct broker_reader *reader, const char *topic, int32_t number, int64_t from, int32_t token,
                          struct weir_error *error)
{
    const struct partition *partition = cluster_partition(reader->connection->cluster, topic, number);
    if (!partition)
        return error_set(error, WEIR_INVALID, "there is no partition %d of topic '%.200s'", (int)number, topic);
    reader->items = memory_grow(reader->items, &reader->capacity, reader->count + 1, sizeof *reader->items);
    reader->items[reader->count++] =
        (struct reading){partition, token, from < partition->begin ? partition->begin : from};
    return true;
}

void simulated_reader_remove(struct broker_reader *reader, int32_t token)
{
    size_t kept = 0;
    for (size_t i = 0; i < reader->count; i++)
        if (reader->items[i].token != token)
            reader->items[kept++] = reader->items[i];
    reader->count = kept;
}

static bool take_one(struct broker_reader *reader, struct reading *reading, struct broker_message *message)
{
    int64_t at = partition_next_visible(reader->connection->cluster, reading->partition, reading->position);
    reading->position = at;
    if (at >= partition_stable_end(reading->partition))
        return false;
    const struct simulated_record *record = &reading->partition->records[at];
    *message = (struct broker_message){
        .group = reading->token,
        .partition = reading->partition->number,
        .offset = at,
        .timestamp_ms = record->timestamp_ms,
        .key = record->key,
        .value = record->value,
        .headers = record->headers,
    };
    reading->position = at + 1;
    reader->connection->polled++;
    return true;
}

int simulated_reader_poll(struct broker_reader *reader, struct broker_message *messages, int max, int timeout_ms,
                          struct weir_error *error)
{
    struct simulated_connection *connection = reader->connection;
    struct trip trip;
    int taken = 0;
    if (!trip_begin(connection, SIMULATED_FETCH, &trip, error))
        return -1;
    for (size_t i = 0; i < reader->count; i++) {
        int part = (int)random_between(&connection->cluster->random, 1, 30);
        while (part-- > 0 && taken < max && take_one(reader, &reader->items[i], &messages[taken]))
            taken++;
    }
    if (taken == 0 && timeout_ms > 0)
        connection->link.wait(connection->link.self, (int64_t)timeout_ms * 1000);
    return taken;
}

void simulated_reader_release(struct broker_reader *reader, struct broker_message *message)
{
    (void)message;
    reader->connection->released++;
}

int64_t simulated_reader_position(struct broker_reader *reader, int32_t token)
{
    for (size_t i = 0; i < reader->count; i++)
        if (reader->items[i].token == token)
            return reader->items[i].position;
    return -1;
}

void simulated_reader_close(struct broker_reader *reader)
{
    memory_free(reader->items);
    memory_free(reader);
}
