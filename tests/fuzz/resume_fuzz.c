/* Ids of events as a client might bring them back: what was read is written as an id that says the same. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "http/resume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PARTITIONS = 12 };
    int64_t marks[PARTITIONS], again[PARTITIONS];
    struct buffer text = {0};
    if (resume_read((weir_bytes){data, size}, marks, PARTITIONS)) {
        resume_write(marks, PARTITIONS, &text);
        if (!resume_read(buffer_bytes(&text), again, PARTITIONS) || memcmp(marks, again, sizeof marks) != 0)
            abort();
    }
    buffer_done(&text);
    return 0;
}
