/* What the declaration of an endpoint refuses, with the line of the call. SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#include "graph/handles.h"

struct note {
    weir_bytes author;
    int64_t at;
};
static const struct weir_type string_type = {.name = "string", .kind = WEIR_KIND_STRING, .size = sizeof(weir_bytes)};
static const struct weir_type time_type = {.name = "timestamp-millis", .kind = WEIR_KIND_TIMESTAMP, .size = 8};
static const struct weir_field note_fields[] = {
    {"author", &string_type, offsetof(struct note, author), WEIR_NO_PRESENCE, NULL, NULL},
    {"at", &time_type, offsetof(struct note, at), WEIR_NO_PRESENCE, NULL, NULL}};
static const struct weir_type note_type = {
    .name = "note", .kind = WEIR_KIND_RECORD, .size = sizeof(struct note), .fields = note_fields, .field_count = 2};

static weir_topology *t;

static void set_up(void)
{
    t = weir_topology_new("t");
    weir_from(t, "notes", &weir_str_type, &note_type);
    weir_from(t, "numbers", &weir_i64_type, &weir_i64_type);
    weir_add_store(t, "by-author", &weir_str_type, &note_type);
    weir_add_store(t, "by-number", &weir_i64_type, &note_type);
    weir_add_store(t, "by-time", &weir_str_type, &note_type);
}

static void tear_down(void)
{
    weir_topology_free(t);
}

TestSuite(endpoints, .init = set_up, .fini = tear_down);

static void expect_refused(const char *part)
{
    cr_expect_eq(t->error.code, WEIR_INVALID);
    cr_expect(strstr(t->error.message, "endpoints_test.c:"), "found: %s", t->error.message);
    cr_expect(strstr(t->error.message, part), "found: %s", t->error.message);
}

Test(endpoints, one_of_each_kind_may_have_a_path)
{
    weir_ingest(t, "/notes", "notes", .time = "at", .rules = {{"author", .chars_max = 10}});
    weir_search(t, "/notes", "at", .indexes = {{"by-author", {"author"}}, {"by-time", {NULL}}});
    cr_assert_eq(t->error.code, WEIR_OK, "%s", t->error.message);
    cr_expect_eq(t->endpoint_count, 2u);
    weir_ingest(t, "/notes", "notes");
    expect_refused("there is an endpoint of that kind at the path already");
}

Test(endpoints, a_path_has_segments)
{
    weir_ingest(t, "notes", "notes");
    expect_refused("a path is '/' and segments");
}

Test(endpoints, a_topic_that_is_not_read_takes_nothing)
{
    weir_ingest(t, "/notes", "others");
    expect_refused("does not read the topic 'others'");
}

Test(endpoints, what_is_taken_is_a_record)
{
    weir_ingest(t, "/numbers", "numbers");
    expect_refused("values of 'numbers' must be records");
}

Test(endpoints, an_id_is_a_string_field)
{
    weir_ingest(t, "/notes", "notes", .id = "at");
    expect_refused(".id: the field 'at' is a timestamp-millis");
}

Test(endpoints, a_rule_names_a_field)
{
    weir_ingest(t, "/notes", "notes", .rules = {{"autor", .chars_max = 10}});
    expect_refused("note has no field 'autor'");
}

Test(endpoints, a_rule_that_nothing_can_keep_is_refused)
{
    weir_ingest(t, "/notes", "notes", .rules = {{"author", .chars_min = 11, .chars_max = 10}});
    expect_refused("no value of 'author' would be good");
}

Test(endpoints, bounds_are_of_numbers)
{
    weir_ingest(t, "/notes", "notes", .rules = {{"author", .is_bounded = true, .least = 1, .most = 2}});
    expect_refused("integers and times have bounds");
}

Test(endpoints, an_index_has_strings_as_keys)
{
    weir_search(t, "/notes", "at", .indexes = {{"by-number", {NULL}}});
    expect_refused("'by-number' must be a plain one with strings as keys");
}

Test(endpoints, a_search_can_be_asked_for_nothing_but_a_time)
{
    weir_search(t, "/notes", "at", .indexes = {{"by-author", {"author"}}});
    expect_refused("must be by time alone");
}

static void expect_no_answers(const char *part)
{
    expect_refused(".answers");
    cr_expect(strstr(t->error.message, part), "found: %s", t->error.message);
}

Test(endpoints, a_question_is_answered_by_a_store_that_is_there)
{
    weir_ingest(t, "/notes", "notes", .id = "author", .key = "author", .answers = "verdicts");
    expect_no_answers("there is no store 'verdicts'");
}

Test(endpoints, an_answer_is_found_by_an_id)
{
    weir_ingest(t, "/notes", "notes", .key = "author", .answers = "by-author");
    expect_no_answers("has an .id");
}

Test(endpoints, answers_have_strings_as_keys)
{
    weir_ingest(t, "/notes", "notes", .id = "author", .key = "author", .answers = "by-number");
    expect_no_answers("must be a plain one with strings as keys");
}

Test(endpoints, a_quota_names_fields_of_the_answer)
{
    weir_ingest(t, "/notes", "notes", .id = "author", .key = "author", .answers = "by-author",
                .quota = {.allow = "author"});
    expect_refused(".quota.allow: the field 'author' is a string");
}

static void keep_nothing(weir_context *context, const struct weir_record *record)
{
    (void)context;
    (void)record;
}
static const struct weir_processor keeper = {.process = keep_nothing};

static void plan_with_answers_behind(const char *questions)
{
    struct weir_error error = {0};
    weir_topology *own = weir_topology_new("own");
    weir_stream *notes = weir_from(own, "notes", &weir_str_type, &note_type);
    weir_add_store(own, "answers", &weir_str_type, &note_type);
    weir_process(weir_repartition(notes, "again"), &keeper, .stores = {"answers"}, .name = "answer");
    weir_from(own, "others", &weir_str_type, &note_type);
    weir_ingest(own, "/notes", questions, .id = "author", .key = "author", .answers = "answers");
    cr_expect_not(graph_plan(own, &error));
    cr_expect(strstr(error.message, "a repartition lies between"), "found: %s", error.message);
    cr_expect(strstr(error.message, "endpoints_test.c:"), "found: %s", error.message);
    weir_topology_free(own);
}

Test(endpoints, answers_are_kept_where_questions_are_read)
{
    plan_with_answers_behind("notes");
    plan_with_answers_behind("others");
}

Test(endpoints, a_search_goes_by_a_time)
{
    weir_search(t, "/notes", "author", .indexes = {{"by-time", {NULL}}});
    expect_refused(".time: the field 'author' is a string");
}
