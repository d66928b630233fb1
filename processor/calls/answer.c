/* answer.c: see answer.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls/answer.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"

enum { STATUS_LINE_MIN = 12 /* "HTTP/1.1 200" */, STATUS_AT = 9, HEX_DIGITS_MAX = 15 };

void answer_done(struct answer *answer)
{
    buffer_done(&answer->line);
    buffer_done(&answer->body);
    *answer = (struct answer){0};
}

void answer_clear(struct answer *answer)
{
    const struct buffer line = answer->line, body = answer->body;
    *answer = (struct answer){.line = line, .body = body};
    buffer_clear(&answer->line);
    buffer_clear(&answer->body);
}

static void break_off(struct answer *answer, const char *problem)
{
    answer->part = ANSWER_BROKEN;
    answer->problem = problem;
}

/* ---- lines ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static void take_status(struct answer *answer, weir_bytes line)
{
    const char *text = line.data;
    if (line.size < STATUS_LINE_MIN || memcmp(text, "HTTP/1.", 7) != 0 || !is_digit(text[7]) || text[8] != ' ' ||
        !is_digit(text[STATUS_AT]) || !is_digit(text[STATUS_AT + 1]) || !is_digit(text[STATUS_AT + 2])) {
        break_off(answer, "the answer is not HTTP/1.1");
        return;
    }
    answer->is_last = text[7] == '0';
    answer->status = (text[STATUS_AT] - '0') * 100 + (text[STATUS_AT + 1] - '0') * 10 + text[STATUS_AT + 2] - '0';
    answer->part = ANSWER_FIELDS;
}

static weir_bytes trim(weir_bytes text)
{
    const char *from = text.data, *to = from + text.size;
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return (weir_bytes){from, (size_t)(to - from)};
}

static bool is_word(weir_bytes text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static void take_length(struct answer *answer, weir_bytes value)
{
    uint64_t length = 0;
    const char *digits = value.data;
    for (size_t i = 0; i < value.size && length <= ANSWER_BODY_BYTES_MAX; i++) {
        if (!is_digit(digits[i])) {
            break_off(answer, "the answer has a Content-Length that is no number");
            return;
        }
        length = length * 10 + (uint64_t)(digits[i] - '0');
    }
    if (value.size == 0 || (answer->is_sized && length != answer->left))
        break_off(answer, "the answer has no one Content-Length");
    answer->is_sized = true;
    answer->left = length;
}

static void take_coding(struct answer *answer, weir_bytes value)
{
    if (!is_word(value, "chunked"))
        break_off(answer, "the answer has a transfer coding that is not known");
    answer->is_chunked = true;
}

/* A list of words; nothing else than the closing matters. */
static void take_connection(struct answer *answer, weir_bytes value)
{
    const char *at = value.data, *end = at + value.size;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        weir_bytes word = trim((weir_bytes){at, (size_t)(stop - at)});
        if (is_word(word, "close"))
            answer->is_last = true;
        at = stop + 1;
    }
}

static void take_field(struct answer *answer, weir_bytes line)
{
    const char *colon = memchr(line.data, ':', line.size);
    if (!colon || colon == line.data) {
        break_off(answer, "the answer has a field without a name");
        return;
    }
    size_t name_size = (size_t)(colon - (const char *)line.data);
    const weir_bytes name = {line.data, name_size}, value = trim((weir_bytes){colon + 1, line.size - name_size - 1});
    if (is_word(name, "Content-Length"))
        take_length(answer, value);
    else if (is_word(name, "Transfer-Encoding"))
        take_coding(answer, value);
    else if (is_word(name, "Connection"))
        take_connection(answer, value);
}

/* RFC 9112, section 6.3. */
static void end_head(struct answer *answer)
{
    bool is_interim = answer->status < 200;
    if (answer->status == 101)
        break_off(answer, "the answer changes the protocol");
    else if (is_interim)
        answer->part = ANSWER_STATUS;
    else if (answer->status == 204 || answer->status == 304)
        answer->part = ANSWER_COMPLETE;
    else if (answer->is_chunked)
        answer->part = ANSWER_CHUNK_SIZE;
    else if (answer->is_sized)
        answer->part = answer->left > 0 ? ANSWER_BODY : ANSWER_COMPLETE;
    else
        answer->part = ANSWER_BODY_TO_THE_END;
    if (is_interim)
        answer->is_chunked = answer->is_sized = false;
    /* Two lengths, or none: where the next answer would begin is anybody's guess. */
    answer->is_last =
        answer->is_last || (answer->is_chunked && answer->is_sized) || answer->part == ANSWER_BODY_TO_THE_END;
}

static int hex_digit(char byte)
{
    if (is_digit(byte))
        return byte - '0';
    char small = (char)(byte | 0x20);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* An extension may follow, which is passed over. */
static void take_chunk_size(struct answer *answer, weir_bytes line)
{
    const char *text = line.data;
    size_t digits = 0;
    answer->left = 0;
    for (; digits < line.size && hex_digit(text[digits]) >= 0 && digits <= HEX_DIGITS_MAX; digits++)
        answer->left = answer->left * 16 + (uint64_t)hex_digit(text[digits]);
    const weir_bytes rest = trim((weir_bytes){text + digits, line.size - digits});
    if (digits == 0 || digits > HEX_DIGITS_MAX || (rest.size > 0 && *(const char *)rest.data != ';'))
        break_off(answer, "the answer has a chunk without a size");
    else
        answer->part = answer->left > 0 ? ANSWER_CHUNK : ANSWER_TRAILERS;
}

static void take_line(struct answer *answer, weir_bytes line)
{
    if (line.size > 0 && ((const char *)line.data)[line.size - 1] == '\r')
        line.size--;
    if (answer->part == ANSWER_STATUS)
        take_status(answer, line);
    else if (answer->part == ANSWER_FIELDS && line.size > 0)
        take_field(answer, line);
    else if (answer->part == ANSWER_FIELDS)
        end_head(answer);
    else if (answer->part == ANSWER_CHUNK_SIZE)
        take_chunk_size(answer, line);
    else if (answer->part == ANSWER_TRAILERS)
        answer->part = line.size > 0 ? ANSWER_TRAILERS : ANSWER_COMPLETE;
    else if (line.size > 0)
        break_off(answer, "the answer has a chunk that is longer than its size");
    else
        answer->part = ANSWER_CHUNK_SIZE;
}

/* Bytes that were taken, up to the end of a line or all of them. */
static size_t take_text(struct answer *answer, const char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);
    size_t used = end ? (size_t)(end - data) + 1 : size;
    answer->text_bytes += used;
    if (answer->text_bytes > ANSWER_HEAD_BYTES_MAX) {
        break_off(answer, "the head of the answer is too large");
        return used;
    }
    if (end && answer->line.size == 0) {
        take_line(answer, (weir_bytes){data, used - 1});
        return used;
    }
    buffer_append(&answer->line, data, end ? used - 1 : used);
    if (end) {
        take_line(answer, buffer_bytes(&answer->line));
        buffer_clear(&answer->line);
    }
    return used;
}

/* ---- the body ---- */

static size_t take_body(struct answer *answer, const char *data, size_t size)
{
    bool is_endless = answer->part == ANSWER_BODY_TO_THE_END;
    size_t used = is_endless || size < answer->left ? size : (size_t)answer->left;
    if (answer->body.size + used > ANSWER_BODY_BYTES_MAX || (!is_endless && answer->left > ANSWER_BODY_BYTES_MAX)) {
        break_off(answer, "the answer is too large");
        return 0;
    }
    buffer_append(&answer->body, data, used);
    answer->text_bytes = 0;
    if (is_endless)
        return used;
    answer->left -= used;
    if (answer->left == 0)
        answer->part = answer->part == ANSWER_CHUNK ? ANSWER_CHUNK_END : ANSWER_COMPLETE;
    return used;
}

static bool is_body(enum answer_part part)
{
    return part == ANSWER_BODY || part == ANSWER_BODY_TO_THE_END || part == ANSWER_CHUNK;
}

static bool is_over(const struct answer *answer)
{
    return answer->part == ANSWER_COMPLETE || answer->part == ANSWER_BROKEN;
}

size_t answer_take(struct answer *answer, const void *data, size_t size)
{
    size_t used = 0;
    answer->has_begun = answer->has_begun || size > 0;
    while (used < size && !is_over(answer)) {
        const char *at = (const char *)data + used;
        used += is_body(answer->part) ? take_body(answer, at, size - used) : take_text(answer, at, size - used);
    }
    return used;
}

bool answer_end(struct answer *answer)
{
    answer->is_last = true;
    if (answer->part == ANSWER_BODY_TO_THE_END)
        answer->part = ANSWER_COMPLETE;
    else if (!is_over(answer))
        break_off(answer, "the connection was closed before the answer was complete");
    return answer->part == ANSWER_COMPLETE;
}
