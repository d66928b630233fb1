/* to_stream.c: the changes of a table as facts; deletions leave as tombstones.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

const struct operator operator_to_stream = {.kind = "TOSTREAM", .process = context_forward};
