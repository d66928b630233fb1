/* codec_fixture.h: what every test of a codec reads into, writes to and fails with; and random values. */
#ifndef WEIR_TESTS_CODEC_FIXTURE_H
#define WEIR_TESTS_CODEC_FIXTURE_H
#include "base/arena.h"
#include "base/buffer.h"
#include "unit/samples_random.h"

static weir_arena arena;
static struct weir_error error;
static struct buffer out;

static void start(void)
{
    arena_init(&arena);
}

static void stop(void)
{
    arena_done(&arena);
    buffer_done(&out);
    error = (struct weir_error){0};
}

#endif
