import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.*;

/**
 * A Streams application with exactly_once_v2: a repartition, a count with its changelog, a windowed count. It is stopped half way, loses its
 * state, and is started again. Usage: Stream HOST:PORT DIR
 */
public class Stream {
    static final int RECORDS = 5000, KEYS = 7;
    static final long START = System.currentTimeMillis() / 3_600_000 * 3_600_000 - 7_200_000;
    static String broker;

    public static void main(String[] args) throws Exception {
        broker = args[0];
        Path dir = Path.of(args[1]);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker))) {
            admin.createTopics(List.of(new NewTopic("stream-in", 3, (short) 1), new NewTopic("stream-out", 3, (short) 1), new NewTopic("stream-windows", 3, (short) 1))).all().get();
        }
        write(0, RECORDS / 2);
        run(dir.resolve("first"), RECORDS / 2);
        write(RECORDS / 2, RECORDS);
        run(dir.resolve("second"), RECORDS); // restores from the changelog
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker))) {
            TreeSet<String> internal = new TreeSet<>();
            for (String t : admin.listTopics().names().get()) if (t.startsWith("stream-app-")) internal.add(t);
            if (internal.size() != 3) throw new AssertionError("internal topics: " + internal);
        }
        System.out.println("java streams: ok");
    }

    static void write(int from, int to) {
        try (Producer<String, String> p = new KafkaProducer<>(Map.of("bootstrap.servers", broker), new StringSerializer(), new StringSerializer())) {
            for (int i = from; i < to; i++) p.send(new ProducerRecord<>("stream-in", null, START + 1000L * i, "in" + i, "k" + i % KEYS));
        }
    }

    static void run(Path state, int records) throws Exception {
        StreamsBuilder b = new StreamsBuilder();
        KGroupedStream<String, String> grouped = b.stream("stream-in", Consumed.with(Serdes.String(), Serdes.String()))
            .groupBy((k, v) -> v, Grouped.with("by-value", Serdes.String(), Serdes.String()));
        grouped.count(Materialized.as(Stores.inMemoryKeyValueStore("counts"))).toStream().to("stream-out", Produced.with(Serdes.String(), Serdes.Long()));
        grouped.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofHours(1), Duration.ofHours(2))).count(Materialized.as(Stores.inMemoryWindowStore("windows", Duration.ofHours(3), Duration.ofHours(1), false)))
            .toStream((k, v) -> k.key() + "@" + k.window().start()).to("stream-windows", Produced.with(Serdes.String(), Serdes.Long()));
        Properties config = new Properties();
        config.putAll(Map.of("bootstrap.servers", broker, "application.id", "stream-app", "processing.guarantee", "exactly_once_v2", "state.dir", state.toString(),
            "commit.interval.ms", "100", "auto.offset.reset", "earliest", "num.stream.threads", "2", "session.timeout.ms", "6000", "heartbeat.interval.ms", "1000"));
        Queue<Throwable> failed = new ConcurrentLinkedQueue<>();
        try (KafkaStreams s = new KafkaStreams(b.build(), config)) {
            s.setUncaughtExceptionHandler(e -> { failed.add(e); return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT; });
            s.start();
            await("stream-out", records, failed);
            await("stream-windows", records, failed);
        }
    }

    /** Waits until the last counts of all keys add up to the number of records. */
    static void await(String topic, int records, Queue<Throwable> failed) {
        Map<String, Long> last = new HashMap<>();
        try (Consumer<String, Long> c = new KafkaConsumer<>(Map.of("bootstrap.servers", broker, "group.id", "stream-read-" + topic + records, "auto.offset.reset", "earliest",
                "isolation.level", "read_committed"), new StringDeserializer(), new LongDeserializer())) {
            c.subscribe(List.of(topic));
            long until = System.nanoTime() + 120_000_000_000L, sum = 0;
            for (int quiet = 0; quiet < 3 && System.nanoTime() < until && failed.isEmpty();) {
                for (ConsumerRecord<String, Long> r : c.poll(Duration.ofMillis(200))) last.put(r.key(), r.value());
                sum = last.values().stream().mapToLong(Long::longValue).sum();
                quiet = sum == records ? quiet + 1 : 0;
                if (sum > records) break;
            }
            if (sum != records) throw new AssertionError(topic + ": expected " + records + " counted, found " + sum + "; " + failed);
        }
    }
}
