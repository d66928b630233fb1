import java.io.PrintStream;
import java.util.Arrays;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** One form for bytes that both engines write: readable where it can be, and the same for the same bytes. print.c has it too. */
final class Print {
    private Print() { }

    private static boolean isNumber(byte[] b, int from) {
        return b.length - from >= 8 && (b[from] == 0 && b[from + 1] == 0 || b[from] == -1 && b[from + 1] == -1);
    }

    private static long number(byte[] b, int from) {
        long n = 0;
        for (int i = from; i < from + 8; i++) n = n << 8 | b[i] & 0xff;
        return n;
    }

    private static String quoted(byte[] b, int size) {
        StringBuilder s = new StringBuilder("\"");
        for (int i = 0; i < size; i++) {
            int c = b[i] & 0xff;
            if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') s.append(String.format("\\x%02x", c));
            else s.append((char) c);
        }
        return s.append('"').toString();
    }

    /** null, #number for eight bytes that look like a small one, or a text and the numbers behind it. */
    static String bytes(byte[] b) {
        if (b == null) return "null";
        if (b.length == 8 && isNumber(b, 0)) return "#" + number(b, 0);
        int size = b.length;
        StringBuilder numbers = new StringBuilder();
        while (size > 8 && isNumber(Arrays.copyOf(b, size), size - 8)) {
            size -= 8;
            numbers.insert(0, "@" + number(b, size));
        }
        return quoted(b, size) + numbers;
    }

    static void record(PrintStream out, String label, String topic, byte[] key, byte[] value, long timestamp, Headers headers) {
        out.print(label + " " + topic + " " + bytes(key) + " " + bytes(value) + " " + timestamp);
        for (Header h : headers) out.print(" " + h.key() + "=" + bytes(h.value()));
        out.println();
    }
}
