/* dropped.c: the type table of struct weir_dropped, as the generator would write it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "weir.h"

static const struct weir_type timestamp_type = {
    .name = "timestamp",
    .kind = WEIR_KIND_TIMESTAMP,
    .size = sizeof(int64_t),
    .schema = "\"long\"",
    .fingerprint = UINT64_C(0xd054e14493f41db7),
};

/* clang-format off */
#define REQUIRED(name_, type_) \
    {.name = #name_, .type = (type_), .offset = offsetof(struct weir_dropped, name_), .presence = WEIR_NO_PRESENCE}
#define OPTIONAL(name_, type_) \
    {.name = #name_, .type = (type_), .offset = offsetof(struct weir_dropped, name_), \
     .presence = offsetof(struct weir_dropped, has_##name_), .initial = "null"}

static const struct weir_field fields[] = {
    REQUIRED(reason, &weir_str_type),
    OPTIONAL(node, &weir_str_type),
    OPTIONAL(topic, &weir_str_type),
    REQUIRED(partition, &weir_i32_type),
    REQUIRED(offset, &weir_i64_type),
    REQUIRED(timestamp, &timestamp_type),
    OPTIONAL(key, &weir_bytes_type),
    OPTIONAL(value, &weir_bytes_type),
};
/* clang-format on */

const struct weir_type weir_dropped_type = {
    .name = "weir.dropped",
    .kind = WEIR_KIND_RECORD,
    .size = sizeof(struct weir_dropped),
    .schema = "{\"name\":\"weir.dropped\",\"type\":\"record\",\"fields\":[{\"name\":\"reason\",\"type\":\"string\"},"
              "{\"name\":\"node\",\"type\":[\"null\",\"string\"]},{\"name\":\"topic\",\"type\":[\"null\",\"string\"]},"
              "{\"name\":\"partition\",\"type\":\"int\"},{\"name\":\"offset\",\"type\":\"long\"},"
              "{\"name\":\"timestamp\",\"type\":\"long\"},{\"name\":\"key\",\"type\":[\"null\",\"bytes\"]},"
              "{\"name\":\"value\",\"type\":[\"null\",\"bytes\"]}]}",
    .fingerprint = UINT64_C(0xea29fcef92865273),
    .fields = fields,
    .field_count = sizeof fields / sizeof *fields,
};
