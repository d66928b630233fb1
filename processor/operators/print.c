/* print.c: a line per record into a file: "[label]: key, value" (PrintForeachAction of Kafka Streams).
 *
 * The label and the texts are bytes as they are; a missing key or value is the word null, a windowed key [key@start/end].
 * A terminal sees each line at once, a file what its buffer holds when the task ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/buffer.h"
#include "operators/operators.h"

static void write_text(weir_context *context, const struct weir_type *type, const void *value, struct buffer *line)
{
    weir_bytes text = {"null", 4};
    if (value)
        text = weir_key_to_text(context->execution->arena, type, value);
    buffer_append(line, text.data, text.size);
}

static void write_key(weir_context *context, const struct weir_record *record, struct buffer *line)
{
    bool is_windowed = record->window.end_ms != 0;
    if (is_windowed)
        buffer_byte(line, '[');
    write_text(context, record->key_type, record->key, line);
    if (is_windowed)
        buffer_format(line, "@%" PRId64 "/%" PRId64 "]", record->window.start_ms, record->window.end_ms);
}

static void write_record(weir_context *context, const struct weir_record *record, struct buffer *line)
{
    const struct weir_print_args *args = context->node->args;
    const weir_bytes *mapped = args->map ? args->map(context, record) : NULL;
    if (mapped) {
        buffer_append(line, mapped->data, mapped->size);
    } else if (args->map) {
        buffer_text(line, "null");
    } else {
        write_key(context, record, line);
        buffer_text(line, ", ");
        write_text(context, record->value_type, record->value, line);
    }
}

static void process(weir_context *context, const struct weir_record *record)
{
    const struct weir_print_args *args = context->node->args;
    struct buffer line = {0};
    buffer_format(&line, "[%s]: ", args->label);
    write_record(context, record, &line);
    buffer_byte(&line, '\n');
    if (context->execution->error.code == WEIR_OK && fwrite(line.data, 1, line.size, args->file) != line.size)
        context_fail(context, WEIR_FATAL, "%s (%s): the file cannot be written", context->node->name,
                     context->node->at);
    if (args->file == stdout || args->file == stderr)
        fflush(args->file);
    buffer_done(&line);
}

static void close(weir_context *context)
{
    const struct weir_print_args *args = context->node->args;
    fflush(args->file);
}

const struct operator operator_print = {.kind = "PRINTER", .process = process, .close = close};
