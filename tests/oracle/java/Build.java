import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Builds a topology from the description of a case; build.c has the same operations. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class Build {
    /** A handle: a stream, table or group, and what its keys and values are made of. */
    record Handle(Object node, char key, long size, char value) {
        KStream<Object, Object> stream() { return (KStream<Object, Object>) node; }
        KTable<Object, Object> table() { return (KTable<Object, Object>) node; }
        boolean isTable() { return node instanceof KTable; }
        Handle with(Object other) { return new Handle(other, key, size, value); }
        Handle with(Object other, char newValue) { return new Handle(other, key, size, newValue); }
        Handle rekeyed(Object other, char newValue) { return new Handle(other, 'S', 0, newValue); }
    }

    /** A store to look at when everything was processed: plain rows have no time of their own. retention: of numbered ones. */
    record Store(String name, String kind, char value, long retention) {
        Store(String name, String kind, char value) {
            this(name, kind, value, 0);
        }
    }

    static final Serde<Object> TEXT = (Serde) Serdes.serdeFrom(
        (topic, text) -> text == null ? null : ((String) text).getBytes(StandardCharsets.ISO_8859_1),
        (topic, bytes) -> bytes == null ? null : new String(bytes, StandardCharsets.ISO_8859_1));
    static final Serde<Object> LONG = (Serde) Serdes.Long();

    final StreamsBuilder builder = new StreamsBuilder();
    final Set<String> inputs = new LinkedHashSet<>();
    final Set<String> outputs = new LinkedHashSet<>();
    final Set<String> internals = new LinkedHashSet<>(); // topics, without the application's name
    final List<Store> stores = new ArrayList<>();
    final boolean countsDrops; // false: what Weir counts as dropped at a repartition or join, Kafka Streams counts otherwise
    private final Map<String, Handle> handles = new HashMap<>();
    private JsonNode op;

    Build(JsonNode ops) {
        Set<String> uncounted = Set.of("repartition", "join");
        boolean counts = true;
        for (JsonNode one : ops) counts &= !uncounted.contains(one.get("op").asText()) && !(one.get("op").asText().equals("cogroup") && one.has("window"));
        countsDrops = counts;
        for (JsonNode one : ops) {
            op = one;
            Handle made = make(text("op"));
            if (made != null) handles.put(text("id"), made);
        }
    }

    // ---- the description ----

    private String text(String name) {
        JsonNode n = op.get(name);
        return n == null || n.isNull() ? null : n.asText();
    }

    private Handle in() {
        return handle("in");
    }

    private Handle handle(String name) {
        Handle h = handles.get(text(name));
        if (h == null) throw new IllegalArgumentException(op + ": no '" + name + "'");
        return h;
    }

    // ---- types ----

    static Serde<Object> valueSerde(char type) {
        return type == 'L' ? LONG : TEXT;
    }

    static Serde<Object> keySerde(Handle h) {
        return switch (h.key) {
            case 'T' -> (Serde) new WindowedSerdes.TimeWindowedSerde<>(TEXT, h.size);
            case 'E' -> (Serde) new WindowedSerdes.SessionWindowedSerde<>(TEXT);
            default -> TEXT;
        };
    }

    private static char valueOf(String function, char input) {
        return switch (function) {
            case "weigh", "parity" -> 'L';
            case "same", "fragile" -> input;
            default -> 'S';
        };
    }

    private static Materialized<Object, Object, KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>> kept(String store, char value) {
        return (Materialized) Materialized.as(store).withKeySerde(TEXT).withValueSerde(valueSerde(value));
    }

    private Materialized materialized(String kind, char value) {
        if (op.has("history")) return versioned(value);
        Materialized m = kept(text("store"), value);
        if (op.has("no_log")) m.withLoggingDisabled();
        JsonNode window = op.get("window");
        if (window != null && window.has("retention")) m.withRetention(ms(window, "retention"));
        stores.add(new Store(text("store"), kind, value));
        return m;
    }

    private Materialized versioned(char value) {
        stores.add(new Store(text("store"), "versioned", value));
        Materialized m = Materialized.as(Stores.persistentVersionedKeyValueStore(text("store"), ms(op, "history")))
            .withKeySerde(TEXT).withValueSerde(valueSerde(value));
        return op.has("no_log") ? m.withLoggingDisabled() : m;
    }

    private static Duration ms(JsonNode n, String name) {
        return Duration.ofMillis(n.get(name).asLong());
    }

    // ---- operations ----

    private Handle make(String what) {
        return switch (what) {
            case "stream" -> stream();
            case "table" -> table();
            case "filter", "filter_not" -> filter();
            case "map_values" -> mapValues();
            case "map" -> map();
            case "select_key" -> selectKey();
            case "flat_map" -> flatMap();
            case "flat_map_values" -> flatMapValues();
            case "peek" -> peek();
            case "foreach" -> foreach();
            case "to_table" -> in().with(in().stream().toTable(materialized("row", in().value)));
            case "repartition" -> repartition();
            case "global" -> global();
            case "global_store" -> globalStore();
            case "consult" -> consult();
            case "branch" -> branch();
            case "route" -> route();
            case "transform_values" -> transformValues();
            case "shelve" -> shelve();
            case "survey" -> survey();
            case "cogroup" -> cogroup();
            case "suppress" -> suppress();
            case "join_foreign" -> joinForeign();
            case "join_global" -> joinGlobal();
            case "to_computed" -> toComputed();
            case "merge" -> merge();
            case "rekey" -> rekey();
            case "group" -> in().with(in().stream().groupByKey(Grouped.with(TEXT, valueSerde(in().value))));
            case "group_by" -> in().isTable() ? groupTableBy() : groupBy();
            case "count" -> aggregated('L');
            case "reduce" -> aggregated(in().value);
            case "aggregate" -> aggregated(text("value").charAt(0));
            case "changes" -> in().with(in().table().toStream());
            case "join" -> join();
            case "join_table" -> joinTable();
            case "join_tables" -> joinTables();
            case "process" -> process();
            case "process_values" -> processValues();
            case "to" -> to();
            default -> throw new IllegalArgumentException("no operation '" + what + "'");
        };
    }

    private Consumed<Object, Object> consumed(char value) {
        Consumed<Object, Object> types = Consumed.with(TEXT, valueSerde(value));
        return text("timestamp") == null ? types : types.withTimestampExtractor(Functions.timestamp(text("timestamp")));
    }

    private Handle stream() {
        List<String> topics = new ArrayList<>(List.of(text("topic")));
        op.path("also").forEach(other -> topics.add(other.asText()));
        inputs.addAll(topics);
        char value = op.path("type").path(1).asText("S").charAt(0);
        KStream<Object, Object> stream = op.has("pattern") ? builder.stream(Pattern.compile(text("pattern")), consumed(value))
                                                           : builder.stream(topics, consumed(value));
        return new Handle(stream, 'S', 0, value);
    }

    private Handle table() {
        inputs.add(text("topic"));
        Consumed<Object, Object> types = consumed('S');
        return new Handle(text("store") == null ? builder.table(text("topic"), types)
                                                : builder.table(text("topic"), types, materialized("row", 'S')), 'S', 0, 'S');
    }

    private Handle global() {
        inputs.add(text("topic"));
        return new Handle(builder.globalTable(text("topic"), Consumed.with(TEXT, TEXT), materialized("row", 'S')), 'S', 0, 'S');
    }

    private Handle globalStore() {
        String store = text("store");
        inputs.add(text("topic"));
        stores.add(new Store(store, "plain", 'S'));
        builder.addGlobalStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(store), TEXT, TEXT), text("topic"),
            Consumed.with(TEXT, TEXT), () -> new Pile(store));
        return null;
    }

    private Handle consult() {
        String store = text("store");
        return in().with(in().stream().processValues(() -> new Consult(store)), 'S');
    }

    private Handle filter() {
        Functions.Test f = Functions.test(text("fn"));
        boolean not = text("op").equals("filter_not");
        if (!in().isTable() && text("as") == null) return in().with(not ? in().stream().filterNot(f::test) : in().stream().filter(f::test));
        if (!in().isTable()) return in().with(not ? in().stream().filterNot(f::test, named()) : in().stream().filter(f::test, named()));
        KTable<Object, Object> table = in().table();
        if (text("store") == null) return in().with(not ? table.filterNot(f::test) : table.filter(f::test));
        Materialized store = materialized("row", in().value);
        return in().with(not ? table.filterNot(f::test, store) : table.filter(f::test, store));
    }

    private Handle mapValues() {
        Functions.Map f = Functions.value(text("fn"));
        char value = valueOf(text("fn"), in().value);
        ValueMapperWithKey<Object, Object, Object> map = f::map;
        if (!in().isTable()) return in().with(text("as") == null ? in().stream().mapValues(map) : in().stream().mapValues(map, named()), value);
        KTable<Object, Object> table = in().table();
        return in().with(text("store") == null ? table.mapValues(map) : table.mapValues(map, materialized("row", value)), value);
    }

    private Handle transformValues() {
        boolean keeps = text("keeps") != null;
        char value = keeps ? 'S' : valueOf(text("fn"), in().value);
        String own = text("keeps");
        if (keeps) addStore(own, 'S');
        Functions.Map f = keeps ? null : Functions.value(text("fn"));
        ValueTransformerWithKeySupplier<Object, Object, Object> how = keeps ? () -> new Remember(own) : () -> Remember.stateless(f);
        KTable<Object, Object> table = in().table();
        String[] stores = keeps ? new String[] { own } : new String[0];
        return in().with(text("store") == null ? table.transformValues(how, stores) : table.transformValues(how, materialized("row", value), stores), value);
    }

    private Named named() {
        return Named.as(text("as"));
    }

    private Handle peek() {
        ForeachAction<Object, Object> look = (k, v) -> { };
        return in().with(text("as") == null ? in().stream().peek(look) : in().stream().peek(look, named()));
    }

    private Handle foreach() {
        in().stream().foreach((k, v) -> { });
        return null;
    }

    private Handle merge() {
        KStream<Object, Object> merged = in().stream();
        for (JsonNode other : op.get("others")) merged = merged.merge(handles.get(other.asText()).stream());
        return in().with(merged);
    }

    private Handle map() {
        Functions.Map key = Functions.key(text("fn")), value = Functions.value(text("value_fn"));
        return in().rekeyed(in().stream().map((k, v) -> KeyValue.pair(key.map(k, v), value.map(k, v))), valueOf(text("value_fn"), in().value));
    }

    private Handle selectKey() {
        Functions.Map f = Functions.key(text("fn"));
        return in().rekeyed(text("as") == null ? in().stream().selectKey((k, v) -> f.map(k, v)) : in().stream().selectKey((k, v) -> f.map(k, v), named()), in().value);
    }

    private Handle flatMapValues() {
        String name = text("fn");
        return in().with(in().stream().flatMapValues((k, v) -> Collections.nCopies(Functions.times(name, v), v)));
    }

    private Handle repartition() {
        internals.add(text("name") + "-repartition");
        Repartitioned<Object, Object> how = Repartitioned.with(TEXT, valueSerde(in().value)).withName(text("name"));
        return in().with(in().stream().repartition(op.has("partitions") ? how.withNumberOfPartitions(op.get("partitions").asInt()) : how));
    }

    private Handle flatMap() {
        Functions.Flat f = Functions.flat(text("fn"));
        return in().rekeyed(in().stream().flatMap((k, v) -> Functions.flatten(f, k, v)), in().value);
    }

    private Handle branch() {
        List<KStream> branches = new ArrayList<>();
        BranchedKStream<Object, Object> split = in().stream().split();
        for (JsonNode name : op.get("fns")) {
            Functions.Test f = Functions.test(name.asText());
            split = split.branch(f::test, Branched.withConsumer(branches::add));
        }
        if (op.get("rest").asBoolean()) split.defaultBranch(Branched.withConsumer(branches::add));
        else split.noDefaultBranch();
        for (int i = 0; i < branches.size(); i++)
            handles.put(op.get("ids").get(i).asText(), in().with(branches.get(i)));
        return null;
    }

    /** A processor that chooses among two children by name. */
    private Handle route() {
        String[] children = { op.get("children").get(0).asText(), op.get("children").get(1).asText() };
        KStream<Object, Object> routed = in().stream().process(() -> new Route(children), Named.as(text("label")));
        for (int i = 0; i < children.length; i++)
            handles.put(op.get("ids").get(i).asText(), in().with(routed.peek((k, v) -> { }, Named.as(children[i]))));
        return null;
    }

    private Handle rekey() {
        Functions.Map f = Functions.key(text("fn"));
        internals.add(text("name") + "-repartition");
        return in().rekeyed(in().stream().selectKey((k, v) -> f.map(k, v))
            .repartition(Repartitioned.with(TEXT, valueSerde(in().value)).withName(text("name"))), in().value);
    }

    private Handle groupBy() {
        Functions.Map f = Functions.key(text("fn"));
        internals.add(text("name") + "-repartition");
        return in().rekeyed(in().stream().groupBy((k, v) -> f.map(k, v),
            Grouped.with(text("name"), TEXT, valueSerde(in().value))), in().value);
    }

    private Handle groupTableBy() {
        Functions.Map key = Functions.key(text("fn")), map = Functions.value(text("value_fn"));
        char value = valueOf(text("value_fn"), in().value);
        internals.add(text("name") + "-repartition");
        return in().rekeyed(in().table().groupBy((k, v) -> KeyValue.pair(key.map(k, v), map.map(k, v)),
            Grouped.with(text("name"), TEXT, valueSerde(value))), value);
    }

    // ---- aggregates ----

    private Object tableAggregated(KGroupedTable<Object, Object> grouped, char value) {
        Materialized store = materialized("row", value);
        if (text("op").equals("count")) return grouped.count(store);
        Functions.Fold add = Functions.fold2(text("fn")), subtract = Functions.fold2(text("subtract"));
        if (text("op").equals("reduce"))
            return grouped.reduce((a, v) -> add.fold(null, v, a), (a, v) -> subtract.fold(null, v, a), store);
        return grouped.aggregate(() -> Functions.initial(value), add::fold, subtract::fold, store);
    }

    private Handle aggregated(char value) {
        if (in().node instanceof KGroupedTable<?, ?> t) return in().with(tableAggregated((KGroupedTable<Object, Object>) t, value), value);
        KGroupedStream<Object, Object> grouped = (KGroupedStream<Object, Object>) in().node;
        JsonNode w = op.get("window");
        if (w == null) return in().with(plain(grouped, value), value);
        return switch (w.get("kind").asText()) {
            case "time" -> new Handle(windowed(grouped.windowedBy(timeWindows(w)), value), 'T', w.get("size").asLong(), value);
            case "sliding" -> new Handle(windowed(grouped.windowedBy(slidingWindows(w)), value),
                'T', w.get("difference").asLong(), value);
            case "unlimited" -> new Handle(windowed(grouped.windowedBy(unlimited(w)), value),
                'T', Long.MAX_VALUE, value);
            case "session" -> new Handle(sessions(grouped.windowedBy(sessionWindows(w)), value), 'E', 0, value);
            default -> throw new IllegalArgumentException("no window " + w);
        };
    }

    private Object plain(KGroupedStream<Object, Object> grouped, char value) {
        if (text("op").equals("count")) return grouped.count(materialized("row", value));
        Functions.Fold f = Functions.fold2(text("fn"));
        if (text("op").equals("reduce")) return grouped.reduce((a, v) -> f.fold(null, v, a), materialized("row", value));
        return grouped.aggregate(() -> Functions.initial(value), (k, v, a) -> f.fold(k, v, a), materialized("row", value));
    }

    private static SlidingWindows slidingWindows(JsonNode w) {
        return SlidingWindows.ofTimeDifferenceAndGrace(ms(w, "difference"), ms(w, "grace"));
    }

    private static UnlimitedWindows unlimited(JsonNode w) {
        return UnlimitedWindows.of().startOn(Instant.ofEpochMilli(w.get("start").asLong()));
    }

    private static SessionWindows sessionWindows(JsonNode w) {
        return SessionWindows.ofInactivityGapAndGrace(ms(w, "gap"), ms(w, "grace"));
    }

    private static TimeWindows timeWindows(JsonNode w) {
        TimeWindows windows = TimeWindows.ofSizeAndGrace(ms(w, "size"), ms(w, "grace"));
        return w.has("advance") ? windows.advanceBy(ms(w, "advance")) : windows;
    }

    private Object windowed(TimeWindowedKStream<Object, Object> grouped, char value) {
        if (op.get("window").has("emit")) grouped = grouped.emitStrategy(EmitStrategy.onWindowClose());
        if (text("op").equals("count")) return grouped.count(materialized("window", value));
        Functions.Fold f = Functions.fold2(text("fn"));
        if (text("op").equals("reduce")) return grouped.reduce((a, v) -> f.fold(null, v, a), materialized("window", value));
        return grouped.aggregate(() -> Functions.initial(value), (k, v, a) -> f.fold(k, v, a), materialized("window", value));
    }

    private Object sessions(SessionWindowedKStream<Object, Object> grouped, char value) {
        if (op.get("window").has("emit")) grouped = grouped.emitStrategy(EmitStrategy.onWindowClose());
        if (text("op").equals("count")) return grouped.count(materialized("session", value));
        Functions.Fold f = Functions.fold2(text("fn"));
        if (text("op").equals("reduce")) return grouped.reduce((a, v) -> f.fold(null, v, a), materialized("session", value));
        return grouped.aggregate(() -> Functions.initial(value), f::fold, (k, a, b) -> Functions.merge(a, b), materialized("session", value));
    }

    private Aggregator<Object, Object, Object> cogroupStep(int at) {
        Functions.Fold f = Functions.fold2(op.get("fns").get(at).asText());
        return f::fold;
    }

    private Handle cogroup() {
        char value = text("value").charAt(0);
        CogroupedKStream<Object, Object> all = ((KGroupedStream<Object, Object>) in().node).cogroup(cogroupStep(0));
        for (int i = 0; i < op.get("others").size(); i++)
            all = all.cogroup((KGroupedStream<Object, Object>) handles.get(op.get("others").get(i).asText()).node, cogroupStep(i + 1));
        Initializer<Object> first = () -> Functions.initial(value);
        JsonNode w = op.get("window");
        if (w == null) return in().with(all.aggregate(first, materialized("row", value)), value);
        return switch (w.get("kind").asText()) {
            case "time" -> new Handle(all.windowedBy(timeWindows(w)).aggregate(first, materialized("window", value)), 'T', w.get("size").asLong(), value);
            case "sliding" -> new Handle(all.windowedBy(slidingWindows(w)).aggregate(first, materialized("window", value)), 'T', w.get("difference").asLong(), value);
            case "unlimited" -> new Handle(all.windowedBy(unlimited(w)).aggregate(first, materialized("window", value)), 'T', Long.MAX_VALUE, value);
            default -> new Handle(all.windowedBy(sessionWindows(w)).aggregate(first, (k, a, b) -> Functions.merge(a, b), materialized("session", value)), 'E', 0, value);
        };
    }

    // ---- suppress ----

    private <C extends Suppressed.BufferConfig<C>> C bounded(C config) {
        if (op.has("max_records")) config = config.withMaxRecords(op.get("max_records").asLong());
        if (op.has("max_bytes")) config = config.withMaxBytes(op.get("max_bytes").asLong());
        return config;
    }

    private Handle suppress() {
        Suppressed how;
        if (op.has("until_window_closes"))
            how = Suppressed.untilWindowCloses(bounded(Suppressed.BufferConfig.unbounded())).withName(text("label"));
        else if (op.has("max_records") || op.has("max_bytes"))
            how = Suppressed.untilTimeLimit(ms(op, "until"), bounded(Suppressed.BufferConfig.maxRecords(Long.MAX_VALUE))).withName(text("label"));
        else
            how = Suppressed.untilTimeLimit(ms(op, "until"), Suppressed.BufferConfig.unbounded()).withName(text("label"));
        stores.add(new Store(text("label") + "-store", "held", in().value));
        return in().with(in().table().suppress(how));
    }

    // ---- joins ----

    private Handle joinForeign() {
        Functions.Map by = Functions.key(text("by"));
        Functions.Join f = Functions.joiner(text("fn"));
        KTable<Object, Object> left = in().table(), right = handle("other").table();
        TableJoined<Object, Object> named = TableJoined.as(text("name"));
        ValueJoiner<Object, Object, Object> join = f::join;
        java.util.function.BiFunction<Object, Object, Object> key = by::map;
        internals.add(text("name") + "-subscription-registration-topic");
        internals.add(text("name") + "-subscription-response-topic");
        stores.add(new Store(text("name") + "-subscription-store", "log", 'S'));
        Materialized store = text("store") == null ? null : materialized("row", 'S');
        boolean inner = text("kind").equals("inner");
        if (store == null) store = (Materialized) Materialized.with(TEXT, TEXT);
        return in().with(inner ? left.join(right, key, join, named, store) : left.leftJoin(right, key, join, named, store), 'S');
    }

    private Handle joinGlobal() {
        Functions.Map by = Functions.key(text("by"));
        Functions.Join f = Functions.joiner(text("fn"));
        ValueJoiner<Object, Object, Object> join = f::join;
        KeyValueMapper<Object, Object, Object> key = by::map;
        GlobalKTable<Object, Object> right = (GlobalKTable<Object, Object>) handle("other").node;
        return in().with(text("kind").equals("inner") ? in().stream().join(right, key, join) : in().stream().leftJoin(right, key, join), 'S');
    }

    private JoinWindows joinWindows() {
        Duration grace = ms(op, "grace");
        if (op.has("within")) return JoinWindows.ofTimeDifferenceAndGrace(ms(op, "within"), grace);
        return JoinWindows.ofTimeDifferenceAndGrace(Duration.ZERO, grace).after(ms(op, "after")).before(ms(op, "before"));
    }

    private Handle join() {
        Functions.Join f = Functions.joiner(text("fn"));
        ValueJoiner<Object, Object, Object> join = f::join;
        KStream<Object, Object> left = in().stream(), right = handle("other").stream();
        StreamJoined<Object, Object, Object> types = StreamJoined.with(TEXT, valueSerde(in().value), valueSerde(handle("other").value)).withStoreName(text("name"));
        JoinWindows windows = joinWindows();
        for (JsonNode store : op.get("stores"))
            stores.add(new Store(store.asText(), store.asText().endsWith("shared-join-store") ? "log" : "numbered", 'S', windows.size() + windows.gracePeriodMs()));
        return in().with(switch (text("kind")) {
            case "inner" -> left.join(right, join, windows, types);
            case "left" -> left.leftJoin(right, join, windows, types);
            default -> left.outerJoin(right, join, windows, types);
        }, 'S');
    }

    private Handle joinTable() {
        Functions.Join f = Functions.joiner(text("fn"));
        Handle left = in(), right = handle("other");
        Joined<Object, Object, Object> types = Joined.with(keySerde(left), valueSerde(left.value), valueSerde(right.value));
        if (op.has("grace")) {
            types = types.withName(text("as")).withGracePeriod(ms(op, "grace"));
            stores.add(new Store(text("store"), "held", left.value));
        }
        KStream<Object, Object> joined = text("kind").equals("inner") ? left.stream().join(right.table(), f::join, types)
                                                                      : left.stream().leftJoin(right.table(), f::join, types);
        return left.with(joined, 'S');
    }

    private Handle joinTables() {
        Functions.Join f = Functions.joiner(text("fn"));
        KTable<Object, Object> left = in().table(), right = handle("other").table();
        ValueJoiner<Object, Object, Object> join = f::join;
        Materialized store = text("store") == null ? null : materialized("row", 'S');
        return in().with(switch (text("kind")) {
            case "inner" -> store == null ? left.join(right, join) : left.join(right, join, store);
            case "left" -> store == null ? left.leftJoin(right, join) : left.leftJoin(right, join, store);
            default -> store == null ? left.outerJoin(right, join) : left.outerJoin(right, join, store);
        }, 'S');
    }

    // ---- processors ----

    private String addStore(String store, char value) {
        builder.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(store), TEXT, valueSerde(value)));
        stores.add(new Store(store, "plain", value));
        return store;
    }

    private Handle processValues() {
        String store = addStore(text("store"), 'S');
        return in().with(in().stream().processValues(() -> new Recall(store), store), 'S');
    }

    private Handle survey() {
        String store = addStore(text("store"), 'S');
        return in().with(in().stream().processValues(() -> new Survey(store), store), 'S');
    }

    private Handle keepSessions() {
        String store = text("store");
        long size = op.get("size").asLong();
        builder.addStateStore(Stores.sessionStoreBuilder(Stores.inMemorySessionStore(store, Shelve.RETENTION), TEXT, TEXT));
        stores.add(new Store(store, "session", 'S'));
        return in().with(in().stream().processValues(() -> new Diary(store, size), store), 'S');
    }

    private Handle shelve() {
        String store = text("store");
        long size = op.get("size").asLong();
        if (op.path("is_session").asBoolean()) return keepSessions();
        builder.addStateStore(Stores.windowStoreBuilder(Stores.inMemoryWindowStore(store, Shelve.RETENTION, Duration.ofMillis(size), false), TEXT, TEXT));
        stores.add(new Store(store, "shelf", 'S'));
        return in().with(in().stream().processValues(() -> new Shelve(store, size), store), 'S');
    }

    private Handle process() {
        String store = addStore(text("store"), 'L');
        long every = op.has("every") ? op.get("every").asLong() : 0;
        boolean wall = "wall".equals(text("clock"));
        return in().rekeyed(in().stream().process(() -> new Tally(store, every, wall), store), 'L');
    }

    private Handle to() {
        outputs.add(text("topic"));
        in().stream().to(text("topic"), Produced.with(keySerde(in()), valueSerde(in().value)));
        return null;
    }

    private Handle toComputed() {
        String[] topics = { op.get("topics").get(0).asText(), op.get("topics").get(1).asText() };
        outputs.addAll(List.of(topics));
        in().stream().to((k, v, c) -> topics[(int) Functions.mod(Functions.weight(v), 2)], Produced.with(keySerde(in()), valueSerde(in().value)));
        return null;
    }
}
