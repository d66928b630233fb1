/* json_text.h: walking JSON text without changing it: what is inside stays as it was written, numbers to the last digit.
 *
 * The text must be valid (json_text_check); then the cursors find the members as slices of it. */
#ifndef WEIR_CLI_JSON_TEXT_H
#define WEIR_CLI_JSON_TEXT_H
#include <stdio.h>

#include "weir.h"

/* One valid JSON value, and nothing behind it. */
bool json_text_check(weir_arena *, weir_bytes text, struct weir_error *);

struct json_text_cursor {
    const char *at, *end;
};
/* Over the members of an object or the items of an array; anything else has none. */
struct json_text_cursor json_text_open(weir_bytes text);
/* The next member: its name with quotes (items of an array: empty) and its value. */
bool json_text_next(struct json_text_cursor *, weir_bytes *name, weir_bytes *value);
/* The value of a member; data NULL: there is none. The last of several counts. */
weir_bytes json_text_member(weir_bytes object, const char *name);

bool json_text_is_string(weir_bytes text);
bool json_text_is_null(weir_bytes text);
/* Text of a JSON string, unescaped; anything else as it is. In the arena, with a NUL behind it. */
weir_bytes json_text_plain(weir_arena *, weir_bytes text);
/* False: these bytes are no UTF-8 text. */
bool json_text_is_utf8(weir_arena *, weir_bytes bytes);
/* Writes UTF-8 text as a JSON string. */
void json_text_write(FILE *, weir_arena *, weir_bytes text);
/* Base64 with the URL alphabet, no padding (RFC 4648, 5), as a JSON string. */
void json_text_write_base64url(FILE *, weir_bytes bytes);
#endif
