import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The named topologies; named.c has the same. Values are "FK:N": FK a key, or "-" for none, and N an integer; a value
 * without ':' is N alone.
 */
final class NamedTopologies {
    record Topology(List<String> in, List<String> out, boolean isLong, java.util.function.Consumer<StreamsBuilder> build) { }

    static final Map<String, Topology> ALL = new LinkedHashMap<>();
    private static final Serde<String> S = Serdes.String();
    private static final Serde<Long> L = Serdes.Long();
    private static final Produced<String, String> TEXTS = Produced.with(S, S);
    private static final Grouped<String, String> G = Grouped.with(S, S);
    private static final ValueJoiner<String, String, String> PAIR = (l, r) -> l + "+" + r;
    private static final JoinWindows WITHIN = JoinWindows.ofTimeDifferenceAndGrace(ms(10_000), ms(5_000));
    private static final StreamJoined<String, String, String> BOTH = StreamJoined.with(S, S, S);

    private NamedTopologies() { }

    private static Duration ms(long ms) {
        return Duration.ofMillis(ms);
    }

    private static String fk(String v) {
        int colon = v.indexOf(':');
        String f = colon < 0 ? "-" : v.substring(0, colon);
        return f.equals("-") ? null : f;
    }

    private static long n(String v) {
        return Long.parseLong(v.substring(v.indexOf(':') + 1).trim());
    }

    private static boolean even(String v) {
        return v != null && n(v) % 2 == 0;
    }

    private static void add(String name, String in, String out, boolean isLong, java.util.function.Consumer<StreamsBuilder> build) {
        ALL.put(name, new Topology(List.of(in.split(",")), List.of(out.split(",")), isLong, build));
    }

    private static void texts(String name, String in, java.util.function.Function<StreamsBuilder, KStream<String, String>> build) {
        add(name, in, "out", false, b -> build.apply(b).to("out", TEXTS));
    }

    private static void counts(String name, java.util.function.Function<StreamsBuilder, KStream<String, Long>> build) {
        add(name, "in", "out", true, b -> build.apply(b).to("out", Produced.with(S, L)));
    }

    private static void windows(String name, java.util.function.Function<KGroupedStream<String, String>, KTable<Windowed<String>, Long>> build) {
        counts(name, b -> build.apply(in(b).groupByKey(G)).toStream((w, v) -> Functions.text(w)));
    }

    private static KStream<String, String> stream(StreamsBuilder b, String topic) {
        return b.stream(topic, Consumed.with(S, S));
    }

    private static KStream<String, String> in(StreamsBuilder b) {
        return stream(b, "in");
    }

    private static KTable<String, String> table(StreamsBuilder b, String topic) {
        return b.table(topic, Consumed.with(S, S));
    }

    private static Iterable<KeyValue<String, String>> flatten(String k, String v) {
        List<KeyValue<String, String>> out = new ArrayList<>();
        if (v != null) out.add(KeyValue.pair(k, v));
        if (v != null && fk(v) != null) out.add(KeyValue.pair(fk(v), k + "<" + v));
        return out;
    }

    private static void branch(StreamsBuilder b) {
        in(b).split()
            .branch((k, v) -> even(v), Branched.withConsumer(s -> s.to("out-even", TEXTS)))
            .branch((k, v) -> v != null, Branched.withConsumer(s -> s.to("out-odd", TEXTS)))
            .defaultBranch(Branched.withConsumer(s -> s.to("out-null", TEXTS)));
    }

    static {
        texts("filter", "in", b -> in(b).filter((k, v) -> even(v)));
        texts("mapvalues", "in", b -> in(b).mapValues(v -> v == null ? null : v + "!"));
        texts("flatmap", "in", b -> in(b).flatMap(NamedTopologies::flatten));
        add("branch", "in", "out-even,out-odd,out-null", false, NamedTopologies::branch);
        texts("merge", "left,right", b -> stream(b, "left").merge(stream(b, "right")));
        counts("selectkey-repartition-count", b -> in(b).selectKey((k, v) -> v == null ? null : fk(v)).groupByKey(G).count().toStream());
        counts("count", b -> in(b).groupByKey(G).count().toStream());
        counts("reduce-sum", b -> in(b).mapValues(v -> v == null ? null : (Long) n(v)).groupByKey(Grouped.with(S, L)).reduce(Long::sum).toStream());
        texts("aggregate-concat", "in", b -> in(b).groupByKey(G)
            .aggregate(() -> "", (k, v, a) -> a.length() > 60 ? null : a + "|" + v, Materialized.with(S, S)).toStream());
        windows("tumbling-count", g -> g.windowedBy(TimeWindows.ofSizeAndGrace(ms(10_000), ms(5_000))).count());
        windows("hopping-count", g -> g.windowedBy(TimeWindows.ofSizeAndGrace(ms(10_000), ms(0)).advanceBy(ms(5_000))).count());
        windows("sliding-count", g -> g.windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(10_000), ms(5_000))).count());
        windows("session-count", g -> g.windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5_000), ms(0))).count());
        windows("suppress-tumbling-count", g -> g.windowedBy(TimeWindows.ofSizeAndGrace(ms(10_000), ms(5_000))).count()
            .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())));
        texts("ss-inner", "left,right", b -> stream(b, "left").join(stream(b, "right"), PAIR, WITHIN, BOTH));
        texts("ss-left", "left,right", b -> stream(b, "left").leftJoin(stream(b, "right"), PAIR, WITHIN, BOTH));
        texts("ss-outer", "left,right", b -> stream(b, "left").outerJoin(stream(b, "right"), PAIR, WITHIN, BOTH));
        texts("st-inner", "left,right", b -> stream(b, "left").join(table(b, "right"), PAIR, Joined.with(S, S, S)));
        texts("st-left", "left,right", b -> stream(b, "left").leftJoin(table(b, "right"), PAIR, Joined.with(S, S, S)));
        texts("tt-inner", "left,right", b -> table(b, "left").join(table(b, "right"), PAIR).toStream());
        texts("tt-left", "left,right", b -> table(b, "left").leftJoin(table(b, "right"), PAIR).toStream());
        texts("tt-outer", "left,right", b -> table(b, "left").outerJoin(table(b, "right"), PAIR).toStream());
        texts("fk-inner", "left,right", b -> table(b, "left").join(table(b, "right"), NamedTopologies::fk, PAIR,
            Materialized.<String, String, KeyValueStore<Bytes, byte[]>>with(S, S)).toStream());
        texts("fk-left", "left,right", b -> table(b, "left").leftJoin(table(b, "right"), NamedTopologies::fk, PAIR,
            Materialized.<String, String, KeyValueStore<Bytes, byte[]>>with(S, S)).toStream());
        texts("gt-inner", "left,right", b -> stream(b, "left")
            .join(b.globalTable("right", Consumed.with(S, S)), (k, v) -> v == null ? null : fk(v), PAIR));
        texts("gt-left", "left,right", b -> stream(b, "left")
            .leftJoin(b.globalTable("right", Consumed.with(S, S)), (k, v) -> v == null ? null : fk(v), PAIR));
        texts("ktable-filter", "in", b -> table(b, "in").filter((k, v) -> n(v) % 2 == 0).toStream());
        counts("ktable-groupby-sum", b -> table(b, "in").groupBy((k, v) -> KeyValue.pair(fk(v), (Long) n(v)), Grouped.with(S, L))
            .aggregate(() -> 0L, (k, v, a) -> a + v, (k, v, a) -> a - v, Materialized.with(S, L)).toStream());
    }
}
