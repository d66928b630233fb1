/* names.c: C names from Avro names.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "model.h"

/* Words of C and C++: generated headers may be included by both. */
static const char *const reserved[] = {
    "alignas",  "alignof",  "and",       "asm",     "auto",   "bool",    "break",    "case",   "catch",    "char",
    "class",    "const",    "continue",  "default", "delete", "do",      "double",   "else",   "enum",     "explicit",
    "export",   "extern",   "false",     "float",   "for",    "friend",  "goto",     "if",     "inline",   "int",
    "long",     "mutable",  "namespace", "new",     "not",    "nullptr", "operator", "or",     "private",  "protected",
    "public",   "register", "restrict",  "return",  "short",  "signed",  "sizeof",   "static", "struct",   "switch",
    "template", "this",     "throw",     "true",    "try",    "typedef", "typename", "union",  "unsigned", "using",
    "virtual",  "void",     "volatile",  "while",   "xor",    "NULL",
};

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(name, reserved[i]) == 0)
            return true;
    return false;
}

/* A capital starts a word when it follows a small letter or a digit, or ends a run of capitals (HTTPServer). */
static bool starts_word(const char *name, size_t i)
{
    if (i == 0 || !isupper((unsigned char)name[i]) || name[i - 1] == '_')
        return false;
    return !isupper((unsigned char)name[i - 1]) || islower((unsigned char)name[i + 1]);
}

char *names_snake(const char *name)
{
    struct buffer text = {0};
    for (size_t i = 0; name[i]; i++) {
        if (starts_word(name, i))
            buffer_byte(&text, '_');
        buffer_byte(&text, (unsigned char)tolower((unsigned char)name[i]));
    }
    buffer_byte(&text, 0);
    if (is_reserved(text.data)) {
        text.size--;
        buffer_append(&text, "_", 2);
    }
    return text.data;
}

char *names_upper(const char *name)
{
    char *upper = memory_text(name);
    for (char *at = upper; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return upper;
}

bool names_is_valid(const char *name)
{
    if (!name || (!isalpha((unsigned char)*name) && *name != '_'))
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}
