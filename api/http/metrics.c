/* metrics.c: GET /metrics: the texts of all apps and of this door as one.
 *
 * Every app writes the same families, and each family may be described only once and must stand together: the lines are
 * gathered by family. A sample that several apps give alike (of the process they share) is kept once.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "http/handlers.h"
#include "http/metrics.h"
#include "http/server.h"

struct family {
    weir_bytes name;
    struct buffer about, samples;
};

struct families {
    struct family *items;
    size_t count, capacity;
};

static struct family *family_named(struct families *families, weir_bytes name)
{
    for (size_t i = families->count; i > 0; i--) { /* lines of a family come together, so the last one is likely */
        if (bytes_equal(families->items[i - 1].name, name))
            return &families->items[i - 1];
    }
    families->items = memory_grow(families->items, &families->capacity, families->count + 1, sizeof(struct family));
    families->items[families->count] = (struct family){.name = name};
    return &families->items[families->count++];
}

static weir_bytes word(weir_bytes line, size_t from)
{
    const char *at = line.data;
    size_t end = from;
    while (end < line.size && at[end] != ' ' && at[end] != '{')
        end++;
    return (weir_bytes){at + from, end - from};
}

/* A histogram's samples belong to the family that their name begins with. */
static weir_bytes family_of_sample(struct families *families, weir_bytes name)
{
    static const char *const endings[] = {"_bucket", "_sum", "_count"};
    for (size_t i = 0; i < 3; i++) {
        size_t size = strlen(endings[i]);
        if (name.size <= size || memcmp((const char *)name.data + name.size - size, endings[i], size) != 0)
            continue;
        weir_bytes stem = {name.data, name.size - size};
        for (size_t k = 0; k < families->count; k++) {
            if (bytes_equal(families->items[k].name, stem))
                return stem;
        }
    }
    return name;
}

static bool starts_with(weir_bytes line, const char *text)
{
    return line.size >= strlen(text) && memcmp(line.data, text, strlen(text)) == 0;
}

static void append_line(struct buffer *out, weir_bytes line)
{
    buffer_append(out, line.data, line.size);
    buffer_byte(out, '\n');
}

/* Whether a sample of the same name and labels is there; the value behind the blank may have moved on. */
static bool has_sample(const struct buffer *samples, weir_bytes line)
{
    const char *blank = memrchr(line.data, ' ', line.size);
    size_t size = blank ? (size_t)(blank - (const char *)line.data) + 1 : line.size;
    const char *found = samples->size ? memmem(samples->data, samples->size, line.data, size) : NULL;
    return found && (found == samples->data || found[-1] == '\n');
}

static void take_line(struct families *families, weir_bytes line)
{
    bool help = starts_with(line, "# HELP "), type = starts_with(line, "# TYPE ");
    if (line.size == 0 || (((const char *)line.data)[0] == '#' && !help && !type))
        return;
    if (help || type) {
        struct family *family = family_named(families, word(line, 7));
        weir_bytes start = {line.data, 7};
        if (!family->about.size || !memmem(family->about.data, family->about.size, start.data, start.size))
            append_line(&family->about, line);
        return;
    }
    struct family *family = family_named(families, family_of_sample(families, word(line, 0)));
    if (!starts_with(line, "process_") || !has_sample(&family->samples, line))
        append_line(&family->samples, line);
}

static void take_text(struct families *families, weir_bytes text)
{
    const char *at = text.data, *end = at + text.size;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        take_line(families, (weir_bytes){at, (size_t)(stop - at)});
        at = stop + 1;
    }
}

static void write_families(struct families *families, struct buffer *out)
{
    for (size_t i = 0; i < families->count; i++) {
        struct family *family = &families->items[i];
        buffer_append(out, family->about.data, family->about.size);
        buffer_append(out, family->samples.data, family->samples.size);
        buffer_done(&family->about);
        buffer_done(&family->samples);
    }
    free(families->items);
}

int64_t metrics_resident_bytes(void)
{
    long pages = 0, skipped = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%ld %ld", &skipped, &pages) != 2) /* NOLINT(cert-err34-c): the kernel's own numbers */
        pages = 0;
    fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* What the client libraries of Prometheus call these. Apps that give them have given them already. */
static void write_process(struct weir_http *server, struct buffer *out)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    buffer_format(out,
                  "# HELP process_cpu_seconds_total User and system time.\n# TYPE process_cpu_seconds_total counter\n"
                  "process_cpu_seconds_total %.3f\n"
                  "# HELP process_resident_memory_bytes Resident memory.\n"
                  "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %" PRId64 "\n"
                  "# HELP process_start_time_seconds When this door was opened.\n"
                  "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %.3f\n",
                  cpu, metrics_resident_bytes(), (double)server->started_ms / 1000);
}

static void write_door(struct weir_http *server, struct buffer *out)
{
    meter_write(&server->meter, out);
    buffer_format(out,
                  "# HELP weir_http_reloads_total Files of the door's security that were read again.\n"
                  "# TYPE weir_http_reloads_total counter\n"
                  "weir_http_reloads_total{result=\"done\"} %" PRIu64
                  "\nweir_http_reloads_total{result=\"failed\"} %" PRIu64 "\n",
                  guard_reloads(server->guard, true), guard_reloads(server->guard, false));
    buffer_format(out,
                  "# HELP weir_http_audit_lost_total Lines of the audit file that could not be written.\n"
                  "# TYPE weir_http_audit_lost_total counter\nweir_http_audit_lost_total %" PRIu64 "\n",
                  (uint64_t)atomic_load(&server->audit.lost));
    buffer_format(
        out,
        "# HELP weir_http_change_readers Readers of changes of views.\n"
        "# TYPE weir_http_change_readers gauge\nweir_http_change_readers %zu\n"
        "# HELP weir_http_slow_readers_total Readers of changes that were ended because they did not keep up.\n"
        "# TYPE weir_http_slow_readers_total counter\nweir_http_slow_readers_total %zu\n",
        atomic_load(&server->changes.readers), atomic_load(&server->changes.slow));
    buffer_format(out,
                  "# HELP weir_http_questions_waiting Questions that are written and not answered yet.\n"
                  "# TYPE weir_http_questions_waiting gauge\nweir_http_questions_waiting %" PRId64 "\n"
                  "# HELP weir_http_unanswered_total Questions that were given up: there was no answer in time.\n"
                  "# TYPE weir_http_unanswered_total counter\nweir_http_unanswered_total %" PRIu64 "\n",
                  (int64_t)atomic_load(&server->questions.count), (uint64_t)atomic_load(&server->questions.unanswered));
}

void metrics_write(struct weir_http *server, weir_arena *arena, struct buffer *out)
{
    struct families families = {0};
    struct buffer own = {0};
    for (size_t i = 0; i < server->app_count; i++)
        take_text(&families, weir_app_metrics(server->apps[i], arena));
    write_door(server, &own);
    write_process(server, &own);
    take_text(&families, buffer_bytes(&own));
    write_families(&families, out);
    buffer_done(&own);
}

void handle_metrics(struct request *request)
{
    metrics_write(request->server, &request->arena, &request->response.body);
    request->response.status = 200;
    request->response.media = "text/plain; version=0.0.4; charset=utf-8";
}
