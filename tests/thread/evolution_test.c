/* A topology whose types change between its runs: what older schemas wrote stays readable on disk, in memory and from the
 * changelogs, also after a kill -9; what cannot be read is refused before anything runs. A plain program, so that it runs under
 * ThreadSanitizer too. */
#include <signal.h>
#include <sys/wait.h>

#include "base/error.h"
#include "running.h"

enum { KEYS = 50 };

#define FIELD(struct_, name_, type_, ...)                                                                              \
    {                                                                                                                  \
        .name = #name_, .type = (type_), .offset = offsetof(struct struct_, name_), .presence = WEIR_NO_PRESENCE,      \
        __VA_ARGS__                                                                                                    \
    }
#define TYPE(name_, print_)                                                                                            \
    static const struct weir_type name_##_type = {.name = "test.line",                                                 \
                                                  .kind = WEIR_KIND_RECORD,                                            \
                                                  .size = sizeof(struct name_),                                        \
                                                  .fields = name_##_fields,                                            \
                                                  .field_count = sizeof name_##_fields / sizeof *name_##_fields,       \
                                                  .schema = "\"" #name_ "\"",                                          \
                                                  .fingerprint = (print_)}

struct old_line {
    weir_bytes sku, note;
    int32_t quantity;
};
static const struct weir_field old_line_fields[] = {
    FIELD(old_line, sku, &weir_str_type, .initial = NULL),
    FIELD(old_line, note, &weir_str_type, .initial = NULL),
    FIELD(old_line, quantity, &weir_i32_type, .initial = NULL),
};
TYPE(old_line, 1);

/* Without the note; a long for an int; something new. */
struct new_line {
    int64_t quantity, weight;
    weir_bytes sku;
};
static const struct weir_field new_line_fields[] = {
    FIELD(new_line, quantity, &weir_i64_type, .initial = NULL),
    FIELD(new_line, weight, &weir_i64_type, .initial = "7"),
    FIELD(new_line, sku, &weir_str_type, .initial = NULL),
};
TYPE(new_line, 2);

struct bad_line {
    weir_bytes sku, quantity;
};
static const struct weir_field bad_line_fields[] = {
    FIELD(bad_line, sku, &weir_str_type, .initial = NULL),
    FIELD(bad_line, quantity, &weir_str_type, .initial = NULL),
};
TYPE(bad_line, 3);

static const void *keep_last(weir_context *context, const struct weir_record *record, const void *before)
{
    (void)context, (void)before;
    return record->value;
}

/* The same rows in RocksDB, in memory, and behind a repartition. */
static weir_topology *build(const struct weir_type *line)
{
    weir_topology *t = weir_topology_new("evolution");
    weir_stream *lines = weir_from(t, "lines", &weir_str_type, line);
    weir_reduce(weir_group(lines), "on-disk", keep_last);
    weir_reduce(weir_group(lines), "in-memory", keep_last, .in_memory = true);
    weir_reduce(weir_group(weir_repartition(lines, "again")), "again", keep_last);
    return t;
}

static weir_app *start(const struct weir_type *line)
{
    weir_app *app = start_as("evolution", build(line), "2");
    wait_until_running(app);
    return app;
}

static void send_lines(weir_app *app, int from, int to, int quantity)
{
    for (int i = from; i < to; i++) {
        char key[16], value[96];
        struct weir_error error = {0};
        snprintf(key, sizeof key, "k%d", i);
        snprintf(value, sizeof value, "{\"sku\":\"s%d\",\"note\":\"n\",\"quantity\":%d,\"weight\":9}", i, quantity);
        const struct weir_raw_record record = {{key, strlen(key)}, {value, strlen(value)}, 1, {NULL, 0}};
        CHECK(weir_produce(app, "lines", &record, 1, NULL, &error), "weir_produce: %s", error.message);
    }
}

struct seen {
    int64_t rows, quantity, weight;
    bool is_wrong;
};

static void see_old(void *self, const struct weir_row *row)
{
    struct seen *seen = self;
    seen->rows++;
    seen->quantity += ((const struct old_line *)row->value)->quantity;
}

static void see_new(void *self, const struct weir_row *row)
{
    struct seen *seen = self;
    const struct new_line *line = row->value;
    seen->rows++;
    seen->quantity += line->quantity;
    seen->weight += line->weight;
    seen->is_wrong = seen->is_wrong || line->sku.size < 2 || *(const char *)line->sku.data != 's';
}

static bool is_same(const struct seen *a, const struct seen *b)
{
    return a->rows == b->rows && a->quantity == b->quantity && a->weight == b->weight && a->is_wrong == b->is_wrong;
}

static void wait_for_lines(weir_app *app, const char *view, bool is_new, struct seen expected)
{
    struct seen seen = {0};
    for (int tries = 0; tries < 1500; tries++) {
        seen = (struct seen){0};
        if (each_row(app, view, is_new ? see_new : see_old, &seen) && is_same(&seen, &expected))
            return;
        usleep(20 * 1000);
    }
    CHECK(false, "%s: %lld rows, quantity %lld, weight %lld; expected %lld, %lld, %lld%s", view, (long long)seen.rows,
          (long long)seen.quantity, (long long)seen.weight, (long long)expected.rows, (long long)expected.quantity,
          (long long)expected.weight, seen.is_wrong ? "; strings are wrong" : "");
}

static void expect_lines(weir_app *app, bool is_new, struct seen expected)
{
    wait_for_lines(app, "on-disk", is_new, expected);
    wait_for_lines(app, "in-memory", is_new, expected);
    wait_for_lines(app, "again", is_new, expected);
}

/* By the old schema, in a process that dies without a word. */
static void run_and_kill(void)
{
    pid_t child = fork();
    if (child == 0) {
        weir_app *app = start(&old_line_type);
        send_lines(app, 0, KEYS, 3);
        expect_lines(app, false, (struct seen){.rows = KEYS, .quantity = 3 * KEYS});
        if (failures)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the first process ended with status %d", status);
}

/* Old rows have the default of what is new; rows of both kinds stand side by side. */
static void run_with_new_schema(void)
{
    weir_app *app = start(&new_line_type);
    expect_lines(app, true, (struct seen){.rows = KEYS, .quantity = 3 * KEYS, .weight = 7 * KEYS});
    send_lines(app, 0, KEYS / 2, 5);
    expect_lines(app, true, (struct seen){.rows = KEYS, .quantity = 4 * KEYS, .weight = 8 * KEYS});
    stop(app);
}

static void run_again(void)
{
    weir_app *app = start(&new_line_type);
    expect_lines(app, true, (struct seen){.rows = KEYS, .quantity = 4 * KEYS, .weight = 8 * KEYS});
    stop(app);
}

static void expect_refused(const struct weir_type *line, const char *message)
{
    struct weir_error error = {0};
    weir_app *app = weir_start(
        build(line),
        (struct weir_config){
            .application = "evolution",
            .set = (const char *const[][2]){{"log.dir", log_directory}, {"state.dir", state_directory}, {NULL}}},
        &error);
    CHECK(!app && error.code == WEIR_INVALID && strstr(error.message, message), "%s: %s", message, error.message);
    if (app)
        stop(app);
}

static void told(void *self, enum weir_remains kind, const char *name)
{
    *(bool *)self = *(bool *)self || (kind == WEIR_REMAINS_TOPIC && strcmp(name, "evolution-schemas") == 0);
}

static void begin_anew_with(const struct weir_type *line)
{
    struct weir_error error = {0};
    bool has_schemas = false;
    const struct weir_config config = {
        .application = "evolution",
        .set = (const char *const[][2]){{"log.dir", log_directory}, {"state.dir", state_directory}, {NULL}}};
    CHECK(weir_begin_anew(build(line), config, false, told, &has_schemas, &error), "%s", error.message);
    CHECK(has_schemas, "the topic of schemas was not told");
    stop(start(line));
}

int main(void)
{
    begin();
    run_and_kill();
    run_with_new_schema();
    run_again();
    lose_state(); /* everything comes from the changelogs, which hold both */
    run_again();
    expect_refused(&bad_line_type, "quantity: expected 'string', found 'int'");
    expect_refused(&bad_line_type, "'on-disk': a value was written by another schema");
    expect_refused(&old_line_type, "'note' was not written, and it has no default");
    run_again(); /* a refusal changes nothing */
    begin_anew_with(&bad_line_type);
    return end();
}
