/* config_file.c: settings from a Java properties file and from the environment.
 *
 * The file follows java.util.Properties.load: comments with # or !, separators =, : or blanks, backslash escapes,
 * continued lines; the bytes are UTF-8. Errors name file and line, never a value.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/memory.h"

enum { LINE_BYTES_MAX = 64 * 1024 };

struct reader {
    const char *path;
    FILE *file;
    char *line; /* of getline */
    size_t capacity;
    int number;            /* of the line just read */
    struct buffer logical; /* continued lines joined, leading blanks of each taken off */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static bool is_continued(const char *line, size_t size)
{
    size_t slashes = 0;
    while (slashes < size && line[size - 1 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 1;
}

/* One physical line without its end and leading blanks; NULL at the end. */
static const char *next_physical(struct reader *reader, size_t *size)
{
    ssize_t read = getline(&reader->line, &reader->capacity, reader->file);
    if (read < 0)
        return NULL;
    reader->number++;
    *size = (size_t)read;
    while (*size && (reader->line[*size - 1] == '\n' || reader->line[*size - 1] == '\r'))
        (*size)--;
    size_t skip = 0;
    while (skip < *size && is_blank(reader->line[skip]))
        skip++;
    *size -= skip;
    return reader->line + skip;
}

static bool next_logical(struct reader *reader, int *number)
{
    size_t size;
    buffer_clear(&reader->logical);
    for (const char *line; (line = next_physical(reader, &size));) {
        if (reader->logical.size == 0) {
            if (size == 0 || line[0] == '#' || line[0] == '!')
                continue;
            *number = reader->number;
        }
        bool more = is_continued(line, size);
        buffer_append(&reader->logical, line, more ? size - 1 : size);
        if (!more || reader->logical.size > LINE_BYTES_MAX)
            break;
    }
    buffer_byte(&reader->logical, 0);
    return reader->logical.size > 1;
}

static void append_utf8(struct buffer *out, unsigned code)
{
    if (code < 0x80) {
        buffer_byte(out, (unsigned char)code);
    } else if (code < 0x800) {
        buffer_byte(out, (unsigned char)(0xC0 | code >> 6));
        buffer_byte(out, (unsigned char)(0x80 | (code & 0x3F)));
    } else {
        buffer_byte(out, (unsigned char)(0xE0 | code >> 12));
        buffer_byte(out, (unsigned char)(0x80 | ((code >> 6) & 0x3F)));
        buffer_byte(out, (unsigned char)(0x80 | (code & 0x3F)));
    }
}

/* Unescapes from `at` (behind the backslash); returns what follows, NULL for a broken \u. */
static const char *unescape(const char *at, struct buffer *out)
{
    static const char names[] = "tnrf", values[] = "\t\n\r\f";
    if (*at == 'u') {
        char digits[5] = "";
        for (int i = 0; i < 4; i++) {
            if (!isxdigit((unsigned char)at[i + 1]))
                return NULL;
            digits[i] = at[i + 1];
        }
        append_utf8(out, (unsigned)strtoul(digits, NULL, 16));
        return at + 5;
    }
    const char *name = *at ? strchr(names, *at) : NULL;
    if (name)
        buffer_byte(out, (unsigned char)values[name - names]);
    else if (*at)
        buffer_byte(out, (unsigned char)*at);
    return *at ? at + 1 : at;
}

/* Copies until the end, or until a separator when a key is read. */
static const char *read_token(const char *at, bool is_key, struct buffer *out)
{
    while (*at && !(is_key && (*at == '=' || *at == ':' || is_blank(*at)))) {
        if (*at == '\\') {
            at = unescape(at + 1, out);
            if (!at)
                return NULL;
        } else {
            buffer_byte(out, (unsigned char)*at++);
        }
    }
    buffer_byte(out, 0);
    return at;
}

static const char *skip_separator(const char *at)
{
    while (is_blank(*at))
        at++;
    if (*at == '=' || *at == ':')
        at++;
    while (is_blank(*at))
        at++;
    return at;
}

static bool set_from_line(struct config *config, const char *line, struct weir_error *error)
{
    struct buffer key = {0}, value = {0};
    const char *at = read_token(line, true, &key);
    bool ok = at && read_token(skip_separator(at), false, &value);
    if (!ok) {
        error_set(error, WEIR_INVALID, "\\u needs four hexadecimal digits");
    } else {
        while (value.size > 1 && isspace((unsigned char)value.data[value.size - 2])) /* a stray blank is not meant */
            value.data[--value.size - 1] = 0;
        ok = config_set(config, key.data, value.data, error);
    }
    buffer_done(&key);
    buffer_done(&value);
    return ok;
}

bool config_load(struct config *config, const char *path, struct weir_error *error)
{
    struct reader reader = {.path = path, .file = fopen(path, "re")};
    if (!reader.file)
        return error_set(error, WEIR_INVALID, "%.120s: %s", path, strerror(errno));
    bool ok = true;
    int number = 0;
    while (ok && next_logical(&reader, &number)) {
        struct weir_error cause = {0};
        ok = reader.logical.size <= LINE_BYTES_MAX || error_set(&cause, WEIR_INVALID, "the line is too long");
        ok = ok && set_from_line(config, reader.logical.data, &cause);
        if (!ok)
            error_set(error, cause.code, "%.100s:%d: %s", path, number, cause.message);
    }
    if (ok && ferror(reader.file))
        ok = error_set(error, WEIR_INVALID, "%.120s: cannot be read", path);
    fclose(reader.file);
    free(reader.line);
    buffer_done(&reader.logical);
    return ok;
}

/* Variables that are not settings: the log's own, those of commands that ask, and what Kubernetes puts into every pod beside a service "weir". */
static bool is_foreign_variable(const char *name)
{
    static const char *const prefixes[] = {"LOG_FORMAT=",  "HTTP_INSECURE=", "API_KEY=", "CA_FILE=", "SERVICE_HOST=",
                                           "SERVICE_PORT", "PORT=",          "PORT_",    "TEST_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static bool set_from_variable(struct config *config, const char *variable, struct weir_error *error)
{
    size_t size = strcspn(variable, "=");
    char *key = memory_copy(variable, size);
    for (size_t i = 0; i < size; i++)
        key[i] = key[i] == '_' ? '.' : (char)tolower((unsigned char)key[i]);
    struct weir_error cause = {0};
    bool ok = config_set(config, key, variable[size] ? variable + size + 1 : "", &cause);
    if (!ok)
        error_set(error, cause.code, "environment variable WEIR_%.*s: %s", (int)(size < 80 ? size : 80), variable,
                  cause.message);
    memory_free(key);
    return ok;
}

bool config_environment(struct config *config, struct weir_error *error)
{
    for (char **variable = environ; variable && *variable; variable++)
        if (strncmp(*variable, "WEIR_", 5) == 0 && !is_foreign_variable(*variable + 5) &&
            !set_from_variable(config, *variable + 5, error))
            return false;
    return true;
}
