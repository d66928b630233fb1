/* weir.h: the public face of Weir.
 *
 * Everything a topology author, an embedder or one of Weir's own doors may call. It includes nothing of ours.
 * Three rules carry the whole interface:
 *   1. A typedef is opaque (but for the small values weir_bytes, weir_array, weir_duration, weir_decimal and
 *      weir_timer). A type you may look inside keeps the word `struct`.
 *   2. Whatever a callback receives, or takes from weir_alloc(), lives until the input record is done. To keep a
 *      value longer, put it in a store.
 *   3. Errors latch. The first mistake in a topology is remembered with its source line; NULL in gives NULL out;
 *      weir_start() and weir_test_new() report it. Nothing between needs to be checked.
 *
 * Out of memory ends the process: the log is the durable copy and a restart is the recovery.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_H
#define WEIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_VERSION "0.1.0"
#define WEIR_MUST_CHECK __attribute__((warn_unused_result))
#define WEIR_PRINTF(a, b) __attribute__((format(printf, a, b)))
#define WEIR_PUBLIC __attribute__((visibility("default")))

typedef struct weir_topology weir_topology; /* a graph under construction; owns every handle below */
typedef struct weir_stream weir_stream;     /* a sequence of facts */
typedef struct weir_grouped weir_grouped;   /* a stream partitioned by its key, ready to aggregate */
typedef struct weir_grouped_table weir_grouped_table; /* a table grouped anew: what leaves a group is subtracted from it */
typedef struct weir_cogrouped weir_cogrouped; /* grouped streams with keys of one type that share an aggregate */
typedef struct weir_table weir_table;       /* the latest value per key (or key and window), kept in a named store */
typedef struct weir_global_table weir_global_table; /* a topic as a table that every instance holds whole */
typedef struct weir_branches weir_branches; /* a stream being split; the first matching branch wins */
typedef struct weir_context weir_context;   /* the task, as seen from inside a callback */
typedef struct weir_store weir_store;       /* a store, as seen from inside a callback */
typedef struct weir_app weir_app;           /* a running topology */
typedef struct weir_view weir_view;         /* a store, read-only, from any thread */
typedef struct weir_cursor weir_cursor;     /* a walk over a view */
typedef struct weir_feed weir_feed;         /* the changes of a view, as commits make them */
typedef struct weir_snapshot weir_snapshot; /* views as of one commit, for several walks */
typedef struct weir_arena weir_arena;       /* memory that is freed all at once */
typedef struct weir_test weir_test;         /* a topology under test: no broker, no threads, a clock turned by hand */
typedef struct weir_http weir_http;         /* the REST door and the dashboard */

/* ---- values ------------------------------------------------------------------------------------------------- */

/* Borrowed bytes, always; a NULL data with size 0 is the absent value, an empty string has a non-NULL data. */
typedef struct weir_bytes {
    const void *data;
    size_t size;
} weir_bytes;

/* Borrowed items of a repeated field; the generated accessor `<record>_<field>(value, i)` gives the typed item. */
typedef struct weir_array {
    const void *items;
    size_t count;
} weir_array;

typedef struct weir_duration {
    int64_t ms;
} weir_duration; /* a struct, so that a bare 5 is not a duration */

/* A decimal number, unscaled: the field's scale says how many of its digits stand behind the point. */
typedef struct weir_decimal {
    int64_t unscaled;
} weir_decimal;

static inline weir_duration weir_millis(int64_t n) { weir_duration d = {n}; return d; }
static inline weir_duration weir_seconds(int64_t n) { weir_duration d = {n * 1000}; return d; }
static inline weir_duration weir_minutes(int64_t n) { weir_duration d = {n * 60 * 1000}; return d; }
static inline weir_duration weir_hours(int64_t n) { weir_duration d = {n * 60 * 60 * 1000}; return d; }
static inline weir_duration weir_days(int64_t n) { weir_duration d = {n * 24 * 60 * 60 * 1000}; return d; }
#define WEIR_STR(literal) (&(const weir_bytes){"" literal, sizeof(literal) - 1})

struct weir_header {
    const char *name; /* UTF-8, ends with NUL */
    weir_bytes value;
};
struct weir_headers {
    const struct weir_header *items;
    size_t count;
};

/* ---- types: a schema as a table; generated from .avsc, walked by every codec --------------------------------- */

enum weir_kind {
    WEIR_KIND_BOOL,      /* bool */
    WEIR_KIND_I32,       /* int32_t */
    WEIR_KIND_I64,       /* int64_t */
    WEIR_KIND_FLOAT,     /* float */
    WEIR_KIND_DOUBLE,    /* double */
    WEIR_KIND_STRING,    /* weir_bytes, valid UTF-8 */
    WEIR_KIND_BYTES,     /* weir_bytes */
    WEIR_KIND_ENUM,      /* int32_t, an index into symbols */
    WEIR_KIND_DECIMAL,   /* weir_decimal; scale in the type */
    WEIR_KIND_TIMESTAMP, /* int64_t, milliseconds since 1970-01-01 UTC; ISO-8601 in JSON */
    WEIR_KIND_JSON,      /* weir_bytes, one JSON text kept as it came; an Avro string */
    WEIR_KIND_RECORD,    /* a struct of fields */
    WEIR_KIND_ARRAY,     /* weir_array of item */
    WEIR_KIND_MAP,       /* weir_array of struct { weir_bytes key; <item> value; }, each padded to a multiple of 8 */
};

struct weir_type;
#define WEIR_NO_PRESENCE UINT32_MAX

/* One field of a record. An optional field (Avro union of null and T) has a bool beside it that says it is there. */
struct weir_field {
    const char *name; /* as on the wire */
    const struct weir_type *type;
    uint32_t offset;        /* of the value in the struct */
    uint32_t presence;      /* offset of its bool, or WEIR_NO_PRESENCE when the field is required */
    const char *initial;    /* default as JSON text, used when a reader finds the field absent; NULL: none */
    const char *const *aliases; /* other names a writer may have used, NULL-terminated; NULL: none */
};

struct weir_type {
    const char *name; /* "string", "long", … or the record's full name */
    enum weir_kind kind;
    uint32_t size;                  /* bytes of the value in memory */
    int32_t scale;                  /* of a decimal */
    const struct weir_field *fields; /* of a record */
    size_t field_count;
    const struct weir_type *item;   /* of an array or a map */
    const char *const *symbols;     /* of an enum */
    size_t symbol_count;
    const char *schema;             /* Avro schema, canonical JSON (Avro specification, Parsing Canonical Form) */
    uint64_t fingerprint;           /* CRC-64-AVRO of schema */
    bool closed;                    /* of a record: in JSON, a member that is no field is an error, not skipped */
};

WEIR_PUBLIC extern const struct weir_type weir_str_type;    /* weir_bytes; on the wire UTF-8, as Kafka's StringSerializer */
WEIR_PUBLIC extern const struct weir_type weir_bytes_type;  /* weir_bytes; as they are */
WEIR_PUBLIC extern const struct weir_type weir_i64_type;    /* int64_t; 8 bytes big-endian, as LongSerializer */
WEIR_PUBLIC extern const struct weir_type weir_i32_type;    /* int32_t; 4 bytes big-endian, as IntegerSerializer */
WEIR_PUBLIC extern const struct weir_type weir_double_type; /* double; 8 bytes big-endian, as DoubleSerializer */
WEIR_PUBLIC extern const struct weir_type weir_json_type;   /* weir_bytes holding any JSON text */

/* How a record type is written. Scalars above have one form and ignore it. Reading recognises all three by the first
 * byte: 0x00 is Confluent's frame, 0xC3 0x01 Avro's single-object encoding, anything else JSON. */
enum weir_format {
    WEIR_FORMAT_JSON,   /* the default for topics that people read */
    WEIR_FORMAT_AVRO,   /* Confluent frame: 0x00, 4-byte big-endian schema id, Avro binary */
    WEIR_FORMAT_OBJECT, /* Avro single-object encoding; what stores, changelogs and repartition topics hold */
};

struct weir_record {
    const void *key, *value; /* a NULL value is a tombstone */
    int64_t timestamp_ms;
    struct {
        int64_t start_ms, end_ms;
    } window;                                      /* zero unless the stream is windowed */
    const struct weir_type *key_type, *value_type; /* set by the engine, checked by generated accessors */
    struct weir_headers headers;                   /* forwarded to every record that this one causes */
    const void *old_value;                         /* what the value replaces, where weir_changes was asked for it; NULL: nothing */
    bool out_of_order;                             /* a change of a versioned table: a later version of its key is there already */
};

/* A walk in key order (then window start; sessions: end, then start). Window bounds are inclusive, as in Kafka Streams;
 * of sessions those are meant that reach into the span. Zero means unbounded. */
struct weir_range {
    const void *from, *to;      /* keys, inclusive; NULL: unbounded */
    weir_bytes prefix;          /* of the key; only where keys are strings or bytes */
    int64_t window_from_ms, window_to_ms; /* window start; to 0: unbounded */
    bool descending;
    const void *after;          /* resume strictly behind this key (and window start) */
    int64_t after_window_ms, after_window_end_ms; /* the end matters for sessions only */
};

/* A record that was left out of the results, as weir_drops gives it. Schema "weir.dropped". */
struct weir_dropped {
    weir_bytes reason; /* "late", "null_key", "unreadable", … */
    weir_bytes node;   /* of the topology, that left it out */
    weir_bytes topic;  /* where the input record came from; absent: a punctuator's record came from nowhere */
    int32_t partition;
    int64_t offset;
    int64_t timestamp; /* milliseconds since 1970, UTC: of the record at that node; -1: none */
    weir_bytes key, value; /* of the input record, as they came; a value too large for the topic is left out */
    bool has_node, has_topic, has_key, has_value;
};
WEIR_PUBLIC extern const struct weir_type weir_dropped_type;

/* When a version of a row is valid. */
struct weir_version {
    int64_t from_ms, to_ms; /* to_ms: exclusive, or WEIR_VERSION_OPEN */
};
#define WEIR_VERSION_OPEN INT64_MAX    /* there is no later version */
#define WEIR_VERSION_EXPIRED INT64_MIN /* it came too late for the history and is not kept */

/* A code says what must happen next; the message says what went wrong. */
enum weir_code {
    WEIR_OK,
    WEIR_INVALID, /* your call was wrong, nothing happened */
    WEIR_RETRY,   /* the same thing later */
    WEIR_POISON,  /* this record cannot be handled: apply the policy */
    WEIR_FENCED,  /* no longer yours: drop without flushing, rejoin */
    WEIR_CORRUPT, /* local data unusable: delete and restore */
    WEIR_FATAL,   /* stop */
    WEIR_ABSENT,  /* there is no such key, view or topic */
    WEIR_FULL,    /* a bound is reached: the same thing later, and more slowly */
};
struct weir_error {
    enum weir_code code;
    char message[320];
};

WEIR_PUBLIC weir_arena *weir_arena_new(void);
WEIR_PUBLIC void weir_arena_free(weir_arena *);               /* NULL is fine */
WEIR_PUBLIC void weir_arena_clear(weir_arena *);              /* frees all but the first block */
WEIR_PUBLIC void *weir_arena_alloc(weir_arena *, size_t size); /* zeroed, aligned to 16, never NULL */

/* JSON of a value, in the arena; and back. The type tells how: decimals as exact numbers, timestamps as ISO-8601
 * with milliseconds. weir_from_json returns NULL with an error that names the field. */
WEIR_PUBLIC weir_bytes weir_to_json(weir_arena *, const struct weir_type *, const void *value);
WEIR_PUBLIC const void *weir_from_json(weir_arena *, const struct weir_type *, weir_bytes json, struct weir_error *);
/* A key as it stands in a URL or on a command line (strings as they are, numbers in decimal, records as JSON). */
WEIR_PUBLIC const void *weir_key_from_text(weir_arena *, const struct weir_type *, weir_bytes text, struct weir_error *);
WEIR_PUBLIC weir_bytes weir_key_to_text(weir_arena *, const struct weir_type *, const void *key);

/* ---- callbacks, and what they may call ------------------------------------------------------------------------ */

typedef bool weir_predicate(weir_context *, const struct weir_record *);
typedef const void *weir_mapper(weir_context *, const struct weir_record *);
typedef void weir_visitor(weir_context *, const struct weir_record *); /* forwards zero or more */
typedef void weir_pair_mapper(weir_context *, const struct weir_record *, struct weir_record *out); /* out: a copy; sets key and value */
typedef void weir_aggregator(weir_context *, const struct weir_record *, void *aggregate);
/* Adds the aggregate of another session, the next by time, to this one's. */
typedef void weir_merger(weir_context *, const struct weir_record *, void *aggregate, const void *other);
typedef const void *weir_reducer(weir_context *, const struct weir_record *, const void *aggregate);
typedef const void *weir_joiner(weir_context *, const struct weir_record *left, const struct weir_record *right);
/* The partition, of so many, that the record goes to, or one of the answers below (StreamPartitioner of Kafka Streams). */
typedef int32_t weir_partition_of(const struct weir_record *, int32_t partitions);
enum {
    WEIR_PARTITION_BY_KEY = -1, /* the one its key hashes to; without a key any one */
    WEIR_PARTITION_NONE = -2,   /* it is not written, and counted as dropped ("no_partition") */
    WEIR_PARTITION_ALL = -3,    /* a copy to each */
};
/* The topic that the record goes to: it must exist, and is never created. The text lives with the record; NULL: the record
 * cannot be written. */
typedef const char *weir_topic_of(weir_context *, const struct weir_record *);
/* A record's time, in milliseconds; negative: it has none. partition_time_ms: the greatest one of its partition so far; -1:
 * none. Tombstones keep the time they came with. */
typedef int64_t weir_timestamp_of(const struct weir_record *, int64_t partition_time_ms);
WEIR_PUBLIC weir_timestamp_of weir_wall_clock; /* the time of reading, by the driver's clock in a test */
typedef void weir_punctuator(weir_context *, int64_t now_ms);
struct weir_request;
struct weir_answer;
typedef void weir_requester(weir_context *, const struct weir_record *, struct weir_request *out);
typedef const void *weir_answerer(weir_context *, const struct weir_record *, const struct weir_answer *);
enum weir_clock { WEIR_STREAM_TIME, WEIR_WALL_CLOCK };
typedef struct weir_timer {
    uint64_t id;
} weir_timer; /* a scheduled punctuator; zero: none */

/* Where the input record in hand came from: of every record that it causes, too. */
struct weir_metadata {
    const char *topic; /* NULL: there is none, in open, close and punctuators */
    int32_t partition; /* -1: none */
    int64_t offset;    /* -1: none */
};

WEIR_PUBLIC void *weir_alloc(weir_context *, size_t); /* zeroed, never NULL, freed with the record */
WEIR_PUBLIC void *weir_user(weir_context *);          /* the operator's .user */
WEIR_PUBLIC void *weir_self(weir_context *);          /* the processor's own memory in this task, zeroed before open */
WEIR_PUBLIC int32_t weir_partition(weir_context *);   /* the task's partition */
WEIR_PUBLIC int64_t weir_stream_time(weir_context *); /* greatest timestamp the task has seen; -1: none yet */
WEIR_PUBLIC int64_t weir_system_time(weir_context *); /* milliseconds since 1970; the driver's clock in a test */
WEIR_PUBLIC struct weir_metadata weir_record_metadata(weir_context *);
/* To all nodes behind this one, in order, each to its end before the next. Headers without items are the input's;
 * others replace them for all that the record causes (WEIR_NO_HEADERS: none). The record's timestamp is the one that
 * weir_put writes with further down. */
WEIR_PUBLIC void weir_forward(weir_context *, const struct weir_record *);
WEIR_PUBLIC void weir_forward_to(weir_context *, const char *child, const struct weir_record *); /* to the node of that name only */
WEIR_PUBLIC void weir_forget(weir_context *); /* from an aggregator: delete the aggregate instead of storing it */
WEIR_PUBLIC weir_store *weir_store_named(weir_context *, const char *name); /* NULL and a latched error: not connected */
WEIR_PUBLIC const void *weir_get(weir_store *, const void *key);            /* NULL: absent */
WEIR_PUBLIC void weir_put(weir_store *, const void *key, const void *value); /* with the record's timestamp; a NULL value deletes */
WEIR_PUBLIC const void *weir_get_timestamped(weir_store *, const void *key, int64_t *timestamp_ms);
WEIR_PUBLIC void weir_put_timestamped(weir_store *, const void *key, const void *value, int64_t timestamp_ms);
/* Versioned stores (.history) keep what a row was, from when to when. The calls above mean its newest version; what is put
 * with an earlier timestamp fits in between, and what is put too late for the history is dropped and counted ("expired"). */
WEIR_PUBLIC const void *weir_get_as_of(weir_store *, const void *key, int64_t as_of_ms, struct weir_version *out); /* out may be NULL */
/* Says when the version ends: WEIR_VERSION_OPEN, the time of the next one, or WEIR_VERSION_EXPIRED. A negative timestamp fails the
 * callback (WEIR_POISON), also weir_put_timestamped's: a changelog cannot say it. */
WEIR_PUBLIC int64_t weir_put_version(weir_store *, const void *key, const void *value, int64_t timestamp_ms);
/* Window stores: the row of key in the window that starts at start_ms. One older than the retention is not kept, and counted
 * as dropped ("expired"); so is a session's. */
WEIR_PUBLIC const void *weir_window_get(weir_store *, const void *key, int64_t start_ms);
WEIR_PUBLIC void weir_window_put(weir_store *, const void *key, int64_t start_ms, const void *value);
/* Session stores: the row of key in the session [start_ms, end_ms]. */
WEIR_PUBLIC const void *weir_session_get(weir_store *, const void *key, int64_t start_ms, int64_t end_ms);
WEIR_PUBLIC void weir_session_put(weir_store *, const void *key, int64_t start_ms, int64_t end_ms, const void *value);
/* Calls visit for each row of the store in key order, uncommitted ones included; records live until visit returns. */
WEIR_PUBLIC void weir_each(weir_store *, void (*visit)(void *self, const struct weir_record *), void *self);
/* The same for a part of the store, in either direction, until visit answers false. A visit may write to the store; rows
 * that it adds further on may be seen or not. */
WEIR_PUBLIC void weir_range_each(weir_store *, struct weir_range, bool (*visit)(void *self, const struct weir_record *), void *self);
WEIR_PUBLIC int64_t weir_rows_approximate(weir_store *); /* a row that was written again since the last commit may count twice */
/* Calls the punctuator again and again, as long as the task is here. By stream time: first with the first record, then
 * whenever stream time reaches a multiple of `every`. By the wall clock: first when `every` is over. What was missed is
 * made up for by one call. A punctuator has no record in hand: what it forwards has the headers it gives, and none else. */
WEIR_PUBLIC weir_timer weir_schedule(weir_context *, enum weir_clock, weir_duration every, weir_punctuator *);
/* The same at start_ms, start_ms + every and so on; those that are over already are left out. */
WEIR_PUBLIC weir_timer weir_schedule_from(weir_context *, enum weir_clock, int64_t start_ms, weir_duration every, weir_punctuator *);
WEIR_PUBLIC void weir_cancel(weir_context *, weir_timer); /* again, or of none: nothing happens */
WEIR_PUBLIC void weir_commit(weir_context *);             /* asks for a commit soon; the interval stays as it is */
/* Headers of a record: the latest value of that name (data NULL: none); a copy with one more, or without those of a name. */
WEIR_PUBLIC weir_bytes weir_header(const struct weir_record *, const char *name);
WEIR_PUBLIC struct weir_headers weir_headers_with(weir_context *, struct weir_headers, const char *name, weir_bytes value);
WEIR_PUBLIC struct weir_headers weir_headers_without(weir_context *, struct weir_headers, const char *name);
WEIR_PUBLIC extern const struct weir_headers WEIR_NO_HEADERS;
/* weir_to_json, in memory of the record in hand. */
WEIR_PUBLIC weir_bytes weir_json_of(weir_context *, const struct weir_type *, const void *value);
WEIR_PUBLIC WEIR_PRINTF(2, 3) void weir_fail(weir_context *, const char *format, ...); /* latches: this record is poison */
WEIR_PUBLIC void weir_drop(weir_context *, const char *reason); /* counts the current record as dropped, by reason */

/* ---- topology: what must be given is positional, what may be given is named ----------------------------------- */

enum weir_emit {
    WEIR_EMIT_ON_UPDATE, /* every change of a window leaves at once */
    WEIR_EMIT_ON_CLOSE,  /* one result per window, when no record can change it any more */
};
/* One of .size, .difference, .gap and .unlimited says which windows a record falls into, by the record's own time. */
struct weir_window {
    weir_duration size;       /* [n * size, (n + 1) * size): tumbling */
    weir_duration advance;    /* with .size: a window begins at every multiple of .advance: hopping; 0: tumbling */
    weir_duration difference; /* sliding: every window of that length, ends included, that differs in its records */
    weir_duration gap;        /* sessions: records up to .gap apart are together; a session is [first, last] */
    bool unlimited;           /* one window without an end */
    int64_t start_ms;         /* with .unlimited: where it begins; earlier records are dropped and counted */
    weir_duration grace;      /* a record later than window end + grace is dropped and counted */
    weir_duration retention;  /* how long a window stays readable, by stream time; 0: while records can change it */
    enum weir_emit emit;
};
enum weir_join_kind { WEIR_INNER, WEIR_LEFT, WEIR_OUTER };
struct weir_processor {
    size_t self_size; /* bytes of weir_self */
    void (*open)(weir_context *);
    weir_visitor *process;
    void (*close)(weir_context *);
};

#define WEIR_STORES_MAX 8
#define WEIR_TOPICS_MAX 16

/* What becomes of a record that cannot be read, on which a callback failed, or which cannot be written. */
enum weir_policy {
    WEIR_POLICY_DEFAULT, /* as the topology says (weir_on_error), else as the settings say */
    WEIR_DEAD_LETTER,    /* the input record goes to a topic, with place and reason in headers; the rest goes on */
    WEIR_SKIP,           /* it is counted as dropped; the rest goes on */
    WEIR_FAIL,           /* the app stops in front of it */
};

enum weir_stage {
    WEIR_READING,    /* it cannot be read */
    WEIR_PROCESSING, /* a callback failed on it, or a call was given up */
    WEIR_PRODUCING,  /* it cannot be written */
};
/* A record that failed, as the author's handler is asked about it; all of it lives until the handler returns. */
struct weir_failure {
    enum weir_stage stage;
    const char *reason;  /* "unreadable", "null_key", "future"; "failed", "given_up"; "unwritable" */
    const char *message; /* what is wrong, and where in the value */
    const char *node;    /* where, by its name */
    int32_t subtopology, partition; /* of the task */
    struct weir_metadata place;     /* of the input record */
    int64_t timestamp_ms;           /* at that node; when reading, as it came */
    weir_bytes key, value;          /* of the input record, as in a dead letter; absent: there is none */
    struct weir_headers headers;
    const struct weir_record *record; /* what the node was given; NULL: when reading, and in a punctuator */
    const char *topic;                /* when producing: where it was to go; NULL: not known */
    enum weir_policy policy;          /* what WEIR_POLICY_DEFAULT means as an answer */
};
/* What becomes of the record (the exception handlers of Kafka Streams). On the thread of a task: it may not block. */
typedef enum weir_policy weir_error_handler(void *user, const struct weir_failure *);

/* What becomes of a record without a time: a negative one, its own or the extractor's. */
enum weir_untimed {
    WEIR_UNTIMED_DEFAULT, /* as the settings say (default.timestamp.extractor) */
    WEIR_UNTIMED_DEAD_LETTER,
    WEIR_UNTIMED_SKIP,           /* LogAndSkipOnInvalidTimestamp of Kafka Streams: counted as dropped */
    WEIR_UNTIMED_FAIL,           /* FailOnInvalidTimestamp: the app stops in front of it */
    WEIR_UNTIMED_PARTITION_TIME, /* UsePartitionTimeOnInvalidTimestamp: the greatest time of its partition; none yet: fail */
};

/* Where a source begins in a partition of which nothing was committed (AutoOffsetReset of Kafka Streams). */
enum weir_reset {
    WEIR_RESET_DEFAULT,     /* as the settings say (auto.offset.reset) */
    WEIR_RESET_EARLIEST,    /* at the first record there is */
    WEIR_RESET_LATEST,      /* behind those that are there when a task first gets the partition */
    WEIR_RESET_BY_DURATION, /* at the first record whose time is not older than .reset_by, by the wall clock; none is: LATEST */
    WEIR_RESET_NONE,        /* nowhere: the app stops */
};

/* .park names a store of the source, a row per key of which a record became a dead letter in the sub-topology that reads it:
 * until that letter was replayed, what comes of the key is not processed but becomes a letter behind it (reason "parked"), and
 * replays process them in order (docs/processors.md, "Errors").
 *
 * .at is filled in by the macros below: "file:line" of the call. Strings are copied; types, functions and .user must
 * outlive the app; .user is shared by all tasks: const, or yours to lock. */
struct weir_source_args {
    const char *at;
    const struct weir_type *value;
    const char *also[WEIR_TOPICS_MAX - 1]; /* of weir_from: further topics of these types, read as one stream */
    enum weir_policy reading;      /* of what cannot be read */
    const char *dead_letters;      /* their topic; NULL: as the topology or the settings say, else "<topic>.dlq" */
    const char *park;              /* a store: records of a key wait while an earlier one of it is a dead letter; NULL: they go on */
    weir_timestamp_of *timestamp;  /* NULL: the record's own timestamp */
    enum weir_untimed untimed;
    enum weir_reset reset;         /* not of a global table, which is read whole */
    weir_duration reset_by;        /* with WEIR_RESET_BY_DURATION */
    bool require_key;              /* a record without a key is a dead letter */
    bool confidential;             /* values stay in their topic: a dead letter or a drop tells the place, never the value */
    weir_duration history;         /* of a table: its store is versioned and reaches back so far, by stream time (docs/versioned.md) */
    bool in_memory, no_log;        /* of a table: of its store, as in struct weir_store_args */
    const char *name;
};
struct weir_step_args {
    const char *at;
    union {
        weir_predicate *test;
        weir_mapper *map;
        weir_pair_mapper *map_pair;
        weir_visitor *visit;
    };
    const char *store; /* of a table: also keep the result in a store of that name; NULL: worked out when it is needed */
    weir_duration history; /* of that store: it is versioned */
    bool in_memory, no_log; /* of that store, as in struct weir_store_args */
    void *user;
    const char *name;
};
struct weir_print_args {
    const char *at;
    FILE *file;         /* open as long as the app runs; written a line at a time */
    const char *label;  /* NULL: the name of the node in front */
    weir_mapper *map;   /* what stands behind the label, a weir_bytes; NULL: "key, value" */
    void *user;
    const char *name;
};
struct weir_split_args {
    const char *at;
    weir_stream *stream;
    const char *name; /* names of the branches begin with it */
};
struct weir_branch_rest_args {
    const char *at;
    weir_branches *branches;
    const char *name; /* behind the name of the split */
};
#define WEIR_MERGE_MAX 16
struct weir_merge_args {
    const char *at;
    weir_stream *with[WEIR_MERGE_MAX];
    const char *name; /* of the last merge; every further stream is another one */
};
struct weir_to_table_args {
    const char *at;
    const char *store;
    weir_duration history; /* the store is versioned */
    bool in_memory, no_log; /* of the store, as in struct weir_store_args */
    const char *name;
};
struct weir_repartition_args {
    const char *at;
    const char *topic;               /* "<application.id>-<topic>-repartition" */
    int32_t partitions;              /* 0: as many as what is read in front */
    weir_partition_of *partition_of; /* NULL: by the hash of the key, as Kafka's clients do */
};
struct weir_combine_args {
    const char *at;
    weir_reducer *step;  /* of two values of a key; the record's own is the later */
    weir_duration slice; /* records of different slices of time, which begin at 0, are kept apart; 0: all are combined */
    void *user;
};
struct weir_rekey_args {
    const char *at;
    weir_mapper *map; /* the new key; NULL: none */
    int32_t partitions;
    weir_partition_of *partition_of;
    void *user;
    const char *name;
};
struct weir_group_args {
    const char *at;
    weir_mapper *map; /* the new key; NULL: the record, or the row, is in no group */
    /* Of a table: what of a row goes into its group; without .map_value the row's value. NULL: nothing does. */
    const struct weir_type *value;
    weir_mapper *map_value;
    void *user;
    const char *name;
};
struct weir_transform_args {
    const char *at;
    weir_mapper *map; /* of every change, deletions too; may answer with one */
    const char *stores[WEIR_STORES_MAX]; /* that it reads and writes; then the table needs a .store for others to look into */
    const char *store;
    weir_duration history; /* of that store: it is versioned */
    bool in_memory, no_log; /* of that store, as in struct weir_store_args */
    void *user;
    const char *name;
};
enum weir_when_full {
    WEIR_WHEN_FULL_DEFAULT, /* WEIR_EMIT_EARLY with .until, WEIR_SHUT_DOWN with .until_window_closes */
    WEIR_EMIT_EARLY,        /* what has waited longest leaves before its time; not with .until_window_closes */
    WEIR_SHUT_DOWN,         /* the app stops in front of the record that was too many */
};
/* One of .until_window_closes and .until. */
struct weir_suppress_args {
    const char *at;
    bool until_window_closes; /* one change per window: the last, when its end and grace are over */
    weir_duration until;      /* the latest change of a key, so long after the first that waits, by stream time */
    int64_t max_records;      /* that may wait in a task; 0: any number */
    int64_t max_bytes;        /* likewise, of their keys, values and headers */
    enum weir_when_full when_full;
    bool no_log; /* no changelog: what waits is lost with the task */
};
struct weir_changes_args {
    const char *at;
    weir_table *table;
    bool old_values; /* records also carry what the change replaces, in .old_value */
    /* One change per key (and window) and commit: the latest, with its time and headers, when the commit begins, in order of the keys'
     * first changes since the last one; .old_value is what was there at the last commit. They belong to that commit, with all that
     * comes of them. Until then they are in memory, and a commit comes early when they are many. As in a punctuator there is no record
     * in hand: weir_metadata names none, a dead letter has no value, and at least once a repartition behind it does not recognise what
     * is told again after a crash, with what came since: a table of the latest is right, a count may not be. Not of a versioned table. */
    bool per_commit;
    const char *name;
};
struct weir_count_args {
    const char *at;
    const char *store;
    struct weir_window window;
    weir_duration history; /* without windows: the store is versioned */
    bool in_memory, no_log; /* of the store, as in struct weir_store_args */
    const char *name;
};
struct weir_reduce_args {
    const char *at;
    weir_reducer *step; /* over windows and sessions, but sliding ones, asked for records without a value too */
    weir_reducer *subtract; /* of a grouped table, required: takes the record's value out again */
    struct weir_window window;
    weir_duration history; /* without windows: the store is versioned */
    bool in_memory, no_log; /* of the store, as in struct weir_store_args */
    void *user;
    const char *name;
};
struct weir_agg_args {
    const char *at;
    weir_aggregator *step; /* likewise */
    weir_aggregator *subtract;     /* of a grouped table, required: takes the record's value out again */
    const struct weir_type *value; /* of the aggregate; required */
    const void *initial;           /* first value, of that type; NULL: all zero */
    struct weir_window window;
    weir_duration history;         /* without windows: the store is versioned */
    bool in_memory, no_log;        /* of the store, as in struct weir_store_args */
    weir_merger *merge;            /* required over sessions, and only there */
    void *user;
    const char *name;
};
struct weir_cogroup_args {
    const char *at;
    weir_aggregator *step; /* required; the records are those of this stream */
    void *user;            /* of this stream's step */
};
struct weir_cogroup_agg_args {
    const char *at;
    const struct weir_type *value; /* of the aggregate; required */
    const void *initial;           /* first value, of that type; NULL: all zero */
    struct weir_window window;     /* emits on update */
    weir_duration history;         /* without windows: the store is versioned */
    bool in_memory, no_log;        /* of the store, as in struct weir_store_args */
    weir_merger *merge;            /* required over sessions, and only there; finds the .user of the stream whose record it is */
    const char *name;              /* the streams' nodes are NAME-cogroup-agg-N, in the order they were added */
};
struct weir_join_args {
    const char *at;
    weir_joiner *fn;
    const struct weir_type *value; /* of the result; required */
    enum weir_join_kind kind;
    const char *store; /* table-table joins: also keep the result in a store of that name */
    weir_duration history; /* of that store: it is versioned */
    bool in_memory, no_log; /* of that store, or of the stores of a stream-stream join; as in struct weir_store_args */
    /* Stream-stream joins: right records up to .within before or after the left one; or .before it, or .after it. A
     * record that has met nobody waits until its window and .grace are over before it leaves alone (left, outer).
     * Stream-table joins with a versioned table: a record waits for .grace, by stream time, and then meets the row of its
     * own time; what waits is in the store "<name>-Buffer". */
    weir_duration within, before, after, grace;
    /* Foreign-key joins of tables that are not spread by the hash of their keys (TableJoined of Kafka Streams): the partition of a
     * left row by its key, and that of a right one by the foreign key. They hear of the key alone and name one partition. */
    weir_partition_of *partition_of, *other_partition_of;
    void *user;
    const char *name;
};
/* Kafka Streams' caches hold updates back. Here every update is forwarded (but see .per_commit of weir_changes), and writes are
 * gathered on their way to changelog and disk whatever is said; it is understood so that a topology can be taken over as it stands. */
enum weir_caching { WEIR_CACHING_DEFAULT, WEIR_CACHING_ENABLED, WEIR_CACHING_DISABLED };
struct weir_store_args {
    const char *at;
    const struct weir_type *value;
    struct weir_window window; /* .size: a window store; .gap: a session store; its .retention counts */
    weir_duration ttl;         /* plain stores: a row is gone when stream time reaches its timestamp + ttl; 0: kept for ever */
    weir_duration history;     /* a versioned store, which reaches back so far from the greatest timestamp that was put */
    bool in_memory; /* rows are not on disk: after a restart they are read from the changelog */
    bool no_log;    /* no changelog: lost with the task */
    enum weir_caching caching;
};
struct weir_on_error_args {
    const char *at;
    enum weir_policy reading, processing, producing;
    /* Asked about every record of that stage; NULL: nobody is. What a source (.reading) or a call (.given_up) says itself,
     * and what cannot be read of an internal topic, is not asked about. */
    weir_error_handler *reading_handler, *processing_handler, *producing_handler;
    void *user; /* of the handlers */
    const char *dead_letters; /* one topic for all; NULL: as the settings say, else "<topic>.dlq" each */
};
struct weir_process_args {
    const char *at;
    const struct weir_processor *processor;
    const char *stores[WEIR_STORES_MAX];
    /* Of what it forwards; NULL: as it came in. A .key says that keys change, as process() of Kafka Streams; without one
     * what it forwards has the key of the record (processValues), and a punctuator answers for its keys itself. */
    const struct weir_type *key, *value;
    void *user;
    const char *name;
};
/* Fields that a source has, too, mean what they mean there. */
struct weir_global_store_args {
    const char *at;
    const struct weir_type *value;
    const struct weir_processor *processor; /* required; its only store is this one */
    const struct weir_type *store_key, *store_value; /* of its rows; NULL: as those of the topic */
    enum weir_policy reading;
    const char *dead_letters;
    weir_timestamp_of *timestamp;
    enum weir_untimed untimed;
    bool require_key;
    bool confidential;
    bool in_memory; /* rows are not on disk: after a restart the whole topic goes through the processor again */
    void *user;
    const char *name;
};
/* What a service is asked about a record. */
struct weir_request {
    const char *method; /* "POST" unless it is set */
    const char *url;    /* required; as all of this it lives with the record */
    const char *content_type; /* "application/json" unless it is set */
    weir_bytes body;
    weir_bytes idempotency_key; /* the same in every repetition; unless it is set: made of name, topic, partition and offset */
};
struct weir_answer {
    bool succeeded;     /* status 200 to 299 */
    int32_t status;     /* 0: none came */
    weir_bytes body;    /* at most 1 MiB */
    int32_t attempts;   /* 1: the first one succeeded, or was final */
    const char *error;  /* of the last attempt, unless it succeeded */
    int64_t accepted_ms, answered_ms; /* by the wall clock: when the record came, when it was over */
};
/* How requests travel; weir_http_transport unless a test or another protocol brings its own. One line per task and call. */
struct weir_transport_request {
    uint64_t id;
    const char *method, *url;
    struct weir_headers headers;
    weir_bytes body;
    int64_t timeout_ms;
};
struct weir_transport_result {
    uint64_t id;
    int32_t status;    /* 0: no answer came, and .error says why */
    weir_bytes body;   /* in the arena, as .error */
    const char *error;
};
struct weir_transport {
    void *(*open)(void); /* NULL: requests cannot be sent */
    bool (*send)(void *line, const struct weir_transport_request *); /* copies it, never waits; false: not now */
    bool (*take)(void *line, weir_arena *, struct weir_transport_result *); /* the next one that is over; false: none yet */
    void (*close)(void *line); /* gives up what is under way */
};
WEIR_PUBLIC extern const struct weir_transport weir_http_transport; /* HTTP and HTTPS, no redirects */
struct weir_call_args {
    const char *at;
    weir_requester *request;       /* asked again for every attempt; weir_fail: the record is given up */
    weir_answerer *answer;         /* required: what the answer, or the last failure, means. NULL: nothing is forwarded */
    const struct weir_type *value; /* of what .answer returns; required */
    int32_t retries;               /* after the first attempt */
    weir_duration first_retry;     /* so long after the first failure, then twice as long each time; 0: a second */
    weir_duration timeout;         /* of an attempt; 0: five seconds */
    int32_t breaker_failures;      /* so many one after the other open the breaker; 0: five */
    weir_duration breaker_open;    /* so long it stays open before one call is tried; 0: thirty seconds */
    int32_t concurrency;           /* calls under way at once, per task; 0: sixteen */
    int64_t max_pending;           /* calls that wait, per task, before its inputs do; 0: ten thousand */
    enum weir_policy given_up;     /* of a record that is given up; WEIR_SKIP where what .answer returns says it all */
    const struct weir_transport *transport; /* NULL: weir_http_transport */
    void *user;
};
struct weir_sink_args {
    const char *at;
    union {
        const char *topic;
        weir_topic_of *topic_of; /* of weir_to_computed */
    };
    enum weir_format format;
    weir_partition_of *partition_of; /* NULL: by the hash of the key, as Kafka's clients do */
    void *user;
    const char *name;
};

WEIR_PUBLIC weir_topology *weir_topology_new(const char *name);
WEIR_PUBLIC void weir_topology_free(weir_topology *); /* only if it was never started; NULL is fine */
WEIR_PUBLIC const char *weir_topology_name(const weir_topology *);
enum weir_describe_format { WEIR_DESCRIBE_TEXT, WEIR_DESCRIBE_JSON, WEIR_DESCRIBE_DOT, WEIR_DESCRIBE_MERMAID };
/* Checks the whole graph and writes it: text is Kafka Streams' TopologyDescription form. False: the latched error. */
WEIR_PUBLIC bool weir_topology_describe(weir_topology *, enum weir_describe_format, FILE *, struct weir_error *);

/* Policies of the whole topology, once. */
WEIR_PUBLIC void weir_on_error_with(weir_topology *, struct weir_on_error_args);
WEIR_PUBLIC weir_stream *weir_from_with(weir_topology *, const char *topic, const struct weir_type *key, struct weir_source_args);
/* All topics whose whole names match a POSIX extended regular expression, as one stream, also those that are made later (docs/streams.md).
 * Nobody else reads them by name, and none is internal to the application, holds its dead letters or begins with "__". The name is
 * that of "<application.id>-<name>-shares", an internal topic without records, which has a partition per task: as many as the widest topic
 * that matches at the first start. One with more stops the app (WEIR_INVALID). No .also, no .park. */
WEIR_PUBLIC weir_stream *weir_from_pattern_with(weir_topology *, const char *name, const char *pattern, const struct weir_type *key, struct weir_source_args);
WEIR_PUBLIC weir_table *weir_table_with(weir_topology *, const char *topic, const char *store, const struct weir_type *key, struct weir_source_args);
/* The latest value per key of all partitions of a topic, on every instance: loaded before processing begins, then
 * followed. Nothing else may read the topic. */
WEIR_PUBLIC weir_global_table *weir_global_with(weir_topology *, const char *topic, const char *store, const struct weir_type *key, struct weir_source_args);
/* A store that every instance holds whole, written by the processor from all partitions of a topic: before processing begins
 * the records there are, then those that come; after a crash some of them again. What it forwards goes nowhere, and it has no punctuators. Others
 * read the store by naming it in their .stores. Nothing else may read the topic. */
WEIR_PUBLIC void weir_global_store_with(weir_topology *, const char *topic, const char *store, const struct weir_type *key, struct weir_global_store_args);
WEIR_PUBLIC void weir_store_with(weir_topology *, const char *name, const struct weir_type *key, struct weir_store_args);
WEIR_PUBLIC weir_stream *weir_filter_with(weir_stream *, struct weir_step_args);
WEIR_PUBLIC weir_stream *weir_filter_not_with(weir_stream *, struct weir_step_args);
WEIR_PUBLIC weir_stream *weir_map_values_with(weir_stream *, const struct weir_type *value, struct weir_step_args);
WEIR_PUBLIC weir_table *weir_filter_table_with(weir_table *, struct weir_step_args);
WEIR_PUBLIC weir_table *weir_filter_not_table_with(weir_table *, struct weir_step_args);
WEIR_PUBLIC weir_table *weir_map_values_table_with(weir_table *, const struct weir_type *value, struct weir_step_args);
/* The same table, but what it says waits in the store "<name>-store"; the name is the node's. */
WEIR_PUBLIC weir_table *weir_suppress_with(weir_table *, const char *name, struct weir_suppress_args);
WEIR_PUBLIC weir_table *weir_transform_values_with(weir_table *, const struct weir_type *value, struct weir_transform_args);
WEIR_PUBLIC weir_stream *weir_flat_map_with(weir_stream *, const struct weir_type *key, const struct weir_type *value, struct weir_step_args);
WEIR_PUBLIC weir_stream *weir_flat_map_values_with(weir_stream *, const struct weir_type *value, struct weir_step_args); /* forwards with the key it got */
WEIR_PUBLIC weir_stream *weir_map_with(weir_stream *, const struct weir_type *key, const struct weir_type *value, struct weir_step_args);
WEIR_PUBLIC weir_stream *weir_select_key_with(weir_stream *, const struct weir_type *key, struct weir_step_args); /* moves nothing: see weir_rekey */
WEIR_PUBLIC weir_stream *weir_peek_with(weir_stream *, struct weir_step_args);
WEIR_PUBLIC void weir_foreach_with(weir_stream *, struct weir_step_args);
WEIR_PUBLIC void weir_print_with(weir_stream *, struct weir_print_args); /* "[label]: key, value" per record */
WEIR_PUBLIC weir_branches *weir_split_with(struct weir_split_args);
WEIR_PUBLIC weir_stream *weir_branch_with(weir_branches *, struct weir_step_args);
WEIR_PUBLIC weir_stream *weir_branch_rest_with(struct weir_branch_rest_args);
WEIR_PUBLIC weir_stream *weir_merge_with(weir_stream *, struct weir_merge_args);
WEIR_PUBLIC weir_stream *weir_repartition_with(weir_stream *, struct weir_repartition_args); /* moves data: a named topic */
/* Makes one record of those of a key (and .slice of time) that a task has between two commits, in front of what moves them: a
 * hot key costs one record per task and commit, and not its partition's whole thread. The first value is the first result,
 * and .step adds each further one (NULL or weir_forget: nothing leaves of the key so far). It leaves with the greatest of the
 * timestamps and no headers, in order of the keys' first records: exactly once in the commit that the records belong to, at
 * least once right behind it, written down in the store "NAME-store", so that a crash neither loses it nor has it applied twice
 * behind a repartition. There is no record in hand then, as in a punctuator. Results are the same as without it where .step and
 * what follows do not ask how many records there were, in which order they came, or of which time within .slice they were: sums
 * into windows, whose sizes are multiples of .slice. A record without key or value is dropped. The stream must not be windowed. */
WEIR_PUBLIC weir_stream *weir_combine_with(weir_stream *, const char *name, struct weir_combine_args);
WEIR_PUBLIC weir_stream *weir_rekey_with(weir_stream *, const char *name, const struct weir_type *key, struct weir_rekey_args); /* select_key and repartition in one */
WEIR_PUBLIC weir_table *weir_to_table_with(weir_stream *, struct weir_to_table_args);
WEIR_PUBLIC weir_grouped *weir_group(weir_stream *);                                                                          /* by the key it has */
WEIR_PUBLIC weir_grouped *weir_group_by_with(weir_stream *, const char *name, const struct weir_type *key, struct weir_group_args);
WEIR_PUBLIC weir_grouped_table *weir_group_by_table_with(weir_table *, const char *name, const struct weir_type *key, struct weir_group_args);
WEIR_PUBLIC weir_table *weir_count_with(weir_grouped *, struct weir_count_args); /* value: int64_t */
WEIR_PUBLIC weir_table *weir_reduce_with(weir_grouped *, const char *store, struct weir_reduce_args);
WEIR_PUBLIC weir_table *weir_aggregate_with(weir_grouped *, const char *store, struct weir_agg_args);
WEIR_PUBLIC weir_table *weir_count_table_with(weir_grouped_table *, struct weir_count_args);
WEIR_PUBLIC weir_table *weir_reduce_table_with(weir_grouped_table *, const char *store, struct weir_reduce_args);
WEIR_PUBLIC weir_table *weir_aggregate_table_with(weir_grouped_table *, const char *store, struct weir_agg_args);
/* One aggregate of several grouped streams, each with its own step. */
WEIR_PUBLIC weir_cogrouped *weir_cogroup_with(weir_grouped *, struct weir_cogroup_args);
WEIR_PUBLIC weir_cogrouped *weir_cogroup_add_with(weir_cogrouped *, weir_grouped *, struct weir_cogroup_args);
WEIR_PUBLIC weir_table *weir_cogroup_aggregate_with(weir_cogrouped *, const char *store, struct weir_cogroup_agg_args);
/* Records of two streams with equal keys that lie close in time. The name is that of its stores. */
WEIR_PUBLIC weir_stream *weir_join_with(weir_stream *left, weir_stream *right, const char *name, struct weir_join_args);
WEIR_PUBLIC weir_stream *weir_join_table_with(weir_stream *, weir_table *, struct weir_join_args);
/* With the row of the right table whose key `foreign_key` finds in the left row; NULL: it names none. Inner or left. The
 * name is that of two internal topics and a store; .store: keep the result. */
WEIR_PUBLIC weir_table *weir_join_foreign_with(weir_table *left, weir_table *right, const char *name, weir_mapper *foreign_key, struct weir_join_args);
/* With the row of the key that `key` returns (NULL: none), whatever the stream's own key is. Inner or left. */
WEIR_PUBLIC weir_stream *weir_join_global_with(weir_stream *, weir_global_table *, weir_mapper *key, struct weir_join_args);
WEIR_PUBLIC weir_table *weir_join_tables_with(weir_table *, weir_table *, struct weir_join_args);
WEIR_PUBLIC weir_stream *weir_changes_with(struct weir_changes_args);
WEIR_PUBLIC weir_stream *weir_process_with(weir_stream *, struct weir_process_args);
/* Asks a service about every record, and forwards what the answer means, with the time at which it came. Calls of one key keep
 * their order, those of other keys go on. A call is repeated until it succeeds or retries are used up; then the record is a dead
 * letter (unless .given_up says otherwise), and .answer is asked, too. A status from 400 to 499 is final at once, but for 408, 409, 425 and 429. While the breaker is open
 * nothing is called and no retry is used up. At least once: what was not committed in a crash is called, and its answer forwarded,
 * again, with the same idempotency key. Headers traceparent and correlation-id are passed on. Keys are strings. The name is that of its stores: pending
 * calls, and behind it "-records", "-due" and "-breaker" (one row per partition). */
WEIR_PUBLIC weir_stream *weir_call_with(weir_stream *, const char *name, struct weir_call_args);
/* Everything that is left out of the results, wherever in the topology, through the topic "<name>-drops"; once in a
 * topology. What the reader of this stream leaves out itself is counted only, and dead letters have a topic of their own. */
WEIR_PUBLIC weir_stream *weir_drops_with(weir_topology *, const char *name, const char *at); /* key: weir_bytes, as it came; value: weir_dropped */
/* The records that were too late for the windows of a count, reduce or aggregate, as they came to it. They stay in their task. */
WEIR_PUBLIC weir_stream *weir_late_with(weir_table *, const char *at);
/* Lets time go on when the inputs are quiet: what waits in the sub-topology of the stream or table for its time to come (windows
 * that are told when they close, suppressed changes, records of outer joins that have met nobody, timers by stream time) comes
 * though no record does. When nothing has been read for `after`, a tick is written to the topic "<name>-ticks", and stream
 * time goes on with the wall clock from where it stood. A tick says which records it stands behind, so the same topics
 * give the same results again. A record that comes late because of it is late. Once in a sub-topology. */
WEIR_PUBLIC void weir_tick_with(weir_stream *, const char *name, weir_duration after, const char *at);
WEIR_PUBLIC void weir_tick_table_with(weir_table *, const char *name, weir_duration after, const char *at);
WEIR_PUBLIC void weir_to_with(weir_stream *, struct weir_sink_args);
WEIR_PUBLIC void weir_to_computed_with(weir_stream *, struct weir_sink_args);

/* ---- endpoints: what a topology serves over REST under paths of its own, beside its topics and views ------------- */

#define WEIR_RULES_MAX 16
/* What a field of a body must be, beyond what its type says. */
struct weir_rule {
    const char *field;            /* its name on the wire */
    int32_t chars_min, chars_max; /* of a string, in characters (code points); chars_max 0: any number */
    bool is_bounded;              /* of an integer or a time: from least to most, both included */
    int64_t least, most;
};
/* Fields of an answer that say what may still be asked for; each optional. */
struct weir_quota {
    const char *allow;     /* a boolean: false is answered 429, with Retry-After */
    const char *policy;    /* a string: the name of the limit */
    const char *limit;     /* a long: how much of it there is */
    const char *remaining; /* a long: how much is left; told in the header RateLimit, with the limit in RateLimit-Policy */
    const char *reset;     /* a time: when there is more again */
};
struct weir_ingest_args {
    const char *at;
    const char *topic;       /* required: read by the topology, its values a record */
    const char *id;          /* string field that gets a new id (UUID version 7, RFC 9562); senders cannot give it. NULL: none */
    const char *ingested_at; /* time field that gets the time of arrival; likewise */
    const char *key;         /* string field that is the record's key; may be .id. NULL: records have no key */
    const char *time;        /* time field that is the record's timestamp; NULL: the time of arrival */
    struct weir_rule rules[WEIR_RULES_MAX];
    const char *answers;     /* a view: what is sent is a question, answered by its row there; needs .id and .key. NULL: none */
    struct weir_quota quota; /* of the answers: what is also told in headers (draft-ietf-httpapi-ratelimit-headers) */
    const char *about;       /* one sentence for the description of the interface */
};
/* POST path takes one value of the topic, or an array of up to ten thousand, and answers 202 with ids when all are durable.
 * Unknown members and broken rules are refused with the field, and then nothing is written.
 * With .answers it takes one value, a question, and answers 200 with the row whose key is its id, once the topology has put it
 * there and committed. Whoever reads the topic keeps the view beside it, keyed by id, whatever instance is asked. The header
 * Idempotency-Key gives the id: the same question is answered as before while its row is kept. */
WEIR_PUBLIC void weir_ingest_with(weir_topology *, const char *path, struct weir_ingest_args);

#define WEIR_INDEXES_MAX 8
#define WEIR_INDEX_FIELDS_MAX 4
/* An order in which rows are found: keys of the view are texts of the fields of .by, the time (ISO-8601, UTC, milliseconds)
 * and whatever tells rows apart, with '/' between: "mail/2024-12-04T10:30:00.000Z/17". */
struct weir_index {
    const char *view;
    const char *by[WEIR_INDEX_FIELDS_MAX + 1]; /* string fields of its values; none: by time alone */
};
struct weir_search_args {
    const char *at;
    const char *time;                            /* required: a time field of the values */
    struct weir_index indexes[WEIR_INDEXES_MAX]; /* of one value type; the first that is asked for by all its fields answers */
    const char *about;
};
/* GET path?FIELD=…&from=…&to=…&order=…&page=…&limit=… answers with values in the order of time, oldest first. A FIELD is any
 * that an index has; those that the answering index lacks are compared row by row. Pages stay what they are while rows come. */
WEIR_PUBLIC void weir_search_with(weir_topology *, const char *path, struct weir_search_args);

enum weir_endpoint_kind { WEIR_ENDPOINT_INGEST, WEIR_ENDPOINT_SEARCH };
/* As declared, checked. Of an app: strings and types live as long as it does. */
struct weir_endpoint {
    enum weir_endpoint_kind kind;
    const char *path;
    const struct weir_type *value; /* of the topic, or of the views */
    const struct weir_type *answer; /* of the view that answers questions; NULL: there are none */
    struct weir_ingest_args ingest;
    struct weir_search_args search;
};

#define WEIR_LINE_(n) #n
#define WEIR_LINE(n) WEIR_LINE_(n)
#define WEIR_AT __FILE__ ":" WEIR_LINE(__LINE__)
#define WEIR_ARGS(kind, first, ...) (struct weir_##kind##_args){.at = WEIR_AT, .first = __VA_ARGS__}
/* Verbs that mean the same for a stream and for a table choose by the handle. */
#define WEIR_STREAM_OR_TABLE(x, verb) _Generic((x), weir_stream *: verb##_with, weir_table *: verb##_table_with)
#define WEIR_GROUPED(g, verb) _Generic((g), weir_grouped *: verb##_with, weir_grouped_table *: verb##_table_with)

#define weir_on_error(t, ...) weir_on_error_with((t), (struct weir_on_error_args){.at = WEIR_AT, __VA_ARGS__})
#define weir_from(t, topic, key, ...) weir_from_with((t), (topic), (key), WEIR_ARGS(source, value, __VA_ARGS__))
#define weir_from_pattern(t, name, pattern, key, ...) weir_from_pattern_with((t), (name), (pattern), (key), WEIR_ARGS(source, value, __VA_ARGS__))
#define weir_table_from(t, topic, store, key, ...) weir_table_with((t), (topic), (store), (key), WEIR_ARGS(source, value, __VA_ARGS__))
#define weir_global(t, topic, store, key, ...) weir_global_with((t), (topic), (store), (key), WEIR_ARGS(source, value, __VA_ARGS__))
#define weir_global_store(t, topic, store, key, ...) weir_global_store_with((t), (topic), (store), (key), WEIR_ARGS(global_store, value, __VA_ARGS__))
#define weir_add_store(t, name, key, ...) weir_store_with((t), (name), (key), WEIR_ARGS(store, value, __VA_ARGS__))
#define weir_filter(x, ...) WEIR_STREAM_OR_TABLE(x, weir_filter)((x), WEIR_ARGS(step, test, __VA_ARGS__))
#define weir_filter_not(x, ...) WEIR_STREAM_OR_TABLE(x, weir_filter_not)((x), WEIR_ARGS(step, test, __VA_ARGS__))
#define weir_map_values(x, value, ...) WEIR_STREAM_OR_TABLE(x, weir_map_values)((x), (value), WEIR_ARGS(step, map, __VA_ARGS__))
#define weir_transform_values(table, value, ...) weir_transform_values_with((table), (value), WEIR_ARGS(transform, map, __VA_ARGS__))
#define weir_suppress(table, name, ...) weir_suppress_with((table), (name), (struct weir_suppress_args){.at = WEIR_AT, __VA_ARGS__})
#define weir_flat_map(s, key, value, ...) weir_flat_map_with((s), (key), (value), WEIR_ARGS(step, visit, __VA_ARGS__))
#define weir_flat_map_values(s, value, ...) weir_flat_map_values_with((s), (value), WEIR_ARGS(step, visit, __VA_ARGS__))
#define weir_map(s, key, value, ...) weir_map_with((s), (key), (value), WEIR_ARGS(step, map_pair, __VA_ARGS__))
#define weir_select_key(s, key, ...) weir_select_key_with((s), (key), WEIR_ARGS(step, map, __VA_ARGS__))
#define weir_peek(s, ...) weir_peek_with((s), WEIR_ARGS(step, visit, __VA_ARGS__))
#define weir_foreach(s, ...) weir_foreach_with((s), WEIR_ARGS(step, visit, __VA_ARGS__))
#define weir_print(s, ...) weir_print_with((s), WEIR_ARGS(print, file, __VA_ARGS__))
#define weir_split(...) weir_split_with(WEIR_ARGS(split, stream, __VA_ARGS__))
#define weir_branch(b, ...) weir_branch_with((b), WEIR_ARGS(step, test, __VA_ARGS__))
#define weir_branch_rest(...) weir_branch_rest_with(WEIR_ARGS(branch_rest, branches, __VA_ARGS__))
#define weir_merge(s, ...) weir_merge_with((s), WEIR_ARGS(merge, with[0], __VA_ARGS__))
#define weir_repartition(s, ...) weir_repartition_with((s), WEIR_ARGS(repartition, topic, __VA_ARGS__))
#define weir_combine(s, name, ...) weir_combine_with((s), (name), WEIR_ARGS(combine, step, __VA_ARGS__))
#define weir_rekey(s, name, key, ...) weir_rekey_with((s), (name), (key), WEIR_ARGS(rekey, map, __VA_ARGS__))
#define weir_to_table(s, ...) weir_to_table_with((s), WEIR_ARGS(to_table, store, __VA_ARGS__))
#define weir_group_by(x, name, key, ...) WEIR_STREAM_OR_TABLE(x, weir_group_by)((x), (name), (key), WEIR_ARGS(group, map, __VA_ARGS__))
#define weir_count(g, ...) WEIR_GROUPED(g, weir_count)((g), WEIR_ARGS(count, store, __VA_ARGS__))
#define weir_reduce(g, store, ...) WEIR_GROUPED(g, weir_reduce)((g), (store), WEIR_ARGS(reduce, step, __VA_ARGS__))
#define weir_aggregate(g, store, ...) WEIR_GROUPED(g, weir_aggregate)((g), (store), WEIR_ARGS(agg, step, __VA_ARGS__))
#define weir_cogroup(g, ...) weir_cogroup_with((g), WEIR_ARGS(cogroup, step, __VA_ARGS__))
#define weir_cogroup_add(c, g, ...) weir_cogroup_add_with((c), (g), WEIR_ARGS(cogroup, step, __VA_ARGS__))
#define weir_cogroup_aggregate(c, store, ...) weir_cogroup_aggregate_with((c), (store), WEIR_ARGS(cogroup_agg, value, __VA_ARGS__))
#define weir_join(left, right, name, ...) weir_join_with((left), (right), (name), WEIR_ARGS(join, fn, __VA_ARGS__))
#define weir_join_table(s, table, ...) weir_join_table_with((s), (table), WEIR_ARGS(join, fn, __VA_ARGS__))
#define weir_join_foreign(left, right, name, foreign_key, ...) weir_join_foreign_with((left), (right), (name), (foreign_key), WEIR_ARGS(join, fn, __VA_ARGS__))
#define weir_join_global(s, global, key, ...) weir_join_global_with((s), (global), (key), WEIR_ARGS(join, fn, __VA_ARGS__))
#define weir_changes(...) weir_changes_with(WEIR_ARGS(changes, table, __VA_ARGS__))
#define weir_join_tables(left, right, ...) weir_join_tables_with((left), (right), WEIR_ARGS(join, fn, __VA_ARGS__))
#define weir_process(s, ...) weir_process_with((s), WEIR_ARGS(process, processor, __VA_ARGS__))
#define weir_call(s, name, ...) weir_call_with((s), (name), WEIR_ARGS(call, request, __VA_ARGS__))
#define weir_drops(t, name) weir_drops_with((t), (name), WEIR_AT)
#define weir_late(table) weir_late_with((table), WEIR_AT)
#define weir_tick(x, name, after) WEIR_STREAM_OR_TABLE(x, weir_tick)((x), (name), (after), WEIR_AT)
#define weir_to(s, ...) weir_to_with((s), WEIR_ARGS(sink, topic, __VA_ARGS__))
#define weir_to_computed(s, ...) weir_to_computed_with((s), WEIR_ARGS(sink, topic_of, __VA_ARGS__))
#define weir_search(t, path, ...) weir_search_with((t), (path), WEIR_ARGS(search, time, __VA_ARGS__))
#define weir_ingest(t, path, ...) weir_ingest_with((t), (path), WEIR_ARGS(ingest, topic, __VA_ARGS__))

/* ---- running --------------------------------------------------------------------------------------------------- */

/* Every setting has the documented name of docs/configuration.md: Kafka Streams' own where it has one. */
struct weir_config {
    const char *application;         /* application.id; NULL: must come from .file or .set */
    const char *file;                /* a properties file, read first; NULL: none */
    bool environment;                /* then WEIR_<KEY> variables, dots as underscores */
    const char *const (*set)[2];     /* then these pairs; ends with { NULL } */
};

enum weir_state { WEIR_CREATED, WEIR_REBALANCING, WEIR_RUNNING, WEIR_PENDING_SHUTDOWN, WEIR_NOT_RUNNING, WEIR_PENDING_ERROR, WEIR_ERROR };

WEIR_MUST_CHECK WEIR_PUBLIC weir_app *weir_start(weir_topology *, struct weir_config, struct weir_error *); /* takes the topology, always */
/* Commits what was processed and leaves the group; frees the app, always. False: something was left uncommitted. */
WEIR_MUST_CHECK WEIR_PUBLIC bool weir_stop(weir_app *, weir_duration grace, struct weir_error *);

enum weir_remains { WEIR_REMAINS_GROUP, WEIR_REMAINS_TOPIC, WEIR_REMAINS_DIRECTORY };
/* Told once for each thing that an application leaves in the world. */
typedef void weir_remains_seen(void *self, enum weir_remains, const char *name);
/* Makes the application begin anew with its next start: forgets what its group has committed, deletes its changelogs and
 * repartition topics, the schemas they were written by, and its state directory on this machine, in this order, each told before
 * it goes. Its sources, sinks and dead letters stay as they are (Kafka Streams: the application reset tool, and cleanUp). Rehearsal: only tells. Takes the
 * topology, always. Any thread; waits for the broker. No instance may run: WEIR_INVALID. After a failure: call it again. */
WEIR_MUST_CHECK WEIR_PUBLIC bool weir_begin_anew(weir_topology *, struct weir_config, bool is_rehearsal, weir_remains_seen *, void *self, struct weir_error *);

WEIR_PUBLIC enum weir_state weir_app_state(weir_app *);
/* Paused, an app processes no record and fires no punctuator until it is resumed. Its state stays, as do its tasks and its place in
 * the group; what it has processed is committed, records wait at the broker, views answer, state is restored and standbys follow.
 * Of this instance alone, and not beyond its end: the next start processes (Kafka Streams: KIP-834). Again: nothing happens. [any] */
WEIR_PUBLIC void weir_pause(weir_app *);
WEIR_PUBLIC void weir_resume(weir_app *);
WEIR_PUBLIC bool weir_is_paused(weir_app *);
WEIR_PUBLIC const char *weir_state_name(enum weir_state);
WEIR_PUBLIC bool weir_app_failure(weir_app *, struct weir_error *); /* true: why it is in WEIR_ERROR */
WEIR_PUBLIC const char *weir_app_name(weir_app *);                  /* of the topology */
WEIR_PUBLIC const char *weir_app_setting(weir_app *, const char *key); /* effective value, secrets masked; NULL: unknown */
WEIR_PUBLIC bool weir_app_describe(weir_app *, enum weir_describe_format, FILE *); /* the topology that runs */

/* ---- views: any thread; a query sees exactly the state of a commit --------------------------------------------- */

enum weir_view_kind { WEIR_VIEW_KEY_VALUE, WEIR_VIEW_WINDOW, WEIR_VIEW_SESSION, WEIR_VIEW_GLOBAL, WEIR_VIEW_VERSIONED };
struct weir_view_info { /* strings and types live as long as the app */
    const char *name;
    enum weir_view_kind kind;
    int32_t subtopology; /* whose tasks hold it; of a global table: of itself */
    const struct weir_type *key, *value;
    int64_t window_ms, retention_ms; /* of a window view; sessions have no size of their own, 0; versioned: its history */
    int32_t partitions;              /* of the whole view, over all instances */
    int32_t partitions_here;         /* that this instance owns and has restored */
    int64_t rows_approximate;        /* of those */
};
struct weir_row {
    const void *key, *value;
    int64_t timestamp_ms;
    struct {
        int64_t start_ms, end_ms;
    } window; /* zero unless the view is windowed; versioned: from when to when the row is valid (WEIR_VERSION_OPEN) */
    int32_t partition;
    const char *position; /* "topic:partition:offset,…": inputs below these offsets are in this answer */
    bool is_standby;      /* read from a standby, which may be behind the active copy */
    weir_bytes order;     /* rows of a walk come in the order of these bytes, on every instance */
};
/* Which copies of a view may answer; {0}: the active ones of all partitions that are here. */
struct weir_copies {
    bool any;                  /* standbys too */
    const int32_t *partitions; /* these alone; NULL: all */
    size_t partition_count;
};
WEIR_PUBLIC size_t weir_app_views(weir_app *, struct weir_view_info *out, size_t max); /* how many there are */
WEIR_MUST_CHECK WEIR_PUBLIC weir_view *weir_view_open(weir_app *, const char *store, struct weir_error *);
WEIR_PUBLIC void weir_view_close(weir_view *); /* NULL is fine */
WEIR_PUBLIC struct weir_view_info weir_view_describe(weir_view *);
/* False: WEIR_ABSENT (no such key), WEIR_RETRY (its partition is restoring or lives on another instance). Row and
 * what it points to live in the arena. */
WEIR_PUBLIC bool weir_view_get(weir_view *, weir_arena *, const void *key, struct weir_row *, struct weir_error *);
/* Of a versioned view: the version that was valid at that time; weir_view_get gives the newest. */
WEIR_PUBLIC bool weir_view_get_as_of(weir_view *, weir_arena *, const void *key, int64_t as_of_ms, struct weir_row *, struct weir_error *);
WEIR_PUBLIC bool weir_view_get_window(weir_view *, weir_arena *, const void *key, int64_t start_ms, struct weir_row *, struct weir_error *);
WEIR_PUBLIC bool weir_view_get_session(weir_view *, weir_arena *, const void *key, int64_t start_ms, int64_t end_ms, struct weir_row *, struct weir_error *);
/* Rows of all partitions here, merged in key order; rows live in the arena. weir_next is false at the end (code
 * WEIR_OK) and on a failure (any other code). A walk sees one commit per partition. */
WEIR_PUBLIC weir_cursor *weir_view_scan(weir_view *, weir_arena *, struct weir_range, struct weir_error *);
WEIR_PUBLIC bool weir_next(weir_cursor *, struct weir_row *, struct weir_error *);
WEIR_PUBLIC void weir_cursor_close(weir_cursor *); /* NULL is fine */
/* The same from the copies that are named. Of a view without windows both times are 0, of one with windows end_ms is, of a
 * versioned one start_ms is the time the version was valid at (WEIR_VERSION_OPEN: the newest). A key
 * that none of the partitions asked for has is WEIR_ABSENT; while one of them is not here, it is WEIR_RETRY. */
WEIR_PUBLIC bool weir_view_find(weir_view *, struct weir_copies, weir_arena *, const void *key, int64_t start_ms, int64_t end_ms, struct weir_row *, struct weir_error *);
WEIR_PUBLIC weir_cursor *weir_view_walk(weir_view *, struct weir_copies, weir_arena *, struct weir_range, struct weir_error *);
struct weir_writer { /* the input record that wrote a row last; behind a repartition topic: the one that caused it */
    const char *topic; /* lives as long as the app */
    int32_t partition;
    int64_t offset, timestamp_ms; /* the record's own time */
};
/* Of a row of the view, by its key and window. False and code WEIR_OK: it is not known (explain.last.writer, a punctuator's row). */
WEIR_PUBLIC bool weir_view_writer(weir_view *, struct weir_copies, weir_arena *, const struct weir_row *, struct weir_writer *out, struct weir_error *);
WEIR_PUBLIC size_t weir_view_held(weir_view *, struct weir_copies, int32_t *out); /* partitions this instance can answer for; room for all of the view */
WEIR_PUBLIC const char *weir_view_position_of(weir_view *, struct weir_copies, weir_arena *); /* as weir_view_position */
/* Addresses (application.server) of other instances that hold the partition, the active one first; any: standbys behind it.
 * As far as this instance knows: partitions move. Strings live in the arena. */
WEIR_PUBLIC size_t weir_view_holders(weir_view *, int32_t partition, bool any, weir_arena *, const char **out, size_t max);
WEIR_PUBLIC bool weir_view_is_hashed(weir_view *); /* its keys are known to live where weir_view_partition says */
/* Several views at once, each partition of each as of one commit (stores of one task: of the same one). Its walks see the
 * same rows as often as they are opened, and their arena may be cleared between two rows. While it is open, tasks neither
 * come nor go: look at weir_snapshot_is_wanted every few milliseconds, and close it when that is true. One thread at a time. */
WEIR_MUST_CHECK WEIR_PUBLIC weir_snapshot *weir_snapshot_open(weir_view *const *views, size_t count, struct weir_error *); /* NULL: WEIR_RETRY */
WEIR_PUBLIC weir_cursor *weir_snapshot_scan(weir_snapshot *, weir_view *, weir_arena *, struct weir_range, struct weir_error *);
WEIR_PUBLIC bool weir_snapshot_is_wanted(const weir_snapshot *); /* any thread */
/* The position of that view, in the arena, and how many of its partitions are in it. */
WEIR_PUBLIC const char *weir_snapshot_position(const weir_snapshot *, const weir_view *, weir_arena *, int32_t *partitions);
WEIR_PUBLIC void weir_snapshot_close(weir_snapshot *); /* after its cursors; NULL is fine */
WEIR_PUBLIC int32_t weir_view_partition(weir_view *, const void *key); /* where the key lives: murmur2, as Kafka's */
/* Waits until every answer of the view contains the inputs of position ("topic:partition:offset,…", as weir_produce
 * and every row give them). False: WEIR_RETRY after wait_ms, WEIR_INVALID for a malformed or foreign position. */
WEIR_PUBLIC bool weir_view_wait(weir_view *, const char *position, int64_t wait_ms, struct weir_error *);
WEIR_PUBLIC const char *weir_view_position(weir_view *, weir_arena *); /* of all partitions here */

/* ---- changes of views, as commits make them: any thread ---------------------------------------------------------- */

/* A mark is a place between two changes of a partition. It grows, and means the same on every instance and after a restart,
 * but for views without a changelog, where it is of one life of a task. What expires is no change. */
#define WEIR_MARK_NOW (-1)
struct weir_change {
    struct weir_row row; /* as the commit left it; value NULL: it is gone. It has no position; order: as in a walk */
    int64_t mark;        /* behind it */
};
/* From now on the rows that commits write are kept for whoever reads them, the latest `bytes` of each partition here (of the
 * first who opens a feed of the view). Costs what it takes to copy these rows; nothing when no feed is open. told: after a
 * commit, on its thread: it may not wait and not call anything of this app. */
WEIR_MUST_CHECK WEIR_PUBLIC weir_feed *weir_feed_open(weir_view *, size_t bytes, void (*told)(void *self), void *self); /* never NULL */
WEIR_PUBLIC void weir_feed_close(weir_feed *); /* NULL is fine; told is not called any more when it returns */
/* The changes behind *mark (WEIR_MARK_NOW: those to come), in order, up to `most`; *mark moves behind them, or behind all there
 * are. Rows live in the arena. False: WEIR_FULL, more has been changed since than is kept; WEIR_ABSENT, the mark is of before
 * the feed was opened, or of another life; WEIR_RETRY, the partition is not here. */
WEIR_PUBLIC bool weir_feed_read(weir_feed *, int32_t partition, int64_t *mark, weir_arena *, struct weir_change *out, size_t most, size_t *got, struct weir_error *);
/* Of the commit that the walk sees of that partition: its rows and the changes behind the mark are all there is. WEIR_MARK_NOW:
 * commits came too fast for it to see one, or the partition is not in the walk. */
WEIR_PUBLIC int64_t weir_cursor_mark(const weir_cursor *, int32_t partition);

/* ---- producing, and looking on: any thread ---------------------------------------------------------------------- */

struct weir_produced {
    int32_t partition;
    int64_t offset;
};
struct weir_raw_record {
    weir_bytes key, value; /* data NULL: absent */
    int64_t timestamp_ms;  /* negative: now */
    struct weir_headers headers;
};
/* Appends records to a topic and returns when all are durable. False: none or some are; the message says which topic.
 * WEIR_ABSENT: no such topic; WEIR_RETRY: the broker cannot take them now; WEIR_FULL: too many wait already
 * (ingest.buffer.bytes), nothing happened. out may be NULL. */
WEIR_PUBLIC bool weir_produce(weir_app *, const char *topic, const struct weir_raw_record *, size_t count, struct weir_produced *out, struct weir_error *);
/* Told once how it ended: code WEIR_OK, or as weir_produce says. On a thread that others wait for: it may not block. */
typedef void weir_produced_then(void *self, const struct weir_error *);
/* The same without waiting: all that is given must live until then is called, which may be before this returns. */
WEIR_PUBLIC void weir_produce_then(weir_app *, const char *topic, const struct weir_raw_record *, size_t count, struct weir_produced *out, weir_produced_then *then, void *self);
struct weir_buffer_info { /* of what waits to become durable (weir_produce) */
    int64_t bytes, bytes_max;
    int64_t records;
    int64_t oldest_ms; /* how long the oldest has waited; 0: none does */
    bool is_failing;   /* the latest attempt did not make its records durable */
};
WEIR_PUBLIC struct weir_buffer_info weir_app_buffer(weir_app *);
WEIR_PUBLIC size_t weir_app_endpoints(weir_app *, const struct weir_endpoint **out); /* how many; in the order of declaration */
struct weir_topic_info {
    const char *name;
    const struct weir_type *key, *value; /* as the topology reads or writes it */
    bool is_source, is_sink, is_internal;
    bool requires_key; /* a record without a key would be a dead letter */
};
WEIR_PUBLIC size_t weir_app_topics(weir_app *, struct weir_topic_info *out, size_t max);

struct weir_task_info {
    int32_t subtopology, partition;
    bool is_standby;          /* it follows the changelogs of a task that is active elsewhere */
    const char *state;        /* "restoring", "running", "standby" */
    int64_t stream_time_ms;   /* -1: none yet */
    uint64_t records;         /* processed since the task came here */
    int64_t lag;              /* records of its inputs not yet processed; -1: unknown */
    int64_t restore_remaining; /* records of its changelogs */
    int64_t copy_remaining;   /* bytes, while its state is copied from another instance */
};
WEIR_PUBLIC size_t weir_app_tasks(weir_app *, struct weir_task_info *out, size_t max);
struct weir_memory_info { /* a part of memory.max.bytes; docs/operations.md, "Memory" */
    const char *name;  /* "base", "rows", "cache", "memtables", "files", "fetched", "sent", "requests" */
    int64_t bytes_max; /* its share; all of them add up to memory.max.bytes */
    int64_t bytes;     /* what it takes now; -1: it cannot be told apart from the rest of the process */
};
WEIR_PUBLIC size_t weir_app_memory(weir_app *, struct weir_memory_info *out, size_t max); /* how many; cache: of the process */
struct weir_share_info {
    int32_t subtopology, partition;
    bool is_standby;
};
struct weir_instance_info { /* of the group, this one first; everything lives in the arena */
    const char *id;      /* of its clients */
    const char *address; /* host:port of its REST interface (application.server); NULL: it has not said one */
    bool is_self;
    struct weir_share_info *shares; /* of another instance: as the group says; where standbys belong, once they are there */
    size_t share_count;
};
WEIR_PUBLIC size_t weir_app_instances(weir_app *, weir_arena *, struct weir_instance_info **); /* how many */
/* Copies of the state of a task, for an instance that takes the task over: made where the state is, read from there file by file.
 * For doors, which know that it is another instance that asks. Any thread.
 * task: as its directory is named. manifest: what the copy consists of, in the arena. False: WEIR_ABSENT, its state is not
 * here; WEIR_RETRY, not now. */
WEIR_PUBLIC bool weir_copy_make(weir_app *, const char *application, const char *task, weir_arena *, weir_bytes *manifest, struct weir_error *);
/* Up to `most` bytes of a file of that copy; fewer: its end. False: WEIR_ABSENT, it is not there any more. */
WEIR_PUBLIC bool weir_copy_read(weir_app *, const char *copy, const char *file, int64_t offset, void *out, size_t most, size_t *got, struct weir_error *);
struct weir_copy_source { /* the same of the instance at that address; true: the bytes are what was sent. One thread at a time */
    void *self;
    bool (*make)(void *self, const char *address, const char *application, const char *task, weir_arena *, weir_bytes *manifest, struct weir_error *);
    bool (*read)(void *self, const char *address, const char *copy, const char *file, int64_t offset, void *out, size_t size, struct weir_error *);
};
/* How this app asks others for copies, until it is told NULL; then it returns when no question is open. Without it, changelogs
 * are read. */
WEIR_PUBLIC void weir_copy_from(weir_app *, const struct weir_copy_source *);
struct weir_hot_key { /* a key that at least a hundredth of the latest records of an input partition here have */
    const char *topic; /* as the app has it, internal ones too */
    int32_t subtopology, partition;
    const struct weir_type *type;
    const void *key;    /* in the arena; NULL: longer than 128 bytes, or not to be read as the type */
    int64_t records;    /* that have it, out of of_records: an estimate by one record in 16 (SpaceSaving) */
    int64_t error;      /* by so many, at most, it is too large, and by what such a sample adds */
    int64_t of_records; /* about the latest 65,000 to 130,000; older ones weigh half */
};
/* How many there are; the hottest first. */
WEIR_PUBLIC size_t weir_app_hot_keys(weir_app *, weir_arena *, struct weir_hot_key *out, size_t max);
struct weir_node_info { /* live figures per node of the topology, summed over the tasks here */
    const char *name;   /* as in weir_topology_describe */
    uint64_t records;   /* that entered the node */
    int64_t lag;        /* sources: records not yet processed; -1: unknown or no source */
};
WEIR_PUBLIC size_t weir_app_nodes(weir_app *, struct weir_node_info *out, size_t max);
struct weir_drop_info {
    const char *reason; /* "late", "null_key", "dead_letter", … */
    uint64_t records;
};
WEIR_PUBLIC size_t weir_app_drops(weir_app *, struct weir_drop_info *out, size_t max);
struct weir_drop_place { /* of one reason; strings here and below live as long as the app */
    const char *reason, *topic; /* topic NULL: a punctuator's */
    int32_t partition;
    uint64_t records;
    int64_t last_offset;
};
WEIR_PUBLIC size_t weir_app_drop_places(weir_app *, struct weir_drop_place *out, size_t max);
struct weir_drop {
    const char *reason, *node, *topic; /* NULL: not known, a punctuator's */
    int32_t partition;
    int64_t offset, timestamp_ms, dropped_ms; /* timestamp -1: not known; dropped: by the wall clock */
};
WEIR_PUBLIC size_t weir_app_latest_drops(weir_app *, struct weir_drop *out, size_t max); /* of each reason, newest first */
struct weir_dead_letter {
    const char *letters;        /* the topic it went to; strings live in the arena */
    const char *topic, *reason; /* of the input record; topic "": there was none */
    const char *message;        /* what was wrong, and where in the value */
    const char *trace_id;       /* of the record's header traceparent (W3C Trace Context); "": it has none */
    int32_t partition;
    int64_t offset, failed_ms;
};
WEIR_PUBLIC size_t weir_app_dead_letters(weir_app *, weir_arena *, struct weir_dead_letter *out, size_t max); /* the latest of this instance */
WEIR_PUBLIC int64_t weir_app_parked_keys(weir_app *); /* whose records wait (.park), of the tasks here */
struct weir_replayed {
    int64_t sent; /* letters that are records of their topic again */
    int64_t left; /* letters that cannot be: no input record stands behind them, or its value is not in them */
};
/* Sends the letters of a dead letter topic again, those that were not sent before, in their order, each to the partition
 * it came from; max of them, negative: all there are now. They and the place up to which they were sent are committed
 * together. False: WEIR_ABSENT, none of this app's dead letter topics; WEIR_FENCED, somebody else replays it. What *out
 * counts is done in any case. May take seconds. [any] */
WEIR_PUBLIC bool weir_app_replay(weir_app *, const char *letters, int64_t max, struct weir_replayed *out, struct weir_error *);
/* Prometheus text of this app and its process, in the arena. */
WEIR_PUBLIC weir_bytes weir_app_metrics(weir_app *, weir_arena *);

/* ---- the doors ----------------------------------------------------------------------------------------------------- */

struct weir_report {
    const char *name; /* in URLs: letters, digits, - */
    const char *text; /* a SELECT with a head of comments; docs/sql.md, "Reports" */
};
struct weir_http_options {
    const char *address; /* NULL: 127.0.0.1 */
    uint16_t port;       /* 0: any free one */
    const char *title;   /* of the dashboard; NULL: "Weir" */
    const struct weir_report *reports; /* end with a NULL name, and are copied; NULL: none */
};
/* Serves the apps until weir_http_stop; they must outlive it. */
WEIR_MUST_CHECK WEIR_PUBLIC weir_http *weir_http_start(weir_app *const *apps, size_t count, struct weir_http_options, struct weir_error *);
WEIR_PUBLIC uint16_t weir_http_port(weir_http *);
WEIR_PUBLIC uint16_t weir_http_admin_port(weir_http *); /* 0: its door is closed (http.admin.port) */
WEIR_PUBLIC void weir_http_drain(weir_http *); /* readiness turns 503, requests are still answered */
WEIR_PUBLIC void weir_http_stop(weir_http *);  /* NULL is fine */

/* ---- test driver: the same task code, no broker, a clock turned by hand --------------------------------------------
 * Each record is committed, so what weir_changes holds with .per_commit is told behind each. */

WEIR_PUBLIC weir_test *weir_test_new(weir_topology *, struct weir_config, struct weir_error *); /* takes the topology, always */
WEIR_PUBLIC void weir_test_send(weir_test *, const char *topic, struct weir_record); /* typed as the topology reads the topic */
WEIR_PUBLIC void weir_test_send_raw(weir_test *, const char *topic, struct weir_raw_record);
WEIR_PUBLIC void weir_test_advance(weir_test *, weir_duration); /* wall clock: fires punctuators */
/* The next record written to the topic, in order; false: none. What it points to lives until weir_test_free. Internal
 * topics and changelogs can be read too, by their full names ("<application.id>-<store>-changelog"). */
WEIR_PUBLIC bool weir_test_recv(weir_test *, const char *topic, struct weir_record *out);
WEIR_PUBLIC bool weir_test_recv_raw(weir_test *, const char *topic, struct weir_raw_record *out);
/* The next record of any topic the topology writes to (internal ones left out), in the order of writing. */
WEIR_PUBLIC bool weir_test_recv_any(weir_test *, const char **topic, struct weir_raw_record *out);
WEIR_PUBLIC const void *weir_test_get(weir_test *, const char *store, const void *key);
WEIR_PUBLIC const void *weir_test_get_as_of(weir_test *, const char *store, const void *key, int64_t as_of_ms, struct weir_version *out); /* out may be NULL */
WEIR_PUBLIC const void *weir_test_get_window(weir_test *, const char *store, const void *key, int64_t start_ms);
WEIR_PUBLIC const void *weir_test_get_session(weir_test *, const char *store, const void *key, int64_t start_ms, int64_t end_ms);
/* The stores that an app shows as views; how many there are. */
WEIR_PUBLIC size_t weir_test_views(weir_test *, struct weir_view_info *out, size_t max);
/* Calls visit for each row of the store, in key order; records live until visit returns. */
WEIR_PUBLIC void weir_test_each(weir_test *, const char *store, void (*visit)(void *self, const struct weir_record *), void *self);
WEIR_PUBLIC uint64_t weir_test_dropped(weir_test *, const char *reason); /* records dropped for that reason; NULL: for any */
WEIR_PUBLIC size_t weir_test_drops(weir_test *, struct weir_drop_info *out, size_t max); /* all reasons; as weir_app_drops */
WEIR_PUBLIC bool weir_test_failed(weir_test *, struct weir_error *);     /* the first error that would stop a task */
WEIR_PUBLIC const struct weir_type *weir_test_topic_type(weir_test *, const char *topic, bool key); /* NULL: unknown topic */
WEIR_PUBLIC bool weir_test_topic_is_windowed(weir_test *, const char *topic); /* its keys carry windows or sessions */
WEIR_PUBLIC void weir_test_free(weir_test *);

/* ---- plugins: a topology as one file ------------------------------------------------------------------------------- */

struct weir_entry {
    const char *name, *about;
    weir_topology *(*build)(void);
};
/* Tells one weir.h from another: structs that cross the border by value must have the same size on both sides. */
#define WEIR_INTERFACE_(seen, next) ((seen) * 31 + sizeof(struct weir_##next))
#define WEIR_INTERFACE \
    WEIR_INTERFACE_(WEIR_INTERFACE_(WEIR_INTERFACE_(WEIR_INTERFACE_(WEIR_INTERFACE_(WEIR_INTERFACE_(WEIR_INTERFACE_(WEIR_INTERFACE_(WEIR_INTERFACE_(WEIR_INTERFACE_( \
        WEIR_INTERFACE_(WEIR_INTERFACE_(WEIR_INTERFACE_((size_t)1, source_args), step_args), count_args), reduce_args), \
        agg_args), join_args), store_args), process_args), sink_args), ingest_args), search_args), on_error_args), record)
/* A shared object for `weir run FILE.so` exports `const struct weir_entry weir_topologies[]`, ended by a NULL name, and the
 * weir.h it was compiled with, so that a stale one is refused. */
#define WEIR_EXPORT_TOPOLOGIES \
    WEIR_PUBLIC extern const size_t weir_interface; \
    const size_t weir_interface = WEIR_INTERFACE; \
    WEIR_PUBLIC extern const struct weir_entry weir_topologies[]; \
    const struct weir_entry weir_topologies[]

#ifdef __cplusplus
}
#endif
#endif
