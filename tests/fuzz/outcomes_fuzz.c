/* outcomes_fuzz.c: any bytes as the file of a log's transactions, and as the offsets file of a group. What is understood
 * must be understood in the same way when it is written and read again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "embedded/offsets.h"
#include "embedded/outcomes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where a sync costs nothing. */
static const char *path(const char *name)
{
    static char text[64];
    snprintf(text, sizeof text, "/dev/shm/weir-outcomes-fuzz-%d-%s", (int)getpid(), name);
    return text;
}

static void parse(const uint8_t *data, size_t size)
{
    struct embedded_outcomes outcomes, again;
    char *text = memory_resize(NULL, size + 1);
    memcpy(text, data, size);
    text[size] = 0;
    embedded_outcomes_init(&outcomes, memory_text(path("transactions")));
    embedded_outcomes_init(&again, memory_text(path("transactions")));
    if (embedded_outcomes_parse(&outcomes, text) && outcomes.limit > 1) {
        struct weir_error error = {0};
        assert(embedded_outcomes_settle(&outcomes, &error) && embedded_outcomes_load(&again, &error));
        assert(again.limit == outcomes.limit && again.committed.count == outcomes.committed.count);
        for (int64_t number = 1; number < 40 && number < outcomes.limit; number++)
            assert(embedded_outcomes_of(&again, number) == embedded_outcomes_of(&outcomes, number) &&
                   embedded_outcomes_of(&again, number) != EMBEDDED_OPEN);
    }
    embedded_outcomes_done(&outcomes);
    embedded_outcomes_done(&again);
    free(text);
}

static void load_offsets(const uint8_t *data, size_t size)
{
    struct embedded_outcomes outcomes;
    struct embedded_offsets offsets;
    struct weir_error error = {0};
    FILE *file = fopen(path("offsets"), "wb");
    if (!file)
        return;
    fwrite("WEIROFF1", 1, 8, file);
    fwrite(data, 1, size, file);
    fclose(file);
    embedded_outcomes_init(&outcomes, NULL);
    embedded_offsets_outcomes(path("offsets"), &outcomes, &error);
    embedded_offsets_load(&offsets, memory_text(path("offsets")), NULL, &error);
    embedded_offsets_done(&offsets);
    embedded_outcomes_done(&outcomes);
}

/* Two whole commits with the input between and inside them, so that what lies behind the checksums is reached. */
static void load_around(const uint8_t *data, size_t size)
{
    char metadata[65] = "";
    struct buffer file = {0};
    for (size_t i = 0; i < size && i < 64; i++)
        metadata[i] = (char)(data[i] ? data[i] : 1);
    struct broker_offset commits[] = {{"topic", 0, 5, metadata}, {"topic", 1, 6, NULL}};
    embedded_offsets_encode_transaction(&file, 7, commits, 2);
    buffer_append(&file, data, size);
    embedded_offsets_encode(&file, &commits[0]);
    load_offsets((const uint8_t *)file.data, file.size);
    buffer_done(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_level(LOG_ERROR);
    parse(data, size);
    load_offsets(data, size);
    load_around(data, size);
    return 0;
}
