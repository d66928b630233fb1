/* generator_test.c: weir-schema as its users meet it: files in, files or a message out. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "samples.h"
#include "schemas/fingerprint.h"

static char folder[] = "/tmp/weir-generator-XXXXXX";

static void start(void)
{
    cr_assert(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static void stop(void)
{
    char *command = memory_format("rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
    free(command);
}

TestSuite(generator, .init = start, .fini = stop);

static void save(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    cr_assert(file);
    fputs(text, file);
    fclose(file);
}

static char output[8192];

/* Runs a shell command in the folder; its output and errors stay in `output`. */
static int run(const char *command)
{
    char *whole = memory_format("(%s) 2>&1", command);
    FILE *pipe = popen(whole, "r");
    size_t size = fread(output, 1, sizeof output - 1, pipe);
    output[size] = 0;
    free(whole);
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int generate(const char *schema)
{
    save("a.avsc", schema);
    return run(GENERATOR " a.avsc --output .");
}

static bool is_refused(const char *schema, const char *message)
{
    bool is_failed = generate(schema) == 1;
    if (is_failed && strstr(output, message) && access("a.h", F_OK) != 0)
        return true;
    fprintf(stderr, "said: %s\n", output);
    return false;
}

static char *contents(const char *name)
{
    FILE *file = fopen(name, "r");
    cr_assert(file, "%s", name);
    char *text = memory_new(100000);
    cr_assert(fread(text, 1, 99999, file) > 0);
    fclose(file);
    return text;
}

static bool holds(const char *name, const char *part)
{
    char *text = contents(name);
    bool is_there = strstr(text, part);
    free(text);
    return is_there;
}

#define STRICT                                                                                                         \
    " -std=c17 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes "              \
    "-Wmissing-prototypes -Wcast-qual -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wnull-dereference -Werror "       \
    "-I" INCLUDE " -I. -c "

static bool compiles(const char *sources)
{
    char *command = memory_format(COMPILER STRICT "%s", sources);
    int status = run(command);
    free(command);
    if (status)
        fprintf(stderr, "%s", output);
    return status == 0;
}

#define FIELD(type) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",\"type\":" type "}]}"

Test(generator, writes_code_that_compiles_without_a_warning)
{
    cr_assert_eq(generate("{\"type\":\"record\",\"name\":\"OrderLine\",\"namespace\":\"shop\",\"fields\":["
                          "{\"name\":\"unitPrice\",\"type\":\"double\"},{\"name\":\"tags\",\"type\":[\"null\","
                          "{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":\"string\"}}]}]}"),
                 0, "%s", output);
    cr_assert(compiles("a.c"));
    cr_assert(
        holds("a.h", "struct order_line {\n    double unit_price;\n    weir_array tags;\n    bool has_tags;\n};"));
    cr_assert(holds("a.c", ".name = \"shop.OrderLine\""));
    cr_assert(holds("a.c", ".name = \"unitPrice\""));
}

Test(generator, knows_the_schemas_of_commerce)
{
    cr_assert_eq(run("cd " COMMERCE " && " GENERATOR
                     " order_item.avsc order_status.avsc order_command.avsc order_event.avsc "
                     "inventory_*.avsc notification_*.avsc views.avsc --output $OLDPWD"),
                 0, "%s", output);
    cr_assert(compiles("*.c"));
    cr_assert(holds("order_event.h", "#include \"order_item.h\""));
    cr_assert(holds("order_event.h", "ORDER_EVENT_KIND_ORDER_CONFIRMED"));
    cr_assert(holds("views.h", "struct metric {"));
}

Test(generator, writes_headers_for_c_plus_plus_too)
{
    cr_assert_eq(generate(FIELD("{\"type\":\"array\",\"items\":\"long\"}")), 0);
    save("use.cc", "#include \"a.h\"\nint64_t get(const struct r *r) { return *r_f(r, 0); }\n");
    if (run("c++ --version") == 0)
        cr_assert_eq(run("c++ -Wall -Wextra -Werror -I" INCLUDE " -c use.cc"), 0, "%s", output);
}

Test(generator, stores_the_canonical_form_and_its_fingerprint)
{
    cr_assert_eq(
        generate("{\"fields\":[{\"doc\":\"d\",\"type\":{\"type\":\"string\"},\"name\":\"f\",\"default\":\"x\"}],"
                 "\"name\":\"R\",\"namespace\":\"n\",\"type\":\"record\",\"doc\":\"d\",\"aliases\":[\"old\"]}"),
        0, "%s", output);
    const char *schema = "{\"name\":\"n.R\",\"type\":\"record\",\"fields\":[{\"name\":\"f\",\"type\":\"string\"}]}";
    char *expected = memory_format(".fingerprint = UINT64_C(0x%016llx)",
                                   (unsigned long long)fingerprint_of((weir_bytes){schema, strlen(schema)}));
    cr_assert(
        holds("a.c", "{\\\"name\\\":\\\"n.R\\\",\\\"type\\\":\\\"record\\\",\\\"fields\\\":[{\\\"name\\\":\\\"f\\\""));
    cr_assert(holds("a.c", expected));
    free(expected);
}

Test(generator, spells_every_named_type_out_once)
{
    const char *schema = everything_type.schema;
    const char *line = strstr(schema, "{\"name\":\"weir.samples.line\"");
    cr_assert(line && !strstr(line + 1, "{\"name\":\"weir.samples.line\""));
    cr_assert_eq(everything_type.fingerprint, fingerprint_of((weir_bytes){schema, strlen(schema)}));
}

Test(generator, lets_files_use_types_of_earlier_files)
{
    save("b.avsc", FIELD("{\"type\":\"array\",\"items\":\"Item\"}"));
    cr_assert_eq(generate("{\"type\":\"record\",\"name\":\"Item\",\"fields\":[]}"), 0);
    cr_assert_eq(run(GENERATOR " a.avsc b.avsc -o ."), 0, "%s", output);
    cr_assert(compiles("a.c b.c"));
    cr_assert_eq(run(GENERATOR " b.avsc a.avsc -o ."), 1);
    cr_assert(strstr(output, "b.avsc: R.f: unknown type Item"));
}

Test(generator, writes_long_schemas_as_arrays)
{
    struct buffer schema = {0};
    buffer_text(&schema, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[");
    for (int i = 0; i < 300; i++)
        buffer_format(&schema, "%s{\"name\":\"field_number_%d\",\"type\":\"long\"}", i ? "," : "", i);
    buffer_append(&schema, "]}", 3);
    cr_assert_eq(generate(schema.data), 0, "%s", output);
    cr_assert(compiles("a.c"));
    buffer_done(&schema);
}

Test(generator, keeps_out_of_the_way_of_reserved_words)
{
    cr_assert_eq(generate("{\"type\":\"record\",\"name\":\"int_\",\"fields\":[{\"name\":\"class\",\"type\":\"int\"},"
                          "{\"name\":\"value\",\"type\":{\"type\":\"array\",\"items\":\"int\"}}]}"),
                 0, "%s", output);
    cr_assert(compiles("a.c"));
    cr_assert(holds("a.h", "int32_t class_;"));
}

Test(generator, names_file_and_field_of_what_it_does_not_support)
{
    cr_assert(is_refused(FIELD("[\"null\",\"int\",\"string\"]"), "a.avsc: R.f: unions other than"));
    cr_assert(is_refused(FIELD("[\"int\",\"string\"]"), "a.avsc: R.f: unions other than"));
    cr_assert(is_refused(FIELD("[\"null\",\"null\"]"), "a.avsc: R.f: unions other than"));
    cr_assert(is_refused(FIELD("{\"type\":\"array\",\"items\":[\"null\",\"int\"]}"), "a.avsc: R.f: unions inside"));
    cr_assert(
        is_refused(FIELD("{\"type\":\"fixed\",\"name\":\"F\",\"size\":16}"), "a.avsc: R.f: fixed is supported only"));
    cr_assert(is_refused(FIELD("\"null\""), "a.avsc: R.f: null is supported only"));
    cr_assert(is_refused(FIELD("\"R\""), "a.avsc: R.f: a record cannot contain itself"));
    cr_assert(is_refused(FIELD("[\"null\",\"R\"]"), "a.avsc: R.f: a record cannot contain itself"));
}

/* avro-c writes behind a heap block for a fixed of size -2, and takes schemas nested 1,500 deep. */
Test(generator, refuses_schemas_made_to_hurt)
{
    struct buffer deep = {0};
    buffer_text(&deep, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",\"type\":");
    for (int i = 0; i < 1500; i++)
        buffer_text(&deep, "{\"type\":\"array\",\"items\":");
    buffer_text(&deep, "\"int\"");
    for (int i = 0; i < 1500; i++)
        buffer_text(&deep, "}");
    buffer_append(&deep, "}]}", 4);
    cr_assert(is_refused(deep.data, "nested deeper than 64"));
    buffer_done(&deep);
    cr_assert(
        is_refused(FIELD("{\"type\":\"fixed\",\"name\":\"F\",\"size\":-2,\"logicalType\":\"decimal\",\"precision\":4}"),
                   "1 to 16 bytes"));
    cr_assert(
        is_refused(FIELD("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":19}"), "precision of 1 to 18"));
    cr_assert(is_refused(FIELD("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":5}"),
                         "scale of 0"));
}

Test(generator, refuses_schemas_that_are_wrong)
{
    cr_assert(is_refused("{", "a.avsc:1: "));
    cr_assert(is_refused("\"string\"", "defines no record"));
    cr_assert(is_refused("{\"type\":\"record\",\"fields\":[]}", "needs a name"));
    cr_assert(is_refused("{\"type\":\"record\",\"name\":\"a b\",\"fields\":[]}", "not a valid name"));
    cr_assert(is_refused("{\"type\":\"record\",\"name\":\"R\"}", "fields must be an array"));
    cr_assert(is_refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\"}]}", "a type is missing"));
    cr_assert(is_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[]}", "1 to 10000 symbols"));
    cr_assert(is_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}", "twice"));
    cr_assert(is_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A-B\"]}", "not a valid name"));
    cr_assert(is_refused(
        "[{\"type\":\"record\",\"name\":\"R\",\"fields\":[]},{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}]",
        "R is defined twice"));
    cr_assert(is_refused(
        "[{\"type\":\"record\",\"name\":\"AB\",\"fields\":[]},{\"type\":\"record\",\"name\":\"ab\",\"fields\":[]}]",
        "both be 'ab' in C"));
}

Test(generator, refuses_members_with_one_name_in_c)
{
    cr_assert(is_refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"aB\",\"type\":\"int\"},{\"name\":"
                         "\"a_b\",\"type\":\"int\"}]}",
                         "the same name in C"));
    cr_assert(is_refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"has_a\",\"type\":\"int\"},"
                         "{\"name\":\"a\",\"type\":[\"null\",\"int\"]}]}",
                         "the same name in C"));
}

Test(generator, refuses_defaults_that_do_not_fit)
{
    const char *const fields[] = {
        "\"type\":\"int\",\"default\":2147483648",
        "\"type\":\"int\",\"default\":\"1\"",
        "\"type\":\"string\",\"default\":null",
        "\"type\":\"bytes\",\"default\":\"\\u0100\"",
        "\"type\":{\"type\":\"array\",\"items\":\"int\"},\"default\":[\"a\"]",
        "\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]},\"default\":\"B\"",
        "\"type\":\"boolean\",\"default\":0",
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char *schema =
            memory_format("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",%s}]}", fields[i]);
        cr_assert(is_refused(schema, "the default does not fit"), "%s", schema);
        free(schema);
    }
}

Test(generator, explains_itself)
{
    cr_assert_eq(run(GENERATOR " --help"), 0);
    cr_assert(strstr(output, "Usage: weir-schema"));
    cr_assert_eq(run(GENERATOR " --version"), 0);
    cr_assert_eq(run(GENERATOR), 2);
    cr_assert_eq(run(GENERATOR " --nonsense"), 2);
    cr_assert_eq(run(GENERATOR " missing.avsc -o ."), 1);
    cr_assert(strstr(output, "missing.avsc"));
    save("a.avsc", FIELD("\"int\""));
    cr_assert_eq(run(GENERATOR " a.avsc -o missing"), 1);
    cr_assert(strstr(output, "missing/a.h: No such file"));
}
