/* config_table.c: the settings. A new one needs a row here and nothing else: parsing, range checks, `weir config`, --help
 * and docs/configuration.md follow.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/config_table.h"

#define STREAMS "Kafka Streams"
#define KAFKA "Kafka"
#define OURS "Weir"
#define CONFLUENT "Confluent"
#define COUNT(items) (sizeof(items) / sizeof *(items))

/* clang-format off */
const struct setting config_table[] = {
    {"application.id", SETTING_NAME, "", 0, 0, {0}, STREAMS,
     "Name of the application: its consumer group, the prefix of its internal topics and of its state directory. "
     "Instances with the same id share the work. `weir run` takes the topology's name when it is not given."},
    {"bootstrap.servers", SETTING_TEXT, "", 0, 0, {0}, STREAMS,
     "Kafka brokers, `host:port` separated by commas. Empty: the embedded broker in `log.dir`."},
    {"client.id", SETTING_NAME, "", 0, 0, {0}, STREAMS,
     "Prefix of the client ids of this instance. Empty: `application.id` and a random identifier."},
    {"group.instance.id", SETTING_NAME, "", 0, 0, {0}, KAFKA,
     "Static membership: with a name that survives a restart (a StatefulSet's pod name) a restart within "
     "`consumer.session.timeout.ms` causes no rebalance; a clean stop keeps the partitions too. Unique per instance; each thread "
     "appends its number. Empty: a name kept in the state directory, so that a restart after a crash finds its partitions at "
     "once; a clean stop gives them up to the others."},
    {"application.server", SETTING_TEXT, "", 0, 0, {0}, STREAMS,
     "`host:port` under which the other instances reach the REST interface of this one, so that any instance answers for "
     "any key. Empty: `weir run` takes `http.address` and `http.port` (the host's name for `0.0.0.0`), unless the port is 0; "
     "an instance without it is not asked by others."},
    {"num.standby.replicas", SETTING_INTEGER, "0", 0, 16, {0}, STREAMS,
     "How many other instances keep a copy of each task's state up to date, so that they can take the task over without "
     "reading its changelogs, and answer queries with `consistency=any`. Needs as many instances and one more."},
    {"num.stream.threads", SETTING_INTEGER, "1", 1, 256, {0}, STREAMS,
     "Threads that process tasks. More than there are input partitions are idle."},
    {"processing.guarantee", SETTING_CHOICE, "at_least_once", 0, 0, {"at_least_once", "exactly_once_v2"}, STREAMS,
     "`at_least_once`: after a crash, records since the last commit are processed again; state is restored to that "
     "commit first, so views count them once, while output topics may see them twice. So may views behind a repartition topic "
     "or a foreign-key join in front of which several topics meet. `exactly_once_v2`: what is written and "
     "how far the inputs are processed is committed in one transaction per `commit.interval.ms`, so that readers with "
     "`isolation.level=read_committed` see every result once; they see it with the commit, not before."},
    {"commit.interval.ms", SETTING_MILLISECONDS, "100", 1, 3600000, {0}, STREAMS,
     "How often progress is committed. Views show committed state, so it is also how fresh they are. Whoever was far behind and has caught up "
     "commits at once."},
    {"repartition.purge.interval.ms", SETTING_MILLISECONDS, "30000", 1, INT32_MAX, {0}, STREAMS,
     "How often the broker is asked to delete what is processed and committed of repartition topics. Nobody reads it again. The "
     "embedded log drops whole segments."},
    {"poll.ms", SETTING_MILLISECONDS, "100", 0, 60000, {0}, STREAMS,
     "How long a thread waits for records when it has none."},
    {"buffered.records.per.partition", SETTING_INTEGER, "1000", 1, 1000000, {0}, STREAMS,
     "Records held in memory per input partition before it is paused. Where a thread lags by eight times as many with what its application has written "
     "for itself (repartition topics, foreign-key joins), that goes first, and what leads to it waits for up to a second at a time."},
    {"max.task.idle.ms", SETTING_MILLISECONDS, "0", -1, 3600000, {0}, STREAMS,
     "How long a task with an empty input waits for more before it goes on with the others, to keep records of several "
     "topics in the order of their time. What the broker is known to hold already is waited for in any case; with 0 nothing "
     "else is. -1: never waits, and takes what is here."},
    {"state.dir", SETTING_TEXT, "${XDG_STATE_HOME:-$HOME/.local/state}/weir", 0, 0, {0}, STREAMS,
     "Directory of the stores, one folder per application. Without a home directory: `/var/lib/weir`."},
    {"replication.factor", SETTING_INTEGER, "-1", -1, 32767, {0}, STREAMS,
     "Of internal topics. -1: the broker's default."},
    {"auto.offset.reset", SETTING_CHOICE, "earliest", 0, 0, {"earliest", "latest", "none", "by_duration:PnDTnHnMn.nS"}, KAFKA,
     "Where to start in a partition of which nothing was committed. `none`: stop with an error. `by_duration:PT6H`: at the records of "
     "the last six hours (KIP-1106; ISO 8601, as Java's `Duration` reads it). A source's `.reset` comes first; a simulation starts at the beginning whatever is said."},
    {"metadata.max.age.ms", SETTING_MILLISECONDS, "300000", 1, INT32_MAX, {0}, KAFKA,
     "How often the broker is asked which topics match, where a topology reads a pattern of topics (`weir_from_pattern`)."},
    {"linger.ms", SETTING_MILLISECONDS, "5", 0, 900000, {0}, KAFKA,
     "How long the producer collects records into one batch."},
    {"deserialization.exception.handler", SETTING_CHOICE, "dead_letter", 0, 0, {"dead_letter", "skip", "fail"}, STREAMS,
     "What becomes of a record that cannot be read: `dead_letter` (it goes to the dead letter topic), `skip` (it is "
     "counted as dropped) or `fail` (the app stops in front of it, Kafka Streams' default). A source's `.reading` and "
     "`weir_on_error` come first. Repartition topics hold what Weir wrote itself: there it always stops."},
    {"default.timestamp.extractor", SETTING_CHOICE, "dead_letter", 0, 0,
     {"dead_letter", "skip", "fail", "partition_time", "wall_clock"}, STREAMS,
     "What becomes of a record without a time (a negative one) where the source's `.untimed` does not say: `dead_letter`, "
     "`skip` (LogAndSkipOnInvalidTimestamp), `fail` (FailOnInvalidTimestamp, Kafka Streams' default) or `partition_time` "
     "(UsePartitionTimeOnInvalidTimestamp). `wall_clock`: sources without a `.timestamp` take the time of reading."},
    {"processing.exception.handler", SETTING_CHOICE, "dead_letter", 0, 0, {"dead_letter", "skip", "fail"}, STREAMS,
     "What becomes of a record on which a callback failed (`weir_fail`): it does not leave that node, the nodes beside it "
     "go on; and it is a dead letter, is counted, or stops the app. `weir_on_error` comes first."},
    {"production.exception.handler", SETTING_CHOICE, "dead_letter", 0, 0, {"dead_letter", "skip", "fail"}, STREAMS,
     "What becomes of a record that cannot be written: too large, not encodable, or to a topic that does not exist. The "
     "dead letter is the input record that caused it. `weir_on_error` comes first."},
    {"errors.dead.letter.queue.topic.name", SETTING_NAME, "", 0, 0, {0}, STREAMS,
     "One topic for all dead letters; `fail` writes one too before it stops. Empty: `<topic>.dlq` for each source. A "
     "source's or the topology's `.dead_letters` come first."},
    {"topology.optimization", SETTING_TEXT, "none", 0, 0, {0}, STREAMS,
     "`all`, or a list with `reuse.ktable.source.topics`: a table read from a topic (`weir_table_from`) has no changelog, and "
     "its store is restored from that topic, which must keep the latest record of each key (compacted, or without retention). "
     "`none`: it has one. `merge.repartition.topics` and `single.store.self.join` are understood: repartitions are shared by their "
     "handle and inner self-joins have one store in any case."},
    {"emit.interval.ms", SETTING_MILLISECONDS, "1000", 0, 3600000, {0}, OURS,
     "How often, at most, a task looks for windows that have closed (emit on close) and for records of a left or outer join "
     "of streams that nobody has met. 0: with every record."},
    {"max.future.ms", SETTING_MILLISECONDS, "86400000", -1, INT64_MAX, {0}, OURS,
     "A record whose time lies further ahead of the wall clock is a dead letter: it would close all windows. -1: off."},
    {"memory.max.bytes", SETTING_BYTES, "536870912", 16777216, INT64_MAX, {0}, OURS,
     "What the process may take of the machine's memory: its own code and threads, rows, RocksDB, records read and records to be "
     "sent, requests. `GET /v1/memory` shows the shares (operations.md, \"Memory\"). At the bound, input is slowed down. Below 72 MiB "
     "it cannot be kept. `512MiB` is understood too."},
    {"ingest.buffer.bytes", SETTING_BYTES, "67108864", 1024, INT64_MAX, {0}, OURS,
     "Records that wait to become durable (POST of records and events) may have so many bytes, and no more than the requests' "
     "share of `memory.max.bytes`; more are told to come again (429 and Retry-After)."},
    {"state.flush.interval.ms", SETTING_MILLISECONDS, "10000", 0, 3600000, {0}, OURS,
     "Committed rows stay in memory for up to this time before they are written to disk, sorted and in large batches. "
     "After a crash they are read again from the changelog."},
    {"restore.copy.min.records", SETTING_INTEGER, "100000", -1, INT64_MAX, {0}, OURS,
     "A task whose changelogs have at least so many records to be read is copied from another instance that has its state, "
     "if there is one, and only what is newer is read. -1: never."},
    {"restore.copy.bytes.per.second", SETTING_BYTES, "268435456", 1048576, INT64_MAX, {0}, OURS,
     "How fast an instance copies state from others, at most, all its tasks together."},
    {"join.changelog.packed", SETTING_CHOICE, "true", 0, 0, {"true", "false"}, OURS,
     "Whether the rows that a commit adds to a join of streams share records of up to 16 KiB in its changelog, which costs client and "
     "broker a fraction. Both forms are read, whatever is said here. Kafka Streams skips such records with a warning: say `false` for "
     "as long as the join's windows last before it takes the application back."},
    {"repartition.bundles", SETTING_CHOICE, "false", 0, 0, {"true", "false"}, OURS,
     "Whether records of repartition topics, and of foreign-key joins, share messages of up to 16 KiB: a fifth less CPU for such a join. "
     "A message holds what a thread has written until it looks for new records, so nothing waits for company. All instances of a group "
     "must say the same. Where it is `true`, other messages are read as well; Kafka Streams, older builds and instances that say `false` "
     "do not understand such messages, and stop there: let what is on its way be processed first. Offsets that Weir tells of such topics are "
     "the message's times 256 and the record's number in it."},
    {"explain.last.writer", SETTING_CHOICE, "false", 0, 0, {"true", "false"}, OURS,
     "Whether stores remember which input record wrote each of their rows, so that `.../keys/{key}/explain` can tell it. Costs a second, "
     "hidden store of about 28 bytes and the key per row beside each view, with a changelog `<application.id>-<store>-writers-changelog`, "
     "and a write for every write. Not of versioned views and global tables. Rows that are there already have no known writer until they "
     "are written again."},
    {"schema.registry.url", SETTING_TEXT, "", 0, 0, {0}, CONFLUENT,
     "Schema Registry that keeps the schemas of Avro records in Confluent's frame: `http[s]://host:port[/path]`, several with commas "
     "between them, which are tried in turn. Empty: such a record is read as if it were written by the topology's own schema, and "
     "written with the number 0."},
    {"schema.registry.basic.auth.user.info", SETTING_TEXT, "", 0, 0, {0}, CONFLUENT,
     "`user:password` for the registry."},
    {"schema.registry.bearer.auth.token", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "Token for the registry, in place of a user and a password."},
    {"schema.registry.ssl.ca.location", SETTING_TEXT, "", 0, 0, {0}, CONFLUENT,
     "Authorities (PEM) of the registry's certificate. Empty: the system's."},
    {"schema.registry.ssl.certificate.location", SETTING_TEXT, "", 0, 0, {0}, CONFLUENT,
     "Certificate (PEM) that this instance shows to the registry."},
    {"schema.registry.ssl.key.location", SETTING_TEXT, "", 0, 0, {0}, CONFLUENT,
     "Private key (PEM) of `schema.registry.ssl.certificate.location`."},
    {"schema.registry.request.timeout.ms", SETTING_MILLISECONDS, "5000", 1, 600000, {0}, OURS,
     "How long one question to the registry may take. A record whose schema is not known waits until the registry answers, and with "
     "it its partition; others go on."},
    {"schema.registry.unknown.ms", SETTING_MILLISECONDS, "60000", 0, INT64_MAX / 1000, {0}, OURS,
     "How long it is remembered that the registry does not have a schema. Records of it are unreadable meanwhile "
     "(`deserialization.exception.handler`)."},
    {"auto.register.schemas", SETTING_CHOICE, "true", 0, 0, {"true", "false"}, CONFLUENT,
     "Whether the schemas of topics that are written in Confluent's frame are registered, under `<topic>-value`, when the app starts. "
     "`false`: they must be there, or the app does not start."},
    {"http.address", SETTING_TEXT, "127.0.0.1", 0, 0, {0}, OURS,
     "Address the REST interface and the dashboard listen on."},
    {"http.port", SETTING_INTEGER, "8080", 0, 65535, {0}, OURS,
     "Port of the REST interface and the dashboard. 0: any free one, which is printed."},
    {"http.routing", SETTING_CHOICE, "proxy", 0, 0, {"proxy", "redirect", "none"}, OURS,
     "What becomes of a query for a key that another instance holds: `proxy` asks it on behalf of the client, `redirect` "
     "sends the client there (307; scans are put together here all the same), `none` answers 503."},
    {"http.reports.dir", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "Folder of reports: each `NAME.sql` in it is the report NAME (docs/sql.md, Reports), beside those of the topology. "
     "Read at the start. Empty: none."},
    {"http.access.file", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "Who may ask what (docs/security.md): principals, their roles, keys, certificates and tokens, which views they may read "
     "and which fields they do not see. Read again when it changes. Empty: whoever reaches the port may do everything."},
    {"http.tls.certificate.file", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "Certificate of the REST interface with its chain (PEM), which then speaks TLS 1.2 and 1.3 only. Read again when it "
     "changes, as the key and the authorities. Needed, with the access file, to listen beyond loopback."},
    {"http.tls.key.file", SETTING_TEXT, "", 0, 0, {0}, OURS, "Private key of `http.tls.certificate.file` (PEM)."},
    {"http.tls.client.ca.file", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "Authorities (PEM) of clients' certificates, whose names the access file may let in. Who shows none may have a key."},
    {"http.jwt.keys.file", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "Public keys (JWKS) that sign JSON Web Tokens by RS256 or ES256; the access file says what their subjects may do. Read "
     "again when it changes."},
    {"http.jwt.issuer", SETTING_TEXT, "", 0, 0, {0}, OURS, "The `iss` that tokens must have."},
    {"http.jwt.audience", SETTING_TEXT, "", 0, 0, {0}, OURS, "What the `aud` of tokens must be or contain."},
    {"http.rate.limit.principal", SETTING_INTEGER, "0", 0, 1000000000, {0}, OURS,
     "Requests that a principal may make in a minute, wherever from; more are answered 429. 0: any number."},
    {"http.rate.limit.address", SETTING_INTEGER, "0", 0, 1000000000, {0}, OURS,
     "Requests in a minute from an address (an IPv6 network of 64 bits) by those who have shown no credentials. 0: any number."},
    {"http.cors.origins", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "Origins (`https://host:port`, with commas between them) whose pages may ask from a browser. Empty: none but our own."},
    {"http.audit.file", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "File for JSON lines that say who changed something, ran SQL, or was refused. Goes on in a new file when it is moved away."},
    {"metrics.snapshot.file", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "File for the figures of `/metrics` as JSON lines, one every `metrics.snapshot.interval.ms`; `-`: the standard output. Goes on in a "
     "new file when it is moved away. Empty: none."},
    {"metrics.snapshot.interval.ms", SETTING_MILLISECONDS, "60000", 100, 86400000, {0}, OURS,
     "How often `metrics.snapshot.file` gets a line."},
    {"http.compression", SETTING_CHOICE, "gzip", 0, 0, {"gzip", "none"}, OURS,
     "Whether answers of more than 1400 bytes are packed for clients that accept gzip. Not the readers of changes."},
    {"http.admin.port", SETTING_INTEGER, "-1", -1, 65535, {0}, OURS,
     "Port of the admin's door (docs/operations.md, The admin's door): pausing, the log's level, shutting down. Needs an access file. "
     "0: any free one, which is logged; -1: closed."},
    {"http.admin.address", SETTING_TEXT, "127.0.0.1", 0, 0, {0}, OURS, "Address the admin's door listens on."},
    {"http.peer.ca.file", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "Authorities (PEM) of the certificates of other instances, which are asked in TLS when this one speaks it. Empty: the "
     "system's."},
    {"http.peer.key.file", SETTING_TEXT, "", 0, 0, {0}, OURS,
     "File with the key by which this instance asks the others; its principal has the role `peer` in their access files."},
    {"log.dir", SETTING_TEXT, "<state.dir>/log", 0, 0, {0}, OURS,
     "Directory of the embedded broker, used when `bootstrap.servers` is empty."},
    {"embedded.partitions", SETTING_INTEGER, "4", 1, 1024, {0}, OURS,
     "Partitions of the source topics that the embedded broker creates because they do not exist."},
    {"log.level", SETTING_CHOICE, "info", 0, 0, {"error", "warning", "info", "debug"}, OURS,
     "Least severe message written to standard error."},
};
const size_t config_table_count = COUNT(config_table);

const struct setting_advice config_advice[] = {
    {"statestore.cache.max.bytes", "memory.max.bytes bounds all memory"},
    {"cache.max.bytes.buffering", "memory.max.bytes bounds all memory"},
    {"default.key.serde", "types belong to the topology"},
    {"default.value.serde", "types belong to the topology"},
    {"default.deserialization.exception.handler", "it is deserialization.exception.handler"},
    {"default.production.exception.handler", "it is production.exception.handler"},
    {"enable.auto.commit", "offsets are committed with the state, see commit.interval.ms"},
};
const size_t config_advice_count = COUNT(config_advice);
