import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Counts records of a key, forwards every second count; a punctuation forwards all counts and forgets those above two. */
final class Tally implements Processor<Object, Object, Object, Object> {
    private static final long FORGOTTEN_ABOVE = 2;
    private final String name;
    private final long everyMs;
    private final boolean byWallClock;
    private ProcessorContext<Object, Object> context;
    private KeyValueStore<Object, Object> counts;

    Tally(String name, long everyMs, boolean byWallClock) {
        this.name = name;
        this.everyMs = everyMs;
        this.byWallClock = byWallClock;
    }

    @Override
    public void init(ProcessorContext<Object, Object> context) {
        this.context = context;
        counts = context.getStateStore(name);
        if (everyMs > 0)
            context.schedule(Duration.ofMillis(everyMs), byWallClock ? PunctuationType.WALL_CLOCK_TIME : PunctuationType.STREAM_TIME, this::punctuate);
    }

    @Override
    public void process(Record<Object, Object> record) {
        if (record.key() == null) return;
        Object key = Functions.text(record.key());
        Long old = (Long) counts.get(key);
        long count = old == null ? 1 : old + 1;
        counts.put(key, count);
        if (count % 2 == 0) context.forward(record.withKey(key).withValue((Object) count));
    }

    private void punctuate(long now) {
        List<KeyValue<Object, Object>> rows = new ArrayList<>();
        try (KeyValueIterator<Object, Object> all = counts.all()) {
            all.forEachRemaining(rows::add);
        }
        for (KeyValue<Object, Object> row : rows) {
            context.forward(new Record<>(row.key, row.value, now));
            if ((Long) row.value > FORGOTTEN_ABOVE) counts.delete(row.key);
        }
    }
}
