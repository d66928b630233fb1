/* error.c: see error.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <string.h>

/* A message cut inside a UTF-8 character would not be valid JSON later on. */
static void trim_partial_character(char *message)
{
    size_t size = strlen(message);
    size_t start = size;
    while (start > 0 && ((unsigned char)message[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)message[start - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (size - (start - 1) < need)
        message[start - 1] = 0;
}

bool error_set(struct weir_error *error, enum weir_code code, const char *format, ...)
{
    if (!error || error->code != WEIR_OK)
        return false;
    error->code = code;
    va_list args;
    va_start(args, format);
    int size = vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    if (size >= (int)sizeof error->message)
        trim_partial_character(error->message);
    return false;
}

const char *error_code_name(enum weir_code code)
{
    static const char *const names[] = {"ok", "invalid", "retry", "poison", "fenced", "corrupt", "fatal", "absent"};
    return names[code];
}
