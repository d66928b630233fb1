/* manifest_test.c: what a copy consists of, as it is told.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "http/copy.h"
#include "runtime/manifest.h"

#define HEAD "weir-copy 1\ncopy 0123456789abcdef\nstate 00c0ffee\n"

static weir_arena arena;
static void open_arena(void)
{
    arena_init(&arena);
}
static void close_arena(void)
{
    arena_done(&arena);
}

TestSuite(manifest, .init = open_arena, .fini = close_arena);

static bool reads(const char *text, struct manifest *out)
{
    struct weir_error error = {0};
    bool ok = manifest_read(bytes_of_text(text), &arena, out, &error);
    cr_expect(ok || error.code == WEIR_INVALID);
    return ok;
}

Test(manifest, says_again_what_was_written)
{
    struct manifest out;
    struct buffer text = {0};
    cr_assert(reads(HEAD "store 0000000a 12345678901\nstore 0000000b -1\nfile 16 CURRENT\nfile 5000000000 a.sst\nend\n",
                    &out));
    cr_expect_str_eq(out.copy, "0123456789abcdef");
    cr_expect_eq(out.state, 0x00c0ffee);
    cr_expect_eq(out.stores[0].position, 12345678901);
    cr_expect_eq(out.stores[1].position, -1);
    cr_expect_eq(out.bytes, 5000000016);
    manifest_write(&out, &text);
    buffer_byte(&text, 0);
    cr_expect_str_eq(text.data, HEAD
                     "store 0000000a 12345678901\nstore 0000000b -1\nfile 16 CURRENT\nfile 5000000000 a.sst\nend\n");
    buffer_done(&text);
}

Test(manifest, that_is_malformed_is_refused)
{
    static const char *const wrong[] = {
        "",
        "weir-copy 2\ncopy 0123456789abcdef\nstate 00c0ffee\nend\n",
        "weir-copy 1\ncopy 0123\nstate 00c0ffee\nend\n",
        "weir-copy 1\ncopy 0123456789abcdef\nstate c0ffee\nend\n",
        HEAD,
        HEAD "end",
        HEAD "end\nmore\n",
        HEAD "store 0000000a\nend\n",
        HEAD "store 0000000a -2\nend\n",
        HEAD "file 1 a\nstore 0000000a 1\nend\n",
        HEAD "file -1 a\nend\n",
        HEAD "file 1\nend\n",
        HEAD "file 1 ../a\nend\n",
        HEAD "file 1 .hidden\nend\n",
        HEAD "file 1 a b\nend\n",
        HEAD "file 1 b\nfile 1 a\nend\n",
        HEAD "file 1 a\nfile 1 a\nend\n",
        HEAD "file 9999999999999999999 a\nend\n",
    };
    struct manifest out;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(reads(wrong[i], &out), "%s", wrong[i]);
}

Test(range, is_bytes_from_to)
{
    static const char *const wrong[] = {
        "",          "bytes=",        "bytes=1",  "bytes=-1",        "bytes=1-",
        "bytes=2-1", "bytes=0-1,3-4", "rows=0-1", "bytes=0-4194304", "bytes=0-99999999999999999999"};
    int64_t from;
    size_t size;
    cr_assert(copy_read_range(bytes_of_text("bytes=10-19"), &from, &size));
    cr_expect(from == 10 && size == 10);
    cr_assert(copy_read_range(bytes_of_text("bytes=0-4194303"), &from, &size));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(copy_read_range(bytes_of_text(wrong[i]), &from, &size), "%s", wrong[i]);
}
