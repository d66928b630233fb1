import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/**
 * The workloads of benchmarks/run on Kafka Streams; workloads.c holds the same for Weir.
 *
 * <p>Peer WORKLOAD IN[,IN] OUT [SETTING=VALUE…]: any setting of StreamsConfig; tuned=true|false; ask=KEY asks the store "counts" as soon as
 * it runs. Prints {"event":"running"} when all tasks run for the first time, "answered" after the first answer, "summed" when it
 * has read the whole store. SIGTERM commits, leaves the group and ends it. SPDX-License-Identifier: Apache-2.0
 */
public final class Peer {
    private static final Serde<String> STRING = Serdes.String();
    private static final Serde<byte[]> BYTES = Serdes.ByteArray();
    private static final Serde<Long> LONG = Serdes.Long();
    private static final byte[] QTY = quoted("qty"), PRICE = quoted("price"), TOTAL = quoted("total"), STOCK = quoted("stock"),
        AMOUNT = quoted("amount"), PRODUCT = quoted("product_id");

    private final StreamsBuilder builder = new StreamsBuilder();
    private final String[] in;
    private final String out;

    private Peer(String in, String out) {
        this.in = in.split(",");
        this.out = out;
    }

    // ---- fields of flat JSON, byte by byte, as fields.h

    private static byte[] quoted(String name) {
        return ("\"" + name + "\":").getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isAt(byte[] json, int at, byte[] name) {
        for (int i = 0; i < name.length; i++) {
            if (json[at + i] != name[i]) return false;
        }
        return true;
    }

    private static long number(byte[] json, byte[] name) {
        for (int at = 0; at <= json.length - name.length; at++) {
            if (json[at] == '"' && isAt(json, at, name)) return digits(json, at + name.length);
        }
        return -1;
    }

    private static long digits(byte[] json, int at) {
        long number = 0;
        for (; at < json.length && json[at] >= '0' && json[at] <= '9'; at++) number = number * 10 + json[at] - '0';
        return number;
    }

    /** The text behind a name. */
    private static String text(byte[] json, byte[] name) {
        for (int at = 0; at <= json.length - name.length; at++) {
            if (json[at] != '"' || !isAt(json, at, name)) continue;
            int from = at + name.length + 1, to = from;
            while (json[to] != '"') to++;
            return new String(json, from, to - from, StandardCharsets.UTF_8);
        }
        return null;
    }

    private static String product(byte[] order) {
        return text(order, PRODUCT);
    }

    private static byte[] with(byte[] json, byte[] name, long number) {
        byte[] digits = Long.toString(number).getBytes(StandardCharsets.ISO_8859_1);
        byte[] more = new byte[json.length + 1 + name.length + digits.length];
        System.arraycopy(json, 0, more, 0, json.length - 1);
        more[json.length - 1] = ',';
        System.arraycopy(name, 0, more, json.length, name.length);
        System.arraycopy(digits, 0, more, json.length + name.length, digits.length);
        more[more.length - 1] = '}';
        return more;
    }

    // ---- workloads

    private KStream<String, byte[]> orders() {
        return builder.stream(in[0], Consumed.with(STRING, BYTES));
    }

    private KGroupedStream<String, byte[]> byKey() {
        return orders().groupByKey(Grouped.with(STRING, BYTES));
    }

    private void stateless() {
        orders().filter((key, order) -> number(order, QTY) > 0)
            .mapValues(order -> with(order, TOTAL, number(order, QTY) * number(order, PRICE)))
            .to(out, Produced.with(STRING, BYTES));
    }

    private KTable<String, Long> view() {
        return byKey().count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("counts").withKeySerde(STRING).withValueSerde(LONG));
    }

    private void count() {
        view().toStream().to(out, Produced.with(STRING, LONG));
    }

    private void tumbling() {
        Duration size = Duration.ofSeconds(10);
        byKey().windowedBy(TimeWindows.ofSizeWithNoGrace(size))
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("windows").withKeySerde(STRING).withValueSerde(LONG))
            .toStream().to(out, Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis()), LONG));
    }

    private void streamTable() {
        KStream<String, byte[]> orders = orders();
        orders.join(table(1, "products"), Peer::addStock, Joined.with(STRING, BYTES, BYTES)).to(out, Produced.with(STRING, BYTES));
    }

    private void hopping() {
        Duration size = Duration.ofSeconds(10);
        byKey().windowedBy(TimeWindows.ofSizeWithNoGrace(size).advanceBy(Duration.ofSeconds(5)))
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("windows").withKeySerde(STRING).withValueSerde(LONG))
            .toStream().to(out, Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis()), LONG));
    }

    private void session() {
        byKey().windowedBy(SessionWindows.ofInactivityGapWithNoGrace(Duration.ofSeconds(2)))
            .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("sessions").withKeySerde(STRING).withValueSerde(LONG)
                .withRetention(Duration.ofMinutes(1))) // with the gap alone, a session that ends exactly a gap ago may be gone
            .toStream().to(out, Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), LONG));
    }

    private KTable<String, byte[]> table(int number, String store) {
        return builder.table(in[number], Consumed.with(STRING, BYTES),
            Materialized.<String, byte[], KeyValueStore<Bytes, byte[]>>as(store).withKeySerde(STRING).withValueSerde(BYTES));
    }

    private static byte[] addStock(byte[] order, byte[] product) {
        return with(order, STOCK, number(product, STOCK));
    }

    private void tableTable() {
        table(0, "orders").join(table(1, "products"), Peer::addStock).toStream().to(out, Produced.with(STRING, BYTES));
    }

    private void streamStream() {
        orders().join(builder.stream(in[1], Consumed.with(STRING, BYTES)), (order, payment) -> with(order, AMOUNT, number(payment, AMOUNT)),
                JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(60)),
                StreamJoined.with(STRING, BYTES, BYTES).withStoreName("payments").withName("payments"))
            .to(out, Produced.with(STRING, BYTES));
    }

    private void foreignKey() {
        table(0, "orders").join(table(1, "products"), Peer::product, Peer::addStock, TableJoined.as("product-of-order"),
                Materialized.<String, byte[], KeyValueStore<Bytes, byte[]>>as("joined").withKeySerde(STRING).withValueSerde(BYTES))
            .toStream().to(out, Produced.with(STRING, BYTES));
    }

    private void build(String workload) {
        Map<String, Runnable> rows = Map.of("stateless", this::stateless, "view", this::view, "count", this::count,
            "tumbling", this::tumbling, "hopping", this::hopping, "session", this::session, "stream-table", this::streamTable,
            "table-table", this::tableTable, "stream-stream", this::streamStream, "foreign-key", this::foreignKey);
        if (!rows.containsKey(workload)) throw new IllegalArgumentException("there is no workload " + workload);
        rows.get(workload).run();
    }

    // ---- running

    /** In good faith: each line was measured against the default and kept where it helped (README.md). */
    private static Properties tuned() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 << 20);
        settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, Rocks.class.getName());
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10000);
        settings.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
        settings.put(StreamsConfig.producerPrefix("batch.size"), 256 << 10);
        settings.put(StreamsConfig.producerPrefix("buffer.memory"), 64 << 20);
        settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 10000);
        settings.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), 4 << 20);
        settings.put(StreamsConfig.consumerPrefix("receive.buffer.bytes"), 1 << 20);
        return settings;
    }

    private static void say(String event) {
        System.out.println("{\"event\":\"" + event + "\"}");
    }

    private static ReadOnlyKeyValueStore<String, Long> counts(KafkaStreams streams) {
        return streams.store(StoreQueryParameters.fromNameAndType("counts", QueryableStoreTypes.keyValueStore()));
    }

    /** The value of a key, asked again until there is one. */
    private static long answer(KafkaStreams streams, String key) {
        while (true) {
            try {
                Long value = counts(streams).get(key);
                if (value != null) return value;
                Thread.sleep(2);
            } catch (InvalidStateStoreException | InterruptedException notYet) {
                Thread.onSpinWait();
            }
        }
    }

    private static void ask(KafkaStreams streams, String key) {
        System.out.println("{\"event\":\"answered\",\"value\":" + answer(streams, key) + "}");
        long rows = 0, sum = 0;
        try (KeyValueIterator<String, Long> all = counts(streams).all()) {
            for (; all.hasNext(); rows++) sum += all.next().value;
        }
        System.out.println("{\"event\":\"summed\",\"rows\":" + rows + ",\"sum\":" + sum + "}");
    }

    private static void halt(String why) {
        System.err.println(why);
        Runtime.getRuntime().halt(1);
    }

    private static void run(KafkaStreams streams, String key) {
        boolean[] ran = {false};
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.ERROR) halt("Kafka Streams is in the state ERROR");
            if (now != KafkaStreams.State.RUNNING || ran[0]) return;
            ran[0] = true;
            say("running");
            if (key != null) new Thread(() -> ask(streams, key)).start();
        });
        CloseOptions leave = CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            boolean closed = streams.close(leave.withTimeout(Duration.ofSeconds(30)));
            Runtime.getRuntime().halt(closed ? 0 : 1);
        }));
        streams.start();
    }

    public static void main(String[] arguments) {
        if (arguments.length < 3) throw new IllegalArgumentException("Peer WORKLOAD IN[,IN] OUT [SETTING=VALUE…]");
        Map<String, String> given = new HashMap<>();
        for (int i = 3; i < arguments.length; i++) {
            String[] pair = arguments[i].split("=", 2);
            given.put(pair[0], pair[1]);
        }
        String key = given.remove("ask");
        Properties settings = given.remove("tuned").equals("true") ? tuned() : new Properties();
        settings.putAll(given);
        Peer peer = new Peer(arguments[1], arguments[2]);
        peer.build(arguments[0]);
        run(new KafkaStreams(peer.builder.build(settings), settings), key);
    }
}
