package compare;

import java.time.Duration;
import java.util.Properties;
import java.util.Scanner;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/** Runs one query when it is told GO. Arguments: brokers, application id, state folder, cache bytes, shape of the query, whether its results are final, input, output, topic of orders. */
public final class Main {
  public static void main(String[] args) {
    String query = args[4];
    boolean last = Boolean.parseBoolean(args[5]);
    Properties p = config(args[0], args[1], args[2], args[3]);
    StreamsBuilder builder = new StreamsBuilder();
    Queries.add(builder, query, last, args[6], args[7], args[8]);
    KafkaStreams streams = new KafkaStreams(builder.build(p), p);
    streams.setUncaughtExceptionHandler(e -> {
      e.printStackTrace();
      Runtime.getRuntime().halt(1); // who measures sees that the process has ended
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
    System.out.println("READY");
    new Scanner(System.in).nextLine(); // GO
    streams.start();
  }

  /** As the documentation advises for exactly once; commits are as frequent as Weir's, and threads are as many as processors. */
  static Properties config(String brokers, String id, String dir, String cache) {
    Properties p = new Properties();
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
    p.put(StreamsConfig.STATE_DIR_CONFIG, dir);
    p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, Long.parseLong(cache));
    p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Runtime.getRuntime().availableProcessors());
    p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    p.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    p.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    p.put("auto.offset.reset", "earliest");
    p.put("compression.type", "lz4");
    return p;
  }
}
