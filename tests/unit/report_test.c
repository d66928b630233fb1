/* report_test.c: the head of a report, read and refused. SPDX-License-Identifier: Apache-2.0 */
#include "http/report.h"

#include <criterion/criterion.h>

#include "base/bytes.h"

static weir_arena arena;
static struct report report;
static struct weir_error error;

static bool reads(const char *text)
{
    arena_init(&arena);
    error = (struct weir_error){0};
    return report_read("r", text, &arena, &report, &error);
}

Test(report, has_a_title_a_description_and_parameters)
{
    cr_assert(reads("-- Title\r\n-- one\n--  two\n--\n-- :n integer = -5 How many\n-- :who text Whom\nSELECT 1 -- :x"));
    cr_assert_str_eq(report.title, "Title");
    cr_assert_str_eq(report.about, "one two");
    cr_assert_eq(report.parameter_count, 2);
    cr_assert_str_eq(report.parameters[0].initial, "-5");
    cr_assert_str_eq(report.parameters[0].about, "How many");
    cr_assert_null(report.parameters[1].initial);
    cr_assert_eq(report.parameters[1].type, REPORT_TEXT);
    arena_done(&arena);
}

Test(report, without_a_title_is_refused)
{
    cr_assert_not(reads("SELECT 1"));
    cr_assert_str_eq(error.message, "report r, line 1: expected \"-- \" and a title");
    arena_done(&arena);
}

Test(report, names_the_line_of_a_wrong_parameter)
{
    static const char *const wrong[] = {"-- T\n-- :",
                                        "-- T\n-- :N integer",
                                        "-- T\n-- :n",
                                        "-- T\n-- :n whole",
                                        "-- T\n-- :n integer = x",
                                        "-- T\n-- :n boolean = 1",
                                        "-- T\n-- :n timestamp = yesterday",
                                        "-- T\n-- :n number = nan",
                                        "-- T\n-- :partial text"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert_not(reads(wrong[i]), "%s", wrong[i]);
        cr_assert(strncmp(error.message, "report r, line 2: ", 18) == 0, "%s", error.message);
        arena_done(&arena);
    }
}

Test(report, takes_eight_parameters)
{
    cr_assert(
        reads("-- T\n-- :a text\n-- :b text\n-- :c text\n-- :d text\n-- :e text\n-- :f text\n-- :g text\n-- :h text"));
    arena_done(&arena);
    cr_assert_not(
        reads("-- T\n-- :a text\n-- :b text\n-- :c text\n-- :d text\n-- :e text\n-- :f text\n-- :g text\n-- :h text\n"
              "-- :i text"));
    arena_done(&arena);
}

Test(report, reads_a_day_as_its_midnight)
{
    struct sql_value value;
    const char *why;
    arena_init(&arena);
    cr_assert(report_value(REPORT_TIMESTAMP, bytes_of_text("2024-12-04"), &arena, &value, &why));
    cr_assert_str_eq(value.bytes.data, "2024-12-04T00:00:00.000Z");
    cr_assert(report_value(REPORT_TIMESTAMP, bytes_of_text("2024-12-04T01:00:00+01:00"), &arena, &value, &why));
    cr_assert_str_eq(value.bytes.data, "2024-12-04T00:00:00.000Z");
    arena_done(&arena);
}

Test(report, stands_on_a_board_and_speaks_other_languages)
{
    cr_assert(
        reads("-- Sales\n-- Of a day.\n-- :n integer = 3 How many\n-- @board shop bars\n-- @es Ventas\n-- @es De\n"
              "-- @es un día.\n-- @es :n Cuántas\n-- @es =day día\n-- @de Verkäufe\nSELECT 1"));
    cr_assert_str_eq(report.board, "shop");
    cr_assert_eq(report.chart, REPORT_BARS);
    cr_assert_eq(report.translation_count, 2);
    cr_assert_str_eq(report.translations[0].language, "es");
    cr_assert_str_eq(report.translations[0].title, "Ventas");
    cr_assert_str_eq(report.translations[0].about, "De un día.");
    cr_assert_str_eq(report.translations[0].parameters[0], "Cuántas");
    cr_assert_str_eq(report.translations[0].columns[0].name, "day");
    cr_assert_str_eq(report.translations[0].columns[0].text, "día");
    cr_assert_null(report.translations[1].about);
    cr_assert_str_eq(report.about, "Of a day.");
    arena_done(&arena);
}

Test(report, names_the_line_of_a_wrong_mark)
{
    static const char *const wrong[] = {"-- T\n-- @",          "-- T\n-- @board",     "-- T\n-- @board shop",
                                        "-- T\n-- @board a x", "-- T\n-- @spanish T", "-- T\n-- @ES T",
                                        "-- T\n-- @es :n T",   "-- T\n-- @es =day",   "-- T\n-- @es ="};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert_not(reads(wrong[i]), "%s", wrong[i]);
        cr_assert(strncmp(error.message, "report r, line 2: ", 18) == 0, "%s", error.message);
        arena_done(&arena);
    }
    cr_assert_not(reads("-- T\n-- @board a line\n-- @board b line"));
    cr_assert_str_eq(error.message, "report r, line 3: the board is said twice");
    arena_done(&arena);
    cr_assert_not(reads("-- T\n-- @aa T\n-- @bb T\n-- @cc T\n-- @dd T\n-- @ee T"));
    cr_assert_str_eq(error.message, "report r, line 6: too many languages");
    arena_done(&arena);
}
