import java.nio.charset.StandardCharsets;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;

/** Forwards each value together with the one before it of the same key, and says in a header how long the two are. */
final class Recall implements FixedKeyProcessor<Object, Object, Object> {
    private final String name;
    private FixedKeyProcessorContext<Object, Object> context;
    private KeyValueStore<Object, Object> last;

    Recall(String name) {
        this.name = name;
    }

    @Override
    public void init(FixedKeyProcessorContext<Object, Object> context) {
        this.context = context;
        last = context.getStateStore(name);
    }

    @Override
    public void process(FixedKeyRecord<Object, Object> record) {
        Object before = null;
        if (record.key() != null) {
            Object key = Functions.text(record.key());
            before = last.get(key);
            last.put(key, record.value() == null ? null : Functions.fold(Functions.text(record.value())));
        }
        String both = Functions.fold(Functions.text(before) + ">" + Functions.text(record.value()));
        FixedKeyRecord<Object, Object> out = record.withValue((Object) both);
        out.headers().add("size", Integer.toString(both.length()).getBytes(StandardCharsets.UTF_8));
        context.forward(out);
    }
}
