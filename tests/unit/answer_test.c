/* answer_test.c: answers over HTTP/1.1 as they come, in one piece or byte by byte. SPDX-License-Identifier: Apache-2.0 */
#include "calls/answer.h"

#include <criterion/criterion.h>

#define SIZED "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nfin\r\n1\r\ne\r\n0\r\nTrailer: a\r\n\r\n"

/* Takes all of the text, so many bytes at a time; returns how many belonged to the answer. */
static size_t take(struct answer *answer, const char *text, size_t piece)
{
    size_t size = strlen(text), used = 0;
    *answer = (struct answer){0};
    for (size_t at = 0; at < size; at += piece) {
        size_t now = size - at < piece ? size - at : piece, taken = answer_take(answer, text + at, now);
        used += taken;
        if (taken < now)
            break;
    }
    return used;
}

static void expect_fine(const char *text)
{
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        struct answer answer;
        cr_expect_eq(take(&answer, text, piece), strlen(text));
        cr_expect(answer.part == ANSWER_COMPLETE && answer.status == 200 && !answer.is_last, "pieces of %zu: %s", piece,
                  text);
        cr_expect(answer.body.size == 4 && memcmp(answer.body.data, "fine", 4) == 0);
        answer_done(&answer);
    }
}

Test(answer, a_body_is_as_long_as_is_said)
{
    expect_fine(SIZED);
    expect_fine("HTTP/1.1 200\r\ncontent-length:4\r\n\r\nfine");
    expect_fine("HTTP/1.1 200 OK\nContent-Length: 4\nContent-Length: 4\n\nfine");
}

Test(answer, a_body_comes_in_chunks)
{
    expect_fine(CHUNKED);
}

Test(answer, an_interim_answer_comes_before_the_final_one)
{
    expect_fine("HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n" SIZED);
}

Test(answer, some_answers_have_no_body)
{
    static const char *const texts[] = {"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n",
                                        "HTTP/1.1 304 Not Modified\r\n\r\n",
                                        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct answer answer;
        cr_expect_eq(take(&answer, texts[i], SIZE_MAX), strlen(texts[i]));
        cr_expect(answer.part == ANSWER_COMPLETE && answer.body.size == 0, "%s", texts[i]);
        answer_done(&answer);
    }
}

Test(answer, a_body_without_a_length_ends_with_the_connection)
{
    struct answer answer;
    take(&answer, "HTTP/1.1 200 OK\r\n\r\nfi", SIZE_MAX);
    answer_take(&answer, "ne", 2);
    cr_expect(answer.part != ANSWER_COMPLETE && answer_end(&answer) && answer.is_last);
    cr_expect(answer.body.size == 4 && memcmp(answer.body.data, "fine", 4) == 0);
    answer_done(&answer);
}

Test(answer, a_connection_that_ends_too_early_breaks_the_answer)
{
    for (size_t size = 0; size < strlen(SIZED); size++) {
        struct answer answer = {0};
        answer_take(&answer, SIZED, size);
        cr_expect(!answer_end(&answer) && answer.part == ANSWER_BROKEN && answer.has_begun == (size > 0));
        answer_done(&answer);
    }
}

Test(answer, what_follows_an_answer_is_not_its_own)
{
    struct answer answer;
    cr_expect_eq(take(&answer, SIZED "HTTP/1.1 500 ", SIZE_MAX), strlen(SIZED));
    cr_expect(answer.part == ANSWER_COMPLETE && answer.status == 200);
    answer_done(&answer);
}

Test(answer, a_connection_is_kept_unless_its_end_is_announced)
{
    static const char *const texts[] = {
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: a, Close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct answer answer;
        take(&answer, texts[i], SIZE_MAX);
        cr_expect(answer.part == ANSWER_COMPLETE && answer.is_last, "%s", texts[i]);
        answer_done(&answer);
    }
}

Test(answer, what_is_malformed_breaks_it)
{
    static const char *const texts[] = {
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/2 200\r\n",
        "HTTP/1.1 2x0 OK\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4x\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11112222333344445\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nx",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct answer answer;
        take(&answer, texts[i], SIZE_MAX);
        cr_expect(answer.part == ANSWER_BROKEN && answer.problem, "%s", texts[i]);
        answer_done(&answer);
    }
}

Test(answer, a_head_without_an_end_is_not_gathered_for_ever)
{
    struct answer answer = {0};
    for (int i = 0; i < ANSWER_HEAD_BYTES_MAX && answer.part != ANSWER_BROKEN; i++)
        answer_take(&answer, i == 0 ? "HTTP/1.1 200 OK\r\n" : "a: b\r\n", i == 0 ? 17 : 6);
    cr_expect_eq(answer.part, ANSWER_BROKEN);
    answer_done(&answer);
}

Test(answer, many_chunks_are_no_long_head)
{
    struct answer answer;
    take(&answer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", SIZE_MAX);
    for (int i = 0; i < ANSWER_HEAD_BYTES_MAX; i++)
        answer_take(&answer, "1\r\na\r\n", 6);
    answer_take(&answer, "0\r\n\r\n", 5);
    cr_expect(answer.part == ANSWER_COMPLETE && answer.body.size == ANSWER_HEAD_BYTES_MAX);
    answer_done(&answer);
}

Test(answer, one_answer_after_the_other_leaves_nothing_behind)
{
    struct answer answer;
    take(&answer, "HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbad", SIZE_MAX);
    answer_clear(&answer);
    answer_take(&answer, SIZED, strlen(SIZED));
    cr_expect(answer.part == ANSWER_COMPLETE && answer.status == 200 && !answer.is_last && answer.body.size == 4);
    answer_done(&answer);
}
