import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.TimestampExtractor;

/**
 * The functions that generated topologies are made of, by name. functions.c has the same; a function is total, and
 * depends on nothing but its arguments. Texts are strings of the characters 0 to 255, one byte each; numbers are longs.
 */
final class Functions {
    private static final int LONGEST = 40;

    private Functions() { }

    interface Test { boolean test(Object key, Object value); }
    interface Map { Object map(Object key, Object value); }
    interface Flat { void map(Object key, Object value, List<KeyValue<Object, Object>> out); }
    interface Fold { Object fold(Object key, Object value, Object aggregate); }
    interface Join { Object join(Object left, Object right); }

    /** A text as it is, a number in decimal, a window behind its key. */
    static String text(Object o) {
        if (o == null) return "null";
        if (o instanceof Windowed<?> w) return text(w.key()) + "@" + w.window().start() + "/" + w.window().end();
        return o.toString();
    }

    static long weight(Object o) {
        if (o instanceof Long n) return n;
        long sum = 0;
        String s = text(o);
        for (int i = 0; i < s.length(); i++) sum += s.charAt(i);
        return sum;
    }

    static long mod(long n, long by) {
        return Math.floorMod(n, by);
    }

    /** A text that grew too long becomes its FNV-1a hash, so that aggregates stay small and still differ. */
    static String fold(String s) {
        if (s.length() <= LONGEST) return s;
        int h = 0x811c9dc5;
        for (int i = 0; i < s.length(); i++) h = (h ^ s.charAt(i)) * 0x01000193;
        return String.format("#%08x", h);
    }

    private static RuntimeException unknown(String kind, String name) {
        return new IllegalArgumentException("no " + kind + " '" + name + "'");
    }

    /** Throws for some values: a record that cannot be processed. */
    static <T> T fragile(Object value, T result) {
        if (value != null && mod(weight(value), 6) == 1) throw new IllegalStateException("fragile");
        return result;
    }

    /** The time of a record: of its value, of its partition, or none. */
    static TimestampExtractor timestamp(String name) {
        return switch (name) {
            case "shifted" -> (r, partition) -> r.value() == null ? r.timestamp() : Math.max(1, r.timestamp() + 5 * (mod(weight(r.value()), 5) - 2));
            case "stalled" -> (r, partition) -> r.value() == null || mod(weight(r.value()), 3) != 0 || partition < 0 ? r.timestamp() : partition;
            case "negative" -> (r, partition) -> r.value() == null || mod(weight(r.value()), 5) != 0 ? r.timestamp() : -1 - r.timestamp();
            default -> throw unknown("timestamp", name);
        };
    }

    static Test test(String name) {
        return switch (name) {
            case "fragile" -> (k, v) -> fragile(v, true);
            case "all" -> (k, v) -> true;
            case "none" -> (k, v) -> false;
            case "live" -> (k, v) -> v != null;
            case "dead" -> (k, v) -> v == null;
            case "even" -> (k, v) -> v != null && mod(weight(v), 2) == 0;
            case "most" -> (k, v) -> v == null || mod(weight(v), 5) != 0;
            case "key-even" -> (k, v) -> k != null && mod(weight(k), 2) == 0;
            default -> throw unknown("test", name);
        };
    }

    static Map value(String name) {
        return switch (name) {
            case "same" -> (k, v) -> v;
            case "fragile" -> (k, v) -> fragile(v, v);
            case "bang" -> (k, v) -> v == null ? null : fold(text(v) + "!");
            case "keyed" -> (k, v) -> fold(text(k) + "=" + text(v));
            case "short" -> (k, v) -> v == null ? null : text(v).substring(Math.max(0, text(v).length() - 3));
            case "blank" -> (k, v) -> v == null || mod(weight(v), 3) == 0 ? null : fold(text(v) + "?");
            case "empty" -> (k, v) -> v == null ? null : "";
            case "weigh" -> (k, v) -> v == null ? null : (Object) weight(v);
            case "parity" -> (k, v) -> v == null ? null : (Object) mod(weight(v), 2);
            default -> throw unknown("value function", name);
        };
    }

    static Map key(String name) {
        return switch (name) {
            case "same" -> (k, v) -> k == null ? null : text(k);
            case "fragile" -> (k, v) -> fragile(v, k == null ? null : text(k));
            case "spread" -> (k, v) -> "k" + mod(weight(v), 5);
            case "foreign" -> (k, v) -> v == null || mod(weight(v), 7) == 0 ? null : "k" + mod(weight(v), 5);
            case "mixed" -> (k, v) -> fold(text(k) + "." + mod(weight(v), 3));
            default -> throw unknown("key function", name);
        };
    }

    static Flat flat(String name) {
        return switch (name) {
            case "same" -> (k, v, out) -> out.add(KeyValue.pair(k == null ? null : text(k), v));
            case "both" -> (k, v, out) -> {
                if (v == null) return;
                out.add(KeyValue.pair(k == null ? null : text(k), v));
                if (mod(weight(v), 7) != 0) out.add(KeyValue.pair("k" + mod(weight(v), 5), v));
            };
            case "twice" -> (k, v, out) -> {
                out.add(KeyValue.pair("k" + mod(weight(v), 4), v));
                out.add(KeyValue.pair("k" + mod(weight(k), 4), v));
            };
            default -> throw unknown("flat map", name);
        };
    }

    static List<KeyValue<Object, Object>> flatten(Flat f, Object key, Object value) {
        List<KeyValue<Object, Object>> out = new ArrayList<>();
        f.map(key, value, out);
        return out;
    }

    /** Values that each come out as often as the result says. */
    static int times(String name, Object value) {
        return switch (name) {
            case "once" -> 1;
            case "some" -> (int) mod(weight(value), 3);
            case "twice" -> value == null ? 0 : 2;
            default -> throw unknown("flat map of values", name);
        };
    }

    /** A new aggregate of the old one and a value; null deletes. Texts are joined, numbers added. */
    static Fold fold2(String name) {
        return switch (name) {
            case "join" -> (k, v, a) -> fold(text(a) + "|" + text(v));
            case "fragile" -> (k, v, a) -> fragile(v, fold(text(a) + "|" + text(v)));
            case "last" -> (k, v, a) -> v;
            case "sum" -> (k, v, a) -> weight(a) + weight(v);
            case "most" -> (k, v, a) -> Math.max(weight(a), weight(v));
            case "log" -> (k, v, a) -> text(a).length() > 24 ? null : fold(text(a) + text(k) + ":" + text(v) + ",");
            case "total" -> (k, v, a) -> mod(weight(a) + weight(v), 11) == 0 ? null : (Object) (weight(a) + weight(v));
            case "cut" -> (k, v, a) -> fold(text(a) + "-" + text(v));
            case "less" -> (k, v, a) -> weight(a) - weight(v);
            default -> throw unknown("fold", name);
        };
    }

    /** Of two sessions that grew together. */
    static Object merge(Object one, Object other) {
        return one instanceof Long ? (Object) (weight(one) + weight(other)) : fold(text(one) + "&" + text(other));
    }

    static Object initial(char type) {
        return type == 'L' ? (Object) 0L : "";
    }

    static Join joiner(String name) {
        return switch (name) {
            case "fragile" -> (l, r) -> fragile(text(l) + text(r), fold(text(l) + "+" + text(r)));
            case "pair" -> (l, r) -> fold(text(l) + "+" + text(r));
            case "gap" -> (l, r) -> mod(weight(l) + weight(r), 4) == 0 ? null : fold(text(l) + "+" + text(r));
            default -> throw unknown("joiner", name);
        };
    }
}
