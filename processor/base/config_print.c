/* config_print.c: the table as text for people: --help and docs/configuration.md.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/config.h"
#include "base/config_table.h"

enum { WIDTH = 100, INDENT = 6 };

static void print_kind(const struct setting *setting, FILE *out)
{
    static const char *const names[] = {"text", "whole number", "bytes", "milliseconds", "one of", "name"};
    fputs(names[setting->kind], out);
    for (size_t i = 0; setting->kind == SETTING_CHOICE && setting->choices[i]; i++)
        fprintf(out, "%s%s", i ? ", " : " ", setting->choices[i]);
    if (setting->kind == SETTING_TEXT || setting->kind == SETTING_CHOICE || setting->kind == SETTING_NAME)
        return;
    if (setting->most == INT64_MAX)
        fprintf(out, ", at least %" PRId64, setting->least);
    else
        fprintf(out, ", %" PRId64 " to %" PRId64, setting->least, setting->most);
}

/* Words of the prose, wrapped; Markdown's code marks are left out. */
static void print_wrapped(const char *prose, FILE *out)
{
    int column = 0;
    while (*prose) {
        int size = (int)strcspn(prose, " ");
        if (column + size > WIDTH - INDENT || column == 0) {
            fprintf(out, "%s%*s", column ? "\n" : "", INDENT, "");
            column = 0;
        } else {
            fputc(' ', out);
        }
        for (int i = 0; i < size; i++)
            if (prose[i] != '`')
                fputc(prose[i], out);
        column += size + 1;
        prose += size;
        while (*prose == ' ')
            prose++;
    }
    fputc('\n', out);
}

void config_print_help(FILE *out)
{
    for (size_t i = 0; i < config_table_count; i++) {
        const struct setting *setting = &config_table[i];
        fprintf(out, "  %s=%s\n      (", setting->name, setting->initial);
        print_kind(setting, out);
        fputs(")\n", out);
        print_wrapped(setting->prose, out);
    }
}

static const char reference_head[] =
    "<!-- Written by `weir config --reference`; change processor/base/config_table.c instead. -->\n"
    "# Configuration\n\n"
    "Settings come from four places; a later one overrides an earlier one:\n\n"
    "1. the defaults below;\n"
    "2. a properties file: `weir run TOPOLOGY --config FILE`;\n"
    "3. the environment: `WEIR_` and the name in capitals with underscores, e.g. `WEIR_COMMIT_INTERVAL_MS=50`;\n"
    "4. the command line: `--set commit.interval.ms=50`.\n\n"
    "An unknown name or a value out of range is an error (exit code 78) that names the place and proposes the nearest\n"
    "name. `weir config --print` shows the effective values; secrets are shown as `****`.\n";

static const char reference_tail[] =
    "\n## Settings of librdkafka\n\n"
    "A name with one of these prefixes goes to librdkafka unchanged, without the prefix:\n\n"
    "| prefix | for |\n|---|---|\n"
    "| `kafka.` | every client |\n"
    "| `consumer.` | consumers; overrides `kafka.` |\n"
    "| `producer.` | producers; overrides `kafka.` |\n"
    "| `admin.` | the administration client; overrides `kafka.` |\n\n"
    "`security.protocol`, `sasl.*` and `ssl.*` need no prefix.\n\n"
    "What would void Weir's promises is refused at the start, with the reason (exit code 78):\n\n"
    "| setting | must be | else |\n|---|---|---|\n"
    "| `acks`, `request.required.acks` | `all` | a broker that fails takes records with it |\n"
    "| `enable.idempotence` | `true` | a retry writes a record twice, or in another order |\n"
    "| `max.in.flight`, `max.in.flight.requests.per.connection` | 1 to 5, of producers | likewise |\n"
    "| `queuing.strategy` | `fifo` | records of a key change places |\n"
    "| `retries`, `message.send.max.retries` | 1 or more | every pause of a broker undoes a commit |\n"
    "| `message.timeout.ms`, `delivery.timeout.ms` | 0 (never), or 5000 or more | likewise |\n"
    "| `partitioner` | `murmur2_random`, `murmur2` | keys lie in other partitions than joins and readers expect |\n"
    "| `isolation.level` | `read_committed` | what a transaction took back is processed, and restored |\n"
    "| `check.crcs` | `true` | damage is taken for data |\n"
    "| `api.version.request`, `produce.offset.report` | `true` | records lose headers and times; positions of "
    "changelogs are not known |\n"
    "| `enable.auto.commit`, `auto.commit.enable`, `enable.auto.offset.store`, `offset.store.method`, "
    "`enable.partition.eof`, "
    "`delivery.report.only.error`, `enabled_events`, `log.queue`, `allow.auto.create.topics`, `topic.blacklist`, "
    "`group.id`, "
    "`group.protocol`, `group.protocol.type`, `client.id`, `transactional.id`, `bootstrap.servers`, "
    "`metadata.broker.list`, "
    "`test.mock.num.brokers` (with a prefix) | not set | Weir decides |\n\n"
    "Harmless, though it may not look so: `consumer.auto.offset.reset` (only where retention removed what was to be "
    "read next: `none`, the\n"
    "default, stops with topic, partition and offset; `earliest` or `latest` goes on with the gap that there is then), "
    "a finite\n"
    "`message.timeout.ms` or `retries` (what is given up undoes its commit, and is read again), timeouts, sizes and "
    "pauses of\n"
    "every kind, `session.timeout.ms`, compression. Security is not looked at here: "
    "`enable.ssl.certificate.verification=false` is passed on.\n\n"
    "## Settings of internal topics\n\n"
    "`topic.` in front of a topic setting gives it to every changelog and repartition topic that is created, e.g.\n"
    "`topic.min.insync.replicas=2`.\n";

void config_print_reference(FILE *out)
{
    fputs(reference_head, out);
    for (size_t i = 0; i < config_table_count; i++) {
        const struct setting *setting = &config_table[i];
        fprintf(out, "\n## `%s`\n\n%s\n\n- default: %s%s%s\n- value: ", setting->name, setting->prose,
                setting->initial[0] ? "`" : "", setting->initial[0] ? setting->initial : "empty",
                setting->initial[0] ? "`" : "");
        print_kind(setting, out);
        fprintf(out, "\n- name from: %s\n", setting->origin);
    }
    fputs(reference_tail, out);
}
