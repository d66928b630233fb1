/* state_format_test.c: state on disk of another form is refused and left as it is. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/state_format.h"

static char directory[64], path[128];
static struct config *config;
static struct weir_error error;

static void set_up(void)
{
    strcpy(directory, "/tmp/weir-format-XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/app/format", directory);
    config = config_new();
    cr_assert(config_set(config, "state.dir", directory, &error));
}

static void tear_down(void)
{
    char command[128];
    config_free(config);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(state_format, .init = set_up, .fini = tear_down);

static const char *written(void)
{
    static char text[64];
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static bool check(void)
{
    error = (struct weir_error){0};
    return state_format_check(config, "app", &error);
}

Test(state_format, is_written_down_and_known_again)
{
    cr_assert(check(), "%s", error.message);
    cr_expect_str_eq(written(), "weir-state 1\n");
    cr_expect(check(), "%s", error.message);
}

Test(state_format, whose_writing_was_cut_off_is_written_again)
{
    cr_assert(check(), "%s", error.message);
    write_text("weir-st");
    cr_assert(check(), "%s", error.message);
    cr_expect_str_eq(written(), "weir-state 1\n");
}

Test(state_format, of_another_version_is_refused_and_left_as_it_is)
{
    static const char *const others[] = {"weir-state 2\n", "weir-state 10\n", "something else", "weir-state 1\nmore\n"};
    cr_assert(check(), "%s", error.message);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        write_text(others[i]);
        cr_assert_not(check(), "%s", others[i]);
        cr_expect_eq(error.code, WEIR_INVALID);
        cr_expect_not_null(strstr(error.message, path), "%s", error.message);
        cr_expect_str_eq(written(), others[i]);
    }
}
