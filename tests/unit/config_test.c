/* config_test.c: does the settings table keep the contract of base/config.h?
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/config_table.h"
#include "base/nearest.h"

static struct config *config;
static struct weir_error error;

static void set_up(void)
{
    config = config_new();
    error = (struct weir_error){0};
}

static void tear_down(void)
{
    config_free(config);
}

TestSuite(config, .init = set_up, .fini = tear_down);

static bool load_text(const char *text)
{
    char path[] = "/tmp/weir_config_test_XXXXXX";
    int file = mkstemp(path);
    cr_assert(file >= 0);
    cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    bool ok = config_load(config, path, &error);
    unlink(path);
    return ok;
}

struct seen {
    char text[400];
};

static void note(void *self, const char *key, const char *value)
{
    struct seen *seen = self;
    size_t size = strlen(seen->text);
    snprintf(seen->text + size, sizeof seen->text - size, "%s=%s;", key, value);
}

static char *printed(void (*print)(FILE *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    print(out);
    fclose(out);
    return text;
}

Test(config, every_default_passes_its_own_check)
{
    for (size_t i = 0; i < config_table_count; i++)
        if (config_table[i].initial[0])
            cr_expect(config_set(config, config_table[i].name, config_table[i].initial, &error), "%s", error.message);
}

Test(config, has_the_documented_defaults)
{
    cr_expect_eq(config_integer(config, "num.stream.threads"), 1);
    cr_expect_eq(config_integer(config, "commit.interval.ms"), 100);
    cr_expect_eq(config_integer(config, "memory.max.bytes"), 512 * 1024 * 1024);
    cr_expect_eq(config_integer(config, "replication.factor"), -1);
    cr_expect_str_eq(config_text(config, "processing.guarantee"), "at_least_once");
    cr_expect_str_eq(config_text(config, "http.address"), "127.0.0.1");
    cr_expect_str_eq(config_text(config, "bootstrap.servers"), "");
}

Test(config, state_dir_follows_the_home_directory)
{
    setenv("HOME", "/home/ana", 1);
    unsetenv("XDG_STATE_HOME");
    struct config *fresh = config_new();
    cr_expect_str_eq(config_text(fresh, "state.dir"), "/home/ana/.local/state/weir");
    cr_expect_str_eq(config_text(fresh, "log.dir"), "/home/ana/.local/state/weir/log");
    config_free(fresh);
    setenv("XDG_STATE_HOME", "/state", 1);
    fresh = config_new();
    cr_expect_str_eq(config_text(fresh, "state.dir"), "/state/weir");
    config_free(fresh);
}

Test(config, log_dir_follows_state_dir_until_it_is_set)
{
    cr_assert(config_set(config, "state.dir", "/data", &error));
    cr_expect_str_eq(config_text(config, "log.dir"), "/data/log");
    cr_assert(config_set(config, "log.dir", "/log", &error));
    cr_expect_str_eq(config_text(config, "log.dir"), "/log");
}

Test(config, log_dir_is_empty_beside_a_kafka_broker)
{
    cr_assert(config_set(config, "bootstrap.servers", "a:9092,b:9092", &error));
    cr_expect_str_eq(config_text(config, "log.dir"), "");
}

Test(config, a_later_value_wins)
{
    cr_assert(config_set(config, "commit.interval.ms", "50", &error));
    cr_assert(config_set(config, "commit.interval.ms", "60", &error));
    cr_expect_eq(config_integer(config, "commit.interval.ms"), 60);
}

Test(config, proposes_the_nearest_name)
{
    cr_expect_not(config_set(config, "commit.intervall.ms", "5", &error));
    cr_expect_eq(error.code, WEIR_INVALID);
    cr_expect(strstr(error.message, "did you mean commit.interval.ms?"), "%s", error.message);
}

Test(config, tells_librdkafka_users_about_the_prefix)
{
    cr_expect_not(config_set(config, "fetch.message.max.bytes", "5", &error));
    cr_expect(strstr(error.message, "\"kafka.\""), "%s", error.message);
}

Test(config, advises_kafka_streams_users)
{
    cr_expect_not(config_set(config, "cache.max.bytes.buffering", "5", &error));
    cr_expect(strstr(error.message, "memory.max.bytes"), "%s", error.message);
}

Test(config, refuses_what_is_not_a_number)
{
    static const char *const bad[] = {"", " 5", "5 ", "5ms", "0x10", "1e3", "99999999999999999999", "five"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(config_set(config, "poll.ms", bad[i], &error), "\"%s\"", bad[i]);
    cr_expect_eq(config_integer(config, "poll.ms"), 100);
}

Test(config, names_the_range)
{
    cr_expect_not(config_set(config, "http.port", "65536", &error));
    cr_expect_str_eq(error.message, "http.port: 65536 is not between 0 and 65535");
}

Test(config, understands_sizes_with_units)
{
    cr_assert(config_set(config, "memory.max.bytes", "64MiB", &error));
    cr_expect_eq(config_integer(config, "memory.max.bytes"), 64 * 1024 * 1024);
    cr_expect_not(config_set(config, "memory.max.bytes", "64 MB", &error));
    cr_expect_not(config_set(config, "memory.max.bytes", "9999999999999GiB", &(struct weir_error){0}));
}

Test(config, names_the_choices)
{
    cr_expect_not(config_set(config, "auto.offset.reset", "oldest", &error));
    cr_expect(strstr(error.message, "earliest, latest, none"), "%s", error.message);
}

Test(config, begins_by_a_duration)
{
    cr_expect(config_set(config, "auto.offset.reset", "by_duration:P1DT6H", &error), "%s", error.message);
    cr_expect_not(config_set(config, "auto.offset.reset", "by_duration:6h", &error));
    cr_expect(strstr(error.message, "\"6h\" is not a duration"), "%s", error.message);
}

Test(config, a_beginning_in_the_future_is_refused)
{
    cr_expect_not(config_set(config, "auto.offset.reset", "by_duration:PT-1S", &error));
    cr_expect_not(config_set(config, "auto.offset.reset", "by_duration", &error));
}

Test(config, takes_the_optimizations_of_kafka_streams)
{
    static const char both[] = "merge.repartition.topics,reuse.ktable.source.topics";
    cr_expect(config_set(config, "topology.optimization", "all", &error), "%s", error.message);
    cr_expect_not(config_has_word(config, "topology.optimization", "reuse.ktable.source.topics"));
    cr_expect(config_set(config, "topology.optimization", both, &error), "%s", error.message);
    cr_expect(config_has_word(config, "topology.optimization", "reuse.ktable.source.topics"));
    cr_expect_not(config_has_word(config, "topology.optimization", "merge"));
    cr_expect_not(config_set(config, "topology.optimization", "all,some", &error));
    cr_expect(strstr(error.message, "there is no optimization \"some\""), "%s", error.message);
}

Test(config, knows_both_guarantees_and_no_other)
{
    cr_expect(config_set(config, "processing.guarantee", "exactly_once_v2", &error), "%s", error.message);
    cr_expect(config_set(config, "processing.guarantee", "at_least_once", &error), "%s", error.message);
    cr_expect_not(config_set(config, "processing.guarantee", "exactly_once", &error));
    cr_expect(strstr(error.message, "at_least_once, exactly_once_v2"), "%s", error.message);
}

Test(config, names_are_safe_as_topics_and_folders)
{
    cr_expect(config_set(config, "application.id", "shop-2_a.b", &error));
    cr_expect_not(config_set(config, "application.id", "../etc", &(struct weir_error){0}));
    cr_expect_not(config_set(config, "application.id", "..", &(struct weir_error){0}));
    cr_expect_not(config_set(config, "application.id", "a b", &(struct weir_error){0}));
    char longer[202] = "";
    memset(longer, 'a', 201);
    cr_expect_not(config_set(config, "application.id", longer, &(struct weir_error){0}));
}

Test(config, checks_servers)
{
    cr_expect(config_set(config, "bootstrap.servers", "[::1]:9092,b.example:9092", &error));
    cr_expect_not(config_set(config, "bootstrap.servers", "a", &(struct weir_error){0}));
    cr_expect_not(config_set(config, "bootstrap.servers", "a:", &(struct weir_error){0}));
    cr_expect_not(config_set(config, "bootstrap.servers", ":9092", &(struct weir_error){0}));
    cr_expect_not(config_set(config, "bootstrap.servers", "a:x9", &(struct weir_error){0}));
}

Test(config, gives_librdkafka_general_settings_before_special_ones)
{
    struct seen seen = {""};
    cr_assert(config_set(config, "consumer.fetch.min.bytes", "2", &error));
    cr_assert(config_set(config, "kafka.fetch.min.bytes", "1", &error));
    cr_assert(config_set(config, "producer.acks", "all", &error));
    cr_assert(config_set(config, "security.protocol", "ssl", &error));
    cr_assert(config_set(config, "ssl.ca.location", "/ca", &error));
    config_each_kafka(config, "consumer", note, &seen);
    cr_expect_str_eq(seen.text, "security.protocol=ssl;ssl.ca.location=/ca;fetch.min.bytes=1;fetch.min.bytes=2;");
}

Test(config, gives_topic_settings_without_the_prefix)
{
    struct seen seen = {""};
    cr_assert(config_set(config, "topic.min.insync.replicas", "2", &error));
    cr_assert(config_set(config, "topic.min.insync.replicas", "1", &error));
    config_each_topic(config, note, &seen);
    cr_expect_str_eq(seen.text, "min.insync.replicas=1;");
}

Test(config, masks_secrets)
{
    cr_assert(config_set(config, "sasl.password", "hush", &error));
    cr_assert(config_set(config, "kafka.ssl.key.pem", "hush", &error));
    cr_expect_str_eq(config_shown(config, "sasl.password"), "****");
    cr_expect_str_eq(config_shown(config, "kafka.ssl.key.pem"), "****");
    cr_expect_str_eq(config_shown(config, "poll.ms"), "100");
    cr_expect_null(config_shown(config, "no.such"));
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    config_print(config, out);
    fclose(out);
    cr_expect_null(strstr(text, "hush"));
    cr_expect_not_null(strstr(text, "sasl.password=****\n"));
    free(text);
}

Test(config, reads_properties_as_java_does)
{
    cr_assert(load_text("# comment\n! another\n\n  commit.interval.ms = 50\npoll.ms:7\nlinger.ms 9\r\n"
                        "application.id=a\\\n    bc\nhttp.address=\\u0061\\tb\\\\c\n"),
              "%s", error.message);
    cr_expect_eq(config_integer(config, "commit.interval.ms"), 50);
    cr_expect_eq(config_integer(config, "poll.ms"), 7);
    cr_expect_eq(config_integer(config, "linger.ms"), 9);
    cr_expect_str_eq(config_text(config, "application.id"), "abc");
    cr_expect_str_eq(config_text(config, "http.address"), "a\tb\\c");
}

Test(config, a_comment_is_not_continued_and_the_last_line_needs_no_end)
{
    cr_assert(load_text("# off \\\npoll.ms=3"), "%s", error.message);
    cr_expect_eq(config_integer(config, "poll.ms"), 3);
}

Test(config, a_bad_line_is_named)
{
    cr_expect_not(load_text("poll.ms=1\n\n# x\nlinger.ms=\\\nsoon\n"));
    cr_expect(strstr(error.message, ":4: linger.ms"), "%s", error.message);
}

Test(config, a_broken_escape_is_an_error)
{
    cr_expect_not(load_text("http.address=\\u00g1\n"));
    cr_expect(strstr(error.message, ":1: \\u needs"), "%s", error.message);
}

Test(config, a_missing_file_is_an_error)
{
    cr_expect_not(config_load(config, "/nowhere/weir.properties", &error));
    cr_expect(strstr(error.message, "/nowhere/weir.properties: No such file"), "%s", error.message);
}

Test(config, reads_the_environment)
{
    setenv("WEIR_COMMIT_INTERVAL_MS", "77", 1);
    setenv("WEIR_SASL_PASSWORD", "hush", 1);
    setenv("WEIR_LOG_FORMAT", "json", 1);
    setenv("WEIR_PORT_8080_TCP", "tcp://10.0.0.1:8080", 1);
    setenv("WEIR_SERVICE_HOST", "10.0.0.1", 1);
    cr_assert(config_environment(config, &error), "%s", error.message);
    cr_expect_eq(config_integer(config, "commit.interval.ms"), 77);
    cr_expect_str_eq(config_shown(config, "sasl.password"), "****");
}

Test(config, an_unknown_variable_is_an_error_that_names_it)
{
    setenv("WEIR_COMIT_INTERVAL_MS", "77", 1);
    cr_expect_not(config_environment(config, &error));
    cr_expect(strstr(error.message, "environment variable WEIR_COMIT_INTERVAL_MS: "), "%s", error.message);
}

Test(config, fills_from_application_file_environment_and_pairs_in_that_order)
{
    char path[] = "/tmp/weir_config_test_XXXXXX";
    int file = mkstemp(path);
    static const char text[] = "poll.ms=1\nlinger.ms=1\ncommit.interval.ms=1\n";
    cr_assert_eq(write(file, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(file);
    setenv("WEIR_LINGER_MS", "2", 1);
    setenv("WEIR_COMMIT_INTERVAL_MS", "2", 1);
    static const char *const pairs[][2] = {{"commit.interval.ms", "3"}, {NULL, NULL}};
    struct weir_config given = {.application = "app", .file = path, .environment = true, .set = pairs};
    cr_assert(config_fill(config, &given, &error), "%s", error.message);
    unlink(path);
    cr_expect_str_eq(config_text(config, "application.id"), "app");
    cr_expect_eq(config_integer(config, "poll.ms"), 1);
    cr_expect_eq(config_integer(config, "linger.ms"), 2);
    cr_expect_eq(config_integer(config, "commit.interval.ms"), 3);
}

Test(config, the_reference_page_is_the_table)
{
    char *expected = printed(config_print_reference);
    char *found = NULL;
    size_t capacity = 0;
    FILE *page = fopen(SOURCE_DIR "/docs/configuration.md", "r");
    cr_assert_not_null(page);
    cr_assert(getdelim(&found, &capacity, 0, page) > 0);
    fclose(page);
    cr_expect(strcmp(expected, found) == 0, "run: weir config --reference > docs/configuration.md");
    free(expected);
    free(found);
}

Test(config, help_lists_every_setting)
{
    char *help = printed(config_print_help);
    for (size_t i = 0; i < config_table_count; i++)
        cr_expect_not_null(strstr(help, config_table[i].name), "%s", config_table[i].name);
    free(help);
}

Test(nearest, counts_edits)
{
    cr_expect_eq(nearest_distance("", "abc"), 3u);
    cr_expect_eq(nearest_distance("form", "from"), 1u);
    cr_expect_eq(nearest_distance("kitten", "sitting"), 3u);
}

Test(nearest, proposes_nothing_that_is_far_away)
{
    static const char *const names[] = {"--port", "--rate"};
    cr_expect_str_eq(nearest_name("--prot", names, 2), "--port");
    cr_expect_null(nearest_name("--configuration", names, 2));
}
