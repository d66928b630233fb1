/* process.c: a processor of the author's: its own memory, stores and punctuators.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void open(weir_context *context)
{
    const struct weir_processor *processor = context->node->args;
    if (processor->open)
        processor->open(context);
}

static void process(weir_context *context, const struct weir_record *record)
{
    const struct weir_processor *processor = context->node->args;
    processor->process(context, record);
}

static void close(weir_context *context)
{
    const struct weir_processor *processor = context->node->args;
    if (processor->close)
        processor->close(context);
}

const struct operator operator_process = {.kind = "PROCESSOR", .open = open, .process = process, .close = close};
const struct operator operator_process_values = {
    .kind = "PROCESSVALUES", .open = open, .process = process, .close = close};
