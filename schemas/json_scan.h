/* json_scan.h: the tokens of JSON (RFC 8259): spaces, strings, numbers, and whole values that are only checked.
 *
 * Compact JSON is the rule, so punctuation that is followed by no space is taken in one step. The position is loaded
 * and stored once per token: a store and a load per character is what makes a scanner slow. */
#ifndef WEIR_SCHEMAS_JSON_SCAN_H
#define WEIR_SCHEMAS_JSON_SCAN_H
#include "schemas/reader.h"
#include "schemas/text.h"

static inline void json_skip_space(struct reader *reader)
{
    if (reader->at<reader->end && * reader->at> ' ')
        return; /* nearly always */
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

/* The next byte, or 0 at the end. */
static inline unsigned char json_peek(const struct reader *reader)
{
    return reader->at < reader->end ? *reader->at : 0;
}

/* Problem "expected …, found a string". */
bool json_unexpected(struct reader *, const char *expected);
bool json_scan_literal(struct reader *, const char *literal); /* consumes it if it is there */
/* The rest of a string that is not plain; `special` is its first byte that is not. */
bool json_scan_special_string(struct reader *, const unsigned char *special, bool keep, weir_bytes *out);
/* The text of a number, checked. */
bool json_scan_number(struct reader *, const char *expected, weir_bytes *out);
bool json_skip_value(struct reader *);
/* As json_valid, for a text that stands inside others, `depth` of them. */
bool json_valid_inside(weir_bytes text, int depth, struct weir_error *);

/* The contents, borrowed from the input, or unescaped into the arena. keep is false: they are only checked. */
static inline bool json_scan_string_or_skip(struct reader *reader, bool keep, weir_bytes *out)
{
    if (json_peek(reader) != '"')
        return json_unexpected(reader, "a string");
    const unsigned char *start = reader->at + 1;
    const unsigned char *special = text_plain_end(start, reader->end);
    if (special == reader->end || *special != '"')
        return json_scan_special_string(reader, special, keep, out);
    *out = (weir_bytes){start, (size_t)(special - start)};
    reader->at = special + 1;
    return true;
}

static inline bool json_scan_string(struct reader *reader, weir_bytes *out)
{
    return json_scan_string_or_skip(reader, true, out);
}

/* The colon behind a member's name. */
static inline bool json_scan_colon(struct reader *reader)
{
    const unsigned char *at = reader->at;
    if (reader->end - at >= 2 && at[0] == ':' && at[1] > ' ') {
        reader->at = at + 1;
        return true;
    }
    json_skip_space(reader);
    if (json_peek(reader) != ':')
        return json_unexpected(reader, "':'");
    reader->at++;
    json_skip_space(reader);
    return true;
}

/* Between the members of an object and the items of an array: true and *more, or false and the problem. */
static inline bool json_scan_separator(struct reader *reader, unsigned char close, bool *more)
{
    const unsigned char *at = reader->at;
    *more = true;
    if (reader->end - at >= 2 && at[0] == ',' && at[1] > ' ') {
        reader->at = at + 1;
        return true;
    }
    json_skip_space(reader);
    unsigned char next = json_peek(reader);
    *more = next == ',';
    if (next != ',' && next != close)
        return json_unexpected(reader, close == '}' ? "',' or '}'" : "',' or ']'");
    reader->at++;
    if (*more)
        json_skip_space(reader);
    return true;
}
#endif
