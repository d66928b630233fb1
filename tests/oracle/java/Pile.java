import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Of a global store: every value of a key stands behind those before it, until there is none. */
final class Pile implements Processor<Object, Object, Void, Void> {
    private final String name;
    private KeyValueStore<Object, Object> store;

    Pile(String name) {
        this.name = name;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        store = context.getStateStore(name);
    }

    @Override
    public void process(Record<Object, Object> record) {
        if (record.key() == null) return;
        Object before = store.get(record.key());
        String both = (before == null ? "" : before + "+") + Functions.text(record.value());
        store.put(record.key(), record.value() == null ? null : Functions.fold(both));
    }
}
