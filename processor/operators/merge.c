/* merge.c: two streams as one, in the order in which records are processed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

const struct operator operator_merge = {.kind = "MERGE", .process = context_forward};
