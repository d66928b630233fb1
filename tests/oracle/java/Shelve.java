import java.time.Duration;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.WindowStore;

/** Keeps the latest value of each key and window, and forwards it together with those of this window and the one before. */
final class Shelve implements FixedKeyProcessor<Object, Object, Object> {
    static final Duration RETENTION = Duration.ofDays(30);
    private final String name;
    private final long size;
    private FixedKeyProcessorContext<Object, Object> context;
    private WindowStore<Object, Object> shelf;

    Shelve(String name, long size) {
        this.name = name;
        this.size = size;
    }

    @Override
    public void init(FixedKeyProcessorContext<Object, Object> context) {
        this.context = context;
        shelf = context.getStateStore(name);
    }

    @Override
    public void process(FixedKeyRecord<Object, Object> record) {
        if (record.key() == null) return;
        long start = record.timestamp() / size * size;
        String here = Functions.text(shelf.fetch(record.key(), start)), before = Functions.text(shelf.fetch(record.key(), start - size));
        shelf.put(record.key(), record.value() == null ? null : Functions.fold(Functions.text(record.value())), start);
        context.forward(record.withValue((Object) Functions.fold(before + ">" + here + ">" + Functions.text(record.value()))));
    }
}
