/* Hot keys of a whole app on the embedded log: of a topic and of the repartition topic behind it, as values of their types. A plain
 * program, so that it runs under ThreadSanitizer too. */
#include "running.h"

enum { RECORDS = 4000, PARTITIONS = 2, ASKED = 8 };

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("words");
    weir_stream *words = weir_from(topology, "words", &weir_str_type, &weir_str_type);
    weir_count(weir_group_by(words, "by-word", &weir_str_type, value_as_key), "by-word");
    return topology;
}

static weir_app *start(void)
{
    weir_app *app = start_with("words", build(), "2", "embedded.partitions", "2");
    wait_until_running(app);
    return app;
}

/* Three of four have one key, all others keys and words of their own. */
static void send_all(weir_app *app)
{
    static char keys[RECORDS][16];
    static struct weir_raw_record records[RECORDS];
    struct weir_error error = {0};
    for (int i = 0; i < RECORDS; i++) {
        int size = snprintf(keys[i], sizeof keys[i], "key-%d", i);
        records[i] = (struct weir_raw_record){{keys[i], (size_t)size}, {"word", 4}, 1000, {NULL, 0}};
        if (i % 4)
            records[i].key = (weir_bytes){"hot", 3};
    }
    CHECK(weir_produce(app, "words", records, RECORDS, NULL, &error), "weir_produce: %s", error.message);
}

static bool is_text(const struct weir_hot_key *hot, const char *text)
{
    const weir_bytes *key = hot->key;
    return key && key->size == strlen(text) && memcmp(key->data, text, key->size) == 0;
}

static void expect_hot(const struct weir_hot_key *hot, const char *topic, const char *key, double least, double most)
{
    double share = (double)hot->records / (double)hot->of_records;
    CHECK(strcmp(hot->topic, topic) == 0 && is_text(hot, key), "%s has another hot key", hot->topic);
    CHECK(share >= least && share <= most, "%s: a share of %.3f", topic, share);
    CHECK(hot->partition >= 0 && hot->partition < PARTITIONS, "%s: partition %d", topic, hot->partition);
    CHECK(hot->error >= 0 && hot->error < hot->of_records / 10, "%s: an error of %lld", topic, (long long)hot->error);
}

int main(void)
{
    begin();
    weir_app *app = start();
    weir_arena *arena = weir_arena_new();
    struct weir_hot_key hot[ASKED];
    CHECK(weir_app_hot_keys(app, arena, hot, ASKED) == 0, "a key is hot without records");
    send_all(app);
    wait_for(app, "by-word", RECORDS);
    size_t count = weir_app_hot_keys(app, arena, hot, ASKED);
    CHECK(count == 2, "%zu hot keys", count);
    if (count == 2) { /* the partition of the hot key has a few others, that of the word nothing else */
        expect_hot(&hot[0], "words-by-word-repartition", "word", 1, 1);
        expect_hot(&hot[1], "words", "hot", 0.8, 0.95);
        CHECK(hot[0].subtopology != hot[1].subtopology, "both are of one sub-topology");
    }
    CHECK(weir_app_hot_keys(app, arena, hot, 1) == count, "another count where less is asked for");
    weir_arena_free(arena);
    stop(app);
    return end();
}
