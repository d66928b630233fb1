import java.io.PrintStream;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.errors.*;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.Record;

/** Handlers that print what they are told, and choose by it. choosing.c has the same. */
public final class Choosing implements DeserializationExceptionHandler, ProcessingExceptionHandler {
    static final String OUT = "oracle.out";
    private final LogAndContinueExceptionHandler reading = new LogAndContinueExceptionHandler();
    private final LogAndContinueProcessingExceptionHandler processing = new LogAndContinueProcessingExceptionHandler();
    private PrintStream out;

    @Override
    public void configure(Map<String, ?> settings) {
        out = (PrintStream) settings.get(OUT);
        reading.configure(settings);
        processing.configure(settings);
    }

    private static String key(Object key) {
        if (key instanceof Windowed<?> w) return key(w.key()) + "@" + w.window().start() + "/" + w.window().end();
        return Print.bytes(Build.TEXT.serializer().serialize("", key));
    }

    /** Every other one is a dead letter. */
    private boolean isLetter(String stage, ErrorHandlerContext c) {
        out.println("told " + stage + " " + c.processorNodeId() + " " + c.topic() + " " + c.partition() + " " + c.offset() + " " + c.timestamp());
        return (c.offset() + c.timestamp()) % 2 == 0;
    }

    @Override
    public DeserializationExceptionHandler.Response handleError(ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
        return isLetter("reading", context) ? reading.handleError(context, record, exception) : DeserializationExceptionHandler.Response.resume();
    }

    @Override
    public ProcessingExceptionHandler.Response handleError(ErrorHandlerContext context, Record<?, ?> record, Exception exception) {
        out.println("told record " + key(record.key()) + " " + record.timestamp());
        return isLetter("processing", context) ? processing.handleError(context, record, exception) : ProcessingExceptionHandler.Response.resume();
    }
}
