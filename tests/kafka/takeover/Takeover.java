// Takeover.java: the topology of takeover.c in Kafka Streams, and what the test needs to know of the broker. One command per line of
// standard input, each answered by lines and "done":
//   create TOPIC PARTITIONS · send TOPIC FILE · run APPLICATION OUTPUTS STATE_DIR · wait APPLICATION · dump TOPIC · describe OUTPUTS
// FILE holds "partition<TAB>key<TAB>value<TAB>time", without a value: a tombstone. `run` ends when all inputs are committed, and answers with
// what is in the stores; `wait` waits for somebody else's commits.
// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;

public final class Takeover {
    static final Duration SIZE = Duration.ofSeconds(10), GRACE = Duration.ofSeconds(5), DAY = Duration.ofDays(1);
    static final String EVENTS = "events", ACCOUNTS = "accounts";
    final String bootstrap, prefix;
    final Admin admin;

    Takeover(String bootstrap, String prefix) {
        this.bootstrap = bootstrap;
        this.prefix = prefix;
        admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
    }

    Topology topology(String outputs) {
        StreamsBuilder builder = new StreamsBuilder();
        Consumed<String, String> strings = Consumed.with(Serdes.String(), Serdes.String());
        Produced<String, Long> counts = Produced.with(Serdes.String(), Serdes.Long());
        Produced<Windowed<String>, Long> windows = Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, SIZE.toMillis()), Serdes.Long());
        KStream<String, String> events = builder.stream(prefix + EVENTS, strings);
        KGroupedStream<String, String> grouped = events.groupByKey(Grouped.with(Serdes.String(), Serdes.String()));
        grouped.count(Materialized.as("counts")).toStream().to(outputs + "counts", counts);
        grouped.windowedBy(TimeWindows.ofSizeAndGrace(SIZE, GRACE)).count(Materialized.as("windows")).toStream().to(outputs + "windows", windows);
        grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(GRACE, GRACE)).count(Materialized.as("sessions")).toStream()
            .to(outputs + "sessions", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
        KGroupedStream<String, String> kinds = events.groupBy((key, value) -> value, Grouped.with("by-kind", Serdes.String(), Serdes.String()));
        kinds.count(Materialized.as("kind-counts")).toStream().to(outputs + "kind-counts", counts);
        kinds.windowedBy(TimeWindows.ofSizeAndGrace(SIZE, DAY)).count(Materialized.as("kind-windows")).toStream().to(outputs + "kind-windows", windows);
        builder.table(prefix + ACCOUNTS, strings, Materialized.as("accounts")).toStream().to(outputs + "accounts", Produced.with(Serdes.String(), Serdes.String()));
        return builder.build();
    }

    // ---- one life of the application ----

    KafkaStreams start(String application, String outputs, String state) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, state);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put("auto.offset.reset", "earliest");
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.LongSerde.class);
        KafkaStreams streams = new KafkaStreams(topology(outputs), settings);
        streams.start();
        return streams;
    }

    /** All of the application's inputs, its own repartition topic last: what is committed of the others is in it. */
    boolean isCaughtUp(String application) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(application).partitionsToOffsetAndMetadata().get();
        for (String topic : List.of(prefix + EVENTS, prefix + ACCOUNTS, application + "-by-kind-repartition"))
            for (TopicPartition partition : partitions(topic)) {
                long end = admin.listOffsets(Map.of(partition, OffsetSpec.latest())).partitionResult(partition).get().offset();
                OffsetAndMetadata at = committed.get(partition);
                if (end > 0 && (at == null || at.offset() < end))
                    return false;
            }
        return true;
    }

    void waitFor(String application) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (!admin.listTopics().names().get().contains(application + "-by-kind-repartition") || !isCaughtUp(application)) {
            if (System.nanoTime() > end)
                throw new IllegalStateException(application + " has not caught up");
            Thread.sleep(200);
        }
    }

    static void addRows(TreeSet<String> rows, String store, KeyValueIterator<?, Long> found) {
        try (found) {
            while (found.hasNext()) {
                KeyValue<?, Long> row = found.next();
                rows.add(store + " " + row.key + " = " + row.value);
            }
        }
    }

    static TreeSet<String> rows(KafkaStreams streams) {
        TreeSet<String> rows = new TreeSet<>();
        for (String store : List.of("counts", "kind-counts"))
            addRows(rows, store, streams.store(StoreQueryParameters.fromNameAndType(store, QueryableStoreTypes.<String, Long>keyValueStore())).all());
        for (String store : List.of("windows", "kind-windows"))
            addRows(rows, store, streams.store(StoreQueryParameters.fromNameAndType(store, QueryableStoreTypes.<String, Long>windowStore())).all());
        addRows(rows, "sessions", streams.store(StoreQueryParameters.fromNameAndType("sessions", QueryableStoreTypes.<String, Long>sessionStore())).fetch(null, null));
        return rows;
    }

    void run(String application, String outputs, String state) throws Exception {
        KafkaStreams streams = start(application, outputs, state);
        try {
            waitFor(application);
            while (streams.state() != KafkaStreams.State.RUNNING)
                Thread.sleep(50);
            rows(streams).forEach(System.out::println);
        } finally {
            streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP).withTimeout(Duration.ofSeconds(30)));
        }
    }

    // ---- topics ----

    List<TopicPartition> partitions(String topic) throws Exception {
        return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().stream()
            .map(p -> new TopicPartition(topic, p.partition())).collect(Collectors.toList());
    }

    void send(String topic, String file) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer())) {
            for (String line : Files.readAllLines(Path.of(file))) {
                String[] parts = line.split("\t", -1);
                producer.send(new ProducerRecord<>(topic, Integer.valueOf(parts[0]), Long.valueOf(parts[3]), parts[1], parts[2].isEmpty() ? null : parts[2]));
            }
        }
    }

    static String text(byte[] bytes) {
        return bytes == null ? "-" : Base64.getEncoder().encodeToString(bytes) + "=";
    }

    void dump(String topic) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> all = partitions(topic);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            consumer.assign(all);
            consumer.seekToBeginning(all);
            while (all.stream().anyMatch(p -> consumer.position(p) < ends.get(p)))
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200)))
                    System.out.println(record.partition() + " " + record.timestamp() + " " + text(record.key()) + " " + text(record.value()) + " "
                        + java.util.Arrays.stream(record.headers().toArray()).map(h -> h.key()).collect(Collectors.joining(",")));
        }
    }

    void obey(String[] words) throws Exception {
        switch (words[0]) {
            case "create" -> admin.createTopics(List.of(new NewTopic(words[1], Integer.parseInt(words[2]), (short) 1))).all().get();
            case "send" -> send(words[1], words[2]);
            case "run" -> run(words[1], words[2], words[3]);
            case "wait" -> waitFor(words[1]);
            case "dump" -> dump(words[1]);
            case "describe" -> System.out.print(topology(words[1]).describe());
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Takeover takeover = new Takeover(arguments[0], arguments[1]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            takeover.obey(line.split(" "));
            System.out.println("done");
        }
        System.exit(0);
    }
}
