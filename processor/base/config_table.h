/* config_table.h: one row per setting; the only list there is. Private to config*.c. */
#ifndef WEIR_BASE_CONFIG_TABLE_H
#define WEIR_BASE_CONFIG_TABLE_H
#include <stddef.h>
#include <stdint.h>

enum setting_kind { SETTING_TEXT, SETTING_INTEGER, SETTING_BYTES, SETTING_MILLISECONDS, SETTING_CHOICE, SETTING_NAME };

struct setting {
    const char *name;
    enum setting_kind kind;
    const char *initial;    /* as written in the reference; what depends on the machine is worked out in config.c */
    int64_t least, most;    /* of numbers, inclusive */
    const char *choices[6]; /* of SETTING_CHOICE, NULL-terminated */
    const char *origin;     /* whose name it is: "Kafka Streams", "Kafka", "Confluent" or "Weir" */
    const char *prose;      /* Markdown, one paragraph */
};

extern const struct setting config_table[];
extern const size_t config_table_count;

/* Names that Kafka Streams users will try, and what to say to them. */
struct setting_advice {
    const char *name, *advice;
};
extern const struct setting_advice config_advice[];
extern const size_t config_advice_count;
#endif
