import org.apache.kafka.streams.kstream.ValueTransformerWithKey;
import org.apache.kafka.streams.processor.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** A table's values together with the ones before them of the same key. */
final class Remember implements ValueTransformerWithKey<Object, Object, Object> {
    private final String name;
    private KeyValueStore<Object, Object> last;

    Remember(String name) {
        this.name = name;
    }

    static ValueTransformerWithKey<Object, Object, Object> stateless(Functions.Map f) {
        return new ValueTransformerWithKey<>() {
            @Override
            public void init(ProcessorContext context) { }

            @Override
            public Object transform(Object key, Object value) {
                return f.map(key, value);
            }

            @Override
            public void close() { }
        };
    }

    @Override
    public void init(ProcessorContext context) {
        last = context.getStateStore(name);
    }

    @Override
    public Object transform(Object key, Object value) {
        Object before = last.get(key);
        last.put(key, value == null ? null : Functions.fold(Functions.text(value)));
        return value == null ? null : Functions.fold(Functions.text(before) + ">" + Functions.text(value));
    }

    @Override
    public void close() { }
}
