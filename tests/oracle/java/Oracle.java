import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.*;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Kafka Streams' answers.
 * cases FILE OUT: runs generated cases, one JSON text a line.
 * named FILE: lines "TOPOLOGY INPUT OUTPUT", records as JSON lines.
 * serve: takes such commands from standard input and answers "done" to each.
 * list OUT: names and input topics of the named topologies.
 */
public final class Oracle {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Oracle() { }

    private static PrintStream printer(String file) throws IOException {
        return new PrintStream(new BufferedOutputStream(new FileOutputStream(file), 1 << 16), false, StandardCharsets.UTF_8);
    }

    private static void cases(String file, String result) throws Exception {
        try (BufferedReader in = Files.newBufferedReader(Path.of(file)); PrintStream out = printer(result)) {
            for (String line; (line = in.readLine()) != null; ) {
                JsonNode test = JSON.readTree(line);
                out.println("case " + test.get("name").asText());
                try (Run run = new Run(test, out)) {
                    run.run(test.get("input"));
                } catch (Exception | StackOverflowError e) {
                    out.println("failed " + e.toString().replace('\n', ' '));
                }
            }
        }
    }

    private static String text(JsonNode n) {
        return n == null || n.isNull() ? null : n.asText();
    }

    private static void print(PrintStream out, String topic, TestRecord<String, ?> r) throws IOException {
        ObjectNode o = JSON.createObjectNode().put("topic", topic).put("key", r.key());
        if (r.value() instanceof Long n) o.put("value", n);
        else o.put("value", (String) r.value());
        out.println(JSON.writeValueAsString(o.put("ts", r.timestamp())));
    }

    private static void named(String name, String input, String output) throws Exception {
        NamedTopologies.Topology topology = NamedTopologies.ALL.get(name);
        StreamsBuilder builder = new StreamsBuilder();
        topology.build().accept(builder);
        Path directory = Files.createTempDirectory("weir-oracle");
        Properties settings = Run.settings(directory, false);
        try (TopologyTestDriver driver = new TopologyTestDriver(builder.build(settings), settings, Instant.ofEpochMilli(0));
             BufferedReader in = Files.newBufferedReader(Path.of(input)); PrintStream out = printer(output)) {
            Map<String, TestInputTopic<String, String>> ins = new HashMap<>();
            for (String t : topology.in()) ins.put(t, driver.createInputTopic(t, new StringSerializer(), new StringSerializer()));
            Map<String, TestOutputTopic<String, ?>> outs = new LinkedHashMap<>();
            for (String t : topology.out())
                outs.put(t, topology.isLong() ? driver.createOutputTopic(t, new StringDeserializer(), new LongDeserializer())
                                              : driver.createOutputTopic(t, new StringDeserializer(), new StringDeserializer()));
            for (String line; (line = in.readLine()) != null; ) {
                JsonNode n = JSON.readTree(line);
                ins.get(n.get("topic").asText()).pipeInput(text(n.get("key")), text(n.get("value")), n.get("ts").asLong());
                for (var t : outs.entrySet())
                    while (!t.getValue().isEmpty()) print(out, t.getKey(), t.getValue().readRecord());
            }
        } finally {
            Run.delete(directory);
        }
    }

    private static void list(String file) throws IOException {
        try (PrintStream out = printer(file)) {
            NamedTopologies.ALL.forEach((name, t) -> out.println(name + " " + String.join(",", t.in())));
        }
    }

    private static void serve() throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = commands.readLine()) != null; ) {
            main(line.split(" "));
            System.out.println("done");
        }
    }

    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "cases" -> cases(args[1], args[2]);
            case "named" -> {
                for (String line : Files.readAllLines(Path.of(args[1]))) {
                    String[] words = line.split(" ");
                    named(words[0], words[1], words[2]);
                }
            }
            case "serve" -> serve();
            case "list" -> list(args[1]);
            default -> throw new IllegalArgumentException("cases FILE OUT | named FILE | serve | list OUT");
        }
    }
}
