/* resolve_peer.c: schema resolution for resolve_peer.py, which compares it with Apache Avro's own.
 * Without input it writes a line per type: name, tab, our schema. Else each line of the input is a type, a schema and a value in
 * hexadecimal, with tabs between; the answer is the value as JSON, or "! " and the error. "~ " in front of a value: others that the
 * schema can write could not be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"
#include "schemas/resolve.h"

enum { TYPE_COUNT = 4 };
static const struct weir_type *const types[TYPE_COUNT] = {&everything_type, &node_type, &defaults_type, &line_type};

static void write_schemas(void)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        struct buffer text = {0};
        schema_of_type(types[i], &text);
        printf("%s\t%.*s\n", types[i]->name, (int)text.size, text.data);
        buffer_done(&text);
    }
}

static const struct weir_type *type_called(const char *name)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    abort();
}

static weir_bytes unhex(char *text)
{
    size_t size = 0;
    char *out = text;
    for (; text[2 * size]; size++) { /* what is written is never beyond what is still to be read */
        const char digits[] = {text[2 * size], text[2 * size + 1], 0};
        out[size] = (char)strtoul(digits, NULL, 16);
    }
    return (weir_bytes){out, size};
}

static void answer(char *line)
{
    weir_arena arena = {0};
    struct weir_error error = {0};
    char *rest = line;
    const char *name = strsep(&rest, "\t"), *schema = strsep(&rest, "\t");
    const struct weir_type *type = type_called(name);
    const struct schema *writer = schema_read((weir_bytes){schema, strlen(schema)}, &arena, &error);
    const struct resolution *resolution = writer ? resolution_new(writer, type, &arena) : NULL;
    const void *value = writer ? resolution_read(resolution, unhex(rest), &arena, &error) : NULL;
    weir_bytes json = value ? weir_to_json(&arena, type, value) : (weir_bytes){0};
    if (value)
        printf("%s%.*s\n", resolution_is_total(resolution, &error) ? "" : "~ ", (int)json.size,
               (const char *)json.data);
    else
        printf("! %s\n", error.message);
    arena_done(&arena);
}

int main(int count, char **arguments)
{
    (void)arguments;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    if (count > 1)
        write_schemas();
    while (count == 1 && (size = getline(&line, &capacity, stdin)) > 0) {
        line[size - 1] = 0;
        answer(line);
    }
    free(line);
    return 0;
}
