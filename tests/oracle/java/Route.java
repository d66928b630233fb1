import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Forwards to one of its children, chosen by the value, and every fifth to all. */
final class Route implements Processor<Object, Object, Object, Object> {
    private final String[] children;
    private ProcessorContext<Object, Object> context;

    Route(String[] children) {
        this.children = children;
    }

    @Override
    public void init(ProcessorContext<Object, Object> context) {
        this.context = context;
    }

    @Override
    public void process(Record<Object, Object> record) {
        long weight = Functions.weight(record.value());
        if (Functions.mod(weight, 5) == 0) context.forward(record);
        else context.forward(record, children[(int) Functions.mod(weight, 2)]);
    }
}
