import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.*;
import org.apache.kafka.streams.test.TestRecord;

/** Runs one case in the TopologyTestDriver and prints all that can be seen of it. run_cases.c prints the same. */
final class Run implements AutoCloseable {
    static final String APPLICATION = "oracle";
    private static final String LETTERS = "letters";
    private static final List<String> PLACE = List.of("__streams.errors.topic", "__streams.errors.partition", "__streams.errors.offset");
    private final PrintStream out;
    private final Path directory;
    private final TopologyTestDriver driver;
    private final Build build;
    private final Map<String, TestInputTopic<byte[], byte[]>> inputs = new HashMap<>();
    private final Map<String, TestOutputTopic<byte[], byte[]>> topics = new LinkedHashMap<>();
    private final Map<String, Long> newestRows = new HashMap<>();
    private final TestOutputTopic<byte[], byte[]> letters; // null: what fails is counted only
    private final Map<String, TestOutputTopic<byte[], byte[]>> changelogs = new LinkedHashMap<>();

    static Properties settings(Path directory, boolean inMemory) {
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION);
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
        p.put(StreamsConfig.STATE_DIR_CONFIG, directory.toString());
        p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0L);
        p.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        p.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        // Both read the wall clock, which stands still here: emit at every record.
        p.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0L);
        p.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L);
        p.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueExceptionHandler.class);
        p.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueProcessingExceptionHandler.class);
        p.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BriefStores.class);
        if (inMemory)
            p.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
        return p;
    }

    private static String optimization(JsonNode test) {
        List<String> all = new java.util.ArrayList<>();
        if (test.path("self_join").asBoolean()) all.add(StreamsConfig.SINGLE_STORE_SELF_JOIN);
        if (test.path("reuse_topics").asBoolean()) all.add(StreamsConfig.REUSE_KTABLE_SOURCE_TOPICS);
        return all.isEmpty() ? StreamsConfig.NO_OPTIMIZATION : String.join(",", all);
    }

    static void delete(Path root) throws IOException {
        if (!Files.exists(root)) return;
        try (var walk = Files.walk(root)) {
            for (Path p : (Iterable<Path>) walk.sorted(Comparator.reverseOrder())::iterator) Files.deleteIfExists(p);
        }
    }

    Run(JsonNode test, PrintStream out) throws IOException {
        this.out = out;
        directory = Files.createTempDirectory("weir-oracle");
        Properties settings = settings(directory, test.path("in_memory").asBoolean());
        settings.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, optimization(test));
        if (test.path("handlers").asBoolean()) {
            settings.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, Choosing.class);
            settings.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, Choosing.class);
            settings.put(Choosing.OUT, out);
        }
        boolean keepsLetters = test.path("dead_letters").asBoolean();
        if (keepsLetters) settings.put(StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG, LETTERS);
        build = new Build(test.get("ops"));
        Topology topology = build.builder.build(settings);
        topology.describe().toString().lines()
            .forEach(line -> out.println("describe " + line.replaceAll("extractor class: [^)]*", "extractor class")));
        driver = new TopologyTestDriver(topology, settings, Instant.ofEpochMilli(0));
        for (String topic : build.inputs)
            inputs.put(topic, driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer()));
        for (String topic : build.outputs) topics.put(topic, output(topic));
        letters = keepsLetters ? output(LETTERS) : null;
        for (String name : build.internals) topics.put(name, output(APPLICATION + "-" + name));
        for (Build.Store store : build.stores)
            changelogs.put(store.name(), output(APPLICATION + "-" + store.name() + "-changelog"));
    }

    private TestOutputTopic<byte[], byte[]> output(String topic) {
        return driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public void close() throws IOException {
        try {
            driver.close();
        } finally {
            delete(directory);
        }
    }

    // ---- records ----

    private static byte[] bytes(JsonNode n) {
        return n.isNull() ? null : n.asText().getBytes(StandardCharsets.ISO_8859_1);
    }

    private void send(JsonNode record) {
        if (record.size() == 1) {
            driver.advanceWallClockTime(Duration.ofMillis(record.get(0).asLong()));
            return;
        }
        RecordHeaders headers = new RecordHeaders();
        for (JsonNode h : record.path(4)) headers.add(h.get(0).asText(), bytes(h.get(1)));
        inputs.get(record.get(0).asText())
            .pipeInput(new TestRecord<>(bytes(record.get(1)), bytes(record.get(2)), headers, record.get(3).asLong()));
    }

    /** Dead letters, with what says where they came from; message and time are each engine's own. */
    private void printLetters(int at) {
        while (!letters.isEmpty()) {
            TestRecord<byte[], byte[]> r = letters.readRecord();
            out.print("out " + at + " " + LETTERS);
            Header exception = r.headers().lastHeader("__streams.errors.exception");
            if (new String(exception.value(), StandardCharsets.UTF_8).contains("Serialization")) // else they may be forgotten: freeRawRecord
                out.print(" " + Print.bytes(r.key()) + " " + Print.bytes(r.value()));
            for (Header h : r.headers()) {
                boolean isErrors = h.key().startsWith("__streams.errors.");
                if (!isErrors || PLACE.contains(h.key())) out.print(" " + h.key() + "=" + Print.bytes(h.value()));
            }
            out.println();
        }
    }

    private void printOutputs(int at) {
        if (letters != null) printLetters(at);
        for (var topic : topics.entrySet())
            while (!topic.getValue().isEmpty()) {
                TestRecord<byte[], byte[]> r = topic.getValue().readRecord();
                Print.record(out, "out " + at, topic.getKey(), r.key(), r.value(), r.timestamp(), r.headers());
            }
        for (Build.Store store : build.stores) printChangelog(at, store, changelogs.get(store.name()));
    }

    /** What a commit behind every record would write: the last row of each key, in order of keys; of a versioned store all. */
    private void printChangelog(int at, Build.Store store, TestOutputTopic<byte[], byte[]> log) {
        if (store.kind().equals("versioned")) {
            while (!log.isEmpty()) {
                TestRecord<byte[], byte[]> r = log.readRecord();
                Print.record(out, "log " + at, store.name(), r.key(), r.value(), r.timestamp(), r.headers());
            }
            return;
        }
        Map<byte[], TestRecord<byte[], byte[]>> last = new TreeMap<>(Arrays::compareUnsigned);
        while (!log.isEmpty()) {
            TestRecord<byte[], byte[]> r = log.readRecord();
            if (!store.kind().equals("numbered") || isKept(store, r)) last.put(r.key(), r);
        }
        for (TestRecord<byte[], byte[]> r : last.values())
            if (store.kind().equals("numbered"))
                Print.record(out, "log " + at, store.name(), Arrays.copyOf(r.key(), r.key().length - 4), r.value(), r.timestamp(), new RecordHeaders());
            else if (store.kind().equals("log")) // nobody reads headers of a subscription
                Print.record(out, "log " + at, store.name(), r.key(), r.value(), r.timestamp(), new RecordHeaders());
            else if (store.kind().equals("held")) // a version in headers, and deletions that have no time
                out.println("log " + at + " " + store.name() + " " + Print.bytes(r.key()) + " " + Print.bytes(r.value()));
            else
                Print.record(out, "log " + at, store.name(), r.key(), r.value(), r.timestamp(), r.headers());
    }

    /** Kafka Streams also logs what a stream-stream join does not keep: what is too old, and records without a value. */
    private boolean isKept(Build.Store store, TestRecord<byte[], byte[]> row) {
        long time = ByteBuffer.wrap(row.key()).getLong(row.key().length - 12);
        if (row.value() == null) return false;
        long newest = newestRows.merge(store.name(), time, Math::max);
        return time > newest - store.retention();
    }

    // ---- stores ----

    private void printRow(Build.Store store, Object key, String window, Object value, String timestamp) {
        byte[] bytes = Build.valueSerde(store.value()).serializer().serialize("", value);
        out.println("row " + store.name() + " " + Print.bytes(Build.TEXT.serializer().serialize("", key)) + window + " " + Print.bytes(bytes) + " " + timestamp);
    }

    /** What each key of the input was at each time of the input. */
    private void printVersions(Build.Store store, JsonNode input) {
        VersionedKeyValueStore<Object, Object> versions = driver.getVersionedKeyValueStore(store.name());
        for (JsonNode k : input)
            for (JsonNode t : input) {
                if (k.size() < 2 || t.size() < 2 || k.get(1).isNull()) continue;
                Object key = Build.TEXT.deserializer().deserialize("", bytes(k.get(1)));
                VersionedRecord<Object> found = versions.get(key, t.get(3).asLong());
                if (found == null) continue;
                byte[] value = Build.valueSerde(store.value()).serializer().serialize("", found.value());
                out.println("version " + store.name() + " " + Print.bytes(bytes(k.get(1))) + " " + t.get(3).asLong() + " " + Print.bytes(value) + " " + found.timestamp());
            }
    }

    private void printStore(Build.Store store, JsonNode input) {
        switch (store.kind()) {
            case "log", "numbered", "held" -> { }
            case "versioned" -> printVersions(store, input);
            case "plain" -> {
                try (var rows = driver.<Object, Object>getKeyValueStore(store.name()).all()) {
                    rows.forEachRemaining(r -> printRow(store, r.key, "", r.value, "-"));
                }
            }
            case "row" -> {
                try (var rows = driver.<Object, Object>getTimestampedKeyValueStore(store.name()).all()) {
                    rows.forEachRemaining(r -> printRow(store, r.key, "", r.value.value(), Long.toString(r.value.timestamp())));
                }
            }
            case "shelf" -> {
                try (var rows = driver.<Object, Object>getWindowStore(store.name()).all()) {
                    rows.forEachRemaining(r -> printRow(store, r.key.key(), "@" + r.key.window().start(), r.value, "-"));
                }
            }
            case "window" -> {
                try (var rows = driver.<Object, ValueAndTimestamp<Object>>getTimestampedWindowStore(store.name()).all()) {
                    rows.forEachRemaining(r -> {
                        Windowed<Object> w = r.key;
                        printRow(store, w.key(), "@" + w.window().start(), r.value.value(), Long.toString(r.value.timestamp()));
                    });
                }
            }
            case "session" -> {
                try (var rows = driver.<Object, Object>getSessionStore(store.name()).fetch(null, null)) {
                    rows.forEachRemaining(r -> printRow(store, r.key.key(), "@" + r.key.window().start() + "/" + r.key.window().end(), r.value, "-"));
                }
            }
            default -> throw new IllegalArgumentException("no kind of store '" + store.kind() + "'");
        }
    }

    private long dropped() {
        double sum = 0;
        for (var m : driver.metrics().entrySet())
            if (m.getKey().name().equals("dropped-records-total") && m.getKey().group().equals("stream-task-metrics"))
                sum += ((Number) m.getValue().metricValue()).doubleValue();
        return (long) sum;
    }

    void run(JsonNode input) {
        printOutputs(-1);
        for (int i = 0; i < input.size(); i++) {
            send(input.get(i));
            printOutputs(i);
        }
        build.stores.forEach(store -> printStore(store, input));
        out.println("dropped " + (build.countsDrops ? dropped() : "-"));
    }
}
