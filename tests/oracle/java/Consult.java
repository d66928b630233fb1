import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;

/** Forwards each value with what a global store has of it as a key. */
final class Consult implements FixedKeyProcessor<Object, Object, Object> {
    private final String name;
    private FixedKeyProcessorContext<Object, Object> context;
    private KeyValueStore<Object, Object> store;

    Consult(String name) {
        this.name = name;
    }

    @Override
    public void init(FixedKeyProcessorContext<Object, Object> context) {
        this.context = context;
        store = context.getStateStore(name);
    }

    @Override
    public void process(FixedKeyRecord<Object, Object> record) {
        String value = Functions.text(record.value());
        context.forward(record.withValue((Object) Functions.fold(value + "?" + Functions.text(store.get(value)))));
    }
}
