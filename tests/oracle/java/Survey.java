import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps the latest value of each key, and forwards a part of all: a range, a range backwards, or the keys with a prefix. */
final class Survey implements FixedKeyProcessor<Object, Object, Object> {
    private final String name;
    private FixedKeyProcessorContext<Object, Object> context;
    private KeyValueStore<Object, Object> rows;

    Survey(String name) {
        this.name = name;
    }

    @Override
    public void init(FixedKeyProcessorContext<Object, Object> context) {
        this.context = context;
        rows = context.getStateStore(name);
    }

    private KeyValueIterator<Object, Object> part(long weight) {
        return switch ((int) Functions.mod(weight, 3)) {
            case 0 -> rows.range("k1", "k3");
            case 1 -> rows.reverseRange("k0", "k2");
            default -> rows.prefixScan("k", Build.TEXT.serializer());
        };
    }

    @Override
    public void process(FixedKeyRecord<Object, Object> record) {
        if (record.key() == null) return;
        rows.put(record.key(), record.value() == null ? null : Functions.fold(Functions.text(record.value())));
        StringBuilder all = new StringBuilder();
        try (KeyValueIterator<Object, Object> part = part(Functions.weight(record.value()))) {
            part.forEachRemaining(row -> all.append(row.key).append('=').append(row.value).append(';'));
        }
        context.forward(record.withValue((Object) Functions.fold(all.toString())));
    }
}
