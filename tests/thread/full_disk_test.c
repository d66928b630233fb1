/* An app on the embedded log whose disk is full for a while. What was acknowledged must be counted, once, by the views that
 * read the topic themselves and by those behind a repartition topic; also after a restore from the changelogs alone. A full
 * disk is a limit on the size of files here: writes beyond it fail as they do on a full disk. */
#include <signal.h>
#include <sys/resource.h>

#include "running.h"

enum { BATCH = 20, FILE_BYTES = 64 * 1024, REFUSALS = 3, BATCHES_MAX = 20000 };

static int64_t acknowledged;

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("words");
    weir_stream *words = weir_from(topology, "words", &weir_str_type, &weir_str_type);
    weir_count(weir_group(words), "by-key");
    weir_count(weir_group_by(words, "by-word", &weir_str_type, value_as_key), "by-word");
    return topology;
}

static weir_app *start(void)
{
    return start_as("words", build(), "1");
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static bool produce(weir_app *app, int batch)
{
    char keys[BATCH][24], words[BATCH][32];
    struct weir_raw_record records[BATCH];
    for (int i = 0; i < BATCH; i++) {
        int key = snprintf(keys[i], sizeof keys[i], "key-%d-%d", batch, i);
        int word = snprintf(words[i], sizeof words[i], "word-%d", (batch * BATCH + i) % 1000);
        records[i] = (struct weir_raw_record){{keys[i], (size_t)key}, {words[i], (size_t)word}, batch, {NULL, 0}};
    }
    struct weir_error error = {0};
    if (!weir_produce(app, "words", records, BATCH, NULL, &error))
        return false;
    acknowledged += BATCH;
    return true;
}

/* Batches that were refused may be in the log in part: by-key counts what is, and by-word must agree. */
static void expect_all(weir_app *app, const char *when)
{
    int64_t by_key = -1, by_word = -2;
    for (int tries = 0; tries < 1500 && (by_key < acknowledged || by_key != by_word); tries++) {
        usleep(20 * 1000);
        by_key = total(app, "by-key");
        by_word = total(app, "by-word");
    }
    CHECK(by_key >= acknowledged, "%s: %lld were acknowledged, %lld are counted", when, (long long)acknowledged,
          (long long)by_key);
    CHECK(by_key == by_word, "%s: %lld records, but %lld behind the repartition topic", when, (long long)by_key,
          (long long)by_word);
}

int main(void)
{
    begin();
    signal(SIGXFSZ, SIG_IGN);

    weir_app *app = start();
    limit_files(FILE_BYTES);
    int refused = 0, batch = 0;
    for (; batch < BATCHES_MAX && refused < REFUSALS; batch++)
        refused += !produce(app, batch);
    CHECK(refused == REFUSALS, "the disk was never full");
    limit_files(RLIM_INFINITY);
    for (int more = 0; more < 10; more++)
        while (!produce(app, ++batch))
            usleep(100 * 1000);
    expect_all(app, "when there is room again");
    stop(app);

    lose_state();
    app = start();
    expect_all(app, "after a restore");
    stop(app);

    return end();
}
