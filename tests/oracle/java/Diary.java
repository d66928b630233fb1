import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.SessionStore;

/** Keeps the latest value of each key and session, all of one length, and forwards it together with the one before it. */
final class Diary implements FixedKeyProcessor<Object, Object, Object> {
    private final String name;
    private final long size;
    private FixedKeyProcessorContext<Object, Object> context;
    private SessionStore<Object, Object> diary;

    Diary(String name, long size) {
        this.name = name;
        this.size = size;
    }

    @Override
    public void init(FixedKeyProcessorContext<Object, Object> context) {
        this.context = context;
        diary = context.getStateStore(name);
    }

    @Override
    public void process(FixedKeyRecord<Object, Object> record) {
        if (record.key() == null) return;
        long start = record.timestamp() / size * size, end = start + size;
        String before = Functions.text(diary.fetchSession(record.key(), start, end));
        diary.put(new Windowed<>(record.key(), new SessionWindow(start, end)), record.value() == null ? null : Functions.fold(Functions.text(record.value())));
        context.forward(record.withValue((Object) Functions.fold(before + ">" + Functions.text(record.value()))));
    }
}
