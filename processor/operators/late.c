/* late.c: the records that came too late for the windows of the node above, as they came. That node does not forward to it:
 * context_drop does, once for a record, however many windows it was too late for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

const struct operator operator_late = {.kind = "LATE", .process = context_forward};
