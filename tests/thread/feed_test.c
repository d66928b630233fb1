/* Readers of the changes of a view, beside commits: a page of rows and the changes behind its mark are the view, none of them
 * twice; a mark is good after a restart, also one from the changelogs alone. A plain program, so that it runs under
 * ThreadSanitizer too. */
#include <pthread.h>
#include <stdatomic.h>

#include "running.h"

enum { RECORDS = 4000, KEYS = 40, BATCH = 10, PARTITIONS = 4, MOST = 64, BYTES = 1024 * 1024 };

struct copy { /* of the view, as a reader has it */
    int64_t counts[KEYS];
    int64_t marks[PARTITIONS];
};

static atomic_int told;

static void note(void *self)
{
    (void)self;
    atomic_fetch_add(&told, 1);
}

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("words");
    weir_count(weir_group(weir_from(topology, "words", &weir_str_type, &weir_str_type)), "by-key");
    return topology;
}

static weir_app *start(void)
{
    weir_app *app = start_as("words", build(), "1");
    wait_until_running(app);
    return app;
}

static void *produce(void *self)
{
    for (int i = 0; i < RECORDS; i += BATCH) {
        char keys[BATCH][16];
        struct weir_raw_record records[BATCH];
        for (int j = 0; j < BATCH; j++) {
            int size = snprintf(keys[j], sizeof keys[j], "%d", (i / BATCH + j) % KEYS);
            records[j] = (struct weir_raw_record){{keys[j], (size_t)size}, {"", 0}, i, {NULL, 0}};
        }
        struct weir_error error = {0};
        CHECK(weir_produce(self, "words", records, BATCH, NULL, &error), "weir_produce: %s", error.message);
    }
    return NULL;
}

static int key_of(const struct weir_row *row)
{
    const weir_bytes *key = row->key;
    char text[16] = {0};
    memcpy(text, key->data, key->size < 15 ? key->size : 15);
    return (int)strtol(text, NULL, 10);
}

/* False: a partition was committing too fast to be seen at one commit. */
static bool take_page(struct copy *copy, weir_view *view)
{
    weir_arena *arena = weir_arena_new();
    struct weir_error error = {0};
    struct weir_row row;
    bool is_good = true;
    weir_cursor *cursor = weir_view_scan(view, arena, (struct weir_range){0}, &error);
    CHECK(cursor, "weir_view_scan: %s", error.message);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        copy->marks[p] = weir_cursor_mark(cursor, p);
        is_good = is_good && copy->marks[p] != WEIR_MARK_NOW;
    }
    while (weir_next(cursor, &row, &error))
        copy->counts[key_of(&row)] = *(const int64_t *)row.value;
    weir_cursor_close(cursor);
    weir_arena_free(arena);
    return is_good;
}

/* False: there was nothing to read. */
static bool take_changes_of(struct copy *copy, weir_feed *feed, int32_t partition)
{
    struct weir_change changes[MOST];
    struct weir_error error = {0};
    size_t got = 0;
    weir_arena *arena = weir_arena_new();
    CHECK(weir_feed_read(feed, partition, &copy->marks[partition], arena, changes, MOST, &got, &error),
          "weir_feed_read: %s", error.message);
    for (size_t i = 0; i < got; i++) {
        int64_t *count = &copy->counts[key_of(&changes[i].row)], now = *(const int64_t *)changes[i].row.value;
        CHECK(now > *count, "key %d went from %lld to %lld", key_of(&changes[i].row), (long long)*count,
              (long long)now);
        *count = now;
    }
    weir_arena_free(arena);
    return got > 0;
}

static bool take_changes(struct copy *copy, weir_feed *feed)
{
    bool any = false;
    for (int32_t p = 0; p < PARTITIONS; p++)
        any = take_changes_of(copy, feed, p) || any;
    return any;
}

static int64_t sum(const struct copy *copy)
{
    int64_t sum = 0;
    for (int i = 0; i < KEYS; i++)
        sum += copy->counts[i];
    return sum;
}

static void follow_until(struct copy *copy, weir_feed *feed, int64_t expected)
{
    for (int tries = 0; tries < 30000 && sum(copy) < expected; tries++)
        if (!take_changes(copy, feed))
            usleep(1000);
    while (take_changes(copy, feed))
        ;
    CHECK(sum(copy) == expected, "the reader has %lld, expected %lld", (long long)sum(copy), (long long)expected);
}

static weir_view *open_view(weir_app *app)
{
    struct weir_error error = {0};
    weir_view *view = weir_view_open(app, "by-key", &error);
    CHECK(view, "weir_view_open: %s", error.message);
    return view;
}

static enum weir_code code_of_reading(weir_feed *feed, int32_t partition, int64_t mark)
{
    struct weir_change change;
    struct weir_error error = {0};
    size_t got = 0;
    weir_arena *arena = weir_arena_new();
    weir_feed_read(feed, partition, &mark, arena, &change, 1, &got, &error);
    weir_arena_free(arena);
    return error.code;
}

/* Several readers that come while commits go on. */
static void follow_beside_commits(weir_app *app, struct copy *copy)
{
    enum { READERS = 5 };
    struct copy others[READERS] = {0};
    pthread_t producer;
    weir_view *view = open_view(app);
    weir_feed *feed = weir_feed_open(view, BYTES, note, NULL);
    pthread_create(&producer, NULL, produce, app);
    for (int i = 0; i < READERS; i++) {
        while (!take_page(&others[i], view))
            ;
        for (int turn = 0; turn < 20; turn++, usleep(1000))
            take_changes(&others[i], feed);
    }
    pthread_join(producer, NULL);
    for (int i = 0; i < READERS; i++)
        follow_until(&others[i], feed, RECORDS);
    CHECK(atomic_load(&told) > 0, "nobody was told of a commit");
    CHECK(code_of_reading(feed, 0, others[0].marks[0] + 1000) == WEIR_ABSENT, "a mark of the future was taken");
    *copy = others[0];
    weir_feed_close(feed);
    weir_view_close(view);
}

/* A mark of before is good as long as nothing has happened since; what happens then comes once. */
static void go_on_after_restart(weir_app *app, struct copy *copy, int64_t expected)
{
    weir_view *view = open_view(app);
    weir_feed *feed = weir_feed_open(view, BYTES, note, NULL);
    CHECK(!take_changes(copy, feed), "a change came though there was none");
    produce(app);
    follow_until(copy, feed, expected);
    weir_feed_close(feed);
    weir_view_close(view);
}

static void refuse_what_is_not_kept(weir_app *app, const struct copy *copy)
{
    weir_view *view = open_view(app);
    weir_feed *feed = weir_feed_open(view, 1, note, NULL); /* not even one row */
    struct copy late = *copy;
    CHECK(!take_changes(&late, feed), "a change came though there was none");
    produce(app);
    wait_for(app, "by-key", sum(copy) + RECORDS);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        CHECK(code_of_reading(feed, p, copy->marks[p]) != WEIR_OK, "changes that are not kept were not missed");
        CHECK(code_of_reading(feed, p, WEIR_MARK_NOW) == WEIR_OK, "what is to come cannot be followed");
    }
    CHECK(code_of_reading(feed, PARTITIONS, 0) == WEIR_RETRY, "a partition that is not there was read");
    weir_feed_close(feed);
    feed = weir_feed_open(view, BYTES, note, NULL);
    CHECK(code_of_reading(feed, 0, copy->marks[0]) == WEIR_ABSENT, "changes of before the feed were not missed");
    weir_feed_close(feed);
    weir_view_close(view);
}

int main(void)
{
    struct copy copy = {0};
    begin();
    weir_app *app = start();
    follow_beside_commits(app, &copy);
    stop(app);

    app = start();
    go_on_after_restart(app, &copy, INT64_C(2) * RECORDS);
    stop(app);

    lose_state();
    app = start();
    go_on_after_restart(app, &copy, INT64_C(3) * RECORDS);
    refuse_what_is_not_kept(app, &copy);
    stop(app);
    return end();
}
